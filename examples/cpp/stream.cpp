// stream.cpp - an answer as it arrives, which another thread ends.
//
//   c++ -std=c++17 stream.cpp $(pkg-config --cflags --libs mynah) -lpthread && ./a.out
#include <atomic>
#include <chrono>
#include <iostream>
#include <mynah.hpp>
#include <thread>

int main() try {
    // A mock that talks slowly; see chat.cpp for a real provider.
    mynah::mock mock{{"delay_event_ms", "20"}, {"answer_words", "1000"}};
    mynah::client client{{"provider", "custom"},
                         {"base_url", mock.url()},
                         {"model", "mock"},
                         {"idle_timeout_ms", "5000"}};  // no new piece for so long
    mynah::request request("Tell me a long story.");

    // The user loses patience after ten words. A token may be triggered from
    // any thread: the call ends within 10 ms, and its connection is closed.
    mynah::cancel patience;
    std::atomic<int> pieces{0};
    std::thread user([&] {
        while (pieces < 10) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        patience.trigger();
    });

    // The lambda runs inside the call, on this thread. Its event is lent: copy
    // what is kept. An exception that it throws ends the call and arrives here.
    auto print = [&](const mynah::event &event) {
        if (event.kind() == MYNAH_EVENT_TEXT) pieces++;
        std::cout << event.text() << std::flush;
    };
    mynah::response part;
    mynah_status status = client.stream(request, print, part, std::nothrow, &patience);
    user.join();
    // What had arrived is there all the same; it has no finish reason.
    std::cout << "\n" << mynah_status_name(status) << ", " << part.text().size() << " bytes kept\n";

    // A lambda that answers bool stops the stream from inside with false.
    std::string start;
    client.stream(request, [&](const mynah::event &event) {
        start += event.text();
        return start.size() < 40;
    });
    std::cout << "stopped at: " << start << "\n";
    return status == MYNAH_CANCELLED ? 0 : 1;
} catch (const mynah::error &error) {
    std::cerr << mynah_status_name(error.status()) << ": " << error.what() << "\n";
    return 1;
}
