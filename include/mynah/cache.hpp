/* mynah/cache.hpp - a sharded in-process cache of bytes. */
#ifndef MYNAH_CACHE_HPP
#define MYNAH_CACHE_HPP

#include <algorithm>
#include <chrono>
#include <exception>
#include <new>
#include <optional>

#include "claim.hpp"

namespace mynah {

namespace detail {

inline std::size_t largest(const std::vector<std::pair<std::string, std::string>> &entries) noexcept {
    std::size_t most = 0;
    for (const auto &[key, data] : entries) most = (std::max)(most, key.size() + data.size());
    return most;
}

}  // namespace detail

/* Options and listeners that caches are made from. One thread at a time. */
class cache_options : public detail::object<mynah_cache_options, mynah_cache_options_free> {
public:
    cache_options() : object(detail::made(mynah_cache_options_new())) {}
    cache_options(std::initializer_list<options::value_type> all) : cache_options(options(all)) {}
    explicit cache_options(const options &all) : cache_options() {
        detail::set_each(get(), all, mynah_cache_options_set);
    }
    cache_options &set(const std::string &name, const std::string &text) {
        detail::set_each(get(), {{name, text}}, mynah_cache_options_set);
        return *this;
    }
    /* `each(key, value, reason)`, one of the MYNAH_EVICT_ reasons, for every
     * entry that leaves; on any thread. What it throws is dropped. */
    template <typename Each>
    cache_options &on_evict(Each each) {
        auto call = [](void *user, const void *key, size_t key_len, const void *data,
                       size_t data_len, int32_t reason) {
            try {
                (*static_cast<Each *>(user))(
                    detail::view(static_cast<const char *>(key), key_len),
                    detail::view(static_cast<const char *>(data), data_len), reason);
            } catch (...) {
            }
        };
        detail::require(mynah_cache_options_on_evict(get(), call, new Each(std::move(each)),
                                                     detail::destroy<Each>));
        return *this;
    }
    /* `each(option, raised, value, threshold)` when a threshold is crossed,
     * and when the figure is back. On any thread; what it throws is dropped. */
    template <typename Each>
    cache_options &on_alert(Each each) {
        detail::require(mynah_cache_options_on_alert(
            get(), detail::alert<Each>, new Each(std::move(each)), detail::destroy<Each>));
        return *this;
    }
    /* `each(level, json)` for what a cache decides about itself, with the reason,
     * and for thresholds that it crosses. On any thread; what it throws is dropped. */
    template <typename Each>
    cache_options &on_log(int32_t least_level, Each each) {
        detail::require(mynah_cache_options_on_log(get(), least_level, detail::log<Each>,
                                                   new Each(std::move(each)), detail::destroy<Each>),
                        detail::levels);
        return *this;
    }
};

/* A cache. Any thread. */
class cache : public detail::object<mynah_cache, mynah_cache_free> {
public:
    cache() : cache(cache_options()) {}
    cache(std::initializer_list<options::value_type> all) : cache(options(all)) {}
    explicit cache(const options &all) : cache(cache_options(all)) {}
    explicit cache(const cache_options &from) {
        if (!from) throw error(MYNAH_NULL_ARGUMENT, "options: moved from");
        mynah_cache *raw = nullptr;
        detail::checked([&](mynah_error **err) { return mynah_cache_new(from.get(), &raw, err); });
        handle_.reset(raw);
    }
    /* Without exceptions: `status` tells, and the cache is false on failure. */
    cache(const options &all, mynah_status &status, std::nothrow_t, failure *why = nullptr) noexcept {
        detail::owned<mynah_cache_options, mynah_cache_options_free> from(mynah_cache_options_new());
        mynah_cache *raw = nullptr;
        status = detail::set_all(from.get(), all, mynah_cache_options_set, why);
        if (status == MYNAH_OK) {
            status = detail::told(why, [&](mynah_error **err) {
                return mynah_cache_new(from.get(), &raw, err);
            });
        }
        handle_.reset(raw);
    }

