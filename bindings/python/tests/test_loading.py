"""What a cache loads by itself."""

import asyncio
import functools
import json
import math
import os
import threading
import time

import pytest

from mynah import Cache, errors


def test_one_caller_loads_and_the_others_wait():
    loads, waiting = [], threading.Barrier(9)

    def load():
        loads.append(1)
        time.sleep(0.25)  # beyond a slice of the others' wait
        return b"loaded"

    def ask():
        waiting.wait()
        found.append(cache.get_or_load("key", load))

    with Cache() as cache:
        found = []
        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        waiting.wait()
        for thread in threads:
            thread.join()
        assert found == [b"loaded"] * 8 and len(loads) == 1
        with pytest.raises(ZeroDivisionError):
            cache.get_or_load("other", lambda: b"%d" % (1 // 0))
        assert cache.get_or_load("other", lambda: b"now") == b"now"


def test_who_waits_for_a_load_waits_no_longer_than_asked():
    loading, let_go = threading.Event(), threading.Event()

    def load():
        loading.set()
        let_go.wait(10)
        return b"late"

    with Cache() as cache:
        loader = threading.Thread(target=cache.get_or_load, args=("key", load))
        loader.start()
        loading.wait(10)
        with pytest.raises(errors.Timeout):
            cache.get_or_load("key", load, timeout=0.25)
        metrics = cache.metrics()
        assert (metrics.hits, metrics.misses) == (0, 2)  # however often it looked
        let_go.set()
        loader.join()
        assert cache["key"] == b"late"


@pytest.mark.parametrize("kind", [errors.Timeout, errors.Cancelled, errors.Busy, errors.Closed,
                                  errors.Error])
def test_a_load_that_fails_as_a_wait_does_fails_for_all_who_wait(kind):
    loads, ended, said, waiting = [], [], [], threading.Semaphore(0)

    def load():
        loads.append(1)
        if len(loads) == 1:
            for _ in range(3):
                waiting.acquire()
            time.sleep(0.15)  # the others wait by now, and in their second slice
        raise kind("a slow provider")

    def wait():
        waiting.release()
        try:
            cache.get_or_load("k", load)
        except errors.Error as failure:
            ended.append(type(failure))
            said.append(str(failure))

    with Cache() as cache:
        loader = threading.Thread(target=lambda: ended.append(
            pytest.raises(kind, cache.get_or_load, "k", load).type))
        loader.start()
        while not loads:
            pass
        threads = [threading.Thread(target=wait) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in [loader, *threads]:
            thread.join()
    assert len(loads) == 1 and sorted(e.__name__ for e in ended) == sorted(
        [kind.__name__] + ["Internal"] * 3)
    assert said == ["a slow provider"] * 3


def test_memoize_runs_a_function_once_for_its_arguments():
    calls = []
    with Cache() as cache:
        @cache.memoize(ttl=60)
        def add(a, b=1):
            """Adds."""
            calls.append((a, b))
            return {"sum": a + b}

        assert add(1, b=2) == add(1, b=2) == {"sum": 3} and add(2) == {"sum": 3}
        assert len(calls) == 2 and add.__doc__ == "Adds."

        @cache.memoize()
        def none():
            calls.append(None)

        assert none() is None and none() is None and len(calls) == 3

        @cache.memoize
        def bare(a):
            calls.append(a)
            return a

        assert bare(1) == bare(1) == 1 and len(calls) == 4 and bare.__name__ == "bare"

        def pieces():
            yield 1

        for decorate in (cache.memoize, cache.memoize()):
            with pytest.raises(TypeError, match="generator"):
                decorate(pieces)
        with pytest.raises(ValueError, match="ttl"):
            cache.memoize(ttl=0)


def test_functions_that_share_a_name_do_not_share_results():
    class Rate:
        def __init__(self, rate):
            self.rate = rate

        def convert(self, amount):
            return amount * self.rate

    def wrapped(factor):
        @functools.wraps(json.loads)
        def loads(text):
            return json.loads(text) * factor
        return loads

    with Cache() as cache:
        assert [cache.memoize(Rate(rate).convert)(3) for rate in (2, 5)] == [6, 15]
        assert [cache.memoize(wrapped(factor))("3") for factor in (2, 5)] == [6, 15]
        assert [cache.memoize(text.upper)() for text in ("a", "b")] == ["A", "B"]
        twice = [cache.memoize(os.path.basename) for _ in range(2)]
        assert [name("/a/b") for name in twice] == ["b", "b"] and cache.metrics().hits == 1


def test_who_waits_for_a_memoized_run_does_so_no_longer_than_asked():
    running, ends = threading.Event(), threading.Event()
    with Cache() as cache:
        @cache.memoize(timeout=0.05)
        def slow():
            running.set()
            ends.wait(10)
            return 1

        @cache.memoize(timeout=0.05)
        async def later():
            return await asyncio.to_thread(slow)

        thread = threading.Thread(target=slow)
        thread.start()
        running.wait(10)
        with pytest.raises(errors.Timeout):
            slow()
        ends.set()
        thread.join()
        assert slow() == 1 and asyncio.run(later()) == 1


def test_warming_loads_what_is_not_there():
    loads = []

    def load(key):
        loads.append(key)
        return key * 2 if key != b"bad" else 1 // 0

    with Cache() as cache:
        cache["there"] = b"v"
        assert cache.warm(iter(["a", b"", "there"]), load) == 3 and loads == [b"a", b""]
        assert (cache["a"], cache[""], cache["there"]) == (b"aa", b"", b"v")
        with pytest.raises(ZeroDivisionError):
            cache.warm(["bad", "never"], load)
        assert b"never" not in loads and cache.get_or_load("bad", lambda: b"v") == b"v"


def test_a_failed_load_is_raised_whatever_its_attributes():
    class Refused(Exception):
        status = "404 Not Found"

    def load():
        raise Refused("no such page")

    with Cache() as cache:
        with pytest.raises(Refused, match="no such page"):
            cache.get_or_load("key", load)
        Refused.status = 0  # the library's number for success
        with pytest.raises(Refused):
            cache.get_or_load("key", load)
        assert cache.get_or_load("key", lambda: b"found") == b"found"


class Wordless(Exception):
    def __str__(self):
        raise RuntimeError("no words")


@pytest.mark.parametrize("failure", [ValueError("half a pair: \ud83d"), Wordless()])
def test_a_load_that_fails_without_words_leaves_no_claim(failure):
    def load():
        raise failure

    with Cache() as cache:
        with pytest.raises(type(failure)):
            cache.get_or_load("k", load)
        assert cache.get_or_load("k", lambda: b"v", timeout=5) == b"v"


def test_what_was_loaded_is_answered_though_it_cannot_be_stored():
    with Cache(max_entry_bytes=1024) as cache:
        assert cache.get_or_load("k", lambda: b"x" * 2000) == b"x" * 2000
        assert "k" not in cache
        assert cache.memoize()(lambda: "y" * 2000)() == "y" * 2000


def test_nothing_is_loaded_for_a_lifetime_that_is_none():
    with Cache() as cache:
        with pytest.raises(ValueError, match="ttl"):
            cache.get_or_load("k", lambda: pytest.fail("loaded"), ttl=-1)


def test_who_waits_for_ever_may_say_so():
    with Cache() as cache:
        for timeout in (math.inf, None):
            assert cache.get_or_load("k", lambda: b"v", timeout=timeout) == b"v"
            cache.clear()

            async def load():
                await asyncio.sleep(0.05)
                return b"a"

            async def both():
                return await asyncio.gather(
                    *(cache.aget_or_load("k", load, timeout=timeout) for _ in range(2)))

            assert asyncio.run(both()) == [b"a", b"a"]
            cache.clear()
        cache.set("k", b"w", ttl=1e308)
        assert cache["k"] == b"w"


def test_functions_without_a_name_of_their_own_keep_their_results_apart():
    def plus(n):
        return lambda x: x + n

    with Cache() as cache:
        kept = [cache.memoize()(plus(n)) for n in (2, 10)]
        assert [f(3) for f in kept] == [5, 13] == [f(3) for f in kept]
        assert cache.memoize()(functools.partial(max, 4))(2) == 4
