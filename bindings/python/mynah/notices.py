"""What caches and clients tell of, taken when and where it suits.

The library calls no Python function by itself: log records, alerts and evictions
wait in a queue of the library's until they are taken, in a loop, by an event
loop that watches the descriptor, or now and then.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections import deque
from dataclasses import dataclass
from typing import Any, Callable, Iterator, Union

from . import errors
from ._library import Handle, bytes_of, lib, text_of
from ._object import Owner

_SLICE_MS = 200
"""Pause after which a wait looks whether there was a Ctrl-C."""

_LEVELS = {name[len("LOG_"):].lower(): number for name, number in lib.constants.items()
           if name.startswith("LOG_")}
_LEVEL_NAMES = {number: name for name, number in _LEVELS.items()}
_REASONS = {number: name[len("EVICT_"):].lower() for name, number in lib.constants.items()
            if name.startswith("EVICT_")}


@dataclass(frozen=True)
class LogRecord:
    """A record of a client's: a call that ended, a retry, an alert, the breaker.

    ``level`` is debug, info, warning or error; ``record`` has the attribute names
    of OpenTelemetry's conventions for generative AI. Keys are never in it,
    prompts and answers only where a provider's error message quotes them.
    """

    level: str
    record: dict[str, Any]


@dataclass(frozen=True)
class Alert:
    """A threshold of a cache that was crossed, or (not ``raised``) is held again.

    ``name`` is the option that holds the ``threshold``.
    """

    name: str
    raised: bool
    value: float
    threshold: float


@dataclass(frozen=True)
class Eviction:
    """An entry that left a cache; ``reason`` is capacity, memory, expired,
    replaced, removed or cleared."""

    key: bytes
    value: bytes
    reason: str


Notice = Union[LogRecord, Alert, Eviction]


class Notices(Owner):
    """Log records, alerts and evictions, for any number of caches and clients.

    Up to 10,000 wait, and 64 MiB of them; more are dropped. Iterating waits for
    the next, and ends when it is closed. Any thread.
    """

    def __init__(self) -> None:
        error = Handle()
        errors.check(lib.queue_new(1, self._own(lib.queue_free), error), error)
        self._left: deque[Notice] = deque()  # by an interrupt

    def fileno(self) -> int:
        """Readable while something waits: for ``select`` and
        ``loop.add_reader``; never read it."""
        descriptor = int(lib.queue_fd(self._handle))
        if descriptor < 0:
            errors.check(lib.queue_wake(self._handle))  # which has a status
        return descriptor

    def take(self) -> list[Notice]:
        """What waits now, without waiting."""
        found: list[Notice] = []
        try:
            self._take(found)  # its loop lies elsewhere: CPython 3.13 has the jump outside `try`
            return found
        except BaseException:
            self._left.extendleft(reversed(found))
            raise

    def _take(self, found: list[Notice]) -> None:
        while self._next(0, found):
            pass

    def __iter__(self) -> Iterator[Notice]:
        found: list[Notice] = []
        while True:
            try:
                self._next(_SLICE_MS, found)
            except (errors.Closed, errors.InvalidHandle):
                return
            # One at a time: whoever leaves the loop leaves the rest where it is.
            while found:
                yield found.pop()

    def log(self, logger: logging.Logger | None = None) -> None:
        """Hands what waits to ``logging``, by default to the logger ``mynah``."""
        to = logger or logging.getLogger("mynah")
        for notice in self.take():
            if isinstance(notice, LogRecord):
                to.log(getattr(logging, notice.level.upper()), "%s", json.dumps(notice.record))
            elif isinstance(notice, Alert):
                to.warning("%s %s: %g, threshold %g", "alert" if notice.raised else "recovered",
                           notice.name, notice.value, notice.threshold)
            else:
                to.debug("evicted %r: %s", notice.key, notice.reason)

    def _next(self, timeout_ms: int, found: list[Notice]) -> bool:
        """Adds the next to what was found; whether there may be more."""
        item, had = Handle(), len(found)
        try:
            if self._left:
                with contextlib.suppress(IndexError):  # another thread was faster
                    found.append(self._left.popleft())
                return True
            status = lib.queue_next(self._handle, timeout_ms, item)
            if status == errors.Timeout.status:
                return False
            errors.check(status)
            found += _notice(item)
            return True
        except BaseException:
            if len(found) == had:
                self._left += _notice(item)
            raise
        finally:
            lib.item_free(item)


def _notice(item: Handle) -> list[Notice]:
    """The one that an item is; none of a kind that is not known, nor of null."""
    read = _READ.get(lib.item_kind(item))
    return [read(item)] if read else []


def _log_record(item: Handle) -> LogRecord:
    level = _LEVEL_NAMES.get(lib.item_tag(item), "info")
    return LogRecord(level, json.loads(text_of(lib.item_text, item) or "{}"))


def _alert(item: Handle) -> Alert:
    told = json.loads(text_of(lib.item_text, item) or "{}")
    return Alert(told["name"], bool(told["raised"]), told["value"], told["threshold"])


def _eviction(item: Handle) -> Eviction:
    return Eviction(bytes_of(lib.item_entry, item, 0) or b"", bytes_of(lib.item_entry, item, 1) or b"",
                    _REASONS.get(lib.item_tag(item), "other"))


_READ: dict[int, Callable[[Handle], Notice]] = {
    lib.constants["ITEM_LOG"]: _log_record, lib.constants["ITEM_ALERT"]: _alert,
    lib.constants["ITEM_EVICT"]: _eviction}


def level_of(name: str) -> int:
    """The library's number of a level, whose capitals make no difference."""
    level = _LEVELS.get(name.lower()) if isinstance(name, str) else None
    if level is None:
        raise ValueError(f"log_level: {name!r} is none of {', '.join(_LEVELS)}")
    return level


def events_of(evictions: bool) -> int:
    """What a cache tells of, as the library's number."""
    departures = lib.constants["CACHE_DEPARTURES"] if evictions else 0
    return int(lib.constants["CACHE_ALERTS"] + departures)
