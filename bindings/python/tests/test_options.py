"""Options are the library's own: nothing about one stands in the package."""

import enum
from datetime import timedelta

import pytest

import mynah
from mynah import Cache, Client, Mock, Request, Tiered, errors

MAKE = {"cache": Cache, "client": Client, "mock": Mock}
SOME = {"text": "http://localhost/", "secret": "key", "float": 0.5, "bool": True}
"""A value that options of a type take, where the row does not tell one."""
OTHERS = {"price_file": None, "ca_file": None, "price": "model=1,2", "header": "X-Name: value",
          "status_header": "X-Name: value", "cut_at": "1,2", "proxy": "http://localhost:1",
          "max_retries": 3, "status": 503}


def value_of(option):
    if option.name in OTHERS:
        return OTHERS[option.name]
    if option.type == "choice":
        return option.range.split(" or ")[0].split(", ")[-1]
    if option.type == "int":
        return int(option.range.split("..")[0]) + 1
    return SOME.get(option.type, "text")


@pytest.mark.parametrize("kind", ["cache", "client", "mock"])
def test_every_option_is_a_keyword(kind):
    options = mynah.describe(kind)
    assert len(options) > 20
    for option in options:
        MAKE[kind](**{option.name: value_of(option)}).close()


@pytest.mark.parametrize("kind", ["cache", "client"])
def test_every_range_is_held(kind):
    for option in mynah.describe(kind):
        wrong = {"int": "many", "float": "much", "bool": "perhaps", "choice": "neither"}
        if option.type in wrong:
            with pytest.raises(ValueError, match=option.name):
                MAKE[kind](**{option.name: wrong[option.type]})
        if option.type in ("int", "float"):
            above = float(option.range.split("..=")[1].split()[0]) * 2 + 1
            with pytest.raises(errors.OutOfRange, match=option.name):
                MAKE[kind](**{option.name: int(above) if option.type == "int" else above})


def test_a_wrong_name_is_told_with_the_right_one():
    with pytest.raises(errors.UnknownOption, match="did you mean"):
        Cache(shards_count=8)
    with pytest.raises(TypeError):
        Client(temprature=1)
    with pytest.raises(errors.OutOfRange, match="temperature"):
        Request("hello", temperature=9)
    with pytest.raises(ValueError):
        mynah.describe("queue")


def test_what_belongs_to_a_call_is_said_to():
    with pytest.raises(errors.UnknownOption, match="^extra_json: is of one call, not an option of the client$"):
        Client("custom", "mock", extra_json={"a": 1})


def test_values_are_what_python_has_for_them(mock):
    with Cache(shard_count=8, default_ttl_ms=timedelta(seconds=2), compression=True) as cache:
        held = cache.options()
        assert cache.shard_count == 8
        assert held["default_ttl_ms"]["value"] == 2000 and held["compression"]["value"] is True
    with Client("custom", "m", base_url=mock.url, preset="production", api_key="secret",
                temperature=None, stop=["a", "b"], header={"X-One": "1"}) as client:
        held = client.options()
        assert held["temperature"]["value"] is None and held["stop"]["value"] == ["a", "b"]
        assert "secret" not in str(held)


@pytest.mark.parametrize("nothing", [[], (), None])
def test_a_list_of_nothing_takes_away_what_the_client_has_set(mock, nothing):
    with Client("custom", "m", base_url=mock.url, stop=["a"], header={"X-One": "1"}) as client:
        client.chat("hello", stop=nothing)
        assert "stop" not in mock.stats()["last_request"]["body"]
    with Client("custom", "m", base_url=mock.url, stop=nothing, header={}, price=nothing) as client:
        client.chat("hello", header={})
        assert "stop" not in mock.stats()["last_request"]["body"]


def test_a_member_of_an_enum_is_its_value(mock):
    class Who(str, enum.Enum):
        MINE = "custom"

    class Size(enum.IntEnum):
        SMALL = 7

    with Client(Who.MINE, "m", base_url=mock.url) as client:
        assert client.options()["provider"]["value"] == "custom"
    with Cache(capacity=Size.SMALL) as cache:
        assert cache.capacity == 7


def test_a_text_with_a_zero_byte_is_refused_not_cut(mock, client):
    with pytest.raises(ValueError, match="system_prompt"):
        Client(system_prompt="Never\0 always.")
    with pytest.raises(ValueError, match="name"):
        Cache(**{"capacity\0": 7})
    with pytest.raises(ValueError, match="stop"):
        client.chat("hello", stop=["a", "b\0c"])
    with pytest.raises(ValueError, match="call_id"):
        Request("hello").add_tool_result("1\0", "done")
    assert mock.stats()["requests"] == 0
    assert "a\0b" in client.chat("a\0b").text  # a prompt has a length


