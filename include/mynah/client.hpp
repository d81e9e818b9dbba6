/* mynah/client.hpp - calls to a provider. */
#ifndef MYNAH_CLIENT_HPP
#define MYNAH_CLIENT_HPP

#include <exception>
#include <type_traits>

#include "cache.hpp"
#include "message.hpp"

namespace mynah {
namespace detail {

/* Runs a call that tells `progress` how far it is. What that throws triggers the
 * token, and is thrown when the call has ended. */
template <typename Progress, typename Call>
void progressing(Progress &progress, cancel &token, Call &&call) {
    struct state {
        Progress *progress;
        cancel *token;
        std::exception_ptr thrown;
    } held{std::addressof(progress), &token, nullptr};
    auto callback = [](void *user, size_t done, size_t total) {
        auto &to = *static_cast<state *>(user);
        if (to.thrown) return;
        try {
            (*to.progress)(done, total);
        } catch (...) {
            to.thrown = std::current_exception();
            to.token->trigger();
        }
    };
    failure why;
    mynah_status status =
        told(&why, [&](mynah_error **err) { return call(callback, &held, err); });
    if (held.thrown) std::rethrow_exception(held.thrown);
    require(status, why);
}

/* What client and tiers have in common; Self has chat_ and stream_, the
 * functions of C. */
template <typename Self, typename T>
class caller {
public:
    mynah_status chat(const request &asked, response &answer, std::nothrow_t,
                      const cancel *token = nullptr, failure *why = nullptr) noexcept {
        mynah_response *raw = nullptr;
        mynah_status status = told(why, [&](mynah_error **err) {
            return Self::chat_(self(), asked.get(), word(token), &raw, err);
        });
        answer = response(raw);
        return status;
    }
    response chat(const request &asked, const cancel *token = nullptr) {
        response answer;
        failure why;
        require(chat(asked, answer, std::nothrow, token, &why), why);
        return answer;
    }

