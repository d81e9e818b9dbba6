/* Each failure of a provider has its status and its error object. */
#include "talk.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>

/* A listener that nobody reads from, or a port where nobody listens. */
static int listener(char *url, size_t cap) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 8) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        return -1;
    snprintf(url, cap, "http://127.0.0.1:%d/v1", ntohs(at.sin_port));
    return fd;
}

static void a_refused_connection_is_CONNECTION(void) {
    char url[64];
    int fd = listener(url, sizeof url);
    CHECK(fd >= 0);
    close(fd);
    mynah_client *client = client_of(url, NULL);
    struct ended end;
    ask(client, "hello", NULL, NULL, NULL, &end);
    CHECK_STATUS(MYNAH_CONNECTION, end.status);
    CHECK(strstr(end.error, "\"status\":\"connection\""));
    CHECK(strstr(end.error, "\"retriable\":true"));
    CHECK(strstr(end.error, "\"http_status\":null"));
    mynah_client_free(client);
}

/* How often something that must happen in time is tried. */
#define TRIES 10

static void a_server_that_says_nothing_is_TIMEOUT(void) {
    char url[64];
    int fd = listener(url, sizeof url);
    CHECK(fd >= 0);
    mynah_client *client = client_of(url, (pairs){"first_byte_timeout_ms", "150", NULL});
    struct ended end;
    double least = 1e9; /* a busy machine makes single calls late */
    for (int i = 0; i < TRIES && least >= 250; i++) {
        ask(client, "hello", NULL, NULL, NULL, &end);
        CHECK_STATUS(MYNAH_TIMEOUT, end.status);
        CHECK(end.ms >= 150);
        if (end.ms < least) least = end.ms;
    }
    CHECK(least < 250);
    CHECK(strstr(end.error, "\"status\":\"timeout\""));
    mynah_client_free(client);
    close(fd);
}

static void a_stream_that_stalls_is_TIMEOUT_with_what_had_arrived(void) {
    mynah_mock *mock = mock_with((pairs){"fault", "stall", "fault_after_bytes", "900", NULL});
    mynah_client *client = client_of(mynah_mock_url(mock), (pairs){"silence_timeout_ms", "150", NULL});
    struct ended end;
    int events = 0;
    ask(client, "hello", go_on, &events, NULL, &end);
    CHECK_STATUS(MYNAH_TIMEOUT, end.status);
    CHECK(end.ms < 1500);
    CHECK(events > 0 && strstr(end.json, "\"finish_reason\":null"));
    mynah_client_free(client);
    mynah_mock_free(mock);
}

static void a_cut_stream_is_TRUNCATED_and_never_cached(void) {
    mynah_mock *mock =
        mock_with((pairs){"fault", "cut", "fault_after_bytes", "1200", "fault_times", "1", NULL});
    mynah_client *client = client_of(mynah_mock_url(mock), (pairs){"cache_enabled", "true", NULL});
    struct ended cut, again;
    ask(client, "hello", go_on, NULL, NULL, &cut);
    CHECK_STATUS(MYNAH_TRUNCATED, cut.status);
    CHECK(strstr(cut.error, "\"status\":\"truncated\""));
    ask(client, "hello", go_on, NULL, NULL, &again);
    CHECK_OK(again.status);
    CHECK(strstr(again.json, "\"served_from\":\"provider\""));
    CHECK(strlen(again.text) > strlen(cut.text));
    mynah_client_free(client);
    mynah_mock_free(mock);
}

static void a_plain_answer_that_is_cut_is_no_answer(void) {
    mynah_mock *mock = mock_with((pairs){"fault", "cut", "fault_after_bytes", "300", NULL});
    mynah_client *client = client_of(mynah_mock_url(mock), (pairs){"cache_enabled", "true", NULL});
    struct ended end;
    ask(client, "hello", NULL, NULL, NULL, &end);
    CHECK(end.status == MYNAH_TRUNCATED || end.status == MYNAH_CONNECTION);
    mynah_client_free(client);
    mynah_mock_free(mock);
}

