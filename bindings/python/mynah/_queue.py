"""The library's queue: calls that run on its threads, results taken here.

Both kinds of streams and the calls of the main thread go through it: a wait
for the queue's descriptor can be interrupted by a signal, a wait inside the
library could not. Queues are lent from a pool, because each has a descriptor
and threads that are worth keeping.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import sys
from dataclasses import dataclass, field
from typing import Any, Callable, Union

from . import errors
from ._library import Handle, lib, take, text_of
from ._object import Cancel, Owner
from .request import Request
from .response import Response, read_response

_NAMES = {number: name[len("EVENT_"):].lower() for name, number in lib.constants.items()
          if name.startswith("EVENT_")}
_EVENT = lib.constants["ITEM_EVENT"]
_BATCH = lib.constants["ITEM_BATCH"]
_TOOL_CALLS = {lib.constants["EVENT_TOOL_CALL"], lib.constants["EVENT_TOOL_CALL_END"]}
_IN_JSON = {lib.constants["EVENT_START"], lib.constants["EVENT_USAGE"]}
_AT_ONCE = 64
_KEPT = 8


@dataclass(frozen=True)
class Event:
    """A step of a streamed answer.

    ``kind`` is start, text, reasoning, refusal, tool_call, tool_call_end,
    usage, finish, raw or other; more may come. ``text`` is the piece of text,
    of reasoning or of a call's arguments, or the reason of a finish.
    """

    kind: str
    text: str = ""
    choice: int = 0
    tool_index: int | None = None
    tool_id: str | None = None
    tool_name: str | None = None
    json: dict[str, Any] | None = field(default=None, hash=False)
    """The event whole, of a start (with model and id) and of usage; else None."""


@dataclass(frozen=True)
class Done:
    """The end of a call: its answer, what went wrong, or both; of a batch, neither."""

    response: Response | None
    error: errors.Error | None

    def result(self) -> Response:
        """The answer, or raises."""
        if self.error is not None:
            raise self.error
        assert self.response is not None  # the library gives one of the two
        return self.response


Arrival = Union[Event, Done]


class _Items:
    """What C has handed over and nobody has popped yet.

    An interrupt may fall between any two steps. So C writes into places that lie
    here before it is called, and a single store makes an item popped: it is never
    lost, nor there twice.
    """

    count = ctypes.c_size_t()  # of one that was interrupted while it was made
    popped, _base = 0, 0
    """Of all that ever were, how many were popped: now, and when the first place was filled."""

    def __init__(self) -> None:
        self.places = (ctypes.c_void_p * _AT_ONCE)()
        self.count = ctypes.c_size_t()

    def __len__(self) -> int:
        return max(0, self.count.value - (self.popped - self._base))

    def fetch(self, queue: Handle) -> int:
        """Has C hand over more; only when nothing is left."""
        self.count.value = 0  # in this order: nothing is left in between either
        self._base = self.popped
        return int(lib.queue_next_many(queue, 0, self.places, _AT_ONCE, self.count))

    def first(self) -> int | None:
        return self.places[self.popped - self._base]

    def pop(self, free: Callable[..., Any] = lib.item_free) -> None:
        item = self.first()
        self.popped += 1
        free(item)  # an interrupt before this leaks the item; the other order freed it twice

    def __del__(self) -> None:
        while len(self):
            self.pop()


class Queue(Owner):
    """Where the results of submitted calls arrive."""

    def __init__(self) -> None:
        handle, error = self._own(lib.queue_free), Handle()
        errors.check(lib.queue_new(0, handle, error), error)
        self.fd = int(lib.queue_fd(handle))
        self._items = _Items()
        # Of the item with this number: what was taken out of it, and what it was read as.
        self._result: tuple[int, Handle, Handle] | None = None
        self._read: tuple[int, tuple[int, Arrival]] | None = None

    def submit(self, kind: str, asked: Owner, request: Request, stream: bool, cancel: Cancel,
               tag: int) -> None:
        """Starts a call of a ``client`` or of ``tiered``."""
        error = Handle()
        errors.check(getattr(lib, f"{kind}_submit")(
            asked._handle, request._handle, int(stream), cancel._handle, self._handle, tag,
            error), error)

    def fetch(self) -> bool:
        """Whether something has arrived; does not wait."""
        if self._items:
            return True
        status = self._items.fetch(self._handle)
        if status == errors.Timeout.status:
            return False
        errors.check(status)
        return True

    def first(self) -> tuple[int, Arrival] | None:
        """The first of what was fetched and its tag, as often as it is asked for, until
        it is popped; None: nothing was fetched."""
        if not self._items:
            return None
        if self._read is None or self._read[0] != self._items.popped:
            self._read = self._items.popped, self._arrival(self._items.first())
        return self._read[1]

    def pop(self) -> None:
        """Drops the first: it has been taken to where it belongs."""
        self._items.pop()
        self._read = None
        self._drop_result()

    def await_first(self) -> tuple[int, Arrival]:
        """Blocks until there is a first; a signal's handler runs meanwhile."""
        while (arrived := self.first()) is None:
            if not self.fetch():
                self._wait()
        return arrived

    def _wait(self) -> None:
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(self.fd, select.POLLIN)
            poll.poll()
        else:
            select.select([self.fd], [], [])

    def _arrival(self, item: int | None) -> tuple[int, Arrival]:
        tag = int(lib.item_tag(item))
        if lib.item_kind(item) == _EVENT:
            return tag, _event(lib.item_event(item))
        return tag, self._done(item)

    def _done(self, item: int | None) -> Done:
        if self._result is None or self._result[0] != self._items.popped:
            self._drop_result()
            self._result = self._items.popped, Handle(), Handle()
        _, answer, failure = self._result
        if not (answer or failure):  # a result leaves its item but once
            lib.item_result(item, answer, failure)
        status = lib.error_status(failure)
        if status == errors.NotFound.status and lib.item_kind(item) == _BATCH:
            status = 0  # it has left before, and there was nothing in it
        return Done(read_response(answer), errors.told(status, failure))

    def _drop_result(self) -> None:
        if self._result is not None:
            (_, answer, failure), self._result = self._result, None
            lib.response_free(answer)
            lib.error_free(failure)


def _event(event: int) -> Event:
    kind = lib.event_kind(event)
    name, text = _NAMES.get(kind, "other"), text_of(lib.event_text, event) or ""
    if kind in _IN_JSON:
        value = Handle()
        errors.check(lib.event_json(event, value))
        return Event(name, text, lib.event_choice(event), json=json.loads(take(value)))
    if kind not in _TOOL_CALLS:
        return Event(name, text, lib.event_choice(event))
    return Event(name, text, lib.event_choice(event), lib.event_tool_index(event),
                 text_of(lib.event_tool_id, event), text_of(lib.event_tool_name, event))


_idle: list[Queue] = []


def lend() -> Queue:
    """A queue without calls; to be given back when it has none again."""
    try:
        return _idle.pop()
    except IndexError:
        return Queue()


def give_back(queue: Queue) -> None:
    """Keeps a queue for the next one who needs it; not one of before a fork, which has
    no descriptor here, and of which only what had been fetched could be read."""
    if len(_idle) < _KEPT and queue.first() is None and lib.queue_fd(queue._handle) >= 0:
        _idle.append(queue)
    else:
        queue.close()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_idle.clear)
