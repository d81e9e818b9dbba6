"""The library's queue: calls that run on its threads, results taken here.

Both kinds of streams and the calls of the main thread go through it: a wait
for the queue's descriptor can be interrupted by a signal, a wait inside the
library could not. Queues are lent from a pool, because each has a descriptor
and threads that are worth keeping.
"""

from __future__ import annotations

import ctypes
import os
import select
import sys
from dataclasses import dataclass
from typing import Any, Callable, Union

from . import errors
from ._library import Handle, lib
from ._object import Cancel, Owner
from .request import Request
from .response import Response, take_response

_NAMES = {number: name[len("EVENT_"):].lower() for name, number in lib.constants.items()
          if name.startswith("EVENT_")}
_EVENT = lib.constants["ITEM_EVENT"]
_TOOL_CALLS = {lib.constants["EVENT_TOOL_CALL"], lib.constants["EVENT_TOOL_CALL_END"]}
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


class Queue(Owner):
    """Where the results of submitted calls arrive."""

    def __init__(self) -> None:
        handle, error = Handle(), Handle()
        errors.check(lib.queue_new(0, handle, error), error)
        self._own(handle, lib.queue_free)
        self.fd = int(lib.queue_fd(handle))
        self._made_in = os.getpid()
        self._items = (ctypes.c_void_p * _AT_ONCE)()

    def submit(self, kind: str, asked: Owner, request: Request, stream: bool, cancel: Cancel,
               tag: int) -> None:
        """Starts a call of a ``client`` or of ``tiered``."""
        error = Handle()
        errors.check(getattr(lib, f"{kind}_submit")(
            asked._handle, request._handle, int(stream), cancel._handle, self._handle, tag,
            error), error)

    def take(self) -> list[tuple[int, Arrival]]:
        """What has arrived, each with its tag; nothing if nothing has."""
        count = ctypes.c_size_t()
        status = lib.queue_next_many(self._handle, 0, self._items, _AT_ONCE, count)
        if status == errors.Timeout.status:
            return []
        errors.check(status)
        return [_arrival(Handle(item)) for item in self._items[:count.value]]

    def wait(self) -> None:
        """Blocks until something has arrived; a signal's handler runs meanwhile."""
        if self._made_in != os.getpid():
            return  # nothing arrives in a child: `take` says so
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(self.fd, select.POLLIN)
            poll.poll()
        else:
            select.select([self.fd], [], [])


def _arrival(item: Handle) -> tuple[int, Arrival]:
    try:
        tag = int(lib.item_tag(item))
        if lib.item_kind(item) == _EVENT:
            return tag, _event(lib.item_event(item))
        return tag, _done(item)
    finally:
        lib.item_free(item)


def _done(item: Handle) -> Done:
    response, error = Handle(), Handle()
    status = lib.item_result(item, response, error)
    return Done(take_response(response), errors.failure(status, error))


def _event(event: int) -> Event:
    kind = lib.event_kind(event)
    name, text = _NAMES.get(kind, "other"), text_of(lib.event_text, event) or ""
    if kind not in _TOOL_CALLS:
        return Event(name, text, lib.event_choice(event))
    return Event(name, text, lib.event_choice(event), lib.event_tool_index(event),
                 text_of(lib.event_tool_id, event), text_of(lib.event_tool_name, event))


def text_of(function: Callable[..., Any], *of: Any) -> str | None:
    """What a function of the library answers as data and length."""
    data = bytes_of(function, *of)
    return None if data is None else data.decode("utf-8", "replace")


def bytes_of(function: Callable[..., Any], *of: Any) -> bytes | None:
    """The same, as bytes."""
    length = ctypes.c_size_t()
    data = function(*of, length)
    return ctypes.string_at(data, length.value) if data else None


_idle: list[Queue] = []


def lend() -> Queue:
    """A queue without calls; to be given back when it has none again."""
    try:
        return _idle.pop()
    except IndexError:
        return Queue()


def give_back(queue: Queue) -> None:
    """Keeps a queue for the next one who needs it."""
    if len(_idle) < _KEPT:
        _idle.append(queue)
    else:
        queue.close()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_idle.clear)
