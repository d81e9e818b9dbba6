"""What the fragments in Python find: a mock, a cache, clients of the mock."""

import asyncio
import threading

import mynah
from mynah import Cache, Client, Mock, Request, Tiered, errors

mock = Mock()
cache = Cache()
client = Client("custom", "mock", base_url=mock.url, cache_enabled=True)
small = Client("custom", "small", base_url=mock.url)
large = Client("custom", "large", base_url=mock.url)
