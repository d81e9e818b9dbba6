/*
 * mynah.h - the C interface of libmynah: a fast in-process cache, and a client
 * for language models that is built on it. C99 to C++20.
 *
 * This file is made from the library's sources (`make header`): mend it there.
 * It reads from top to bottom as the manual.
 *
 * A first program: a cache.
 *
 *     mynah_cache *cache;
 *     if (mynah_cache_new(NULL, &cache, NULL) != MYNAH_OK) return 1;
 *     mynah_cache_set(cache, "key", 3, "value", 5, MYNAH_TTL_DEFAULT);
 *     char text[16]; size_t len;
 *     if (mynah_cache_get_into(cache, "key", 3, text, sizeof text, &len) == MYNAH_OK)
 *         printf("%.*s\n", (int)len, text);
 *     mynah_cache_free(cache);
 *
 * HANDLES. An object that the library keeps (a cache, a client, a request,
 * options, a cancel token, a mock) is held as a handle: `_new` makes it, `_free`
 * frees it, `_free(NULL)` does nothing. A handle is a word that names the
 * object, not its address: never follow it. A handle that was freed, freed
 * twice, is of another kind or was made up answers MYNAH_INVALID_HANDLE, and
 * nothing else happens. Handles may be freed in any order: an object that
 * another one needs lives as long as that. Freeing a client cancels its calls
 * and waits for them.
 *
 * RESULTS. Values, responses and errors are plain objects that belong to the
 * caller and are freed exactly once, with their `_free`. Texts and data that
 * such an object gives out belong to it and live as long.
 *
 * THREADS. A cache, a client, a cancel token and a mock may be used from any
 * number of threads at once, and freed while others are inside: a call that has
 * begun ends, one that begins later answers MYNAH_INVALID_HANDLE. Options and
 * requests belong to one thread at a time. Results may be read from any thread.
 *
 * BYTES AND TEXT. Keys, values and prompts are a pointer and a length; zero bytes
 * inside are fine, and NULL with length 0 is empty. Names and option values are
 * NUL-terminated. Text is UTF-8; text that is not answers
 * MYNAH_INVALID_ARGUMENT. Whatever is passed in is copied before the call
 * returns. Texts that come out with a length are not NUL-terminated.
 *
 * ERRORS. A function that can fail returns a status: MYNAH_OK, or one of the
 * numbers below, which never change. A NULL where an object or a place for a
 * result is needed answers MYNAH_NULL_ARGUMENT. Many functions also take a last
 * `mynah_error **`, which may be NULL: it receives what happened in words and
 * facts. Every place for a result is emptied on entry (NULL or 0) and filled
 * only with MYNAH_OK. Exceptions: the error itself; the needed length with
 * MYNAH_TOO_LARGE; and a response with what had arrived, after
 * MYNAH_STOPPED, MYNAH_CANCELLED, MYNAH_TIMEOUT or MYNAH_TRUNCATED, once an event
 * was delivered. There is no "last error" of a thread. Functions that return
 * a pointer return NULL on failure.
 *
 * CALLBACKS run on the thread that is inside the blocking call, one at a time.
 * They may call every function of this library, and must return normally: no
 * longjmp, no exception. A free of the object in use closes it at once and
 * releases it when the callback has returned.
 *
 * CANCELLATION. A mynah_cancel given to a call ends it from any thread within
 * 10 ms with MYNAH_CANCELLED, whatever it waits for, and closes its connection.
 *
 * FORK. In a child made by fork, handles that it inherited answer MYNAH_FORKED
 * and their `_free` does nothing; results that it inherited stay readable; new
 * handles work.
 *
 * MEMORY. Buffers whose size comes from a caller or from the network are
 * reserved with care and answer a status when there is no room. When the system
 * refuses a small allocation, the process ends, as with most libraries.
 *
 * MANNERS. The library prints nothing, installs no signal handler, raises no
 * SIGPIPE, never calls exit and lets no panic out: a defect inside answers
 * MYNAH_PANIC. Keys and prompts appear in no error, log or metric.
 */

#ifndef MYNAH_H
#define MYNAH_H

#include <stddef.h>
#include <stdint.h>

#define MYNAH_VERSION "0.1.0"
#define MYNAH_VERSION_MAJOR 0
#define MYNAH_VERSION_MINOR 1
#define MYNAH_VERSION_PATCH 0

