// The C++ header against a mock inside the process.
#include "mynah.hpp"
#include "mynah.hpp"

#include <cstdio>
#include <thread>

static bool failed_here, failed_ever;
#define CHECK(condition)                                                 \
    do {                                                                 \
        if (!(condition)) {                                              \
            std::printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition); \
            failed_here = true;                                          \
            return;                                                      \
        }                                                                \
    } while (0)

template <typename Call>
static mynah_status status_of(Call &&call) {
    try {
        call();
        return MYNAH_OK;
    } catch (const mynah::error &error) {
        return error.status();
    }
}

static mynah::client client_of(const mynah::mock &mock, mynah::options more = {}) {
    mynah::options all{{"provider", "custom"}, {"model", "mock"}, {"base_url", mock.url()}};
    all.insert(all.end(), more.begin(), more.end());
    return mynah::client(all);
}

static void a_cache_keeps_what_it_is_given() {
    mynah::cache cache{{"shard_count", "4"}, {"capacity", "1000"}};
    cache.set("key", std::string_view("v\0v", 3));
    CHECK(cache.get("key") == std::string("v\0v", 3));
    CHECK(!cache.get("other") && cache.size() == 1 && cache.shard_count() == 4);
    mynah::cache moved = std::move(cache);
    CHECK(moved.remove("key") && !moved.remove("key"));
    std::string value;
    CHECK(moved.get("key", value, std::nothrow) == MYNAH_NOT_FOUND);
    CHECK(status_of([] { mynah::cache{{"shard_count", "-1"}}; }) == MYNAH_OUT_OF_RANGE);
}

static void a_load_runs_once_and_its_exception_passes() {
    mynah::cache cache;
    int loads = 0;
    auto load = [&] { return ++loads, std::string("loaded"); };
    CHECK(cache.get_or_load("key", load) == "loaded" && cache.get_or_load("key", load) == "loaded");
    CHECK(loads == 1);
    bool caught = false;
    try {
        cache.get_or_load("bad", []() -> std::string { throw std::logic_error("mine"); });
    } catch (const std::logic_error &) {
        caught = true;
    }
    CHECK(caught && !cache.get("bad"));
}

static void a_chat_streams_and_goes_on() {
    mynah::mock mock;
    mynah::client client = client_of(mock, {{"cache_enabled", "true"}});
    mynah::request asked("hello");
    std::string pieces;
    mynah::response first = client.stream(asked, [&](const mynah::event &e) { pieces += e.text(); });
    CHECK(!pieces.empty() && pieces == first.text());
    CHECK(client.chat(asked).json().find("\"served_from\":\"cache\"") != std::string::npos);
    asked.add(first).user("again").set("temperature", "0");
    CHECK(!client.chat(asked).text().empty());
    mynah::response answer;
    CHECK(client.chat(asked, answer, std::nothrow) == MYNAH_OK && answer);
}

static void a_callback_stops_or_throws() {
    mynah::mock mock{{"answer_words", "100"}};
    mynah::client client = client_of(mock);
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
}

static void failures_are_exceptions_with_their_status() {
    mynah::mock mock{{"api_key", "right"}, {"delay_headers_ms", "2000"}};
    mynah::client client = client_of(mock, {{"retry_count", "0"}});
    mynah::cancel token;
    std::thread later([&] { token.trigger(); });
    CHECK(status_of([&] { client.chat(mynah::request("hello"), &token); }) == MYNAH_CANCELLED);
    later.join();
    mynah::mock refusing{{"api_key", "right"}};
    mynah::client refused = client_of(refusing);
    try {
        refused.chat(mynah::request("hello"));
        CHECK(false);
    } catch (const mynah::error &error) {
        CHECK(error.status() == MYNAH_AUTHENTICATION);
        CHECK(error.json().find("\"http_status\":401") != std::string::npos);
    }
}

#define RUN(test)                                                    \
    do {                                                             \
        failed_here = false;                                         \
        test();                                                      \
        std::printf("%s %s\n", failed_here ? "not ok" : "ok", #test); \
        failed_ever |= failed_here;                                  \
    } while (0)

int main() {
    RUN(a_cache_keeps_what_it_is_given);
    RUN(a_load_runs_once_and_its_exception_passes);
    RUN(a_chat_streams_and_goes_on);
    RUN(a_callback_stops_or_throws);
    RUN(failures_are_exceptions_with_their_status);
    return failed_ever;
}
