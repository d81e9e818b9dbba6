"""A bounded cache: store, look up, load what is missing, see how it does.

    pip install ./bindings/python && python cache.py
"""

import math

from mynah import Cache


def look_it_up(name: str) -> bytes:
    """Stands for a database, a rendering, a call to somebody else."""
    print("looking up", name)
    return b"Acridotheres tristis"


# Both bounds are hard: entries and bytes never exceed them. Every option of the
# library is a keyword; help(Cache) has them all.
with Cache(capacity=10_000, max_memory_mb=64, default_ttl_ms=60_000) as cache:
    cache["greeting"] = b"hello"  # a mapping of bytes
    cache.set("for ever", b"yes", ttl=math.inf)  # or a lifetime in seconds
    print("greeting:", cache["greeting"].decode())
    print("nobody:", cache.get("nobody", "not here"))

    # While one thread loads a key, the others wait for what it finds instead
    # of asking as well; what the load raises, it raises here.
    for _ in range(2):
        print("common myna:", cache.get_or_load("common myna", lambda: look_it_up("common myna")))

    # The same for a function of any arguments: results are pickled.
    @cache.memoize(ttl=10)
    def square(n: int) -> int:
        print("computing", n)
        return n * n

    print(square(12), square(12))

    # One crossing into the library for many keys.
    cache.set_many({f"user:{i}": str(i).encode() for i in range(100)})
    print(cache.get_many(["user:7", "user:700"]), cache.remove_prefix("user:"), "removed")

    metrics = cache.metrics()
    print(f"{metrics.hits} hits, {metrics.misses} misses, {metrics.memory_bytes} bytes")
