"""The cache as a Python object."""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from contextlib import nullcontext
from typing import (
    Any, Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, MutableMapping, Sequence,
    TypeVar, Union, ValuesView, overload)

from . import errors
from ._library import Bytes, Handle, as_bytes, c_text, lib, take
from ._loading import Loading, Ttl, load_claimed, ttl_ms
from ._object import (
    Options, Owner, Progress, Raised, beside, handle_of, inside, is_main, several, whole)
from .metrics import Advice, CacheMetrics, advice_of, cache_metrics_of
from .notices import Notices, events_of
from .options import describe, documented

D = TypeVar("D")
K = TypeVar("K", bound=Bytes)
Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
_NONE = object()
_RANGES = {option.name: option.range for option in describe("cache")}


def _found(status: int) -> bool:
    if status == errors.NotFound.status:
        return False
    errors.check(status)
    return True


def _stored(status: int, size: int) -> None:
    """Raises where so many bytes could not be stored."""
    if status == errors.TooLarge.status:
        raise errors.TooLarge(f"entry: {size} bytes are beyond max_entry_bytes, or half of "
                              "max_memory_mb", status)
    errors.check(status)


def _lens(items: Sequence[bytes]) -> Any:
    return (ctypes.c_size_t * len(items))(*map(len, items))


class _Walk(Owner):
    def __init__(self, cache: Handle) -> None:
        errors.check(lib.cache_iter_new(cache, self._own(lib.cache_iter_free)))

    def next(self, key: Handle, value: Handle) -> bool:
        """Whether there is another. One that found its shard busy is asked again: it
        goes on where it was, and a generator that raises does not."""
        while True:
            status = lib.cache_iter_next(self._handle, key, value)
            if status != errors.Busy.status:
                return _found(status)


class _Room:
    """Where look-ups are copied to: one crossing instead of four."""

    _MOST = 1 << 20

    def __init__(self) -> None:
        self.length = ctypes.c_size_t()
        self._make(4096)

    def _make(self, size: int) -> None:
        self.size, self.buffer = size, (ctypes.c_char * size)()
        self.view = memoryview(self.buffer).cast("B")

    def grow(self, needed: int) -> bool:
        """Whether there is room for so many bytes now."""
        if self.size < needed <= self._MOST:
            self._make(1 << (needed - 1).bit_length())
        return needed <= self.size


class _Rooms(threading.local):
    """A thread's. Whoever looks up takes one away meanwhile, because a signal's
    handler may look something up in between."""

    def __init__(self) -> None:
        self.free = [_Room()]


_rooms = _Rooms()


class _View:
    """Of a cache, whose keys can be given as text too: no mapping of bytes to the hints."""

    def __init__(self, cache: "Cache") -> None:
        self._mapping = cache


class _Keys(_View, KeysView[bytes]):
    """As the cache answers them, which are bytes also where text was stored."""

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._mapping)


class _Items(_View, ItemsView[bytes, bytes]):
    """Walks; a look-up for each key might find it gone, and would be counted. ``in``
    looks up, because comparing two caches would walk one for each entry of the other."""

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        return self._mapping.entries()


class _Values(_View, ValuesView[bytes]):
    """As :class:`_Items`."""

    def __iter__(self) -> Iterator[bytes]:
        return (value for _, value in self._mapping.entries())

    def __contains__(self, value: object) -> bool:
        return any(held == value for held in self)


