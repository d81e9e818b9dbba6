/* What the fragments in C find: a mock, a cache, clients of the mock. */
#include <mynah.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static mynah_mock *mock;
static mynah_cache *cache;
static mynah_client *client, *small, *large;
static mynah_request *request;

static mynah_client *client_of_mock(void) {
    mynah_client_options *options = mynah_client_options_new();
    mynah_client *made = NULL;
    mynah_client_options_set_provider(options, "custom");
    mynah_client_options_set_base_url(options, mynah_mock_url(mock));
    mynah_client_options_set_model(options, "mock");
    mynah_client_options_set_cache_enabled(options, 1);
    mynah_client_new(options, &made, NULL);
    mynah_client_options_free(options);
    return made;
}

static int prepare(void) {
    request = mynah_request_new();
    mynah_request_add_message(request, "user", "hello", 5);
    if (mynah_mock_new(NULL, &mock, NULL) || mynah_cache_new(NULL, &cache, NULL)) return 1;
    client = client_of_mock(), small = client_of_mock(), large = client_of_mock();
    return !client || !small || !large;
}
