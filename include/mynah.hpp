/*
 * mynah.hpp - mynah.h for C++17, header only.
 *
 * Objects own their handle, move and do not copy. Failures are exceptions of
 * type mynah::error, with the status; each operation also has a form with
 * std::nothrow that answers the status instead. An exception thrown by a
 * callback stops the call and leaves it once C has been left: none passes
 * through C.
 *
 *     mynah::cache cache{{"capacity", "1000"}};
 *     cache.set("greeting", "hello");
 *     std::optional<std::string> found = cache.get("greeting");
 *
 *     mynah::client client{{"provider", "openai"}, {"cache_enabled", "true"}};
 *     mynah::response answer = client.stream(mynah::request("Why do mynahs talk?"),
 *         [](const mynah::event &event) { std::cout << event.text() << std::flush; });
 */
#ifndef MYNAH_HPP
#define MYNAH_HPP

#include <cstdint>
#include <exception>
#include <initializer_list>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "mynah.h"

namespace mynah {

/* Names and values of options, in the words of the C library. */
using options = std::vector<std::pair<std::string, std::string>>;

namespace detail {

template <typename T, void (*Free)(T *)>
struct deleter {
    void operator()(T *object) const noexcept { Free(object); }
};
template <typename T, void (*Free)(T *)>
using owned = std::unique_ptr<T, deleter<T, Free>>;

using error_object = owned<mynah_error, mynah_error_free>;
using value_object = owned<mynah_value, mynah_value_free>;

inline std::string take(mynah_value *raw) {
    value_object value(raw);
    auto data = static_cast<const char *>(mynah_value_data(raw));
    return data ? std::string(data, mynah_value_len(raw)) : std::string();
}

}  // namespace detail

/* What went wrong. */
class error : public std::runtime_error {
public:
    explicit error(mynah_status status, mynah_error *raw = nullptr)
        : std::runtime_error(message(status, raw)), status_(status) {
        detail::error_object object(raw);
        mynah_value *json = nullptr;
        if (raw && mynah_error_json(raw, &json) == MYNAH_OK) json_ = detail::take(json);
    }
    /* One of the MYNAH_ numbers. */
    mynah_status status() const noexcept { return status_; }
    /* Everything known about it; empty for failures without an error object. */
    const std::string &json() const noexcept { return json_; }

private:
    static std::string message(mynah_status status, const mynah_error *raw) {
        const char *name = mynah_status_name(status);
        return raw ? mynah_error_message(raw) : name ? name : "unknown status";
    }
    mynah_status status_;
    std::string json_;
};

namespace detail {

/* By reference: a call in the first argument may fill the second. */
inline void check(mynah_status status, mynah_error *const &raw) {
    if (status != MYNAH_OK) throw error(status, raw);
}
inline void check(mynah_status status) {
    if (status != MYNAH_OK) throw error(status);
}

template <typename T>
T *made(T *object) {
    if (!object) throw error(MYNAH_INTERNAL);
    return object;
}

template <typename T>
void set_all(T *object, const options &all,
             mynah_status (*set)(T *, const char *, const char *, mynah_error **)) {
    for (const auto &[name, value] : all) {
        mynah_error *failure = nullptr;
        check(set(object, name.c_str(), value.c_str(), &failure), failure);
    }
}

template <typename T>
std::string json_of(T *object, mynah_status (*get)(T *, mynah_value **)) {
    mynah_value *value = nullptr;
    check(get(object, &value));
    return take(value);
}

}  // namespace detail

/* Ends calls from another thread. Any thread. */
class cancel {
public:
    cancel() : handle_(detail::made(mynah_cancel_new())) {}
    void trigger() noexcept { mynah_cancel_trigger(handle_.get()); }
    mynah_cancel *get() const noexcept { return handle_.get(); }

private:
    detail::owned<mynah_cancel, mynah_cancel_free> handle_;
};

/* A sharded in-process cache of bytes. Any thread. */
class cache {
public:
    cache() : cache(options()) {}
    cache(std::initializer_list<options::value_type> all) : cache(options(all)) {}
    explicit cache(const options &all) {
        detail::owned<mynah_cache_options, mynah_cache_options_free> made(
            detail::made(mynah_cache_options_new()));
        detail::set_all(made.get(), all, mynah_cache_options_set);
        mynah_cache *handle = nullptr;
        mynah_error *failure = nullptr;
        detail::check(mynah_cache_new(made.get(), &handle, &failure), failure);
        handle_.reset(handle);
    }

