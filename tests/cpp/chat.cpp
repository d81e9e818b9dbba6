// Chats in C++: plain, streamed, cancelled, refused.
#include "check.hpp"

#include <mutex>
#include <thread>

namespace {

void a_chat_streams_and_goes_on() {
    mynah::mock mock;
    mynah::client client(options_for(mock, {{"cache_enabled", "true"}}));
    mynah::request asked("hello");
    std::string pieces;
    mynah::response first = client.stream(asked, [&](const mynah::event &e) { pieces += e.text(); });
    CHECK(!pieces.empty() && pieces == first.text() && first.finish_reason() == "stop");
    CHECK(has(client.chat(asked).json(), "\"served_from\":\"cache\""));
    asked.add(first).user("again").set("temperature", "0");
    CHECK(!client.chat(asked).text().empty());
    CHECK(has(mock.stats_json(), "\"temperature\":0"));
    CHECK(status_of([&] { asked.set("temperature", "9"); }) == MYNAH_OUT_OF_RANGE);
}

void nothing_throws_where_asked() {
    mynah::mock mock;
    mynah_status status = MYNAH_INTERNAL;
    mynah::client client(options_for(mock), status, std::nothrow);
    CHECK(status == MYNAH_OK && client);
    mynah::response answer;
    const mynah::request asked("hello");
    static_assert(noexcept(client.chat(asked, answer, std::nothrow)));
    CHECK(client.chat(mynah::request("hello"), answer, std::nothrow) == MYNAH_OK && answer);
    int events = 0;
    auto stop = [&](const mynah::event &) { return ++events < 3; };
    CHECK(client.stream(mynah::request("hello"), stop, answer, std::nothrow) == MYNAH_STOPPED);
    CHECK(events == 3 && answer && answer.finish_reason().empty());
    mynah::failure why;
    mynah::client wrong({{"provider", "nobody"}}, status, std::nothrow, &why);
    CHECK(status != MYNAH_OK && !wrong && has(std::string(why.message()), "provider"));
    CHECK(wrong.chat(mynah::request("hello"), answer, std::nothrow, nullptr, &why) != MYNAH_OK);
    CHECK(!answer && answer.text().empty());
}

void a_callback_stops_or_throws() {
    mynah::mock mock{{"answer_words", "100"}};
    mynah::client client(options_for(mock));
    int events = 0;
    mynah::response part =
        client.stream(mynah::request("hello"), [&](const mynah::event &) { return ++events < 5; });
    CHECK(events == 5 && part && part.text().size() > 0);
    bool caught = false;
    try {
        client.stream(mynah::request("hello"), [](const mynah::event &) { throw 42; });
    } catch (int number) {
        caught = number == 42;
    }
    CHECK(caught);
    std::string text;
    mynah::response whole =
        client.stream(mynah::request("hello"), [&](auto &event) { text += event.text(); });
    CHECK(whole.text() == text);
}

void a_token_ends_a_stream_from_another_thread() {
    mynah::mock mock{{"answer_words", "10000"}, {"delay_event_ms", "10"}};
    mynah::client client(options_for(mock));
    mynah::cancel token;
    std::thread other;
    auto each = [&](const mynah::event &event) {
        if (event.kind() == MYNAH_EVENT_TEXT && !other.joinable()) {
            other = std::thread([&] { token.trigger(); });
        }
    };
    mynah::response part;
    CHECK(client.stream(mynah::request("hello"), each, part, std::nothrow, &token) == MYNAH_CANCELLED);
    other.join();
    CHECK(part && !part.text().empty());
}

void failures_are_exceptions_with_their_status() {
    mynah::mock mock{{"delay_headers_ms", "2000"}};
    mynah::client client(options_for(mock, {{"retry_count", "0"}}));
    mynah::cancel token;
    std::thread later([&] { token.trigger(); });
    CHECK(status_of([&] { client.chat(mynah::request("hello"), &token); }) == MYNAH_CANCELLED);
    later.join();
    mynah::mock refusing{{"api_key", "right"}};
    mynah::client refused(options_for(refusing));
    bool caught = false;
    try {
        refused.chat(mynah::request("hello"));
    } catch (const mynah::error &error) {
        caught = error.status() == MYNAH_AUTHENTICATION && has(error.json(), "\"http_status\":401") &&
                 std::string(error.what()).size() > 10;
    }
    CHECK(caught);
}

void requests_carry_tools_images_and_whole_chats() {
    mynah::mock mock;
    mynah::client client(options_for(mock));
    mynah::request asked = mynah::request::from_json(
        R"({"messages":[{"role":"user","content":"hello"}],"temperature":0.25})");
    asked.tool("weather", "Tells.", R"({"type":"object"})")
        .image_url("https://example.com/a.png", "low")
        .document("application/pdf", "%PDF-1.7", "a report.pdf")
        .message_json(R"({"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function",)"
                      R"("function":{"name":"weather","arguments":"{}"}}]})")
        .tool_result("c1", "sunny");
    mynah::response answer = client.chat(asked);
    CHECK(answer.tool_calls().empty() && has(std::string(answer.raw()), "choices"));
    std::string sent = mock.stats_json();
    CHECK(has(sent, "weather") && has(sent, "sunny") && has(sent, "a.png") && has(sent, "0.25"));
    CHECK(has(sent, R"("detail":"low")") && has(sent, "a report.pdf") && has(sent, "application/pdf"));
    CHECK(status_of([&] { mynah::request::from_json("{"); }) == MYNAH_INVALID_ARGUMENT);
}

// What a call says that fails so.
template <typename Call>
std::string words_of(Call &&call) {
    try {
        call();
        return "nothing";
    } catch (const mynah::error &error) {
        return error.what();
    }
}

void failures_say_what_would_do() {
    mynah::request asked;
    CHECK(has(words_of([&] { asked.message("usr", "x"); }), "role must be system, developer, user"));
    CHECK(has(words_of([&] { asked.user("caf\xe9"); }), "text UTF-8"));
    CHECK(has(words_of([&] { asked.tool_result("", "x"); }), "call_id must be"));
    CHECK(has(words_of([&] { asked.tool_result("id", "caf\xe9"); }), "UTF-8"));
    auto ignore = [](int32_t, std::string_view) {};
    CHECK(has(words_of([&] { mynah::client_options().on_log(99, ignore); }), "least_level: must be"));
    CHECK(has(words_of([&] { mynah::cache_options().on_log(99, ignore); }), "least_level: must be"));
    mynah::cache cache{{"max_entry_bytes", "10"}};
    CHECK(has(words_of([&] { cache.set("k", std::string(100, 'x')); }), "101 bytes are beyond"));
    CHECK(has(words_of([&] { cache.set_many({{"a", "b"}, {"key", std::string(100, 'x')}}); }),
              "103 bytes are beyond"));
    mynah::cache moved = std::move(cache);
    CHECK(has(words_of([&] { cache.get("k"); }), "null_argument: a pointer"));
    CHECK(has(words_of([&] { mynah::tiered({}); }), "two clients"));
}

void listeners_are_told_and_may_throw() {
    mynah::mock mock{{"status", "500"}};
    std::mutex lock;
    int records = 0, opened = 0;
    mynah::client_options options(
        options_for(mock, {{"retry_count", "0"}, {"breaker_failure_threshold", "2"}}));
    options.on_log(MYNAH_LOG_INFO, [&](int32_t, std::string_view json) {
        std::lock_guard<std::mutex> held(lock);
        records += !json.empty();
        throw std::runtime_error("dropped");
    });
    options.on_breaker([&](int32_t from, int32_t to, std::string_view reason) {
        std::lock_guard<std::mutex> held(lock);
        opened += from == MYNAH_BREAKER_CLOSED && to == MYNAH_BREAKER_OPEN && !reason.empty();
    });
    options.on_alert([](std::string_view, bool, double, double) {});
    mynah::client client(options);
    mynah::request asked("hello");
    CHECK(status_of([&] { client.chat(asked); }) == MYNAH_SERVER);
    CHECK(status_of([&] { client.chat(asked); }) == MYNAH_SERVER);
    CHECK(status_of([&] { client.chat(asked); }) == MYNAH_CIRCUIT_OPEN);
    std::lock_guard<std::mutex> held(lock);
    CHECK(records >= 2 && opened == 1);
    CHECK(has(client.metrics_json(), "\"breaker_state\":\"open\""));
}

void figures_are_told() {
    mynah::mock mock;
    mynah::cache shared;
    mynah::client client(mynah::client_options(options_for(mock)).share(shared));
    CHECK(client.warm_json(R"(["one","two"])") == 2 && shared.size() == 2);
    CHECK(has(client.metrics_json(), "\"calls\":2") && has(client.advise_json(), "findings"));
    size_t sum = 0;
    mynah::cancel token;
    auto count = [&](size_t done, size_t total) { sum += 10 * done + total; };
    CHECK(client.warm_json(R"(["one","two"])", 1, count, token) == 2 && sum == 34);
    CHECK(has(client.embed_json(R"({"model":"m","input":"text"})"), "embedding"));
    CHECK(has(client.options_json(), "temperature"));
    CHECK(has(client.metrics_prometheus(), "mynah_llm_calls_total"));
}

}  // namespace

bool chat_tests() {
    bool ok = true;
    RUN(a_chat_streams_and_goes_on);
    RUN(nothing_throws_where_asked);
    RUN(a_callback_stops_or_throws);
    RUN(a_token_ends_a_stream_from_another_thread);
    RUN(failures_are_exceptions_with_their_status);
    RUN(requests_carry_tools_images_and_whole_chats);
    RUN(failures_say_what_would_do);
    RUN(listeners_are_told_and_may_throw);
    RUN(figures_are_told);
    return ok;
}
