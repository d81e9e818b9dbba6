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

int main(void) {
    RUN(a_million_cancel_tokens_leave_no_growth);
    DONE();
}