/* Windows: define MYNAH_STATIC when linking the static library. */
#if defined(_WIN32) && !defined(MYNAH_STATIC)
#define MYNAH_API __declspec(dllimport)
#elif defined(__GNUC__)
#define MYNAH_API __attribute__((visibility("default")))
#else
#define MYNAH_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* --------------------------------------------------------------------------
 * The objects.
 * -------------------------------------------------------------------------- */

/**
 * What went wrong in a call: a status, a sentence and, for calls to a
 * provider, its facts. Made by the library when a call fails and the caller
 * passed a place for it; freed once with `mynah_error_free`. Read-only: may be
 * read from any thread.
 */
typedef struct mynah_error mynah_error;

/**
 * A token that ends calls. Give it to any number of calls, trigger it from
 * any thread. A handle: may be used from any thread at any time.
 */
typedef struct mynah_cancel mynah_cancel;

/* --------------------------------------------------------------------------
 * Version: which library a program found at run time.
 * -------------------------------------------------------------------------- */

/**
 * The library's version, such as `0.1.0`. NUL-terminated, belongs to the
 * library, never freed. Any thread. Compare with `MYNAH_VERSION`, which is the
 * version of the header that the program was compiled with.
 */
MYNAH_API const char *mynah_version(void);

/**
 * The number of the binary interface, the one in the shared library's name: a
 * program works with every library that answers the same number. Any thread.
 */
MYNAH_API uint32_t mynah_abi_version(void);

/* --------------------------------------------------------------------------
 * Statuses: how a call ended, as a small number that never changes.
 * -------------------------------------------------------------------------- */

#define MYNAH_OK                  0 /* It worked. */
#define MYNAH_NULL_ARGUMENT       1 /* A pointer that must not be null was null. */
#define MYNAH_INVALID_HANDLE      2 /* Freed, of another kind, or never a handle. */
#define MYNAH_INVALID_ARGUMENT    3 /* An argument is malformed. */
#define MYNAH_OUT_OF_RANGE        4 /* A number lies outside its range. */
#define MYNAH_UNKNOWN_OPTION      5 /* No option has this name. */
#define MYNAH_NOT_FOUND           6 /* The cache has no live entry under this key. */
#define MYNAH_TOO_LARGE           7 /* Larger than a buffer or a bound. */
#define MYNAH_BUSY                8 /* A contended shard was not free in time. */
#define MYNAH_CLOSED              9 /* The object has been closed. */
#define MYNAH_CANCELLED          10 /* The caller's cancel token was triggered. */
#define MYNAH_TIMEOUT            11 /* A time limit ran out. */
#define MYNAH_CONNECTION         12 /* The network failed before an answer came. */
#define MYNAH_TLS                13 /* The TLS handshake or a certificate failed. */
#define MYNAH_AUTHENTICATION     14 /* The provider refused the key. */
#define MYNAH_PERMISSION         15 /* The key may not do this. */
#define MYNAH_RATE_LIMITED       16 /* Too many requests or tokens for now. */
#define MYNAH_QUOTA_EXHAUSTED    17 /* The account has nothing left; waiting does not help. */
#define MYNAH_CONTEXT_LENGTH     18 /* The prompt does not fit the model. */
#define MYNAH_CONTENT_FILTER     19 /* A content filter refused. */
#define MYNAH_BAD_REQUEST        20 /* The provider, or the library on its behalf, refused the request. */
#define MYNAH_MODEL_NOT_FOUND    21 /* The provider does not know the model. */
#define MYNAH_OVERLOADED         22 /* The provider has no capacity right now. */
#define MYNAH_SERVER             23 /* The provider failed. */
#define MYNAH_TRUNCATED          24 /* The answer ended before it was complete. */
#define MYNAH_PROTOCOL           25 /* What arrived is not what the protocol allows. */
#define MYNAH_CIRCUIT_OPEN       26 /* The circuit breaker is open. */
#define MYNAH_STOPPED            27 /* The caller's callback asked to stop. */
#define MYNAH_FORKED             28 /* The handle was inherited through fork. */
#define MYNAH_IO                 29 /* A file could not be read or written. */
#define MYNAH_PANIC              30 /* A defect in the library was caught at the boundary. */
#define MYNAH_INTERNAL           31 /* Something that should not happen did. */

/**
 * How a call ended: `MYNAH_OK` or one of the constants above.
 */
typedef int32_t mynah_status;