    /* Calls `each(event)` as the answer arrives. It answers nothing, or a bool:
     * false stops the call with MYNAH_STOPPED, and `answer` is what had come. What
     * it throws ends the call too, and is thrown here. */
    template <typename Each>
    mynah_status stream(const request &asked, Each &&each, response &answer, std::nothrow_t,
                        const cancel *token = nullptr, failure *why = nullptr) {
        struct state {
            std::remove_reference_t<Each> *each;
            std::exception_ptr thrown;
        } held{std::addressof(each), nullptr};
        auto callback = [](void *user, const mynah_event *raw) -> int32_t {
            auto &to = *static_cast<state *>(user);
            const event piece(raw);
            try {
                using says = decltype((*to.each)(piece));
                if constexpr (std::is_void_v<says>) {
                    (*to.each)(piece);
                    return 0;
                } else {
                    /* An int of 0 goes on in C, and would stop here. */
                    static_assert(is_bool<says>, "what a stream calls answers void, or "
                                                 "a bool: true to go on, false to stop");
                    return (*to.each)(piece) ? 0 : 1;
                }
            } catch (...) {
                to.thrown = std::current_exception();
                return 1;
            }
        };
        mynah_response *raw = nullptr;
        mynah_status status = told(why, [&](mynah_error **err) {
            return Self::stream_(self(), asked.get(), callback, &held, word(token), &raw, err);
        });
        answer = response(raw);
        if (held.thrown) std::rethrow_exception(held.thrown);
        return status;
    }
    /* The same; stopped by `each`, it answers what had come. */
    template <typename Each>
    response stream(const request &asked, Each &&each, const cancel *token = nullptr) {
        response answer;
        failure why;
        mynah_status status =
            stream(asked, std::forward<Each>(each), answer, std::nothrow, token, &why);
        if (status != MYNAH_STOPPED) require(status, why);
        return answer;
    }

private:
    T *self() const noexcept { return static_cast<const Self *>(this)->get(); }
};

}  // namespace detail

/* Options, listeners and a shared cache that clients are made from. One thread
 * at a time. */
class client_options : public detail::object<mynah_client_options, mynah_client_options_free> {
public:
    client_options() : object(detail::made(mynah_client_options_new())) {}
    client_options(std::initializer_list<options::value_type> all) : client_options(options(all)) {}
    explicit client_options(const options &all) : client_options() {
        detail::set_each(get(), all, mynah_client_options_set);
    }
    client_options &set(const std::string &name, const std::string &text) {
        detail::set_each(get(), {{name, text}}, mynah_client_options_set);
        return *this;
    }
    /* Answers are kept in a cache that others may use too. */
    client_options &share(const cache &answers) {
        detail::require(mynah_client_options_set_cache(get(), answers.get()));
        return *this;
    }
    /* `each(level, json)` for records of at least a MYNAH_LOG_ level. On any
     * thread; what it throws is dropped. The same holds for the other two. */
    template <typename Each>
    client_options &on_log(int32_t least_level, Each each) {
        detail::require(mynah_client_options_on_log(get(), least_level, detail::log<Each>,
                                                    new Each(std::move(each)), detail::destroy<Each>),
                        detail::levels);
        return *this;
    }
    /* `each(from, to, reason)`: MYNAH_BREAKER_ states. */
    template <typename Each>
    client_options &on_breaker(Each each) {
        auto call = [](void *user, int32_t from, int32_t to, const char *reason) {
            try {
                (*static_cast<Each *>(user))(from, to, std::string_view(reason));
            } catch (...) {
            }
        };
        detail::require(mynah_client_options_on_breaker(get(), call, new Each(std::move(each)),
                                                        detail::destroy<Each>));
        return *this;
    }
    /* `each(option, raised, value, threshold)`. */
    template <typename Each>
    client_options &on_alert(Each each) {
        detail::require(mynah_client_options_on_alert(
            get(), detail::alert<Each>, new Each(std::move(each)), detail::destroy<Each>));
        return *this;
    }
};

/* Calls to a provider. Any thread, any number at once. */
class client : public detail::object<mynah_client, mynah_client_free>,
               public detail::caller<client, mynah_client> {
public:
    client(std::initializer_list<options::value_type> all) : client(options(all)) {}
    explicit client(const options &all) : client(client_options(all)) {}
    explicit client(const client_options &from) {
        if (!from) throw error(MYNAH_NULL_ARGUMENT, "options: moved from");
        mynah_client *raw = nullptr;
        detail::checked([&](mynah_error **err) { return mynah_client_new(from.get(), &raw, err); });
        handle_.reset(raw);
    }
    /* Without exceptions: `status` tells, and the client is false on failure. */
    client(const options &all, mynah_status &status, std::nothrow_t, failure *why = nullptr) noexcept {
        detail::owned<mynah_client_options, mynah_client_options_free> from(
            mynah_client_options_new());
        mynah_client *raw = nullptr;
        status = detail::set_all(from.get(), all, mynah_client_options_set, why);
        if (status == MYNAH_OK) {
            status = detail::told(why, [&](mynah_error **err) {
                return mynah_client_new(from.get(), &raw, err);
            });
        }
        handle_.reset(raw);
    }

    mynah_status embed_json(std::string_view json, value &answer, std::nothrow_t,
                            const cancel *token = nullptr, failure *why = nullptr) noexcept {
        mynah_value *raw = nullptr;
        mynah_status status = detail::told(why, [&](mynah_error **err) {
            return mynah_client_embed_json(get(), json.data(), json.size(), detail::word(token), &raw, err);
        });
        answer = value(raw);
        return status;
    }
    /* OpenAI's JSON in and out, whatever the provider. */
    std::string embed_json(std::string_view json, const cancel *token = nullptr) {
        mynah_value *raw = nullptr;
        detail::checked([&](mynah_error **err) {
            return mynah_client_embed_json(get(), json.data(), json.size(), detail::word(token), &raw, err);
        });
        return value(raw).str();
    }
    /* Asks each text of a JSON array, so that its answer is in the cache; how
     * many are. `parallel` 0: 8 at a time. */
    size_t warm_json(std::string_view json, uint32_t parallel = 0, const cancel *token = nullptr) {
        size_t warmed = 0;
        detail::checked([&](mynah_error **err) {
            return mynah_client_warm_json(get(), json.data(), json.size(), parallel,
                                          detail::word(token), nullptr, nullptr, &warmed, err);
        });
        return warmed;
    }
    /* The same, with `progress(done, total)`, as of batch::run. */
    template <typename Progress>
    size_t warm_json(std::string_view json, uint32_t parallel, Progress &&progress, cancel &token) {
        size_t warmed = 0;
        detail::progressing(progress, token, [&](auto callback, void *user, mynah_error **err) {
            return mynah_client_warm_json(get(), json.data(), json.size(), parallel,
                                          detail::word(&token), callback, user, &warmed, err);
        });
        return warmed;
    }
    std::string metrics_json() const { return detail::json_of(get(), mynah_client_metrics_json); }
    std::string advise_json() const { return detail::json_of(get(), mynah_client_advise_json); }
    std::string options_json() const { return detail::json_of(get(), mynah_client_options_json); }
    std::string metrics_prometheus() const {
        return detail::json_of(get(), mynah_client_metrics_prometheus);
    }

private:
    friend class detail::caller<client, mynah_client>;
    static constexpr auto chat_ = mynah_client_chat;
    static constexpr auto stream_ = mynah_client_chat_stream;
};

}  // namespace mynah

#endif /* MYNAH_CLIENT_HPP */
