"""Chats: plain and streamed, and what goes wrong with them."""

import asyncio
import base64
import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections import ChainMap
from pathlib import Path
from types import MappingProxyType

import pytest

import mynah
from mynah import Client, ClientMetrics, Finding, Mock, Request, errors


def test_a_chat_comes_from_the_cache_the_second_time(client, mock):
    first, second = client.chat("hello"), client.chat("hello")
    assert first.text == second.text != ""
    assert (first.served_from, second.served_from) == ("provider", "cache")
    assert first.finish_reason == "stop" and first.usage.output_tokens > 0
    assert mock.stats()["requests"] == 1
    metrics = client.metrics()
    assert not set(ClientMetrics.__annotations__) - {"raw"} - set(metrics.raw)
    assert metrics.latency_ms.count == 2 and metrics.latency_ms.p99 > 0
    assert client.advise().findings == []
    assert metrics.calls == 2 and metrics.cache_hits == 1
    assert "mynah_llm_calls_total" in client.prometheus()


def test_a_finding_says_what_to_set_or_where_to_look(mock):
    with Client("custom", "mock", base_url=mock.url, temperature=1.4) as client:
        for _ in range(20):
            client.chat("hello")
        (finding,) = client.advise().findings
    assert (finding.option, finding.value, finding.look_at) == ("temperature", 0.3, None)
    assert str(finding).endswith("; set temperature to 0.3")
    look = Finding("timeouts", {}, "no connection", None, None, "the network")
    assert str(look) == "timeouts: no connection; look at the network"


def test_a_miss_where_only_the_cache_is_asked_is_not_found(client, mock):
    asked = [
        lambda: client.chat("never", cache="only"),
        lambda: list(client.stream("never", cache="only")),
        lambda: asyncio.run(client.achat("never", cache="only")),
    ]
    for ask in asked:
        with pytest.raises(errors.NotFound, match="no cached answer"):
            ask()
    assert mock.stats()["requests"] == 0


def test_the_options_show_the_proxy_of_the_environment_at_the_making_without_its_password():
    code = ("import mynah, os\n"
            "for url in ('https://far.test', 'http://127.0.0.1:1', 'https://near.test'):\n"
            "    with mynah.Client(provider='custom', base_url=url, model='m') as client:\n"
            "        os.environ['https_proxy'] = 'http://later.test:9'\n"
            "        print(*client.options()['proxy'].values())\n")
    environment = {**os.environ, "https_proxy": "http://u:SECRET@proxy.test:8",
                   "no_proxy": "near.test"}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True,
                         text=True, check=True)
    lines = ran.stdout.splitlines()
    assert "proxy.test:8" in lines[0] and "SECRET" not in ran.stdout, ran.stdout
    assert lines[0].endswith(" environment") and lines[1:] == ["None default"] * 2


def test_a_bad_proxy_of_the_environment_matters_only_to_who_would_go_by_it():
    code = """
import mynah
with mynah.Mock() as mock, mynah.Client("custom", "mock", base_url=mock.url) as near:
    assert near.chat("hello").text
with mynah.Client("openai", "gpt-5", api_key="k", retry_count=0) as far:
    try:
        far.chat("hello")
    except mynah.errors.Connection as error:
        print(error)
"""
    environment = {**os.environ, "all_proxy": "socks4://u:SECRET@127.0.0.1:1"}
    for name in ("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
        environment.pop(name, None)
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True,
                         text=True, timeout=60)
    assert "all_proxy" in ran.stdout and "SECRET" not in ran.stdout + ran.stderr, ran


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
            error = caught.value
            assert error.http_status == 401 and not error.retriable and error.attempts == 1
            assert error.request_id == "req_mock" and error.provider_code == "invalid_api_key"
            facts = set(error.details) - {"status", "message", "retry_after_ms"}
            assert {name: getattr(error, name) for name in facts} == {
                name: error.details[name] for name in facts}
    with pytest.raises(errors.OutOfRange, match="temperature"):
        Request("hello", temperature=9)


def test_every_status_has_a_class():
    names = {name for name in mynah._library.lib.constants if name.isupper()}
    statuses = [n for n in names if "_" not in n or n in {
        "NULL_ARGUMENT", "INVALID_HANDLE", "INVALID_ARGUMENT", "OUT_OF_RANGE"}]
    assert statuses and len(errors.BY_STATUS) == 31
    assert sorted(errors.BY_STATUS) == list(range(1, 32))