/**
 * The name of a status in lower case, such as `not_found`, the word that
 * stands for it in JSON too. NULL for a number that is no status. The text is
 * NUL-terminated, belongs to the library and is never freed. Any thread.
 */
MYNAH_API const char *mynah_status_name(mynah_status status);

/* --------------------------------------------------------------------------
 * mynah_error: what went wrong, as a plain object of the caller's.
 * -------------------------------------------------------------------------- */

/**
 * The status of the failed call: one of the `MYNAH_` numbers; `MYNAH_OK` for
 * null.
 *
 * The caller promises:
 * 1. `error` is null or a live error.
 */
MYNAH_API int32_t mynah_error_status(const mynah_error *error);

/**
 * One sentence that says what went wrong and what would do: NUL-terminated
 * UTF-8, never with a key or a prompt in it. Belongs to the error and lives as
 * long; an empty text for null.
 *
 * The caller promises:
 * 1. `error` is null or a live error.
 */
MYNAH_API const char *mynah_error_message(const mynah_error *error);

/**
 * Frees an error; null is allowed.
 *
 * The caller promises:
 * 1. `error` is null or a live error, which is not used again.
 */
MYNAH_API void mynah_error_free(mynah_error *error);

/* --------------------------------------------------------------------------
 * mynah_cancel: a token that ends calls from another thread.
 * -------------------------------------------------------------------------- */

/**
 * Makes a cancel token; NULL if there is no room for another handle.
 * Free it with `mynah_cancel_free`.
 */
MYNAH_API mynah_cancel *mynah_cancel_new(void);

/**
 * Ends every call that holds the token, now and later: each returns
 * `MYNAH_CANCELLED` within 10 ms, whatever it waits for, and its connection
 * is closed. Any thread; doing it again does nothing. Does not block. Not
 * async-signal-safe: from a signal handler, wake a thread that calls it.
 *
 * Note: a token that is null, freed or of another kind is ignored.
 */
MYNAH_API void mynah_cancel_trigger(mynah_cancel *cancel);

/**
 * Frees a token; null is allowed. Calls that hold it go on and can no longer
 * be cancelled by it.
 *
 * Note: a token that is freed or of another kind is ignored.
 */
MYNAH_API void mynah_cancel_free(mynah_cancel *cancel);

/* --------------------------------------------------------------------------
 * The typed setters of mynah_client_options: one for each option.
 * -------------------------------------------------------------------------- */

/**
 * Who answers; custom is any host that speaks OpenAI's chat completions. One
 * of openai, anthropic, gemini, deepseek, kimi, siliconflow, ollama, cohere,
 * huggingface, custom.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
int32_t mynah_client_options_set_provider(mynah_client_options *options,
                                          const char *text);

/**
 * The provider's key; unset: taken from the provider's environment variable.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
int32_t mynah_client_options_set_api_key(mynah_client_options *options,
                                         const char *text);

/**
 * Where the provider is reached, http or https; unset: its environment
 * variable, then its own address.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
int32_t mynah_client_options_set_base_url(mynah_client_options *options,
                                          const char *text);

/**
 * The model's name; unset: the provider's environment variable, then the
 * provider's standard model.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
int32_t mynah_client_options_set_model(mynah_client_options *options,
                                       const char *text);

/**
 * Most tokens of an answer; unset: the provider's own limit. Range
 * 1..=4294967295.
 */
MYNAH_API
int32_t mynah_client_options_set_max_tokens(mynah_client_options *options,
                                            uint64_t n);

/**
 * Sampling temperature; unset: not sent. Range 0.0..=2.0.
 */
MYNAH_API
int32_t mynah_client_options_set_temperature(mynah_client_options *options,
                                             double x);

/**
 * Share of probability that sampling draws from; unset: not sent. Range
 * 0.0..=1.0.
 */
MYNAH_API int32_t mynah_client_options_set_top_p(mynah_client_options *options, double x);

/**
 * Number of tokens that sampling draws from, where the provider has it; unset:
 * not sent. Range 0..=1000000.
 */
MYNAH_API
int32_t mynah_client_options_set_top_k(mynah_client_options *options,
                                       uint64_t n);

/**
 * Penalty for tokens that have occurred; unset: not sent. Range -2.0..=2.0.
 */
MYNAH_API
int32_t mynah_client_options_set_presence_penalty(mynah_client_options *options,
                                                  double x);

