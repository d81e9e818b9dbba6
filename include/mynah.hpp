/*
 * mynah.hpp - mynah.h for C++17, header only.
 *
 * Objects own what they stand for, move and do not copy. A failure is an
 * exception, mynah::error, with its status; a program without exceptions takes
 * mynah.h. What a program does often has also a form with std::nothrow, which
 * answers the status instead: making a cache or a client, the cache's operations on
 * one key and on all entries, texts and options of a request, chats, streams,
 * embeddings, batches that run and their answers, and the queue's operations on chats.
 * An exception thrown by a callback ends the call and leaves it once C has been
 * left: none passes through C. A text that C would cut, for it has a zero byte
 * where only a NUL-terminated one can go, is MYNAH_INVALID_ARGUMENT. After a move
 * only assigning, destroying and `bool` make sense; other calls answer
 * MYNAH_NULL_ARGUMENT or MYNAH_INVALID_HANDLE.
 *
 * Only in mynah.h, whose functions take what get() gives, are: warming a cache,
 * snapshots with progress, get_many into one's own memory, several items of a queue
 * at once, options as JSON and their description, the figures of the whole process,
 * how the library was built, and the number of its binary interface.
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

#include "mynah.h"
#include "mynah/base.hpp"
#include "mynah/claim.hpp"
#include "mynah/cache.hpp"
#include "mynah/message.hpp"
#include "mynah/client.hpp"
#include "mynah/tiered.hpp"
#include "mynah/batch.hpp"
#include "mynah/queue.hpp"
#include "mynah/mock.hpp"

#endif /* MYNAH_HPP */