static void garbage_is_PROTOCOL(void) {
    for (int streamed = 0; streamed < 2; streamed++) {
        mynah_mock *mock = mock_with((pairs){"content", "garbage", NULL});
        mynah_client *client = client_of(mynah_mock_url(mock), NULL);
        struct ended end;
        ask(client, "hello", streamed ? go_on : NULL, NULL, NULL, &end);
        CHECK_STATUS(MYNAH_PROTOCOL, end.status);
        mynah_client_free(client);
        mynah_mock_free(mock);
    }
}

static void a_refused_key_is_AUTHENTICATION_and_stays_secret(void) {
    mynah_mock *mock = mock_with((pairs){"api_key", "the-right-key", NULL});
    mynah_client *client = client_of(
        mynah_mock_url(mock), (pairs){"api_key", "sk-a-secret-nobody-may-see", "retry_count", "3", NULL});
    struct ended end;
    ask(client, "hello", NULL, NULL, NULL, &end);
    CHECK_STATUS(MYNAH_AUTHENTICATION, end.status);
    CHECK(strstr(end.error, "\"http_status\":401"));
    CHECK(strstr(end.error, "\"retriable\":false"));
    CHECK(strstr(end.error, "\"attempts\":1"));
    CHECK(!strstr(end.error, "nobody-may-see"));
    CHECK(mock_figure(mock, "requests") == 1);
    mynah_client_free(client);
    mynah_mock_free(mock);
}

static void an_unavailable_provider_is_asked_again(void) {
    mynah_mock *mock = mock_with((pairs){"status", "503", "status_times", "2", NULL});
    mynah_client *client =
        client_of(mynah_mock_url(mock), (pairs){"retry_count", "3", "retry_delay_ms", "1",
                                                "retry_budget_percent", "100", NULL});
    struct ended end;
    ask(client, "hello", NULL, NULL, NULL, &end);
    CHECK_OK(end.status);
    CHECK(strstr(end.json, "\"attempts\":3"));
    mynah_client_free(client);
    mynah_mock_free(mock);
}

struct trigger {
    mynah_cancel *cancel;
    long after_ms;
    double at;
    int text_came;
};

/* The callback of a stream; the time to the trigger runs from its first text on. */
static int32_t note_text(void *user, const mynah_event *event) {
    struct trigger *trigger = user;
    if (mynah_event_kind(event) == MYNAH_EVENT_TEXT)
        __atomic_store_n(&trigger->text_came, 1, __ATOMIC_RELEASE);
    return 0;
}

static void *trigger_later(void *argument) {
    struct trigger *trigger = argument;
    while (!__atomic_load_n(&trigger->text_came, __ATOMIC_ACQUIRE)) sleep_ms(1);
    sleep_ms(trigger->after_ms);
    trigger->at = now_ms();
    mynah_cancel_trigger(trigger->cancel);
    return NULL;
}

/* Cancels a call, or a stream whose text has begun, from another thread; returns the
 * ms from there to its end. */
static double cancelled(mynah_client *client, bool stream, struct ended *end) {
    struct trigger trigger = {mynah_cancel_new(), 100, 0, !stream};
    pthread_t thread;
    pthread_create(&thread, NULL, trigger_later, &trigger);
    ask(client, "hello", stream ? note_text : NULL, &trigger, trigger.cancel, end);
    double ended = now_ms();
    pthread_join(thread, NULL);
    mynah_cancel_free(trigger.cancel);
    return ended - trigger.at;
}

#define CANCEL_MS (CHECKED_MEMORY ? 60.0 : 10.0)

/* The least of some tries, until one is soon enough: a busy machine may not run
 * a thread for longer than that. Each must have been cancelled. */
static double cancelled_after(mynah_client *client, bool stream, struct ended *end) {
    double least = 1e9;
    for (int i = 0; i < TRIES && least >= CANCEL_MS; i++) {
        double late = cancelled(client, stream, end);
        if (end->status != MYNAH_CANCELLED) break;
        if (late < least) least = late;
    }
    return least;
}

