/* What arrives in a queue beside answers: batches, departures, alerts. And what
 * is told of the whole process. */
#include "talk.h"

static void a_batch_tells_the_queue_when_its_results_are_there(void) {
    mynah_mock *mock = mock_with(NULL);
    mynah_client *client = client_of(mynah_mock_url(mock), NULL);
    mynah_queue *queue = NULL;
    CHECK_OK(mynah_queue_new(2, &queue, NULL));
    mynah_batch *batch = mynah_batch_new();
    for (int i = 0; i < 5; i++) {
        char text[32];
        snprintf(text, sizeof text, "question %d", i);
        mynah_request *request = question(text);
        CHECK_OK(mynah_batch_add(batch, request));
        mynah_request_free(request);
    }
    CHECK_OK(mynah_batch_submit(batch, client, 2, NULL, queue, 77, NULL));
    mynah_item *item = NULL;
    CHECK_OK(mynah_queue_next(queue, 60000, &item));
    CHECK(mynah_item_kind(item) == MYNAH_ITEM_BATCH && mynah_item_tag(item) == 77);
    mynah_response *response = NULL;
    CHECK_OK(mynah_item_result(item, &response, NULL));
    CHECK(response == NULL);
    CHECK_STATUS(MYNAH_NOT_FOUND, mynah_item_result(item, &response, NULL));
    mynah_item_free(item);
    for (size_t i = 0; i < 5; i++) {
        CHECK_OK(mynah_batch_result(batch, i, &response, NULL));
        size_t len = 0;
        CHECK(mynah_response_text(response, &len) && len > 0);
        mynah_response_free(response);
    }
    CHECK_STATUS(MYNAH_TIMEOUT, mynah_queue_next(queue, 0, &item));
    mynah_batch_free(batch);
    mynah_queue_free(queue);
    mynah_client_free(client);
    mynah_mock_free(mock);
}

static void a_cancelled_batch_ends_and_each_request_says_so(void) {
    mynah_mock *mock = mock_with((pairs){"delay_headers_ms", "60000", NULL});
    mynah_client *client = client_of(mynah_mock_url(mock), NULL);
    mynah_queue *queue = NULL;
    CHECK_OK(mynah_queue_new(1, &queue, NULL));
    mynah_batch *batch = mynah_batch_new();
    mynah_request *request = question("hello");
    CHECK_OK(mynah_batch_add(batch, request));
    mynah_cancel *cancel = mynah_cancel_new();
    CHECK_OK(mynah_batch_submit(batch, client, 1, cancel, queue, 1, NULL));
    /* This one stands in line, and ends at once when it is cancelled. */
    CHECK_OK(mynah_client_submit(client, request, 0, cancel, queue, 2, NULL));
    while (mock_figure(mock, "requests") < 1) sleep_ms(1);
    mynah_cancel_trigger(cancel);
    for (int i = 0; i < 2; i++) {
        mynah_item *item = NULL;
        mynah_response *response = NULL;
        CHECK_OK(mynah_queue_next(queue, 60000, &item));
        mynah_status status = mynah_item_result(item, &response, NULL);
        CHECK(status == (mynah_item_tag(item) == 1 ? MYNAH_OK : MYNAH_CANCELLED));
        mynah_item_free(item);
    }
    mynah_response *response = NULL;
    CHECK_STATUS(MYNAH_CANCELLED, mynah_batch_result(batch, 0, &response, NULL));
    mynah_request_free(request);
    mynah_cancel_free(cancel);
    mynah_batch_free(batch);
    mynah_queue_free(queue);
    mynah_client_free(client);
    mynah_mock_free(mock);
}

