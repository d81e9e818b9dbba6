"""A fast in-process cache, and a client for language models built on it.

>>> from mynah import Cache, Client
>>> with Cache(capacity=1000) as cache:
...     cache["greeting"] = b"hello"
...     cache["greeting"]
b'hello'

Options have the names of the C library (``shard_count``, ``default_ttl_ms``,
``temperature``, ``rate_limit_rpm``, ...) and are checked by it: an unknown name
or a value outside its range raises at once and says what would do.
"""

from . import errors
from ._library import abi_version, version
from .cache import Cache
from .client import Client, Request, Response, Stream, ToolCall, Usage
from .errors import Error
from .mock import Mock

__all__ = [
    "Cache", "Client", "Error", "Mock", "Request", "Response", "Stream", "ToolCall", "Usage",
    "abi_version", "errors", "version",
]
