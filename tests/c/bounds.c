/* What a cache may hold, as its users see it: never more, and all of it. */
#include "check.h"

#include <pthread.h>

enum { THREADS = 4 };

/* A number in the metrics; -1 where there is none. */
static double metric(mynah_cache *cache, const char *name) {
    mynah_value *value = NULL;
    char text[65536], wanted[64];
    if (mynah_cache_metrics_json(cache, &value) != MYNAH_OK) return -1;
    size_t len = mynah_value_len(value) < sizeof text ? mynah_value_len(value) : sizeof text - 1;
    memcpy(text, mynah_value_data(value), len);
    text[len] = 0;
    mynah_value_free(value);
    snprintf(wanted, sizeof wanted, "\"%s\":", name);
    const char *found = strstr(text, wanted);
    return found ? strtod(found + strlen(wanted), NULL) : -1;
}

static mynah_cache *cache_of(const char *json) {
    mynah_cache_options *options = mynah_cache_options_new();
    mynah_cache *cache = NULL;
    mynah_error *error = NULL;
    if (mynah_cache_options_load_json(options, json, strlen(json), &error) != MYNAH_OK ||
        mynah_cache_new(options, &cache, &error) != MYNAH_OK)
        printf("# %s: %s\n", json, mynah_error_message(error));
    mynah_error_free(error);
    mynah_cache_options_free(options);
    return cache;
}

/* One of several that fill a cache, and hold each moment to its bounds. */
struct filler {
    pthread_t thread;
    mynah_cache *cache;
    uint64_t from, to, step, capacity, max_bytes;
    size_t value_len;
    int wrong;
};

static void *fill(void *argument) {
    struct filler *filler = argument;
    char *value = calloc(1, filler->value_len + 1);
    for (uint64_t n = filler->from; n < filler->to; n += filler->step) {
        if (mynah_cache_set(filler->cache, &n, sizeof n, value, filler->value_len, 0) != MYNAH_OK)
            filler->wrong |= 1;
        if (n % 31 == 0 && mynah_cache_len(filler->cache) > filler->capacity) filler->wrong |= 2;
        if (n % 31 == 1 && mynah_cache_memory_bytes(filler->cache) > filler->max_bytes)
            filler->wrong |= 4;
    }
    free(value);
    return NULL;
}

/* Has several threads store the keys below `to`; 0 if nothing was wrong. */
static int filled_by(int threads, struct filler like) {
    struct filler all[THREADS];
    int wrong = 0;
    for (int i = 0; i < threads; i++) {
        all[i] = like;
        all[i].from = (uint64_t)i;
        all[i].step = (uint64_t)threads;
        pthread_create(&all[i].thread, NULL, fill, &all[i]);
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(all[i].thread, NULL);
        wrong |= all[i].wrong;
    }
    return wrong;
}

static void filling_a_cache_with_exactly_its_capacity_evicts_nothing(void) {
    const uint64_t capacities[] = {1, 2, 3, 10, 64, 100, 1000, 16384, 100000};
    for (size_t c = 0; c < sizeof capacities / sizeof *capacities; c++) {
        for (int shards = 1; shards <= 256; shards *= 2) {
            for (int threads = 1; threads <= THREADS; threads += THREADS - 1) {
                uint64_t capacity = capacities[c];
                int large = capacity > 20000;
                int few = shards == 1 || shards == 16;
                if (large && shards != 256 && (CHECKED_MEMORY || !few)) continue;
                /* What threads do to each other in a large one differs each time. */
                for (int round = large && threads > 1 ? 0 : 3; round < 4; round++) {
                    char json[128];
                    snprintf(json, sizeof json, "{\"capacity\": %llu, \"shard_count\": %d}",
                             (unsigned long long)capacity, shards);
                    mynah_cache *cache = cache_of(json);
                    struct filler like = {.cache = cache, .to = capacity, .capacity = capacity,
                                          .max_bytes = UINT64_MAX, .value_len = 8};
                    int wrong = filled_by(threads, like);
                    double evicted = metric(cache, "evictions");
                    uint64_t len = mynah_cache_len(cache);
                    if (wrong || evicted != 0 || len != capacity)
                        printf("# %s, %d threads: wrong %d, %.0f evicted, %llu held\n", json, threads,
                               wrong, evicted, (unsigned long long)len);
                    CHECK(!wrong && evicted == 0 && len == capacity);
                    for (uint64_t n = 0; n < capacity; n++)
                        CHECK_OK(mynah_cache_contains(cache, &n, sizeof n));
                    like.to = 2 * capacity + 50;
                    if (!large) CHECK(filled_by(threads, like) == 0);
                    CHECK(mynah_cache_len(cache) == capacity || large);
                    mynah_cache_free(cache);
                }
            }
        }
    }
}

int main(void) {
    RUN(filling_a_cache_with_exactly_its_capacity_evicts_nothing);
    DONE();
}