static void departures_and_alerts_arrive_in_a_queue(void) {
    mynah_queue *queue = NULL;
    CHECK_OK(mynah_queue_new(1, &queue, NULL));
    mynah_cache_options *options = mynah_cache_options_new();
    CHECK_STATUS(MYNAH_OUT_OF_RANGE, mynah_cache_options_events_to_queue(options, 4, queue));
    CHECK_STATUS(MYNAH_OUT_OF_RANGE, mynah_cache_options_events_to_queue(options, 0, queue));
    CHECK_OK(mynah_cache_options_events_to_queue(
        options, MYNAH_CACHE_ALERTS | MYNAH_CACHE_DEPARTURES, queue));
    mynah_cache *cache = NULL;
    CHECK_OK(mynah_cache_new(options, &cache, NULL));
    mynah_cache_options_free(options);
    CHECK_OK(mynah_cache_set(cache, "key", 3, "value", 5, 0));
    CHECK_OK(mynah_cache_remove(cache, "key", 3));
    mynah_item *item = NULL;
    CHECK_OK(mynah_queue_next(queue, 60000, &item));
    CHECK(mynah_item_kind(item) == MYNAH_ITEM_EVICT);
    CHECK(mynah_item_tag(item) == MYNAH_EVICT_REMOVED);
    size_t len = 0;
    const void *bytes = mynah_item_entry(item, 0, &len);
    CHECK(len == 3 && memcmp(bytes, "key", 3) == 0);
    bytes = mynah_item_entry(item, 1, &len);
    CHECK(len == 5 && memcmp(bytes, "value", 5) == 0);
    CHECK(mynah_item_text(item, &len) == NULL && len == 0);
    mynah_item_free(item);

    /* Many look-ups that find nothing: the hit rate is below its threshold. */
    mynah_value *value = NULL;
    for (int i = 0; i < 2000; i++) mynah_cache_get(cache, &i, sizeof i, &value);
    CHECK_OK(mynah_cache_metrics_json(cache, &value));
    mynah_value_free(value);
    CHECK_OK(mynah_queue_next(queue, 60000, &item));
    CHECK(mynah_item_kind(item) == MYNAH_ITEM_ALERT && mynah_item_tag(item) == 1);
    char text[512];
    const char *json = mynah_item_text(item, &len);
    copy_text(text, sizeof text, json, len);
    CHECK(strstr(text, "\"name\":\"alert_min_hit_rate\"") && strstr(text, "\"raised\":true"));
    CHECK(mynah_item_entry(item, 0, &len) == NULL);
    mynah_item_free(item);
    mynah_cache_free(cache);
    mynah_queue_free(queue);
}

static void the_process_adds_up_its_clients_and_knows_how_it_was_built(void) {
    mynah_mock *mock = mock_with(NULL);
    static char before[65536], after[65536];
    mynah_value *value = NULL;
    CHECK_OK(mynah_metrics_json(&value));
    copy_value(before, sizeof before, value);
    for (int i = 0; i < 3; i++) {
        mynah_client *client = client_of(mynah_mock_url(mock), NULL);
        struct ended end;
        ask(client, "hello", NULL, NULL, NULL, &end);
        CHECK_OK(end.status);
        /* Two of the three are gone when the sum is made. */
        if (i < 2) mynah_client_free(client);
    }
    CHECK_OK(mynah_metrics_json(&value));
    copy_value(after, sizeof after, value);
    CHECK(figure(after, "calls") - figure(before, "calls") == 3);
    CHECK(figure(after, "clients") - figure(before, "clients") == 1);
    CHECK_OK(mynah_metrics_prometheus(&value));
    copy_value(after, sizeof after, value);
    CHECK(strstr(after, "mynah_llm_calls_total{status=\"ok\"}"));

    CHECK_OK(mynah_build_info_json(&value));
    copy_value(after, sizeof after, value);
    char version[64];
    snprintf(version, sizeof version, "\"version\":\"%s\"", MYNAH_VERSION);
    CHECK(strstr(after, version) && strstr(after, "\"target\":\"") && strstr(after, "rustc"));
    CHECK(!strstr(after, "\"compiler\":\"\"") && strstr(after, "\"mock\""));
    mynah_mock_free(mock);
}

int main(void) {
    RUN(a_batch_tells_the_queue_when_its_results_are_there);
    RUN(a_cancelled_batch_ends_and_each_request_says_so);
    RUN(departures_and_alerts_arrive_in_a_queue);
    RUN(the_process_adds_up_its_clients_and_knows_how_it_was_built);
    DONE();
}
