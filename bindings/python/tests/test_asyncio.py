"""asyncio: calls go through the queue's descriptor, and no thread waits."""

import asyncio
import gc
import os
import threading
import time
import weakref

import pytest

from mynah import Cache, Client, Mock, Tiered, aio, errors


def test_a_call_is_awaited_and_the_loop_goes_on(client, mock):
    async def main():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0.001)
                ticks += 1

        ticking = asyncio.create_task(tick())
        answers = await asyncio.gather(*(client.achat(f"hello {i}") for i in range(50)))
        ticking.cancel()
        return answers, ticks

    with Mock(delay_headers_ms=100) as slow:
        with Client("custom", "mock", base_url=slow.url) as client:
            answers, ticks = asyncio.run(main())
    assert len({a.text for a in answers}) == 50 and ticks > 5


def test_no_thread_of_pythons_waits(client):
    async def main():
        seen = set()

        async def look():
            while True:
                seen.update(thread.name for thread in threading.enumerate())
                await asyncio.sleep(0)

        looking = asyncio.create_task(look())
        await asyncio.gather(*(client.achat(f"hello {i}") for i in range(10)))
        [piece async for piece in client.astream("hello")]
        looking.cancel()
        return seen

    assert asyncio.run(main()) == {"MainThread"}


def test_a_stream_comes_in_pieces(client):
    async def main():
        async with client.astream("hello") as stream:
            pieces = [piece async for piece in stream]
            with pytest.raises(StopAsyncIteration):
                await stream.__anext__()
        return pieces, stream.response

    pieces, response = asyncio.run(main())
    assert len(pieces) > 3 and "".join(pieces) == response.text


def test_events_tell_more_than_text():
    async def main(client):
        return [event.kind async for event in client.astream("hello").events()]

    with Mock(reasoning_words=5) as mock:
        with Client("deepseek", "mock", base_url=mock.url, api_key="k") as client:
            kinds = asyncio.run(main(client))
            assert {"reasoning", "text", "finish"} <= set(kinds)
            assert [e.kind for e in client.stream("hello").events()] == kinds


def test_a_cancelled_task_ends_its_call():
    async def main(client, mock):
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.achat("hello"), 0.1)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.astream("hello").__anext__(), 0.1)
        until = time.monotonic() + 5
        while mock.stats()["connections_open"] and time.monotonic() < until:
            await asyncio.sleep(0.01)
        assert mock.stats()["connections_open"] == 0

    with Mock(delay_headers_ms=60_000) as mock:
        with Client("custom", "mock", base_url=mock.url) as client:
            asyncio.run(main(client, mock))


def test_leaving_or_dropping_a_stream_ends_its_call():
    async def main(client, mock):
        async with client.astream("hello") as left:
            assert await left.__anext__()
        with pytest.raises(errors.Cancelled):
            [piece async for piece in left]
        async for _ in client.astream("hello"):
            break
        gc.collect()
        until = time.monotonic() + 5
        while client.metrics().in_flight and time.monotonic() < until:
            await asyncio.sleep(0.01)
        assert client.metrics().in_flight == 0

    with Mock(delay_event_ms=20, answer_words=10_000) as mock:
        with Client("custom", "mock", base_url=mock.url) as client:
            asyncio.run(main(client, mock))


def test_a_stream_that_was_left_has_what_had_arrived():
    async def main(client):
        async with client.astream("hello") as left:
            first = await left.__anext__()
        assert left.response.text.startswith(first) and left.response.finish_reason is None

    with Mock(delay_event_ms=20, answer_words=10_000) as mock:
        with Client("custom", "mock", base_url=mock.url) as client:
            asyncio.run(main(client))


def test_a_stream_that_is_closed_before_it_began_is_cancelled(client, mock):
    async def main():
        stream = client.astream("hello")
        await stream.aclose()
        with pytest.raises(errors.Cancelled):
            await stream.__anext__()

    asyncio.run(main())
    assert mock.stats()["requests"] == 0


