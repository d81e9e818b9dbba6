/* A busy process forks: the child's inherited handles say so, new ones work. */
#include "talk.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

static mynah_cache *cache;
static mynah_client *client;
static mynah_mock *mock;
static mynah_request *request;
static mynah_cancel *cancel;
static mynah_cache_options *options;
static mynah_value *held;
static volatile int finished;

/* Keeps every lock of the library busy while the process forks. */
static void *be_busy(void *unused) {
    char key[32];
    (void)unused;
    for (unsigned i = 0; !finished; i++) {
        snprintf(key, sizeof key, "%u", i % 1000);
        mynah_cache_set(cache, key, strlen(key), key, strlen(key), 0);
        /* Removed while somebody holds it, so that its cache's ledger is written. */
        mynah_value *value = NULL;
        mynah_cache_get(cache, key, strlen(key), &value);
        mynah_cache_remove(cache, key, strlen(key));
        mynah_value_free(value);
        mynah_cancel_free(mynah_cancel_new());
        mynah_cache *other = NULL;
        if (i % 64 == 0 && mynah_cache_new(NULL, &other, NULL) == MYNAH_OK) mynah_cache_free(other);
    }
    return NULL;
}

static void *be_talking(void *unused) {
    (void)unused;
    while (!finished) {
        struct ended end;
        ask(client, "hello", go_on, NULL, NULL, &end);
    }
    return NULL;
}

/* Where the child is, for the alarm that ends one that hangs. */
static volatile int step;

static void hung(int signal) {
    char text[] = "# child hangs after step 00\n";
    (void)signal;
    text[sizeof text - 4] = (char)('0' + step / 10);
    text[sizeof text - 3] = (char)('0' + step % 10);
    if (write(1, text, sizeof text - 1) > 0) _exit(99);
    _exit(98);
}

