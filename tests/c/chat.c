/* The way through: asked, streamed, and served from the cache again. */
#include "talk.h"

static void an_answer_arrives_whole_and_streamed(void) {
    mynah_mock *mock = mock_with(NULL);
    mynah_client *client = client_of(mynah_mock_url(mock), NULL);
    CHECK(mock && client);
    struct ended plain, streamed;
    int events = 0;
    ask(client, "hello", NULL, NULL, NULL, &plain);
    ask(client, "hello", go_on, &events, NULL, &streamed);
    CHECK_OK(plain.status);
    CHECK_OK(streamed.status);
    CHECK(plain.text[0] && strcmp(plain.text, streamed.text) == 0);
    CHECK(events > 3);
    CHECK(strstr(streamed.json, "\"served_from\":\"provider\""));
    CHECK(strstr(streamed.json, "\"finish_reason\":\"stop\""));
    CHECK(mock_figure(mock, "requests") == 2);
    mynah_client_free(client);
    mynah_mock_free(mock);
}

static void the_second_answer_comes_from_the_cache(void) {
    mynah_mock *mock = mock_with((pairs){"delay_headers_ms", "50", NULL});
    mynah_client *client = client_of(mynah_mock_url(mock), (pairs){"cache_enabled", "true", NULL});
    CHECK(mock && client);
    struct ended first, second, replayed;
    int events = 0;
    ask(client, "hello", NULL, NULL, NULL, &first);
    ask(client, "hello", NULL, NULL, NULL, &second);
    ask(client, "hello", go_on, &events, NULL, &replayed);
    CHECK_OK(first.status);
    CHECK_OK(second.status);
    CHECK_OK(replayed.status);
    CHECK(strcmp(first.text, second.text) == 0 && strcmp(first.text, replayed.text) == 0);
    CHECK(strstr(first.json, "\"served_from\":\"provider\""));
    CHECK(strstr(second.json, "\"served_from\":\"cache\""));
    CHECK(strstr(replayed.json, "\"served_from\":\"cache\""));
    CHECK(first.ms >= 50);
    CHECK(events >= 2);
    CHECK(mock_figure(mock, "requests") == 1);

    static char json[65536];
    mynah_value *value = NULL;
    CHECK_OK(mynah_client_metrics_json(client, &value));
    copy_value(json, sizeof json, value);
    CHECK(figure(json, "calls") == 3 && figure(json, "cache_hits") == 2);
    mynah_client_free(client);
    mynah_mock_free(mock);
}

static void clients_share_a_cache_that_outlives_its_handle(void) {
    mynah_mock *mock = mock_with(NULL);
    mynah_cache *cache = NULL;
    CHECK_OK(mynah_cache_new(NULL, &cache, NULL));
    mynah_client *clients[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++) {
        mynah_client_options *options = mynah_client_options_new();
        CHECK_OK(mynah_client_options_set(options, "provider", "custom", NULL));
        CHECK_OK(mynah_client_options_set(options, "base_url", mynah_mock_url(mock), NULL));
        CHECK_OK(mynah_client_options_set(options, "model", "mock", NULL));
        CHECK_OK(mynah_client_options_set(options, "cache_enabled", "true", NULL));
        CHECK_OK(mynah_client_options_set_cache(options, cache));
        CHECK_OK(mynah_client_new(options, &clients[i], NULL));
        mynah_client_options_free(options);
    }
    mynah_cache_free(cache);
    struct ended first, second;
    ask(clients[0], "hello", NULL, NULL, NULL, &first);
    ask(clients[1], "hello", NULL, NULL, NULL, &second);
    CHECK_OK(first.status);
    CHECK_OK(second.status);
    CHECK(strstr(second.json, "\"served_from\":\"cache\""));
    CHECK(mock_figure(mock, "requests") == 1);
    mynah_client_free(clients[0]);
    mynah_client_free(clients[1]);
    mynah_mock_free(mock);
}

static int32_t stop_at_third(void *user, const mynah_event *event) {
    (void)event;
    return ++*(int *)user == 3;
}

static void a_callback_stops_the_stream_and_keeps_what_came(void) {
    mynah_mock *mock = mock_with((pairs){"delay_event_ms", "5", "answer_words", "200", NULL});
    mynah_client *client = client_of(mynah_mock_url(mock), (pairs){"cache_enabled", "true", NULL});
    struct ended end;
    int events = 0;
    ask(client, "hello", stop_at_third, &events, NULL, &end);
    CHECK_STATUS(MYNAH_STOPPED, end.status);
    CHECK(events == 3 && end.text[0]);
    CHECK(strstr(end.json, "\"finish_reason\":null"));
    CHECK(mock_reaches(mock, "connections_open", 0));
    ask(client, "hello", NULL, NULL, NULL, &end);
    CHECK(strstr(end.json, "\"served_from\":\"provider\""));
    mynah_client_free(client);
    mynah_mock_free(mock);
}

static int32_t free_the_client(void *user, const mynah_event *event) {
    (void)event;
    mynah_client_free(*(mynah_client **)user);
    return 0;
}

static void a_client_may_be_freed_from_its_own_callback(void) {
    mynah_mock *mock = mock_with((pairs){"delay_event_ms", "20", "answer_words", "500", NULL});
    mynah_client *client = client_of(mynah_mock_url(mock), NULL);
    struct ended end;
    ask(client, "hello", free_the_client, &client, NULL, &end);
    CHECK(end.status == MYNAH_CANCELLED || end.status == MYNAH_CLOSED);
    CHECK(end.ms < 2000);
    ask(client, "hello", NULL, NULL, NULL, &end);
    CHECK_STATUS(MYNAH_INVALID_HANDLE, end.status);
    mynah_mock_free(mock);
}

int main(void) {
    RUN(an_answer_arrives_whole_and_streamed);
    RUN(the_second_answer_comes_from_the_cache);
    RUN(clients_share_a_cache_that_outlives_its_handle);
    RUN(a_callback_stops_the_stream_and_keeps_what_came);
    RUN(a_client_may_be_freed_from_its_own_callback);
    DONE();
}
