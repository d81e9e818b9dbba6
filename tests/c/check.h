/* The harness of the C tests: each test is a function, each prints one line.
 *
 * A test fails with the first check that does not hold; the program goes on
 * with the next one and ends with 1 when any failed. */
#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mynah.h"

static int check_failed_here;
static int check_failed_ever;

#define CHECK(condition)                                                              \
    do {                                                                              \
        if (!(condition)) {                                                           \
            printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition);                  \
            check_failed_here = 1;                                                    \
            return;                                                                   \
        }                                                                             \
    } while (0)

#define CHECK_STATUS(expected, call)                                                  \
    do {                                                                              \
        mynah_status check_status = (call);                                           \
        if (check_status != (expected)) {                                             \
            const char *check_name = mynah_status_name(check_status);                 \
            printf("# %s:%d: %s is %d (%s)\n", __FILE__, __LINE__, #call, check_status, \
                   check_name ? check_name : "no status");                            \
            check_failed_here = 1;                                                    \
            return;                                                                   \
        }                                                                             \
    } while (0)

#define CHECK_OK(call) CHECK_STATUS(MYNAH_OK, call)

/* Runs a test: its name is the sentence, with underscores. */
#define RUN(test)                                                                     \
    do {                                                                              \
        check_failed_here = 0;                                                        \
        test();                                                                       \
        printf("%s %s\n", check_failed_here ? "not ok" : "ok", #test);                \
        fflush(stdout);                                                               \
        check_failed_ever |= check_failed_here;                                       \
    } while (0)

#define SKIP(test, why) printf("skip %s: %s\n", #test, why)

#define DONE() return check_failed_ever

static inline double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static inline void sleep_ms(long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* Resident memory of this process in KiB. */
static inline long rss_kib(void) {
    long pages = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f) return 0;
    if (fscanf(f, "%ld %ld", &pages, &resident) != 2) resident = 0;
    fclose(f);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Memory checkers keep freed memory and run slowly: smaller rounds for them. */
#if defined(__SANITIZE_ADDRESS__)
#define CHECKED_MEMORY 1
#else
#define CHECKED_MEMORY 0
#endif

#endif