/**
 * Penalty by how often tokens have occurred; unset: not sent. Range
 * -2.0..=2.0.
 */
MYNAH_API
int32_t mynah_client_options_set_frequency_penalty(mynah_client_options *options,
                                                   double x);

/**
 * Asks for repeatable sampling, where the provider has it; unset: not sent.
 * Range 0..=9223372036854775807.
 */
MYNAH_API
int32_t mynah_client_options_set_seed(mynah_client_options *options,
                                      uint64_t n);

/**
 * Number of answers to one request; unset: one. Range alint!(n, 1..=128.
 */
MYNAH_API int32_t mynah_client_options_set_n(mynah_client_options *options, uint64_t n);

/**
 * Text that ends the answer; each setting adds one.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
int32_t mynah_client_options_set_stop(mynah_client_options *options,
                                      const char *text);

/**
 * How much the model thinks before it answers; unset: the model's own. One of
 * none, minimal, low, medium, high, xhigh, max.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
int32_t mynah_client_options_set_reasoning_effort(mynah_client_options *options,
                                                  const char *text);

/**
 * Most tokens of thinking, where the provider counts them; unset: not sent.
 * Range 0..=10000000.
 */
MYNAH_API
int32_t mynah_client_options_set_reasoning_budget(mynah_client_options *options,
                                                  uint64_t n);

/**
 * A system message put before every conversation that has none.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
int32_t mynah_client_options_set_system_prompt(mynah_client_options *options,
                                               const char *text);

/**
 * Milliseconds for the whole call: all attempts and waits. Range
 * 1..=3153600000000.
 */
MYNAH_API
int32_t mynah_client_options_set_timeout_ms(mynah_client_options *options,
                                            uint64_t n);

/**
 * Milliseconds to look up the name, connect and agree on TLS; 0: no bound.
 * Range 0..=3153600000000.
 */
MYNAH_API
int32_t mynah_client_options_set_connect_timeout_ms(mynah_client_options *options,
                                                    uint64_t n);

/**
 * Milliseconds from the request's end to the answer's first byte; 0: no bound.
 * Range 0..=3153600000000.
 */
MYNAH_API
int32_t mynah_client_options_set_first_byte_timeout_ms(mynah_client_options *options,
                                                       uint64_t n);

/**
 * Milliseconds from the request's end to the first event with content; 0: no
 * bound. Range 0..=3153600000000.
 */
MYNAH_API
int32_t mynah_client_options_set_first_token_timeout_ms(mynah_client_options *options,
                                                        uint64_t n);

/**
 * Milliseconds without any byte; comments and pings count as life; 0: no
 * bound. Range 0..=3153600000000.
 */
MYNAH_API
int32_t mynah_client_options_set_silence_timeout_ms(mynah_client_options *options,
                                                    uint64_t n);

/**
 * Milliseconds without an event with content, counted from the first one; 0:
 * no bound. Range 0..=3153600000000.
 */
MYNAH_API
int32_t mynah_client_options_set_idle_timeout_ms(mynah_client_options *options,
                                                 uint64_t n);

/**
 * Attempts after the first one that failed. Range 0..=20.
 */
MYNAH_API
int32_t mynah_client_options_set_retry_count(mynah_client_options *options,
                                             uint64_t n);

/**
 * Milliseconds of the first back-off; the actual one is random below it. Range
 * 0..=3153600000000.
 */
MYNAH_API
int32_t mynah_client_options_set_retry_delay_ms(mynah_client_options *options,
                                                uint64_t n);

/**
 * Longest back-off in milliseconds. Range 0..=3153600000000.
 */
MYNAH_API
int32_t mynah_client_options_set_max_retry_delay_ms(mynah_client_options *options,
                                                    uint64_t n);

/**
 * Doubles the back-off from attempt to attempt.
 */
MYNAH_API
int32_t mynah_client_options_set_exponential_backoff(mynah_client_options *options,
                                                     bool on);

/**
 * A provider that asks to wait longer than this ends the call. Range
 * 0..=3153600000000.
 */
MYNAH_API
int32_t mynah_client_options_set_max_retry_after_ms(mynah_client_options *options,
                                                    uint64_t n);

/**
 * Also repeats requests that may have reached the provider, which may then
 * bill twice.
 */
MYNAH_API
int32_t mynah_client_options_set_retry_after_send(mynah_client_options *options,
                                                  bool on);

/**
 * Retries, as a share of the calls, beyond which none is made. Range 0..=100.
 */
