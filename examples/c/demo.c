/* demo.c - asks a language model, streams the answer, and asks again.
 *
 *   demo [--provider P] [--base-url URL] [--model M] [--set OPTION=VALUE]...
 *        [--file FILE] [PROMPT...]
 *
 * Prompts come from the arguments, from FILE or from standard input, one a
 * line. Each is asked twice: the second answer comes from the cache. Without a
 * provider and without OPENAI_API_KEY a mock provider inside this process
 * answers. Ctrl-C ends the call that runs; the table at the end is still shown.
 *
 *   cc demo.c $(pkg-config --cflags --libs mynah) -lpthread */
#define _POSIX_C_SOURCE 200809L
#include <mynah.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static mynah_cancel *cancel;
static volatile sig_atomic_t interrupted;
static pthread_t asking;

static void wake(int signal) { (void)signal; }

/* Waits for Ctrl-C on a thread of its own: a signal handler could not call
 * the library. */
static void *wait_for_interrupt(void *signals) {
    int signal;
    sigwait((const sigset_t *)signals, &signal);
    interrupted = 1;
    mynah_cancel_trigger(cancel);
    pthread_kill(asking, SIGUSR1); /* in case it waits for a line */
    sigwait((const sigset_t *)signals, &signal);
    _exit(130);
}

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void fail(const char *what, mynah_status status, mynah_error *error) {
    const char *name = mynah_status_name(status);
    fprintf(stderr, "%s: %s: %s\n", what, name ? name : "?", error ? mynah_error_message(error) : "");
    mynah_error_free(error);
}

static void set(mynah_client_options *options, const char *name, const char *value) {
    mynah_error *error = NULL;
    mynah_status status = mynah_client_options_set(options, name, value, &error);
    if (status != MYNAH_OK) {
        fail(name, status, error);
        exit(2);
    }
}

/* The text after `"group" ... "field":` in the library's own JSON. A real
 * program would use a JSON parser. */
static const char *field(const char *json, const char *group, const char *name) {
    char key[64];
    const char *at = json;
    if (group) {
        snprintf(key, sizeof key, "\"%s\":", group);
        at = strstr(at, key);
    }
    snprintf(key, sizeof key, "\"%s\":", name);
    at = at ? strstr(at, key) : NULL;
    return at ? at + strlen(key) : "null";
}

static char *copy(mynah_value *value) {
    size_t len = mynah_value_len(value);
    char *text = malloc(len + 1);
    if (!text) abort();
    if (len) memcpy(text, mynah_value_data(value), len);
    text[len] = 0;
    mynah_value_free(value);
    return text;
}

static int32_t print_event(void *user, const mynah_event *event) {
    (void)user;
    if (mynah_event_kind(event) == MYNAH_EVENT_TEXT) {
        size_t len = 0;
        const char *text = mynah_event_text(event, &len);
        fwrite(text, 1, len, stdout);
        fflush(stdout);
    }
    return 0;
}

static int32_t ignore_event(void *user, const mynah_event *event) {
    (void)user;
    (void)event;
    return 0;
}

/* Asks once; prints where the answer came from and how long it took. */
static int ask(mynah_client *client, const char *prompt, mynah_stream_fn each, const char *label,
               double *took) {
    mynah_request *request = mynah_request_new();
    mynah_response *response = NULL;
    mynah_error *error = NULL;
    mynah_value *json = NULL;
    mynah_request_add_message(request, "user", prompt, strlen(prompt));

    double begun = now_ms();
    mynah_status status = mynah_client_chat_stream(client, request, each, NULL, cancel, &response, &error);
    *took = now_ms() - begun;
    mynah_request_free(request);

    if (each == print_event) puts("\n");
    if (status != MYNAH_OK) {
        fail(label, status, error);
    } else if (mynah_response_json(response, &json) == MYNAH_OK) {
        char *text = copy(json);
        const char *from = field(text, NULL, "served_from");
        printf("  %-12s %10.3f ms, from %.*s", label, *took, (int)strcspn(from + 1, "\""), from + 1);
        const char *first = field(text, "timings_ms", "first_token");
        if (each == print_event && *first != 'n') printf(", first token after %.1f ms", atof(first));
        puts("");
        free(text);
    }
    mynah_response_free(response);
    return status != MYNAH_OK;
}

