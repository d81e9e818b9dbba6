"""What the classes around handles have in common: close, `with`, and a net."""

from __future__ import annotations

import weakref
from typing import Any, Callable, TypeVar

from . import errors
from ._library import Handle, lib, option_texts

Self = TypeVar("Self", bound="Owner")


class Owner:
    """Holds a handle; frees it once, at the latest when it is collected.

    After ``close`` every call raises ``errors.InvalidHandle`` or ``NullArgument``;
    in a forked child, ``errors.Forked``.
    """

    def _own(self, handle: Handle, free: Callable[[Handle], Any]) -> None:
        self._handle = handle
        self._finalizer = weakref.finalize(self, free, Handle(handle.value))

    def close(self) -> None:
        """Frees the object; doing it again does nothing."""
        self._finalizer()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Options:
    """An options object while something is made from it."""

    def __init__(self, kind: str, options: dict[str, object]) -> None:
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


def set_options(put: Callable[..., int], handle: Handle, options: dict[str, object]) -> None:
    """Sets named options through a function of the library's."""
    for name, value in options.items():
        for text in option_texts(value):
            error = Handle()
            errors.check(put(handle, name.encode(), text, error), error)