@documented("cache")
class Cache(Loading, MutableMapping[Bytes, bytes]):
    """A sharded in-process cache of bytes; safe from any thread.

    A mapping: keys are bytes or text (as UTF-8), values bytes. It keeps within
    its bounds by itself, so an entry may be gone the next moment; ``len`` counts
    entries that have expired and not left yet, and an empty one is false. Look-ups are counted as hits and
    misses, ``in`` is not, nor is a walk over keys, values or items. After :meth:`close` every call raises
    :class:`mynah.errors.InvalidHandle`, in a forked child
    :class:`mynah.errors.Forked`: make a cache of its own there. An option's
    value is a number, a bool or a text; a timedelta fits every ``_ms``. ``notices``
    is told when a threshold is crossed and, with ``evictions``, of every entry that
    leaves. One that is not closed is there until the process ends: a function of
    ``atexit`` can save it.
    """

    __hash__ = object.__hash__
    _freed_at_exit = False  # a function of atexit may save it, whenever that was registered

    def __eq__(self, other: object) -> bool:
        return self is other

    def __init__(self, notices: Notices | None = None, evictions: bool = False,
                 **options: Any) -> None:
        if evictions and notices is None:
            raise TypeError("evictions: they are told to notices, and there are none")
        handle, error = self._own(lib.cache_free), Handle()
        with Options("cache", options) as made:
            if notices is not None:
                errors.check(lib.cache_options_events_to_queue(
                    made, events_of(evictions), handle_of("notices", notices, Notices, "capacity=1000")))
            errors.check(lib.cache_new(made, handle, error), error)
        self._flights = weakref.WeakKeyDictionary()
        self._large = False  # values that no thread should keep room for

    @overload
    def get(self, key: Bytes) -> bytes | None: ...
    @overload
    def get(self, key: Bytes, default: D) -> bytes | D: ...
    def get(self, key: Bytes, default: object = None) -> object:
        """The value, or ``default`` when there is none or it has expired."""
        key = key if type(key) is bytes else as_bytes(key)
        if self._large:
            return self._get_large(key, default)
        free = _rooms.free
        room = free.pop() if free else _Room()
        try:
            status = lib.cache_get_into(
                self._handle, key, len(key), room.buffer, room.size, room.length)
            if status == 0:
                return room.view[:room.length.value].tobytes()
            if status == errors.NotFound.status:
                return default
            if status != errors.TooLarge.status:
                errors.check(status)
            # Looked up twice this once, and not again for values of this size.
            self._large = not room.grow(room.length.value)
        finally:
            free.append(room)
        return self.get(key, default)

    def _get_large(self, key: bytes, default: object) -> object:
        value = Handle()
        if not _found(lib.cache_get(self._handle, key, len(key), value)):
            return default
        return take(value)

    def set(self, key: Bytes, value: Bytes, ttl: Ttl = None) -> None:
        """Stores a copy, replacing an earlier value.

        ``ttl``: seconds or a timedelta; None is the cache's ``default_ttl_ms``,
        ``math.inf`` for ever. Raises ``TooLarge`` beyond ``max_entry_bytes``, or
        half of ``max_memory_mb``.
        """
        key, value = as_bytes(key), as_bytes(value)
        _stored(lib.cache_set(self._handle, key, len(key), value, len(value), ttl_ms(ttl)),
                len(key) + len(value))

    def touch(self, key: Bytes, ttl: Ttl = None) -> bool:
        """Gives an entry another lifetime from now; whether there was one."""
        key = as_bytes(key)
        return _found(lib.cache_touch(self._handle, key, len(key), ttl_ms(ttl)))

    def remove(self, key: Bytes) -> bool:
        """Whether there was an entry to remove."""
        key = as_bytes(key)
        return _found(lib.cache_remove(self._handle, key, len(key)))

    def remove_prefix(self, prefix: Bytes) -> int:
        """Removes every key that begins so; how many there were."""
        prefix, removed = as_bytes(prefix), ctypes.c_uint64()
        errors.check(lib.cache_remove_prefix(self._handle, prefix, len(prefix), removed))
        return removed.value

    def get_many(self, keys: Iterable[Bytes]) -> list[bytes | None]:
        """The values of several keys at once, None for each miss."""
        wanted = [as_bytes(key) for key in several("keys", keys)]
        values, size = Handle(), ctypes.c_size_t()
        errors.check(lib.cache_get_many(
            self._handle, b"".join(wanted), _lens(wanted), len(wanted), values))
        found: list[bytes | None] = []
        try:
            for i in range(len(wanted)):
                data = lib.values_get(values, i, size)
                found.append(None if data is None else ctypes.string_at(data, size.value))
        finally:
            lib.values_free(values)
        return found

    def set_many(self, entries: Mapping[K, Bytes], ttl: Ttl = None) -> None:
        """Stores several entries at once."""
        if not isinstance(entries, Mapping):
            raise TypeError(f"entries are wanted in a mapping, not {type(entries).__name__}")
        # One walk: two would differ where another thread writes meanwhile.
        pairs = [(as_bytes(key), as_bytes(value)) for key, value in entries.items()]
        keys, values = [key for key, _ in pairs], [value for _, value in pairs]
        status = lib.cache_set_many(
            self._handle, b"".join(keys), _lens(keys), b"".join(values), _lens(values),
            len(keys), ttl_ms(ttl))
        _stored(status, max((len(k) + len(v) for k, v in pairs), default=0) if status else 0)

    def update(  # type: ignore[override]
            self, other: Mapping[K, Bytes] | Iterable[tuple[Bytes, Bytes]] = (), /,
            **more: Bytes) -> None:
        """As of every mapping, with all keys and values that :meth:`set` takes."""
        super().update(other, **more)  # type: ignore[arg-type]

    def clear(self) -> None:
        """Removes every entry."""
        errors.check(lib.cache_clear(self._handle))

    def resize(self, shards: int) -> None:
        """Changes the number of shards while the cache is in use; 0: it chooses."""
        error = Handle()
        number = whole("shard_count", shards, allowed=_RANGES["shard_count"])
        errors.check(lib.cache_resize(self._handle, number, error), error)

    def set_capacity(self, entries: int) -> None:
        """Changes the most entries that it holds while it is in use."""
        error = Handle()
        number = whole("capacity", entries, 64, _RANGES["capacity"])
        errors.check(lib.cache_set_capacity(self._handle, number, error), error)

    def set_negative(self, key: Bytes, ttl: Ttl = None) -> None:
        """Remembers that there is nothing under a key: a look-up finds nothing, and
        :meth:`get_or_load` raises ``NotFound`` and loads nothing."""
        key = as_bytes(key)
        _stored(lib.cache_set_negative(self._handle, key, len(key), ttl_ms(ttl)), len(key))

    def warm(self, keys: Iterable[Bytes], load: Callable[[bytes], Bytes], ttl: Ttl = None) -> int:
        """Loads each key that is neither there nor being loaded, one after another;
        how many are there now. What ``load(key)`` raises ends it."""
        wanted = [as_bytes(key) for key in several("keys", keys)]
        lasts, raised = ttl_ms(ttl), Raised()

        def fill(_: int, key: int, length: int, claim: int) -> None:
            name = ctypes.string_at(key, length) if length else b""
            load_claimed(Handle(claim), lambda: load(name), lasts)

        loaded, error = ctypes.c_uint64(), Handle()
        with inside.one():
            status = lib.cache_warm(
                self._handle, b"".join(wanted), _lens(wanted), len(wanted),
                raised.callback("load_fn", fill), None, loaded, error)
        raised.check(status, error)
        return loaded.value

    def save(self, path: Path, progress: Progress | None = None) -> int:
        """Writes a snapshot, whole or not at all; how many entries. Raises ``Io``.

        ``progress(done, total)`` is told how far it has come, on a thread of the package's
        where the main thread saves; what it raises ends it.
        """
        return self._transfer(lib.cache_save_with, path, progress)

    def load(self, path: Path, progress: Progress | None = None) -> int:
        """Reads a snapshot; how many entries were stored. One that is torn or foreign
        is refused whole (``Protocol``). ``progress`` as for :meth:`save`; what came
        before it raised stays."""
        return self._transfer(lib.cache_load_with, path, progress)

    def _transfer(self, function: Callable[..., int], path: Path,
                  progress: Progress | None) -> int:
        stopped = threading.Event()

        def told(_: int, done: int, total: int) -> None:
            if stopped.is_set():
                raise InterruptedError
            if progress:
                progress(done, total)

        raised, count, error = Raised(), ctypes.c_uint64(), Handle()
        # Without anything to tell it is there for Ctrl-C, of which one thread is told.
        heard = progress is not None or is_main()
        call = raised.callback("transfer_fn", told) if heard else lib.callbacks["transfer_fn"](0)
        name = c_text(os.fsdecode(path), "path")

        def run() -> int:
            with inside.one() if heard else nullcontext():
                return function(self._handle, name, call, None, count, error)

        raised.check(beside(run, stopped.set), error)
        return count.value

    @property
    def capacity(self) -> int:
        """The most entries that it holds."""
        return self._figure(lib.cache_capacity)

    @property
    def shard_count(self) -> int:
        """The number of independently locked parts."""
        return self._figure(lib.cache_shard_count)

    @property
    def memory_bytes(self) -> int:
        """What is accounted, in bytes."""
        return self._figure(lib.cache_memory_bytes)

    def _figure(self, function: Callable[[Handle], int]) -> int:
        """A number that is 0 where there is no live cache: that has a status, as the
        storing of nothing answers it."""
        number = function(self._handle)
        if number == 0:
            self.set_many({})
        return number

    def metrics(self) -> CacheMetrics:
        """Hits, misses, latencies, and what else is measured."""
        return cache_metrics_of(self._json(lib.cache_metrics_json))

    def prometheus(self) -> str:
        """The same figures in Prometheus' text format. Those of two caches have the same
        names: each is scraped from a path of its own."""
        value = Handle()
        errors.check(lib.cache_metrics_prometheus(self._handle, value))
        return take(value).decode()

    def advise(self) -> Advice:
        """What the figures suggest to change, with evidence."""
        return advice_of(self._json(lib.cache_advise_json))

    def options(self) -> dict[str, Any]:
        """The value of each option that holds, and the layer it comes from."""
        return dict(self._json(lib.cache_options_json))

    def entries(self) -> Iterator[tuple[bytes, bytes]]:
        """Every live entry, once, however long a shard is not free; readers and writers
        go on meanwhile."""
        with _Walk(self._handle) as walk:
            key, value = Handle(), Handle()
            while walk.next(key, value):
                yield take(key), take(value)

    def keys(self) -> KeysView[bytes]:
        """Keys, as of :meth:`entries`."""
        return _Keys(self)

    def items(self) -> ItemsView[bytes, bytes]:
        """Keys and values, as of :meth:`entries`."""
        return _Items(self)

    def values(self) -> ValuesView[bytes]:
        """Values, as of :meth:`entries`."""
        return _Values(self)

    def __iter__(self) -> Iterator[bytes]:
        return (key for key, _ in self.entries())

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

    @overload
    def pop(self, key: Bytes) -> bytes: ...
    @overload
    def pop(self, key: Bytes, default: bytes | D) -> bytes | D: ...
    def pop(self, key: Bytes, default: object = _NONE) -> object:
        """Looks up a key and removes it: of several threads that pop one entry, one
        has it."""
        found = self.get(key)
        if found is not None and self.remove(key):
            return found
        if default is _NONE:
            raise errors.NotFound(repr(key), errors.NotFound.status)
        return default

    def popitem(self) -> tuple[Bytes, bytes]:
        """Removes an entry, whichever: of several threads, each has another."""
        for key, value in self.entries():
            if self.remove(key):
                return key, value
        raise errors.NotFound("there is no entry", errors.NotFound.status)

    def setdefault(self, key: Bytes, default: Bytes) -> bytes:
        """The value, or ``default``, stored, where there is none."""
        found = self.get(key)
        if found is None:
            self.set(key, default)
            return as_bytes(default)
        return found

    def __contains__(self, key: object) -> bool:
        try:
            key = as_bytes(key)  # type: ignore[arg-type]
        except TypeError:
            return False
        return _found(lib.cache_contains(self._handle, key, len(key)))

    def __len__(self) -> int:
        return self._figure(lib.cache_len)
