// cache.cpp - a bounded cache: store, look up, load what is missing, see how it does.
//
//   c++ -std=c++17 cache.cpp $(pkg-config --cflags --libs mynah) && ./a.out
#include <iostream>
#include <mynah.hpp>

// Stands for a database, a rendering, a call to somebody else.
static std::string look_it_up(std::string_view key) {
    std::cout << "looking up " << key << "\n";
    return "Acridotheres tristis";
}

int main() try {
    // Both bounds are hard: entries and bytes never exceed them.
    mynah::cache cache{
        {"capacity", "10000"}, {"max_memory_mb", "64"}, {"default_ttl_ms", "60000"}};

    cache.set("greeting", "hello", MYNAH_TTL_NEVER);
    if (auto copy = cache.get("greeting")) std::cout << "greeting: " << *copy << "\n";
    // Without a copy: it stays readable even if the entry leaves meanwhile.
    if (auto lent = cache.find("greeting")) std::cout << lent->view().size() << " bytes\n";

    // While one thread loads a key, the others wait for what it finds instead
    // of asking as well; what the load throws, it throws here.
    for (int i = 0; i < 2; i++) {
        std::string key = "common myna";
        std::string found = cache.get_or_load(key, [&] { return look_it_up(key); });
        std::cout << key << ": " << found << "\n";
    }

    // On a path that must not throw, the status tells a miss from a failure.
    std::string value;
    mynah_status status = cache.get("nobody", value, std::nothrow);
    std::cout << "nobody: " << mynah_status_name(status) << "\n";

    std::cout << cache.metrics_json() << "\n";
} catch (const mynah::error &error) {
    std::cerr << mynah_status_name(error.status()) << ": " << error.what() << "\n";
    return 1;
}
