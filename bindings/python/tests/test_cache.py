"""The cache as a mapping."""

import copy
import math
import os
import pickle
import signal
import threading
import time
from datetime import timedelta

import pytest

from mynah import Cache, CacheMetrics, Client, errors
from mynah._library import lib
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


def test_what_another_thread_has_popped_meanwhile_is_not_popped_again():
    with Cache(capacity=1000) as cache:
        cache["a"] = cache["b"] = cache["c"] = b"1"
        assert cache.pop("a") == b"1" and cache.pop("a", None) is None
        removed = cache.remove
        # Another thread comes between the look-up and the removal.
        cache.remove = lambda key: removed(key) and removed(key)
        assert cache.pop("b", None) is None
        with pytest.raises(KeyError):
            cache.pop("b")
        with pytest.raises(KeyError):
            cache.popitem()
        cache.remove = removed
        cache["d"] = b"2"
        assert cache.popitem() == (b"d", b"2")
        with pytest.raises(KeyError):
            cache.popitem()
        assert [cache.setdefault("c", "text") for _ in range(2)] == [b"text", b"text"]


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


def test_a_stale_value_is_counted_as_one():
    with Cache(stale_while_revalidate_ms=60_000) as cache:
        cache.set("k", b"old", ttl=0.001)
        time.sleep(0.05)
        told = [cache.get_or_load("k", lambda: cache.get_or_load("k", bytes)) for _ in range(2)]
        assert told == [b"old", b"old"] and cache.metrics().stale_hits == 1


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
            with pytest.raises(errors.OutOfRange, match=f"shard_count: {wrong} is outside 0..=65536$"):
                cache.resize(wrong)
        for wrong in (-1, 2**64):
            with pytest.raises(errors.OutOfRange, match=f"capacity: {wrong} is outside 1..=1099511627776$"):
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


def test_lifetimes_beyond_all_numbers_are_for_ever():
    with Cache() as cache:
        cache.set("key", b"value", ttl=1e300)
        cache.set("other", b"value", ttl=2.0**64 / 1000)  # 0, if it went round
        assert cache["key"] == cache["other"] == b"value"
        for ttl in (math.nan, 0, -1, timedelta(-1)):
            with pytest.raises(ValueError, match="ttl"):
                cache.set("key", b"other", ttl=ttl)
        for ttl in ("60", b"60", [60]):
            with pytest.raises(TypeError, match="^ttl: seconds or a timedelta, not "):
                cache.set("key", b"other", ttl=ttl)
        assert cache["key"] == b"value"


def test_no_lifetime_is_shorter_than_asked_for():
    for asked, ms in [(timedelta(microseconds=1400), 2), (0.0014, 2), (0.069, 69), (1.001, 1001),
                      (timedelta(microseconds=2000), 2), (1e-12, 1), (60, 60_000)]:
        assert ttl_ms(asked) == ms, asked


def test_a_path_is_text_or_bytes_or_an_object(tmp_path):
    with Cache() as cache:
        cache["kept"] = b"v"
        for path in (tmp_path / "saved", str(tmp_path / "saved"), os.fsencode(tmp_path / "saved")):
            assert cache.save(path) == cache.load(path) == 1


def test_a_path_with_a_zero_byte_is_refused_not_cut(tmp_path):
    with Cache() as cache:
        with pytest.raises(ValueError, match="path"):
            cache.save(f"{tmp_path}/saved\0.bak")
        with pytest.raises(ValueError, match="path"):
            cache.load(f"{tmp_path}/saved\0")
        assert list(tmp_path.iterdir()) == []


class Clears:
    """Is nothing's equal, and lets the cache be emptied while it is looked for."""

    def __init__(self, cache):
        self.cache = cache

    def __eq__(self, other):
        self.cache.clear()
        return False


def test_many_are_stored_from_a_mapping_that_changes_meanwhile():
    class Fading(dict):
        """Has lost most of its entries when it is asked for their values."""

        def values(self):
            return list(super().values())[:1]

    with Cache() as cache:
        cache.set_many(Fading({str(n): b"v" * n for n in range(100)}))
        assert len(cache) == 100 and cache["99"] == b"v" * 99
        with pytest.raises(TypeError, match="in a mapping, not list"):
            cache.set_many([("a", b"b")])


def test_what_is_too_large_or_closed_is_told_in_words():
    with Cache(max_entry_bytes=10) as cache:
        with pytest.raises(errors.TooLarge, match="entry: 101 bytes are beyond max_entry_bytes"):
            cache.set("k", bytes(100))
        with pytest.raises(errors.TooLarge, match="entry: 103 bytes are beyond max_entry_bytes"):
            cache.set_many({"a": b"b", "key": bytes(100)})
        with pytest.raises(errors.TooLarge, match="entry: 11 bytes are beyond max_entry_bytes"):
            cache.set_negative(bytes(11))
    with pytest.raises(errors.InvalidHandle, match="invalid_handle: freed"):
        cache.get("k")


def test_a_walk_goes_on_where_a_shard_was_busy(monkeypatch):
    ask, asked = lib.cache_iter_next, []

    def busy_at_first(*arguments):
        asked.append(arguments)
        return errors.Busy.status if len(asked) % 3 else ask(*arguments)

    monkeypatch.setattr(lib, "cache_iter_next", busy_at_first)
    with Cache() as cache:
        cache.set_many({str(n): b"v" for n in range(5)})
        assert len(list(cache)) == 5 and len(asked) == 3 * 6


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
