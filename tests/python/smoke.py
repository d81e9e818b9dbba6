"""The library through ctypes: a cache, a chat, an error. Prints a line a test."""

import ctypes as c
import json
import os
import sys
import traceback

lib = c.CDLL(os.environ["MYNAH_LIBRARY"])
Out = c.POINTER(c.c_void_p)
STREAM = c.CFUNCTYPE(c.c_int32, c.c_void_p, c.c_void_p)


def declare(name, result, *arguments):
    function = getattr(lib, name)
    function.restype, function.argtypes = result, arguments
    return function


status, handle, text, size = c.c_int32, c.c_void_p, c.c_char_p, c.c_size_t
cache_new = declare("mynah_cache_new", status, handle, Out, Out)
cache_set = declare("mynah_cache_set", status, handle, text, size, text, size, c.c_uint64)
cache_get = declare("mynah_cache_get", status, handle, text, size, Out)
cache_free = declare("mynah_cache_free", None, handle)
value_data = declare("mynah_value_data", handle, handle)
value_len = declare("mynah_value_len", size, handle)
value_free = declare("mynah_value_free", None, handle)
options_new = declare("mynah_client_options_new", handle)
options_set = declare("mynah_client_options_set", status, handle, text, text, Out)
options_free = declare("mynah_client_options_free", None, handle)
client_new = declare("mynah_client_new", status, handle, Out, Out)
client_free = declare("mynah_client_free", None, handle)
chat_stream = declare("mynah_client_chat_stream", status, handle, handle, STREAM, handle, handle,
                      Out, Out)
request_new = declare("mynah_request_new", handle)
request_add = declare("mynah_request_add_message", status, handle, text, text, size)
request_free = declare("mynah_request_free", None, handle)
response_json = declare("mynah_response_json", status, handle, Out)
response_free = declare("mynah_response_free", None, handle)
event_text = declare("mynah_event_text", handle, handle, c.POINTER(size))
event_kind = declare("mynah_event_kind", c.c_int32, handle)
error_message = declare("mynah_error_message", text, handle)
error_free = declare("mynah_error_free", None, handle)
mock_new = declare("mynah_mock_new", status, handle, Out, Out)
mock_url = declare("mynah_mock_url", text, handle)
mock_free = declare("mynah_mock_free", None, handle)


def take(value):
    data = c.string_at(value_data(value), value_len(value))
    value_free(value)
    return data


def a_cache_keeps_bytes():
    cache, value = handle(), handle()
    assert cache_new(None, cache, None) == 0
    assert cache_set(cache, b"k\0k", 3, b"value", 5, 0) == 0
    assert cache_get(cache, b"k\0k", 3, value) == 0
    assert take(value) == b"value"
    assert cache_get(cache, b"other", 5, value) == 6 and value.value is None
    cache_free(cache)
    assert cache_set(cache, b"k", 1, b"v", 1, 0) == 2


def a_chat_streams_and_comes_from_the_cache_again():
    mock, client, response, value = handle(), handle(), handle(), handle()
    assert mock_new(None, mock, None) == 0
    options = options_new()
    for name, given in [(b"provider", b"custom"), (b"base_url", mock_url(mock)),
                        (b"model", b"mock"), (b"cache_enabled", b"true")]:
        assert options_set(options, name, given, None) == 0
    assert client_new(options, client, None) == 0
    options_free(options)
    request = request_new()
    assert request_add(request, b"user", b"hello", 5) == 0
    answers = []
    for source in ("provider", "cache"):
        pieces = []

        @STREAM
        def each(_, event):
            length = size()
            data = event_text(event, length)
            if event_kind(event) and data and length.value:
                pieces.append(c.string_at(data, length.value))
            return 0

        assert chat_stream(client, request, each, None, None, response, None) == 0
        assert response_json(response, value) == 0
        answer = json.loads(take(value))
        response_free(response)
        assert answer["served_from"] == source, answer
        assert answer["text"].encode() in b"".join(pieces), (answer["text"], pieces)
        answers.append(answer["text"])
    assert answers[0] == answers[1] != ""
    request_free(request)
    client_free(client)
    mock_free(mock)


def an_error_says_what_is_wrong():
    options, error = options_new(), handle()
    assert options_set(options, b"temperature", b"7", error) == 4
    message = error_message(error).decode()
    assert "temperature" in message and "7" in message, message
    error_free(error)
    options_free(options)


failed = False
for test in (a_cache_keeps_bytes, a_chat_streams_and_comes_from_the_cache_again,
             an_error_says_what_is_wrong):
    try:
        test()
        print("ok", test.__name__)
    except Exception:
        traceback.print_exc(file=sys.stdout)
        print("not ok", test.__name__)
        failed = True
sys.exit(failed)
