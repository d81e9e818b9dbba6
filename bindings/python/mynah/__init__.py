"""A fast in-process cache, and a client for language models built on it.

>>> from mynah import Cache, Client
>>> with Cache(capacity=1000) as cache:
...     cache["greeting"] = b"hello"
...     cache["greeting"]
b'hello'

Options are keywords with the names of the C library (``shard_count``,
``default_ttl_ms``, ``temperature``, ``rate_limit_rpm``, ...) and are checked by
it: an unknown name or a value outside its range raises at once and says what
would do. ``help(mynah.Client)`` and ``mynah.describe("client")`` have them all.

Everything may be used from any thread unless its documentation says otherwise.
Objects do not survive ``fork``: in the child they raise ``mynah.errors.Forked``,
and new ones work, so a pre-forking server makes its own after the fork. At its
end the interpreter waits for its threads as always, and the calls of those that are
daemons are cancelled without a word.

Left to C are the functions that the library calls for logs, alerts and evictions
(here they are :class:`Notices`, which have a client's log records; what a cache logs
about its own decisions is told to such a function only), claims as objects (here :meth:`Cache.get_or_load`,
:meth:`Cache.memoize` and :meth:`Cache.warm`), a load that remembers that there is
nothing (here :meth:`Cache.set_negative`), options from a JSON text, and what options
come to before anything is made from them (here :meth:`Client.options` and
:meth:`Cache.options`, afterwards).
"""

from . import errors
from ._library import abi_version, version
from ._queue import Event
from .aio import AsyncStream
from .cache import Cache
from .client import Client
from .errors import Error
from .metrics import (Advice, CacheMetrics, ClientMetrics, Finding, LatencyMs, LatencyNs,
                      TieredMetrics, TierMetrics)
from .mock import Mock
from .notices import Alert, Eviction, LogRecord, Notices
from .options import Option, describe
from .process import build_info, metrics, prometheus
from .request import Request
from .response import Response, Timings, ToolCall, Usage
from .stream import Stream
from .tiered import Tiered

__all__ = [
    "Advice", "Alert", "AsyncStream", "Cache", "CacheMetrics", "Client", "ClientMetrics", "Error",
    "Event", "Eviction", "Finding", "LatencyMs", "LatencyNs", "LogRecord", "Mock", "Notices",
    "Option", "Request", "Response", "Stream", "TierMetrics", "Tiered", "TieredMetrics", "Timings",
    "ToolCall", "Usage", "abi_version", "build_info", "describe", "errors", "metrics", "prometheus",
    "version",
]
