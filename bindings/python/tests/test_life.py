"""Forks, threads and the interpreter's end."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import mynah
from mynah import Cache, Client, Mock, errors

fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


def in_child(cache, client, url, results):
    with pytest.raises(errors.Forked):
        cache.get("k")
    with pytest.raises(errors.Forked):
        len(cache)
    with pytest.raises(errors.Forked):
        client.chat("hello")
    with pytest.raises(errors.Forked):
        next(client.stream("hello"))
    with Cache() as mine, Client("custom", "mock", base_url=url, cache=mine) as asking:
        results.put([asking.chat("hello").text, "".join(asking.stream("hello"))])
    cache.close()


@fork
def test_a_child_of_multiprocessing_makes_its_own():
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    with Mock() as mock, Cache() as cache, Client("custom", "mock", base_url=mock.url) as client:
        cache["k"] = b"v"
        answer = client.chat("hello").text  # leaves a queue in the pool
        child = context.Process(target=in_child, args=(cache, client, mock.url, results))
        child.start()
        assert results.get(timeout=20) == [answer, answer]
        child.join(20)
        assert child.exitcode == 0
        assert cache["k"] == b"v" and client.chat("hello").text == answer


def serve(url):
    """A worker of a pre-forking server: its own client, as `post_fork` makes it."""
    import asyncio
    with Client("custom", "mock", base_url=url, cache_enabled=True) as client:
        assert client.chat("hello").text == client.chat("hello").text
        asyncio.run(client.achat("hello"))
        threads = [threading.Thread(target=client.chat, args=(f"hello {i}",)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


@fork
def test_a_pre_forking_server_works_while_the_master_does():
    with Mock() as mock, Client("custom", "mock", base_url=mock.url) as master:
        master.chat("hello")
        stop = threading.Event()

        def busy():
            while not stop.is_set():
                master.chat("busy")

        working = threading.Thread(target=busy)
        working.start()
        children = []
        for _ in range(3):
            pid = os.fork()
            if pid == 0:
                try:
                    serve(mock.url)
                    os._exit(0)
                finally:
                    os._exit(1)
            children.append(pid)
        ended = [os.waitpid(pid, 0)[1] for pid in children]
        stop.set()
        working.join()
        assert ended == [0, 0, 0]
        assert master.chat("still there").text


AT_EXIT = {
    "a stream that runs": "stream = client.stream('hello'); next(stream)",
    "a call on a daemon thread": "aside(lambda: client.chat('hello'))",
    "a stream on a daemon thread": "aside(lambda: list(client.stream('hello')))",
    "tiers in a call":
        "tiers = mynah.Tiered([client, client], lambda t, m: 0.9); "
        "aside(lambda: tiers.chat('hello'))",
    "a task of a loop that is still open":
        "loop = asyncio.new_event_loop(); task = loop.create_task(client.achat('hello')); "
        "loop.run_until_complete(asyncio.sleep(0.05))",
    "an exception": "client.stream('hello'); raise SystemExit(0)",
}


PROGRAM = """
import asyncio, threading, time, mynah

mock = mynah.Mock(delay_event_ms=50, answer_words=10_000)
client = mynah.Client('custom', 'mock', base_url=mock.url, streaming_enabled=True)

def aside(call):
    def run():
        try:
            call()
        except mynah.Error:
            pass
    threading.Thread(target=run, daemon=True).start()
    while not client.metrics().in_flight:
        pass

