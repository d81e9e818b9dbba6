/* A defect inside the library becomes a status, in silence. */
#include "check.h"

/* Only in libraries built with the feature test-hooks; not in the header. */
mynah_status mynah_test_panic(void);
mynah_status mynah_test_panic_twice(void);

static void a_panic_becomes_a_status(void) {
    CHECK_STATUS(MYNAH_PANIC, mynah_test_panic());
    CHECK_STATUS(MYNAH_PANIC, mynah_test_panic_twice());
    CHECK_STATUS(MYNAH_PANIC, mynah_test_panic());
}

static void a_panic_prints_nothing(void) {
    int saved = dup(2), ends[2];
    CHECK(saved >= 0 && pipe(ends) == 0);
    CHECK(dup2(ends[1], 2) == 2);
    close(ends[1]);
    mynah_test_panic();
    mynah_test_panic_twice();
    dup2(saved, 2);
    close(saved);
    char text[200];
    ssize_t n = read(ends[0], text, sizeof text);
    close(ends[0]);
    CHECK(n == 0);
}

int main(void) {
    /* The first handle brings the silence. */
    mynah_cancel_free(mynah_cancel_new());
    RUN(a_panic_becomes_a_status);
    RUN(a_panic_prints_nothing);
    DONE();
}
