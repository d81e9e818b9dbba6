// The cache in C++.
#include "check.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <limits>
#include <map>
#include <memory>
#include <thread>
#include <type_traits>

#include <unistd.h>

namespace {

static_assert(!std::is_copy_constructible_v<mynah::cache>);
static_assert(!std::is_copy_assignable_v<mynah::client_options>);
static_assert(std::is_nothrow_move_constructible_v<mynah::cache>);
static_assert(std::is_nothrow_move_assignable_v<mynah::response>);

void a_cache_keeps_what_it_is_given() {
    mynah::cache cache{{"shard_count", "4"}, {"capacity", "1000"}};
    cache.set("key", std::string_view("v\0v", 3));
    CHECK(cache.get("key") == std::string("v\0v", 3));
    CHECK(!cache.get("other") && cache.size() == 1 && cache.shard_count() == 4);
    CHECK(cache.contains("key") && !cache.contains("other") && cache.capacity() == 1000);
    CHECK(cache.touch("key", MYNAH_TTL_NEVER) && !cache.touch("other"));
    mynah::cache moved = std::move(cache);
    CHECK(!cache && moved);
    CHECK(status_of([&] { cache.set("k", "v"); }) == MYNAH_NULL_ARGUMENT);
    CHECK(moved.remove("key") && !moved.remove("key"));
    mynah::cache_options options{{"capacity", "7"}};
    const mynah::cache_options kept = std::move(options);
    CHECK(status_of([&] { mynah::cache{options}; }) == MYNAH_NULL_ARGUMENT);
    CHECK(mynah::cache(kept).capacity() == 7);
    CHECK(status_of([] { mynah::cache{{"shard_count", "-1"}}; }) == MYNAH_OUT_OF_RANGE);
    CHECK(status_of([] { mynah::cache{{"no_such", "1"}}; }) == MYNAH_UNKNOWN_OPTION);
}

void a_lifetime_is_a_number_or_a_duration() {
    using namespace std::chrono_literals;
    mynah::cache cache;
    cache.set("short", "v", 1us);  // rounded up: not the cache's own lifetime
    cache.set("long", "v", 1.5h);
    cache.set("number", "v", 60000);
    CHECK(status_of([&] { cache.set("k", "v", -1ms); }) == MYNAH_OUT_OF_RANGE);
    const std::chrono::duration<double> none(std::numeric_limits<double>::quiet_NaN());
    CHECK(status_of([&] { cache.set("k", "v", none); }) == MYNAH_OUT_OF_RANGE);
    CHECK(mynah::ttl(std::chrono::hours::max()).milliseconds() == MYNAH_TTL_NEVER);
    CHECK(mynah::ttl(std::chrono::duration<float>(1e30F)).milliseconds() == MYNAH_TTL_NEVER);
    CHECK(mynah::ttl(90min).milliseconds() == 5400000 && mynah::ttl(1ns).milliseconds() == 1);
    CHECK(cache.touch("long", 2min) && cache.get_or_load("new", [] { return "v"; }, 1h) == "v");
    std::this_thread::sleep_for(20ms);
    CHECK(!cache.get("short") && cache.get("long") && cache.get("number") && cache.get("new"));
    CHECK(status_of([&] { cache.set("k", "v", -1s); }) == MYNAH_OUT_OF_RANGE);
    CHECK(status_of([&] { cache.set("k", "v", std::chrono::milliseconds(-1)); }) == MYNAH_OUT_OF_RANGE);
    CHECK(cache.set("k", "v", 1s, std::nothrow) == MYNAH_OK);
    CHECK(cache.set("k", "v", -1s, std::nothrow) == MYNAH_OUT_OF_RANGE);
    CHECK(cache.set("k", "v", none, std::nothrow) == MYNAH_OUT_OF_RANGE);
    CHECK(cache.set("k", "v", 1000, std::nothrow) == MYNAH_OK);
}

void a_value_goes_into_the_callers_memory() {
    mynah::cache cache;
    cache.set("key", "value");
    char place[8] = "-------";
    CHECK(cache.get_into("key", place, 5) == size_t{5} && std::string_view(place, 5) == "value");
    CHECK(!cache.get_into("none", place, 5) && std::string_view(place + 5) == "--");
    CHECK(status_of([&] { cache.get_into("key", place, 4); }) == MYNAH_TOO_LARGE);
    size_t size = 0;
    CHECK(cache.get_into("key", nullptr, 0, size, std::nothrow) == MYNAH_TOO_LARGE && size == 5);
    cache.set_negative("key");
    CHECK(!cache.get("key"));
    CHECK(status_of([&] { cache.get_or_load("key", [] { return "v"; }); }) == MYNAH_NOT_FOUND);
    CHECK(mynah::version() == MYNAH_VERSION);
}

void what_is_too_large_is_told_in_words() {
    mynah::cache cache{{"max_entry_bytes", "10"}};
    const std::string large(100, 'x');
    const char *bound = " bytes are beyond max_entry_bytes, or half of max_memory_mb";
    CHECK(text_of([&] { cache.set("k", large); }) == std::string("entry: 101") + bound);
    CHECK(text_of([&] { cache.set_negative(large); }) == std::string("entry: 100") + bound);
    mynah::value found;
    mynah::claim filled, negative;
    CHECK(cache.get_or_claim("k", 0, found, filled, std::nothrow) == MYNAH_OK);
    CHECK(text_of([&] { filled.fill(large); }) == std::string("entry: its key and 100") + bound);
    CHECK(cache.get_or_claim(large, 0, found, negative, std::nothrow) == MYNAH_OK);
    CHECK(text_of([&] { negative.fill_negative(); }) == std::string("entry: its key and 0") + bound);
}

void nothing_is_thrown_where_a_status_is_asked_for() {
    using namespace std::chrono_literals;
    mynah::cache cache{{"max_entry_bytes", "100"}}, again;
    mynah::failure why;
    uint64_t removed = 7;
    const std::string large(200, 'x'), zero("a\0b", 3);
    const std::string path = "/tmp/mynah-cpp-quiet-" + std::to_string(getpid());
    const auto none = std::nothrow;
    CHECK(cache.set("key", "value", 1h, none) == MYNAH_OK);
    CHECK(cache.touch("key", 1h, none) == MYNAH_OK && cache.touch("none", 1, none) == MYNAH_NOT_FOUND);
    CHECK(cache.touch("key", -1s, none) == MYNAH_OUT_OF_RANGE);
    CHECK(cache.set_negative("gone", 1h, none) == MYNAH_OK);
    CHECK(cache.set_negative(large, 1, none) == MYNAH_TOO_LARGE);
    CHECK(cache.set_negative("gone", -1s, none) == MYNAH_OUT_OF_RANGE);
    CHECK(cache.set_capacity(0, none, &why) == MYNAH_OUT_OF_RANGE && why);
    CHECK(cache.set_capacity(1000, none, &why) == MYNAH_OK && !why);
    CHECK(cache.resize(100'000, none, &why) == MYNAH_OUT_OF_RANGE &&
          has(std::string(why.message()), "100000"));
    CHECK(cache.resize(4, none) == MYNAH_OK);
    CHECK(cache.save(path + "/no/snapshot", none, &why) == MYNAH_IO && why);
    CHECK(cache.save(zero, none, &why) == MYNAH_INVALID_ARGUMENT && !why);
    CHECK(cache.save(path, none) == MYNAH_OK && again.load(path, none, &why) == MYNAH_OK && !why);
    std::remove(path.c_str());
    CHECK(again.get("key") == "value" && again.load(path, none, &why) == MYNAH_IO && why);
    CHECK(cache.remove_prefix("k", removed, none) == MYNAH_OK && removed == 1);
    CHECK(again.clear(none) == MYNAH_OK && again.size() == 0);
    mynah::value found;
    mynah::claim duty;
    CHECK(cache.get_or_claim("key", 0, found, duty, none) == MYNAH_OK);
    CHECK(duty.fill_negative(-1s, none) == MYNAH_OUT_OF_RANGE && duty.fill_negative(1s, none) == MYNAH_OK);
    const mynah::cache gone(std::move(cache));
    CHECK(cache.clear(none) == MYNAH_NULL_ARGUMENT && gone.size() == 2);
    mynah::request asked;
    CHECK(asked.message("user", "\xff", none) == MYNAH_INVALID_ARGUMENT);
    CHECK(asked.message("user", "hello", none) == MYNAH_OK);
    CHECK(asked.set("temperature", "9", none, &why) == MYNAH_OUT_OF_RANGE && why);
    CHECK(asked.set("temperature", "1", none, &why) == MYNAH_OK && !why);
    CHECK(asked.set("stop", zero, none, &why) == MYNAH_INVALID_ARGUMENT && !why);
    const mynah::mock mock;
    mynah::client client{options_for(mock)};
    CHECK(client.embed_json(R"({"input": "a", "model": "m"})", found, none) == MYNAH_OK);
    CHECK(has(found.str(), "embedding"));
    CHECK(client.embed_json("[]", found, none, nullptr, &why) == MYNAH_INVALID_ARGUMENT && why && !found);
}

// What a load throws, and what one who waits for it gets; `text` is what that one is told.
std::pair<mynah_status, mynah_status> load_and_wait(std::string &text, mynah_status thrown, int patience_ms) {
    mynah::cache cache;
    std::atomic<bool> loading = false, asks = false;
    mynah_status first = MYNAH_OK;
    std::thread loader([&] {
        first = status_of([&] {
            cache.get_or_load("key", [&]() -> std::string {
                loading = true;
                while (!asks) std::this_thread::yield();
                std::this_thread::sleep_for(std::chrono::milliseconds(patience_ms));
                throw mynah::error(thrown, "no UTF-8: f\xe4llt aus");
            });
        });
    });
    while (!loading) std::this_thread::yield();
    asks = true;
    mynah_status second = status_of([&] {
        try {
            cache.get_or_load("key", [] { return "too late"; });
        } catch (const mynah::error &error) {
            text = error.what();
            throw;
        }
    });
    loader.join();
    return {first, second};
}

void a_load_that_fails_is_no_timeout_for_who_waits() {
    for (auto [thrown, told] : {std::pair{MYNAH_TIMEOUT, MYNAH_INTERNAL},
                                {MYNAH_OK, MYNAH_INTERNAL},
                                {MYNAH_RATE_LIMITED, MYNAH_RATE_LIMITED}}) {
        std::pair<mynah_status, mynah_status> got;
        std::string text;
        int patience_ms = 1;
        do {
            got = load_and_wait(text, thrown, patience_ms *= 4);
        } while (got.second == MYNAH_OK && patience_ms < 10000);  // it came too late to wait
        CHECK(got.first == thrown && got.second == told && has(text, "no UTF-8: f"));
    }
}

void a_value_is_lent_and_outlives_the_cache() {
    mynah::value held;
    {
        mynah::cache cache;
        cache.set("key", "value");
        std::optional<mynah::value> found = cache.find("key");
        CHECK(found && found->view() == "value" && !cache.find("other"));
        held = std::move(*found);
        cache.clear();
    }
    CHECK(held.view() == "value" && held.str() == "value");
    CHECK(mynah::value().view().empty());
}

void a_text_with_a_zero_byte_is_refused_not_cut() {
    const std::string cut("7\0007", 3);
    auto wrong = [](auto &&call, const char *named) {
        try {
            call();
        } catch (const mynah::error &error) {
            return error.status() == MYNAH_INVALID_ARGUMENT && has(error.what(), named);
        }
        return false;
    };
    CHECK(wrong([&] { mynah::cache{{"capacity", cut}}; }, "capacity"));
    CHECK(wrong([&] { mynah::cache_options().set(cut, "1"); }, "name"));
    CHECK(wrong([&] { mynah::client{{"system_prompt", cut}}; }, "system_prompt"));
    CHECK(wrong([&] { mynah::mock{{"answer", cut}}; }, "answer"));
    CHECK(wrong([&] { mynah::request("a").set("stop", cut); }, "stop"));
    CHECK(wrong([&] { mynah::request("a").tool(cut, "", "{}"); }, "tool"));
    CHECK(wrong([&] { mynah::request("a").tool_result(cut, ""); }, "call_id"));
    CHECK(wrong([&] { mynah::cache().save(cut); }, "path"));
    CHECK(wrong([&] { mynah::cache().load(cut); }, "path"));
    mynah_status status = MYNAH_OK;
    mynah::cache none({{"capacity", cut}}, status, std::nothrow);
    CHECK(status == MYNAH_INVALID_ARGUMENT && !none);
}

void nothing_throws_where_asked() {
    mynah_status status = MYNAH_INTERNAL;
    mynah::cache cache({{"capacity", "10"}}, status, std::nothrow);
    CHECK(status == MYNAH_OK && cache);
    CHECK(cache.set("k", "v", MYNAH_TTL_DEFAULT, std::nothrow) == MYNAH_OK);
    std::string text;
    CHECK(cache.get("k", text, std::nothrow) == MYNAH_OK && text == "v");
    CHECK(cache.get("other", text, std::nothrow) == MYNAH_NOT_FOUND);
    CHECK(cache.contains("k", std::nothrow) == MYNAH_OK);
    CHECK(cache.remove("k", std::nothrow) == MYNAH_OK);
    mynah::failure why;
    mynah::cache wrong({{"capacity", "0"}}, status, std::nothrow, &why);
    CHECK(status == MYNAH_OUT_OF_RANGE && !wrong);
    CHECK(has(std::string(why.message()), "capacity") && has(why.json(), "out_of_range"));
    CHECK(wrong.set("k", "v", 0, std::nothrow) == MYNAH_NULL_ARGUMENT);
    static_assert(noexcept(cache.set("k", "v", 0, std::nothrow)));
    static_assert(noexcept(cache.get("k", text, std::nothrow)));
}

void many_at_once_and_one_after_another() {
    mynah::cache cache;
    cache.set_many({{"a:1", "1"}, {"a:22", "22"}, {"b", std::string("\0", 1)}});
    auto found = cache.get_many({"a:22", "none", "b"});
    CHECK(found.size() == 3 && found[0] == "22" && !found[1] && found[2] == std::string("\0", 1));
    std::map<std::string, std::string> all;
    cache.for_each([&](std::string_view key, std::string_view data) { all.emplace(key, data); });
    size_t seen = 0;
    cache.for_each([&](std::string_view, std::string_view) { return ++seen < 2; });
    CHECK(seen == 2);
    bool more = false;
    cache.for_each([&](std::string_view, std::string_view) -> bool & { return ++seen, more; });
    CHECK(seen == 3);
    CHECK(all.size() == 3 && all["a:1"] == "1");
    CHECK(cache.remove_prefix("a:") == 2 && cache.size() == 1);
}

void a_load_runs_once_and_its_exception_passes() {
    mynah::cache cache;
    int loads = 0;
    auto load = [&] { return ++loads, std::string("loaded"); };
    CHECK(cache.get_or_load("key", load) == "loaded" && cache.get_or_load("key", load) == "loaded");
    CHECK(loads == 1);
    const std::string held("of elsewhere");
    CHECK(cache.get_or_load("view", [&] { return std::string_view(held).substr(3); }) == "elsewhere");
    bool caught = false;
    try {
        cache.get_or_load("bad", []() -> std::string { throw std::logic_error("mine"); });
    } catch (const std::logic_error &) {
        caught = true;
    }
    CHECK(caught && !cache.get("bad"));
    caught = false;
    try {
        cache.get_or_load("odd", []() -> std::string { throw 42; });
    } catch (int) {
        caught = true;
    }
    CHECK(caught && cache.get_or_load("odd", load) == "loaded");
}

void what_was_loaded_is_answered_though_it_cannot_be_stored() {
    mynah::cache cache{{"max_entry_bytes", "1024"}};
    const std::string large(2000, 'x');
    CHECK(cache.get_or_load("key", [&] { return large; }) == large);
    CHECK(!cache.get("key"));
}

void a_claim_is_waited_for() {
    mynah::cache cache;
    mynah::value found;
    mynah::claim duty;
    CHECK(cache.get_or_claim("key", 0, found, duty, std::nothrow) == MYNAH_OK && duty && !found);
    std::string waited;
    std::thread other([&] { waited = cache.get_or_load("key", [] { return std::string("no"); }); });
    duty.fill("mine");
    other.join();
    CHECK(waited == "mine" && cache.get("key") == "mine");
    CHECK(status_of([&] { duty.fill("twice"); }) == MYNAH_CLOSED);
    CHECK(duty.fail(MYNAH_SERVER, "too late") == MYNAH_CLOSED);

    mynah::claim none;
    CHECK(cache.get_or_claim("none", 0, found, none, std::nothrow) == MYNAH_OK && none);
    CHECK(none.fill("v", std::chrono::seconds(-1), std::nothrow) == MYNAH_OUT_OF_RANGE);
    none.fill_negative();
    CHECK(cache.get_or_claim("none", 0, found, none, std::nothrow) == MYNAH_NOT_FOUND);
    mynah::claim held;
    CHECK(cache.get_or_claim("held", 0, found, held, std::nothrow) == MYNAH_OK && held);
    mynah::cancel token;
    token.trigger();
    mynah::claim second;
    CHECK(cache.get_or_claim("held", 60000, found, second, std::nothrow, &token) == MYNAH_CANCELLED);
    mynah::cancel elsewhere = std::move(token);
    CHECK(cache.get_or_claim("held", 0, found, second, std::nothrow, &token) == MYNAH_INVALID_HANDLE);
}

struct counted {
    std::shared_ptr<int> calls;
    void operator()(std::string_view, std::string_view, int32_t) const { ++*calls; }
};

void what_leaves_is_told_and_the_listener_goes_with_the_last_holder() {
    auto calls = std::make_shared<int>(0);
    {
        mynah::cache_options options{{"capacity", "10"}, {"shard_count", "1"}};
        options.on_evict(counted{calls});
        mynah::cache cache(options);
        for (int i = 0; i < 50; i++) cache.set(std::to_string(i), "v");
        CHECK(*calls >= 40 && calls.use_count() == 2);
    }
    CHECK(calls.use_count() == 1);
    mynah::cache_options options;
    options.on_evict([](std::string_view, std::string_view, int32_t) { throw 42; });
    mynah::cache cache(options.set("capacity", "1"));
    cache.set("a", "1");
    cache.set("b", "2");
}

void what_a_cache_finds_is_told_to_its_log() {
    std::string records;
    mynah::cache_options options{{"alert_min_hit_rate", "1"}};
    options.on_log(MYNAH_LOG_INFO, [&](int32_t level, std::string_view json) {
        records += std::to_string(level) + std::string(json);
        throw 42;
    });
    mynah::cache cache(options);
    for (int i = 0; i < 200; i++) cache.get("none");
    cache.metrics_json();
    CHECK(has(records, "alert_min_hit_rate") && records[0] == '0' + MYNAH_LOG_WARNING);
}

void it_changes_while_in_use_and_is_saved() {
    mynah::cache cache{{"shard_count", "2"}}, other;
    cache.set("k", "v");
    cache.resize(8);
    cache.set_capacity(500);
    CHECK(cache.shard_count() == 8 && cache.capacity() == 500 && cache.memory_bytes() > 0);
    std::string path = "/tmp/mynah-cpp-" + std::to_string(getpid());
    cache.save(path);
    other.load(path);
    std::remove(path.c_str());
    CHECK(other.get("k") == "v" && status_of([&] { other.load(path); }) == MYNAH_IO);
    CHECK(has(cache.metrics_json(), "\"hits\"") && has(cache.advise_json(), "findings"));
    CHECK(has(cache.options_json(), "eviction_policy"));
    CHECK(has(cache.metrics_prometheus(), "mynah_cache_hits_total"));
}

}  // namespace

bool cache_tests() {
    bool ok = true;
    RUN(a_cache_keeps_what_it_is_given);
    RUN(a_lifetime_is_a_number_or_a_duration);
    RUN(a_value_goes_into_the_callers_memory);
    RUN(what_is_too_large_is_told_in_words);
    RUN(nothing_is_thrown_where_a_status_is_asked_for);
    RUN(a_load_that_fails_is_no_timeout_for_who_waits);
    RUN(a_value_is_lent_and_outlives_the_cache);
    RUN(a_text_with_a_zero_byte_is_refused_not_cut);
    RUN(nothing_throws_where_asked);
    RUN(many_at_once_and_one_after_another);
    RUN(a_load_runs_once_and_its_exception_passes);
    RUN(what_was_loaded_is_answered_though_it_cannot_be_stored);
    RUN(a_claim_is_waited_for);
    RUN(what_leaves_is_told_and_the_listener_goes_with_the_last_holder);
    RUN(what_a_cache_finds_is_told_to_its_log);
    RUN(it_changes_while_in_use_and_is_saved);
    return ok;
}
