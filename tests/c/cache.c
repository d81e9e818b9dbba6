/* The cache, as a C program sees it. */
#include "check.h"

#include <pthread.h>

static void what_is_stored_is_found(void) {
    mynah_cache *cache = NULL;
    mynah_value *value = NULL;
    CHECK_OK(mynah_cache_new(NULL, &cache, NULL));
    CHECK_OK(mynah_cache_set(cache, "k\0k", 3, "v\0v", 3, MYNAH_TTL_DEFAULT));
    CHECK_OK(mynah_cache_get(cache, "k\0k", 3, &value));
    CHECK(mynah_value_len(value) == 3 && memcmp(mynah_value_data(value), "v\0v", 3) == 0);
    mynah_value_free(value);
    CHECK_STATUS(MYNAH_NOT_FOUND, mynah_cache_get(cache, "k", 1, &value));
    CHECK(value == NULL);
    CHECK(mynah_cache_len(cache) == 1 && mynah_cache_memory_bytes(cache) > 6);
    CHECK_OK(mynah_cache_remove(cache, "k\0k", 3));
    CHECK_STATUS(MYNAH_NOT_FOUND, mynah_cache_remove(cache, "k\0k", 3));
    CHECK(mynah_cache_len(cache) == 0);
    mynah_cache_free(cache);
}

static void an_empty_key_and_an_empty_value_are_fine(void) {
    mynah_cache *cache = NULL;
    mynah_value *value = NULL;
    CHECK_OK(mynah_cache_new(NULL, &cache, NULL));
    CHECK_OK(mynah_cache_set(cache, NULL, 0, NULL, 0, MYNAH_TTL_NEVER));
    CHECK_OK(mynah_cache_get(cache, NULL, 0, &value));
    CHECK(value && mynah_value_len(value) == 0);
    mynah_value_free(value);
    mynah_cache_free(cache);
}

static void a_buffer_that_is_too_small_learns_the_length(void) {
    mynah_cache *cache = NULL;
    char buffer[8] = "unused";
    size_t len = 77;
    CHECK_OK(mynah_cache_new(NULL, &cache, NULL));
    CHECK_OK(mynah_cache_set(cache, "key", 3, "0123456789", 10, MYNAH_TTL_DEFAULT));
    CHECK_STATUS(MYNAH_TOO_LARGE, mynah_cache_get_into(cache, "key", 3, buffer, sizeof buffer, &len));
    CHECK(len == 10);
    CHECK_STATUS(MYNAH_TOO_LARGE, mynah_cache_get_into(cache, "key", 3, NULL, 0, &len));
    CHECK(len == 10);
    CHECK_STATUS(MYNAH_NOT_FOUND, mynah_cache_get_into(cache, "no", 2, buffer, sizeof buffer, &len));
    CHECK(len == 0);
    CHECK_OK(mynah_cache_set(cache, "key", 3, "01234567", 8, MYNAH_TTL_DEFAULT));
    CHECK_OK(mynah_cache_get_into(cache, "key", 3, buffer, sizeof buffer, &len));
    CHECK(len == 8 && memcmp(buffer, "01234567", 8) == 0);
    mynah_cache_free(cache);
}

static void a_value_outlives_its_entry_and_its_cache(void) {
    mynah_cache *cache = NULL;
    mynah_value *value = NULL;
    CHECK_OK(mynah_cache_new(NULL, &cache, NULL));
    CHECK_OK(mynah_cache_set(cache, "key", 3, "value", 5, MYNAH_TTL_DEFAULT));
    CHECK_OK(mynah_cache_get(cache, "key", 3, &value));
    CHECK_OK(mynah_cache_clear(cache));
    mynah_cache_free(cache);
    CHECK(memcmp(mynah_value_data(value), "value", 5) == 0);
    mynah_value_free(value);
}

