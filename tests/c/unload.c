/* A program that loads the library itself, and closes it again: unload PATH.
 *
 * Threads of the library may still be on their way out, and those of the program run
 * its destructors when they end: its code has to stay. */
#include "check.h"

#include <dlfcn.h>
#include <pthread.h>

static const char *path;
static void *library;

/* A function of the library's, found by its name. */
#define FOUND(name) __extension__((__typeof__(&name))dlsym(library, #name))

static void *use_a_cache(void *unused) {
    (void)unused;
    mynah_cache_options *options = FOUND(mynah_cache_options_new)();
    FOUND(mynah_cache_options_set_cleanup_interval_ms)(options, 1);
    mynah_cache *cache = NULL;
    if (FOUND(mynah_cache_new)(options, &cache, NULL) == MYNAH_OK)
        FOUND(mynah_cache_set)(cache, "k", 1, "v", 1, 1);
    FOUND(mynah_cache_options_free)(options);
    FOUND(mynah_cache_free)(cache);
    return cache;
}

static void the_code_stays_when_a_program_closes_the_library(void) {
    CHECK((library = dlopen(path, RTLD_NOW)));
    pthread_t thread;
    void *used = NULL;
    CHECK(!pthread_create(&thread, NULL, use_a_cache, NULL) && !pthread_join(thread, &used));
    CHECK(used);
    CHECK(!dlclose(library));
    CHECK((library = dlopen(path, RTLD_NOW | RTLD_NOLOAD)));
    CHECK(FOUND(mynah_version)());
}

int main(int count, char **arguments) {
    path = count > 1 ? arguments[1] : "libmynah.so.0";
    RUN(the_code_stays_when_a_program_closes_the_library);
    DONE();
}
