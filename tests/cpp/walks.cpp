// A walk over a cache whose shard is busy now and then: what the header calls here
// finds it so two times of three.
#include <mynah.h>

namespace {

int asked = 0;

mynah_status busy_at_first(mynah_cache_iter *walk, mynah_value **key, mynah_value **data) {
    return ++asked % 3 ? MYNAH_BUSY : mynah_cache_iter_next(walk, key, data);
}

}  // namespace

#define mynah_cache_iter_next busy_at_first
#include "check.hpp"

namespace {

void a_walk_goes_on_where_a_shard_was_busy() {
    mynah::cache cache;
    cache.set_many({{"a", "1"}, {"b", "2"}});
    std::string all;
    cache.for_each([&](std::string_view key, std::string_view data) { (all += key) += data; });
    CHECK((all == "a1b2" || all == "b2a1") && asked == 3 * 3);
}

}  // namespace

bool walk_tests() {
    bool ok = true;
    RUN(a_walk_goes_on_where_a_shard_was_busy);
    return ok;
}
