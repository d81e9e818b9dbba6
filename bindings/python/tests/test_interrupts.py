"""What an interrupt leaves behind, wherever it falls."""

import asyncio
import signal
import time
from contextlib import suppress

import pytest

from interrupts import at_each_bytecode_of, ends_within
from mynah import Cache, Client, Mock, Notices, _loading, _object, _queue, aio, errors, notices, stream

# What the collector runs prints such an exception, and goes on.
pytestmark = [pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
              pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")]


@pytest.fixture
def brief():
    with Mock(answer_words=2) as mock, Client("custom", "mock", base_url=mock.url) as client:
        yield client


def is_nearly(pieces, whole):
    """At most the piece is missing that was being handed over, and none is there twice."""
    rest = iter(whole)
    return len(pieces) >= len(whole) - 1 and all(piece in rest for piece in pieces)


def test_a_stream_that_was_interrupted_goes_on_where_it_was(brief):
    whole = [event for event in brief.stream("hello").events() if event.text]
    begun, got = None, []

    def run():
        nonlocal begun
        got.clear()
        begun = None
        begun = brief.stream("hello")
        while (event := begun._next()) is not None:
            got.append(event)

    with ends_within(20):
        for _ in at_each_bytecode_of([_queue, stream], run):
            if begun is not None:
                got += begun.events()
                assert is_nearly([event for event in got if event.text], whole)
                assert begun.response.finish_reason == "stop"


@pytest.mark.parametrize("told", [None, lambda done, total: None])
def test_an_interrupt_ends_a_save_and_a_load_as_itself(tmp_path, told, alarm):
    path = tmp_path / "kept"
    with Cache(capacity=1_000_000) as cache:
        cache.set_many({str(n): b"x" for n in range(200_000)})
        cache.save(path)
        whole = path.read_bytes()
        for act in (cache.save, cache.load):
            came_out = []
            for after_ms in (5, 10, 20, 40):
                signal.setitimer(signal.ITIMER_REAL, after_ms / 1000)
                try:
                    act(path, told)
                except Late:
                    came_out.append(after_ms)
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            assert came_out, "it was over before"
        assert path.read_bytes() == whole or cache.load(path) == 200_000


class Late(Exception):
    """What the handler of the alarm raises."""


@pytest.fixture
def alarm():
    def handle(*_):
        raise Late

    before = signal.signal(signal.SIGALRM, handle)
    yield
    signal.signal(signal.SIGALRM, before)


def test_the_block_of_a_stream_that_was_interrupted_is_left(brief):
    begun = None

    def run():
        nonlocal begun
        begun = None
        begun = brief.stream("hello")
        with begun:
            next(begun)

    with ends_within(20):
        for _ in at_each_bytecode_of([_queue, stream], run):
            if begun is not None:
                with begun:
                    pass
                with suppress(errors.Cancelled):
                    assert list(begun) == []
    assert len(list(brief.stream("hello"))) > 1 and brief.metrics().in_flight == 0


def test_a_call_that_was_interrupted_leaves_nothing_to_the_next(brief):
    texts = {word: brief.chat(word).text for word in ("one", "two")}
    with ends_within(20):
        for _ in at_each_bytecode_of([_queue, stream], lambda: brief.chat("one")):
            assert brief.chat("two").text == texts["two"]
            assert "".join(brief.stream("two")) == texts["two"]


def test_a_task_whose_loop_was_interrupted_is_told_the_end(brief):
    loop = asyncio.new_event_loop()
    whole = list(brief.stream("hello"))
    asking = None

    async def ask():
        return [piece async for piece in brief.astream("hello")], (await brief.achat("hello")).text

    def run():
        nonlocal asking
        asking = loop.create_task(ask())
        loop.run_until_complete(asking)

    with ends_within(20):
        for _ in at_each_bytecode_of([_queue, aio], run):
            if not asking.done():  # one that was interrupted itself has ended with it
                loop.run_until_complete(asking)
            if asking.exception() is None:
                pieces, text = asking.result()
                assert is_nearly(pieces, whole) and text == "".join(whole)
    loop.close()


def test_notices_that_were_interrupted_are_there_the_next_time():
    with Notices() as told, Cache(told, evictions=True) as cache, ends_within(20):
        def run():
            nonlocal taken
            taken = []
            for key in "abc":
                cache[key] = b"v"
                cache.remove(key)
            taken = told.take()

        taken, lost = [], 0
        for _ in at_each_bytecode_of([notices], run):
            keys = [notice.key for notice in taken + told.take()]
            lost += not keys
            assert keys in ([b"a", b"b", b"c"], [])
        assert lost <= 1  # on the return itself, which belongs to the caller


def test_a_load_that_was_interrupted_leaves_no_claim():
    with Cache() as cache, ends_within(20):
        def run():
            cache.clear()
            cache.get_or_load("k", lambda: b"loaded")

        for _ in at_each_bytecode_of([_loading], run):
            assert cache.get_or_load("k", lambda: b"loaded", timeout=0) == b"loaded"


def test_a_load_whose_task_was_interrupted_leaves_no_claim():
    async def load():
        return b"loaded"

    with Cache() as cache, ends_within(20):
        def run():
            cache.clear()
            asyncio.run(cache.aget_or_load("k", load))

        for _ in at_each_bytecode_of([_loading], run):
            assert asyncio.run(cache.aget_or_load("k", load, timeout=0)) == b"loaded"


def test_an_interrupt_of_a_warming_comes_out_as_itself():
    with Cache() as cache, ends_within(60):
        def run():
            cache.clear()
            cache.warm(["a", "b"], lambda key: key)

        for _ in at_each_bytecode_of([_object, _loading], run):
            pass


def test_an_interrupt_ends_a_batch_from_its_first_moment():
    with Mock(delay_headers_ms=3000) as mock, ends_within(120):
        with Client("custom", "mock", base_url=mock.url) as client:
            begun = 0.0

            def run():
                nonlocal begun
                begun = time.monotonic()
                client.batch(["hello"])

            for _ in at_each_bytecode_of([_object], run):
                if time.monotonic() > begun + 2.5:
                    break  # it had ended by itself
                while client.metrics().in_flight:
                    assert time.monotonic() < begun + 2.5
