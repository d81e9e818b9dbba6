"""Values that are made when they are missing, by one caller for all."""

from __future__ import annotations

import asyncio
import functools
import inspect
import itertools
import math
import numbers
import os
import pickle
import time
from datetime import timedelta
from typing import Any, Awaitable, Callable, MutableMapping, TypeVar, Union, overload

from . import errors
from ._library import Bytes, Handle, as_bytes, lib, take
from ._object import Owner

F = TypeVar("F", bound=Callable[..., Any])

Ttl = Union[float, timedelta, None]
"""Seconds or a timedelta, above 0; None is the cache's own (``default_ttl_ms``),
``math.inf`` for ever."""

_FOREVER = 2**64 - 1
_SLICE_MS = 100
"""Pause after which a wait looks whether there was a Ctrl-C."""
_OF_WAITING = (errors.Timeout, errors.Cancelled, errors.Busy, errors.Closed, errors.InvalidHandle,
               errors.Forked)
"""What a wait for another's load ends with by itself. A load that fails so is told to
those who wait as ``Internal``: they took it for the end of their own wait."""
_PAUSE = 0.01
"""Seconds until a task asks again after what another thread loads or stores."""


def ttl_ms(ttl: Ttl) -> int:
    """A lifetime as the library has it: whole milliseconds, none shorter than asked for."""
    if ttl is None:
        return 0
    seconds = ttl.total_seconds() if isinstance(ttl, timedelta) else ttl
    if seconds == math.inf:
        return _FOREVER
    if not isinstance(seconds, numbers.Number):
        raise TypeError(f"ttl: seconds or a timedelta, not {type(ttl).__name__}")
    if not seconds > 0:
        raise ValueError(f"ttl: {ttl!r} is not above 0")
    # In binary, 0.069 s are a little more than 69 ms.
    return max(1, math.ceil(round(min(seconds * 1000, _FOREVER), 6)))


def _until(timeout: float | None) -> float:
    return math.inf if timeout is None else time.monotonic() + timeout


def _words(failure: Exception) -> bytes:
    """What an exception says, as the library takes it."""
    try:
        text = str(failure)
    except Exception:  # whatever its own code does
        text = type(failure).__name__
    return text.replace("\0", " ").encode(errors="replace")


# A claim that is not freed would keep everybody else from the key. So its place is
# there before the library fills it, and it is freed by two `finally`, one around the
# other: a Ctrl-C can hit only one of them. To free it twice does nothing.


def load_claimed(claim: Handle, load: Callable[[], Bytes], lasts: int) -> bytes:
    """What ``load`` answers, which is told to all who wait, as is a failure."""
    try:
        return _fill(claim, load(), lasts)
    except Exception as failure:
        _fail(claim, failure)
        raise


def _fill(claim: Handle, value: Bytes, lasts: int) -> bytes:
    loaded = as_bytes(value)
    # Whoever waits has it, also if it could not be stored: so has the caller.
    lib.claim_fill(claim, loaded, len(loaded), lasts)
    return loaded


def _fail(claim: Handle, failure: Exception) -> None:
    # Others have an attribute of this name too, such as HTTP's.
    status = errors.Internal.status
    if isinstance(failure, errors.Error) and not isinstance(failure, _OF_WAITING):
        # A plain Error, or a class of the caller's, has no number that C knows.
        status = failure.status if failure.status in errors.BY_STATUS else status
    lib.claim_fail(claim, status, _words(failure))


