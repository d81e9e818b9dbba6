"""Logs, alerts and evictions, taken from a queue; figures of the process."""

import asyncio
import itertools
import json
import logging
import threading

import pytest

import mynah
from mynah import Alert, Cache, Client, Eviction, LogRecord, Mock, Notices, errors


def test_evictions_say_what_left_and_why():
    with Notices() as notices, Cache(notices, evictions=True, capacity=10, shard_count=1) as cache:
        for i in range(30):
            cache[str(i)] = b"value %d" % i
        cache.clear()
        told = notices.take()
    assert all(isinstance(notice, Eviction) for notice in told)
    assert {notice.reason for notice in told} == {"capacity", "cleared"}
    assert sum(notice.reason == "cleared" for notice in told) == 10
    assert all(n.value == b"value " + n.key for n in told) and len({n.key for n in told}) == 30


def test_a_cache_without_evictions_tells_of_alerts_only():
    with Notices() as notices, Cache(notices, capacity=10, alert_min_hit_rate=0.9) as cache:
        for i in range(300):
            cache[str(i)] = b"v"
            cache.get("none")
        cache.metrics()
        told = notices.take()
    assert Alert("alert_min_hit_rate", True, 0.0, 0.9) in told
    assert all(isinstance(notice, Alert) for notice in told)


def test_log_records_tell_of_calls_and_of_the_breaker():
    with Mock(status=500) as mock, Notices() as notices:
        with Client("custom", "mock", base_url=mock.url, retry_count=0, notices=notices,
                    breaker_failure_threshold=2, log_level="info") as client:
            for _ in range(3):
                with pytest.raises(mynah.Error):
                    client.chat("the prompt")
        told = notices.take()
    assert all(isinstance(notice, LogRecord) for notice in told)
    assert {"warning", "error"} <= {notice.level for notice in told}
    assert any("breaker" in json.dumps(notice.record) for notice in told)
    assert "the prompt" not in str(told)
    with pytest.raises(ValueError, match="log_level"):
        Client("custom", "mock", notices=notices, log_level="loud")


def test_notices_go_to_logging(caplog):
    caplog.set_level(logging.DEBUG, logger="mynah")
    with Notices() as notices, Mock() as mock:
        with Cache(notices, evictions=True, capacity=1) as cache:
            cache["a"] = b"1"
            cache.clear()
        with Client("custom", "mock", base_url=mock.url, notices=notices, log_level="info") as client:
            client.chat("hello")
        notices.log()
    assert [record.levelname for record in caplog.records] == ["DEBUG", "INFO"]
    assert "gen_ai" in caplog.text and "evicted b'a': cleared" in caplog.text


def test_a_thread_follows_them_until_they_are_closed():
    notices, told = Notices(), []
    thread = threading.Thread(target=lambda: told.extend(notices))
    thread.start()
    with Cache(notices, evictions=True) as cache:
        for i in range(1000):
            cache[str(i)] = b"v"
        cache.clear()
    while len(told) < 1000:
        pass
    assert notices.fileno() >= 0
    notices.close()
    with pytest.raises(errors.InvalidHandle):
        notices.fileno()
    thread.join(10)
    assert not thread.is_alive() and len(told) == 1000


def test_what_a_loop_leaves_is_taken_by_the_next():
    with Notices() as notices, Cache(notices, evictions=True) as cache:
        for i in range(300):
            cache[str(i)] = b"v"
        cache.clear()
        told = list(itertools.islice(notices, 3))
        for notice in notices:
            told.append(notice)
            break
        told += notices.take()
    assert len(told) == len({notice.key for notice in told}) == 300


def test_an_event_loop_watches_their_descriptor():
    async def main():
        loop, told = asyncio.get_running_loop(), []
        with Notices() as notices, Cache(notices, evictions=True) as cache:
            loop.add_reader(notices, lambda: told.extend(notices.take()))
            cache["a"] = b"1"
            cache.clear()
            for _ in range(100):
                await asyncio.sleep(0.01)
                if told:
                    break
            loop.remove_reader(notices)
        return told

    assert asyncio.run(main()) == [Eviction(b"a", b"1", "cleared")]


def test_the_figures_of_all_clients_are_told_together(client):
    before = mynah.metrics().calls
    client.chat("one")
    client.chat("two")
    assert mynah.metrics().calls == before + 2
    assert "mynah_llm_calls_total" in mynah.prometheus()
    assert mynah.build_info()["version"] == mynah.version()
