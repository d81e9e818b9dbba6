// The ends of threads and of the process, where the library works as before.
#include "check.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace {

// Older than its thread's first call, and so destroyed after what that has left.
struct at_end {
    std::function<void()> what;
    ~at_end() {
        if (what) what();
    }
};
thread_local at_end last;

struct things {
    mynah::mock mock;
    mynah::client client{options_for(mock, {{"max_in_flight", "1"}})};
    int told = 0;
    mynah::cache cache{mynah::cache_options{{"capacity", "1"}, {"shard_count", "1"}}.on_evict(
        [this](std::string_view, std::string_view, int32_t) { told++; })};
    std::string path = "/tmp/mynah-ends-" + std::to_string(getpid());
    ~things() { unlink(path.c_str()); }

    // One use of each kind; the statuses that are not MYNAH_OK.
    std::vector<mynah_status> use() {
        const size_t length = 1;
        auto go_on = [](void *, uint64_t, uint64_t) -> int32_t { return 0; };
        auto load = [](void *, const void *, size_t, mynah_claim *claim) -> int32_t {
            return mynah_claim_fill(claim, "v", 1, 0);
        };
        mynah::response answer;
        std::vector<mynah_status> all{
            mynah_cache_set(cache.get(), "a", 1, "v", 1, 0),
            mynah_cache_set(cache.get(), "b", 1, "v", 1, 0),
            mynah_cache_save_with(cache.get(), path.c_str(), go_on, nullptr, nullptr, nullptr),
            mynah_cache_load_with(cache.get(), path.c_str(), go_on, nullptr, nullptr, nullptr),
            mynah_cache_warm(cache.get(), "c", &length, 1, load, nullptr, nullptr, nullptr),
            client.chat(mynah::request("hello"), answer, std::nothrow),
            client.stream(mynah::request("hello"), [](const mynah::event &) {}, answer, std::nothrow),
            forks() ? MYNAH_OK : MYNAH_FORKED,
        };
        all.erase(std::remove(all.begin(), all.end(), MYNAH_OK), all.end());
        return all;
    }

    static bool forks() {
        pid_t child = fork();
        if (child == 0) _exit(0);
        int status = -1;
        return child > 0 && waitpid(child, &status, 0) == child && status == 0;
    }
};

void a_thread_calls_to_its_very_end_and_frees_wait_for_nothing_afterwards() {
    things all;
    std::vector<mynah_status> before, after;
    int told = 0;
    std::thread([&] {
        last.what = [&] {
            told = all.told;
            after = all.use();
        };
        before = all.use();
    }).join();
    CHECK(before.empty() && after.empty());
    CHECK(told > 0 && all.told > told);
    CHECK(all.use().empty());
}

std::unique_ptr<things> of_process;

void at_exit() {
    bool worked = of_process->use().empty();
    of_process.reset();
    _exit(worked ? 0 : 1);
}

void a_process_calls_and_frees_in_its_handlers_of_atexit() {
    std::fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        alarm(30);
        of_process = std::make_unique<things>();
        bool worked = of_process->use().empty() && std::atexit(at_exit) == 0;
        worked ? std::exit(2) : _exit(3);
    }
    int status = -1;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

}  // namespace

bool end_tests() {
    bool ok = true;
    RUN(a_thread_calls_to_its_very_end_and_frees_wait_for_nothing_afterwards);
    RUN(a_process_calls_and_frees_in_its_handlers_of_atexit);
    return ok;
}