class _Flight:
    """A load by a task, for the other tasks of its loop."""

    def __init__(self, is_there: Callable[[], bool]) -> None:
        self._is_there = is_there
        self._loop = asyncio.get_running_loop()
        self._told: asyncio.Future[bytes | None] = self._loop.create_future()
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None

    async def follow(self, left: float) -> bytes | None:
        """What is loaded; None: ask again."""
        told = self._told
        self._waiting += 1
        try:
            self._look_later()
            await asyncio.wait([told], timeout=None if left == math.inf else left)
        finally:
            self._waiting -= 1
        return told.result() if told.done() else None

    def tell(self, value: bytes | None) -> None:
        """Tells all who follow; None has them ask again."""
        told, self._told = self._told, self._loop.create_future()
        told.set_result(value)

    def fail(self, failure: Exception) -> None:
        self._told.set_exception(failure)
        self._told.exception()  # nobody need wait for it

    def end(self) -> None:
        """Whoever has been told nothing asks again."""
        if self._timer is not None:
            self._timer.cancel()
        if not self._told.done():
            self._told.set_result(None)

    def _look_later(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(_PAUSE, self._look)

    def _look(self) -> None:
        """Whether somebody has stored it meanwhile: once for all who follow."""
        self._timer = None
        if self._waiting and not self._told.done():
            if self._is_there():
                self.tell(None)
            else:
                self._look_later()


_Flights = MutableMapping[asyncio.AbstractEventLoop, "dict[bytes, _Flight]"]


class Loading(Owner):
    """The part of a cache that fills itself."""

    _flights: _Flights
    """What tasks load now."""

    def get_or_load(self, key: Bytes, load: Callable[[], Bytes], ttl: Ttl = None,
                    timeout: float | None = 30.0) -> bytes:
        """The value, or that of ``load()``, which one caller for each key runs.

        The others wait for it, or for a value that somebody stores meanwhile,
        ``timeout`` seconds at most (then ``Timeout``; None: without end), and raise an error if it raises: one of its class if it is the library's and
        no wait ends so by itself, else ``Internal``. All get the value also if it cannot be
        stored, because it is too large or its shard is busy. A stale value is
        answered at once where ``stale_while_revalidate_ms`` says so, while one
        caller renews it.
        """
        key, lasts, until = as_bytes(key), ttl_ms(ttl), _until(timeout)
        slice_ms = None
        while True:
            left, claim = max(0.0, (until - time.monotonic()) * 1000), Handle()
            try:
                try:
                    value = self._find(key, slice_ms, left, claim)
                    if claim:
                        return load_claimed(claim, load, lasts)
                finally:
                    if claim:
                        lib.claim_free(claim)
            finally:
                if claim:
                    lib.claim_free(claim)
            if value is not None:
                return value
            slice_ms = _SLICE_MS

    async def aget_or_load(self, key: Bytes, load: Callable[[], Awaitable[Bytes]],
                           ttl: Ttl = None, timeout: float | None = 30.0) -> bytes:
        """As :meth:`get_or_load`, for a ``load`` that is awaited. Tasks that wait
        hold up no loop; a load whose task is cancelled passes to another. What it raises
        the other tasks of its loop raise too, as it is."""
        key, lasts, until = as_bytes(key), ttl_ms(ttl), _until(timeout)
        flights = self._flights.setdefault(asyncio.get_running_loop(), {})
        slice_ms = None
        while True:
            left, claim = max(0.0, until - time.monotonic()), Handle()
            try:
                try:
                    value = self._find(key, slice_ms, left * 1000, claim)
                    if claim:
                        flight = _Flight(lambda: self._holds(key))
                        return await _lead(flights, key, flight, claim, load, lasts)
                finally:
                    if claim:
                        lib.claim_free(claim)
            finally:
                if claim:
                    lib.claim_free(claim)
            if value is None:
                value = await _follow(flights.get(key), left)
            if value is not None:
                return value
            slice_ms = 0

    def _find(self, key: bytes, slice_ms: int | None, left_ms: float,
              claim: Handle) -> bytes | None:
        """The value; or None: it is the caller's to load, who has the claim then, or
        somebody else is loading it. With no slice to wait for it is the first look."""
        value, error = Handle(), Handle()
        if slice_ms is None:
            status = lib.cache_get_or_claim(self._handle, key, len(key), 0, None, value, claim)
        else:
            status = lib.cache_wait_or_claim(
                self._handle, key, len(key), round(min(left_ms, slice_ms)), None, value, claim,
                error)
        if status == errors.Timeout.status and left_ms > (slice_ms or 0):
            lib.error_free(error)
            return None
        errors.check(status, error)
        return None if claim else take(value)

    def _holds(self, key: bytes) -> bool:
        return bool(lib.cache_contains(self._handle, key, len(key)) == 0)

    @overload
    def memoize(self, ttl: F) -> F: ...
    @overload
    def memoize(self, ttl: Ttl = None,
                timeout: float | None = 30.0) -> Callable[[F], F]: ...
    def memoize(self, ttl: Any = None, timeout: float | None = 30.0) -> Any:
        """A decorator, with or without a ``ttl``: a function's results, pickled, under
        its arguments.

        Arguments and results must be picklable; arguments are the same when
        their pickles are. A function is known by its module and name; a lambda, a method
        of an object, or one that is made or wrapped by another, has results of its own
        each time. Threads that call at once with the same arguments run the function
        once, and so do tasks where it is a coroutine function: then what it awaits is
        kept. Who waits for another's run does so for ``timeout`` seconds at most, as in
        :meth:`get_or_load`.
        Unpickling runs code: load no snapshot into the cache that somebody else
        could have written.
        """
        if callable(ttl):  # @cache.memoize, which is given the function itself
            return self.memoize(timeout=timeout)(ttl)
        ttl_ms(ttl)  # a wrong one is told here, not by the first call

        def decorate(function: F) -> F:
            if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
                raise TypeError("memoize: a generator cannot be kept; keep a list of its items")
            name = _name(function)

            def key_of(args: Any, kwargs: Any) -> bytes:
                return pickle.dumps((name, args, sorted(kwargs.items())))

            @functools.wraps(function)
            def remembered(*args: Any, **kwargs: Any) -> Any:
                return pickle.loads(self.get_or_load(
                    key_of(args, kwargs), lambda: pickle.dumps(function(*args, **kwargs)), ttl,
                    timeout))

            @functools.wraps(function)
            async def awaited(*args: Any, **kwargs: Any) -> Any:
                async def load() -> bytes:
                    return pickle.dumps(await function(*args, **kwargs))

                return pickle.loads(
                    await self.aget_or_load(key_of(args, kwargs), load, ttl, timeout))

            kept = awaited if inspect.iscoroutinefunction(function) else remembered
            return kept  # type: ignore[return-value]
        return decorate


_unnamed = itertools.count()


def _name(function: Callable[..., Any]) -> str:
    """What tells a function from others, in a later process too; one that is made
    anew each time, such as a lambda, has a name of this process's."""
    name = getattr(function, "__qualname__", "<")
    known = f"{getattr(function, '__module__', '')}.{name}"
    code = getattr(function, "__code__", None)
    bound = getattr(function, "__self__", None)
    is_method = bound is not None and not inspect.ismodule(bound)
    # What wraps another has that one's name.
    is_one_of_many = (
        "<" in name or is_method or hasattr(function, "__wrapped__")
        or (code is not None and code.co_flags & inspect.CO_NESTED))
    return f"{known}#{os.getpid()}.{next(_unnamed)}" if is_one_of_many else known


async def _lead(flights: dict[bytes, _Flight], key: bytes, flight: _Flight, claim: Handle,
                load: Callable[[], Awaitable[Bytes]], lasts: int) -> bytes:
    flights[key] = flight
    try:
        loaded = _fill(claim, await load(), lasts)
        flight.tell(loaded)
        return loaded
    except Exception as failure:
        _fail(claim, failure)
        flight.fail(failure)
        raise
    finally:
        del flights[key]
        flight.end()


async def _follow(flight: _Flight | None, left: float) -> bytes | None:
    """What another task loads; None: ask again."""
    if flight is None:
        await asyncio.sleep(min(_PAUSE, left))
        return None
    return await flight.follow(left)