    mynah_status set(std::string_view key, std::string_view data, ttl lasts,
                     std::nothrow_t) noexcept {
        return mynah_cache_set(get(), key.data(), key.size(), data.data(), data.size(), lasts.milliseconds());
    }
    /* MYNAH_OUT_OF_RANGE for a duration that is no lifetime. */
    template <typename Number, typename Period>
    mynah_status set(std::string_view key, std::string_view data,
                     std::chrono::duration<Number, Period> lasts, std::nothrow_t) noexcept {
        return ttl::fits(lasts) ? set(key, data, ttl(lasts), std::nothrow) : MYNAH_OUT_OF_RANGE;
    }
    void set(std::string_view key, std::string_view data, ttl lasts = MYNAH_TTL_DEFAULT) {
        detail::check_stored(set(key, data, lasts, std::nothrow), key.size() + data.size());
    }

    using object::get;
    /* Without a copy. MYNAH_NOT_FOUND for a miss. */
    mynah_status find(std::string_view key, value &found, std::nothrow_t) noexcept {
        mynah_value *raw = nullptr;
        mynah_status status = mynah_cache_get(get(), key.data(), key.size(), &raw);
        found = value(raw);
        return status;
    }
    std::optional<value> find(std::string_view key) {
        value found;
        if (!present(find(key, found, std::nothrow))) return std::nullopt;
        return found;
    }
    mynah_status get(std::string_view key, std::string &copy, std::nothrow_t) noexcept {
        value found;
        mynah_status status = find(key, found, std::nothrow);
        if (status != MYNAH_OK) return status;
        try {
            copy.assign(found.view());
        } catch (const std::bad_alloc &) {
            return MYNAH_INTERNAL;
        }
        return status;
    }
    /* A copy of the value; nothing for a miss. */
    std::optional<std::string> get(std::string_view key) {
        value found;
        if (!present(find(key, found, std::nothrow))) return std::nullopt;
        return found.str();
    }
    /* Into the caller's own memory, `size` bytes of it; MYNAH_TOO_LARGE with the
     * needed size. What lies beyond the value, and after an error, is undefined. */
    mynah_status get_into(std::string_view key, void *place, size_t room, size_t &size,
                          std::nothrow_t) noexcept {
        return mynah_cache_get_into(get(), key.data(), key.size(), place, room, &size);
    }
    /* The value's size; nothing for a miss. */
    std::optional<size_t> get_into(std::string_view key, void *place, size_t room) {
        size_t size = 0;
        if (!present(get_into(key, place, room, size, std::nothrow))) return std::nullopt;
        return size;
    }
    /* There is nothing under this key, for a while: claim::fill_negative. */
    mynah_status set_negative(std::string_view key, ttl lasts, std::nothrow_t) noexcept {
        return mynah_cache_set_negative(get(), key.data(), key.size(), lasts.milliseconds());
    }
    template <typename Number, typename Period>
    mynah_status set_negative(std::string_view key, std::chrono::duration<Number, Period> lasts,
                              std::nothrow_t) noexcept {
        return ttl::fits(lasts) ? set_negative(key, ttl(lasts), std::nothrow) : MYNAH_OUT_OF_RANGE;
    }
    void set_negative(std::string_view key, ttl lasts = MYNAH_TTL_DEFAULT) {
        detail::check_stored(set_negative(key, lasts, std::nothrow), key.size());
    }

