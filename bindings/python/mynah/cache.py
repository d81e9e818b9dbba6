"""The cache as a Python object."""

from __future__ import annotations

import ctypes
import functools
import json
import pickle
from datetime import timedelta
from typing import Any, Callable, Iterable, Mapping, Sequence, TypeVar, Union

from . import errors
from ._library import Bytes, Handle, as_bytes, lib, take
from ._object import Options, Owner

F = TypeVar("F", bound=Callable[..., Any])
D = TypeVar("D")

Ttl = Union[float, timedelta, None]
"""Seconds or a timedelta; None is the cache's own, ``math.inf`` for ever."""

_FOREVER = 2**64 - 1


def _ttl_ms(ttl: Ttl) -> int:
    if ttl is None:
        return 0
    seconds = ttl.total_seconds() if isinstance(ttl, timedelta) else ttl
    if seconds == float("inf"):
        return _FOREVER
    if not seconds > 0:
        raise ValueError(f"ttl: {ttl!r} is not above 0")
    return max(1, round(seconds * 1000))


def _lens(items: Sequence[bytes]) -> Any:
    return (ctypes.c_size_t * len(items))(*map(len, items))


class Cache(Owner):
    """A sharded in-process cache of bytes; safe from any thread.

    Keys are bytes or text (as UTF-8), values bytes. Options are those of the
    library: ``capacity``, ``default_ttl_ms``, ``max_memory_mb``, ...
    """

    def __init__(self, **options: object) -> None:
        handle, error = Handle(), Handle()
        with Options("cache", options) as made:
            errors.check(lib.cache_new(made, handle, error), error)
        self._own(handle, lib.cache_free)

    def get(self, key: Bytes, default: D | None = None) -> bytes | D | None:
        """The value, or ``default`` when there is none or it has expired."""
        key, value = as_bytes(key), Handle()
        status = lib.cache_get(self._handle, key, len(key), value)
        if status == errors.NotFound.status:
            return default
        errors.check(status)
        return take(value)

    def set(self, key: Bytes, value: Bytes, ttl: Ttl = None) -> None:
        """Stores a copy, replacing an earlier value."""
        key, value = as_bytes(key), as_bytes(value)
        errors.check(lib.cache_set(self._handle, key, len(key), value, len(value), _ttl_ms(ttl)))

    def remove(self, key: Bytes) -> bool:
        """Whether there was an entry to remove."""
        key = as_bytes(key)
        status = lib.cache_remove(self._handle, key, len(key))
        if status == errors.NotFound.status:
            return False
        errors.check(status)
        return True

    def get_many(self, keys: Iterable[Bytes]) -> list[bytes | None]:
        """The values of several keys at once, None for each miss."""
        wanted, values, size = [as_bytes(k) for k in keys], Handle(), ctypes.c_size_t()
        errors.check(lib.cache_get_many(
            self._handle, b"".join(wanted), _lens(wanted), len(wanted), values))
        found: list[bytes | None] = []
        for i in range(len(wanted)):
            data = lib.values_get(values, i, size)
            found.append(None if data is None else ctypes.string_at(data, size.value))
        lib.values_free(values)
        return found

    def set_many(self, entries: Mapping[Bytes, Bytes], ttl: Ttl = None) -> None:
        """Stores several entries at once."""
        keys, values = [as_bytes(k) for k in entries], [as_bytes(v) for v in entries.values()]
        errors.check(lib.cache_set_many(
            self._handle, b"".join(keys), _lens(keys), b"".join(values), _lens(values),
            len(keys), _ttl_ms(ttl)))

    def get_or_load(self, key: Bytes, load: Callable[[], Bytes], ttl: Ttl = None,
                    timeout: float = 30.0) -> bytes:
        """The value, or that of ``load()``, which one caller per key runs.

        The others wait for it, ``timeout`` seconds at most, and raise what it
        failed with.
        """
        key, value, claim = as_bytes(key), Handle(), Handle()
        errors.check(lib.cache_get_or_claim(
            self._handle, key, len(key), round(timeout * 1000), None, value, claim))
        held = take(value) if value.value else None
        if not claim.value:
            return held or b""
        try:
            loaded = as_bytes(load())
            errors.check(lib.claim_fill(claim, loaded, len(loaded), _ttl_ms(ttl)))
            return loaded
        except Exception as failure:
            status = getattr(failure, "status", errors.Internal.status)
            lib.claim_fail(claim, status, str(failure).encode())
            raise
        finally:
            lib.claim_free(claim)

    def memoize(self, ttl: Ttl = None) -> Callable[[F], F]:
        """A decorator: results are pickled and kept under the arguments.

        Arguments and results must be picklable; two calls at once with the same
        arguments run the function once.
        """
        def decorate(function: F) -> F:
            name = f"{function.__module__}.{function.__qualname__}"

            @functools.wraps(function)
            def remembered(*args: Any, **kwargs: Any) -> Any:
                key = pickle.dumps((name, args, sorted(kwargs.items())))
                return pickle.loads(self.get_or_load(
                    key, lambda: pickle.dumps(function(*args, **kwargs)), ttl))

            return remembered  # type: ignore[return-value]
        return decorate

    def clear(self) -> None:
        """Removes every entry."""
        errors.check(lib.cache_clear(self._handle))

    def resize(self, shards: int) -> None:
        """Changes the number of shards while the cache is in use."""
        error = Handle()
        errors.check(lib.cache_resize(self._handle, shards, error), error)

    def save(self, path: str) -> None:
        """Writes a snapshot, whole or not at all."""
        error = Handle()
        errors.check(lib.cache_save(self._handle, path.encode(), error), error)

    def load(self, path: str) -> None:
        """Reads a snapshot; a torn or foreign file is refused whole."""
        error = Handle()
        errors.check(lib.cache_load(self._handle, path.encode(), error), error)

    @property
    def shard_count(self) -> int:
        """The number of independently locked parts."""
        return int(lib.cache_shard_count(self._handle))

    @property
    def memory_bytes(self) -> int:
        """What is accounted, in bytes."""
        return int(lib.cache_memory_bytes(self._handle))

    def metrics(self) -> dict[str, Any]:
        """Hits, misses, latencies, and what else is measured."""
        return self._json(lib.cache_metrics_json)

    def advise(self) -> Any:
        """What the figures suggest to change, with evidence."""
        return self._json(lib.cache_advise_json)

    def _json(self, function: Callable[..., int]) -> Any:
        value = Handle()
        errors.check(function(self._handle, value))
        return json.loads(take(value))

    def __getitem__(self, key: Bytes) -> bytes:
        found = self.get(key)
        if found is None:
            raise errors.NotFound(repr(key), errors.NotFound.status)
        return found

    def __setitem__(self, key: Bytes, value: Bytes) -> None:
        self.set(key, value)

    def __delitem__(self, key: Bytes) -> None:
        if not self.remove(key):
            raise errors.NotFound(repr(key), errors.NotFound.status)

    def __contains__(self, key: Bytes) -> bool:
        return self.get(key) is not None

    def __len__(self) -> int:
        return int(lib.cache_len(self._handle))