def test_a_stream_of_a_closed_client_says_so_as_often_as_it_is_asked(mock):
    async def main():
        client = Client("custom", "mock", base_url=mock.url)
        stream = client.astream("hello")
        client.close()
        for _ in range(2):
            with pytest.raises(errors.InvalidHandle):
                await asyncio.wait_for(stream.__anext__(), 10)

    asyncio.run(main())


def test_a_failure_is_raised_where_it_is_awaited():
    async def main(client):
        with pytest.raises(errors.Authentication):
            await client.achat("hello")
        with pytest.raises(errors.Authentication):
            [piece async for piece in client.astream("hello")]
        with pytest.raises(errors.OutOfRange):
            await client.achat("hello", temperature=9)

    with Mock(api_key="right") as mock:
        with Client("custom", "mock", base_url=mock.url, api_key="wrong") as client:
            asyncio.run(main(client))


def test_loops_come_and_go_and_leave_nothing(client):
    loops = []

    async def main():
        await client.achat("hello")
        loops.append(weakref.ref(asyncio.get_running_loop()))
        reactor = aio._reactor()
        assert reactor._queue is None and not reactor._sinks

    for _ in range(3):
        asyncio.run(main())
    threads = [threading.Thread(target=lambda: asyncio.run(main())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gc.collect()
    assert len(loops) == 7 and all(loop() is None for loop in loops)


def test_loops_of_other_threads_come_and_go_while_one_looks_for_those_that_are_closed():
    class Loop:
        """One that other threads make and drop, just when it is looked at."""

        def __init__(self, closed):
            self.closed = closed

        def is_closed(self):
            aio._reactors.pop(self, None)
            aio._reactors[others[-1]] = aio._Reactor()
            others.append(Loop(False))
            return self.closed

    others, loops = [Loop(False)], [Loop(True), Loop(False), Loop(True)]
    for loop in loops:
        aio._reactors[loop] = aio._Reactor()

    async def main():
        assert aio._reactor() is aio._reactor()

    asyncio.run(main())
    assert all(loop not in aio._reactors for loop in loops)
    for loop in others:
        aio._reactors.pop(loop, None)


def test_a_loop_that_ends_early_leaves_nothing_behind():
    async def main(client):
        asyncio.ensure_future(client.achat("hello"))
        await asyncio.sleep(0.05)

    with Mock(delay_headers_ms=60_000) as mock:
        with Client("custom", "mock", base_url=mock.url) as client:
            begun = time.monotonic()
            asyncio.run(main(client))
            gc.collect()
            assert time.monotonic() - begun < 5


def test_tiers_are_awaited_too(client):
    async def main(tiered):
        answer = await tiered.achat("hello")
        pieces = [piece async for piece in tiered.astream("again")]
        return answer, pieces

    with Tiered([client, client]) as tiered:
        answer, pieces = asyncio.run(main(tiered))
        assert answer.raw["tier"] == 0 and len(pieces) > 3


def test_a_batch_is_awaited(client):
    async def main():
        results = await client.abatch(["one", "two", "one"], parallel=2)
        with Mock(delay_headers_ms=60_000) as slow:
            with Client("custom", "mock", base_url=slow.url) as waiting:
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(waiting.abatch(["one", "two"]), 0.1)
        return results

    results = asyncio.run(main())
    assert [result.text.split()[2] for result in results] == ["one", "two", "one"]


def test_embeddings_are_awaited_and_a_cancelled_task_ends_its_call(client):
    async def main():
        vectors = await asyncio.gather(*(client.aembed(str(i), model="m") for i in range(5)))
        assert vectors == [client.embed(str(i), model="m") for i in range(5)]
        assert isinstance((await client.aembed("a", model="m", encoding_format="base64"))[0], str)
        with pytest.raises(errors.InvalidArgument, match="model"):
            await client.aembed("no model")
        with Mock(delay_headers_ms=60_000) as slow:
            with Client("custom", "mock", base_url=slow.url) as waiting:
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(waiting.aembed("hello", model="m"), 0.1)
                end = time.monotonic() + 10
                while slow.stats()["requests_in_flight"] and time.monotonic() < end:
                    await asyncio.sleep(0.01)
                assert slow.stats()["requests_in_flight"] == 0

    asyncio.run(main())


def test_memoize_keeps_what_a_coroutine_function_answers():
    calls = []
    with Cache() as cache:
        @cache.memoize(ttl=60)
        async def double(n):
            """Doubles."""
            calls.append(n)
            await asyncio.sleep(0.02)
            return {"n": 2 * n}

        async def main():
            return await asyncio.gather(*(double(i % 3) for i in range(30)))

        assert asyncio.run(main()) == [{"n": 2 * (i % 3)} for i in range(30)]
        assert asyncio.run(double(1)) == {"n": 2} and double.__doc__ == "Doubles."
    assert sorted(calls) == [0, 1, 2]


def test_a_load_that_fails_fails_for_the_tasks_that_wait_and_is_not_kept():
    loads = []

    async def load():
        loads.append(1)
        await asyncio.sleep(0.02)
        if len(loads) == 1:
            raise RuntimeError("no luck")
        return b"found"

    async def main(cache):
        ended = await asyncio.gather(*(cache.aget_or_load("k", load) for _ in range(5)),
                                     return_exceptions=True)
        assert [type(e) for e in ended] == [RuntimeError] * 5 and len(loads) == 1
        assert await cache.aget_or_load("k", load) == b"found"

    with Cache() as cache:
        asyncio.run(main(cache))


def test_a_load_whose_task_is_cancelled_passes_to_another():
    async def main(cache):
        async def hang():
            await asyncio.sleep(60)

        async def load():
            return b"loaded"

        first = asyncio.create_task(cache.aget_or_load("k", hang))
        await asyncio.sleep(0.01)
        second = asyncio.create_task(cache.aget_or_load("k", load))
        with pytest.raises(errors.Timeout):
            await cache.aget_or_load("k", load, timeout=0.02)
        first.cancel()
        assert await asyncio.wait_for(second, 5) == b"loaded"

    with Cache() as cache:
        asyncio.run(main(cache))


def test_a_task_and_a_thread_load_once_between_them():
    loading, loads = threading.Event(), []

    def slow():
        loads.append("thread")
        loading.set()
        time.sleep(0.1)
        return b"loaded"

    async def fast():
        loads.append("task")
        return b"other"

    with Cache() as cache:
        thread = threading.Thread(target=cache.get_or_load, args=("k", slow))
        thread.start()
        loading.wait()
        assert asyncio.run(cache.aget_or_load("k", fast)) == b"loaded" and loads == ["thread"]
        thread.join()
        assert (cache.metrics().hits, cache.metrics().misses) == (0, 2)


def test_tasks_that_wait_for_a_load_take_what_is_stored_meanwhile_and_count_once_each():
    async def main(cache):
        begun, end = asyncio.Event(), asyncio.Event()

        async def slow():
            begun.set()
            await end.wait()
            return b"loaded"

        first = asyncio.create_task(cache.aget_or_load("k", slow))
        await begun.wait()
        others = [asyncio.create_task(cache.aget_or_load("k", slow)) for _ in range(10)]
        with pytest.raises(errors.Timeout):
            await cache.aget_or_load("k", slow, timeout=0.05)
        cache["k"] = b"stored"
        assert await asyncio.wait_for(asyncio.gather(*others), 5) == [b"stored"] * 10
        del cache["k"]
        late = asyncio.create_task(cache.aget_or_load("k", slow))
        await asyncio.sleep(0.05)
        assert not late.done()
        end.set()
        assert await first == await late == b"loaded"
        assert (cache.metrics().hits, cache.metrics().misses) == (0, 13)

    with Cache() as cache:
        asyncio.run(main(cache))


def test_loops_that_end_before_their_calls_leave_nothing_behind():
    async def impatient(client):
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.achat("hello"), 0.01)

    def open_files():
        return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

    with Mock(delay_headers_ms=60_000) as slow, Client("custom", "m", base_url=slow.url) as client:
        asyncio.run(impatient(client))
        before = open_files()
        for _ in range(20):
            asyncio.run(impatient(client))
        assert len(aio._reactors) <= 2 and open_files() <= before + 10