"""


@pytest.mark.parametrize("what", AT_EXIT, ids=lambda name: name.replace(" ", "_"))
def test_the_interpreter_ends_with(what):
    done = subprocess.run([sys.executable, "-c", PROGRAM + AT_EXIT[what]], capture_output=True,
                          text=True, timeout=30)
    complaints = [line for line in done.stderr.splitlines()
                  if not line.startswith(("Task was destroyed", "task:"))]
    assert done.returncode == 0 and not complaints and not done.stdout


IN_A_FUNCTION = {
    "a snapshot": "cache.save('snapshot', slow)",
    "a snapshot that is read": "cache.load('snapshot', slow)",
    "a snapshot of which nothing is told": "entered.set(); cache.save('snapshot')",
    "a warming": "cache.warm([f'new {n}' for n in range(1000)], slow)",
    "a batch": "client.batch(map(str, range(1000)), on_progress=slow)",
    "tiers that ask it": "mynah.Tiered([client, client], slow).chat('hello')",
}


@pytest.mark.parametrize("what", IN_A_FUNCTION, ids=lambda name: name.replace(" ", "_"))
def test_the_interpreter_ends_in_a_function_that_a_daemon_thread_has_given_to(what, tmp_path):
    program = f"""
import threading, time, mynah

client = mynah.Client('custom', 'mock', base_url=(mock := mynah.Mock()).url)
cache, entered = mynah.Cache(), threading.Event()
cache.set_many({{str(n): b'v' for n in range(2_000)}})
cache.save('snapshot')

def slow(*_):
    entered.set()
    time.sleep(0.1)
    return b'v'

def run():
    while True:
        {IN_A_FUNCTION[what]}

threading.Thread(target=run, daemon=True).start()
entered.wait()
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True,
                          text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_function_of_the_end_is_told_how_far_a_snapshot_has_come(tmp_path):
    program = ("import atexit\n"
               "atexit.register(lambda: print(cache.save('snapshot', lambda *done: print(done))))\n"
               "import mynah\n"
               "cache = mynah.Cache()\n"
               "cache['k'] = b'v'\n")
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True,
                          text=True, timeout=30)
    assert done.stdout.split("\n") == ["(0, 1)", "(1, 1)", "1", ""] and not done.stderr