    mynah_status set(std::string_view key, std::string_view value, uint64_t ttl_ms,
                     std::nothrow_t) noexcept {
        return mynah_cache_set(get(), key.data(), key.size(), value.data(), value.size(), ttl_ms);
    }
    /* ttl_ms: milliseconds, MYNAH_TTL_DEFAULT or MYNAH_TTL_NEVER. */
    void set(std::string_view key, std::string_view value, uint64_t ttl_ms = MYNAH_TTL_DEFAULT) {
        detail::check(set(key, value, ttl_ms, std::nothrow));
    }

    mynah_status get(std::string_view key, std::string &value, std::nothrow_t) {
        mynah_value *found = nullptr;
        mynah_status status = mynah_cache_get(get(), key.data(), key.size(), &found);
        if (status == MYNAH_OK) value = detail::take(found);
        return status;
    }
    /* A copy of the value; nothing for a miss. */
    std::optional<std::string> get(std::string_view key) {
        std::string value;
        mynah_status status = get(key, value, std::nothrow);
        if (status == MYNAH_NOT_FOUND) return std::nullopt;
        detail::check(status);
        return value;
    }

    /* The value, or what `load()` answers, which one caller for each key runs;
     * the others wait for it up to `wait_ms`. */
    template <typename Load>
    std::string get_or_load(std::string_view key, Load &&load, uint64_t ttl_ms = MYNAH_TTL_DEFAULT,
                            uint64_t wait_ms = 30000) {
        mynah_value *found = nullptr;
        mynah_claim *raw = nullptr;
        detail::check(mynah_cache_get_or_claim(get(), key.data(), key.size(), wait_ms, nullptr,
                                               &found, &raw));
        detail::owned<mynah_claim, mynah_claim_free> claim(raw);
        std::string held = found ? detail::take(found) : std::string();
        if (!claim) return held;
        try {
            std::string loaded = load();
            detail::check(mynah_claim_fill(claim.get(), loaded.data(), loaded.size(), ttl_ms));
            return loaded;
        } catch (const std::exception &failure) {
            auto known = dynamic_cast<const error *>(&failure);
            mynah_claim_fail(claim.get(), known ? known->status() : MYNAH_INTERNAL, failure.what());
            throw;
        }
    }

    /* Whether there was an entry. */
    bool remove(std::string_view key) {
        mynah_status status = mynah_cache_remove(get(), key.data(), key.size());
        if (status == MYNAH_NOT_FOUND) return false;
        detail::check(status);
        return true;
    }
    void clear() { detail::check(mynah_cache_clear(get())); }
    void resize(uint32_t shards) {
        mynah_error *failure = nullptr;
        detail::check(mynah_cache_resize(get(), shards, &failure), failure);
    }
    uint64_t size() const noexcept { return mynah_cache_len(get()); }
    uint64_t memory_bytes() const noexcept { return mynah_cache_memory_bytes(get()); }
    uint32_t shard_count() const noexcept { return mynah_cache_shard_count(get()); }
    std::string metrics_json() const { return detail::json_of(get(), mynah_cache_metrics_json); }
    mynah_cache *get() const noexcept { return handle_.get(); }

private:
    detail::owned<mynah_cache, mynah_cache_free> handle_;
};

/* An answer. */
class response {
public:
    response() = default;
    explicit response(mynah_response *raw) : object_(raw) {}
    /* Lives as long as the response. */
    std::string_view text() const noexcept {
        size_t size = 0;
        const char *data = object_ ? mynah_response_text(object_.get(), &size) : nullptr;
        return data ? std::string_view(data, size) : std::string_view();
    }
    std::string json() const {
        mynah_value *value = nullptr;
        detail::check(mynah_response_json(object_.get(), &value));
        return detail::take(value);
    }
    explicit operator bool() const noexcept { return object_ != nullptr; }
    mynah_response *get() const noexcept { return object_.get(); }

private:
    detail::owned<mynah_response, mynah_response_free> object_;
};

/* Messages, and options of one call. One thread at a time. */
class request {
public:
    request() : handle_(detail::made(mynah_request_new())) {}
    explicit request(std::string_view prompt) : request() { user(prompt); }
    request &message(const char *role, std::string_view text) {
        detail::check(mynah_request_add_message(get(), role, text.data(), text.size()));
        return *this;
    }
    request &system(std::string_view text) { return message("system", text); }
    request &user(std::string_view text) { return message("user", text); }
    request &add(const response &answer) {
        detail::check(mynah_request_add_response(get(), answer.get()));
        return *this;
    }
    request &set(const std::string &name, const std::string &value) {
        mynah_error *failure = nullptr;
        detail::check(mynah_request_set(get(), name.c_str(), value.c_str(), &failure), failure);
        return *this;
    }
    mynah_request *get() const noexcept { return handle_.get(); }

private:
    detail::owned<mynah_request, mynah_request_free> handle_;
};

/* A piece of a stream; valid during the callback only. */
class event {
public:
    explicit event(const mynah_event *raw) : raw_(raw) {}
    /* One of the MYNAH_EVENT_ numbers. */
    int32_t kind() const noexcept { return mynah_event_kind(raw_); }
    /* The text of an answer's piece; empty for every other kind. */
    std::string_view text() const noexcept {
        return kind() == MYNAH_EVENT_TEXT ? any_text() : std::string_view();
    }
    /* Text of whatever kind: reasoning, refusal, arguments of a call. */
    std::string_view any_text() const noexcept {
        size_t size = 0;
        const char *data = mynah_event_text(raw_, &size);
        return data ? std::string_view(data, size) : std::string_view();
    }
    const mynah_event *get() const noexcept { return raw_; }

private:
    const mynah_event *raw_;
};

/* Calls to a provider. Any thread, any number at once. */
class client {
public:
    client(std::initializer_list<options::value_type> all) : client(options(all)) {}
    explicit client(const options &all, const cache *shared = nullptr) {
        detail::owned<mynah_client_options, mynah_client_options_free> made(
            detail::made(mynah_client_options_new()));
        detail::set_all(made.get(), all, mynah_client_options_set);
        if (shared) detail::check(mynah_client_options_set_cache(made.get(), shared->get()));
        mynah_client *handle = nullptr;
        mynah_error *failure = nullptr;
        detail::check(mynah_client_new(made.get(), &handle, &failure), failure);
        handle_.reset(handle);
    }

