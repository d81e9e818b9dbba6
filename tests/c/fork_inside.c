/* A callback forks, and returns in the child too: the call ends there with FORKED, and
 * is the parent's alone. */
#include "talk.h"

#include <sys/wait.h>

#define ENTRIES 5000

static mynah_cache *cache;
static char path[64];
/* The child, once a callback has forked; 0 in the child itself. */
static pid_t child;
static int ended_well;

/* Forks once, and in the parent waits until the child has ended. */
static void fork_once(void) {
    int status = -1;
    if (child != -1) return;
    fflush(stdout);
    child = fork();
    if (child == 0) alarm(20); /* one that waits for its parent's threads ends */
    if (child > 0) ended_well = waitpid(child, &status, 0) == child && status == 0;
}

/* Ends a child; what it says is the parent's check. */
#define END_CHILD(condition)                                                    \
    do {                                                                        \
        if (child == 0) {                                                       \
            if (!(condition)) {                                                 \
                printf("# child, %s:%d: %s\n", __FILE__, __LINE__, #condition); \
                fflush(stdout);                                                 \
                _exit(1);                                                       \
            }                                                                   \
            _exit(0);                                                           \
        }                                                                       \
    } while (0)

static void begin(void) {
    child = -1;
    ended_well = 0;
}

static int32_t fork_midway(void *user, uint64_t done, uint64_t total) {
    (void)user;
    if (done > 0 && done < total) fork_once();
    return 0;
}

/* How many entries the saved file brings to a new cache; -1 if it is refused. */
static int64_t entries_of_file(void) {
    mynah_cache *other = NULL;
    uint64_t count = 0;
    if (mynah_cache_new(NULL, &other, NULL) != MYNAH_OK) return -2;
    mynah_status status = mynah_cache_load_with(other, path, NULL, NULL, &count, NULL);
    mynah_cache_free(other);
    return status == MYNAH_OK ? (int64_t)count : -1;
}

static void a_child_made_inside_a_save_leaves_the_file_to_its_parent(void) {
    uint64_t count = 0;
    begin();
    CHECK_OK(mynah_cache_set(cache, "old", 3, "v", 1, 0));
    CHECK_OK(mynah_cache_save(cache, path, NULL));
    for (int i = 1; i < ENTRIES; i++) CHECK_OK(mynah_cache_set(cache, &i, sizeof i, "v", 1, 0));
    mynah_status status = mynah_cache_save_with(cache, path, fork_midway, NULL, &count, NULL);
    END_CHILD(status == MYNAH_FORKED && count == 0 && entries_of_file() == 1);
    CHECK(child > 0 && ended_well);
    CHECK_OK(status);
    CHECK(count == ENTRIES && entries_of_file() == ENTRIES);
}

static void a_child_made_inside_a_load_says_so(void) {
    uint64_t count = 0;
    begin();
    mynah_status status = mynah_cache_load_with(cache, path, fork_midway, NULL, &count, NULL);
    END_CHILD(status == MYNAH_FORKED && count == 0);
    CHECK(child > 0 && ended_well);
    CHECK_OK(status);
    CHECK(count == ENTRIES);
}

static int32_t fork_and_fill(void *user, const void *key, size_t key_len, mynah_claim *claim) {
    (void)user, (void)key, (void)key_len;
    fork_once();
    mynah_status expected = child == 0 ? MYNAH_FORKED : MYNAH_OK;
    return mynah_claim_fill(claim, "v", 1, 0) != expected;
}

static void a_child_made_inside_a_warming_says_so(void) {
    const size_t lens[] = {1, 1, 1};
    uint64_t count = 0;
    begin();
    mynah_status status = mynah_cache_warm(cache, "xyz", lens, 3, fork_and_fill, NULL, &count, NULL);
    END_CHILD(status == MYNAH_FORKED && count == 0);
    CHECK(child > 0 && ended_well);
    CHECK_OK(status);
    CHECK(count == 3);
}

static void fork_when_told(void *user, const void *key, size_t key_len, const void *value,
                           size_t value_len, int32_t reason) {
    (void)user, (void)key, (void)key_len, (void)value, (void)value_len, (void)reason;
    fork_once();
}

/* A cache of two entries that forks when one of them leaves. */
static mynah_cache *forking_cache(void) {
    mynah_cache *full = NULL;
    mynah_cache_options *options = mynah_cache_options_new();
    mynah_cache_options_set_capacity(options, 2);
    mynah_cache_options_set_eviction_policy(options, "fifo");
    mynah_cache_options_on_evict(options, fork_when_told, NULL, NULL);
    mynah_status made = mynah_cache_new(options, &full, NULL);
    mynah_cache_options_free(options);
    child = 1; /* not before it is armed */
    if (made != MYNAH_OK || mynah_cache_set(full, "a", 1, "v", 1, 0) != MYNAH_OK ||
        mynah_cache_set(full, "b", 1, "v", 1, 0) != MYNAH_OK)
        return NULL; /* and no call on it forks */
    begin();
    return full;
}

/* What is done there makes an entry leave: FORKED in the child, and what it should be in
 * the parent. */
#define CHECK_FORKING(expected, call)                       \
    do {                                                    \
        mynah_cache *full = forking_cache();                \
        mynah_status status = (call);                       \
        END_CHILD(status == MYNAH_FORKED);                  \
        CHECK(child > 0 && ended_well && status == (expected)); \
        child = 1;                                          \
        mynah_cache_free(full);                             \
    } while (0)

static mynah_status get_expired(mynah_cache *from) {
    mynah_value *value = NULL;
    child = 1;
    if (mynah_cache_set(from, "b", 1, "v", 1, 1) != MYNAH_OK) return MYNAH_INTERNAL;
    usleep(3000);
    begin();
    mynah_status status = mynah_cache_get(from, "b", 1, &value);
    return value == NULL ? status : MYNAH_INTERNAL;
}

static mynah_status fill_claimed(mynah_cache *into) {
    mynah_value *value = NULL;
    mynah_claim *claim = NULL;
    if (mynah_cache_get_or_claim(into, "c", 1, 0, NULL, &value, &claim) != MYNAH_OK) return -1;
    mynah_status status = mynah_claim_fill(claim, "v", 1, 0);
    mynah_claim_free(claim);
    return status;
}

static void a_child_made_when_an_entry_leaves_says_so(void) {
    size_t one = 1;
    uint64_t removed = 0;
    CHECK_FORKING(MYNAH_OK, mynah_cache_set(full, "c", 1, "v", 1, 0));
    CHECK_FORKING(MYNAH_OK, mynah_cache_set_many(full, "c", &one, "v", &one, 1, 0));
    CHECK_FORKING(MYNAH_OK, mynah_cache_set_negative(full, "c", 1, 0));
    CHECK_FORKING(MYNAH_OK, mynah_cache_remove(full, "a", 1));
    CHECK_FORKING(MYNAH_OK, mynah_cache_remove_prefix(full, "a", 1, &removed));
    CHECK_FORKING(MYNAH_OK, mynah_cache_clear(full));
    CHECK_FORKING(MYNAH_OK, mynah_cache_set_capacity(full, 1, NULL));
    CHECK_FORKING(MYNAH_NOT_FOUND, get_expired(full));
    CHECK_FORKING(MYNAH_OK, fill_claimed(full));
}

static int32_t fork_and_go_on(void *user, const mynah_event *event) {
    (void)user;
    if (mynah_event_kind(event) == MYNAH_EVENT_TEXT) fork_once();
    return 0;
}

static void a_child_made_inside_a_stream_leaves_the_connection_to_its_parent(void) {
    mynah_mock *mock = mock_with((pairs){"answer_words", "50", "delay_event_ms", "2", NULL});
    mynah_client *client = client_of(mynah_mock_url(mock), NULL);
    struct ended end, alone;
    ask(client, "hello", go_on, NULL, NULL, &alone);
    CHECK_OK(alone.status);
    begin();
    ask(client, "hello", fork_and_go_on, NULL, NULL, &end);
    END_CHILD(end.status == MYNAH_FORKED && !end.json[0]);
    CHECK(child > 0 && ended_well);
    CHECK_OK(end.status);
    CHECK(strcmp(end.text, alone.text) == 0);
    ask(client, "hello", NULL, NULL, NULL, &end);
    CHECK_OK(end.status);
    CHECK(mock_figure(mock, "connections_opened") == 1);
    mynah_client_free(client);
    mynah_mock_free(mock);
}

int main(void) {
    snprintf(path, sizeof path, "/tmp/mynah-fork-inside-%d", (int)getpid());
    if (mynah_cache_new(NULL, &cache, NULL) != MYNAH_OK) return 1;
    RUN(a_child_made_inside_a_save_leaves_the_file_to_its_parent);
    RUN(a_child_made_inside_a_load_says_so);
    RUN(a_child_made_inside_a_warming_says_so);
    RUN(a_child_made_when_an_entry_leaves_says_so);
    RUN(a_child_made_inside_a_stream_leaves_the_connection_to_its_parent);
    unlink(path);
    mynah_cache_free(cache);
    DONE();
}
