/* mynah/tiered.hpp - several clients as one. */
#ifndef MYNAH_TIERED_HPP
#define MYNAH_TIERED_HPP

#include <limits>

#include "client.hpp"

namespace mynah {

/* The cheap client for what is easy, the able one for what is hard, another
 * when one fails. Any thread. */
class tiered : public detail::object<mynah_tiered, mynah_tiered_free>,
               public detail::caller<tiered, mynah_tiered> {
public:
    /* Two clients or more, the cheapest first; they are held, and may go. */
    explicit tiered(const std::vector<const client *> &clients, bool fallback_on_refusal = false) {
        std::vector<mynah_client *> all;
        for (const client *one : clients) all.push_back(one ? one->get() : nullptr);
        mynah_tiered *raw = nullptr;
        detail::checked([&](mynah_error **err) {
            return mynah_tiered_new(all.data(), all.size(), fallback_on_refusal, &raw, err);
        });
        handle_.reset(raw);
    }
    /* `judge(text, messages)` says how hard a request is, 0 to 1, by the last
     * thing that the user said; NaN, or an exception, leaves it to the built-in
     * estimate. On any thread. */
    template <typename Judge>
    void on_complexity(Judge judge) {
        auto call = [](void *user, const char *text, size_t size, size_t messages) -> double {
            try {
                return (*static_cast<Judge *>(user))(detail::view(text, size), messages);
            } catch (...) {
                return std::numeric_limits<double>::quiet_NaN();
            }
        };
        detail::require(mynah_tiered_on_complexity(get(), call, new Judge(std::move(judge)),
                                                   detail::destroy<Judge>));
    }
    std::string metrics_json() const { return detail::json_of(get(), mynah_tiered_metrics_json); }

private:
    friend class detail::caller<tiered, mynah_tiered>;
    static constexpr auto chat_ = mynah_tiered_chat;
    static constexpr auto stream_ = mynah_tiered_chat_stream;
};

}  // namespace mynah

#endif /* MYNAH_TIERED_HPP */