static void many_are_stored_and_found_at_once(void) {
    mynah_cache *cache = NULL;
    mynah_values *values = NULL;
    CHECK_OK(mynah_cache_new(NULL, &cache, NULL));
    const size_t key_lens[] = {1, 2, 3}, value_lens[] = {2, 0, 1}, asked_lens[] = {3, 1, 1};
    CHECK_OK(mynah_cache_set_many(cache, "abbccc", key_lens, "xxz", value_lens, 3, MYNAH_TTL_DEFAULT));
    CHECK_OK(mynah_cache_get_many(cache, "cccna", asked_lens, 3, &values));
    size_t len = 9;
    const void *found = mynah_values_get(values, 0, &len);
    CHECK(found && len == 1 && *(const char *)found == 'z');
    CHECK(mynah_values_get(values, 1, &len) == NULL && len == 0);
    found = mynah_values_get(values, 2, &len);
    CHECK(found && len == 2 && memcmp(found, "xx", 2) == 0);
    CHECK(mynah_values_get(values, 3, &len) == NULL);
    mynah_values_free(values);
    char buffer[3];
    size_t offsets[3], lens[3];
    CHECK_STATUS(MYNAH_TOO_LARGE, mynah_cache_get_many_into(cache, "cccna", asked_lens, 3, buffer, 2, offsets, lens, &len));
    CHECK(len == 3);
    CHECK_OK(mynah_cache_get_many_into(cache, "cccna", asked_lens, 3, buffer, len, offsets, lens, &len));
    CHECK(len == 3 && lens[0] == 1 && buffer[offsets[0]] == 'z' && lens[1] == SIZE_MAX);
    CHECK(lens[2] == 2 && memcmp(buffer + offsets[2], "xx", 2) == 0);
    mynah_cache_free(cache);
}

static void an_entry_expires(void) {
    mynah_cache *cache = NULL;
    char buffer[8];
    size_t len;
    CHECK_OK(mynah_cache_new(NULL, &cache, NULL));
    CHECK_OK(mynah_cache_set(cache, "short", 5, "v", 1, 30));
    CHECK_OK(mynah_cache_set(cache, "long", 4, "v", 1, MYNAH_TTL_NEVER));
    CHECK_OK(mynah_cache_get_into(cache, "short", 5, buffer, sizeof buffer, &len));
    sleep_ms(40);
    CHECK_STATUS(MYNAH_NOT_FOUND, mynah_cache_get_into(cache, "short", 5, buffer, sizeof buffer, &len));
    CHECK_OK(mynah_cache_get_into(cache, "long", 4, buffer, sizeof buffer, &len));
    mynah_cache_free(cache);
}

static void options_say_what_is_wrong_with_them(void) {
    mynah_cache_options *options = mynah_cache_options_new();
    mynah_error *error = NULL;
    CHECK_STATUS(MYNAH_OUT_OF_RANGE, mynah_cache_options_set(options, "shard_count", "70000", &error));
    CHECK(strstr(mynah_error_message(error), "shard_count") &&
          strstr(mynah_error_message(error), "70000") && strstr(mynah_error_message(error), "65536"));
    mynah_error_free(error);
    CHECK_STATUS(MYNAH_UNKNOWN_OPTION, mynah_cache_options_set(options, "shards_count", "7", &error));
    CHECK(strstr(mynah_error_message(error), "shard_count"));
    mynah_error_free(error);
    CHECK_OK(mynah_cache_options_set(options, "shard_count", "8", &error));
    CHECK(error == NULL);
    mynah_cache *cache = NULL;
    CHECK_OK(mynah_cache_new(options, &cache, NULL));
    CHECK(mynah_cache_shard_count(cache) == 8);
    CHECK_OK(mynah_cache_options_set_shard_count(options, 4));
    CHECK(mynah_cache_shard_count(cache) == 8);
    mynah_cache_free(cache);
    mynah_cache_options_free(options);
}

struct departures {
    int count[8], destroyed, inside;
    mynah_cache *cache;
};

static void departed(void *user, const void *key, size_t key_len, const void *value,
                     size_t value_len, int32_t reason) {
    struct departures *seen = user;
    (void)key;
    (void)value;
    if (key_len == 4 && value_len == 5 && reason >= 0 && reason < 8) seen->count[reason]++;
    /* From inside, every function may be called. */
    mynah_cache_len(seen->cache);
    if (!seen->inside++) mynah_cache_set(seen->cache, "from inside", 11, "v", 1, 0);
}

