// What the C++ tests have in common.
#pragma once

#include <cstdio>
#include <stdexcept>
#include <string>

#include <mynah.hpp>

struct failed_check {};

#define CHECK(condition)                                                  \
    do {                                                                  \
        if (!(condition)) {                                               \
            std::printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition); \
            throw failed_check();                                         \
        }                                                                 \
    } while (0)

template <typename Test>
bool run(const char *name, Test test) {
    bool ok = false;
    try {
        test();
        ok = true;
    } catch (const failed_check &) {
    } catch (const std::exception &unexpected) {
        std::printf("# %s\n", unexpected.what());
    }
    std::printf("%s %s\n", ok ? "ok" : "not ok", name);
    return ok;
}
#define RUN(test) ok &= run(#test, test)

// The status that a call throws; MYNAH_OK if none.
template <typename Call>
mynah_status status_of(Call &&call) {
    try {
        call();
        return MYNAH_OK;
    } catch (const mynah::error &error) {
        return error.status();
    }
}

// What the mynah::error that a call throws says; empty if none.
template <typename Call>
std::string text_of(Call &&call) {
    try {
        call();
        return {};
    } catch (const mynah::error &error) {
        return error.what();
    }
}

inline bool has(const std::string &text, const char *part) {
    return text.find(part) != std::string::npos;
}

inline mynah::options options_for(const mynah::mock &mock, mynah::options more = {}) {
    mynah::options all{{"provider", "custom"}, {"model", "mock"}, {"base_url", mock.url()}};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

bool cache_tests();
bool chat_tests();
bool many_tests();
bool end_tests();
bool walk_tests();
