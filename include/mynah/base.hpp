/* mynah/base.hpp - errors, values, and what all objects have in common. */
#ifndef MYNAH_BASE_HPP
#define MYNAH_BASE_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "../mynah.h"

namespace mynah {

/* The library's, such as 0.1.0; MYNAH_VERSION is the headers'. */
inline std::string_view version() noexcept { return mynah_version(); }

/* Names and values of options, in the words of the C library. */
using options = std::vector<std::pair<std::string, std::string>>;

namespace detail {

template <typename T, void (*Free)(T *)>
struct deleter {
    void operator()(T *object) const noexcept { Free(object); }
};
template <typename T, void (*Free)(T *)>
using owned = std::unique_ptr<T, deleter<T, Free>>;

/* Whether what a function of the caller's answers is a bool. */
template <typename T>
inline constexpr bool is_bool = std::is_same_v<std::decay_t<T>, bool>;

/* What every object here is: a handle that is freed once. */
template <typename T, void (*Free)(T *)>
class object {
public:
    /* For functions of the C library; still this object's to free. */
    T *get() const noexcept { return handle_.get(); }
    explicit operator bool() const noexcept { return handle_ != nullptr; }

protected:
    object() = default;
    explicit object(T *handle) noexcept : handle_(handle) {}
    owned<T, Free> handle_;
};

inline std::string_view view(const char *data, std::size_t size) noexcept {
    return data ? std::string_view(data, size) : std::string_view();
}

}  // namespace detail

/* Bytes that the library lends without a copy, for as long as this lives. */
class value : public detail::object<mynah_value, mynah_value_free> {
public:
    value() = default;
    explicit value(mynah_value *raw) noexcept : object(raw) {}
    std::string_view view() const noexcept {
        return detail::view(static_cast<const char *>(mynah_value_data(get())),
                            mynah_value_len(get()));
    }
    std::string str() const { return std::string(view()); }
};

/* What the forms with std::nothrow tell of a failure besides the status. */
class failure : public detail::object<mynah_error, mynah_error_free> {
public:
    failure() = default;
    /* Empty where nothing more is known than the status. */
    std::string_view message() const noexcept { return mynah_error_message(get()); }
    std::string json() const {
        mynah_value *raw = nullptr;
        return get() && mynah_error_json(get(), &raw) == MYNAH_OK ? value(raw).str() : std::string();
    }
    /* A place for the C library to put an error; what was there is freed. */
    mynah_error **place() noexcept {
        handle_.reset();
        return &raw_;
    }
    /* Takes over what the C library has put there. */
    void keep() noexcept { handle_.reset(std::exchange(raw_, nullptr)); }
    ~failure() { mynah_error_free(raw_); }
    failure(failure &&) = delete;
    failure &operator=(failure &&) = delete;

private:
    mynah_error *raw_ = nullptr;
};

/* What went wrong. */
class error : public std::runtime_error {
public:
    explicit error(mynah_status status) : error(status, failure()) {}
    error(mynah_status status, const failure &why)
        : std::runtime_error(text(status, why)), status_(status),
          json_(std::make_shared<const std::string>(why.json())) {}
    error(mynah_status status, const std::string &message)
        : std::runtime_error(message), status_(status),
          json_(std::make_shared<const std::string>()) {}
    /* One of the MYNAH_ numbers. */
    mynah_status status() const noexcept { return status_; }
    /* Everything known about it, as mynah_error_json tells; may be empty. */
    const std::string &json() const noexcept { return *json_; }

private:
    static std::string text(mynah_status status, const failure &why) {
        if (why) return std::string(why.message());
        const char *name = mynah_status_name(status);
        return name ? name + (": " + std::string(mynah_status_text(status))) : "unknown status";
    }
    mynah_status status_;
    /* Shared, so that a copy of an exception cannot fail. */
    std::shared_ptr<const std::string> json_;
};

namespace detail {

inline void require(mynah_status status) {
    if (status != MYNAH_OK) throw error(status);
}
inline void require(mynah_status status, const failure &why) {
    if (status != MYNAH_OK) throw error(status, why);
}

/* Of a function without a place for an error: `wanted` says what it takes. */
inline void require(mynah_status status, const char *wanted) {
    const bool refused = status == MYNAH_INVALID_ARGUMENT || status == MYNAH_OUT_OF_RANGE;
    if (refused) throw error(status, wanted);
    require(status);
}
/* Of a function that stores so many bytes, `with` others. */
inline void check_stored(mynah_status status, std::size_t size, const char *with = "") {
    if (status == MYNAH_TOO_LARGE) {
        throw error(status, "entry: " + (with + std::to_string(size)) +
                                " bytes are beyond max_entry_bytes, or half of max_memory_mb");
    }
    require(status);
}
constexpr const char *levels = "least_level: must be one of the MYNAH_LOG_ levels";

/* Calls a function of C with a place for its error, and throws that. */
template <typename Call>
void checked(Call &&call) {
    failure why;
    mynah_status status = call(why.place());
    why.keep();
    require(status, why);
}

/* The same without throwing; `why` may be null. */
template <typename Call>
mynah_status told(failure *why, Call &&call) noexcept {
    if (!why) return call(nullptr);
    mynah_status status = call(why->place());
    why->keep();
    return status;
}

inline bool is_whole(const std::string &text) noexcept {
    return text.find('\0') == std::string::npos;
}
/* A text for C, which would cut it at a zero byte. */
inline const char *c_text(const std::string &text, const char *what) {
    if (is_whole(text)) return text.c_str();
    throw error(MYNAH_INVALID_ARGUMENT, std::string(what) + ": there is a zero byte in it");
}

template <typename T>
T *made(T *raw) {
    if (!raw) throw error(MYNAH_INTERNAL);
    return raw;
}

template <typename T>
mynah_status set_one(T *target, const std::string &name, const std::string &text,
                     mynah_status (*set)(T *, const char *, const char *, mynah_error **),
                     failure *why) noexcept {
    if (why) why->place(); /* what an earlier call has put there is not of this one */
    if (!is_whole(name) || !is_whole(text)) return MYNAH_INVALID_ARGUMENT;
    return told(
        why, [&](mynah_error **err) { return set(target, name.c_str(), text.c_str(), err); });
}

template <typename T>
mynah_status set_all(T *target, const options &all,
                     mynah_status (*set)(T *, const char *, const char *, mynah_error **),
                     failure *why) noexcept {
    if (why) why->place();
    for (const auto &[name, text] : all) {
        mynah_status status = set_one(target, name, text, set, why);
        if (status != MYNAH_OK) return status;
    }
    return MYNAH_OK;
}

/* The same, throwing. */
template <typename T>
void set_each(T *target, const options &all,
              mynah_status (*set)(T *, const char *, const char *, mynah_error **)) {
    for (const auto &[name, text] : all) {
        const char *option = c_text(name, "an option's name"), *held = c_text(text, option);
        checked([&](mynah_error **err) { return set(target, option, held, err); });
    }
}

template <typename T>
std::string json_of(T *from, mynah_status (*read)(T *, mynah_value **)) {
    mynah_value *raw = nullptr;
    require(read(from, &raw));
    return value(raw).str();
}

/* For callbacks that the library keeps: frees the function when it is told. */
template <typename F>
void destroy(void *user) {
    delete static_cast<F *>(user);
}

/* Tells a function of an alert; what it throws is dropped. */
template <typename F>
void alert(void *user, const char *name, int32_t raised, double now, double bound) {
    try {
        (*static_cast<F *>(user))(std::string_view(name), raised != 0, now, bound);
    } catch (...) {
    }
}

/* Tells a function of a log record; what it throws is dropped. */
template <typename F>
void log(void *user, int32_t level, const char *json, size_t size) {
    try {
        (*static_cast<F *>(user))(level, view(json, size));
    } catch (...) {
    }
}

}  // namespace detail
}  // namespace mynah

#endif /* MYNAH_BASE_HPP */
