"""What the classes around handles have in common: close, `with`, and a net."""

from __future__ import annotations

import atexit
import functools
import json
import operator
import os
import threading
import weakref
from contextlib import contextmanager, suppress
from typing import Any, Callable, Iterable, Iterator, Mapping, TypeVar

from . import errors
from ._library import Handle, c_text, json_text, lib, option_texts, take
from .options import repeated

Self = TypeVar("Self", bound="Owner")
T = TypeVar("T")


class Owner:
    """Holds a handle; frees it once, at the latest when it is collected or
    when the interpreter ends, which leaves caches to the process's end.

    After ``close`` every call raises ``errors.InvalidHandle``; in a forked
    child, ``errors.Forked``.
    """

    _handle: Handle
    _freed_at_exit = True
    """Whether the interpreter's end frees it."""

    def _own(self, free: Callable[[Handle], Any], made: int | None = None) -> Handle:
        """The place of the handle, for C to put it there where it is not made yet: so
        nothing lies between its making and its owner. To free null does nothing."""
        self._handle = Handle(made)
        self._finalizer = weakref.finalize(self, free, self._handle)
        self._finalizer.atexit = self._freed_at_exit  # type: ignore[misc, unused-ignore]
        return self._handle

    def close(self) -> None:
        """Frees the object; doing it again does nothing."""
        if (owned := self._finalizer.peek()) is not None:
            # In this order: an interrupt in between frees twice, which does nothing.
            owned[1](self._handle)
            self._finalizer.detach()

    def _json(self, function: Callable[..., int]) -> Any:
        """What a function of the library says of this object."""
        value = Handle()
        errors.check(function(self._handle, value))
        return json.loads(take(value))

    def __reduce__(self) -> Any:
        raise TypeError(f"a {type(self).__name__} can be neither copied nor pickled: it lives in "
                        "its process, and another one makes its own")

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def handle_of(what: str, owner: Any, kind: type[Owner], option: str | None = None) -> Handle:
    """The handle of an argument; where an ``option`` is told, as which they are given, it is
    often one that lacks its name."""
    if not isinstance(owner, kind):
        hint = f"; options are keywords, such as {option}" if option else ""
        raise TypeError(f"{what} is a {kind.__name__}, not {type(owner).__name__}{hint}")
    return owner._handle


def whole(what: str, number: int, bits: int = 32, allowed: str | None = None) -> int:
    """A number for C, of which ctypes would cut off what does not fit. ``allowed`` is what
    the library takes of those that do."""
    try:
        number = operator.index(number)
    except TypeError:
        raise TypeError(f"{what}: {number!r} is no whole number") from None
    if not 0 <= number < 1 << bits:
        allowed = allowed or f"0..={(1 << bits) - 1}"
        raise errors.OutOfRange(f"{what}: {number} is outside {allowed}")
    return number


def several(what: str, items: Iterable[T]) -> Iterable[T]:
    """Refuses one text, whose letters would be taken one by one."""
    if isinstance(items, (str, bytes, bytearray, memoryview)):
        raise TypeError(f"several {what} are wanted, in a list, not one")
    return items


def as_json(what: str, value: object, default: Callable[[object], Any] | None = None) -> bytes:
    """A value as JSON in UTF-8, with ``what`` in front of what is wrong with it. Half a
    surrogate pair raises as everywhere in Python."""
    try:
        text = json_text(value, default, ensure_ascii=False)
    except ValueError as failure:  # NaN, or what holds itself
        raise errors.InvalidArgument(f"{what}: {failure}") from None
    except TypeError as failure:
        raise TypeError(f"{what}: {failure}") from None
    return text.encode()


Progress = Callable[[int, int], Any]
"""Told how far something has come, and of how much."""


