"""asyncio: calls as awaitables, streams for ``async for``.

Each event loop has a queue of the library's while calls run, and watches its
descriptor: no thread of Python's waits anywhere. A loop without calls watches
nothing and keeps nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import weakref
from collections import deque
from typing import AsyncIterator, Callable

from . import _queue
from ._object import Cancel, Owner
from ._queue import Arrival, Done, Event, Queue
from .request import Request
from .response import Response

Sink = Callable[[Arrival], None]
Begin = Callable[[Queue, int], None]
"""Submits a call to a queue under a tag."""


class _Reactor:
    """The calls of one event loop. Knows the loop only while calls run."""

    def __init__(self) -> None:
        self._queue: Queue | None = None
        self._watched = False
        self._sinks: dict[int, Sink] = {}
        self._tags = itertools.count(1)

    def start(self, begin: Begin, sink: Sink) -> None:
        """Starts a call; ``sink`` is given each event and the end."""
        if self._queue is None:
            self._queue = _queue.lend()
        if not self._watched:
            asyncio.get_running_loop().add_reader(self._queue.fd, self._readable)
            self._watched = True
        tag = next(self._tags)
        self._sinks[tag] = sink
        try:
            begin(self._queue, tag)
        except Exception:  # an interrupt leaves it open whether the call has begun
            self._forget(tag)
            raise

    def _readable(self) -> None:
        try:
            self._hand_on_all()  # its loop lies elsewhere: CPython 3.13 has the jump outside `try`
        except BaseException:
            # Ctrl-C. The descriptor does not tell of what was fetched already.
            asyncio.get_running_loop().call_soon(self._readable)
            raise

    def _hand_on_all(self) -> None:
        if (queue := self._queue) is not None and queue.fetch():
            while (arrived := queue.first()) is not None:
                self._hand_on(queue, *arrived)

    def _hand_on(self, queue: Queue, tag: int, arrival: Arrival) -> None:
        sink = self._sinks.get(tag)
        if not isinstance(arrival, Done):
            queue.pop()  # an interrupt here loses a piece; the other order told it twice
        if sink is not None:
            sink(arrival)
        if isinstance(arrival, Done):  # which may be told twice, and must be told
            queue.pop()
            self._forget(tag)

    def _forget(self, tag: int) -> None:
        self._sinks.pop(tag, None)
        if not self._sinks and (queue := self._queue) is not None:
            self._watched = False  # first, as an interrupt may fall in between
            asyncio.get_running_loop().remove_reader(queue.fd)
            self._queue = None
            _queue.give_back(queue)

    def abandon(self) -> None:
        """The loop is closed: what is left of its calls ends unheard."""
        self._sinks.clear()
        if self._queue is not None:
            self._queue.close()
            self._queue = None


_reactors: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Reactor] = (
    weakref.WeakKeyDictionary())


def _reactor() -> _Reactor:
    # A loop whose calls had not ended is kept alive by those who wait for them. Loops
    # of other threads come and go meanwhile: each step here is one of the dictionary's.
    for loop in [ref() for ref in _reactors.keyrefs()]:
        if loop is not None and loop.is_closed():
            if (left := _reactors.pop(loop, None)) is not None:
                left.abandon()
    return _reactors.setdefault(asyncio.get_running_loop(), _Reactor())


async def done(begin: Begin, cancel: Cancel) -> Done:
    """Starts a call and waits for its end; a task that is cancelled ends it."""
    future: asyncio.Future[Done] = asyncio.get_running_loop().create_future()

    def sink(arrival: Arrival) -> None:
        if isinstance(arrival, Done) and not future.done():
            future.set_result(arrival)

    try:
        _reactor().start(begin, sink)
        return await future
    except asyncio.CancelledError:
        cancel.trigger()
        raise


async def ask(kind: str, asked: Owner, request: Request) -> Response:
    """Asks and waits."""
    with Cancel() as cancel:
        def begin(queue: Queue, tag: int) -> None:
            queue.submit(kind, asked, request, False, cancel, tag)

        return (await done(begin, cancel)).result()


class _Arrivals:
    """What has arrived of a stream and was not taken yet."""

    def __init__(self) -> None:
        self.events: deque[Event] = deque()
        self.done: Done | None = None
        self.more = asyncio.Event()

    def put(self, arrival: Arrival) -> None:
        if isinstance(arrival, Done):
            self.done = arrival
        else:
            self.events.append(arrival)
        self.more.set()


class AsyncStream(AsyncIterator[str]):
    """As :class:`mynah.Stream`, for ``async for`` and ``async with``.

    The call begins with the first piece that is asked for. Pieces that are not
    taken wait in memory, at most ``max_response_bytes`` of them. Cancelling the
    task, leaving ``async with``, or dropping the stream ends the call.
    """

    def __init__(self, kind: str, asked: Owner, request: Request) -> None:
        self._call = (kind, asked, request)
        self._cancel = Cancel()
        self._arrivals: _Arrivals | None = None
        self._finalizer = weakref.finalize(self, _end, self._cancel)

    @property
    def response(self) -> Response | None:
        """As :attr:`mynah.Stream.response`."""
        done = self._arrivals.done if self._arrivals else None
        return done.response if done else None

    def __aiter__(self) -> "AsyncStream":
        return self

    async def __anext__(self) -> str:
        while True:
            event = await self._next()
            if event is None:
                raise StopAsyncIteration
            if event.kind == "text" and event.choice == 0:
                return event.text

    async def events(self) -> AsyncIterator[Event]:
        """Everything that arrives, not only text."""
        while (event := await self._next()) is not None:
            yield event

    async def _next(self) -> Event | None:
        arrivals = self._begun()
        while not arrivals.events:
            if arrivals.done:
                if arrivals.done.error:
                    raise arrivals.done.error
                return None
            arrivals.more.clear()
            try:
                await arrivals.more.wait()
            except asyncio.CancelledError:
                self._cancel.trigger()
                raise
        return arrivals.events.popleft()

    def _begun(self) -> _Arrivals:
        if self._arrivals is None:
            self._arrivals = _Arrivals()
            kind, asked, request = self._call
            try:
                _reactor().start(
                    lambda queue, tag: queue.submit(kind, asked, request, True, self._cancel, tag),
                    self._arrivals.put)
            except Exception:  # it was refused: nothing would ever arrive
                self._arrivals = None
                raise
        return self._arrivals

    async def aclose(self) -> None:
        """Ends the call, if it still runs, and waits until it has ended."""
        self._cancel.trigger()  # and stays: one that has not begun may still be asked for
        if (arrivals := self._arrivals) is not None:
            while arrivals.done is None:
                arrivals.more.clear()
                await arrivals.more.wait()

    async def __aenter__(self) -> "AsyncStream":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _end(cancel: Cancel) -> None:
    cancel.trigger()
    cancel.close()
