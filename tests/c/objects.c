/* Objects by the million: made and freed, they leave nothing behind. */
#include "check.h"

#define MANY (CHECKED_MEMORY ? 20000 : 1000000)
#define ALLOWED_KIB (CHECKED_MEMORY ? 1 << 20 : 2048)

static void a_million_cancel_tokens_leave_no_growth(void) {
    for (int i = 0; i < 1000; i++) mynah_cancel_free(mynah_cancel_new());
    long before = rss_kib();
    for (int i = 0; i < MANY; i++) {
        mynah_cancel *cancel = mynah_cancel_new();
        CHECK(cancel);
        if (i % 3 == 0) mynah_cancel_trigger(cancel);
        mynah_cancel_free(cancel);
    }
    CHECK(rss_kib() - before < ALLOWED_KIB);
}

static void a_million_requests_leave_no_growth(void) {
    long before = 0;
    for (int i = 0; i < MANY; i++) {
        mynah_request *request = mynah_request_new();
        CHECK(request);
        CHECK_OK(mynah_request_add_message(request, "user", "hello", 5));
        if (i % 16 == 0) CHECK_OK(mynah_request_set(request, "temperature", "0.5", NULL));
        mynah_request_free(request);
        if (i == 1000) before = rss_kib();
    }
    CHECK(rss_kib() - before < ALLOWED_KIB);
}

static void a_million_options_leave_no_growth(void) {
    long before = 0;
    for (int i = 0; i < MANY / 10; i++) {
        mynah_client_options *options = mynah_client_options_new();
        CHECK(options);
        CHECK_OK(mynah_client_options_set_temperature(options, 0.5));
        CHECK_STATUS(MYNAH_OUT_OF_RANGE, mynah_client_options_set_temperature(options, 7));
        mynah_client_options_free(options);
        if (i == 1000) before = rss_kib();
    }
    CHECK(rss_kib() - before < ALLOWED_KIB);
}

static void objects_in_use_at_once_are_many(void) {
    enum { AT_ONCE = 100000 };
    static mynah_cancel *all[AT_ONCE];
    for (int i = 0; i < AT_ONCE; i++) CHECK((all[i] = mynah_cancel_new()) != NULL);
    for (int i = 0; i < AT_ONCE; i++) mynah_cancel_free(all[i]);
    for (int i = 0; i < AT_ONCE; i++) mynah_cancel_free(all[i]);
}

int main(void) {
    RUN(a_million_cancel_tokens_leave_no_growth);
    RUN(a_million_requests_leave_no_growth);
    RUN(a_million_options_leave_no_growth);
    RUN(objects_in_use_at_once_are_many);
    DONE();
}