MYNAH_API
int32_t mynah_client_options_set_retry_budget_percent(mynah_client_options *options,
                                                      uint64_t n);

/**
 * Requests a minute; more wait their turn; 0: no limit. Range 0..=100000000.
 */
MYNAH_API
int32_t mynah_client_options_set_rate_limit_rpm(mynah_client_options *options,
                                                uint64_t n);

/**
 * Tokens a minute; more wait their turn; 0: no limit. Range 0..=1000000000000.
 */
MYNAH_API
int32_t mynah_client_options_set_rate_limit_tpm(mynah_client_options *options,
                                                uint64_t n);

/**
 * Calls at one time; more wait their turn; 0: no limit. Range 0..=1000000.
 */
MYNAH_API
int32_t mynah_client_options_set_max_in_flight(mynah_client_options *options,
                                               uint64_t n);

/**
 * Idle connections that are kept open. Range 0..=100000.
 */
MYNAH_API
int32_t mynah_client_options_set_max_connections(mynah_client_options *options,
                                                 uint64_t n);

/**
 * Milliseconds after which an idle connection is closed. Range
 * 0..=3153600000000.
 */
MYNAH_API
int32_t mynah_client_options_set_max_idle_connection_ms(mynah_client_options *options,
                                                        uint64_t n);

/**
 * Lets plain calls use a stream underneath, so that silence is noticed.
 */
MYNAH_API
int32_t mynah_client_options_set_streaming_enabled(mynah_client_options *options,
                                                   bool on);

/**
 * Answers repeated requests from the response cache.
 */
MYNAH_API
int32_t mynah_client_options_set_cache_enabled(mynah_client_options *options,
                                               bool on);

/**
 * Milliseconds for which an answer is kept; 0: for ever. Range
 * 0..=3153600000000.
 */
MYNAH_API
int32_t mynah_client_options_set_cache_ttl_ms(mynah_client_options *options,
                                              uint64_t n);

/**
 * Also keeps answers that call tools.
 */
MYNAH_API
int32_t mynah_client_options_set_cache_tool_calls(mynah_client_options *options,
                                                  bool on);

/**
 * Milliseconds after its expiry during which an answer is given while it is
 * renewed; 0: off. Range 0..=3153600000000.
 */
MYNAH_API
int32_t mynah_client_options_set_cache_stale_while_revalidate_ms(mynah_client_options *options,
                                                                 uint64_t n);

/**
 * Lets identical calls in flight share one request; unset: where the response
 * cache is on.
 */
MYNAH_API
int32_t mynah_client_options_set_coalesce(mynah_client_options *options,
                                          bool on);

/**
 * Sends identical requests of a batch once; unset: as coalesce.
 */
MYNAH_API
int32_t mynah_client_options_set_batch_dedup(mynah_client_options *options,
                                             bool on);

/**
 * Failures in a row that open the circuit breaker; 0: no breaker by count.
 * Range 0..=1000000.
 */
MYNAH_API
int32_t mynah_client_options_set_breaker_failure_threshold(mynah_client_options *options,
                                                           uint64_t n);

/**
 * Share of failures in the window that opens the circuit breaker; 0: no
 * breaker by ratio. Range 0.0..=1.0.
 */
MYNAH_API
int32_t mynah_client_options_set_breaker_failure_ratio(mynah_client_options *options,
                                                       double x);

/**
 * Milliseconds that breaker_failure_ratio looks back. Range
 * 1000..=3153600000000.
 */
MYNAH_API
int32_t mynah_client_options_set_breaker_window_ms(mynah_client_options *options,
                                                   uint64_t n);

/**
 * Calls in the window before breaker_failure_ratio counts. Range 1..=1000000.
 */
MYNAH_API
int32_t mynah_client_options_set_breaker_min_calls(mynah_client_options *options,
                                                   uint64_t n);

/**
 * Milliseconds until an open breaker lets one trial call through. Range
 * 1..=3153600000000.
 */
MYNAH_API
int32_t mynah_client_options_set_breaker_reset_timeout_ms(mynah_client_options *options,
                                                          uint64_t n);

/**
 * Largest head of an answer, in bytes. Range 1024..=16777216.
 */
MYNAH_API
int32_t mynah_client_options_set_max_header_bytes(mynah_client_options *options,
                                                  uint64_t n);

/**
 * Largest event of a stream, in bytes. Range 1024..=4294967295.
 */
