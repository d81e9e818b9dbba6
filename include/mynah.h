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
 * MYNAH_TOO_LARGE; how far mynah_cache_warm came; and a response with what had
 * arrived, after MYNAH_STOPPED, MYNAH_CANCELLED, MYNAH_TIMEOUT or MYNAH_TRUNCATED,
 * once an event was delivered. There is no "last error" of a thread. Functions that
 * return a pointer return NULL on failure.
 *
 * CALLBACKS. The function of a stream, of a save, a load or a warming runs on the
 * thread that is inside the blocking call, one call at a time. Those that are kept
 * (for logs, alerts, evictions, the complexity of a request) and the progress of a
 * batch run on the thread that caused them or on one of the library's, as each says;
 * there they have at least 1 MiB of stack. They may call every function of this
 * library, and must return normally: no longjmp, no exception, no pthread_exit. A free
 * of the object in use closes it at once and releases it when the callback has
 * returned; a free on another thread waits until it has (of two callbacks that free
 * each other's objects, one does not wait). A thread that is inside a call must not be
 * ended by pthread_cancel, which ends the process: end the call by a mynah_cancel.
 *
 * CANCELLATION. A mynah_cancel given to a call ends it from any thread within
 * 10 ms with MYNAH_CANCELLED, whatever it waits for, and closes its connection. Only
 * writing out a request is not cut short: some 2 ms for each megabyte of it.
 *
 * FORK. In a child made by fork, handles that it inherited answer MYNAH_FORKED
 * and their `_free` does nothing; results that it inherited stay readable; new
 * handles work. Handlers of pthread_atfork may call the library if they were
 * registered after it was loaded, as those of a program that is linked with it are.
 * A call whose callback forks goes on in the parent, and ends in the child with
 * MYNAH_FORKED when the callback has returned there, unless it has its value already;
 * but a batch that runs on several threads then waits there for those that it has not.
 *
 * MEMORY. Values of a cache, bodies of answers and events of streams are reserved
 * with care, and a text of a mebibyte or more is taken only where there is room for
 * what is made of it: a status answers where there is none. When the system refuses
 * another allocation, the process ends, as with most libraries.
 *
 * MANNERS. The library prints nothing, installs no signal handler, raises no
 * SIGPIPE, never calls exit and lets no panic out: a defect inside answers
 * MYNAH_PANIC. Keys appear in no error, log or metric; prompts only where a
 * provider's message quotes them.
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
 * Options of a cache, with a setter for each and a string door for all. A
 * handle: belongs to one thread at a time. `mynah_cache_new` copies it, so it
 * can be used again.
 */
typedef struct mynah_cache_options mynah_cache_options;

/**
 * A cache. A handle: may be used from any thread at any time, and freed while
 * others use it; their calls finish, or answer `MYNAH_INVALID_HANDLE`.
 */
typedef struct mynah_cache mynah_cache;

/**
 * The answers of a `mynah_cache_get_many`. Belongs to the caller until it is
 * given to `mynah_values_free`; never changes, and may be read from several
 * threads.
 */
typedef struct mynah_values mynah_values;

/**
 * The duty to load a key that others may be waiting for. A handle: settle it
 * from any thread with `mynah_claim_fill`, `mynah_claim_fill_negative` or
 * `mynah_claim_fail`, and free it in any case; freed unsettled, it passes to
 * the next who waits.
 */
typedef struct mynah_claim mynah_claim;

/**
 * A walk over the entries of a cache. A handle: belongs to one thread at a
 * time. It keeps the cache's memory until it is freed.
 */
typedef struct mynah_cache_iter mynah_cache_iter;

/**
 * Options of a client, with a setter for each and a string door for all. A
 * handle: belongs to one thread at a time. `mynah_client_new` copies it, so it
 * can be used again.
 */
typedef struct mynah_client_options mynah_client_options;

/**
 * A chat to be sent any number of times, to any client: messages, tools, and
 * what differs from the client's options. A handle: belongs to one thread at a
 * time; a call that has begun keeps its own copy.
 */
typedef struct mynah_request mynah_request;

/**
 * A client of one provider. A handle: may be used from any thread at any
 * time, by any number of calls at once.
 */
typedef struct mynah_client mynah_client;

/**
 * An answer. A plain object of the caller's: freed once with
 * `mynah_response_free`. Read-only: may be read from any thread. The texts that
 * its functions answer belong to it, live as long, and are not NUL-terminated
 * where a length is given.
 */
typedef struct mynah_response mynah_response;

/**
 * One step of a streamed answer. Lent to the callback: it and the texts that
 * its functions answer are valid until the callback returns.
 */
typedef struct mynah_event mynah_event;

/**
 * Something that has arrived in a queue. A plain object of the caller's: freed
 * once with `mynah_item_free`; used by one thread at a time.
 */
typedef struct mynah_item mynah_item;

/**
 * Where the results of submitted calls arrive, for programs that must not
 * block. A handle: may be used from any thread at any time.
 */
typedef struct mynah_queue mynah_queue;

/**
 * Many requests that are sent together. A handle: belongs to one thread at a
 * time.
 */
typedef struct mynah_batch mynah_batch;

/**
 * Several clients as one: the cheap one for what is easy, the able one for
 * what is hard, another when one fails. A handle: may be used from any thread
 * at any time.
 */
typedef struct mynah_tiered mynah_tiered;

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
 * The binary interface of this header, to compare with `mynah_abi_version`. Raised
 * when a program compiled against an earlier header can no longer work with the
 * library; the number in the shared library's name.
 */
#define MYNAH_ABI_VERSION 0

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
#define MYNAH_INVALID_HANDLE      2 /* Freed or closed, of another kind, or never a handle. */
#define MYNAH_INVALID_ARGUMENT    3 /* An argument is malformed. */
#define MYNAH_OUT_OF_RANGE        4 /* A value lies outside its range. */
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
#define MYNAH_FORKED             28 /* The handle was inherited through fork: make a new one. */
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

/**
 * What a status means, such as `larger than a buffer or a bound`, to be shown where
 * there is no `mynah_error`. NULL and lifetime as with `mynah_status_name`. Any
 * thread.
 */
MYNAH_API const char *mynah_status_text(mynah_status status);

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
 * UTF-8, never with a key in it, and with a prompt only where the provider's
 * message quotes it. Belongs to the error and lives as long; an empty text for null.
 *
 * The caller promises:
 * 1. `error` is null or a live error.
 */
MYNAH_API const char *mynah_error_message(const mynah_error *error);

/**
 * Everything known about a failure, as JSON: `status` (its name), `message`,
 * `http_status`, `provider_code`, `provider_type` (beside the code, where the provider
 * says both), `request_id`, `retriable`, `retry_after_ms` and `attempts`; `null` is
 * what is not known. Never with a key in it, and with a prompt only where the
 * provider's message quotes it. The value is the caller's to free.
 *
 * The caller promises:
 * 1. `error` is null or a live error.
 * 2. `value` is null or writable.
 */
MYNAH_API mynah_status mynah_error_json(const mynah_error *error, mynah_value **value);

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
 * What concerns the whole process: how the library was built, and the
 * figures of all clients together.
 * -------------------------------------------------------------------------- */

/**
 * How the library was built, as JSON: `version`, `abi_version`, `target`,
 * `profile`, `compiler`, `features` (what can be left out, and was not), and the
 * versions of what it is built on. Any thread. The value is the caller's to
 * free.
 *
 * The caller promises:
 * 1. `value` is null or writable.
 */
MYNAH_API mynah_status mynah_build_info_json(mynah_value **value);

/**
 * The figures of all clients of the process together, those that are freed
 * included, as JSON: the members of `mynah_client_metrics_json` but what is one
 * client's own (breaker, alerts, calls in flight), with the number of `clients` that
 * are there now. Any thread. The value is the caller's to free.
 *
 * The caller promises:
 * 1. `value` is null or writable.
 */
MYNAH_API mynah_status mynah_metrics_json(mynah_value **value);

/**
 * The same in Prometheus' text format (version 0.0.4): what a process with
 * several clients shows a scraper. Any thread. The value is the caller's to
 * free.
 *
 * The caller promises:
 * 1. `value` is null or writable.
 */
MYNAH_API mynah_status mynah_metrics_prometheus(mynah_value **value);

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
 * mynah_cache_options: what a cache is made from.
 * -------------------------------------------------------------------------- */

/**
 * Makes cache options with every default; NULL if there is no room for
 * another handle. Free them with `mynah_cache_options_free`.
 */
MYNAH_API mynah_cache_options *mynah_cache_options_new(void);

/**
 * Sets any option from text. `default` withdraws what was set; `unset` removes
 * what a profile or workload would set, so that the default counts.
 *
 * Errors: `MYNAH_UNKNOWN_OPTION`, `MYNAH_OUT_OF_RANGE`,
 * `MYNAH_INVALID_ARGUMENT`, each with name, value and range in the message;
 * nothing is changed then.
 *
 * The caller promises:
 * 1. `name` and `value` are null or NUL-terminated.
 * 2. `err` is null or writable.
 */
MYNAH_API
mynah_status mynah_cache_options_set(mynah_cache_options *options,
                                     const char *name,
                                     const char *value,
                                     mynah_error **err);

/**
 * Sets all options of a JSON object, or on an error none; null is `default`.
 * `MYNAH_TOO_LARGE` beyond 16 MiB.
 *
 * The caller promises:
 * 1. `json` points to `len` readable bytes.
 * 2. `err` is null or writable.
 */
MYNAH_API
mynah_status mynah_cache_options_load_json(mynah_cache_options *options,
                                           const char *json,
                                           size_t len,
                                           mynah_error **err);

/**
 * The effective value of one option and where it comes from, as JSON:
 * `{"value": ..., "origin": ...}`. The value is the caller's to free.
 *
 * Errors: `MYNAH_UNKNOWN_OPTION`.
 *
 * The caller promises:
 * 1. `name` is null or NUL-terminated.
 * 2. `value` is null or writable.
 */
MYNAH_API
mynah_status mynah_cache_options_get(const mynah_cache_options *options,
                                     const char *name,
                                     mynah_value **value);

/**
 * All cache options as a JSON array: key, type, range, default and meaning of
 * each. The value is the caller's to free.
 *
 * The caller promises:
 * 1. `value` is null or writable.
 */
MYNAH_API mynah_status mynah_cache_options_describe(mynah_value **value);

/**
 * Frees cache options; null is allowed. Caches made from them live on.
 */
MYNAH_API void mynah_cache_options_free(mynah_cache_options *options);

/* --------------------------------------------------------------------------
 * The typed setters of mynah_cache_options: one for each option.
 * -------------------------------------------------------------------------- */

/**
 * Most entries that the whole cache holds. Range 1..=2^40.
 */
MYNAH_API
mynah_status mynah_cache_options_set_capacity(mynah_cache_options *options,
                                              uint64_t n);

/**
 * Independently locked parts of the cache, rounded up to a power of two and
 * held to at least 64 entries each, and to three eighths of max_memory_mb; 0:
 * four for each core, at least 256 entries each. Range 0..=65536.
 */
MYNAH_API
mynah_status mynah_cache_options_set_shard_count(mynah_cache_options *options,
                                                 uint32_t n);

/**
 * Lifetime in milliseconds of an entry that is stored without its own; 0: it
 * never expires. Range 0..=a century.
 */
MYNAH_API
mynah_status mynah_cache_options_set_default_ttl_ms(mynah_cache_options *options,
                                                    uint64_t n);

/**
 * Milliseconds between sweeps of expired entries; 0: they stay until they are
 * read (not with the strategy `periodic`) or evicted. Range 0..=a century.
 */
MYNAH_API
mynah_status mynah_cache_options_set_cleanup_interval_ms(mynah_cache_options *options,
                                                         uint64_t n);

/**
 * Expired entries that a sweep removes before it lets go of the shard's lock.
 * Range 1..=1000000.
 */
MYNAH_API
mynah_status mynah_cache_options_set_cleanup_batch_size(mynah_cache_options *options,
                                                        uint32_t n);

/**
 * When expired entries leave: at each interval, only when they are met, at a
 * pace that follows what the sweep finds, or when met and at each interval.
 * One of periodic, lazy, adaptive, hybrid, in any letter case.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
mynah_status mynah_cache_options_set_cleanup_strategy(mynah_cache_options *options,
                                                      const char *text);

/**
 * Shorthand for the adaptive strategy; set to false: not even where a workload
 * or profile has it.
 */
MYNAH_API
mynah_status mynah_cache_options_set_adaptive_cleanup(mynah_cache_options *options,
                                                      int32_t on);

/**
 * Which entry leaves when the cache is full. One of s3fifo, lru, lfu, fifo,
 * random, in any letter case.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
mynah_status mynah_cache_options_set_eviction_policy(mynah_cache_options *options,
                                                     const char *text);

/**
 * A layer of settings for a kind of load, under everything that is set
 * explicitly. One of none, read_heavy, write_heavy, mixed, bursty, in any
 * letter case.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
mynah_status mynah_cache_options_set_workload_type(mynah_cache_options *options,
                                                   const char *text);

/**
 * A layer of settings for an aim, under the workload's and everything that is
 * set explicitly. One of none, low_latency, high_throughput, balanced,
 * memory_efficient, in any letter case.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
mynah_status mynah_cache_options_set_performance_profile(mynah_cache_options *options,
                                                         const char *text);

/**
 * With retry_delay_ms, bounds the wait for a contended shard by their product,
 * then the call answers BUSY; 0 for either: it waits as long as it takes.
 * Range 0..=1000.
 */
MYNAH_API
mynah_status mynah_cache_options_set_max_retries(mynah_cache_options *options,
                                                 uint32_t n);

/**
 * Milliseconds that each of max_retries stands for; a waiting call is woken
 * the moment the shard is free. Range 0..=60000.
 */
MYNAH_API
mynah_status mynah_cache_options_set_retry_delay_ms(mynah_cache_options *options,
                                                    uint64_t n);

/**
 * Lets the cache change its shards, sweep interval and eviction policy by what
 * it measures.
 */
MYNAH_API
mynah_status mynah_cache_options_set_auto_tuning(mynah_cache_options *options,
                                                 int32_t on);

/**
 * Hard bound on the accounted bytes of the whole cache, in MiB; 0: no bound.
 * Range 0..=2^24.
 */
MYNAH_API
mynah_status mynah_cache_options_set_max_memory_mb(mynah_cache_options *options,
                                                   uint64_t n);

/**
 * Largest key and value together that is stored, in bytes, a packed value
 * counted as packed; 0: no bound. Range 0..=4294967295.
 */
MYNAH_API
mynah_status mynah_cache_options_set_max_entry_bytes(mynah_cache_options *options,
                                                     uint64_t n);

/**
 * Compresses values with zstd where that makes them smaller.
 */
MYNAH_API
mynah_status mynah_cache_options_set_compression(mynah_cache_options *options,
                                                 int32_t on);

/**
 * zstd's level: higher is smaller and slower. Range 1..=22.
 */
MYNAH_API
mynah_status mynah_cache_options_set_compression_level(mynah_cache_options *options,
                                                       uint32_t n);

/**
 * Values of fewer bytes are stored as they are. Range 0..=4294967295.
 */
MYNAH_API
mynah_status mynah_cache_options_set_compression_threshold(mynah_cache_options *options,
                                                           uint64_t n);

/**
 * Counts hits, misses and latencies; without them `auto_tuning` decides nothing,
 * and no alert is raised but those on memory and shards, when the metrics are read.
 */
MYNAH_API
mynah_status mynah_cache_options_set_metrics_enabled(mynah_cache_options *options,
                                                     int32_t on);

/**
 * Shortens each lifetime by a random share of up to this many percent, so that
 * entries stored together do not expire together; 0: not at all. Range 0..=50.
 */
MYNAH_API
mynah_status mynah_cache_options_set_ttl_jitter_percent(mynah_cache_options *options,
                                                        uint32_t n);

/**
 * Milliseconds after its expiry during which get_or_claim answers the old
 * value while one caller renews it; 0: off. Range 0..=a century.
 */
MYNAH_API
mynah_status mynah_cache_options_set_stale_while_revalidate_ms(mynah_cache_options *options,
                                                               uint64_t n);

/**
 * Seed of the key hash, for repeatable runs; 0: random, which keeps others
 * from choosing colliding keys. Range 0..=2^64-1.
 */
MYNAH_API
mynah_status mynah_cache_options_set_hash_seed(mynah_cache_options *options,
                                               uint64_t n);

/**
 * Alerts when the hit rate of 100 look-ups or more falls below; 0: off. Range
 * 0..=1.
 */
MYNAH_API
mynah_status mynah_cache_options_set_alert_min_hit_rate(mynah_cache_options *options,
                                                        double x);

/**
 * Alerts when the mean latency of some 2,000 gets or more exceeds this many
 * microseconds; 0: off. Range 0..=60000000.
 */
MYNAH_API
mynah_status mynah_cache_options_set_alert_max_get_latency_us(mynah_cache_options *options,
                                                              uint64_t n);

/**
 * Alerts when the accounted memory exceeds this many MiB; 0: off. Range
 * 0..=2^24.
 */
MYNAH_API
mynah_status mynah_cache_options_set_alert_max_memory_mb(mynah_cache_options *options,
                                                         uint64_t n);

/**
 * Alerts when a shard's entries, and their bytes too, deviate from the mean by more
 * than this share; 0: off. Range 0..=1.
 */
MYNAH_API
mynah_status mynah_cache_options_set_alert_max_shard_imbalance(mynah_cache_options *options,
                                                               double x);

/* --------------------------------------------------------------------------
 * Who is told of what a cache does: callbacks that the library keeps, and
 * queues.
 * -------------------------------------------------------------------------- */

/**
 * The entry left because room for another one was needed.
 */
#define MYNAH_EVICT_CAPACITY 0

/**
 * It left because its bytes were needed.
 */
#define MYNAH_EVICT_MEMORY 1

/**
 * Its time was over.
 */
#define MYNAH_EVICT_EXPIRED 2

/**
 * Another value took its place.
 */
#define MYNAH_EVICT_REPLACED 3

/**
 * It was removed.
 */
#define MYNAH_EVICT_REMOVED 4

/**
 * The cache was cleared.
 */
#define MYNAH_EVICT_CLEARED 5

/**
 * For `mynah_cache_options_events_to_queue`: thresholds that are crossed.
 */
#define MYNAH_CACHE_ALERTS 1

/**
 * For `mynah_cache_options_events_to_queue`: entries that leave.
 */
#define MYNAH_CACHE_DEPARTURES 2

/**
 * Told of an entry that has left a cache: its key, its value, and one of the
 * `MYNAH_EVICT_` reasons. The pointers are valid during the call only.
 */
typedef void (*mynah_evict_fn)(void *user,
                               const void *key,
                               size_t key_len,
                               const void *value,
                               size_t value_len,
                               int32_t reason);

/**
 * Called once with the user word of a callback, when no call of it can come
 * any more. NULL: nothing is to be destroyed.
 */
typedef void (*mynah_destroy_fn)(void *user);

/**
 * Told when a threshold is crossed (`raised` 1) and when the figure is back
 * within it (0): the option that holds the threshold, what was measured, and
 * the threshold. The text is NUL-terminated and lives during the call only.
 */
typedef void (*mynah_alert_fn)(void *user,
                               const char *name,
                               int32_t raised,
                               double value,
                               double threshold);

/**
 * Takes a log record: `len` bytes of JSON, one object, not NUL-terminated,
 * valid during the call only.
 */
typedef void (*mynah_log_fn)(void *user, int32_t level, const char *json, size_t len);

/**
 * Has a function told of every entry that leaves the caches made from these
 * options, and why. It runs with no lock held, on the thread whose call made
 * the entry leave, before that call returns, or on the cache's own thread for
 * what a sweep finds; so it must be safe to call from any thread. Any function
 * may be called from inside; departures that this causes are reported after it
 * has returned. Entries that are in a cache when it is freed are not reported, nor
 * is what says that a key has no value (`mynah_cache_set_negative`).
 * What waits to be told of is held in addition to `max_memory_mb`: after
 * `mynah_cache_clear` and `mynah_cache_set_capacity` that is all that left.
 *
 * `destroy` (NULL allowed) is called with `user` once, after the last call,
 * when the options and every cache made from them are gone, or it has been
 * replaced and no cache was made with it, or at once if this fails. NULL for
 * `callback` withdraws what was set.
 *
 * The caller promises:
 * 1. `callback` and `destroy` may be called with `user` on any thread.
 */
MYNAH_API
mynah_status mynah_cache_options_on_evict(mynah_cache_options *options,
                                          mynah_evict_fn callback,
                                          void *user,
                                          mynah_destroy_fn destroy);

/**
 * Has a function told when a cache made from these options crosses one of its
 * `alert_` thresholds, once each time, and once when it recovers. Thresholds
 * are looked at during one in some hundreds of the gets and sets, at most once a
 * second, and when the metrics are read; the function runs on that call's thread
 * with no lock held, and may call anything; what that causes is told once it has
 * returned. Changes are told in their order, one at a time: what a call finds while
 * another thread is being told of one is told there next. `user` and `destroy` as
 * for `mynah_cache_options_on_evict`.
 *
 * The caller promises:
 * 1. `callback` and `destroy` may be called with `user` on any thread.
 */
MYNAH_API
mynah_status mynah_cache_options_on_alert(mynah_cache_options *options,
                                          mynah_alert_fn callback,
                                          void *user,
                                          mynah_destroy_fn destroy);

/**
 * Has a function told what the caches made from these options decide about
 * themselves (`auto_tuning`), with the reason, as `MYNAH_LOG_INFO`, and of the
 * thresholds that they cross, as `MYNAH_LOG_WARNING`. It runs with no lock
 * held, on the thread of the call that found it or on one of the library's.
 * Records of a lower level than `least_level` are left out. `user` and
 * `destroy` as for `mynah_cache_options_on_evict`.
 *
 * Errors: `MYNAH_OUT_OF_RANGE` for a level that is none of `MYNAH_LOG_DEBUG` to
 * `MYNAH_LOG_ERROR`.
 *
 * The caller promises:
 * 1. `callback` and `destroy` may be called with `user` on any thread.
 */
MYNAH_API
mynah_status mynah_cache_options_on_log(mynah_cache_options *options,
                                        int32_t least_level,
                                        mynah_log_fn callback,
                                        void *user,
                                        mynah_destroy_fn destroy);

/**
 * Has alerts, departures or both (`which` is one of `MYNAH_CACHE_ALERTS` and
 * `MYNAH_CACHE_DEPARTURES`, or their sum) arrive in a queue instead of a
 * callback, as `MYNAH_ITEM_ALERT` and `MYNAH_ITEM_EVICT` with a copy of the
 * entry. A queue keeps up to 10,000 records, alerts and departures, and 64 MiB
 * of them; more are dropped.
 *
 * Errors: `MYNAH_OUT_OF_RANGE` for another `which`.
 */
MYNAH_API
mynah_status mynah_cache_options_events_to_queue(mynah_cache_options *options,
                                                 int32_t which,
                                                 mynah_queue *queue);

/* --------------------------------------------------------------------------
 * mynah_cache: bytes by bytes, shared by any number of threads.
 * -------------------------------------------------------------------------- */

/**
 * The cache's `default_ttl_ms`.
 */
#define MYNAH_TTL_DEFAULT 0

/**
 * Never expires.
 */
#define MYNAH_TTL_NEVER UINT64_MAX

/**
 * Makes a cache. NULL options are the defaults. Free it with
 * `mynah_cache_free`.
 *
 * Errors: those of the options' handle; `MYNAH_INTERNAL` if there is no room
 * for another handle.
 *
 * The caller promises:
 * 1. `cache` is null or writable.
 * 2. `err` is null or writable.
 */
MYNAH_API
mynah_status mynah_cache_new(const mynah_cache_options *options,
                             mynah_cache **cache,
                             mynah_error **err);

/**
 * Frees a cache; null is allowed. Its memory goes back at once, but for
 * values that are still held, and unless client options or clients share it: then
 * it goes on in them, with its callbacks, and goes with the last. Waits for the short
 * calls that are inside to leave, and for its callbacks that run on other threads,
 * those of saving, loading and warming too; no other is called then. Called from
 * inside a callback of a cache it does not wait, and inside one of its own, what has
 * left is still told. In any case `destroy` is the end. Longer calls finish by
 * themselves. Any thread.
 */
MYNAH_API void mynah_cache_free(mynah_cache *cache);

/* --------------------------------------------------------------------------
 * The entries of a mynah_cache: stored, found, given another lifetime,
 * removed.
 * -------------------------------------------------------------------------- */

/**
 * Stores a copy of a value under a key, replacing any earlier one.
 *
 * `ttl_ms`: lifetime in milliseconds, `MYNAH_TTL_DEFAULT` (0) for the cache's
 * own, or `MYNAH_TTL_NEVER`. When it returns, the cache is within its bounds.
 * Any thread; waits for the key's shard.
 *
 * Errors: `MYNAH_TOO_LARGE` beyond `max_entry_bytes`, half of `max_memory_mb`, or,
 * whatever those are, 4294967295 bytes of key and value together; `MYNAH_BUSY` as
 * `max_retries` says. What was under the key before stays then.
 *
 * The caller promises:
 * 1. `key` and `value` point to that many readable bytes; null only with 0.
 */
MYNAH_API
mynah_status mynah_cache_set(mynah_cache *cache,
                             const void *key,
                             size_t key_len,
                             const void *value,
                             size_t value_len,
                             uint64_t ttl_ms);

/**
 * Finds a key's value: a reference, not a copy, unless it is stored compressed. It
 * stays valid after the entry and the cache are gone; free it with
 * `mynah_value_free`. Any thread; waits for a writer of the key's shard.
 *
 * Errors: `MYNAH_NOT_FOUND` on a miss; `MYNAH_BUSY` as `max_retries` says.
 *
 * The caller promises:
 * 1. `key` points to that many readable bytes; null only with 0.
 * 2. `value` is null or writable.
 */
MYNAH_API
mynah_status mynah_cache_get(mynah_cache *cache,
                             const void *key,
                             size_t key_len,
                             mynah_value **value);

/**
 * Copies a key's value into the caller's buffer and sets `*len`. Any thread;
 * waits for a writer of the key's shard. What the buffer holds after an error,
 * and beyond the value, is undefined.
 *
 * Errors: `MYNAH_NOT_FOUND` on a miss; `MYNAH_TOO_LARGE` if it does not fit,
 * with the needed length in `*len`, which counts as neither hit nor miss;
 * `MYNAH_BUSY` as `max_retries` says.
 *
 * The caller promises:
 * 1. `key` points to `key_len` readable bytes; null only with 0.
 * 2. `buf` points to `cap` writable bytes; null only with 0.
 * 3. `len` is null or writable.
 */
MYNAH_API
mynah_status mynah_cache_get_into(mynah_cache *cache,
                                  const void *key,
                                  size_t key_len,
                                  void *buf,
                                  size_t cap,
                                  size_t *len);

/**
 * `MYNAH_OK` if there is a live value under a key, else `MYNAH_NOT_FOUND`.
 * Counts as neither hit nor miss. Any thread.
 *
 * Errors: `MYNAH_BUSY` as `max_retries` says.
 *
 * The caller promises:
 * 1. `key` points to that many readable bytes; null only with 0.
 */
MYNAH_API
mynah_status mynah_cache_contains(mynah_cache *cache,
                                  const void *key,
                                  size_t key_len);

/**
 * Gives a live entry another lifetime from now; `ttl_ms` as for
 * `mynah_cache_set`. `MYNAH_NOT_FOUND` if there is none. Any thread.
 *
 * Errors: `MYNAH_BUSY` as `max_retries` says.
 *
 * The caller promises:
 * 1. `key` points to that many readable bytes; null only with 0.
 */
MYNAH_API
mynah_status mynah_cache_touch(mynah_cache *cache,
                               const void *key,
                               size_t key_len,
                               uint64_t ttl_ms);

/**
 * Removes a key; `MYNAH_NOT_FOUND` if there was no live entry. Any thread.
 *
 * Errors: `MYNAH_BUSY` as `max_retries` says.
 *
 * The caller promises:
 * 1. `key` points to that many readable bytes; null only with 0.
 */
MYNAH_API
mynah_status mynah_cache_remove(mynah_cache *cache,
                                const void *key,
                                size_t key_len);

/**
 * Removes everything. What is set meanwhile may stay. Any thread.
 */
MYNAH_API mynah_status mynah_cache_clear(mynah_cache *cache);

/* --------------------------------------------------------------------------
 * The state of a mynah_cache: its figures, its bounds, and what can be
 * changed live.
 * -------------------------------------------------------------------------- */

/**
 * How many entries there are, those included that have expired and not left
 * yet; 0 for what is not a live cache. Any thread.
 */
MYNAH_API uint64_t mynah_cache_len(mynah_cache *cache);

/**
 * Accounted bytes, at the size the allocator takes: entries, tables, queues
 * and the cache itself; 0 for what is not a live cache. Never above
 * `max_memory_mb` after a set has returned. Any thread.
 */
MYNAH_API uint64_t mynah_cache_memory_bytes(mynah_cache *cache);

/**
 * How many shards there are; 0 for what is not a live cache. Any thread.
 */
MYNAH_API uint32_t mynah_cache_shard_count(mynah_cache *cache);

/**
 * The most entries that it holds; 0 for what is not a live cache. Any thread.
 */
MYNAH_API uint64_t mynah_cache_capacity(mynah_cache *cache);

/**
 * Changes the number of shards to what the option `shard_count` would make of
 * `shards`; 0 lets the cache choose. Gets and sets go on meanwhile and lose
 * nothing, unless the tables of more shards leave entries no room under
 * `max_memory_mb`; each waits for one shard's part at most. Shards that go out of
 * use stay until the cache is freed, empty, and take up to 1 KB each: fewer shards
 * do not give back all that more of them took. Returns when it is done. Any thread.
 *
 * Errors: `MYNAH_OUT_OF_RANGE`.
 *
 * The caller promises:
 * 1. `err` is null or writable.
 */
MYNAH_API
mynah_status mynah_cache_resize(mynah_cache *cache,
                                uint32_t shards,
                                mynah_error **err);

/**
 * Changes the most entries that the cache holds. When it returns, no more are
 * held. Any thread.
 *
 * Errors: `MYNAH_OUT_OF_RANGE`.
 *
 * The caller promises:
 * 1. `err` is null or writable.
 */
MYNAH_API
mynah_status mynah_cache_set_capacity(mynah_cache *cache,
                                      uint64_t capacity,
                                      mynah_error **err);

/**
 * The effective options as JSON: for each its value and the layer that it
 * came from, or what has changed it since: `set_capacity`, `resize` or
 * `auto_tuning`. `shard_count` is what was asked for; `mynah_cache_shard_count`
 * says how many there are. The value is the caller's to free. Any thread.
 *
 * The caller promises:
 * 1. `value` is null or writable.
 */
MYNAH_API mynah_status mynah_cache_options_json(mynah_cache *cache, mynah_value **value);

/**
 * All figures as JSON: hits, misses, rates, departures by reason, latencies,
 * memory, shards, sweep, compression, raised alerts. The value is the caller's
 * to free. Any thread; takes each shard's read lock in turn. Where memory is what
 * makes entries leave, the models that `mynah_cache_advise_json` predicts from may
 * begin anew for that, and entries leave for what they take.
 *
 * The caller promises:
 * 1. `value` is null or writable.
 */
MYNAH_API mynah_status mynah_cache_metrics_json(mynah_cache *cache, mynah_value **value);

/**
 * Advice as JSON: `findings` (symptom, evidence, cause, the option to change
 * and its value, or, where no option would help, `look_at`: what to look at) and
 * `predicted`: hit rates at half, twice and four times the bound that makes entries
 * leave (`scaled`: `capacity`, or `max_memory_mb`) with an error, or a text that says
 * why not, such as too few requests yet. The value is the caller's to free. Any thread.
 *
 * The caller promises:
 * 1. `value` is null or writable.
 */
MYNAH_API mynah_status mynah_cache_advise_json(mynah_cache *cache, mynah_value **value);

/**
 * The figures in Prometheus' text form, for an endpoint of the caller's. The
 * value is the caller's to free. Any thread, as above.
 *
 * The caller promises:
 * 1. `value` is null or writable.
 */
MYNAH_API
mynah_status mynah_cache_metrics_prometheus(mynah_cache *cache,
                                            mynah_value **value);

/* --------------------------------------------------------------------------
 * mynah_values: what many keys had, in one crossing.
 * -------------------------------------------------------------------------- */

/**
 * Looks many keys up in one call. The keys lie back to back in `keys`, their
 * `count` lengths in `key_lens`. The answers come in the same order; free them with
 * `mynah_values_free`. Any thread; waits for a writer of each key's shard in turn.
 *
 * Errors: `MYNAH_BUSY` as `max_retries` says; a miss is none.
 *
 * The caller promises:
 * 1. `key_lens` points to `count` lengths, `keys` to as many bytes as their sum.
 * 2. `values` is null or writable.
 */
MYNAH_API
mynah_status mynah_cache_get_many(mynah_cache *cache,
                                  const void *keys,
                                  const size_t *key_lens,
                                  size_t count,
                                  mynah_values **values);

/**
 * Looks many keys up in one call and copies their values into the caller's
 * buffer, in an order of the library's: the value of the `i`-th key begins at
 * `offsets[i]` and has `lens[i]` bytes; a length of `SIZE_MAX` is a miss. The
 * keys lie back to back in `keys`, their `count` lengths in `key_lens`.
 * `*needed` is how many bytes all values take, and 0 after other errors than
 * `MYNAH_TOO_LARGE`. Any thread; waits for a writer
 * of each key's shard in turn.
 *
 * Errors: `MYNAH_TOO_LARGE` if `*needed` is more than `cap`; what the buffer
 * holds is then not to be relied on, and none of the keys counts as hit or miss.
 * `MYNAH_BUSY` as `max_retries` says.
 *
 * The caller promises:
 * 1. `key_lens` points to `count` lengths, `keys` to as many bytes as their sum.
 * 2. `buf` points to `cap` writable bytes; null only with 0.
 * 3. `offsets` and `lens` have room for `count` numbers; `needed` is writable.
 */
MYNAH_API
mynah_status mynah_cache_get_many_into(mynah_cache *cache,
                                       const void *keys,
                                       const size_t *key_lens,
                                       size_t count,
                                       void *buf,
                                       size_t cap,
                                       size_t *offsets,
                                       size_t *lens,
                                       size_t *needed);

/**
 * Stores many values in one call. Keys and values lie back to back, their
 * `count` lengths in `key_lens` and `value_lens`; `ttl_ms` as for
 * `mynah_cache_set`. Any thread.
 *
 * Errors: those of `mynah_cache_set`; what came before the value that failed
 * is stored.
 *
 * The caller promises:
 * 1. `key_lens` points to `count` lengths, `keys` to as many bytes as their sum.
 * 2. `value_lens` points to `count` lengths, `values` to as many bytes.
 */
MYNAH_API
mynah_status mynah_cache_set_many(mynah_cache *cache,
                                  const void *keys,
                                  const size_t *key_lens,
                                  const void *values,
                                  const size_t *value_lens,
                                  size_t count,
                                  uint64_t ttl_ms);

/**
 * How many answers there are, misses included; 0 for NULL.
 *
 * The caller promises:
 * 1. `values` is null or live.
 */
MYNAH_API size_t mynah_values_count(const mynah_values *values);

/**
 * The value of the `i`-th key and its length; NULL for a miss, and for an
 * index that there is not. Lives as long as `values`.
 *
 * The caller promises:
 * 1. `values` is null or live.
 * 2. `len` is null or writable.
 */
MYNAH_API const void *mynah_values_get(const mynah_values *values, size_t i, size_t *len);

/**
 * Gives the answers back, once; null is allowed.
 *
 * The caller promises:
 * 1. `values` is null or live, and not used again.
 */
MYNAH_API void mynah_values_free(mynah_values *values);

/* --------------------------------------------------------------------------
 * mynah_claim: the duty of one caller to load a key for all.
 * -------------------------------------------------------------------------- */

/**
 * Finds a key's value, or gives the caller the duty to load it. With
 * `MYNAH_OK` exactly one of `*value` and `*claim` is set:
 *
 * - the value, live, or expired and being renewed by another
 *   (`stale_while_revalidate_ms`); free it with `mynah_value_free`;
 * - a claim: nobody has the value and nobody else is loading it. Settle it.
 *
 * If another caller holds the claim, this one waits up to `wait_ms` for what
 * becomes of it, or for a value that somebody stores without it. Any thread.
 *
 * Errors: `MYNAH_NOT_FOUND` if it is known that there is no value;
 * `MYNAH_TIMEOUT`; `MYNAH_CANCELLED` through the token (NULL allowed), also if
 * it was triggered before; `MYNAH_BUSY` as `max_retries` says, however long
 * `wait_ms` is; `MYNAH_CLOSED` if the cache is freed meanwhile; and the status
 * that the other caller's `mynah_claim_fail` gave.
 *
 * The caller promises:
 * 1. `key` points to that many readable bytes; null only with 0.
 * 2. `value` and `claim` are null or writable.
 */
MYNAH_API
mynah_status mynah_cache_get_or_claim(mynah_cache *cache,
                                      const void *key,
                                      size_t key_len,
                                      uint64_t wait_ms,
                                      mynah_cancel *cancel,
                                      mynah_value **value,
                                      mynah_claim **claim);

/**
 * As `mynah_cache_get_or_claim`, for a caller who has asked it and was answered
 * `MYNAH_TIMEOUT`: goes on waiting. It is the same look-up, counts as no other, and is
 * no use of the entry; so who must not block for long can wait in pieces. `*err` has
 * what the other caller's `mynah_claim_fail` said. Any thread.
 *
 * The caller promises:
 * 1. `key` points to that many readable bytes; null only with 0.
 * 2. `value`, `claim` and `err` are null or writable.
 */
MYNAH_API
mynah_status mynah_cache_wait_or_claim(mynah_cache *cache,
                                       const void *key,
                                       size_t key_len,
                                       uint64_t wait_ms,
                                       mynah_cancel *cancel,
                                       mynah_value **value,
                                       mynah_claim **claim,
                                       mynah_error **err);

/**
 * Stores the value of a claimed key and gives it to all who wait; if the key was
 * stored, removed or cleared since it was claimed, it is only given. `ttl_ms` as
 * for `mynah_cache_set`. The claim is settled, and still to be freed. Any
 * thread.
 *
 * Errors: those of `mynah_cache_set` (the waiters get the value all the same);
 * `MYNAH_CLOSED` if it was settled before, or the cache was freed;
 * `MYNAH_NULL_ARGUMENT` for the value leaves the claim unsettled.
 *
 * The caller promises:
 * 1. `value` points to that many readable bytes; null only with 0.
 */
MYNAH_API
mynah_status mynah_claim_fill(mynah_claim *claim,
                              const void *value,
                              size_t len,
                              uint64_t ttl_ms);

/**
 * Stores that there is nothing under the claimed key, for a while: look-ups
 * and `mynah_cache_get_or_claim` answer `MYNAH_NOT_FOUND`, count as misses, and
 * nobody is asked to load it. `ttl_ms` as for `mynah_cache_set`. The waiters get
 * `MYNAH_NOT_FOUND`. Any thread.
 *
 * Errors: those of `mynah_cache_set` (the claim is settled all the same);
 * `MYNAH_CLOSED` if it was settled before, or the cache was freed.
 */
MYNAH_API mynah_status mynah_claim_fill_negative(mynah_claim *claim, uint64_t ttl_ms);

/**
 * Tells all who wait that the value could not be loaded: their calls answer
 * `status` (not `MYNAH_OK`), and `message` where they have a place for an error
 * (`mynah_cache_wait_or_claim`). Nothing is stored. NULL for `message` is allowed, and
 * what is not UTF-8 in it is replaced: a failure's text is whatever it is. Any
 * thread.
 *
 * Errors: `MYNAH_INVALID_ARGUMENT` if `status` is `MYNAH_OK` or no status, which
 * leaves the claim unsettled; `MYNAH_CLOSED` if it was settled before.
 *
 * The caller promises:
 * 1. `message` is null or NUL-terminated.
 */
MYNAH_API
mynah_status mynah_claim_fail(mynah_claim *claim,
                              mynah_status status,
                              const char *message);

/**
 * Frees a claim; null is allowed. Unsettled, it passes to the next who waits.
 */
MYNAH_API void mynah_claim_free(mynah_claim *claim);

/**
 * Stores that there is nothing under a key; see `mynah_claim_fill_negative`.
 *
 * Errors: those of `mynah_cache_set`.
 *
 * The caller promises:
 * 1. `key` points to that many readable bytes; null only with 0.
 */
MYNAH_API
mynah_status mynah_cache_set_negative(mynah_cache *cache,
                                      const void *key,
                                      size_t key_len,
                                      uint64_t ttl_ms);

/* --------------------------------------------------------------------------
 * Filling a cache before it is needed.
 * -------------------------------------------------------------------------- */

/**
 * Loads one key: fill or fail the claim, which stays the library's. 0 goes on,
 * anything else stops the warming.
 */
typedef int32_t (*mynah_load_fn)(void *user,
                                 const void *key,
                                 size_t key_len,
                                 mynah_claim *claim);

/**
 * Fills a cache before it is needed: calls `load` with a claim for every key
 * that is not there and not being loaded already, one after another on this
 * thread, and counts in `*loaded` (NULL allowed) how many of all keys are there
 * afterwards, also where it ended sooner. What it looks up counts as neither hit nor
 * miss. The keys lie back to back, their lengths in `key_lens`.
 *
 * Errors: `MYNAH_STOPPED` if `load` said so, `MYNAH_CLOSED` if the cache was
 * freed meanwhile.
 *
 * The caller promises:
 * 1. `key_lens` points to `count` lengths, `keys` to as many bytes as their sum.
 * 2. `load` may be called with `user`.
 * 3. `loaded` and `err` are null or writable.
 */
MYNAH_API
mynah_status mynah_cache_warm(mynah_cache *cache,
                              const void *keys,
                              const size_t *key_lens,
                              size_t count,
                              mynah_load_fn load,
                              void *user,
                              uint64_t *loaded,
                              mynah_error **err);

/* --------------------------------------------------------------------------
 * mynah_cache_iter, and what else goes over a whole cache: prefixes,
 * snapshots.
 * -------------------------------------------------------------------------- */

/**
 * Told how far a save or a load has come; 0 goes on, anything else stops it.
 */
typedef int32_t (*mynah_transfer_fn)(void *user, uint64_t done, uint64_t total);

/**
 * Begins a walk over all live entries. What is in the cache from beginning to
 * end comes exactly once, however it is resized meanwhile; what is stored or
 * leaves on the way may or may not come. Free it with `mynah_cache_iter_free`.
 *
 * The caller promises:
 * 1. `iter` is null or writable.
 */
MYNAH_API mynah_status mynah_cache_iter_new(mynah_cache *cache, mynah_cache_iter **iter);

/**
 * The next entry: copies of key and value, each to be freed with
 * `mynah_value_free`. `MYNAH_NOT_FOUND` at the end, `MYNAH_CLOSED` if the cache
 * was freed before that. No shard stays locked between calls.
 *
 * Errors: `MYNAH_BUSY` as `max_retries` says; the next call goes on where it was.
 * `MYNAH_INTERNAL` if a compressed value cannot be unpacked; the next call goes on
 * behind it.
 *
 * The caller promises:
 * 1. `key` and `value` are null or writable.
 */
MYNAH_API
mynah_status mynah_cache_iter_next(mynah_cache_iter *iter,
                                   mynah_value **key,
                                   mynah_value **value);

/**
 * Ends a walk; null is allowed.
 */
MYNAH_API void mynah_cache_iter_free(mynah_cache_iter *iter);

/**
 * Removes every key that begins with a prefix and counts in `*removed` (NULL
 * allowed) how many live entries went. Looks at every key, however long it takes
 * until a shard is free; readers and writers go on meanwhile. Any thread.
 *
 * The caller promises:
 * 1. `prefix` points to that many readable bytes; null only with 0.
 * 2. `removed` is null or writable.
 */
MYNAH_API
mynah_status mynah_cache_remove_prefix(mynah_cache *cache,
                                       const void *prefix,
                                       size_t prefix_len,
                                       uint64_t *removed);

/**
 * Saves all live entries to a file, with what remains of their lives. The file
 * is written beside its place, under a name of its own, and renamed: a reader
 * sees the old one or the new one, whole. A link is followed, and a file that
 * is there keeps its permissions. Blocks until it is on the disk; gets and sets
 * of other threads go on. Any thread.
 *
 * Errors: `MYNAH_IO`, also if `path` is there and is no file; `MYNAH_CLOSED` if
 * the cache is freed meanwhile. The old file stays then.
 *
 * The caller promises:
 * 1. `path` is NUL-terminated UTF-8.
 * 2. `err` is null or writable.
 */
MYNAH_API
mynah_status mynah_cache_save(mynah_cache *cache,
                              const char *path,
                              mynah_error **err);

/**
 * As `mynah_cache_save`, told how far it has come, first and last too, and
 * counting the entries in `*count` (NULL allowed). `MYNAH_STOPPED` if `progress`
 * says so; the old file stays then.
 *
 * The caller promises:
 * 1. `path` is NUL-terminated UTF-8.
 * 2. `progress` may be called with `user` on this thread.
 * 3. `count` and `err` are null or writable.
 */
MYNAH_API
mynah_status mynah_cache_save_with(mynah_cache *cache,
                                   const char *path,
                                   mynah_transfer_fn progress,
                                   void *user,
                                   uint64_t *count,
                                   mynah_error **err);

/**
 * Stores what a file of `mynah_cache_save` holds, over what is there and
 * within this cache's bounds. The whole file is checked first: one that is
 * cut, changed or foreign leaves the cache as it was. Blocks. Any thread.
 *
 * An entry larger than this cache allows is left out.
 *
 * Errors: `MYNAH_IO` if it cannot be read, `MYNAH_PROTOCOL` if it is refused,
 * `MYNAH_CLOSED` if the cache is freed meanwhile.
 *
 * The caller promises:
 * 1. `path` is NUL-terminated UTF-8.
 * 2. `err` is null or writable.
 */
MYNAH_API
mynah_status mynah_cache_load(mynah_cache *cache,
                              const char *path,
                              mynah_error **err);

/**
 * As `mynah_cache_load`, told how far it has come, first and last too, and
 * counting the entries that it stored in `*count` (NULL allowed).
 * `MYNAH_STOPPED` if `progress` says so; what came before stays then.
 *
 * The caller promises:
 * 1. `path` is NUL-terminated UTF-8.
 * 2. `progress` may be called with `user` on this thread.
 * 3. `count` and `err` are null or writable.
 */
MYNAH_API
mynah_status mynah_cache_load_with(mynah_cache *cache,
                                   const char *path,
                                   mynah_transfer_fn progress,
                                   void *user,
                                   uint64_t *count,
                                   mynah_error **err);

/* --------------------------------------------------------------------------
 * mynah_client_options: what a client is made from.
 * -------------------------------------------------------------------------- */

/**
 * Makes client options with every default; NULL if there is no room for
 * another handle. Free them with `mynah_client_options_free`.
 */
MYNAH_API mynah_client_options *mynah_client_options_new(void);

/**
 * Sets any option from text. `default` withdraws what was set; `unset`
 * removes what a preset or use case would set: no value is left, or the
 * default where there must be one. Repeatable options gather.
 *
 * Errors: `MYNAH_UNKNOWN_OPTION`, `MYNAH_OUT_OF_RANGE`,
 * `MYNAH_INVALID_ARGUMENT`, each with name, value and range in the message;
 * nothing is changed then.
 *
 * The caller promises:
 * 1. `name` and `value` are null or NUL-terminated.
 * 2. `err` is null or writable.
 */
MYNAH_API
mynah_status mynah_client_options_set(mynah_client_options *options,
                                      const char *name,
                                      const char *value,
                                      mynah_error **err);

/**
 * Sets all options of a JSON object, or on an error none; null is `default`.
 * `MYNAH_TOO_LARGE` beyond 16 MiB.
 *
 * The caller promises:
 * 1. `json` points to `len` readable bytes.
 * 2. `err` is null or writable.
 */
MYNAH_API
mynah_status mynah_client_options_load_json(mynah_client_options *options,
                                            const char *json,
                                            size_t len,
                                            mynah_error **err);

/**
 * The effective value of one option and where it comes from, as JSON:
 * `{"value": ..., "origin": ...}`; key, address and model are those that a client
 * made now would have of the environment or the provider, and `cache_enabled` is as a
 * shared cache makes it. A secret is redacted. The value is the caller's to free.
 *
 * The caller promises:
 * 1. `name` is null or NUL-terminated.
 * 2. `value` is null or writable.
 */
MYNAH_API
mynah_status mynah_client_options_get(const mynah_client_options *options,
                                      const char *name,
                                      mynah_value **value);

/**
 * All client options as a JSON array: key, type, range, default and meaning
 * of each. The value is the caller's to free.
 *
 * The caller promises:
 * 1. `value` is null or writable.
 */
MYNAH_API mynah_status mynah_client_options_describe(mynah_value **value);

/**
 * Lets clients share a cache for their answers. The options and every client
 * made from them hold it: the handle may be freed at once. Turns
 * `cache_enabled` on unless that was set.
 */
MYNAH_API
mynah_status mynah_client_options_set_cache(mynah_client_options *options,
                                            mynah_cache *cache);

/**
 * Frees client options; null is allowed. Clients made from them live on.
 */
MYNAH_API void mynah_client_options_free(mynah_client_options *options);

/* --------------------------------------------------------------------------
 * Setters of mynah_client_options: who answers, and on whose account.
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
mynah_status mynah_client_options_set_provider(mynah_client_options *options,
                                               const char *text);

/**
 * The provider's key; unset: taken from the provider's environment variable.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
mynah_status mynah_client_options_set_api_key(mynah_client_options *options,
                                              const char *text);

/**
 * OpenAI's organisation.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
mynah_status mynah_client_options_set_organization_id(mynah_client_options *options,
                                                      const char *text);

/**
 * OpenAI's project.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
mynah_status mynah_client_options_set_project_id(mynah_client_options *options,
                                                 const char *text);

/**
 * Where the provider is reached, http or https; unset: its environment
 * variable, then its own address.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
mynah_status mynah_client_options_set_base_url(mynah_client_options *options,
                                               const char *text);

/**
 * Which of a regional vendor's hosts is used. One of intl, cn.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
mynah_status mynah_client_options_set_region(mynah_client_options *options,
                                             const char *text);

/**
 * Which of OpenAI's interfaces is used; auto: chat completions, and Responses
 * for tools, efforts and fields that are not taken there; only openai has
 * responses. One of auto, chat, responses.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
mynah_status mynah_client_options_set_openai_api(mynah_client_options *options,
                                                 const char *text);

/**
 * The model's name; unset: the provider's environment variable, then the
 * provider's standard model.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
mynah_status mynah_client_options_set_model(mynah_client_options *options,
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
mynah_status mynah_client_options_set_preset(mynah_client_options *options,
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
mynah_status mynah_client_options_set_use_case(mynah_client_options *options,
                                               const char *text);

/* --------------------------------------------------------------------------
 * Setters of mynah_client_options: how an answer is made, and in what form
 * it comes.
 * -------------------------------------------------------------------------- */

/**
 * Most tokens of an answer; a layer's value means text alone, and what thinking
 * may take comes on top; unset: the provider's own limit. Range 1..=4294967295.
 */
MYNAH_API
mynah_status mynah_client_options_set_max_tokens(mynah_client_options *options,
                                                 uint64_t n);

/**
 * Sampling temperature; unset: not sent. Range 0.0..=2.0.
 */
MYNAH_API
mynah_status mynah_client_options_set_temperature(mynah_client_options *options,
                                                  double x);

/**
 * Share of probability that sampling draws from; unset: not sent. Range
 * 0.0..=1.0.
 */
MYNAH_API
mynah_status mynah_client_options_set_top_p(mynah_client_options *options,
                                            double x);

/**
 * Number of tokens that sampling draws from, where the provider has it; unset:
 * not sent. Range 0..=1000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_top_k(mynah_client_options *options,
                                            uint64_t n);

/**
 * Penalty for tokens that have occurred; unset: not sent. Range -2.0..=2.0.
 */
MYNAH_API
mynah_status mynah_client_options_set_presence_penalty(mynah_client_options *options,
                                                       double x);

/**
 * Penalty by how often tokens have occurred; unset: not sent. Range
 * -2.0..=2.0.
 */
MYNAH_API
mynah_status mynah_client_options_set_frequency_penalty(mynah_client_options *options,
                                                        double x);

/**
 * Asks for repeatable sampling, where the provider has it; unset: not sent.
 * Range 0..=9223372036854775807.
 */
MYNAH_API
mynah_status mynah_client_options_set_seed(mynah_client_options *options,
                                           uint64_t n);

/**
 * Number of answers to one request; unset: one. Range 1..=128.
 */
MYNAH_API
mynah_status mynah_client_options_set_n(mynah_client_options *options,
                                        uint64_t n);

/**
 * Text that ends the answer; each setting adds one.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
mynah_status mynah_client_options_set_stop(mynah_client_options *options,
                                           const char *text);

/**
 * How much the model thinks before it answers; where that is a budget of tokens,
 * at most half of an explicit max_tokens, or the least that the model takes;
 * unset: the model's own. One of none, minimal, low, medium, high, xhigh, max.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
mynah_status mynah_client_options_set_reasoning_effort(mynah_client_options *options,
                                                       const char *text);

/**
 * Most tokens of thinking, where the provider counts them; unset: not sent.
 * Range 0..=10000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_reasoning_budget(mynah_client_options *options,
                                                       uint64_t n);

/**
 * A system message put before every conversation that has none.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
mynah_status mynah_client_options_set_system_prompt(mynah_client_options *options,
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
mynah_status mynah_client_options_set_unsupported(mynah_client_options *options,
                                                  const char *text);

/**
 * Lets plain calls use a stream underneath, so that silence is noticed.
 */
MYNAH_API
mynah_status mynah_client_options_set_streaming_enabled(mynah_client_options *options,
                                                        int32_t on);

/**
 * Asks streams of chat completions for usage; unset: it does.
 */
MYNAH_API
mynah_status mynah_client_options_set_include_usage(mynah_client_options *options,
                                                    int32_t on);

/**
 * Also delivers each of the provider's own events as JSON.
 */
MYNAH_API
mynah_status mynah_client_options_set_raw_events(mynah_client_options *options,
                                                 int32_t on);

/* --------------------------------------------------------------------------
 * Setters of mynah_client_options: how long a call and each of its phases
 * may take.
 * -------------------------------------------------------------------------- */

/**
 * Milliseconds for the whole call: all attempts and waits. Range
 * 1..=3153600000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_timeout_ms(mynah_client_options *options,
                                                 uint64_t n);

/**
 * Milliseconds to look up the name, connect and agree on TLS; 0: no bound.
 * Range 0..=3153600000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_connect_timeout_ms(mynah_client_options *options,
                                                         uint64_t n);

/**
 * Milliseconds from the request's end to the answer's first byte; 0: no bound.
 * Range 0..=3153600000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_first_byte_timeout_ms(mynah_client_options *options,
                                                            uint64_t n);

/**
 * Milliseconds from the request's end to the first event with content of a stream;
 * 0: no bound. Range 0..=3153600000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_first_token_timeout_ms(mynah_client_options *options,
                                                             uint64_t n);

/**
 * Milliseconds without any byte; comments and pings count as life; 0: no
 * bound. Range 0..=3153600000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_silence_timeout_ms(mynah_client_options *options,
                                                         uint64_t n);

/**
 * Milliseconds without an event with content, counted from the first one; 0:
 * no bound. Range 0..=3153600000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_idle_timeout_ms(mynah_client_options *options,
                                                      uint64_t n);

/* --------------------------------------------------------------------------
 * Setters of mynah_client_options: what is tried again, and when nothing is
 * tried.
 * -------------------------------------------------------------------------- */

/**
 * Attempts after the first one that failed. Range 0..=20.
 */
MYNAH_API
mynah_status mynah_client_options_set_retry_count(mynah_client_options *options,
                                                  uint64_t n);

/**
 * Milliseconds of the first back-off; the actual one is random below it. Range
 * 0..=3153600000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_retry_delay_ms(mynah_client_options *options,
                                                     uint64_t n);

/**
 * Longest back-off in milliseconds. Range 0..=3153600000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_max_retry_delay_ms(mynah_client_options *options,
                                                         uint64_t n);

/**
 * Doubles the back-off from attempt to attempt.
 */
MYNAH_API
mynah_status mynah_client_options_set_exponential_backoff(mynah_client_options *options,
                                                          int32_t on);

/**
 * A provider that asks to wait longer than this ends the call. Range
 * 0..=3153600000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_max_retry_after_ms(mynah_client_options *options,
                                                         uint64_t n);

/**
 * Also repeats requests that may have reached the provider, which may then
 * bill twice.
 */
MYNAH_API
mynah_status mynah_client_options_set_retry_after_send(mynah_client_options *options,
                                                       int32_t on);

/**
 * Retries, as a share of the calls, beyond which none is made but from a reserve
 * of 20, which fills by one a second. Range 0..=100.
 */
MYNAH_API
mynah_status mynah_client_options_set_retry_budget_percent(mynah_client_options *options,
                                                           uint64_t n);

/**
 * Failures in a row that open the circuit breaker; 0: no breaker by count.
 * Range 0..=1000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_breaker_failure_threshold(mynah_client_options *options,
                                                                uint64_t n);

/**
 * Share of failures in the window that opens the circuit breaker; 0: no
 * breaker by ratio. Range 0.0..=1.0.
 */
MYNAH_API
mynah_status mynah_client_options_set_breaker_failure_ratio(mynah_client_options *options,
                                                            double x);

/**
 * Milliseconds that breaker_failure_ratio looks back. Range
 * 1000..=3153600000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_breaker_window_ms(mynah_client_options *options,
                                                        uint64_t n);

/**
 * Calls in the window before breaker_failure_ratio counts. Range 1..=1000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_breaker_min_calls(mynah_client_options *options,
                                                        uint64_t n);

/**
 * Milliseconds until an open breaker lets one trial call through. Range
 * 1..=3153600000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_breaker_reset_timeout_ms(mynah_client_options *options,
                                                               uint64_t n);

/* --------------------------------------------------------------------------
 * Setters of mynah_client_options: how much is sent at a time, and how
 * large an answer may be.
 * -------------------------------------------------------------------------- */

/**
 * Requests a minute of each model; more wait their turn; 0: no limit. Range
 * 0..=100000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_rate_limit_rpm(mynah_client_options *options,
                                                     uint64_t n);

/**
 * Tokens a minute of each model; more wait their turn; 0: no limit. Range
 * 0..=1000000000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_rate_limit_tpm(mynah_client_options *options,
                                                     uint64_t n);

/**
 * Calls of each model at one time; more wait their turn; 0: no limit. Range
 * 0..=1000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_max_in_flight(mynah_client_options *options,
                                                    uint64_t n);

/**
 * Largest head of an answer, in bytes; of 128 headers at most. Range 1024..=16777216.
 */
MYNAH_API
mynah_status mynah_client_options_set_max_header_bytes(mynah_client_options *options,
                                                       uint64_t n);

/**
 * Largest event of a stream, in bytes. Range 1024..=4294967295.
 */
MYNAH_API
mynah_status mynah_client_options_set_max_event_bytes(mynah_client_options *options,
                                                      uint64_t n);

/**
 * Largest answer, in bytes. Range 1024..=4294967295.
 */
MYNAH_API
mynah_status mynah_client_options_set_max_response_bytes(mynah_client_options *options,
                                                         uint64_t n);

/* --------------------------------------------------------------------------
 * Setters of mynah_client_options: the way to the provider.
 * -------------------------------------------------------------------------- */

/**
 * Idle connections that are kept open. Range 0..=100000.
 */
MYNAH_API
mynah_status mynah_client_options_set_max_connections(mynah_client_options *options,
                                                      uint64_t n);

/**
 * Milliseconds after which an idle connection is not used again; the client's
 * next call closes it. Range 0..=3153600000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_max_idle_connection_ms(mynah_client_options *options,
                                                             uint64_t n);

/**
 * Proxy URL (http, https, socks5), or none; unset: the environment's.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
mynah_status mynah_client_options_set_proxy(mynah_client_options *options,
                                            const char *text);

/**
 * A header that is sent with every request.
 *
 * As `Name: value`; each call adds one, or replaces the one of that name.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
mynah_status mynah_client_options_set_header(mynah_client_options *options,
                                             const char *text);

/**
 * Lets a key travel over plain http to a host that is not loopback.
 */
MYNAH_API
mynah_status mynah_client_options_set_allow_insecure_http(mynah_client_options *options,
                                                          int32_t on);

/**
 * PEM file of authorities, or servers' own certificates, that are trusted instead
 * of the system's.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
mynah_status mynah_client_options_set_ca_file(mynah_client_options *options,
                                              const char *text);

/**
 * Checks the provider's certificate; false only for tests.
 */
MYNAH_API
mynah_status mynah_client_options_set_tls_verify(mynah_client_options *options,
                                                 int32_t on);

/* --------------------------------------------------------------------------
 * Setters of mynah_client_options: what is answered without asking again.
 * -------------------------------------------------------------------------- */

/**
 * Answers repeated requests from the response cache.
 */
MYNAH_API
mynah_status mynah_client_options_set_cache_enabled(mynah_client_options *options,
                                                    int32_t on);

/**
 * Milliseconds for which an answer is kept; 0: for ever. Range
 * 0..=3153600000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_cache_ttl_ms(mynah_client_options *options,
                                                   uint64_t n);

/**
 * Also keeps answers that call tools.
 */
MYNAH_API
mynah_status mynah_client_options_set_cache_tool_calls(mynah_client_options *options,
                                                       int32_t on);

/**
 * Milliseconds after its expiry during which an answer is given while it is
 * renewed; 0: off. Range 0..=3153600000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_cache_stale_while_revalidate_ms(mynah_client_options *options,
                                                                      uint64_t n);

/**
 * Lets identical calls in flight share one request; unset: where the response
 * cache is on.
 */
MYNAH_API
mynah_status mynah_client_options_set_coalesce(mynah_client_options *options,
                                               int32_t on);

/**
 * Sends identical requests of a batch once; unset: as coalesce.
 */
MYNAH_API
mynah_status mynah_client_options_set_batch_dedup(mynah_client_options *options,
                                                  int32_t on);

/* --------------------------------------------------------------------------
 * Setters of mynah_client_options: what tokens cost, and what is worth an
 * alert.
 * -------------------------------------------------------------------------- */

/**
 * The price of a model, also under its dated names, in USD per million tokens:
 * `model=in,out[,cached in[,cache write]]`; `=in,out` is that of all others;
 * each setting adds one.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
mynah_status mynah_client_options_set_price(mynah_client_options *options,
                                            const char *text);

/**
 * A JSON file of models' prices in the form that LiteLLM publishes; read when
 * the client is made; unset: the built-in table.
 *
 * The caller promises:
 * 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
 */
MYNAH_API
mynah_status mynah_client_options_set_price_file(mynah_client_options *options,
                                                 const char *text);

/**
 * Alerts when the share of calls that succeed falls below; 0: off. Range
 * 0.0..=1.0.
 */
MYNAH_API
mynah_status mynah_client_options_set_alert_min_success_rate(mynah_client_options *options,
                                                             double x);

/**
 * Alerts when the mean latency exceeds this many milliseconds; 0: off. Range
 * 0..=3153600000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_alert_max_latency_ms(mynah_client_options *options,
                                                           uint64_t n);

/**
 * Alerts when the 99th percentile of the latency exceeds this many
 * milliseconds; 0: off. Range 0..=3153600000000.
 */
MYNAH_API
mynah_status mynah_client_options_set_alert_max_p99_ms(mynah_client_options *options,
                                                       uint64_t n);

/**
 * Alerts when the mean cost of a request exceeds this many US dollars; 0: off.
 * Range 0.0..=1000000.0.
 */
MYNAH_API
mynah_status mynah_client_options_set_alert_max_cost_usd(mynah_client_options *options,
                                                         double x);

/* --------------------------------------------------------------------------
 * Who is told of what a client does: callbacks that the library keeps.
 * -------------------------------------------------------------------------- */

/**
 * For whoever looks for a defect.
 */
#define MYNAH_LOG_DEBUG 1

/**
 * A call that ended well.
 */
#define MYNAH_LOG_INFO 2

/**
 * Something that was coped with: a retry, an open breaker, an alert.
 */
#define MYNAH_LOG_WARNING 3

/**
 * A call that failed.
 */
#define MYNAH_LOG_ERROR 4

/**
 * The circuit breaker lets all calls through.
 */
#define MYNAH_BREAKER_CLOSED 0

/**
 * It lets none through.
 */
#define MYNAH_BREAKER_OPEN 1

/**
 * It lets one through, which decides.
 */
#define MYNAH_BREAKER_HALF_OPEN 2

/**
 * Takes a change of the circuit breaker: two of the `MYNAH_BREAKER_` states,
 * and why in words, NUL-terminated, valid during the call only.
 */
typedef void (*mynah_breaker_fn)(void *user, int32_t from, int32_t to, const char *reason);

/**
 * Has a function told of what the clients made from these options do: a
 * record of each call that ends, in the attribute names of OpenTelemetry's
 * conventions for generative AI, and of retries, renewals that failed, breaker
 * changes and alerts.
 * `docs/metrics.md` lists the fields of each. Keys are never in it, prompts and
 * answers only where a provider's error message quotes them. Called with no lock
 * held, on the thread that caused the record; any function may be called from
 * inside, and what that causes is told once the callback has returned.
 *
 * `destroy` (NULL allowed) is called with `user` once, after the last call,
 * when the options and every client made from them are gone, or at once if
 * this fails, or is replaced and no client was made with it. NULL for `callback`
 * withdraws what was set.
 *
 * Errors: `MYNAH_OUT_OF_RANGE` for a level that is none of `MYNAH_LOG_DEBUG` to
 * `MYNAH_LOG_ERROR`.
 *
 * The caller promises:
 * 1. `callback` and `destroy` may be called with `user` on any thread.
 */
MYNAH_API
mynah_status mynah_client_options_on_log(mynah_client_options *options,
                                         int32_t least_level,
                                         mynah_log_fn callback,
                                         void *user,
                                         mynah_destroy_fn destroy);

/**
 * Has log records arrive in a queue instead, as `MYNAH_ITEM_LOG`; those of
 * alerts and of the circuit breaker are among them, as `MYNAH_LOG_WARNING`. A
 * queue keeps up to 10,000 records, alerts and departures, and 64 MiB of them;
 * more are dropped.
 */
MYNAH_API
mynah_status mynah_client_options_log_to_queue(mynah_client_options *options,
                                               int32_t least_level,
                                               mynah_queue *queue);

/**
 * Has a function told when the circuit breaker of a client made from these
 * options changes. As `mynah_client_options_on_log` otherwise.
 *
 * The caller promises:
 * 1. `callback` and `destroy` may be called with `user` on any thread.
 */
MYNAH_API
mynah_status mynah_client_options_on_breaker(mynah_client_options *options,
                                             mynah_breaker_fn callback,
                                             void *user,
                                             mynah_destroy_fn destroy);

/**
 * Has a function told when a client made from these options crosses one of
 * its `alert_` thresholds, once each time, and once when it recovers. They
 * judge the last 256 calls, from the 20th call on. As
 * `mynah_client_options_on_log` otherwise.
 *
 * The caller promises:
 * 1. `callback` and `destroy` may be called with `user` on any thread.
 */
MYNAH_API
mynah_status mynah_client_options_on_alert(mynah_client_options *options,
                                           mynah_alert_fn callback,
                                           void *user,
                                           mynah_destroy_fn destroy);

/* --------------------------------------------------------------------------
 * mynah_request: a chat, built call by call or given whole as JSON.
 * -------------------------------------------------------------------------- */

/**
 * Makes an empty request; NULL if there is no room for another handle.
 * Free it with `mynah_request_free`.
 */
MYNAH_API mynah_request *mynah_request_new(void);

/**
 * Adds a message of `len` bytes of text. `role` is system (or developer),
 * user or assistant; results of tools have a function of their own.
 *
 * Errors: `MYNAH_INVALID_ARGUMENT` for another role, or text that is no UTF-8.
 *
 * The caller promises:
 * 1. `role` is null or NUL-terminated.
 * 2. `content` points to `len` readable bytes; null only with 0.
 */
MYNAH_API
mynah_status mynah_request_add_message(mynah_request *request,
                                       const char *role,
                                       const char *content,
                                       size_t len);

/**
 * Adds an answer as the assistant's turn, whole: text, calls, and what the
 * provider needs back (signatures, thoughts), which only it is given.
 *
 * The caller promises:
 * 1. `response` is null or a live response.
 */
MYNAH_API
mynah_status mynah_request_add_response(mynah_request *request,
                                        const mynah_response *response);

/**
 * Adds a message in the form of OpenAI's chat completions: any role, content
 * as a text or in parts (text, image_url, file), tool_calls, tool_call_id. The
 * `message` of a response's JSON can be added so; its member `mynah` holds what
 * was said in the provider's own words, which that provider is given instead of
 * the rest: who changes the rest takes it out.
 *
 * Errors: `MYNAH_INVALID_ARGUMENT` for what is no such message, with its reason.
 *
 * The caller promises:
 * 1. `openai_message` points to `len` readable bytes; null only with 0.
 * 2. `err` is null or points to a writable pointer.
 */
MYNAH_API
mynah_status mynah_request_add_message_json(mynah_request *request,
                                            const char *openai_message,
                                            size_t len,
                                            mynah_error **err);

/**
 * Adds the result of a call that an earlier answer asked for. `is_error` other
 * than 0 tells the model that the tool failed, with `anthropic` and `gemini`: the
 * others have no field for it, which stands in the answer's `adjusted`. Let
 * `content` say it too. An empty `call_id` is malformed.
 *
 * The caller promises:
 * 1. `call_id` is null or NUL-terminated.
 * 2. `content` points to `len` readable bytes; null only with 0.
 */
MYNAH_API
mynah_status mynah_request_add_tool_result(mynah_request *request,
                                           const char *call_id,
                                           const char *content,
                                           size_t len,
                                           int32_t is_error);

/**
 * Adds a function that the model may call. `description` may be NULL;
 * `schema_json` is the JSON schema of its arguments, NULL for none.
 *
 * Errors: `MYNAH_INVALID_ARGUMENT` for a name that no function can have, or a schema
 * that is no JSON object.
 *
 * The caller promises:
 * 1. The texts are null or NUL-terminated.
 * 2. `err` is null or points to a writable pointer.
 */
MYNAH_API
mynah_status mynah_request_add_tool(mynah_request *request,
                                    const char *name,
                                    const char *description,
                                    const char *schema_json,
                                    mynah_error **err);

/**
 * Sets a field of the request, or overrides an option of the client for it:
 * model, temperature, max_tokens, stop and so on as in
 * `mynah_client_options_set`; tool_choice, parallel_tool_calls,
 * response_format, user, metadata, extra_json (merged last into the body),
 * cache (default, bypass, refresh, only). Values that are objects are JSON.
 * `default` withdraws a setting; `unset` removes what the client set: no value
 * is left, or the default where there must be one. A seed, top_k or max_tokens below
 * 0 goes to the provider as it is: some hosts have a meaning for it.
 *
 * Errors: `MYNAH_UNKNOWN_OPTION`, `MYNAH_OUT_OF_RANGE` and `MYNAH_INVALID_ARGUMENT`, which
 * name the field, the value and what is allowed; the request is as it was then.
 *
 * The caller promises:
 * 1. The texts are null or NUL-terminated.
 * 2. `err` is null or points to a writable pointer.
 */
MYNAH_API
mynah_status mynah_request_set(mynah_request *request,
                               const char *name,
                               const char *value,
                               mynah_error **err);

/**
 * Makes a request of a whole chat in the form of OpenAI's chat completions.
 * Its `stream` is ignored: which function is called decides. Free it with
 * `mynah_request_free`.
 *
 * Errors: as of `mynah_request_set` and `mynah_request_add_message_json`.
 *
 * The caller promises:
 * 1. `openai_json` points to `len` readable bytes; null only with 0.
 * 2. `request` is null or points to a writable pointer.
 * 3. `err` is null or points to a writable pointer.
 */
MYNAH_API
mynah_status mynah_request_from_json(const char *openai_json,
                                     size_t len,
                                     mynah_request **request,
                                     mynah_error **err);

/**
 * Frees a request; null is allowed. Calls that were made with it go on.
 *
 * Note: a request that is freed or of another kind is ignored.
 */
MYNAH_API void mynah_request_free(mynah_request *request);

/* --------------------------------------------------------------------------
 * What a message holds beside its text: images and documents.
 * -------------------------------------------------------------------------- */

/**
 * Adds an image at an address to the last message, if that is the user's, or
 * to a new one. `detail` is low, high, auto or NULL. A `data:` address is
 * taken apart; Ollama takes no others.
 *
 * The caller promises:
 * 1. The texts are null or NUL-terminated.
 */
MYNAH_API
mynah_status mynah_request_add_image_url(mynah_request *request,
                                         const char *url,
                                         const char *detail);

/**
 * Adds an image of `len` bytes, of the media type `mime` (such as image/png),
 * to the last message, if that is the user's, or to a new one.
 *
 * The caller promises:
 * 1. `mime` is null or NUL-terminated.
 * 2. `data` points to `len` readable bytes; null only with 0.
 */
MYNAH_API
mynah_status mynah_request_add_image(mynah_request *request,
                                     const char *mime,
                                     const void *data,
                                     size_t len);

/**
 * Adds a document of `len` bytes, of the media type `mime` (such as
 * application/pdf), to the last message, if that is the user's, or to a new
 * one. `name` is its file name, or NULL.
 *
 * The caller promises:
 * 1. The texts are null or NUL-terminated.
 * 2. `data` points to `len` readable bytes; null only with 0.
 */
MYNAH_API
mynah_status mynah_request_add_document(mynah_request *request,
                                        const char *mime,
                                        const char *name,
                                        const void *data,
                                        size_t len);

/* --------------------------------------------------------------------------
 * mynah_client: calls to a language model.
 * -------------------------------------------------------------------------- */

/**
 * Receives the events of a stream, on the thread that made the call, one at a
 * time. The event is valid during the call only. Answers 0 to go on; anything
 * else ends the stream with `MYNAH_STOPPED`. May call every function of the
 * library; freeing the client in here cancels the call and returns at once.
 */
typedef int32_t (*mynah_stream_fn)(void *user, const mynah_event *event);

/**
 * Makes a client; null options are all defaults, with the key from the
 * environment. The options are copied. Nothing is sent. Free it with
 * `mynah_client_free`.
 *
 * Errors: `MYNAH_IO` for a `ca_file` or a `price_file` that cannot be read,
 * `MYNAH_INVALID_ARGUMENT` for one that is none, and `MYNAH_OUT_OF_RANGE` for what the
 * environment says. A key that the provider needs and nobody gave, and what a provider
 * or a model does not take, are errors of the first call.
 *
 * The caller promises:
 * 1. `client` is null or writable.
 * 2. `err` is null or writable.
 */
MYNAH_API
mynah_status mynah_client_new(const mynah_client_options *options,
                              mynah_client **client,
                              mynah_error **err);

/**
 * Asks and waits for the whole answer. Blocks until the answer is there, the
 * call fails, or `cancel` is triggered; `timeout_ms` bounds it.
 *
 * `cancel` may be null. `*response` is the caller's to free.
 *
 * Errors: any of a call's, from `MYNAH_CANCELLED` to `MYNAH_CIRCUIT_OPEN`, for which
 * `*err` says what would help; `docs/errors.md` has each with its cause and cure. Also
 * `MYNAH_INVALID_ARGUMENT` for a request without a message, or options that lack an
 * address, a model or a sealed way for the key; `MYNAH_TOO_LARGE` beyond
 * `max_response_bytes`, `max_event_bytes` or `max_header_bytes`; and `MYNAH_NOT_FOUND`
 * if `cache` is `only` and the answer is not there.
 *
 * The caller promises:
 * 1. `response` and `err` are null or writable.
 */
MYNAH_API
mynah_status mynah_client_chat(mynah_client *client,
                               const mynah_request *request,
                               mynah_cancel *cancel,
                               mynah_response **response,
                               mynah_error **err);

/**
 * Asks and hands each piece of the answer to `callback` as it arrives, on
 * this thread. Blocks until the stream has ended. `response` may be null;
 * otherwise `*response` is the whole answer, the caller's to free. After
 * `MYNAH_STOPPED`, `MYNAH_CANCELLED`, `MYNAH_TIMEOUT` and `MYNAH_TRUNCATED` it
 * holds what had arrived, if anything had, without a finish reason.
 *
 * Errors: as of `mynah_client_chat`; `MYNAH_STOPPED` by the callback.
 *
 * The caller promises:
 * 1. `callback` may be called with `user` on this thread.
 * 2. `response` and `err` are null or writable.
 */
MYNAH_API
mynah_status mynah_client_chat_stream(mynah_client *client,
                                      const mynah_request *request,
                                      mynah_stream_fn callback,
                                      void *user,
                                      mynah_cancel *cancel,
                                      mynah_response **response,
                                      mynah_error **err);

/**
 * Makes embeddings: takes the body of OpenAI's `/embeddings` (`input`, `model`,
 * which must be there, because the client's own is for chats, `dimensions`, ...)
 * and gives OpenAI's answer, whatever the provider. Blocks as `mynah_client_chat`
 * does. `*value` is the caller's to free.
 *
 * The caller promises:
 * 1. `json` points to `len` readable bytes.
 * 2. `value` and `err` are null or writable.
 */
MYNAH_API
mynah_status mynah_client_embed_json(mynah_client *client,
                                     const char *json,
                                     size_t len,
                                     mynah_cancel *cancel,
                                     mynah_value **value,
                                     mynah_error **err);

/**
 * The client's figures as JSON. The value is the caller's to free.
 *
 * The caller promises:
 * 1. `value` is null or writable.
 */
MYNAH_API
mynah_status mynah_client_metrics_json(mynah_client *client,
                                       mynah_value **value);

/**
 * What to change, computed from the client's figures, as JSON: findings with
 * symptom, evidence (numbers), cause, the option to change and the value; where no
 * option would help, `option` is null and `look_at` says what to look at. The value
 * is the caller's to free.
 *
 * The caller promises:
 * 1. `value` is null or writable.
 */
MYNAH_API
mynah_status mynah_client_advise_json(mynah_client *client,
                                      mynah_value **value);

/**
 * The client's figures in Prometheus' text format (version 0.0.4). The value
 * is the caller's to free.
 *
 * The caller promises:
 * 1. `value` is null or writable.
 */
MYNAH_API
mynah_status mynah_client_metrics_prometheus(mynah_client *client,
                                             mynah_value **value);

/**
 * The effective value of every option and the layer it came from, as JSON,
 * secrets redacted. The value is the caller's to free.
 *
 * The caller promises:
 * 1. `value` is null or writable.
 */
MYNAH_API
mynah_status mynah_client_options_json(mynah_client *client,
                                       mynah_value **value);

/**
 * Frees a client; null is allowed. Cancels its calls and batches, those in the line of
 * a queue too, and waits until they have returned; from inside one of their callbacks it
 * returns at once. Tiers that it is one of hold it: then that is done when the last
 * of them is freed.
 */
MYNAH_API void mynah_client_free(mynah_client *client);

/* --------------------------------------------------------------------------
 * mynah_response: an answer, as a plain object of the caller's.
 * -------------------------------------------------------------------------- */

/**
 * The answer's text; empty where there is none (see its calls), NULL only for
 * NULL.
 *
 * The caller promises:
 * 1. `response` is null or a live response.
 * 2. `len` is null or points to a writable `size_t`.
 */
MYNAH_API const char *mynah_response_text(const mynah_response *response, size_t *len);

/**
 * The model's thinking, as far as the provider shows it; NULL where it does
 * not.
 *
 * The caller promises:
 * 1. `response` is null or a live response.
 * 2. `len` is null or points to a writable `size_t`.
 */
MYNAH_API
const char *mynah_response_reasoning(const mynah_response *response,
                                     size_t *len);

/**
 * Why the answer ended: stop, length, tool_calls, content_filter, refusal,
 * pause or other. NUL-terminated and static; NULL while the answer is not
 * complete.
 *
 * The caller promises:
 * 1. `response` is null or a live response.
 */
MYNAH_API const char *mynah_response_finish_reason(const mynah_response *response);

/**
 * How many calls of tools the answer asks for.
 *
 * The caller promises:
 * 1. `response` is null or a live response.
 */
MYNAH_API size_t mynah_response_tool_call_count(const mynah_response *response);

/**
 * The id of a call, for `mynah_request_add_tool_result`; NULL beyond the last.
 *
 * The caller promises:
 * 1. `response` is null or a live response.
 * 2. `len` is null or points to a writable `size_t`.
 */
MYNAH_API
const char *mynah_response_tool_call_id(const mynah_response *response,
                                        size_t i,
                                        size_t *len);

/**
 * The function that is to be called; NULL beyond the last call.
 *
 * The caller promises:
 * 1. `response` is null or a live response.
 * 2. `len` is null or points to a writable `size_t`.
 */
MYNAH_API
const char *mynah_response_tool_call_name(const mynah_response *response,
                                          size_t i,
                                          size_t *len);

/**
 * The arguments of a call, a JSON text; NULL beyond the last call.
 *
 * The caller promises:
 * 1. `response` is null or a live response.
 * 2. `len` is null or points to a writable `size_t`.
 */
MYNAH_API
const char *mynah_response_tool_call_arguments(const mynah_response *response,
                                               size_t i,
                                               size_t *len);

/**
 * The provider's own JSON, as it came; NULL for answers that came as a stream
 * or from the cache.
 *
 * The caller promises:
 * 1. `response` is null or a live response.
 * 2. `len` is null or points to a writable `size_t`.
 */
MYNAH_API const char *mynah_response_raw(const mynah_response *response, size_t *len);

/**
 * Everything that is known of the answer, as JSON; what the provider did not
 * say is null. The value is freed with `mynah_value_free`.
 *
 * The caller promises:
 * 1. `response` is null or a live response.
 * 2. `json` is null or points to a writable pointer.
 */
MYNAH_API
mynah_status mynah_response_json(const mynah_response *response,
                                 mynah_value **json);

/**
 * Frees an answer; null is allowed.
 *
 * The caller promises:
 * 1. `response` is null or a live response, which is not used again.
 */
MYNAH_API void mynah_response_free(mynah_response *response);

/* --------------------------------------------------------------------------
 * mynah_event: one step of a stream, lent to a callback.
 * -------------------------------------------------------------------------- */

/**
 * The answer has begun; see `mynah_event_json` for model and id.
 */
#define MYNAH_EVENT_START 1

/**
 * A piece of text.
 */
#define MYNAH_EVENT_TEXT 2

/**
 * A piece of the model's thinking.
 */
#define MYNAH_EVENT_REASONING 3

/**
 * A piece of a refusal.
 */
#define MYNAH_EVENT_REFUSAL 4

/**
 * A piece of a call's arguments; the first one of a call may be empty.
 */
#define MYNAH_EVENT_TOOL_CALL 5

/**
 * A call's arguments are complete. Where what the provider says in the end contradicts
 * its own pieces, the response has what it says in the end.
 */
#define MYNAH_EVENT_TOOL_CALL_END 6

/**
 * The usage so far; a later one replaces an earlier one.
 */
#define MYNAH_EVENT_USAGE 7

/**
 * The answer has ended; the text is the reason.
 */
#define MYNAH_EVENT_FINISH 8

/**
 * The provider's own event, with the option raw_events; the text is its JSON.
 */
#define MYNAH_EVENT_RAW 9

/**
 * An event that has no meaning here; the text is its JSON.
 */
#define MYNAH_EVENT_OTHER 10

/**
 * What happened: one of the `MYNAH_EVENT_` numbers; 0 for NULL. More kinds may
 * be added: skip what you do not know.
 *
 * The caller promises:
 * 1. `event` is null or the event of the running callback.
 */
MYNAH_API int32_t mynah_event_kind(const mynah_event *event);

/**
 * The piece of text, thinking, refusal or arguments, the reason of a finish, or
 * the JSON of a raw event; NULL for the other kinds. Not NUL-terminated.
 *
 * The caller promises:
 * 1. `event` is null or the event of the running callback.
 * 2. `len` is null or points to a writable `size_t`.
 */
MYNAH_API const char *mynah_event_text(const mynah_event *event, size_t *len);

/**
 * Which of several answers it belongs to, from 0.
 *
 * The caller promises:
 * 1. `event` is null or the event of the running callback.
 */
MYNAH_API int32_t mynah_event_choice(const mynah_event *event);

/**
 * The call's place among the calls of its answer, from 0; -1 for other events.
 *
 * The caller promises:
 * 1. `event` is null or the event of the running callback.
 */
MYNAH_API int32_t mynah_event_tool_index(const mynah_event *event);

/**
 * The call's id; NULL for other events.
 *
 * The caller promises:
 * 1. `event` is null or the event of the running callback.
 * 2. `len` is null or points to a writable `size_t`.
 */
MYNAH_API const char *mynah_event_tool_id(const mynah_event *event, size_t *len);

/**
 * The function that is to be called; NULL for other events.
 *
 * The caller promises:
 * 1. `event` is null or the event of the running callback.
 * 2. `len` is null or points to a writable `size_t`.
 */
MYNAH_API const char *mynah_event_tool_name(const mynah_event *event, size_t *len);

/**
 * The event whole, as JSON: `kind` in words, `choice`, and its fields. The
 * value is the caller's, and is freed with `mynah_value_free`.
 *
 * The caller promises:
 * 1. `event` is null or the event of the running callback.
 * 2. `json` is null or points to a writable pointer.
 */
MYNAH_API mynah_status mynah_event_json(const mynah_event *event, mynah_value **json);

/* --------------------------------------------------------------------------
 * mynah_item: what arrives in a queue.
 * -------------------------------------------------------------------------- */

/**
 * An event of a stream.
 */
#define MYNAH_ITEM_EVENT 1

/**
 * The end of a call: the last item with its tag.
 */
#define MYNAH_ITEM_DONE 2

/**
 * A log record, from `mynah_client_options_log_to_queue`; its tag is the level.
 */
#define MYNAH_ITEM_LOG 3

/**
 * The end of a batch, from `mynah_batch_submit`.
 */
#define MYNAH_ITEM_BATCH 4

/**
 * A threshold of a cache that was crossed, from
 * `mynah_cache_options_events_to_queue`; its tag is 1 if it is raised and 0 if
 * all is well again.
 */
#define MYNAH_ITEM_ALERT 5

/**
 * An entry that left a cache, from `mynah_cache_options_events_to_queue`; its
 * tag is one of the `MYNAH_EVICT_` reasons.
 */
#define MYNAH_ITEM_EVICT 6

/**
 * What an item is, one of the `MYNAH_ITEM_` kinds; 0 for NULL. More kinds may be
 * added: skip what you do not know.
 *
 * The caller promises:
 * 1. `item` is null or a live item.
 */
MYNAH_API int32_t mynah_item_kind(const mynah_item *item);

/**
 * The tag that the call was submitted with, or what the item's kind says of it;
 * 0 for NULL.
 *
 * The caller promises:
 * 1. `item` is null or a live item.
 */
MYNAH_API uint64_t mynah_item_tag(const mynah_item *item);

/**
 * The event of a `MYNAH_ITEM_EVENT`; NULL for other items. Belongs to the item
 * and lives as long.
 *
 * The caller promises:
 * 1. `item` is null or a live item.
 */
MYNAH_API const mynah_event *mynah_item_event(const mynah_item *item);

/**
 * The JSON of a `MYNAH_ITEM_LOG` or a `MYNAH_ITEM_ALERT` (`name`, `raised`,
 * `value`, `threshold`), not NUL-terminated; NULL for other items. Belongs to
 * the item and lives as long.
 *
 * The caller promises:
 * 1. `item` is null or a live item.
 * 2. `len` is null or writable.
 */
MYNAH_API const char *mynah_item_text(const mynah_item *item, size_t *len);

/**
 * The key of a `MYNAH_ITEM_EVICT`, or with `value` other than 0 its value; NULL
 * for other items. Belongs to the item and lives as long.
 *
 * The caller promises:
 * 1. `item` is null or a live item.
 * 2. `len` is null or writable.
 */
MYNAH_API
const void *mynah_item_entry(const mynah_item *item,
                             int32_t value,
                             size_t *len);

/**
 * Takes the result out of a `MYNAH_ITEM_DONE`: answers how the call ended,
 * with its response and its error as `mynah_client_chat_stream` gives them;
 * both are the caller's to free. Of a `MYNAH_ITEM_BATCH` it answers how the
 * batch ended. A second time, and for other items, it answers
 * `MYNAH_NOT_FOUND`.
 *
 * The caller promises:
 * 1. `item` is null or a live item.
 * 2. `response` and `err` are null or writable.
 */
MYNAH_API
mynah_status mynah_item_result(mynah_item *item,
                               mynah_response **response,
                               mynah_error **err);

/**
 * Frees an item; null is allowed.
 *
 * The caller promises:
 * 1. `item` is null or a live item, which is not used again.
 */
MYNAH_API void mynah_item_free(mynah_item *item);

/* --------------------------------------------------------------------------
 * mynah_queue: calls that run elsewhere.
 * -------------------------------------------------------------------------- */

/**
 * Makes a queue whose calls run on up to `max_workers` threads; 0: 4,096.
 * Threads are made when they are needed, one for each call that runs, each with
 * 2 MiB of addresses for its stack; calls beyond the bound stand in line for one,
 * which is a part of their `timeout_ms`. One that ends there counts with its client
 * as any other that failed. Free it with `mynah_queue_free`.
 *
 * Errors: `MYNAH_IO` when there is no descriptor left.
 *
 * The caller promises:
 * 1. `queue` is null or writable.
 * 2. `err` is null or writable.
 */
MYNAH_API
mynah_status mynah_queue_new(uint32_t max_workers,
                             mynah_queue **queue,
                             mynah_error **err);

/**
 * Starts a call whose results arrive in `queue`, each with `tag`, a number of
 * the caller's choice. With `stream` other than 0 its events arrive too. Does
 * not block. The request is copied; `cancel` may be null.
 *
 * The caller promises:
 * 1. `err` is null or writable.
 */
MYNAH_API
mynah_status mynah_client_submit(mynah_client *client,
                                 const mynah_request *request,
                                 int32_t stream,
                                 mynah_cancel *cancel,
                                 mynah_queue *queue,
                                 uint64_t tag,
                                 mynah_error **err);

/**
 * As `mynah_client_submit`, by the tier that fits. Without a `timeout_ms` of the
 * request's own it stands in line for no longer than the longest of the tiers'
 * times, and what it stood there is a part of the first one's.
 *
 * The caller promises:
 * 1. `err` is null or writable.
 */
MYNAH_API
mynah_status mynah_tiered_submit(mynah_tiered *tiered,
                                 const mynah_request *request,
                                 int32_t stream,
                                 mynah_cancel *cancel,
                                 mynah_queue *queue,
                                 uint64_t tag,
                                 mynah_error **err);

/**
 * Takes the next item, waiting up to `timeout_ms` for one; 0: not at all,
 * `UINT64_MAX`: for ever. `*item` is the caller's to free.
 *
 * Errors: `MYNAH_TIMEOUT` when nothing came, `MYNAH_STOPPED` after
 * `mynah_queue_wake`, `MYNAH_CLOSED` when the queue was freed meanwhile.
 *
 * The caller promises:
 * 1. `item` is null or writable.
 */
MYNAH_API
mynah_status mynah_queue_next(mynah_queue *queue,
                              uint64_t timeout_ms,
                              mynah_item **item);

/**
 * Takes up to `capacity` items at once, waiting up to `timeout_ms` for the
 * first. `*count` tells how many; each is the caller's to free.
 *
 * Errors: as `mynah_queue_next`; `MYNAH_INVALID_ARGUMENT` for a capacity of 0.
 *
 * The caller promises:
 * 1. `items` has room for `capacity` pointers.
 * 2. `count` is null or writable.
 */
MYNAH_API
mynah_status mynah_queue_next_many(mynah_queue *queue,
                                   uint64_t timeout_ms,
                                   mynah_item **items,
                                   size_t capacity,
                                   size_t *count);

/**
 * Makes a waiting `mynah_queue_next` return with `MYNAH_STOPPED`, or the next
 * one that would wait.
 */
MYNAH_API mynah_status mynah_queue_wake(mynah_queue *queue);

/**
 * A descriptor that is readable while the queue is not empty: a pipe on Unix,
 * a socket on Windows. Poll it; never read, write or close it. It lives as
 * long as the queue. -1 for a handle that is not live.
 */
MYNAH_API ptrdiff_t mynah_queue_fd(mynah_queue *queue);

/**
 * Calls that were submitted and have not ended; 0 for a handle that is not
 * live.
 */
MYNAH_API uint64_t mynah_queue_pending(mynah_queue *queue);

/**
 * Frees a queue; null is allowed. Cancels its calls, waits until they have
 * ended, and drops what has arrived; from inside a callback of one of its calls
 * it returns at once.
 */
MYNAH_API void mynah_queue_free(mynah_queue *queue);

/* --------------------------------------------------------------------------
 * mynah_batch: many requests at once, and what became of each.
 * -------------------------------------------------------------------------- */

/**
 * Told how many requests of a batch have ended, and of how many. Called on
 * threads of the library and on the one that runs the batch, one call at a
 * time.
 */
typedef void (*mynah_progress_fn)(void *user, size_t done, size_t total);

/**
 * Makes an empty batch; NULL if there is no room for another handle. Free it
 * with `mynah_batch_free`.
 */
MYNAH_API mynah_batch *mynah_batch_new(void);

/**
 * Adds a copy of a request; its place is the number of those added before.
 *
 * Errors: `MYNAH_INVALID_HANDLE` and `MYNAH_FORKED`, of either handle.
 */
MYNAH_API mynah_status mynah_batch_add(mynah_batch *batch, const mynah_request *request);

/**
 * Requests in the batch; 0 for a handle that is not live.
 */
MYNAH_API size_t mynah_batch_len(const mynah_batch *batch);

/**
 * Sends all requests, up to `parallel` at a time (0: 8), and blocks until each
 * has ended. Identical ones are sent once if `batch_dedup` says so; those
 * that begin alike are sent once the first has been answered, so that the provider's own
 * prompt cache helps. `cancel` and `progress` may be null. Running a batch
 * again sends all of it again.
 *
 * The status is of the batch as a whole: `MYNAH_OK` also when requests failed
 * or were cancelled; see `mynah_batch_result`.
 *
 * The caller promises:
 * 1. `progress` may be called with `user` on any thread during this call.
 * 2. `err` is null or writable.
 */
MYNAH_API
mynah_status mynah_batch_run(mynah_batch *batch,
                             mynah_client *client,
                             uint32_t parallel,
                             mynah_cancel *cancel,
                             mynah_progress_fn progress,
                             void *user,
                             mynah_error **err);

/**
 * As `mynah_batch_run`, but does not block: a `MYNAH_ITEM_BATCH` with `tag`
 * arrives in `queue` when each request has ended, and the results are in the
 * batch then. `mynah_item_result` of that item answers `MYNAH_OK`, or
 * `MYNAH_CANCELLED` where the batch was cancelled, or its client freed, before it
 * began, without results. Requests that are added meanwhile are not part of it; the handle may
 * be freed, and the requests are sent all the same. `cancel` may be null.
 *
 * Errors: `MYNAH_CLOSED` if the queue or the client has been freed meanwhile.
 *
 * The caller promises:
 * 1. `err` is null or writable.
 */
MYNAH_API
mynah_status mynah_batch_submit(mynah_batch *batch,
                                mynah_client *client,
                                uint32_t parallel,
                                mynah_cancel *cancel,
                                mynah_queue *queue,
                                uint64_t tag,
                                mynah_error **err);

/**
 * How the request of a place ended: its status, with a copy of its response
 * and of its error as `mynah_client_chat` gives them; both are the caller's
 * to free.
 *
 * Errors: `MYNAH_OUT_OF_RANGE` for a place beyond the requests that have run.
 *
 * The caller promises:
 * 1. `response` and `err` are null or writable.
 */
MYNAH_API
mynah_status mynah_batch_result(const mynah_batch *batch,
                                size_t place,
                                mynah_response **response,
                                mynah_error **err);

/**
 * Frees a batch; null is allowed.
 */
MYNAH_API void mynah_batch_free(mynah_batch *batch);

/**
 * Fills the client's response cache: asks each prompt of a JSON array of texts
 * as a single user message, up to `parallel` at a time (0: 8). Blocks until
 * all have ended. `*warmed` tells how many are answered from the cache from
 * now on or were already. The rest as `mynah_batch_run`.
 *
 * Errors: `MYNAH_INVALID_ARGUMENT` if the JSON is no array of texts, or if the
 * client has no response cache; `MYNAH_CLOSED` if the client is freed meanwhile.
 *
 * The caller promises:
 * 1. `json` points to `len` readable bytes.
 * 2. `progress` may be called with `user` on any thread during this call.
 * 3. `warmed` and `err` are null or writable.
 */
MYNAH_API
mynah_status mynah_client_warm_json(mynah_client *client,
                                    const char *json,
                                    size_t len,
                                    uint32_t parallel,
                                    mynah_cancel *cancel,
                                    mynah_progress_fn progress,
                                    void *user,
                                    size_t *warmed,
                                    mynah_error **err);

/* --------------------------------------------------------------------------
 * mynah_tiered: several clients as one.
 * -------------------------------------------------------------------------- */

/**
 * Says how hard a request is, from 0 to 1; NaN leaves it to the built-in
 * estimate. `text` is the last user message, `len` bytes, not NUL-terminated,
 * valid during the call only; `messages` is how many there are. Called on the
 * thread that makes the call: for one that was submitted, one of the library's.
 */
typedef double (*mynah_complexity_fn)(void *user,
                                      const char *text,
                                      size_t len,
                                      size_t messages);

/**
 * Makes tiers of `count` clients (two or more), the cheapest first. The
 * clients may be freed: the tiers hold them. With `fallback_on_refusal` other
 * than 0 the next tier is also asked after a bad request, a refused key or a
 * content filter, be it an error or an answer of no word. Free them with `mynah_tiered_free`.
 *
 * Errors: `MYNAH_INVALID_ARGUMENT` for fewer than two clients.
 *
 * The caller promises:
 * 1. `clients` points to `count` handles.
 * 2. `tiered` and `err` are null or writable.
 */
MYNAH_API
mynah_status mynah_tiered_new(mynah_client *const *clients,
                              size_t count,
                              int32_t fallback_on_refusal,
                              mynah_tiered **tiered,
                              mynah_error **err);

/**
 * Lets a function say how hard a request is. `destroy` (NULL allowed) is
 * called with `user` once, when the function is replaced or the tiers are
 * gone, or at once if this fails. NULL for `callback` brings the built-in
 * estimate back.
 *
 * The caller promises:
 * 1. `callback` and `destroy` may be called with `user` on any thread.
 */
MYNAH_API
mynah_status mynah_tiered_on_complexity(mynah_tiered *tiered,
                                        mynah_complexity_fn callback,
                                        void *user,
                                        mynah_destroy_fn destroy);

/**
 * As `mynah_client_chat`, by the tier that fits. The response's JSON names the
 * `tier` (0 is the cheapest), and `saved_usd` is what the last tier would have
 * cost more, where both prices are known.
 *
 * The caller promises:
 * 1. `response` and `err` are null or writable.
 */
MYNAH_API
mynah_status mynah_tiered_chat(mynah_tiered *tiered,
                               const mynah_request *request,
                               mynah_cancel *cancel,
                               mynah_response **response,
                               mynah_error **err);

/**
 * As `mynah_client_chat_stream`, by the tier that fits. Once content has been
 * delivered no other tier is asked; before that another may begin anew, with a
 * START of its own.
 *
 * The caller promises:
 * 1. `callback` may be called with `user` on this thread.
 * 2. `response` and `err` are null or writable.
 */
MYNAH_API
mynah_status mynah_tiered_chat_stream(mynah_tiered *tiered,
                                      const mynah_request *request,
                                      mynah_stream_fn callback,
                                      void *user,
                                      mynah_cancel *cancel,
                                      mynah_response **response,
                                      mynah_error **err);

/**
 * Calls, cost and savings of each tier and of all, fallbacks of each, and how the
 * calls ended after the last tier that was asked, as JSON. The value is the caller's to
 * free.
 *
 * The caller promises:
 * 1. `value` is null or writable.
 */
MYNAH_API
mynah_status mynah_tiered_metrics_json(mynah_tiered *tiered,
                                       mynah_value **value);

/**
 * Frees tiers; null is allowed. Cancels their calls, those in the line of a queue
 * too, and waits until they have returned; from inside one of their callbacks it
 * returns at once.
 */
MYNAH_API void mynah_tiered_free(mynah_tiered *tiered);

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
 * Errors: as of `mynah_client_options_set`.
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
 * Sets every option of a JSON object, all or, on an error, none;
 * `MYNAH_TOO_LARGE` beyond 16 MiB.
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