    /* The value or the claim: exactly one of the two is true. */
    mynah_status get_or_claim(std::string_view key, uint64_t wait_ms, value &found, claim &duty,
                              std::nothrow_t, const cancel *token = nullptr) noexcept {
        mynah_value *raw = nullptr;
        mynah_claim *raw_claim = nullptr;
        mynah_status status = mynah_cache_get_or_claim(
            get(), key.data(), key.size(), wait_ms, detail::word(token), &raw, &raw_claim);
        found = value(raw);
        duty = claim(raw_claim);
        return status;
    }
    /* After MYNAH_TIMEOUT: goes on waiting, as the same look-up. `why`, which may be
     * null, gets what another's claim::fail said. */
    mynah_status wait_or_claim(std::string_view key, uint64_t wait_ms, value &found, claim &duty,
                               failure *why, std::nothrow_t,
                               const cancel *token = nullptr) noexcept {
        mynah_value *raw = nullptr;
        mynah_claim *raw_claim = nullptr;
        mynah_status status = detail::told(why, [&](mynah_error **err) {
            return mynah_cache_wait_or_claim(get(), key.data(), key.size(), wait_ms,
                                             detail::word(token), &raw, &raw_claim, err);
        });
        found = value(raw);
        duty = claim(raw_claim);
        return status;
    }
    /* The value, or what `load()` answers, a string or a string_view, which one
     * caller for each key runs; the others wait for it up to `wait_ms`. All get it
     * also if it cannot be stored, because it is too large or its shard is busy.
     * Where `load` throws a std::exception, the others get its text and status,
     * MYNAH_INTERNAL if it has none: MYNAH_TIMEOUT says that they have waited too
     * long. After another exception the next one loads. */
    template <typename Load>
    std::string get_or_load(std::string_view key, Load &&load, ttl lasts = MYNAH_TTL_DEFAULT,
                            uint64_t wait_ms = 30000) {
        value found;
        claim duty;
        failure why;
        mynah_status status = get_or_claim(key, 0, found, duty, std::nothrow);
        if (status == MYNAH_TIMEOUT && wait_ms) {
            status = wait_or_claim(key, wait_ms, found, duty, &why, std::nothrow);
        }
        detail::require(status, why);
        if (!duty) return found.str();
        try {
            std::string loaded(load());
            duty.fill(loaded, lasts, std::nothrow);
            return loaded;
        } catch (const error &failed) {
            status = failed.status();
            const bool misleads = status == MYNAH_OK || status == MYNAH_TIMEOUT;
            duty.fail(misleads ? MYNAH_INTERNAL : status, failed.what());
            throw;
        } catch (const std::exception &failed) {
            duty.fail(MYNAH_INTERNAL, failed.what());
            throw;
        }
    }

    /* Values of several keys in one crossing; nothing for a miss. */
    std::vector<std::optional<std::string>> get_many(const std::vector<std::string> &keys) {
        std::string all;
        std::vector<size_t> sizes = join(all, keys, [](const auto &k) -> auto & { return k; });
        mynah_values *raw = nullptr;
        detail::require(mynah_cache_get_many(get(), all.data(), sizes.data(), keys.size(), &raw));
        detail::owned<mynah_values, mynah_values_free> found(raw);
        std::vector<std::optional<std::string>> answers(keys.size());
        for (size_t i = 0; i < keys.size(); i++) {
            size_t size = 0;
            const void *data = mynah_values_get(raw, i, &size);
            if (data) answers[i].emplace(static_cast<const char *>(data), size);
        }
        return answers;
    }
    void set_many(const std::vector<std::pair<std::string, std::string>> &entries,
                  ttl lasts = MYNAH_TTL_DEFAULT) {
        std::string keys, data;
        std::vector<size_t> key_sizes = join(keys, entries, [](const auto &e) -> auto & { return e.first; });
        std::vector<size_t> sizes = join(data, entries, [](const auto &e) -> auto & { return e.second; });
        detail::check_stored(
            mynah_cache_set_many(get(), keys.data(), key_sizes.data(), data.data(), sizes.data(),
                                 entries.size(), lasts.milliseconds()),
            detail::largest(entries));
    }

    mynah_status contains(std::string_view key, std::nothrow_t) const noexcept {
        return mynah_cache_contains(get(), key.data(), key.size());
    }
    /* Counts as neither hit nor miss. */
    bool contains(std::string_view key) const { return present(contains(key, std::nothrow)); }
    mynah_status touch(std::string_view key, ttl lasts, std::nothrow_t) noexcept {
        return mynah_cache_touch(get(), key.data(), key.size(), lasts.milliseconds());
    }
    template <typename Number, typename Period>
    mynah_status touch(std::string_view key, std::chrono::duration<Number, Period> lasts,
                       std::nothrow_t) noexcept {
        return ttl::fits(lasts) ? touch(key, ttl(lasts), std::nothrow) : MYNAH_OUT_OF_RANGE;
    }
    /* Another lifetime from now; whether there was an entry. */
    bool touch(std::string_view key, ttl lasts = MYNAH_TTL_DEFAULT) {
        return present(touch(key, lasts, std::nothrow));
    }
    mynah_status remove(std::string_view key, std::nothrow_t) noexcept {
        return mynah_cache_remove(get(), key.data(), key.size());
    }
    /* Whether there was an entry. */
    bool remove(std::string_view key) { return present(remove(key, std::nothrow)); }
    mynah_status remove_prefix(std::string_view prefix, uint64_t &removed, std::nothrow_t) noexcept {
        return mynah_cache_remove_prefix(get(), prefix.data(), prefix.size(), &removed);
    }
    /* How many there were. */
    uint64_t remove_prefix(std::string_view prefix) {
        uint64_t removed = 0;
        detail::require(remove_prefix(prefix, removed, std::nothrow));
        return removed;
    }
    mynah_status clear(std::nothrow_t) noexcept { return mynah_cache_clear(get()); }
    void clear() { detail::require(clear(std::nothrow)); }
    /* `each(key, value)` for every live entry, once, however long a shard is not
     * free. It may answer bool: false ends the walk. */
    template <typename Each>
    void for_each(Each &&each) {
        mynah_cache_iter *raw = nullptr;
        detail::require(mynah_cache_iter_new(get(), &raw));
        detail::owned<mynah_cache_iter, mynah_cache_iter_free> walk(raw);
        mynah_value *key = nullptr, *data = nullptr;
        const auto next = [&] { /* after a busy shard it goes on where it was */
            mynah_status status = MYNAH_BUSY;
            while (status == MYNAH_BUSY) status = mynah_cache_iter_next(raw, &key, &data);
            return status;
        };
        while (present(next())) {
            value held_key(key), held(data);
            if constexpr (detail::is_bool<decltype(each(held_key.view(), held.view()))>) {
                if (!each(held_key.view(), held.view())) return;
            } else {
                each(held_key.view(), held.view());
            }
        }
    }

