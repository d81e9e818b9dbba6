/* mynah/mock.hpp - a provider on loopback, inside the process, for tests. */
#ifndef MYNAH_MOCK_HPP
#define MYNAH_MOCK_HPP

#include "base.hpp"

namespace mynah {

/* Answers every prompt the same way each time; misbehaves on request. */
class mock : public detail::object<mynah_mock, mynah_mock_free> {
public:
    mock() : mock(options()) {}
    mock(std::initializer_list<options::value_type> all) : mock(options(all)) {}
    explicit mock(const options &all) {
        detail::owned<mynah_mock_options, mynah_mock_options_free> from(
            detail::made(mynah_mock_options_new()));
        detail::set_each(from.get(), all, mynah_mock_options_set);
        mynah_mock *raw = nullptr;
        detail::checked([&](mynah_error **err) { return mynah_mock_new(from.get(), &raw, err); });
        handle_.reset(raw);
    }
    /* The base URL for clients of OpenAI's dialects. */
    std::string url() const { return mynah_mock_url(get()); }
    std::string stats_json() const { return detail::json_of(get(), mynah_mock_stats_json); }
};

}  // namespace mynah

#endif /* MYNAH_MOCK_HPP */
