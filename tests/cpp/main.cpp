// Runs the C++ tests: several files, so that the header stands in each.
#include "check.hpp"

int main() {
    bool ok = cache_tests();
    ok &= chat_tests();
    ok &= many_tests();
    ok &= walk_tests();
    ok &= end_tests();
    return !ok;
}