#define IN_CHILD(number, condition) \
    do {                            \
        step = number;              \
        if (!(condition)) {         \
            printf("# child, %s:%d: %s\n", __FILE__, __LINE__, #condition); \
            fflush(stdout);         \
            _exit(number);          \
        }                           \
    } while (0)

/* The calls of all clients, as the process tells them. */
static int calls_told(void) {
    mynah_value *json = NULL;
    int calls = -1;
    if (mynah_metrics_json(&json) != MYNAH_OK) return -2;
    const char *data = mynah_value_data(json), *place = NULL;
    size_t len = mynah_value_len(json);
    for (size_t i = 0; !place && i + 8 < len; i++) {
        if (memcmp(data + i, "\"calls\":", 8) == 0) place = data + i + 8;
    }
    if (place) for (calls = 0; *place >= '0' && *place <= '9'; place++) calls = calls * 10 + *place - '0';
    mynah_value_free(json);
    return calls;
}

static void child(void) {
    char buffer[16];
    size_t len;
    mynah_value *value = NULL;
    mynah_response *response = NULL;
    mynah_error *error = NULL;
    signal(SIGALRM, hung);
    alarm(20); /* a lock that nobody gives back ends the child */
    IN_CHILD(10, mynah_cache_set(cache, "k", 1, "v", 1, 0) == MYNAH_FORKED);
    IN_CHILD(11, mynah_cache_get(cache, "k", 1, &value) == MYNAH_FORKED);
    IN_CHILD(12, mynah_cache_get_into(cache, "k", 1, buffer, sizeof buffer, &len) == MYNAH_FORKED);
    IN_CHILD(13, mynah_client_chat(client, request, NULL, &response, &error) == MYNAH_FORKED);
    IN_CHILD(14, error && mynah_error_status(error) == MYNAH_FORKED);
    mynah_error_free(error);
    IN_CHILD(15, mynah_request_add_message(request, "user", "x", 1) == MYNAH_FORKED);
    IN_CHILD(16, mynah_cache_options_set_shard_count(options, 2) == MYNAH_FORKED);
    IN_CHILD(17, memcmp(mynah_value_data(held), "held", 4) == 0);
    IN_CHILD(18, calls_told() == 0);
    mynah_value_free(held);
    mynah_cancel_trigger(cancel);
    mynah_cache_free(cache);
    mynah_client_free(client);
    mynah_request_free(request);
    mynah_cancel_free(cancel);
    mynah_cache_options_free(options);

    mynah_cache *mine = NULL;
    IN_CHILD(20, mynah_cache_new(NULL, &mine, NULL) == MYNAH_OK);
    IN_CHILD(21, mynah_cache_set(mine, "k", 1, "v", 1, 0) == MYNAH_OK);
    IN_CHILD(22, mynah_cache_get_into(mine, "k", 1, buffer, sizeof buffer, &len) == MYNAH_OK);
    mynah_cache_free(mine);
    mynah_mock *my_mock = mock_with(NULL);
    IN_CHILD(23, my_mock != NULL);
    mynah_client *my_client = client_of(mynah_mock_url(my_mock), NULL);
    IN_CHILD(24, my_client != NULL);
    struct ended end;
    ask(my_client, "hello", go_on, NULL, NULL, &end);
    IN_CHILD(25, end.status == MYNAH_OK && end.text[0]);
    IN_CHILD(26, calls_told() == 1);
    mynah_client_free(my_client);
    mynah_mock_free(my_mock);
    mynah_mock_free(mock);
    _exit(0);
}

static void a_child_of_a_busy_process_works(void) {
    for (int round = 0; round < (CHECKED_MEMORY ? 3 : 20); round++) {
        fflush(stdout);
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) child();
        int status = 0;
        CHECK(waitpid(pid, &status, 0) == pid);
        if (WIFSIGNALED(status)) printf("# child ended by signal %d\n", WTERMSIG(status));
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

static void the_parent_goes_on(void) {
    char buffer[16];
    size_t len;
    CHECK_OK(mynah_cache_set(cache, "k", 1, "v", 1, 0));
    CHECK_OK(mynah_cache_get_into(cache, "k", 1, buffer, sizeof buffer, &len));
    struct ended end;
    ask(client, "hello", NULL, NULL, NULL, &end);
    CHECK_OK(end.status);
    CHECK(calls_told() > 1);
}

static pid_t forked;

/* Forks once, and goes on in both. */
static void fork_once(void *user, size_t done, size_t total) {
    int *is_child = user;
    (void)done, (void)total;
    if (forked) return;
    fflush(stdout);
    forked = fork();
    if (forked == 0) {
        *is_child = 1;
        forked = -1;
        alarm(30);
    }
}

static void a_batch_of_one_thread_whose_callback_forks_ends_in_the_child(void) {
    for (int round = 0; round < (CHECKED_MEMORY ? 2 : 10); round++) {
        /* With a cache the threads of the library do the reading. */
        const char *const caches[] = {"cache_enabled", "true", NULL};
        mynah_client *caching = client_of(mynah_mock_url(mock), caches);
        mynah_batch *batch = mynah_batch_new();
        int is_child = 0, status = -1;
        forked = 0;
        for (int i = 0; i < 4; i++) {
            char text[16];
            snprintf(text, sizeof text, "batch %d", i);
            mynah_request *one = question(text);
            CHECK_OK(mynah_batch_add(batch, one));
            mynah_request_free(one);
        }
        mynah_status ended = mynah_batch_run(batch, caching, 1, NULL, fork_once, &is_child, NULL);
        if (is_child) _exit(ended == MYNAH_FORKED ? 0 : 1);
        CHECK_OK(ended);
        CHECK(waitpid(forked, &status, 0) == forked && status == 0);
        mynah_batch_free(batch);
        mynah_client_free(caching);
    }
}

int main(void) {
    pthread_t threads[3];
    mock = mock_with(NULL);
    client = client_of(mynah_mock_url(mock), NULL);
    request = question("hello");
    cancel = mynah_cancel_new();
    options = mynah_cache_options_new();
    if (mynah_cache_new(NULL, &cache, NULL) != MYNAH_OK) return 1;
    mynah_cache_set(cache, "held", 4, "held", 4, MYNAH_TTL_NEVER);
    mynah_cache_get(cache, "held", 4, &held);
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, be_busy, NULL);
    pthread_create(&threads[2], NULL, be_talking, NULL);
    RUN(a_child_of_a_busy_process_works);
    RUN(the_parent_goes_on);
    RUN(a_batch_of_one_thread_whose_callback_forks_ends_in_the_child);
    finished = 1;
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    mynah_value_free(held);
    mynah_cache_options_free(options);
    mynah_cancel_free(cancel);
    mynah_request_free(request);
    mynah_client_free(client);
    mynah_mock_free(mock);
    mynah_cache_free(cache);
    DONE();
}
