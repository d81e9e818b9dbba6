/* loadtest.c - asks a language model at a steady rate and shows how it bears it.
 *
 *   loadtest [--rate N] [--duration S] [--threads N] [--warmup S] [--plain]
 *            [--provider P] [--base-url URL] [--model M] [--set OPTION=VALUE]...
 *            [--mock OPTION=VALUE]... [--prompts FILE] [--json FILE] [--html FILE]
 *
 * Calls begin when they are due, N a second, whether or not earlier ones have
 * ended; a latency counts from the moment when its call was due, so a provider
 * that stalls is seen as its users would see it. Rate 0 asks again as soon as
 * an answer is there. Without a provider a mock inside this process answers,
 * and --mock sets its pace and faults. Ctrl-C ends the test early; its figures
 * are still shown. The exit status is 0 if no call failed.
 *
 *   cc loadtest.c $(pkg-config --cflags --libs mynah) -lpthread -lm */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <mynah.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "loadtest_page.h"

static struct {
    double rate, duration, warmup;
    int threads, plain;
    const char *prompts, *json, *html, *provider;
} ask_for = {20, 10, 0, 64, 0, NULL, NULL, NULL, "mock"};

static mynah_client *client;
static mynah_cancel *cancel;
static char **prompts;
static size_t prompt_count;
static double began_ms;

/* What the threads share; under the lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sample *samples;
static size_t sample_count, sample_room;
static long due_count;
static int over;

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void sleep_until(double ms) {
    double left = ms - now_ms();
    if (left <= 0) return;
    struct timespec t = {(time_t)(left / 1e3), (long)(fmod(left, 1e3) * 1e6)};
    nanosleep(&t, NULL);
}

static int fail(const char *what, mynah_status status, mynah_error *error) {
    fprintf(stderr, "%s: %s: %s\n", what, mynah_status_name(status), mynah_error_message(error));
    mynah_error_free(error);
    return 1;
}

static void keep(struct sample sample) {
    pthread_mutex_lock(&lock);
    if (sample_count == sample_room) {
        sample_room = sample_room ? 2 * sample_room : 1024;
        samples = realloc(samples, sample_room * sizeof *samples);
        if (!samples) abort();
    }
    samples[sample_count++] = sample;
    pthread_mutex_unlock(&lock);
}

static int32_t note_first(void *user, const mynah_event *event) {
    double *first = user;
    int32_t kind = mynah_event_kind(event);
    if (!*first && (kind == MYNAH_EVENT_TEXT || kind == MYNAH_EVENT_REASONING)) *first = now_ms();
    return 0;
}

/* One call, due at this time. */
static void call(double due, const char *prompt) {
    mynah_request *request = mynah_request_new();
    mynah_response *response = NULL;
    double first = 0;
    mynah_request_add_message(request, "user", prompt, strlen(prompt));
    mynah_status status =
        ask_for.plain ? mynah_client_chat(client, request, cancel, &response, NULL)
                      : mynah_client_chat_stream(client, request, note_first, &first, cancel, &response, NULL);
    double end = now_ms();
    mynah_response_free(response);
    mynah_request_free(request);
    if (status == MYNAH_CANCELLED) return;
    double counted_from = began_ms + ask_for.warmup * 1e3;
    struct sample sample = {end - counted_from, end - due, first ? first - due : -1, status};
    if (due >= counted_from) keep(sample);
}

static void *work(void *unused) {
    (void)unused;
    for (;;) {
        pthread_mutex_lock(&lock);
        long ticket = due_count++;
        int done = over;
        pthread_mutex_unlock(&lock);
        double due = ask_for.rate > 0 ? began_ms + ticket * 1e3 / ask_for.rate : now_ms();
        if (done || due - began_ms >= (ask_for.warmup + ask_for.duration) * 1e3) return NULL;
        sleep_until(due);
        call(due, prompts[(size_t)ticket % prompt_count]);
    }
}

/* Waits for Ctrl-C on a thread of its own: a signal handler could not call
 * the library. */
static void *wait_for_interrupt(void *signals) {
    int signal;
    sigwait((const sigset_t *)signals, &signal);
    pthread_mutex_lock(&lock);
    over = 1;
    pthread_mutex_unlock(&lock);
    mynah_cancel_trigger(cancel);
    return NULL;
}

/* A line a second while it runs. */
static void *show_progress(void *unused) {
    (void)unused;
    size_t before = 0;
    for (double second = 1;; second++) {
        sleep_until(began_ms + second * 1e3);
        pthread_mutex_lock(&lock);
        size_t count = sample_count, failed = 0;
        for (size_t i = 0; i < count; i++) failed += samples[i].status != MYNAH_OK;
        int done = over;
        pthread_mutex_unlock(&lock);
        if (done || second > ask_for.warmup + ask_for.duration) return NULL;
        fprintf(stderr, "\r%4.0f s  %8zu calls  %6zu/s  %6zu failed ", second, count, count - before, failed);
        before = count;
    }
}

static void add_prompt(const char *text, size_t len) {
    prompts = realloc(prompts, (prompt_count + 1) * sizeof *prompts);
    char *copy = malloc(len + 1);
    if (!prompts || !copy) abort();
    memcpy(copy, text, len);
    copy[len] = 0;
    prompts[prompt_count++] = copy;
}

static void read_prompts(void) {
    FILE *file = ask_for.prompts ? fopen(ask_for.prompts, "r") : NULL;
    char line[65536];
    if (ask_for.prompts && !file) perror(ask_for.prompts), exit(2);
    while (file && fgets(line, sizeof line, file)) {
        size_t len = strcspn(line, "\r\n");
        if (len) add_prompt(line, len);
    }
    if (file) fclose(file);
    for (int i = 0; !prompt_count || (!file && i < 100); i++) {
        snprintf(line, sizeof line, "Tell me something about the number %d.", i);
        add_prompt(line, strlen(line));
    }
}

