"""A stream that several threads have."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from interrupts import ends_within
from mynah import Client, Mock, errors


@pytest.fixture
def silent():
    """A client of a provider that begins and does not go on."""
    with Mock(delay_first_event_ms=60_000) as mock:
        with Client("custom", "mock", base_url=mock.url, retry_count=0) as client:
            yield client


def in_it(stream, take=next):
    """A thread that waits for the next piece, and what became of it."""
    got = []

    def run():
        try:
            got.append(take(stream))
        except (errors.Error, ValueError) as failure:
            got.append(failure)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while not stream._runs[0].gi_running:
        pass
    return thread, got


def test_a_second_reader_is_refused_at_once_and_the_first_goes_on(silent):
    with ends_within(20):
        stream = silent.stream("hello")
        thread, got = in_it(stream)
        with pytest.raises(ValueError, match="already executing"):
            next(stream)
        with pytest.raises(ValueError, match="already executing"):
            next(stream.events())
        assert thread.is_alive() and not got
        stream.close()
        thread.join()
    assert isinstance(got[0], errors.Cancelled)


def test_no_piece_is_lost_or_there_twice_where_several_threads_take_them():
    with Mock(answer_words=200) as mock, Client("custom", "mock", base_url=mock.url) as client:
        whole = list(client.stream("hello"))
        for _ in range(20):
            stream, pieces = client.stream("hello"), []

            def take():
                try:
                    for piece in stream:
                        pieces.append(piece)
                except ValueError as refused:
                    assert "already executing" in str(refused)

            threads = [threading.Thread(target=take) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(pieces) == sorted(whole) and stream.response.finish_reason == "stop"


@pytest.mark.parametrize("leave", ["close", "__exit__"])
def test_who_leaves_a_stream_waits_until_its_reader_has_seen_the_end(silent, leave):
    with ends_within(20):
        for _ in range(20):
            stream = silent.stream("hello")
            thread, got = in_it(stream)
            getattr(stream, leave)()
            with pytest.raises(errors.Cancelled):
                next(stream)
            thread.join()
            assert isinstance(got[0], errors.Cancelled)
    assert silent.metrics().in_flight == 0


def test_a_queue_that_was_left_by_a_reader_serves_the_next_one():
    with Mock(delay_event_ms=1, answer_words=10_000) as mock, Mock(answer_words=5) as brief:
        with Client("custom", "m", base_url=mock.url) as long, \
                Client("custom", "m", base_url=brief.url) as short, ends_within(30):
            whole = "".join(short.stream("hello"))
            for _ in range(20):
                with long.stream("hello") as stream:
                    thread, got = in_it(stream, list)
                assert "".join(short.stream("hello")) == whole
                thread.join()
                assert isinstance(got[0], errors.Cancelled)


def test_a_signals_handler_may_close_the_stream_that_its_thread_waits_for(silent):
    stream = silent.stream("hello")

    def handler(*_):
        with pytest.raises(ValueError, match="already executing"):
            next(stream)
        stream.close()

    before = signal.signal(signal.SIGUSR1, handler)
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1))
    timer.start()
    try:
        with ends_within(20), pytest.raises(errors.Cancelled):
            next(stream)
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_stream_whose_reader_is_the_parents_is_left_in_a_child(silent):
    stream = silent.stream("hello")
    thread, _ = in_it(stream)
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)
        stream.close()
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    stream.close()
    thread.join()


def test_a_stream_that_the_interpreters_end_has_ended_may_be_closed_after_it():
    program = ("import atexit; atexit.register(lambda: print(stream.close()))\n"
               "import mynah; mock = mynah.Mock(delay_first_event_ms=60_000)\n"
               "stream = mynah.Client('custom', 'mock', base_url=mock.url).stream('hello')")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert done.stdout == "None\n" and not done.stderr


def test_a_start_and_usage_come_with_what_they_say(client):
    said = {event.kind: event for event in client.stream("hello").events()}
    assert said["start"].json["model"] == "mock"
    assert said["usage"].json["usage"]["output_tokens"] > 0
    assert said["text"].json is None and hash(said["usage"])
