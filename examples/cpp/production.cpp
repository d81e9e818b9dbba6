// production.cpp - what a service sets: tiers, limits, a breaker, figures to watch.
//
//   c++ -std=c++17 production.cpp $(pkg-config --cflags --libs mynah) && ./a.out
#include <iostream>
#include <mynah.hpp>

static mynah::client client_of(const std::string &model, const std::string &price,
                               const mynah::mock &mock, const mynah::cache &answers) {
    mynah::client_options options({
        {"provider", "custom"},
        {"base_url", mock.url()},
        {"model", model},
        {"price", model + "=" + price},  // USD per million tokens, in and out
        {"preset", "production"},        // a layer under what is set here
        {"timeout_ms", "20000"},
        {"retry_count", "1"},
        {"retry_delay_ms", "50"},
        {"rate_limit_rpm", "6000"},
        {"rate_limit_tpm", "2000000"},
        {"max_in_flight", "64"},
        {"breaker_failure_threshold", "3"},
        {"breaker_reset_timeout_ms", "30000"},
        {"alert_min_success_rate", "0.95"},
        {"alert_max_p99_ms", "15000"},
    });
    options.share(answers);  // all clients keep their answers in one cache
    // Told from any thread: keep it short. A real program tells its pager.
    options.on_alert([](std::string_view name, bool raised, double value, double threshold) {
        std::cerr << (raised ? "ALERT " : "fine again ") << name << ": " << value << ", threshold "
                  << threshold << "\n";
    });
    options.on_breaker([model](int32_t, int32_t to, std::string_view reason) {
        std::cerr << model << ": breaker " << (to == MYNAH_BREAKER_OPEN ? "open" : "changed")
                  << ": " << reason << "\n";
    });
    return mynah::client(options);
}

int main() try {
    // The cheap provider is down today: the able one has to answer.
    mynah::mock down{{"status", "503"}}, up;
    mynah::cache answers;
    mynah::client small = client_of("small", "0.15,0.60", down, answers);
    mynah::client large = client_of("large", "3,12", up, answers);
    mynah::tiered tiers({&small, &large});
    // How hard is it? NaN would leave that to the library's own estimate.
    tiers.on_complexity([](std::string_view text, size_t messages) {
        return text.size() > 2000 || messages > 10 ? 0.9 : 0.1;
    });

    for (int i = 0; i < 5; i++) {
        mynah::response answer = tiers.chat(mynah::request("Question " + std::to_string(i) + "?"));
        std::cout << answer.text().substr(0, 40) << "...\n";
    }
    std::cout << tiers.metrics_json() << "\n";
    // For the endpoint that Prometheus reads; advise_json() says what to change.
    std::cout << small.metrics_prometheus().substr(0, 200) << "...\n";
} catch (const mynah::error &error) {
    std::cerr << mynah_status_name(error.status()) << ": " << error.what() << "\n";
    return 1;
}
