"""The cache as a mapping, and what it loads by itself."""

import copy
import functools
import math
import pickle
import signal
import threading
import time
from datetime import timedelta

import pytest

from mynah import Cache, CacheMetrics, Client, errors
from mynah._loading import ttl_ms


def test_a_cache_is_a_mapping_of_bytes():
    with Cache(capacity=1000) as cache:
        cache["greeting"] = b"hello"
        cache[b"nul\0inside"] = b"\0"
        assert cache["greeting"] == b"hello" and cache.get(b"nul\0inside") == b"\0"
        assert "greeting" in cache and "other" not in cache and 1 not in cache
        assert cache.get("other") is None and cache.get("other", b"default") == b"default"
        assert sorted(cache) == sorted(cache.keys()) == [b"greeting", b"nul\0inside"]
        assert dict(cache.items()) == {b"greeting": b"hello", b"nul\0inside": b"\0"}
        del cache["greeting"]
        with pytest.raises(KeyError):
            cache["greeting"]
        with pytest.raises(KeyError):
            del cache["greeting"]
        assert cache.pop("greeting", b"none") == b"none" and cache.setdefault("a", b"1") == b"1"
        cache.update({"b": b"2"})
        assert len(cache) == 3
        cache.clear()
        assert len(cache) == 0 and not cache and list(cache) == []


def test_values_of_every_size_come_back_whole_and_count_once():
    sizes = [0, 1, 4095, 4096, 4097, 70_000, 1 << 20, (1 << 20) + 1, 3 << 20]
    with Cache() as cache:
        for size in sizes:
            cache[str(size)] = bytes([size % 251]) * size
        for _ in range(2):
            for size in sizes:
                assert cache.get(str(size)) == bytes([size % 251]) * size
        assert cache.get("none", 1) == 1 and cache.get("none") is None
        assert (cache.metrics().hits, cache.metrics().misses) == (2 * len(sizes), 2)
        assert cache.get(bytearray(b"1")) == cache.get(memoryview(b"1")) == b"\1"