def test_what_json_cannot_say_is_refused(client, mock):
    for name in ("metadata", "extra_json", "response_format"):
        for wrong in (float("nan"), float("inf")):
            with pytest.raises(errors.InvalidArgument, match=name):
                client.chat("hello", **{name: {"a": wrong}})
    for what, wrong in (("message", {"content": b"bytes"}), ("message", {"content": "a", "n": {1}})):
        with pytest.raises(TypeError, match=f"{what}: .* not JSON serializable"):
            client.chat([{"role": "user", **wrong}])
    with pytest.raises(TypeError, match="tools: .* not JSON serializable"):
        client.chat("hello", tools=[print])
    with pytest.raises(errors.InvalidArgument, match="message: Out of range"):
        client.chat([{"role": "user", "content": "a", "n": float("nan")}])
    half = "\ud83d"  # of a pair
    for ask in (client.chat, lambda text: client.warm([text]), lambda text: client.embed(text, model="m")):
        with pytest.raises(UnicodeEncodeError, match="surrogates not allowed"):
            ask(half)
    assert mock.stats()["requests"] == 0


def test_a_hint_is_of_what_was_to_be_made():
    for make, hint in ((lambda: Cache(1), "; options are keywords, such as capacity=1000"),
                       (lambda: Client("custom", "m", True), "; options are .* cache_enabled=True"),
                       (lambda: Tiered([1, 2]), "")):
        with pytest.raises(TypeError, match=f"not (int|bool){hint}$"):
            make()


def test_a_level_of_the_log_is_one_also_where_nobody_listens():
    for wrong in ("loud", 20, ["info"]):
        with pytest.raises(ValueError, match="log_level: .* is none of debug, info"):
            Client("custom", "mock", log_level=wrong)
    with mynah.Notices() as notices:
        Client("ollama", notices=notices, log_level="INFO").close()


def test_what_is_told_to_nobody_is_not_asked_for():
    with pytest.raises(TypeError, match="evictions"):
        Cache(evictions=True)
    with pytest.raises(TypeError, match="log_level"):
        Client("custom", "mock", log_level="info")


def test_headers_are_a_mapping_of_a_client_and_of_a_call(mock):
    with Client("custom", "mock", base_url=mock.url, header={"X-A": "1"}) as client:
        client.chat("hello", header={"X-B": "2", "X-C": None})
        assert "x-c" not in mock.stats()["last_request"]["headers"]
        client.chat("hello", header="X-B: 3")
    sent = mock.stats()["last_request"]["headers"]
    assert (sent["x-a"], sent["x-b"]) == ("1", "3")


def test_a_little_time_is_not_none():
    with Client("ollama", idle_timeout_ms=timedelta(microseconds=1),
                retry_delay_ms=timedelta(microseconds=34_001)) as client:
        held = client.options()
        assert held["idle_timeout_ms"]["value"] == 1 and held["retry_delay_ms"]["value"] == 35
    with pytest.raises(errors.OutOfRange):
        Client(timeout_ms=timedelta(microseconds=-1))


def test_the_documentation_has_every_option():
    for kind, cls in MAKE.items():
        for option in mynah.describe(kind):
            assert f"    {option.name}: {option.type}" in cls.__doc__


@pytest.mark.parametrize("value", [b"bytes", {"a", "set"}, (n for n in "ab"), object()])
def test_what_is_no_value_of_an_option_is_not_written_out(value):
    with pytest.raises(TypeError, match="^stop: an option's value"):
        Request("hello", stop=value)


def test_a_list_for_what_is_no_list_of_texts_is_one_in_json():
    with Mock() as mock, Client("custom", "m", base_url=mock.url) as client:
        client.chat("Hi", modalities=["text", "audio"], documents=[{"a": 1}, {"b": 2}],
                    stop=["x", "y"])
        sent = mock.stats()["last_request"]["body"]
        assert sent["modalities"] == ["text", "audio"]
        assert sent["documents"] == [{"a": 1}, {"b": 2}]
        assert sent["stop"] == ["x", "y"]
    with pytest.raises(errors.Error, match="capacity"):
        Cache(capacity=[1, 2])


def test_the_longest_time_that_there_is_lies_outside_the_range():
    with pytest.raises(errors.OutOfRange, match="timeout_ms"):
        Client("ollama", "m", timeout_ms=timedelta.max)
