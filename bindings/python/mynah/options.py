"""The options that there are, as the library itself tells them.

Nothing about an option stands in this package: its name, its range, its
default and what it does come from the library that was loaded.
"""

from __future__ import annotations

import functools
import json
import textwrap
from dataclasses import dataclass
from typing import Callable, TypeVar

from . import errors
from ._library import Handle, lib, take

C = TypeVar("C", bound=type)


@dataclass(frozen=True)
class Option:
    """One option: ``name`` is the keyword, ``type`` one of int, float, bool,
    choice, text, secret and list (which can be given several texts)."""

    name: str
    type: str
    range: str
    default: object
    """What holds when nobody sets it; None: it is unset."""
    doc: str


def describe(kind: str) -> list[Option]:
    """The options of a ``"cache"``, a ``"client"`` or a ``"mock"``."""
    value = Handle()
    name = f"{kind}_options_describe"
    if kind not in ("cache", "client", "mock"):
        raise ValueError(f"kind: {kind!r} is none of cache, client, mock")
    errors.check(getattr(lib, name + "_json" if kind == "mock" else name)(value))
    return [Option(row["key"], row["type"], row["range"], row["default"], row["doc"])
            for row in json.loads(take(value))]


@functools.lru_cache(maxsize=None)
def repeated() -> frozenset[str]:
    """The names of the options that can be given several texts."""
    return frozenset(option.name for kind in ("cache", "client", "mock")
                     for option in describe(kind) if option.type == "list")


def documented(kind: str) -> Callable[[C], C]:
    """Adds the options to a class's documentation, for ``help()``."""
    def decorate(cls: C) -> C:
        lines = [f"{cls.__doc__}\n    Options:\n"]
        for option in describe(kind):
            default = "unset" if option.default in (None, []) else option.default
            lines.append(f"    {option.name}: {option.type}, {option.range} (default: {default})")
            lines += textwrap.wrap(option.doc, 80, initial_indent=" " * 8,
                                   subsequent_indent=" " * 8)
        cls.__doc__ = "\n".join(lines)
        return cls
    return decorate
