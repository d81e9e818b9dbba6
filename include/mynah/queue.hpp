/* mynah/queue.hpp - calls that run elsewhere, for programs that must not block. */
#ifndef MYNAH_QUEUE_HPP
#define MYNAH_QUEUE_HPP

#include "batch.hpp"
#include "tiered.hpp"

namespace mynah {

/* Something that has arrived. One thread at a time. */
class item : public detail::object<mynah_item, mynah_item_free> {
public:
    item() = default;
    explicit item(mynah_item *raw) noexcept : object(raw) {}
    /* MYNAH_ITEM_EVENT, MYNAH_ITEM_DONE, or another. */
    int32_t kind() const noexcept { return mynah_item_kind(get()); }
    bool done() const noexcept { return kind() == MYNAH_ITEM_DONE; }
    uint64_t tag() const noexcept { return mynah_item_tag(get()); }
    /* Of a MYNAH_ITEM_EVENT; lives as long as the item. */
    mynah::event event() const noexcept { return mynah::event(mynah_item_event(get())); }
    /* The JSON of a MYNAH_ITEM_LOG or MYNAH_ITEM_ALERT; lives as long. */
    std::string_view text() const noexcept {
        size_t size = 0;
        const char *data = mynah_item_text(get(), &size);
        return detail::view(data, size);
    }
    /* Of a MYNAH_ITEM_EVICT, whose tag is the reason; they live as long. */
    std::string_view key() const noexcept { return entry(0); }
    std::string_view data() const noexcept { return entry(1); }
    /* Of a MYNAH_ITEM_DONE, once. */
    mynah_status result(response &answer, std::nothrow_t, failure *why = nullptr) noexcept {
        mynah_response *raw = nullptr;
        mynah_status status = detail::told(
            why, [&](mynah_error **err) { return mynah_item_result(get(), &raw, err); });
        answer = response(raw);
        return status;
    }
    response result() {
        response answer;
        failure why;
        detail::require(result(answer, std::nothrow, &why), why);
        return answer;
    }

private:
    std::string_view entry(int32_t which) const noexcept {
        size_t size = 0;
        const void *data = mynah_item_entry(get(), which, &size);
        return detail::view(static_cast<const char *>(data), size);
    }
};

/* Where the results of submitted calls arrive. Any thread. Destroying it
 * cancels its calls and waits for them. */
class queue : public detail::object<mynah_queue, mynah_queue_free> {
public:
    /* Calls run on up to `max_workers` threads of the library; 0: 4,096. */
    explicit queue(uint32_t max_workers = 0) {
        mynah_queue *raw = nullptr;
        detail::checked([&](mynah_error **err) { return mynah_queue_new(max_workers, &raw, err); });
        handle_.reset(raw);
    }
    /* Starts a call whose items carry `tag`; with `streamed`, its events too. */
    mynah_status submit(const client &by, const request &asked, uint64_t tag, bool streamed,
                        std::nothrow_t, const cancel *token = nullptr,
                        failure *why = nullptr) noexcept {
        return detail::told(why, [&](mynah_error **err) {
            return mynah_client_submit(by.get(), asked.get(), streamed, detail::word(token), get(), tag, err);
        });
    }
    mynah_status submit(const tiered &by, const request &asked, uint64_t tag, bool streamed,
                        std::nothrow_t, const cancel *token = nullptr,
                        failure *why = nullptr) noexcept {
        return detail::told(why, [&](mynah_error **err) {
            return mynah_tiered_submit(by.get(), asked.get(), streamed, detail::word(token), get(), tag, err);
        });
    }
    template <typename Caller>
    void submit(const Caller &by, const request &asked, uint64_t tag, bool streamed = false,
                const cancel *token = nullptr) {
        failure why;
        detail::require(submit(by, asked, tag, streamed, std::nothrow, token, &why), why);
    }

    /* The same with a token and no events: a pointer would be a true `streamed`. */
    template <typename Caller, typename Token>
    mynah_status submit(const Caller &by, const request &asked, uint64_t tag, Token *token,
                        std::nothrow_t, failure *why = nullptr) noexcept {
        return submit(by, asked, tag, false, std::nothrow, token, why);
    }
    template <typename Caller, typename Token>
    void submit(const Caller &by, const request &asked, uint64_t tag, Token *token) {
        submit(by, asked, tag, false, token);
    }

    /* Sends a batch; a MYNAH_ITEM_BATCH with `tag` arrives when all of it has
     * ended, and its results are in the batch then. */
    void submit(batch &all, const client &by, uint64_t tag, uint32_t parallel = 0,
                const cancel *token = nullptr) {
        detail::checked([&](mynah_error **err) {
            return mynah_batch_submit(all.get(), by.get(), parallel, detail::word(token), get(), tag, err);
        });
    }
    /* What caches and clients made from these options tell arrives here instead
     * of in a function: MYNAH_CACHE_ALERTS, MYNAH_CACHE_DEPARTURES or their sum;
     * records of at least a MYNAH_LOG_ level. */
    void listen(cache_options &to, int32_t which) {
        detail::require(mynah_cache_options_events_to_queue(to.get(), which, get()),
                        "which: must be MYNAH_CACHE_ALERTS, MYNAH_CACHE_DEPARTURES or their sum");
    }
    void listen_log(client_options &to, int32_t least_level) {
        detail::require(mynah_client_options_log_to_queue(to.get(), least_level, get()),
                        detail::levels);
    }

    /* The next item, waiting for it up to `timeout_ms`: MYNAH_TIMEOUT when none
     * came, MYNAH_STOPPED after wake(). */
    mynah_status next(uint64_t timeout_ms, item &arrived, std::nothrow_t) noexcept {
        mynah_item *raw = nullptr;
        mynah_status status = mynah_queue_next(get(), timeout_ms, &raw);
        arrived = item(raw);
        return status;
    }
    /* The same; nothing when none came in time or after wake(). */
    item next(uint64_t timeout_ms = UINT64_MAX) {
        item arrived;
        mynah_status status = next(timeout_ms, arrived, std::nothrow);
        if (status != MYNAH_TIMEOUT && status != MYNAH_STOPPED) detail::require(status);
        return arrived;
    }
    void wake() noexcept { mynah_queue_wake(get()); }
    /* Readable while there are items: poll it, never read it. */
    ptrdiff_t fd() const noexcept { return mynah_queue_fd(get()); }
    uint64_t pending() const noexcept { return mynah_queue_pending(get()); }
};

}  // namespace mynah

#endif /* MYNAH_QUEUE_HPP */
