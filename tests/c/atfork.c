/* The program's own fork handlers, registered before its first call, use the library. */
#include "check.h"

#include <pthread.h>
#include <sys/wait.h>

static mynah_cache *cache;
/* What each handler found; 0 if it did not run. */
static int prepared, followed, in_child;

/* Uses the inherited cache, which answers `expected`, and a new one: 1 if they do. */
static int use(mynah_status expected) {
    mynah_cache *own = NULL;
    mynah_value *value = NULL;
    int right = mynah_cache_set(cache, "k", 1, "v", 1, 0) == expected &&
                mynah_cache_new(NULL, &own, NULL) == MYNAH_OK &&
                mynah_cache_set(own, "k", 1, "v", 1, 0) == MYNAH_OK &&
                mynah_cache_get(own, "k", 1, &value) == MYNAH_OK;
    mynah_value_free(value);
    mynah_cache_free(own);
    return right ? 1 : -1;
}

static void prepare(void) { prepared = use(MYNAH_OK); }
static void follow(void) { followed = use(MYNAH_OK); }
static void begin_child(void) { in_child = use(MYNAH_FORKED); }

static void fork_handlers_of_the_program_use_the_library(void) {
    fflush(stdout);
    alarm(60); /* a lock that is held for them ends the program */
    pid_t child = fork();
    if (child == 0) _exit(prepared == 1 && in_child == 1 ? 0 : 1);
    int status = -1;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(prepared == 1 && followed == 1 && in_child == 0);
}

int main(void) {
    if (pthread_atfork(prepare, follow, begin_child) != 0) return 1;
    if (mynah_cache_new(NULL, &cache, NULL) != MYNAH_OK) return 1;
    RUN(fork_handlers_of_the_program_use_the_library);
    mynah_cache_free(cache);
    DONE();
}
