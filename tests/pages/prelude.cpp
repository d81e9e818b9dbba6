// What the fragments in C++ find: a mock, a cache, clients of the mock.
#include <iostream>
#include <mynah.hpp>
#include <thread>

static mynah::options to_mock(const mynah::mock &mock) {
    return {{"provider", "custom"}, {"model", "mock"}, {"base_url", mock.url()}};
}
static mynah::mock mock;
static mynah::cache cache;
static mynah::client client(to_mock(mock)), small(to_mock(mock)), large(to_mock(mock));
static mynah::request request("hello");

static int prepare() { return 0; }
