"""Streams: the pieces of an answer as they arrive."""

from __future__ import annotations

import contextlib
import sys
import time
import weakref
from types import FrameType
from typing import Any, Generator, Iterator

from . import _queue, errors
from ._library import lib
from ._object import Cancel, Owner
from ._queue import Done, Event, Queue
from .request import Request
from .response import Response


_SLICE = 0.001
"""Pause in seconds, after which who closes a stream looks whether its reader is out."""


class _Call:
    """A call and its end; apart from the stream, which its steps must not keep alive."""

    def __init__(self, queue: Queue, cancel: Cancel) -> None:
        self.queue, self.cancel = queue, cancel
        self.done: Done | None = None
        self.finalizer: weakref.finalize[..., Any] | None = None


def _steps(call: _Call) -> Generator[Event, None, None]:
    """What arrives, up to the end.

    A generator, because that is run by one thread at a time, and lets go however
    it is left: an interrupt between any two steps would leave a lock behind.
    """
    while call.done is None:
        _, arrival = call.queue.await_first()
        if isinstance(arrival, Done):
            call.done = arrival
        call.queue.pop()
        if not isinstance(arrival, Done):
            yield arrival
        elif call.finalizer is not None and call.finalizer.detach():
            _queue.give_back(call.queue)  # nobody else is in it
            call.cancel.close()


def _runs_here(steps: Any) -> bool:
    """Whether it is this thread that is in them, below a signal's handler for one."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame is not steps.gi_frame:
        frame = frame.f_back
    return frame is not None


class Stream(Iterator[str]):
    """An iterator over the text of an answer as it arrives.

    :attr:`response` is the whole answer once it has ended. Leaving a ``with``
    block, or :meth:`close`, ends the call and its connection. When the pieces
    are not taken, the call waits. One thread at a time takes them: another one
    that asks meanwhile gets a ValueError, as from a generator. :meth:`close` and
    leaving the block are for any thread, whoever is waiting for a piece then
    gets :class:`mynah.errors.Cancelled`. Under ``max_in_flight`` it keeps its place until
    it has ended: a call within the loop over it may wait for that in vain.
    """

    def __init__(self, kind: str, asked: Owner, request: Request) -> None:
        self._asked = asked  # lives at least as long as its call
        self._call = call = _Call(_queue.lend(), Cancel())
        self._runs = {0: _steps(call)}  # the last holds; an interrupt ends one
        self._closing = False
        call.finalizer = weakref.finalize(self, _abandon, call.queue, call.cancel)
        try:
            call.queue.submit(kind, asked, request, True, call.cancel, 0)
        except BaseException:
            call.finalizer()
            raise

    @property
    def response(self) -> Response | None:
        """The answer: whole after the end; what had arrived where it was stopped, cancelled,
        late or cut; None before, and after any other failure."""
        done = self._call.done
        return done.response if done else None

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
        while (done := self._call.done) is None:
            if (event := self._step()) is not None:
                return event
        if done.error:
            raise done.error
        return None

    def _step(self) -> Event | None:
        """Waits for what comes next; None also where another thread has taken it."""
        number = len(self._runs) - 1
        steps = self._runs[number]
        try:
            return next(steps)
        except StopIteration:
            if self._call.done is None:  # it was left by an interrupt, or an error
                self._runs.setdefault(number + 1, _steps(self._call))  # one for all threads
        except ValueError as failure:
            if failure.__traceback__ is None or failure.__traceback__.tb_next is not None:
                raise  # out of the steps, not that they are being run
            if not self._closing or _runs_here(steps):
                raise ValueError("stream already executing: one thread at a time waits for "
                                 "its next piece") from None
            self._await_others()
        return None

    def _await_others(self) -> None:
        """Waits a little for the one who is in the steps, and sees the end soon."""
        if lib.queue_fd(self._call.queue._handle) < 0:  # a thread of the parent's, before a fork
            errors.check(lib.queue_wake(self._call.queue._handle))
        time.sleep(_SLICE)

    def close(self) -> None:
        """Ends the call, if it still runs, and waits until it has ended; any thread."""
        self._closing = True
        self._call.cancel.trigger()
        # The call is the parent's, or has ended with the interpreter.
        with contextlib.suppress(errors.Forked, errors.InvalidHandle):
            while self._call.done is None:
                if _runs_here(self._runs[len(self._runs) - 1]):
                    return  # which this thread is waiting in, and goes on to the end
                self._step()

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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