static int ask_twice(mynah_client *client, const char *prompt) {
    double first, second;
    printf("> %s\n\n", prompt);
    if (ask(client, prompt, print_event, "first answer", &first)) return 1;
    if (ask(client, prompt, ignore_event, "asked again", &second)) return 1;
    printf("  %-12s %10.0f times faster\n\n", "", second > 0 ? first / second : 0);
    return 0;
}

static void table(mynah_client *client) {
    mynah_value *value = NULL;
    if (mynah_client_metrics_json(client, &value) != MYNAH_OK) return;
    char *json = copy(value);
    const char *rows[][3] = {
        {"calls", NULL, "calls"},           {"cache hits", NULL, "cache_hits"},
        {"input tokens", NULL, "input_tokens"}, {"output tokens", NULL, "output_tokens"},
        {"cost, USD", NULL, "cost_usd"},    {"saved, USD", NULL, "saved_usd"},
        {"p50, ms", "latency_ms", "p50"},   {"p99, ms", "latency_ms", "p99"},
        {"first token, ms", "first_token_ms", "p50"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *at = field(json, rows[i][1], rows[i][2]);
        if (*at == 'n') printf("  %-16s %12s\n", rows[i][0], "-");
        else if (strstr(rows[i][0], "USD")) printf("  %-16s %12.6f\n", rows[i][0], atof(at));
        else if (rows[i][1]) printf("  %-16s %12.3f\n", rows[i][0], atof(at));
        else printf("  %-16s %12.0f\n", rows[i][0], atof(at));
    }
    free(json);
}

int main(int argc, char **argv) {
    mynah_client_options *options = mynah_client_options_new();
    FILE *file = stdin;
    int chosen = getenv("OPENAI_API_KEY") != NULL, first_prompt = argc;
    set(options, "cache_enabled", "true");
    for (int i = 1; i < argc; i += 2) {
        const char *arg = argv[i], *value = i + 1 < argc ? argv[i + 1] : "";
        char *equals = strchr(argv[i], '=');
        if (strncmp(arg, "--", 2) != 0) {
            first_prompt = i;
            break;
        }
        if (!strcmp(arg, "--provider")) set(options, "provider", value), chosen = 1;
        else if (!strcmp(arg, "--base-url")) set(options, "base_url", value), chosen = 1;
        else if (!strcmp(arg, "--model")) set(options, "model", value);
        else if (!strcmp(arg, "--set") && (equals = strchr(argv[i + 1 < argc ? i + 1 : i], '='))) {
            *equals = 0;
            set(options, value, equals + 1);
        } else if (!strcmp(arg, "--file")) {
            if (!(file = fopen(value, "r"))) return perror(value), 2;
        } else return fprintf(stderr, "%s: not an option (see the head of demo.c)\n", arg), 2;
    }

    /* Before any thread exists, so that all of them leave Ctrl-C to ours. */
    static sigset_t signals;
    pthread_t waiter;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    struct sigaction waking = {.sa_handler = wake};
    sigaction(SIGUSR1, &waking, NULL);
    asking = pthread_self();
    cancel = mynah_cancel_new();
    pthread_create(&waiter, NULL, wait_for_interrupt, &signals);

    mynah_mock *mock = NULL;
    if (!chosen) {
        mynah_mock_options *pace = mynah_mock_options_new();
        mynah_mock_options_set(pace, "delay_first_event_ms", "150", NULL);
        mynah_mock_options_set(pace, "delay_event_ms", "25", NULL);
        mynah_error *error = NULL;
        mynah_status status = mynah_mock_new(pace, &mock, &error);
        mynah_mock_options_free(pace);
        if (status != MYNAH_OK) return fail("mock", status, error), 1;
        puts("No OPENAI_API_KEY and no --provider: a mock inside this process answers,\n"
             "with made-up words at made-up prices.\n");
        set(options, "provider", "custom");
        set(options, "base_url", mynah_mock_url(mock));
        set(options, "model", "mock");
        set(options, "price", "mock=0.15,0.60");
    }

    mynah_client *client = NULL;
    mynah_error *error = NULL;
    mynah_status status = mynah_client_new(options, &client, &error);
    mynah_client_options_free(options);
    if (status != MYNAH_OK) return fail("client", status, error), 1;

    int failed = 0;
    for (int i = first_prompt; i < argc && !interrupted; i++) failed |= ask_twice(client, argv[i]);
    char line[65536];
    while (first_prompt == argc && !interrupted && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = 0;
        if (*line) failed |= ask_twice(client, line);
    }
    table(client);
    mynah_client_free(client);
    mynah_mock_free(mock);
    mynah_cancel_free(cancel);
    return failed;
}