    mynah_status resize(uint32_t shards, std::nothrow_t, failure *why = nullptr) noexcept {
        return detail::told(
            why, [&](mynah_error **err) { return mynah_cache_resize(get(), shards, err); });
    }
    void resize(uint32_t shards) {
        detail::checked([&](mynah_error **err) { return mynah_cache_resize(get(), shards, err); });
    }
    mynah_status set_capacity(uint64_t entries, std::nothrow_t, failure *why = nullptr) noexcept {
        return detail::told(
            why, [&](mynah_error **err) { return mynah_cache_set_capacity(get(), entries, err); });
    }
    void set_capacity(uint64_t entries) {
        detail::checked([&](mynah_error **err) { return mynah_cache_set_capacity(get(), entries, err); });
    }
    mynah_status save(const std::string &path, std::nothrow_t, failure *why = nullptr) noexcept {
        return transfer(mynah_cache_save, path, why);
    }
    void save(const std::string &path) {
        const char *text = detail::c_text(path, "path");
        detail::checked([&](mynah_error **err) { return mynah_cache_save(get(), text, err); });
    }
    mynah_status load(const std::string &path, std::nothrow_t, failure *why = nullptr) noexcept {
        return transfer(mynah_cache_load, path, why);
    }
    void load(const std::string &path) {
        const char *text = detail::c_text(path, "path");
        detail::checked([&](mynah_error **err) { return mynah_cache_load(get(), text, err); });
    }
    uint64_t size() const noexcept { return mynah_cache_len(get()); }
    uint64_t capacity() const noexcept { return mynah_cache_capacity(get()); }
    uint64_t memory_bytes() const noexcept { return mynah_cache_memory_bytes(get()); }
    uint32_t shard_count() const noexcept { return mynah_cache_shard_count(get()); }
    std::string metrics_json() const { return detail::json_of(get(), mynah_cache_metrics_json); }
    std::string advise_json() const { return detail::json_of(get(), mynah_cache_advise_json); }
    std::string options_json() const { return detail::json_of(get(), mynah_cache_options_json); }
    std::string metrics_prometheus() const {
        return detail::json_of(get(), mynah_cache_metrics_prometheus);
    }

private:
    mynah_status transfer(mynah_status (*call)(mynah_cache *, const char *, mynah_error **),
                          const std::string &path, failure *why) noexcept {
        if (why) why->place();
        if (!detail::is_whole(path)) return MYNAH_INVALID_ARGUMENT;
        return detail::told(
            why, [&](mynah_error **err) { return call(get(), path.c_str(), err); });
    }
    static bool present(mynah_status status) {
        if (status == MYNAH_NOT_FOUND) return false;
        detail::require(status);
        return true;
    }
    template <typename List, typename Part>
    static std::vector<size_t> join(std::string &all, const List &list, Part part) {
        std::vector<size_t> sizes;
        for (const auto &item : list) {
            all += part(item);
            sizes.push_back(part(item).size());
        }
        return sizes;
    }
};

}  // namespace mynah

#endif /* MYNAH_CACHE_HPP */
