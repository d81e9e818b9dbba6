/* cache.c - a bounded cache: store, look up, load what is missing, see how it does.
 *
 *   cc cache.c $(pkg-config --cflags --libs mynah) && ./a.out */
#include <mynah.h>
#include <stdio.h>
#include <string.h>

/* Stands for a database, a rendering, a call to somebody else. */
static const char *look_it_up(const char *key) {
    printf("looking up %s\n", key);
    return "Acridotheres tristis";
}

/* The value, or one load of it: while one thread loads a key, the others wait
 * for what it finds instead of asking as well. */
static int get_or_load(mynah_cache *cache, const char *key) {
    mynah_value *value;
    mynah_claim *claim;
    mynah_status status =
        mynah_cache_get_or_claim(cache, key, strlen(key), 1000, NULL, &value, &claim);
    if (status != MYNAH_OK) return fprintf(stderr, "%s\n", mynah_status_name(status)), 1;
    if (claim) {
        const char *found = look_it_up(key);
        mynah_claim_fill(claim, found, strlen(found), MYNAH_TTL_DEFAULT);
        mynah_claim_free(claim);
        return 0;
    }
    /* Not a copy: the value stays readable even if the entry leaves meanwhile. */
    printf("%s: %.*s\n", key, (int)mynah_value_len(value), (const char *)mynah_value_data(value));
    mynah_value_free(value);
    return 0;
}

int main(void) {
    mynah_cache_options *options = mynah_cache_options_new();
    mynah_cache *cache;
    mynah_error *error;
    mynah_value *json;
    int failed = 0;

    /* Both bounds are hard: entries and bytes never exceed them. */
    mynah_cache_options_set_capacity(options, 10000);
    mynah_cache_options_set_max_memory_mb(options, 64);
    mynah_cache_options_set_default_ttl_ms(options, 60 * 1000);
    mynah_status status = mynah_cache_new(options, &cache, &error);
    mynah_cache_options_free(options);
    if (status != MYNAH_OK) {
        fprintf(stderr, "%s\n", mynah_error_message(error));
        mynah_error_free(error);
        return 1;
    }

    mynah_cache_set(cache, "greeting", 8, "hello", 5, MYNAH_TTL_NEVER);
    char text[16];
    size_t len;
    /* Into a buffer of one's own: nothing to free. TOO_LARGE tells the length. */
    if (mynah_cache_get_into(cache, "greeting", 8, text, sizeof text, &len) == MYNAH_OK)
        printf("greeting: %.*s\n", (int)len, text);

    for (int i = 0; i < 2; i++) failed |= get_or_load(cache, "common myna");

    if (mynah_cache_metrics_json(cache, &json) == MYNAH_OK) {
        printf("%.*s\n", (int)mynah_value_len(json), (const char *)mynah_value_data(json));
        mynah_value_free(json);
    }
    mynah_cache_free(cache);
    return failed;
}
