/* mynah/batch.hpp - many requests at once. */
#ifndef MYNAH_BATCH_HPP
#define MYNAH_BATCH_HPP

#include "client.hpp"

namespace mynah {

/* Requests that are sent together. One thread at a time. */
class batch : public detail::object<mynah_batch, mynah_batch_free> {
public:
    batch() : object(detail::made(mynah_batch_new())) {}
    /* A copy; its place is the number of those added before. */
    batch &add(const request &asked) {
        detail::require(mynah_batch_add(get(), asked.get()));
        return *this;
    }
    size_t size() const noexcept { return mynah_batch_len(get()); }

    /* Sends all, `parallel` at a time (0: 8), and waits. The status is that of
     * the batch: what became of a request is told by result(). */
    mynah_status run(const client &by, uint32_t parallel, std::nothrow_t,
                     const cancel *token = nullptr, failure *why = nullptr) noexcept {
        return detail::told(why, [&](mynah_error **err) {
            return mynah_batch_run(get(), by.get(), parallel, detail::word(token), nullptr, nullptr, err);
        });
    }
    void run(const client &by, uint32_t parallel = 0, const cancel *token = nullptr) {
        failure why;
        detail::require(run(by, parallel, std::nothrow, token, &why), why);
    }
    /* The same, with `progress(done, total)` told on threads of the library,
     * one at a time. What it throws ends the batch, and is thrown here; `token`
     * is triggered then. */
    template <typename Progress>
    void run(const client &by, uint32_t parallel, Progress &&progress, cancel &token) {
        detail::progressing(progress, token, [&](auto callback, void *user, mynah_error **err) {
            return mynah_batch_run(get(), by.get(), parallel, detail::word(&token), callback, user, err);
        });
    }

    mynah_status result(size_t place, response &answer, std::nothrow_t,
                        failure *why = nullptr) const noexcept {
        mynah_response *raw = nullptr;
        mynah_status status = detail::told(
            why, [&](mynah_error **err) { return mynah_batch_result(get(), place, &raw, err); });
        answer = response(raw);
        return status;
    }
    /* A request's answer, or what it failed with as an exception. */
    response result(size_t place) const {
        response answer;
        failure why;
        detail::require(result(place, answer, std::nothrow, &why), why);
        return answer;
    }
};

}  // namespace mynah

#endif /* MYNAH_BATCH_HPP */
