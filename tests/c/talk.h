/* What the tests of the client share: a mock, a client of it, one call. */
#ifndef TALK_H
#define TALK_H

#include "check.h"

/* Name and value, one after the other, up to NULL. */
typedef const char *const pairs[];

static inline mynah_mock *mock_with(pairs options) {
    mynah_mock_options *made = mynah_mock_options_new();
    mynah_mock *mock = NULL;
    int good = made != NULL;
    for (; options && *options; options += 2)
        good &= mynah_mock_options_set(made, options[0], options[1], NULL) == MYNAH_OK;
    if (good) mynah_mock_new(made, &mock, NULL);
    mynah_mock_options_free(made);
    return mock;
}

/* A client of an OpenAI-compatible host, without retries unless asked. */
static inline mynah_client *client_of(const char *url, pairs options) {
    mynah_client_options *made = mynah_client_options_new();
    mynah_client *client = NULL;
    int good = mynah_client_options_set(made, "provider", "custom", NULL) == MYNAH_OK &&
               mynah_client_options_set(made, "base_url", url, NULL) == MYNAH_OK &&
               mynah_client_options_set(made, "model", "mock", NULL) == MYNAH_OK &&
               mynah_client_options_set(made, "retry_count", "0", NULL) == MYNAH_OK;
    for (; options && *options; options += 2) {
        mynah_error *error = NULL;
        if (mynah_client_options_set(made, options[0], options[1], &error) != MYNAH_OK) {
            printf("# %s\n", mynah_error_message(error));
            mynah_error_free(error);
            good = 0;
        }
    }
    if (good) {
        mynah_error *error = NULL;
        if (mynah_client_new(made, &client, &error) != MYNAH_OK)
            printf("# %s\n", mynah_error_message(error));
        mynah_error_free(error);
    }
    mynah_client_options_free(made);
    return client;
}

static inline mynah_request *question(const char *text) {
    mynah_request *request = mynah_request_new();
    mynah_request_add_message(request, "user", text, strlen(text));
    return request;
}

/* What a call ended with; facts are copied out of its objects. */
struct ended {
    mynah_status status;
    char text[4096];
    char json[16384];
    char error[4096];
    double ms;
};

static inline void copy_text(char *to, size_t cap, const void *from, size_t len) {
    if (len >= cap) len = cap - 1;
    if (len) memcpy(to, from, len);
    to[len] = 0;
}

static inline void copy_value(char *to, size_t cap, mynah_value *value) {
    copy_text(to, cap, mynah_value_data(value), mynah_value_len(value));
    mynah_value_free(value);
}

static inline int32_t go_on(void *user, const mynah_event *event) {
    (void)event;
    if (user) ++*(int *)user;
    return 0;
}

/* Asks: streamed with a callback, plain without. */
static inline void ask(mynah_client *client, const char *text, mynah_stream_fn each, void *user,
                       mynah_cancel *cancel, struct ended *end) {
    mynah_request *request = question(text);
    mynah_response *response = NULL;
    mynah_error *error = NULL;
    mynah_value *value = NULL;
    memset(end, 0, sizeof *end);
    double begun = now_ms();
    end->status = each ? mynah_client_chat_stream(client, request, each, user, cancel, &response, &error)
                       : mynah_client_chat(client, request, cancel, &response, &error);
    end->ms = now_ms() - begun;
    if (response) {
        size_t len = 0;
        const char *answer = mynah_response_text(response, &len);
        copy_text(end->text, sizeof end->text, answer, len);
        if (mynah_response_json(response, &value) == MYNAH_OK)
            copy_value(end->json, sizeof end->json, value);
    }
    if (error) {
        value = NULL;
        if (mynah_error_json(error, &value) == MYNAH_OK)
            copy_value(end->error, sizeof end->error, value);
        if (mynah_error_status(error) != end->status) end->status = -1;
    } else if (end->status != MYNAH_OK) {
        printf("# no error object\n");
        end->status = -2;
    }
    mynah_response_free(response);
    mynah_error_free(error);
    mynah_request_free(request);
}

/* A number in the mock's or a client's own figures, or -1. */
static inline long figure(const char *json, const char *name) {
    char key[64];
    snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = strstr(json, key);
    return at ? atol(at + strlen(key)) : -1;
}

static inline long mock_figure(mynah_mock *mock, const char *name) {
    static char json[65536];
    mynah_value *value = NULL;
    if (mynah_mock_stats_json(mock, &value) != MYNAH_OK) return -1;
    copy_value(json, sizeof json, value);
    return figure(json, name);
}

/* Waits until a figure of the mock is what it should be, two seconds at most. */
static inline int mock_reaches(mynah_mock *mock, const char *name, long wanted) {
    for (int i = 0; i < 1000; i++) {
        if (mock_figure(mock, name) == wanted) return 1;
        sleep_ms(2);
    }
    printf("# %s is %ld, not %ld\n", name, mock_figure(mock, name), wanted);
    return 0;
}

#endif