class _Inside:
    """The calls that threads make in which the library calls functions of Python's.

    When the interpreter has ended, a thread that comes back to it is ended on the
    spot; in the midst of the library that would end the process. So at the end these
    calls are ended and waited for. The main thread is not ended so.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._ends: list[Callable[[], object]] = []
        self.is_over = False
        """Whether what still runs is to come to an end."""

    @contextmanager
    def one(self, end: Callable[[], object] = bool) -> Iterator[None]:
        """While one runs; ``end`` is called at the end, to have it return."""
        if is_main():
            yield
            return
        own = functools.partial(end)
        with self._changed:
            if self.is_over:
                raise errors.Closed("the interpreter is ending", errors.Closed.status)
            self._ends.append(own)
        try:
            yield
        finally:
            with self._changed:
                self._ends.remove(own)
                self._changed.notify_all()

    def end(self) -> None:
        _keep_quiet()
        with self._changed:
            self.is_over = True
            ends = list(self._ends)
        for end in ends:
            end()
        with self._changed:
            self._changed.wait_for(lambda: not self._ends)


def _keep_quiet() -> None:
    """Has daemons end without a word when the end of the interpreter ends their calls:
    one that printed what it failed with while stderr is closed would end the process."""
    told = threading.excepthook

    def tell(failed: threading.ExceptHookArgs) -> None:
        is_ours = issubclass(failed.exc_type, errors.Error)
        if not (is_ours and failed.thread is not None and failed.thread.daemon):
            told(failed)

    threading.excepthook = tell


def is_main() -> bool:
    """Whether this is the thread that is told of Ctrl-C, and that ends last."""
    return threading.current_thread() is threading.main_thread()


def beside(call: Callable[[], int], stop: Callable[[], object]) -> int:
    """Runs a blocking call such that Ctrl-C ends it, which ``stop`` has it do.

    Signals are handled on the main thread, which must not block inside the
    library, nor be called back from there: an exception of a handler's would be lost.
    There, another thread does; but not when the interpreter ends, and starts none.
    """
    if not is_main() or inside.is_over:
        return call()
    status: list[int] = []
    raised: list[BaseException] = []
    interrupted: list[bool] = []

    def run() -> None:
        try:
            if not interrupted:
                status.append(call())
        except BaseException as failure:
            raised.append(failure)

    thread = threading.Thread(target=run, name="mynah-call")
    try:
        try:
            thread.start()
        except RuntimeError:  # CPython 3.12.0 and .1 start none for functions of atexit
            return call()
        thread.join()
    except BaseException:
        interrupted.append(True)  # for a thread that has not come so far
        stop()
        with suppress(RuntimeError):  # it has not started
            thread.join()
        raise
    if raised:
        raise raised[0]
    return status[0]


inside = _Inside()
# What frees the objects at the end runs after what is registered after the first of its
# kind: calls are told of the end before their objects go.
weakref.finalize(inside, bool)
atexit.register(inside.end)
if hasattr(os, "register_at_fork"):
    # A child has none of the threads.
    os.register_at_fork(after_in_child=inside.__init__)  # type: ignore[misc]


class Raised:
    """What a function raised that C called: it stops the call, which raises it then."""

    def __init__(self) -> None:
        self._failure: BaseException | None = None

    def callback(self, kind: str, function: Callable[..., Any]) -> Any:
        """A function for C, which answers that it should go on unless this one raises."""
        def call(*arguments: Any) -> int:
            if inside.is_over and not is_main():
                return 1
            try:
                function(*arguments)
                return 0
            except BaseException as failure:
                self._failure = failure
                return 1

        return lib.callbacks[kind](call)

    def check(self, status: int, error: Handle) -> None:
        stopped = errors.failure(status, error)
        failure = self._failure or stopped
        if isinstance(stopped, errors.Stopped) and self._failure is None and is_main():
            # Ctrl-C, before the function could note it.
            raise KeyboardInterrupt from stopped
        if failure is not None:
            raise failure


class Cancel(Owner):
    """A token that ends calls."""

    def __init__(self) -> None:
        self._own(lib.cancel_free, lib.cancel_new())

    def trigger(self) -> None:
        lib.cancel_trigger(self._handle)


class Options:
    """An options object while something is made from it."""

    def __init__(self, kind: str, options: Mapping[str, object]) -> None:
        self._free = getattr(lib, f"{kind}_options_free")
        self.handle = Handle(getattr(lib, f"{kind}_options_new")())
        put = getattr(lib, f"{kind}_options_set")
        try:
            set_options(put, self.handle, options)
        except BaseException:
            self._free(self.handle)
            raise

    def __enter__(self) -> Handle:
        return self.handle

    def __exit__(self, *_: object) -> None:
        self._free(self.handle)


def _lines(value: object) -> object:
    """A mapping as the lines that ``header`` takes; None is no value, and no line."""
    if not isinstance(value, Mapping):
        return value
    return [f"{k}: {v}" for k, v in value.items() if v is not None]


def _texts(name: str, value: object) -> list[str]:
    """A value as texts: a list is one that is set repeatedly, or JSON."""
    if name == "header":
        value = _lines(value)
    if isinstance(value, (list, tuple)) and value and name not in repeated():
        return [json_text(value)]
    return option_texts(value)


def set_options(put: Callable[..., int], handle: Handle, options: Mapping[str, object]) -> None:
    """Sets named options through a function of the library's."""
    for name, value in options.items():
        try:
            texts = _texts(name, value)
        except ValueError as failure:  # JSON has no NaN
            raise errors.InvalidArgument(f"{name}: {failure}") from None
        except TypeError as failure:
            raise TypeError(f"{name}: {failure}") from None
        for text in texts:
            error = Handle()
            errors.check(
                put(handle, c_text(name, "an option's name"), c_text(text, name), error), error)