def test_the_providers_own_json_is_there_where_the_answer_came_whole(client):
    asked, kept = client.chat("hello"), client.chat("hello")
    assert json.loads(asked.provider_raw)["object"] == "chat.completion"
    assert kept.provider_raw is None


def test_a_response_tells_where_it_came_from(client):
    answer = client.chat("hello")
    assert answer.attempts == 1 and answer.id and answer.request_id == "req_mock"
    assert answer.timings_ms.total > 0 and answer.usage.total_tokens > 0
    assert answer.provider == "custom" and answer.cost_usd is None and answer.refusal is None


def test_a_response_tells_what_was_refused_and_what_was_left_out():
    choice = {"index": 0, "finish_reason": "stop",
              "message": {"role": "assistant", "content": None, "refusal": "I would rather not."}}
    body = json.dumps({"id": "1", "object": "chat.completion", "model": "mock", "choices": [choice]})
    with Mock(status=200, status_body=body) as mock:
        with Client("custom", "mock", base_url=mock.url) as client:
            assert client.chat("hello").refusal == "I would rather not."
    with Mock() as mock, Client("anthropic", "claude-sonnet-4-5", base_url=mock.url[:-3],
                                api_key="key", unsupported="drop") as client:
        assert any("seed" in each for each in client.chat("hello", seed=7).adjusted)


def test_an_answer_can_stand_among_the_messages(client, mock):
    answer = client.chat("hello")
    said = [{"role": "user", "content": "hello"}, answer, {"role": "user", "content": "And?"}]
    client.chat(Request(said[:1]).add(answer).add(said[2]))
    body = mock.stats()["last_request"]["body"]
    client.chat(said, cache="bypass")
    assert mock.stats()["last_request"]["body"] == body
    assert body["messages"][1] == {"role": "assistant", "content": answer.text}


@pytest.mark.parametrize("messages", [
    {"role": "user", "content": "hello"}, b"hello", None, 7, ["hello"], [b"hello"], [None]])
def test_what_are_no_messages_is_told_as_what_it_is(client, messages):
    with pytest.raises(TypeError, match="message"):
        client.chat(messages)


def test_tools_are_a_list_or_none(client):
    assert client.chat("hello", tools=None).text
    for tools in ({"name": "weather"}, "weather", 7):
        with pytest.raises(TypeError, match="tools"):
            client.chat("hello", tools=tools)


def test_tools_go_out_and_results_come_back(client, mock):
    tool = {"name": "weather", "description": "Tells.", "parameters": {"type": "object"}}
    request = Request("hello", tools=[tool, {"type": "function", "function": {**tool, "name": "b"}}],
                      tool_choice="auto", response_format={"type": "json_object"})
    client.chat(request)
    sent = mock.stats()["last_request"]["body"]
    assert [t["function"]["name"] for t in sent["tools"]] == ["weather", "b"]
    assert sent["response_format"] == {"type": "json_object"}
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    request.add({"role": "assistant", "content": None, "tool_calls": [call]})
    client.chat(request.add_tool_result("c1", "sunny"))
    assert mock.stats()["last_request"]["body"]["messages"][-1]["content"] == "sunny"
    with pytest.raises(TypeError):
        client.chat(request, temperature=1)


def test_what_is_no_result_of_a_tool_is_said_to_be_none():
    request = Request("hello")
    for wrong, words in ((("id", {"sky": "clear"}), "content is a text, such as json.dumps .*not dict"),
                         ((None, "clear"), "call_id is a text, not NoneType")):
        with pytest.raises(TypeError, match=words):
            request.add_tool_result(*wrong)
    with pytest.raises(errors.InvalidArgument, match="call_id: must be the id"):
        request.add_tool_result("", "clear")


def test_tools_of_every_kind_go_out_as_they_were_given(mock):
    strict = {"type": "function", "function": {"name": "f", "strict": True, "parameters": {}}}
    custom = {"type": "custom", "custom": {"name": "paint"}}
    with Client("openai", base_url=mock.url, api_key="k", model="gpt-4o") as client:
        client.chat("hello", tools=[strict, custom])
        sent = mock.stats()["last_request"]["body"]["tools"]
    assert (sent[0]["function"]["strict"], sent[1]) == (True, custom)
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}
    marked = {"name": "f", "parameters": {}, "cache_control": {"type": "ephemeral"}}
    with Client("anthropic", base_url=mock.url, api_key="k") as client:
        client.chat("hello", tools=[search, marked])
        sent = mock.stats()["last_request"]["body"]["tools"]
    assert (sent[0], sent[1]["cache_control"]) == (search, {"type": "ephemeral"})
    with pytest.raises(ValueError, match="tools"):
        Request("hello", tools=[{"type": "function"}])


