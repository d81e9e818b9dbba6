/* chat.c - one question, one answer; then the same again, from the cache.
 *
 * Asks OpenAI if OPENAI_API_KEY is set, else a mock inside this process. Any
 * other provider is one word away: see `provider` in mynah.h.
 *
 *   cc chat.c $(pkg-config --cflags --libs mynah) && ./a.out "Why do mynahs talk?" */
#include <mynah.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What can be done about it depends on the status; the message is for people. */
static int failed(const char *what, mynah_status status, mynah_error *error) {
    fprintf(stderr, "%s: %s: %s\n", what, mynah_status_name(status), mynah_error_message(error));
    mynah_error_free(error);
    return 1;
}

/* A value has a length, and no NUL at its end: to search it as a string, copy it. */
static char *copy(mynah_value *value) {
    size_t len = mynah_value_len(value);
    char *text = calloc(len + 1, 1);
    if (!text) abort();
    memcpy(text, mynah_value_data(value), len);
    mynah_value_free(value);
    return text;
}

static int ask(mynah_client *client, const char *question) {
    mynah_request *request = mynah_request_new();
    mynah_response *answer;
    mynah_error *error;
    mynah_request_add_message(request, "user", question, strlen(question));
    mynah_request_set(request, "max_tokens", "200", NULL); /* for this call alone */
    mynah_status status = mynah_client_chat(client, request, NULL, &answer, &error);
    mynah_request_free(request);
    if (status != MYNAH_OK) return failed("chat", status, error);

    size_t len;
    const char *text = mynah_response_text(answer, &len);
    printf("%.*s\n", (int)len, text);
    /* Usage, cost, timings and where it came from are in its JSON. */
    mynah_value *json;
    if (mynah_response_json(answer, &json) == MYNAH_OK) {
        char *copied = copy(json);
        const char *from = strstr(copied, "\"served_from\":");
        if (from) printf("  %.*s\n", (int)strcspn(from, ","), from);
        free(copied);
    }
    mynah_response_free(answer);
    return 0;
}

int main(int argc, char **argv) {
    mynah_client_options *options = mynah_client_options_new();
    mynah_mock *mock = NULL;
    if (!getenv("OPENAI_API_KEY")) {
        if (mynah_mock_new(NULL, &mock, NULL) != MYNAH_OK) return 1;
        mynah_client_options_set_provider(options, "custom");
        mynah_client_options_set_base_url(options, mynah_mock_url(mock));
        mynah_client_options_set_model(options, "mock");
    }
    mynah_client_options_set_cache_enabled(options, 1);
    mynah_client_options_set_timeout_ms(options, 30 * 1000);

    mynah_client *client;
    mynah_error *error;
    mynah_status status = mynah_client_new(options, &client, &error);
    mynah_client_options_free(options);
    if (status != MYNAH_OK) return failed("client", status, error);

    const char *question = argc > 1 ? argv[1] : "Why do mynahs talk?";
    int bad = ask(client, question) || ask(client, question);
    mynah_client_free(client);
    mynah_mock_free(mock);
    return bad;
}