MYNAH_API
int32_t mynah_client_options_set_max_event_bytes(mynah_client_options *options,
                                                 uint64_t n);

/**
 * Largest answer, in bytes. Range 1024..=4294967295.
 */
MYNAH_API
int32_t mynah_client_options_set_max_response_bytes(mynah_client_options *options,
                                                    uint64_t n);

/**
 * Lets a key travel over plain http to a host that is not loopback.
 */
MYNAH_API
int32_t mynah_client_options_set_allow_insecure_http(mynah_client_options *options,
                                                     bool on);

/**
 * Which of OpenAI's interfaces is used; auto: chat completions, and Responses
 * for models that refuse tools there. One of auto, chat, responses.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
int32_t mynah_client_options_set_openai_api(mynah_client_options *options,
                                            const char *text);

/**
 * What happens with an explicit value that provider or model cannot take: an
 * error before anything is sent, or it is left out and reported. One of error,
 * drop.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
int32_t mynah_client_options_set_unsupported(mynah_client_options *options,
                                             const char *text);

/**
 * Asks streams for usage; unset: where the host takes it.
 */
MYNAH_API
int32_t mynah_client_options_set_include_usage(mynah_client_options *options,
                                               bool on);

/**
 * Also delivers each of the provider's own events as JSON.
 */
MYNAH_API
int32_t mynah_client_options_set_raw_events(mynah_client_options *options,
                                            bool on);

/**
 * Which of a regional vendor's hosts is used. One of intl, cn.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
int32_t mynah_client_options_set_region(mynah_client_options *options,
                                        const char *text);

/**
 * OpenAI's organisation.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
int32_t mynah_client_options_set_organization_id(mynah_client_options *options,
                                                 const char *text);

/**
 * OpenAI's project.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
int32_t mynah_client_options_set_project_id(mynah_client_options *options,
                                            const char *text);

/**
 * Proxy URL (http, https, socks5), or none; unset: the environment's.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
int32_t mynah_client_options_set_proxy(mynah_client_options *options,
                                       const char *text);

/**
 * A header that is sent with every request.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
int32_t mynah_client_options_set_header(mynah_client_options *options,
                                        const char *text);

/**
 * A layer of settings for an aim, under the use case and everything that is
 * set explicitly. One of none, development, production, low_cost,
 * high_quality, fast.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
int32_t mynah_client_options_set_preset(mynah_client_options *options,
                                        const char *text);

/**
 * A layer of settings for a task, under everything that is set explicitly. One
 * of none, chat, code_generation, translation, summarization, analysis,
 * creative_writing.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
int32_t mynah_client_options_set_use_case(mynah_client_options *options,
                                          const char *text);

/**
 * A model's price in USD per million tokens: `model=in,out[,cached in[,cache
 * write]]`; each setting adds one.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
int32_t mynah_client_options_set_price(mynah_client_options *options,
                                       const char *text);

/**
 * PEM file of certificate authorities that are trusted instead of the built-in
 * ones.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
int32_t mynah_client_options_set_ca_file(mynah_client_options *options,
                                         const char *text);

/**
 * Checks the provider's certificate; false only for tests.
 */
MYNAH_API
int32_t mynah_client_options_set_tls_verify(mynah_client_options *options,
                                            bool on);

/**
 * Alerts when the share of calls that succeed falls below; 0: off. Range
 * 0.0..=1.0.
 */
MYNAH_API
int32_t mynah_client_options_set_alert_min_success_rate(mynah_client_options *options,
                                                        double x);

/**
 * Alerts when the mean latency exceeds this many milliseconds; 0: off. Range
 * 0..=3153600000000.
 */
MYNAH_API
int32_t mynah_client_options_set_alert_max_latency_ms(mynah_client_options *options,
                                                      uint64_t n);

/**
 * Alerts when the 99th percentile of the latency exceeds this many
 * milliseconds; 0: off. Range 0..=3153600000000.
 */
MYNAH_API
int32_t mynah_client_options_set_alert_max_p99_ms(mynah_client_options *options,
                                                  uint64_t n);

/**
 * Alerts when the mean cost of a request exceeds this many US dollars; 0: off.
 * Range 0.0..=1000000.0.
 */
MYNAH_API
int32_t mynah_client_options_set_alert_max_cost_usd(mynah_client_options *options,
                                                    double x);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* MYNAH_H */