static void set(mynah_client_options *options, mynah_mock_options *mock, const char *name, const char *value) {
    mynah_error *error = NULL;
    mynah_status status = mock ? mynah_mock_options_set(mock, name, value, &error)
                               : mynah_client_options_set(options, name, value, &error);
    if (status != MYNAH_OK) exit(fail(name, status, error) + 1);
}

static void set_pair(mynah_client_options *options, mynah_mock_options *mock, char *pair) {
    char *equals = strchr(pair, '=');
    if (!equals) fprintf(stderr, "%s: not OPTION=VALUE\n", pair), exit(2);
    *equals = 0;
    set(options, mock, pair, equals + 1);
}

static void read_arguments(int argc, char **argv, mynah_client_options *options, mynah_mock_options *mock) {
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        if (!strcmp(name, "--plain")) {
            ask_for.plain = 1;
            continue;
        }
        if (i + 1 == argc) fprintf(stderr, "%s: see the head of loadtest.c\n", name), exit(2);
        char *value = argv[++i];
        if (!strcmp(name, "--rate")) ask_for.rate = atof(value);
        else if (!strcmp(name, "--duration")) ask_for.duration = atof(value);
        else if (!strcmp(name, "--warmup")) ask_for.warmup = atof(value);
        else if (!strcmp(name, "--threads")) ask_for.threads = atoi(value);
        else if (!strcmp(name, "--prompts")) ask_for.prompts = value;
        else if (!strcmp(name, "--json")) ask_for.json = value;
        else if (!strcmp(name, "--html")) ask_for.html = value;
        else if (!strcmp(name, "--provider")) set(options, NULL, "provider", ask_for.provider = value);
        else if (!strcmp(name, "--base-url")) set(options, NULL, "base_url", ask_for.provider = value);
        else if (!strcmp(name, "--model")) set(options, NULL, "model", value);
        else if (!strcmp(name, "--set")) set_pair(options, NULL, value);
        else if (!strcmp(name, "--mock")) set_pair(NULL, mock, value);
        else fprintf(stderr, "%s: see the head of loadtest.c\n", name), exit(2);
    }
    if (ask_for.threads < 1 || ask_for.threads > 4096 || ask_for.duration <= 0 || ask_for.rate < 0)
        fprintf(stderr, "threads must be 1 to 4096, duration above 0, rate 0 or above\n"), exit(2);
}

static FILE *create(const char *path) {
    FILE *file = fopen(path, "w");
    if (!file) perror(path), exit(2);
    return file;
}

static int report(void) {
    struct figures figures = summarize(samples, sample_count, ask_for.rate, ask_for.provider);
    mynah_value *metrics = NULL;
    print_table(stdout, &figures);
    if (ask_for.html) {
        FILE *file = create(ask_for.html);
        write_page(file, &figures);
        fclose(file);
        printf("page: %s\n", ask_for.html);
    }
    if (ask_for.json) {
        FILE *file = create(ask_for.json);
        mynah_client_metrics_json(client, &metrics);
        write_json(file, &figures, mynah_value_data(metrics), mynah_value_len(metrics));
        mynah_value_free(metrics);
        fclose(file);
    }
    int failed = figures.failed > 0;
    free_figures(&figures);
    return failed;
}

static int run(void) {
    static sigset_t signals;
    pthread_t waiter, shower, *workers = malloc((size_t)ask_for.threads * sizeof *workers);
    if (!workers) abort();
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    began_ms = now_ms();
    pthread_create(&waiter, NULL, wait_for_interrupt, &signals);
    pthread_create(&shower, NULL, show_progress, NULL);
    for (int i = 0; i < ask_for.threads; i++) pthread_create(&workers[i], NULL, work, NULL);
    for (int i = 0; i < ask_for.threads; i++) pthread_join(workers[i], NULL);
    pthread_mutex_lock(&lock);
    over = 1;
    pthread_mutex_unlock(&lock);
    pthread_join(shower, NULL);
    pthread_kill(waiter, SIGINT);
    pthread_join(waiter, NULL);
    free(workers);
    fputs("\r\033[K", stderr);
    return report();
}

int main(int argc, char **argv) {
    mynah_client_options *options = mynah_client_options_new();
    mynah_mock_options *pace = mynah_mock_options_new();
    mynah_mock *mock = NULL;
    mynah_error *error = NULL;
    mynah_status status;
    set(NULL, pace, "delay_first_event_ms", "20");
    set(NULL, pace, "delay_event_ms", "2");
    read_arguments(argc, argv, options, pace);
    read_prompts();
    if (!strcmp(ask_for.provider, "mock")) {
        status = mynah_mock_new(pace, &mock, &error);
        if (status != MYNAH_OK) return fail("mock", status, error);
        set(options, NULL, "provider", "custom");
        set(options, NULL, "base_url", mynah_mock_url(mock));
        set(options, NULL, "model", "mock");
    }
    mynah_mock_options_free(pace);
    status = mynah_client_new(options, &client, &error);
    mynah_client_options_free(options);
    if (status != MYNAH_OK) return fail("client", status, error);
    cancel = mynah_cancel_new();
    int failed = run();
    mynah_client_free(client);
    mynah_mock_free(mock);
    mynah_cancel_free(cancel);
    for (size_t i = 0; i < prompt_count; i++) free(prompts[i]);
    free(prompts);
    free(samples);
    return failed;
}