    mynah_status chat(const request &asked, response &answer, std::nothrow_t,
                      const cancel *token = nullptr) noexcept {
        mynah_response *raw = nullptr;
        mynah_status status = mynah_client_chat(get(), asked.get(), word(token), &raw, nullptr);
        answer = response(raw);
        return status;
    }
    response chat(const request &asked, const cancel *token = nullptr) {
        mynah_response *raw = nullptr;
        mynah_error *failure = nullptr;
        mynah_status status = mynah_client_chat(get(), asked.get(), word(token), &raw, &failure);
        response answer(raw);
        detail::check(status, failure);
        return answer;
    }

    /* Calls `each(event)` as the answer arrives. It may answer bool: false
     * stops the call, which then answers what had come. */
    template <typename Each>
    response stream(const request &asked, Each &&each, const cancel *token = nullptr) {
        struct state {
            std::remove_reference_t<Each> *each;
            std::exception_ptr thrown;
        } now{std::addressof(each), nullptr};
        auto callback = [](void *user, const mynah_event *raw) -> int32_t {
            auto &now = *static_cast<state *>(user);
            try {
                if constexpr (std::is_void_v<decltype((*now.each)(event(raw)))>) {
                    (*now.each)(event(raw));
                    return 0;
                } else {
                    return (*now.each)(event(raw)) ? 0 : 1;
                }
            } catch (...) {
                now.thrown = std::current_exception();
                return 1;
            }
        };
        mynah_response *raw = nullptr;
        mynah_error *failure = nullptr;
        mynah_status status = mynah_client_chat_stream(get(), asked.get(), callback, &now,
                                                       word(token), &raw, &failure);
        response answer(raw);
        detail::error_object object(failure);
        if (now.thrown) std::rethrow_exception(now.thrown);
        if (status != MYNAH_STOPPED) detail::check(status, object.release());
        return answer;
    }

    std::string metrics_json() const { return detail::json_of(get(), mynah_client_metrics_json); }
    mynah_client *get() const noexcept { return handle_.get(); }

private:
    static mynah_cancel *word(const cancel *token) noexcept { return token ? token->get() : nullptr; }
    detail::owned<mynah_client, mynah_client_free> handle_;
};

/* A provider on loopback, inside the process, for tests. */
class mock {
public:
    mock() : mock(options()) {}
    mock(std::initializer_list<options::value_type> all) : mock(options(all)) {}
    explicit mock(const options &all) {
        detail::owned<mynah_mock_options, mynah_mock_options_free> made(
            detail::made(mynah_mock_options_new()));
        detail::set_all(made.get(), all, mynah_mock_options_set);
        mynah_mock *handle = nullptr;
        mynah_error *failure = nullptr;
        detail::check(mynah_mock_new(made.get(), &handle, &failure), failure);
        handle_.reset(handle);
    }
    std::string url() const { return mynah_mock_url(handle_.get()); }

private:
    detail::owned<mynah_mock, mynah_mock_free> handle_;
};

}  // namespace mynah

#endif /* MYNAH_HPP */
