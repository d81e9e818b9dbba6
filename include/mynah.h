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
 * Bytes that belong to the caller until they are given to `mynah_value_free`:
 * a cached value, or a JSON text. They never change, may be read from several
 * threads, and stay valid after the object that they came from is gone.
 */
typedef struct mynah_value mynah_value;

/**
 * A token that ends calls. Give it to any number of calls, trigger it from
 * any thread. A handle: may be used from any thread at any time.
 */
typedef struct mynah_cancel mynah_cancel;

/**
 * How a mock provider behaves: its pace, and what goes wrong. A handle; use
 * it from one thread at a time.
 */
typedef struct mynah_mock_options mynah_mock_options;

/**
 * A provider on loopback that answers every prompt the same way each time,
 * for tests without a network or a key. It speaks the dialects of all
 * providers, chosen by the path of a request. A handle: may be used from any
 * thread at any time.
 */
typedef struct mynah_mock mynah_mock;

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
 * mynah_value: bytes that the library hands out.
 * -------------------------------------------------------------------------- */

/**
 * The bytes; not terminated by a NUL. NULL for NULL.
 *
 * The caller promises:
 * 1. `value` is null or a value that has not been freed.
 */
MYNAH_API const void *mynah_value_data(const mynah_value *value);

/**
 * How many bytes there are; 0 for NULL.
 *
 * The caller promises:
 * 1. `value` is null or a value that has not been freed.
 */
MYNAH_API size_t mynah_value_len(const mynah_value *value);

/**
 * Gives a value back, once. NULL does nothing.
 *
 * The caller promises:
 * 1. `value` is null or a value that has not been freed.
 */
MYNAH_API void mynah_value_free(mynah_value *value);

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
 * mynah_mock_options: how a mock provider behaves.
 * -------------------------------------------------------------------------- */

/**
 * Makes options with which a mock answers at once and without faults; NULL if
 * there is no room for another handle. Free them with
 * `mynah_mock_options_free`.
 */
MYNAH_API mynah_mock_options *mynah_mock_options_new(void);

/**
 * Sets an option by name from text, such as `delay_event_ms` to `20` or
 * `fault` to `reset`; `mynah_mock_options_describe_json` has all of them.
 * `default` withdraws what was set; options that repeat gain one more value.
 *
 * The caller promises:
 * 1. `name` and `value` are NUL-terminated UTF-8.
 * 2. `err` is null or points to a writable pointer; an error in it is freed
 *    with `mynah_error_free`.
 */
MYNAH_API
mynah_status mynah_mock_options_set(mynah_mock_options *options,
                                    const char *name,
                                    const char *value,
                                    mynah_error **err);

/**
 * Sets every option of a JSON object, all or, on an error, none.
 *
 * The caller promises:
 * 1. `json` points to `len` readable bytes of UTF-8.
 * 2. `err` is null or points to a writable pointer; an error in it is freed
 *    with `mynah_error_free`.
 */
MYNAH_API
mynah_status mynah_mock_options_load_json(mynah_mock_options *options,
                                          const char *json,
                                          size_t len,
                                          mynah_error **err);

/**
 * All options of a mock: key, type, range, default and meaning, as JSON. Free
 * the value with `mynah_value_free`.
 *
 * The caller promises:
 * 1. `value` points to a writable pointer.
 */
MYNAH_API mynah_status mynah_mock_options_describe_json(mynah_value **value);

/**
 * Frees the options; null is allowed. Mocks made from them go on.
 *
 * Note: a handle that is freed or of another kind is ignored.
 */
MYNAH_API void mynah_mock_options_free(mynah_mock_options *options);

/* --------------------------------------------------------------------------
 * mynah_mock: a provider on loopback, inside the process.
 * -------------------------------------------------------------------------- */

/**
 * Starts a mock provider on a free port of 127.0.0.1, with its own threads.
 * `or_null` is copied; NULL stands for a mock that answers at once and without
 * faults. Free the mock with `mynah_mock_free`. `MYNAH_IO` if it cannot
 * listen.
 *
 * The caller promises:
 * 1. `mock` points to a writable pointer.
 * 2. `err` is null or points to a writable pointer; an error in it is freed
 *    with `mynah_error_free`.
 */
MYNAH_API
mynah_status mynah_mock_new(const mynah_mock_options *or_null,
                            mynah_mock **mock,
                            mynah_error **err);

/**
 * The mock's base URL, as `http://127.0.0.1:PORT/v1`: the `base_url` of a
 * client whose provider speaks OpenAI's dialects (openai, deepseek, kimi,
 * siliconflow, huggingface, custom). For anthropic, gemini, cohere and ollama
 * leave the `/v1` away. NUL-terminated; belongs to the mock and lives as long;
 * an empty text for a handle that is not a live mock.
 *
 * Note: a handle that is null, freed or of another kind is told from a
 *    mock.
 */
MYNAH_API const char *mynah_mock_url(mynah_mock *mock);

/**
 * What the mock has received and sent so far, as JSON: `requests`,
 * `by_status`, `by_path`, `bytes_received`, `bytes_sent`, `events_sent`,
 * `faults`, `connections_opened`, `connections_open`,
 * `connections_closed_by_peer`, `last_request` and more. Keys are redacted.
 * Free the value with `mynah_value_free`.
 *
 * The caller promises:
 * 1. `value` points to a writable pointer.
 */
MYNAH_API mynah_status mynah_mock_stats_json(mynah_mock *mock, mynah_value **value);

/**
 * Stops a mock: closes its sockets and ends its threads, which it waits for,
 * some milliseconds. Null is allowed; in a forked child it does nothing.
 *
 * Note: a handle that is freed or of another kind is ignored.
 */
MYNAH_API void mynah_mock_free(mynah_mock *mock);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* MYNAH_H */
