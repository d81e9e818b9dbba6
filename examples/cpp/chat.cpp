// chat.cpp - one question, one answer; then the same again, from the cache.
//
// Asks OpenAI if OPENAI_API_KEY is set, else a mock inside this process. Any
// other provider is one word away: see `provider` in mynah.h.
//
//   c++ -std=c++17 chat.cpp $(pkg-config --cflags --libs mynah) && ./a.out "Why do mynahs talk?"
#include <cstdlib>
#include <iostream>
#include <mynah.hpp>

// Usage, cost and timings stand in the answer's JSON; a real program has a parser.
static std::string served_from(const mynah::response &answer) {
    std::string json = answer.json();
    size_t at = json.find("\"served_from\":");
    return json.substr(at, json.find(',', at) - at);
}

int main(int argc, char **argv) try {
    mynah::options options{{"cache_enabled", "true"}, {"timeout_ms", "30000"}};
    std::optional<mynah::mock> mock;
    if (!std::getenv("OPENAI_API_KEY")) {
        mock.emplace();
        options.push_back({"provider", "custom"});
        options.push_back({"base_url", mock->url()});
        options.push_back({"model", "mock"});
    }
    mynah::client client(options);

    mynah::request request(argc > 1 ? argv[1] : "Why do mynahs talk?");
    request.set("max_tokens", "200");  // for this call alone
    for (int i = 0; i < 2; i++) {
        mynah::response answer = client.chat(request);
        std::cout << answer.text() << "\n  " << served_from(answer) << "\n";
    }

    // The conversation goes on: the answer is put back whole, with what the
    // provider needs to see again.
    mynah::response answer = client.chat(request);
    request.add(answer).user("And why do they repeat themselves?");
    std::cout << client.chat(request).text() << "\n";
} catch (const mynah::error &error) {
    // What can be done about it depends on the status; the text is for people.
    std::cerr << mynah_status_name(error.status()) << ": " << error.what() << "\n";
    return error.status() == MYNAH_AUTHENTICATION ? 2 : 1;
}