def test_each_thread_has_room_of_its_own():
    with Cache() as cache:
        for i in range(8):
            cache[str(i)] = b"%d" % i * (1000 * i + 1)
        wrong = []

        def look(i):
            for _ in range(300):
                if cache.get(str(i)) != b"%d" % i * (1000 * i + 1):
                    wrong.append(i)

        threads = [threading.Thread(target=look, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong


def test_a_signals_handler_may_look_up_in_the_middle_of_a_look_up():
    with Cache() as cache:
        cache["mine"], cache["other"] = b"mine", b"another"
        seen = []
        before = signal.signal(signal.SIGALRM, lambda *_: seen.append(cache.get("other")))
        signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
        try:
            while len(seen) < 200:
                assert cache.get("mine") == b"mine"
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert set(seen) == {b"another"}


def test_looking_with_in_is_no_hit():
    with Cache() as cache:
        cache["k"] = b"v"
        assert "k" in cache and "other" not in cache
        assert b"v" in cache.values() and b"w" not in cache.values()
        metrics = cache.metrics()
        assert (metrics.hits, metrics.misses) == (0, 0)


def test_a_ttl_is_in_seconds():
    with Cache() as cache:
        cache.set("short", b"v", ttl=0.02)
        cache.set("delta", b"v", ttl=timedelta(milliseconds=20))
        cache.set("long", b"v", ttl=math.inf)
        cache.set("touched", b"v", ttl=0.02)
        assert cache.touch("touched", ttl=60) and not cache.touch("other")
        time.sleep(0.03)
        assert "short" not in cache and "delta" not in cache
        assert "long" in cache and "touched" in cache
        for wrong in (0, -1, math.nan):
            with pytest.raises(ValueError):
                cache.set("never", b"v", ttl=wrong)


def test_many_at_once():
    with Cache() as cache:
        cache.set_many({"a:1": b"1", "a:22": b"22", "b": b"3"})
        assert cache.get_many(["a:22", "none", "a:1"]) == [b"22", None, b"1"]
        assert cache.get_many([]) == []
        for one in ("abc", b"abc", memoryview(b"abc")):
            for ask in (cache.get_many, lambda keys: cache.warm(keys, lambda key: key)):
                with pytest.raises(TypeError, match="list"):
                    ask(one)
        assert cache.remove_prefix("a:") == 2 and list(cache) == [b"b"]


def test_values_that_python_has_no_memory_for_are_given_back(monkeypatch):
    def no_memory(*_):
        raise MemoryError

    with Cache() as cache:
        cache["key"] = b"v" * 1000
        with monkeypatch.context() as patch, pytest.raises(MemoryError):
            patch.setattr("ctypes.string_at", no_memory)
            cache.get_many(["key"])
        del cache["key"]
        assert cache.metrics().raw["pinned_entries"] == 0


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


def test_a_snapshot_comes_back_and_a_torn_one_is_refused(tmp_path):
    path = tmp_path / "snapshot"
    with Cache() as cache, Cache() as other:
        cache["k"] = b"v"
        cache.save(path)
        other.load(path)
        assert other["k"] == b"v"
        path.write_bytes(path.read_bytes()[:-3])
        with pytest.raises(errors.Protocol):
            other.load(path)
        with pytest.raises(OSError):
            other.load(str(tmp_path / "none"))


def test_a_transfer_tells_how_far_it_is_and_can_be_stopped(tmp_path):
    def stop(done, total):
        raise RuntimeError("enough")

    with Cache() as cache, Cache() as other:
        cache.set_many({str(i): b"v" for i in range(50)})
        with pytest.raises(RuntimeError, match="enough"):
            cache.save(tmp_path / "s", progress=stop)
        assert list(tmp_path.iterdir()) == []
        told = []
        assert cache.save(tmp_path / "s", progress=lambda *far: told.append(far)) == 50
        assert told[-1] == (50, 50)
        with pytest.raises(RuntimeError, match="enough"):
            other.load(tmp_path / "s", progress=stop)
        assert other.load(tmp_path / "s") == 50 == len(other)


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


def test_that_there_is_nothing_can_be_remembered():
    with Cache() as cache:
        cache.set_negative("k", ttl=60)
        assert cache.get("k") is None
        with pytest.raises(errors.NotFound):
            cache.get_or_load("k", lambda: pytest.fail("loaded"))
        cache["k"] = b"v"
        assert cache.get_or_load("k", lambda: b"w") == b"v"


def test_the_figures_are_told_to_prometheus():
    with Cache() as cache:
        cache["k"] = b"v"
        assert "# TYPE mynah_cache_" in cache.prometheus()


def test_what_holds_no_bytes_is_refused_not_made_into_zeros():
    import array
    with Cache() as cache:
        cache["array"] = array.array("B", [1, 2])
        assert cache["array"] == b"\1\2"
        cache[array.array("B", b"k")] = b"v"
        assert array.array("B", b"k") in cache and cache.remove("k")
        for wrong in (5, 1.5, None, [1, 2], ["a"], {}):
            for store in (lambda: cache.set("k", wrong), lambda: cache.get(wrong),
                          lambda: cache.set_many({"k": wrong}), lambda: cache.get_many([wrong]),
                          lambda: cache.get_or_load("k", lambda: wrong)):
                with pytest.raises(TypeError, match=f"not {type(wrong).__name__}"):
                    store()
        assert list(cache) == [b"array"]


def test_numbers_that_c_would_cut_off_are_refused():
    with Cache(capacity=1000, shard_count=4) as cache:
        for wrong in (-1, 2**32, 2**40):
            with pytest.raises(errors.OutOfRange, match=f"shard_count: {wrong}"):
                cache.resize(wrong)
        for wrong in (-1, 2**64):
            with pytest.raises(errors.OutOfRange, match=f"capacity: {wrong}"):
                cache.set_capacity(wrong)
        with pytest.raises(TypeError, match="shard_count: 1.5"):
            cache.resize(1.5)
        assert cache.shard_count == 4 and cache.capacity == 1000


def test_an_option_without_its_name_is_told():
    with pytest.raises(TypeError, match="capacity=1000"):
        Cache(1000)
    with pytest.raises(TypeError, match="Cache, not dict"):
        Client("custom", "mock", {})


def test_a_cache_is_neither_copied_nor_pickled():
    with Cache() as cache:
        for way in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="a Cache can be neither"):
                way(cache)


def test_bounds_change_while_it_is_in_use():
    with Cache(capacity=10_000, shard_count=2) as cache:
        for i in range(1000):
            cache[str(i)] = b"v"
        cache.resize(16)
        assert cache.shard_count == 16 and len(cache) == 1000
        cache.set_capacity(100)
        assert cache.capacity == 100 and len(cache) <= 100


def test_metrics_are_a_dataclass_of_what_the_library_tells():
    with Cache() as cache:
        cache["k"] = b"v"
        cache.get("k"), cache.get("other")
        metrics = cache.metrics()
        assert (metrics.hits, metrics.misses, metrics.hit_rate, metrics.items) == (1, 1, 0.5, 1)
        assert metrics.get_latency_ns.sampled > 0 and metrics.get_latency_ns.mean > 0
        missing = set(CacheMetrics.__annotations__) - {"raw"} - set(metrics.raw)
        assert not missing
        assert cache.advise().findings == [] and "predicted" in cache.advise().raw


def test_a_closed_cache_says_so():
    cache = Cache()
    cache.close()
    cache.close()
    with pytest.raises(errors.InvalidHandle):
        cache.set("k", b"v")
    for ask in (list, len, bool, Cache.metrics, lambda c: "k" in c, lambda c: c.capacity,
                lambda c: c.shard_count, lambda c: c.memory_bytes):
        with pytest.raises(errors.InvalidHandle):
            ask(cache)


def test_caches_are_the_same_only_if_they_are():
    with Cache() as cache, Cache() as other:
        assert cache == cache and cache != other and len({cache, other}) == 2


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


def test_lifetimes_beyond_all_numbers_are_for_ever():
    with Cache() as cache:
        cache.set("key", b"value", ttl=1e300)
        cache.set("other", b"value", ttl=2.0**64 / 1000)  # 0, if it went round
        assert cache["key"] == cache["other"] == b"value"
        for ttl in (math.nan, 0, -1, timedelta(-1)):
            with pytest.raises(ValueError, match="ttl"):
                cache.set("key", b"other", ttl=ttl)
        assert cache["key"] == b"value"


def test_no_lifetime_is_shorter_than_asked_for():
    for asked, ms in [(timedelta(microseconds=1400), 2), (0.0014, 2), (0.069, 69), (1.001, 1001),
                      (timedelta(microseconds=2000), 2), (1e-12, 1), (60, 60_000)]:
        assert ttl_ms(asked) == ms, asked


def test_a_path_with_a_zero_byte_is_refused_not_cut(tmp_path):
    with Cache() as cache:
        with pytest.raises(ValueError, match="path"):
            cache.save(f"{tmp_path}/saved\0.bak")
        with pytest.raises(ValueError, match="path"):
            cache.load(f"{tmp_path}/saved\0")
        assert list(tmp_path.iterdir()) == []


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
        assert cache.get_or_load("k", lambda: b"v", timeout=math.inf) == b"v"
        cache.set("k", b"w", ttl=1e308)
        assert cache["k"] == b"w"


def test_functions_without_a_name_of_their_own_keep_their_results_apart():
    def plus(n):
        return lambda x: x + n

    with Cache() as cache:
        kept = [cache.memoize()(plus(n)) for n in (2, 10)]
        assert [f(3) for f in kept] == [5, 13] == [f(3) for f in kept]
        assert cache.memoize()(functools.partial(max, 4))(2) == 4


class Clears:
    """Is nothing's equal, and lets the cache be emptied while it is looked for."""

    def __init__(self, cache):
        self.cache = cache

    def __eq__(self, other):
        self.cache.clear()
        return False


def test_what_is_too_large_or_closed_is_told_in_words():
    with Cache(max_entry_bytes=10) as cache:
        with pytest.raises(errors.TooLarge, match="entry: 101 bytes are beyond max_entry_bytes"):
            cache.set("k", bytes(100))
        with pytest.raises(errors.TooLarge, match="entry: 103 bytes are beyond max_entry_bytes"):
            cache.set_many({"a": b"b", "key": bytes(100)})
    with pytest.raises(errors.InvalidHandle, match="invalid_handle: freed"):
        cache.get("k")


def test_a_walk_over_items_meets_no_entry_that_has_gone():
    with Cache() as cache:
        for n in range(100):
            cache[str(n)] = b"v"
        for key, value in cache.items():
            assert value == b"v"
            cache.clear()
        for n in range(100):
            cache[str(n)] = b"v"
        assert Clears(cache) not in cache.values()
        cache["k"] = b"w"
        assert (list(cache.items()), list(cache.values())) == ([(b"k", b"w")], [b"w"])
        assert cache.metrics().hits == 0
