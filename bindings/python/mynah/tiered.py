"""Several clients as one: cheap for what is easy, able for what is hard."""

from __future__ import annotations

import ctypes
import math
import weakref
from typing import Callable, Iterable

from . import errors
from ._library import Handle, lib
from ._object import handle_of
from .caller import Caller
from .client import Client
from .metrics import TieredMetrics, tiered_metrics_of

Complexity = Callable[[str, int], "float | None"]
"""How hard a request is, from 0 to 1, by the last thing that the user said and
the number of messages; None leaves it to the library's estimate."""


class Tiered(Caller):
    """Clients from the cheapest to the most able; safe from any thread.

    A request goes to the tier that fits its complexity, and to another one when
    that fails; with ``fallback_on_refusal`` also after a bad request, a refused
    key or a content filter. ``complexity`` runs on threads of the library too; one
    that raises leaves the request to the estimate. ``response.raw["tier"]``
    tells who answered, 0 being the cheapest.
    """

    _kind = "tiered"

    def __init__(self, clients: Iterable[Client], complexity: Complexity | None = None,
                 fallback_on_refusal: bool = False) -> None:
        if complexity is not None and not callable(complexity):
            raise TypeError(f"complexity is a function, not {type(complexity).__name__}")
        self.clients = tuple(clients)
        handles = (ctypes.c_void_p * len(self.clients))(
            *(handle_of("a tier", c, Client).value for c in self.clients))
        handle, error = self._own(lib.tiered_free), Handle()
        errors.check(lib.tiered_new(
            handles, len(handles), int(fallback_on_refusal), handle, error), error)
        if complexity is not None:
            # Under its own address, until the library says that no call can come. It
            # holds these tiers no longer than others do: the function may hold them.
            self._complexity = complexity
            judge = lib.callbacks["complexity_fn"](_judge(weakref.ref(self)))
            word = id(judge)
            _kept[word] = judge
            errors.check(lib.tiered_on_complexity(handle, judge, word, _dropped))

    def metrics(self) -> TieredMetrics:
        """Calls, fallbacks, cost and savings of each tier and of all."""
        return tiered_metrics_of(self._json(lib.tiered_metrics_json))


_kept: dict[int, object] = {}
_dropped = lib.callbacks["destroy_fn"](lambda word: _kept.pop(word, None))


def _judge(tiers: weakref.ref[Tiered]) -> Callable[[int, int, int, int], float]:
    def judge(_: int, text: int, length: int, messages: int) -> float:
        try:
            if (held := tiers()) is None:
                return math.nan
            found = held._complexity(
                ctypes.string_at(text, length).decode("utf-8", "replace") if length else "", messages)
            return math.nan if found is None else float(found)
        except BaseException:
            return math.nan
    return judge