def test_embeddings_come_in_order(client):
    vectors = client.embed(["one", "two"], model="m")
    assert len(vectors) == 2 and vectors[0] != vectors[1]
    assert client.embed("two", model="m") == vectors[1:]
    packed, = client.embed("two", model="m", encoding_format="base64")
    floats = struct.unpack(f"<{len(vectors[1])}f", base64.b64decode(packed))
    assert floats == pytest.approx(vectors[1])


def test_what_is_embedded_may_be_an_array(client):
    class Array:  # as numpy's, which need not be there
        def tolist(self):
            return ["one", "two"]

    assert client.embed(Array(), model="m") == client.embed(["one", "two"], model="m")
    with pytest.raises(TypeError, match="embedding.* generator"):
        client.embed((text for text in "ab"), model="m")


def test_numpys_values_are_taken_for_what_they_are(client, mock):
    numpy = pytest.importorskip("numpy", reason="numpy is not installed")
    assert client.embed(numpy.array(["a", "b"]), model="m") == client.embed(["a", "b"], model="m")
    client.chat("hello", temperature=numpy.float32(0.5), max_tokens=numpy.int64(7))
    body = mock.stats()["last_request"]["body"]
    assert (body["temperature"], body["max_tokens"]) == (0.5, 7)
    with mynah.Cache(compression=numpy.bool_(True)) as cache:
        assert cache.options()["compression"]["value"] is True
        cache["k"] = numpy.arange(6, dtype="u1")[::2]
        assert cache["k"] == bytes([0, 2, 4])
        with pytest.raises(TypeError, match="objects"):
            cache["k"] = numpy.array([None, "text"])


def test_every_error_says_what_it_means():
    assert errors.Authentication.__doc__ == "The provider refused the key."
    assert all(cls.__doc__ for cls in errors.BY_STATUS.values())


def test_a_provider_that_says_when_is_heard():
    with Mock(status=429, status_header="retry-after: 7") as mock:
        with Client("custom", "mock", base_url=mock.url, retry_count=0) as client:
            with pytest.raises(errors.RateLimited) as caught:
                client.chat("hello")
    assert caught.value.retry_after == 7 and caught.value.retriable


def test_threads_share_a_client(client):
    found, threads = {}, []
    for i in range(16):
        threads.append(threading.Thread(
            target=lambda i=i: found.__setitem__(i, client.chat(f"hello {i % 4}").text)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16 and len(set(found.values())) == 4


def test_streams_run_side_by_side(client):
    streams = [client.stream(f"hello {i}") for i in range(12)]
    texts = {"".join(stream) for stream in reversed(streams)}
    assert len(texts) == 12


def test_a_stream_that_is_dropped_ends_its_call():
    with Mock(delay_event_ms=20, answer_words=10_000) as mock:
        with Client("custom", "mock", base_url=mock.url) as client:
            next(client.stream("hello"))
            until = time.monotonic() + 5
            while client.metrics().in_flight and time.monotonic() < until:
                time.sleep(0.01)
            assert client.metrics().in_flight == 0


@pytest.mark.parametrize("ask", [
    lambda client: client.chat("hello"), lambda client: client.batch(["one", "two"]),
    lambda client: client.embed("hello", model="m"), lambda client: list(client.stream("hello"))])
def test_ctrl_c_ends_a_call(ask):
    # Where the tests run in the background, Python leaves Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with Mock(delay_headers_ms=60_000) as mock:
        with Client("custom", "mock", base_url=mock.url, timeout_ms=20_000) as client:
            timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
            timer.start()
            begun = time.monotonic()
            with pytest.raises(KeyboardInterrupt):
                ask(client)
            timer.join()
            assert time.monotonic() - begun < 10
        assert mock.stats()["requests_in_flight"] <= 2


def test_the_packages_version_is_the_librarys():
    project = Path(__file__).resolve().parent.parent / "pyproject.toml"
    assert f'version = "{mynah.version()}"' in project.read_text()


def test_a_mapping_of_any_kind_is_one(client, mock):
    said = MappingProxyType({"role": "user", "content": [MappingProxyType(
        {"type": "text", "text": "hello"})]})
    offered = MappingProxyType({"name": "f", "parameters": MappingProxyType({"type": "object"})})
    assert client.chat([said], tools=[offered], extra_json=ChainMap({"a": {"b": 1}})).text
    sent = mock.stats()["last_request"]["body"]
    assert sent["a"] == {"b": 1} and sent["tools"][0]["function"]["name"] == "f"
