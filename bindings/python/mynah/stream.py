"""Streams: the pieces of an answer as they arrive."""

from __future__ import annotations

import contextlib
import weakref
from typing import Iterator

from . import _queue, errors
from ._object import Cancel, Owner
from ._queue import Done, Event, Queue
from .request import Request
from .response import Response


class Stream(Iterator[str]):
    """An iterator over the text of an answer as it arrives.

    :attr:`response` is the whole answer once it has ended. Leaving a ``with``
    block, or :meth:`close`, ends the call and its connection. When the pieces
    are not taken, the call waits. Belongs to one thread at a time, except for
    :meth:`close`.
    """

    def __init__(self, kind: str, asked: Owner, request: Request) -> None:
        self._asked = asked  # lives at least as long as its call
        self._queue, self._cancel = _queue.lend(), Cancel()
        self._done: Done | None = None
        self._finalizer = weakref.finalize(self, _abandon, self._queue, self._cancel)
        try:
            self._queue.submit(kind, asked, request, True, self._cancel, 0)
        except BaseException:
            self._finalizer()
            raise

    @property
    def response(self) -> Response | None:
        """The answer: whole after the end, what had arrived after a failure,
        None before."""
        return self._done.response if self._done else None

    def __next__(self) -> str:
        while (event := self._next()) is not None:
            if event.kind == "text" and event.choice == 0:
                return event.text
        raise StopIteration

    def events(self) -> Iterator[Event]:
        """Everything that arrives, not only text: reasoning, calls, usage."""
        while (event := self._next()) is not None:
            yield event

    def _next(self) -> Event | None:
        """Waits for the next; None at the end, which may also raise."""
        while self._done is None:
            if (event := self._step()) is not None:
                return event
        if self._done.error:
            raise self._done.error
        return None

    def _step(self) -> Event | None:
        """Waits for what comes next, which may be the end."""
        _, arrival = self._queue.await_first()
        if isinstance(arrival, Done):
            self._done = arrival
        self._queue.pop()
        if not isinstance(arrival, Done):
            return arrival
        if self._finalizer.detach():
            _queue.give_back(self._queue)
            self._cancel.close()
        return None

    def close(self) -> None:
        """Ends the call, if it still runs; any thread."""
        self._cancel.trigger()

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        with contextlib.suppress(errors.Forked):  # the call is the parent's
            while self._done is None:
                self._step()


def _abandon(queue: Queue, cancel: Cancel) -> None:
    """Ends the call of a stream that nobody has any more."""
    cancel.trigger()
    queue.close()
    cancel.close()


def ask(kind: str, asked: Owner, request: Request) -> Response:
    """Asks and waits, such that a signal's handler runs meanwhile."""
    with Cancel() as cancel:
        queue = _queue.lend()
        try:
            queue.submit(kind, asked, request, False, cancel, 0)
            _, done = queue.await_first()
            queue.pop()
        except BaseException:
            _abandon(queue, cancel)
            raise
        _queue.give_back(queue)
    assert isinstance(done, Done)  # a call without a stream has no events
    return done.result()
