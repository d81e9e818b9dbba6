/* stream.c - an answer as it arrives, which Ctrl-C or a time limit ends.
 *
 *   cc stream.c $(pkg-config --cflags --libs mynah) -lpthread && ./a.out */
#define _POSIX_C_SOURCE 200809L
#include <mynah.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static mynah_cancel *cancel;

/* A signal handler may not call the library; a thread that waits for the
 * signal may. */
static void *wait_for_interrupt(void *signals) {
    int which;
    sigwait(signals, &which);
    mynah_cancel_trigger(cancel); /* ends every call that holds it, within 10 ms */
    return NULL;
}

/* Runs inside the call, on its thread. The event is lent: copy what is kept.
 * Anything but 0 would end the stream from here. */
static int32_t print(void *pieces, const mynah_event *event) {
    if (mynah_event_kind(event) != MYNAH_EVENT_TEXT) return 0;
    size_t len;
    const char *text = mynah_event_text(event, &len);
    fwrite(text, 1, len, stdout);
    fflush(stdout);
    /* For this demonstration: the user loses patience after ten words. */
    if (++*(int *)pieces == 10) kill(getpid(), SIGINT);
    return 0;
}

int main(void) {
    static sigset_t signals;
    pthread_t waiter;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before any other thread exists */
    cancel = mynah_cancel_new();
    pthread_create(&waiter, NULL, wait_for_interrupt, &signals);

    /* A mock that talks slowly; see chat.c for a real provider. */
    mynah_mock_options *pace = mynah_mock_options_new();
    mynah_mock *mock;
    mynah_mock_options_set(pace, "delay_event_ms", "20", NULL);
    mynah_mock_options_set(pace, "answer_words", "1000", NULL);
    if (mynah_mock_new(pace, &mock, NULL) != MYNAH_OK) return 1;
    mynah_client_options *options = mynah_client_options_new();
    mynah_client *client;
    mynah_client_options_set_provider(options, "custom");
    mynah_client_options_set_base_url(options, mynah_mock_url(mock));
    mynah_client_options_set_model(options, "mock");
    mynah_client_options_set_idle_timeout_ms(options, 5000); /* no new piece for so long */
    if (mynah_client_new(options, &client, NULL) != MYNAH_OK) return 1;

    mynah_request *request = mynah_request_new();
    mynah_request_add_message(request, "user", "Tell me a long story.", 21);
    mynah_response *part;
    int pieces = 0;
    mynah_status status =
        mynah_client_chat_stream(client, request, print, &pieces, cancel, &part, NULL);
    /* What had arrived is there all the same; it has no finish reason. */
    size_t len = 0;
    mynah_response_text(part, &len);
    printf("\n%s after %d pieces, %zu bytes kept\n", mynah_status_name(status), pieces, len);

    pthread_kill(waiter, SIGINT); /* if it still waits */
    pthread_join(waiter, NULL);
    mynah_response_free(part);
    mynah_request_free(request);
    mynah_client_options_free(options);
    mynah_mock_options_free(pace);
    mynah_client_free(client);
    mynah_mock_free(mock);
    mynah_cancel_free(cancel);
    return status != MYNAH_CANCELLED;
}
