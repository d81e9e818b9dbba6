/* mynah/claim.hpp - cancelling, lifetimes, and the duty to load what is missing. */
#ifndef MYNAH_CLAIM_HPP
#define MYNAH_CLAIM_HPP

#include <chrono>
#include <cmath>
#include <new>

#include "base.hpp"

namespace mynah {

/* Ends calls from another thread. Any thread. */
class cancel : public detail::object<mynah_cancel, mynah_cancel_free> {
public:
    cancel() : object(detail::made(mynah_cancel_new())) {}
    void trigger() noexcept { mynah_cancel_trigger(get()); }
};

namespace detail {

/* A token that was moved from is one that is no longer there, not none. */
inline mynah_cancel *word(const cancel *token) noexcept {
    const auto gone = reinterpret_cast<mynah_cancel *>(uintptr_t{2});
    return token ? *token ? token->get() : gone : nullptr;
}

}  // namespace detail

/* An entry's lifetime: milliseconds as an unsigned number, MYNAH_TTL_DEFAULT,
 * MYNAH_TTL_NEVER, or a duration, rounded up. One of 0 is MYNAH_TTL_DEFAULT, a
 * negative one is refused, and one beyond all numbers is for ever. A negative number
 * becomes an unsigned one on its way, as the language has it: -1 is MYNAH_TTL_NEVER.
 * To have it refused, say std::chrono::milliseconds. */
class ttl {
public:
    constexpr ttl(uint64_t milliseconds) noexcept : milliseconds_(milliseconds) {}
    template <typename Number, typename Period>
    ttl(std::chrono::duration<Number, Period> lasts) : milliseconds_(whole(lasts)) {}
    constexpr uint64_t milliseconds() const noexcept { return milliseconds_; }
    /* Whether a duration is a lifetime: neither negative nor no number. */
    template <typename Duration>
    static bool fits(Duration lasts) noexcept {
        return rounded_up(lasts) >= 0;
    }

private:
    template <typename Duration>
    static long double rounded_up(Duration lasts) noexcept {
        using number = std::chrono::duration<long double, std::milli>;
        return std::ceil(std::chrono::duration_cast<number>(lasts).count());
    }
    template <typename Duration>
    static uint64_t whole(Duration lasts) {
        if (!fits(lasts)) throw error(MYNAH_OUT_OF_RANGE, "ttl: it is negative, or no number");
        const long double all = rounded_up(lasts);
        return all < 9e18L ? static_cast<uint64_t>(all) : MYNAH_TTL_NEVER;
    }
    uint64_t milliseconds_;
};

/* The duty to load a key that others may be waiting for: settle it. Destroyed
 * unsettled, it passes to the next who waits. Any thread. */
class claim : public detail::object<mynah_claim, mynah_claim_free> {
public:
    claim() = default;
    explicit claim(mynah_claim *raw) noexcept : object(raw) {}
    mynah_status fill(std::string_view data, ttl lasts, std::nothrow_t) noexcept {
        return mynah_claim_fill(get(), data.data(), data.size(), lasts.milliseconds());
    }
    /* MYNAH_OUT_OF_RANGE for a duration that is no lifetime, and the claim is kept. */
    template <typename Number, typename Period>
    mynah_status fill(std::string_view data, std::chrono::duration<Number, Period> lasts,
                      std::nothrow_t) noexcept {
        return ttl::fits(lasts) ? fill(data, ttl(lasts), std::nothrow) : MYNAH_OUT_OF_RANGE;
    }
    void fill(std::string_view data, ttl lasts = MYNAH_TTL_DEFAULT) {
        detail::check_stored(fill(data, lasts, std::nothrow), data.size(), its_key);
    }
    /* There is nothing under this key, for a while. */
    mynah_status fill_negative(ttl lasts, std::nothrow_t) noexcept {
        return mynah_claim_fill_negative(get(), lasts.milliseconds());
    }
    template <typename Number, typename Period>
    mynah_status fill_negative(std::chrono::duration<Number, Period> lasts, std::nothrow_t) noexcept {
        return ttl::fits(lasts) ? fill_negative(ttl(lasts), std::nothrow) : MYNAH_OUT_OF_RANGE;
    }
    void fill_negative(ttl lasts = MYNAH_TTL_DEFAULT) {
        detail::check_stored(fill_negative(lasts, std::nothrow), 0, its_key);
    }
    /* It could not be loaded: those who wait get `status`. Answers whether it was
     * settled so. */
    mynah_status fail(mynah_status status, const char *message) noexcept {
        return mynah_claim_fail(get(), status, message);
    }

private:
    static constexpr const char *its_key = "its key and ";
};

}  // namespace mynah

#endif /* MYNAH_CLAIM_HPP */