static void destroyed(void *user) { ((struct departures *)user)->destroyed++; }

static void an_evict_callback_hears_of_each_departure_and_is_destroyed_once(void) {
    struct departures seen = {{0}, 0, 0, NULL};
    mynah_cache_options *options = mynah_cache_options_new();
    CHECK_OK(mynah_cache_options_set_capacity(options, 64));
    CHECK_OK(mynah_cache_options_set_shard_count(options, 1));
    CHECK_OK(mynah_cache_options_on_evict(options, departed, &seen, destroyed));
    CHECK_OK(mynah_cache_new(options, &seen.cache, NULL));
    mynah_cache_options_free(options);
    CHECK(seen.destroyed == 0);
    for (int i = 0; i < 1000; i++) CHECK_OK(mynah_cache_set(seen.cache, &i, sizeof i, "value", 5, 0));
    int departures = 0;
    for (int i = 0; i < 8; i++) departures += seen.count[i];
    CHECK(mynah_cache_len(seen.cache) <= 64);
    CHECK(departures >= 1000 - 64 && departures <= 1000);
    mynah_cache_free(seen.cache);
    CHECK(seen.destroyed == 1);
}

struct race {
    mynah_cache *cache;
    int wrong;
};

static void *use(void *argument) {
    struct race *race = argument;
    char key[16], buffer[64];
    for (int i = 0; i < 100000; i++) {
        size_t len = 0;
        mynah_value *value = NULL;
        snprintf(key, sizeof key, "%d", i % 100);
        mynah_status set = mynah_cache_set(race->cache, key, strlen(key), key, strlen(key), 0);
        mynah_status into = mynah_cache_get_into(race->cache, key, strlen(key), buffer, sizeof buffer, &len);
        mynah_status get = mynah_cache_get(race->cache, key, strlen(key), &value);
        if (into == MYNAH_OK && (len != strlen(key) || memcmp(buffer, key, len) != 0)) race->wrong++;
        if (get == MYNAH_OK && memcmp(mynah_value_data(value), key, strlen(key)) != 0) race->wrong++;
        mynah_value_free(value);
        if (set == MYNAH_INVALID_HANDLE) break;
        if (set != MYNAH_OK) race->wrong++;
    }
    return NULL;
}

static void a_free_that_races_with_calls_is_safe(void) {
    for (int round = 0; round < (CHECKED_MEMORY ? 20 : 100); round++) {
        struct race race = {NULL, 0};
        pthread_t threads[4];
        CHECK_OK(mynah_cache_new(NULL, &race.cache, NULL));
        for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, use, &race);
        sleep_ms(1);
        mynah_cache_free(race.cache);
        mynah_cache_free(race.cache);
        for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
        CHECK(race.wrong == 0);
    }
}

static void caches_made_and_freed_leave_no_growth(void) {
    int rounds = CHECKED_MEMORY ? 200 : 3000;
    long before = 0;
    for (int i = 0; i < rounds; i++) {
        mynah_cache *cache = NULL;
        CHECK_OK(mynah_cache_new(NULL, &cache, NULL));
        for (int k = 0; k < 100; k++) CHECK_OK(mynah_cache_set(cache, &k, sizeof k, "value", 5, 0));
        mynah_cache_free(cache);
        if (i == rounds / 10) before = rss_kib();
    }
    printf("# %ld KiB\n", rss_kib() - before);
    CHECK(rss_kib() - before < (CHECKED_MEMORY ? 1 << 20 : 8192));
}

int main(void) {
    RUN(what_is_stored_is_found);
    RUN(an_empty_key_and_an_empty_value_are_fine);
    RUN(a_buffer_that_is_too_small_learns_the_length);
    RUN(a_value_outlives_its_entry_and_its_cache);
    RUN(many_are_stored_and_found_at_once);
    RUN(an_entry_expires);
    RUN(options_say_what_is_wrong_with_them);
    RUN(an_evict_callback_hears_of_each_departure_and_is_destroyed_once);
    RUN(a_free_that_races_with_calls_is_safe);
    RUN(caches_made_and_freed_leave_no_growth);
    DONE();
}