static void cancel_ends_a_call_that_waits_for_its_answer(void) {
    mynah_mock *mock = mock_with((pairs){"delay_headers_ms", "5000", NULL});
    mynah_client *client = client_of(mynah_mock_url(mock), NULL);
    struct ended end;
    double late = cancelled_after(client, false, &end);
    CHECK_STATUS(MYNAH_CANCELLED, end.status);
    printf("# returned %.2f ms after the trigger\n", late);
    CHECK(late < CANCEL_MS);
    CHECK(mock_reaches(mock, "connections_open", 0));
    mynah_client_free(client);
    mynah_mock_free(mock);
}

static void cancel_ends_a_stream_and_keeps_what_came(void) {
    mynah_mock *mock = mock_with((pairs){"delay_event_ms", "30", "answer_words", "1000", NULL});
    mynah_client *client = client_of(mynah_mock_url(mock), NULL);
    struct ended end;
    double late = cancelled_after(client, true, &end);
    CHECK_STATUS(MYNAH_CANCELLED, end.status);
    CHECK(end.text[0] && strstr(end.json, "\"finish_reason\":null"));
    CHECK(late < CANCEL_MS);
    CHECK(mock_reaches(mock, "connections_open", 0));
    mynah_client_free(client);
    mynah_mock_free(mock);
}

static void cancel_ends_a_wait_between_attempts(void) {
    mynah_mock *mock = mock_with((pairs){"status", "429", "status_header", "retry-after: 30", NULL});
    mynah_client *client = client_of(mynah_mock_url(mock), (pairs){"retry_count", "3",
                                     "retry_budget_percent", "100", NULL});
    struct ended end;
    double late = cancelled_after(client, false, &end);
    CHECK_STATUS(MYNAH_CANCELLED, end.status);
    CHECK(late < CANCEL_MS);
    mynah_client_free(client);
    mynah_mock_free(mock);
}

static void a_token_triggered_before_sends_nothing(void) {
    mynah_mock *mock = mock_with(NULL);
    mynah_client *client = client_of(mynah_mock_url(mock), NULL);
    mynah_cancel *cancel = mynah_cancel_new();
    mynah_cancel_trigger(cancel);
    struct ended end;
    ask(client, "hello", NULL, NULL, cancel, &end);
    CHECK_STATUS(MYNAH_CANCELLED, end.status);
    CHECK(mock_figure(mock, "requests") == 0);
    mynah_cancel_free(cancel);
    mynah_client_free(client);
    mynah_mock_free(mock);
}

static void *free_client_later(void *client) {
    sleep_ms(100);
    mynah_client_free(client);
    return NULL;
}

static void freeing_a_client_cancels_its_calls(void) {
    mynah_mock *mock = mock_with((pairs){"delay_headers_ms", "5000", NULL});
    mynah_client *client = client_of(mynah_mock_url(mock), NULL);
    pthread_t thread;
    struct ended end;
    pthread_create(&thread, NULL, free_client_later, client);
    ask(client, "hello", NULL, NULL, NULL, &end);
    pthread_join(thread, NULL);
    CHECK(end.status == MYNAH_CANCELLED || end.status == MYNAH_CLOSED);
    CHECK(end.ms < 4000);
    mynah_mock_free(mock);
}

int main(void) {
    RUN(a_refused_connection_is_CONNECTION);
    RUN(a_server_that_says_nothing_is_TIMEOUT);
    RUN(a_stream_that_stalls_is_TIMEOUT_with_what_had_arrived);
    RUN(a_cut_stream_is_TRUNCATED_and_never_cached);
    RUN(a_plain_answer_that_is_cut_is_no_answer);
    RUN(garbage_is_PROTOCOL);
    RUN(a_refused_key_is_AUTHENTICATION_and_stays_secret);
    RUN(an_unavailable_provider_is_asked_again);
    RUN(cancel_ends_a_call_that_waits_for_its_answer);
    RUN(cancel_ends_a_stream_and_keeps_what_came);
    RUN(cancel_ends_a_wait_between_attempts);
    RUN(a_token_triggered_before_sends_nothing);
    RUN(freeing_a_client_cancels_its_calls);
    DONE();
}
