"""Values that are made when they are missing, by one caller for all."""

from __future__ import annotations

import functools
import inspect
import math
import pickle
import time
from datetime import timedelta
from typing import Any, Callable, TypeVar, Union

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


def ttl_ms(ttl: Ttl) -> int:
    """A lifetime as the library has it."""
    if ttl is None:
        return 0
    seconds = ttl.total_seconds() if isinstance(ttl, timedelta) else ttl
    if seconds == math.inf:
        return _FOREVER
    if not seconds > 0:
        raise ValueError(f"ttl: {ttl!r} is not above 0")
    return min(max(1, round(seconds * 1000)), _FOREVER)


class Loading(Owner):
    """The part of a cache that fills itself."""

    def get_or_load(self, key: Bytes, load: Callable[[], Bytes], ttl: Ttl = None,
                    timeout: float = 30.0) -> bytes:
        """The value, or that of ``load()``, which one caller for each key runs.

        The others wait for it, ``timeout`` seconds at most (then ``Timeout``),
        and raise an error if it raises. A stale value is answered at once where
        ``stale_while_revalidate_ms`` says so, while one caller renews it.
        """
        value, claim = self._value_or_claim(as_bytes(key), timeout)
        if not claim.value:
            return take(value)
        try:
            loaded = as_bytes(load())
            errors.check(lib.claim_fill(claim, loaded, len(loaded), ttl_ms(ttl)))
            return loaded
        except Exception as failure:
            # Others have an attribute of this name too, such as HTTP's.
            kind = failure if isinstance(failure, errors.Error) else errors.Internal
            lib.claim_fail(claim, kind.status, str(failure).replace("\0", " ").encode())
            raise
        finally:
            lib.claim_free(claim)

    def _value_or_claim(self, key: bytes, timeout: float) -> tuple[Handle, Handle]:
        value, claim = Handle(), Handle()
        until = time.monotonic() + timeout
        while True:
            left = max(0, round((until - time.monotonic()) * 1000))
            status = lib.cache_get_or_claim(
                self._handle, key, len(key), min(left, _SLICE_MS), None, value, claim)
            if status != errors.Timeout.status or left <= _SLICE_MS:
                errors.check(status)
                return value, claim

    def memoize(self, ttl: Ttl = None) -> Callable[[F], F]:
        """A decorator: a function's results, pickled, under its arguments.

        Arguments and results must be picklable; arguments are the same when
        their pickles are. Threads that call at once with the same arguments run
        the function once. Unpickling runs code: load no snapshot into the cache
        that somebody else could have written.
        """
        def decorate(function: F) -> F:
            if inspect.iscoroutinefunction(function):
                raise TypeError("memoize: a coroutine cannot be kept; keep what it awaits")
            name = f"{function.__module__}.{function.__qualname__}"

            @functools.wraps(function)
            def remembered(*args: Any, **kwargs: Any) -> Any:
                key = pickle.dumps((name, args, sorted(kwargs.items())))
                return pickle.loads(self.get_or_load(
                    key, lambda: pickle.dumps(function(*args, **kwargs)), ttl))

            return remembered  # type: ignore[return-value]
        return decorate
