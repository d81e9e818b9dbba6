/* mynah/message.hpp - what is asked, and what is answered. */
#ifndef MYNAH_MESSAGE_HPP
#define MYNAH_MESSAGE_HPP

#include "base.hpp"

namespace mynah {

/* A call that the model asks for; `arguments` is a JSON text. */
struct tool_call {
    std::string_view id, name, arguments;
};

/* An answer. What its functions give lives as long as it. */
class response : public detail::object<mynah_response, mynah_response_free> {
public:
    response() = default;
    explicit response(mynah_response *raw) noexcept : object(raw) {}
    std::string_view text() const noexcept { return read(mynah_response_text); }
    std::string_view reasoning() const noexcept { return read(mynah_response_reasoning); }
    /* The provider's own JSON, where the answer came whole from it. */
    std::string_view raw() const noexcept { return read(mynah_response_raw); }
    /* stop, length, tool_calls, ...; empty while the answer is not complete. */
    std::string_view finish_reason() const noexcept {
        const char *reason = mynah_response_finish_reason(get());
        return reason ? reason : std::string_view();
    }
    std::vector<tool_call> tool_calls() const {
        std::vector<tool_call> calls;
        for (size_t i = 0, count = mynah_response_tool_call_count(get()); i < count; i++) {
            calls.push_back({part(mynah_response_tool_call_id, i),
                             part(mynah_response_tool_call_name, i),
                             part(mynah_response_tool_call_arguments, i)});
        }
        return calls;
    }
    /* Everything: usage, cost, timings, where it came from. */
    std::string json() const {
        mynah_value *raw_json = nullptr;
        detail::require(mynah_response_json(get(), &raw_json));
        return value(raw_json).str();
    }

private:
    std::string_view read(const char *(*of)(const mynah_response *, size_t *)) const noexcept {
        size_t size = 0;
        const char *data = of(get(), &size);
        return detail::view(data, size);
    }
    std::string_view part(const char *(*of)(const mynah_response *, size_t, size_t *),
                          size_t i) const noexcept {
        size_t size = 0;
        const char *data = of(get(), i, &size);
        return detail::view(data, size);
    }
};

/* A piece of a stream; valid during the callback only. */
class event {
public:
    explicit event(const mynah_event *raw) noexcept : raw_(raw) {}
    /* One of the MYNAH_EVENT_ numbers. */
    int32_t kind() const noexcept { return mynah_event_kind(raw_); }
    /* The text of an answer's piece; empty for every other kind. */
    std::string_view text() const noexcept {
        return kind() == MYNAH_EVENT_TEXT ? any_text() : std::string_view();
    }
    /* Text of whatever kind: reasoning, refusal, arguments of a call. */
    std::string_view any_text() const noexcept { return read(mynah_event_text); }
    int32_t choice() const noexcept { return mynah_event_choice(raw_); }
    /* The call's place among the calls of its answer; -1 for other events. */
    int32_t tool_index() const noexcept { return mynah_event_tool_index(raw_); }
    std::string_view tool_id() const noexcept { return read(mynah_event_tool_id); }
    std::string_view tool_name() const noexcept { return read(mynah_event_tool_name); }
    std::string json() const { return detail::json_of(raw_, mynah_event_json); }
    const mynah_event *get() const noexcept { return raw_; }

private:
    std::string_view read(const char *(*of)(const mynah_event *, size_t *)) const noexcept {
        size_t size = 0;
        const char *data = of(raw_, &size);
        return detail::view(data, size);
    }
    const mynah_event *raw_;
};

/* Messages, tools, and options of one call. One thread at a time. */
class request : public detail::object<mynah_request, mynah_request_free> {
public:
    request() : object(detail::made(mynah_request_new())) {}
    explicit request(std::string_view prompt) : request() { user(prompt); }
    /* A whole chat in the form of OpenAI's chat completions. */
    static request from_json(std::string_view json) {
        mynah_request *raw = nullptr;
        detail::checked([&](mynah_error **err) {
            return mynah_request_from_json(json.data(), json.size(), &raw, err);
        });
        return request(raw);
    }
    mynah_status message(const char *role, std::string_view text, std::nothrow_t) noexcept {
        return mynah_request_add_message(get(), role, text.data(), text.size());
    }
    request &message(const char *role, std::string_view text) {
        detail::require(message(role, text, std::nothrow),
                        "message: role must be system, developer, user or assistant, and text UTF-8");
        return *this;
    }
    request &system(std::string_view text) { return message("system", text); }
    request &user(std::string_view text) { return message("user", text); }
    request &message_json(std::string_view openai) {
        detail::checked([&](mynah_error **err) {
            return mynah_request_add_message_json(get(), openai.data(), openai.size(), err);
        });
        return *this;
    }
    /* An answer as the assistant's turn, whole. */
    request &add(const response &answer) {
        detail::require(mynah_request_add_response(get(), answer.get()));
        return *this;
    }
    request &tool(const std::string &name, const std::string &description, const std::string &schema) {
        const char *text = detail::c_text(name, "a tool's name");
        const char *about = detail::c_text(description, "a tool's description");
        const char *form = detail::c_text(schema, "a tool's schema");
        detail::checked([&](mynah_error **err) {
            return mynah_request_add_tool(get(), text, about, form, err);
        });
        return *this;
    }
    // `failed` is told to the model by `anthropic` and `gemini`; the others have no field
    // for it, so let `text` say it too.
    request &tool_result(const std::string &call_id, std::string_view text, bool failed = false) {
        detail::require(mynah_request_add_tool_result(
                          get(), detail::c_text(call_id, "call_id"), text.data(), text.size(), failed),
                      "tool_result: call_id must be the id of a call, and both texts UTF-8");
        return *this;
    }
    /* `detail` is low, high or auto; empty leaves it to the provider. */
    request &image_url(const std::string &url, const std::string &detail = std::string()) {
        const char *text = detail::c_text(url, "url"), *fine = detail::c_text(detail, "detail");
        detail::require(mynah_request_add_image_url(get(), text, detail.empty() ? nullptr : fine),
                        "image_url: both texts must be UTF-8");
        return *this;
    }
    request &image(const std::string &mime, std::string_view bytes) {
        const char *text = detail::c_text(mime, "mime");
        detail::require(mynah_request_add_image(get(), text, bytes.data(), bytes.size()),
                        "image: mime must be UTF-8");
        return *this;
    }
    /* A document, such as an application/pdf; `name` is its file name, or empty. */
    request &document(const std::string &mime, std::string_view bytes,
                      const std::string &name = std::string()) {
        const char *text = detail::c_text(mime, "mime"), *file = detail::c_text(name, "name");
        detail::require(mynah_request_add_document(get(), text, name.empty() ? nullptr : file,
                                                   bytes.data(), bytes.size()),
                        "document: mime and name must be UTF-8");
        return *this;
    }
    mynah_status set(const std::string &name, const std::string &text, std::nothrow_t,
                     failure *why = nullptr) noexcept {
        return detail::set_one(get(), name, text, mynah_request_set, why);
    }
    request &set(const std::string &name, const std::string &text) {
        detail::set_each(get(), {{name, text}}, mynah_request_set);
        return *this;
    }

private:
    explicit request(mynah_request *raw) noexcept : object(raw) {}
};

}  // namespace mynah

#endif /* MYNAH_MESSAGE_HPP */
