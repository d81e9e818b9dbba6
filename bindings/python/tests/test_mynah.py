"""The package against a mock inside the process."""

import asyncio
import math
import multiprocessing
import threading
import time

import pytest

import mynah
from mynah import Cache, Client, Mock, Request, errors


@pytest.fixture
def mock():
    with Mock() as mock:
        yield mock


@pytest.fixture
def client(mock):
    with Client("custom", "mock", base_url=mock.url, retry_count=0, cache_enabled=True) as client:
        yield client


def test_a_cache_is_a_mapping_of_bytes():
    with Cache(capacity=1000) as cache:
        cache["greeting"] = b"hello"
        cache[b"nul\0inside"] = b"\0"
        assert cache["greeting"] == b"hello" and cache.get(b"nul\0inside") == b"\0"
        assert "greeting" in cache and "other" not in cache and len(cache) == 2
        assert cache.get("other") is None and cache.get("other", b"default") == b"default"
        del cache["greeting"]
        with pytest.raises(KeyError):
            cache["greeting"]
        cache.clear()
        assert len(cache) == 0


def test_a_ttl_is_in_seconds():
    with Cache() as cache:
        cache.set("short", b"v", ttl=0.02)
        cache.set("long", b"v", ttl=math.inf)
        time.sleep(0.03)
        assert "short" not in cache and "long" in cache
        with pytest.raises(ValueError):
            cache.set("never", b"v", ttl=0)


def test_many_at_once():
    with Cache() as cache:
        cache.set_many({"a": b"1", "bb": b"22"})
        assert cache.get_many(["bb", "none", "a"]) == [b"22", None, b"1"]
        assert cache.get_many([]) == []


def test_options_are_the_librarys_own():
    with pytest.raises(errors.OutOfRange, match="shard_count"):
        Cache(shard_count=-1)
    with pytest.raises(errors.UnknownOption, match="did you mean"):
        Cache(shards_count=8)
    with Cache(shard_count=8) as cache:
        assert cache.shard_count == 8


def test_one_caller_loads_and_the_others_wait():
    loads = []

    def load():
        loads.append(1)
        time.sleep(0.05)
        return b"loaded"

    with Cache() as cache:
        found = []
        threads = [threading.Thread(target=lambda: found.append(cache.get_or_load("key", load)))
                   for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [b"loaded"] * 8 and len(loads) == 1
        with pytest.raises(ZeroDivisionError):
            cache.get_or_load("other", lambda: b"%d" % (1 // 0))


def test_memoize_runs_a_function_once_for_its_arguments():
    calls = []
    with Cache() as cache:
        @cache.memoize(ttl=60)
        def add(a, b=1):
            calls.append((a, b))
            return {"sum": a + b}

        assert add(1, b=2) == add(1, b=2) == {"sum": 3} and add(2) == {"sum": 3}
        assert len(calls) == 2


def test_a_closed_cache_says_so():
    cache = Cache()
    cache.close()
    cache.close()
    with pytest.raises(errors.InvalidHandle):
        cache.set("k", b"v")


def test_a_chat_comes_from_the_cache_the_second_time(client, mock):
    first, second = client.chat("hello"), client.chat("hello")
    assert first.text == second.text != ""
    assert (first.served_from, second.served_from) == ("provider", "cache")
    assert first.finish_reason == "stop" and first.usage.output_tokens > 0
    assert mock.stats()["requests"] == 1
    metrics = client.metrics()
    assert metrics["calls"] == 2 and metrics["cache_hits"] == 1
    assert "mynah_llm_calls_total" in client.prometheus()


def test_a_conversation_goes_on(client):
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello."}]
    answer = client.chat(messages, temperature=0, max_tokens=50)
    messages += [answer.message, {"role": "user", "content": "Again."}]
    assert client.chat(messages).text != answer.text


def test_a_stream_arrives_in_pieces(client):
    with client.stream("hello") as stream:
        pieces = list(stream)
    assert len(pieces) > 3 and "".join(pieces) == stream.response.text


def test_leaving_a_stream_ends_the_call():
    with Mock(delay_event_ms=20, answer_words=1000) as mock:
        with Client("custom", "mock", base_url=mock.url) as client:
            begun = time.monotonic()
            with client.stream("hello") as stream:
                next(stream)
            assert time.monotonic() - begun < 2
            with pytest.raises(errors.Cancelled):
                list(stream)


def test_errors_have_their_class():
    with Mock(api_key="right") as mock:
        with Client("custom", "mock", base_url=mock.url, api_key="wrong") as client:
            with pytest.raises(errors.Authentication) as caught:
                client.chat("hello")
            assert caught.value.http_status == 401 and not caught.value.retriable
    with pytest.raises(errors.OutOfRange, match="temperature"):
        Request("hello", temperature=9)


def test_every_status_has_a_class():
    names = {name for name in mynah._library.lib.constants if name.isupper()}
    statuses = [n for n in names if "_" not in n or n in {
        "NULL_ARGUMENT", "INVALID_HANDLE", "INVALID_ARGUMENT", "OUT_OF_RANGE"}]
    assert statuses and len(errors.BY_STATUS) == 31
    assert sorted(errors.BY_STATUS) == list(range(1, 32))


def test_asyncio_goes_on_while_calls_run(client):
    async def main():
        answers = await asyncio.gather(*(client.achat(f"hello {i}") for i in range(5)))
        pieces = [piece async for piece in client.astream("hello")]
        return answers, pieces

    answers, pieces = asyncio.run(main())
    assert len({a.text for a in answers}) == 5 and len(pieces) > 3


def test_a_cancelled_task_ends_its_call():
    async def main(client):
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.achat("hello"), 0.1)

    with Mock(delay_headers_ms=5000) as mock:
        with Client("custom", "mock", base_url=mock.url) as client:
            begun = time.monotonic()
            asyncio.run(main(client))
            assert time.monotonic() - begun < 2


def _in_child(cache, results):
    try:
        cache.get("k")
    except errors.Forked:
        with Cache() as mine:
            mine["k"] = b"v"
            results.put(mine["k"])


def test_a_forked_child_makes_its_own():
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    with Cache() as cache:
        child = context.Process(target=_in_child, args=(cache, results))
        child.start()
        assert results.get(timeout=10) == b"v"
        child.join()
        assert child.exitcode == 0
