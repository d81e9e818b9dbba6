// Tiers, batches and queues in C++.
#include "check.hpp"

#include <poll.h>

#include <map>

namespace {

void the_tier_follows_the_complexity_and_falls_back() {
    mynah::mock mock, broken{{"status", "500"}};
    mynah::client cheap(options_for(mock, {{"model", "cheap"}, {"price", "cheap=1,1"}}));
    mynah::client able(options_for(mock, {{"model", "able"}, {"price", "able=10,10"}}));
    mynah::tiered both({&cheap, &able});
    both.on_complexity([](std::string_view text, size_t messages) {
        if (messages != 1) throw 42;
        return text == "prove it" ? 0.9 : 0.1;
    });
    CHECK(has(both.chat(mynah::request("hello")).json(), "\"tier\":0"));
    std::string pieces;
    auto each = [&](const mynah::event &event) { pieces += event.text(); };
    mynah::response hard = both.stream(mynah::request("prove it"), each);
    CHECK(pieces == hard.text() && has(hard.json(), "\"tier\":1"));
    CHECK(!both.chat(mynah::request("again").user("prove it")).text().empty());
    CHECK(has(both.metrics_json(), "saved_usd"));

    mynah::client failing(options_for(broken, {{"retry_count", "0"}}));
    mynah::tiered rescued({&failing, &able});
    rescued.on_complexity([](std::string_view, size_t) { return 0.0; });
    CHECK(has(rescued.chat(mynah::request("hello")).json(), "\"served_from\":\"fallback\""));
    CHECK(status_of([&] { mynah::tiered{{&able}}; }) == MYNAH_INVALID_ARGUMENT);
}

void a_batch_answers_in_order_and_each_for_itself() {
    mynah::mock mock{{"status", "400"}, {"status_times", "1"}};
    mynah::client client(options_for(mock));
    mynah::batch batch;
    batch.add(mynah::request("one")).add(mynah::request("two")).add(mynah::request("three"));
    CHECK(batch.size() == 3);
    CHECK(has(text_of([&] { batch.result(0); }), "0..0, the requests that have run"));
    batch.run(client, 1);
    CHECK(status_of([&] { batch.result(0); }) == MYNAH_BAD_REQUEST);
    CHECK(has(std::string(batch.result(1).text()), "two"));
    mynah::response answer;
    CHECK(batch.result(2, answer, std::nothrow) == MYNAH_OK && answer);
    CHECK(batch.result(3, answer, std::nothrow) == MYNAH_OUT_OF_RANGE);
}

void what_progress_throws_ends_the_batch() {
    mynah::mock mock{{"delay_headers_ms", "50"}};
    mynah::client client(options_for(mock));
    mynah::batch batch;
    for (int i = 0; i < 200; i++) batch.add(mynah::request("prompt " + std::to_string(i)));
    mynah::cancel token;
    bool caught = false;
    try {
        batch.run(client, 1, [](size_t, size_t) { throw 42; }, token);
    } catch (int) {
        caught = true;
    }
    CHECK(caught && status_of([&] { batch.result(199); }) == MYNAH_CANCELLED);
}

void a_queue_brings_calls_to_an_event_loop() {
    mynah::mock mock;
    mynah::client client(options_for(mock));
    mynah::tiered both({&client, &client});
    mynah::queue queue;
    CHECK(!queue.next(0));
    for (uint64_t tag = 0; tag < 8; tag++) queue.submit(client, mynah::request("hello"), tag, true);
    queue.submit(both, mynah::request("hello"), 8, true);
    std::map<uint64_t, std::string> texts;
    for (int ended = 0; ended < 9;) {
        pollfd ready{static_cast<int>(queue.fd()), POLLIN, 0};
        CHECK(poll(&ready, 1, 10000) == 1);
        mynah::item item;
        while (queue.next(0, item, std::nothrow) == MYNAH_OK) {
            if (!item.done()) {
                texts[item.tag()] += item.event().text();
            } else {
                CHECK(item.result().text() == texts[item.tag()]);
                CHECK(status_of([&] { item.result(); }) == MYNAH_NOT_FOUND);
                CHECK(text_of([&] { item.result(); }) == "item: its result has been taken");
                ended++;
            }
        }
    }
    CHECK(texts.size() == 9 && queue.pending() == 0);
    queue.wake();
    CHECK(!queue.next());
    CHECK(status_of([&] { queue.submit(mynah::client(std::move(client)), mynah::request("bye"), 1); }) == MYNAH_OK);
    mynah::item last = queue.next();
    CHECK(last.tag() == 1 && last.done());
}

void a_queue_ends_a_call_by_the_token_that_it_was_given() {
    mynah::mock slow{{"delay_headers_ms", "60000"}};
    mynah::client client(options_for(slow));
    mynah::tiered both({&client, &client});
    mynah::queue queue;
    mynah::cancel token;
    const mynah::request asked("hello");
    queue.submit(client, asked, 1, &token);
    queue.submit(both, asked, 2, &token);
    CHECK(queue.submit(client, asked, 3, &token, std::nothrow) == MYNAH_OK);
    queue.submit(client, asked, 4, false, &token);
    token.trigger();
    for (int ended = 0; ended < 4; ended++) {
        mynah::item item = queue.next(20000);
        CHECK(item && status_of([&] { item.result(); }) == MYNAH_CANCELLED);
    }
}

void a_queue_brings_what_is_told_and_batches() {
    mynah::queue queue;
    mynah::mock mock;
    mynah::cache_options noted{{"capacity", "10"}, {"shard_count", "1"}};
    queue.listen(noted, MYNAH_CACHE_DEPARTURES);
    mynah::cache cache(noted);
    cache.set("key", "value");
    cache.clear();
    mynah::item gone = queue.next(10000);
    CHECK(gone.kind() == MYNAH_ITEM_EVICT && gone.tag() == MYNAH_EVICT_CLEARED);
    CHECK(gone.key() == "key" && gone.data() == "value");
    CHECK(has(text_of([&] { gone.result(); }), "item: has no result"));

    mynah::client_options logged(options_for(mock));
    queue.listen_log(logged, MYNAH_LOG_INFO);
    mynah::client talking(logged), silent(options_for(mock));
    talking.chat(mynah::request("hello"));
    mynah::item record = queue.next(10000);
    CHECK(record.kind() == MYNAH_ITEM_LOG && has(std::string(record.text()), "gen_ai"));

    mynah::batch batch;
    batch.add(mynah::request("one")).add(mynah::request("two"));
    queue.submit(batch, silent, 7);
    mynah::item ended = queue.next(10000);
    CHECK(ended.kind() == MYNAH_ITEM_BATCH && ended.tag() == 7);
    CHECK(has(std::string(batch.result(1).text()), "two"));
}

}  // namespace

bool many_tests() {
    bool ok = true;
    RUN(the_tier_follows_the_complexity_and_falls_back);
    RUN(a_batch_answers_in_order_and_each_for_itself);
    RUN(what_progress_throws_ends_the_batch);
    RUN(a_queue_brings_calls_to_an_event_loop);
    RUN(a_queue_ends_a_call_by_the_token_that_it_was_given);
    RUN(a_queue_brings_what_is_told_and_batches);
    return ok;
}
