"""Batches and tiers."""

import asyncio
import gc
import threading
import weakref

import pytest

from mynah import Client, Error, Mock, Request, Response, Tiered, errors, tiered
from mynah.batch import interruptible


def test_a_batch_answers_in_order_and_sends_the_same_once(client, mock):
    seen = []
    prompts = ["one", "two", "one", [{"role": "user", "content": "three"}], Request("four")]
    results = client.batch(prompts, parallel=2, on_progress=lambda done, of: seen.append((done, of)))
    assert all(isinstance(r, Response) for r in results)
    for word, result in zip(["one", "two", "one", "three", "four"], results):
        assert f"I heard: {word}" in result.text
    assert mock.stats()["requests"] == 4
    assert seen[-1] == (5, 5) and [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert client.batch([]) == []


def test_one_that_fails_does_not_hold_up_the_others():
    with Mock(status=400, status_times=1) as mock:
        with Client("custom", "mock", base_url=mock.url) as client:
            results = client.batch(["one", "two", "three"], parallel=1)
    assert isinstance(results[0], errors.BadRequest) and results[0].http_status == 400
    assert [isinstance(r, Error) for r in results] == [True, False, False]


def test_how_many_at_a_time_is_a_number_that_c_can_take(client):
    for parallel in (-1, 2**32):
        with pytest.raises(errors.OutOfRange, match="parallel"):
            client.batch(["one"], parallel=parallel)
        with pytest.raises(errors.OutOfRange, match="parallel"):
            client.warm(["one"], parallel=parallel)
    with pytest.raises(TypeError, match="parallel: 1.5"):
        client.batch(["one"], parallel=1.5)


def test_what_a_call_raises_on_its_own_thread_is_raised_here():
    with pytest.raises(KeyError, match="mine"):
        interruptible(lambda cancel: {}["mine"])


def test_what_progress_raises_ends_the_batch():
    def progress(done, _):
        raise RuntimeError("enough")

    with Mock(delay_headers_ms=50) as mock:
        with Client("custom", "mock", base_url=mock.url) as client:
            with pytest.raises(RuntimeError, match="enough"):
                client.batch([f"prompt {i}" for i in range(200)], parallel=1, on_progress=progress)
            assert mock.stats()["requests"] < 100


def test_warming_tells_how_far_it_is_and_ends_by_what_that_raises(client):
    told = []
    assert client.warm(["a", "b", "c"], 1, lambda *at: told.append(at)) == 3
    assert told == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(ZeroDivisionError):
        client.warm(["d", "e"], 1, lambda *_: 1 / 0)


def test_a_batch_runs_on_any_thread(client):
    results = []
    thread = threading.Thread(target=lambda: results.extend(client.batch(["one", "two"])))
    thread.start()
    thread.join()
    assert len(results) == 2


def test_one_text_is_not_taken_for_a_list_of_letters(client, mock):
    for ask in (client.batch, client.warm, lambda text: asyncio.run(client.abatch(text))):
        with pytest.raises(TypeError, match="list"):
            ask("hello")
    assert mock.stats()["requests"] == 0


def test_warming_fills_the_cache(client):
    assert client.warm(["one", "two", "one"]) == 3
    assert client.chat("two").served_from == "cache"
    with pytest.raises(errors.InvalidArgument):
        with Client("custom", "mock", base_url="http://127.0.0.1:9/v1") as without:
            without.warm(["one"])


def cheap_and_able(mock, other=None):
    more = {"retry_count": 0, "base_url": mock.url}
    return (Client("custom", "cheap", price="cheap=1,1", **more),
            Client("custom", "able", price="able=10,10", **{**more, "base_url": (other or mock).url}))


def test_the_tier_follows_the_complexity(mock):
    cheap, able = cheap_and_able(mock)
    seen = []

    def complexity(text, messages):
        seen.append((text, messages))
        return 0.9 if "prove" in text else 0.1

    with Tiered([cheap, able], complexity) as both:
        easy, hard = both.chat("hello"), both.chat("prove it")
        assert (easy.model, hard.model) == ("cheap", "able")
        assert (easy.raw["tier"], hard.raw["tier"]) == (0, 1)
        assert seen == [("hello", 1), ("prove it", 1)]
        with both.stream("prove it again") as stream:
            assert len(list(stream)) > 3
        metrics = both.metrics()
        assert [tier.calls for tier in metrics.tiers] == [1, 2]
        assert (metrics.calls, metrics.by_status, metrics.success_rate) == (3, {"ok": 3}, 1)
        assert 0 < metrics.saved_usd and 0 < metrics.saved_share < 1
    gc.collect()
    assert not tiered._kept


def test_tiers_whose_complexity_holds_them_are_collected(mock):
    class Router:
        def __init__(self):
            self.tiers = Tiered(cheap_and_able(mock), self.judge)

        def judge(self, text, messages):
            return 0.9

    router = Router()
    assert router.tiers.chat("hello").raw["tier"] == 1
    gone = weakref.ref(router)
    del router
    gc.collect()
    assert gone() is None and not tiered._kept


def test_another_tier_answers_when_one_fails(mock):
    with Mock(status=500) as broken:
        cheap, able = cheap_and_able(broken, mock)
        with Tiered([cheap, able], lambda text, messages: 0) as both:
            answer = both.chat("hello")
            assert answer.model == "able" and answer.served_from == "fallback"
            assert both.metrics().tiers[1].calls == 1


def test_a_complexity_that_raises_leaves_it_to_the_estimate(mock):
    hard = "Prove step by step, " * 300 + "and compare: why? how?"
    with Tiered(cheap_and_able(mock)) as plain:
        estimates = [plain.chat(text).raw["tier"] for text in ("hello", hard)]
    assert estimates == [0, 1]
    for failure in (ZeroDivisionError, SystemExit):
        def complexity(text, messages):
            raise failure

        with Tiered(cheap_and_able(mock), complexity) as both:
            assert [both.chat(text).raw["tier"] for text in ("hello", hard)] == estimates


def test_a_complexity_is_a_function(client):
    with pytest.raises(TypeError, match="complexity is a function, not float"):
        Tiered([client, client], 0.5)


def test_tiers_are_made_of_whatever_gives_clients(mock):
    with Tiered(each for each in cheap_and_able(mock)) as both:
        assert len(both.clients) == 2 and both.chat("hello").raw["tier"] == 0


def test_tiers_need_two_clients(client):
    with pytest.raises(errors.InvalidArgument):
        Tiered([client])