def test_a_child_does_not_wait_for_the_calls_of_its_parents_threads(tmp_path):
    program = """
import os, sys, threading, mynah

cache, entered, left = mynah.Cache(), threading.Event(), threading.Event()
load = lambda key: (entered.set(), left.wait(), b'v')[2]
thread = threading.Thread(target=lambda: cache.warm(['k'], load))
thread.start()
entered.wait()
pid = os.fork()
if pid == 0:
    sys.exit(7)
status = os.waitpid(pid, 0)[1]
left.set()
thread.join()
print(os.waitstatus_to_exitcode(status), cache['k'])
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True,
                          text=True, timeout=30)
    assert done.stdout == "7 b'v'\n", done.stderr


def test_a_call_of_a_thread_that_the_interpreter_waits_for_comes_to_its_end():
    program = ("import threading, mynah; mock = mynah.Mock(delay_headers_ms=200); "
               "client = mynah.Client('custom', 'mock', base_url=mock.url); "
               "threading.Thread(target=lambda: print(client.chat('hello').text)).start()")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert "hello" in done.stdout and not done.stderr


def test_objects_that_nobody_closed_are_collected():
    for _ in range(200):
        cache = Cache(capacity=100)
        cache["k"] = b"v"
    del cache
    with Mock() as mock:
        for _ in range(20):
            Client("custom", "mock", base_url=mock.url).chat("hello")


def test_a_close_while_others_call_is_told_as_what_it_is():
    with Mock(delay_headers_ms=60_000) as mock:
        client = Client("custom", "mock", base_url=mock.url, retry_count=0)
        raised = []

        def ask():
            try:
                client.chat("hello")
            except errors.Error as failure:
                raised.append(type(failure))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        while client.metrics().in_flight < 4:
            pass
        client.close()
        for thread in threads:
            thread.join(10)
        assert len(raised) == 4 and set(raised) <= {errors.Cancelled, errors.Closed}


@pytest.mark.parametrize("name", ["libmynah.so", "libmynah.dylib", "mynah.dll"])
def test_a_library_beside_the_package_is_found_under_the_name_that_a_system_gives_it(
        tmp_path, name):
    import shutil
    from pathlib import Path
    from mynah import _library
    library = Path(_library.lib._dll._name)
    if not library.exists():
        pytest.skip("the library is the system's")
    package = tmp_path / "mynah"
    shutil.copytree(Path(mynah.__file__).parent, package,
                    ignore=shutil.ignore_patterns("*.so", "*.dylib", "*.dll"))
    (package / "mynah.h").write_text(_library._header(), encoding="utf-8")
    (package / name).symlink_to(library.resolve())
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "LD_LIBRARY_PATH": ""}
    environment.pop("MYNAH_LIBRARY", None)
    program = "from mynah import _library; print(_library.lib._dll._name, end='')"
    found = subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path,
                           env=environment, capture_output=True, text=True)
    assert found.stdout == str(package / name)


def test_a_package_without_its_library_says_what_would_do(tmp_path):
    import shutil
    from pathlib import Path
    shutil.copytree(Path(mynah.__file__).parent, tmp_path / "mynah",
                    ignore=shutil.ignore_patterns("*.so", "*.dylib"))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "LD_LIBRARY_PATH": ""}
    environment.pop("MYNAH_LIBRARY", None)
    done = subprocess.run([sys.executable, "-c", "import mynah"], capture_output=True, text=True,
                          cwd=tmp_path, env=environment)
    if done.returncode == 0:
        pytest.skip("the system has a libmynah")
    assert "ImportError" in done.stderr and "MYNAH_LIBRARY" in done.stderr
    assert "pip install" in done.stderr


def test_a_library_that_is_named_is_loaded_or_nothing(tmp_path):
    torn, gone = tmp_path / "libmynah.so", tmp_path / "libmynah.so.9"
    torn.write_bytes(b"no library")
    for named in (torn, gone):
        done = subprocess.run([sys.executable, "-c", "import mynah"], capture_output=True, text=True,
                              env={**os.environ, "MYNAH_LIBRARY": str(named)})
        assert f"ImportError: MYNAH_LIBRARY is {named}, " in done.stderr and done.returncode == 1


def test_a_cache_is_saved_by_a_function_that_runs_at_the_end(tmp_path):
    program = ("import atexit\n"
               "atexit.register(lambda: print(cache.save('snapshot')))\n"
               "import mynah\n"
               "cache = mynah.Cache(); cache['k'] = b'v'\n"
               "atexit.register(lambda: print(len(cache)))\n")
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True,
                          text=True, timeout=30)
    assert done.stdout == "1\n1\n" and not done.stderr


@fork
def test_a_stream_of_the_parent_is_none_of_the_childs():
    with Mock(delay_first_event_ms=60_000) as slow, Client("custom", "m", base_url=slow.url) as client:
        stream = client.stream("hello")
        pid = os.fork()
        if pid == 0:
            signal.alarm(20)
            try:
                with stream:
                    next(stream)
            except errors.Forked:
                os._exit(7)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        stream.close()


@fork
def test_a_stream_whose_end_a_child_has_inherited_leaves_the_childs_own_calls_alone():
    """Its queue is the parent's, and none for the next call of the child."""
    with Mock(answer="one two") as mock, Client("custom", "mock", base_url=mock.url) as client:
        stream = client.stream("hello")
        while client.metrics().calls == 0:  # so that all of it is fetched at once
            time.sleep(0.01)
        assert next(stream) == "one "
        pid = os.fork()
        if pid == 0:
            signal.alarm(20)
            try:
                assert list(stream) == ["two"]
                with Mock() as own, Client("custom", "mock", base_url=own.url) as another:
                    assert another.chat("hello").text and "".join(another.stream("hello"))
                os._exit(7)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        assert list(stream) == ["two"]


def test_a_function_of_atexit_saves_a_cache(tmp_path):
    program = ("import atexit, sys, mynah; cache = mynah.Cache(); cache['k'] = b'v'; "
               "atexit.register(cache.save, sys.argv[1])")
    path = tmp_path / "kept"
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True,
                          text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    with Cache() as cache:
        assert cache.load(path) == 1
