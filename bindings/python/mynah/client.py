"""The client as Python objects: one call, plain, streamed or awaited."""

from __future__ import annotations

import asyncio
import ctypes
import json
import queue
import threading
from dataclasses import dataclass, field
from typing import Any, AsyncIterator, Iterator, Mapping, Sequence, Union

from . import errors
from ._library import Handle, StreamCallback, lib, take
from ._object import Options, Owner, set_options
from .cache import Cache

Messages = Union[str, Sequence[Mapping[str, Any]]]
"""A text, which the user says, or messages as OpenAI has them."""

TEXT = lib.constants["EVENT_TEXT"]


@dataclass(frozen=True)
class Usage:
    """Tokens; None is what the provider did not say."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None


@dataclass(frozen=True)
class ToolCall:
    """A call that the model asks for; ``arguments`` is a JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Response:
    """An answer. ``raw`` has everything, under the names of the C library."""

    text: str
    reasoning: str | None
    tool_calls: list[ToolCall]
    finish_reason: str | None
    usage: Usage
    cost_usd: float | None
    model: str | None
    served_from: str
    message: dict[str, Any]
    """The assistant's turn, to be appended to the messages as it is."""
    raw: dict[str, Any] = field(repr=False)


def _response(handle: Handle) -> Response:
    value = Handle()
    try:
        errors.check(lib.response_json(handle, value))
    finally:
        lib.response_free(handle)
    raw = json.loads(take(value))
    usage = {k: v for k, v in (raw.get("usage") or {}).items() if k in Usage.__annotations__}
    calls = [ToolCall(c.get("id") or "", c["name"], c["arguments"])
             for c in raw.get("tool_calls") or []]
    return Response(
        raw.get("text") or "", raw.get("reasoning"), calls, raw.get("finish_reason"),
        Usage(**usage), raw.get("cost_usd"), raw.get("model"), raw.get("served_from") or "",
        raw.get("message") or {}, raw)


class Request(Owner):
    """Messages and per-call options, ready to be sent any number of times."""

    def __init__(self, messages: Messages, **overrides: object) -> None:
        self._own(Handle(lib.request_new()), lib.request_free)
        if isinstance(messages, str):
            messages = [{"role": "user", "content": messages}]
        for message in messages:
            text, error = json.dumps(message).encode(), Handle()
            errors.check(
                lib.request_add_message_json(self._handle, text, len(text), error), error)
        set_options(lib.request_set, self._handle, overrides)


class _Cancel(Owner):
    def __init__(self) -> None:
        self._own(Handle(lib.cancel_new()), lib.cancel_free)

    def trigger(self) -> None:
        lib.cancel_trigger(self._handle)


class Stream(Iterator[str]):
    """The pieces of an answer as they arrive; ``response`` once they ended.

    Leaving a ``with`` block, or ``close``, ends the call.
    """

    def __init__(self, client: "Client", request: Request) -> None:
        self.response: Response | None = None
        self._pieces: "queue.Queue[str | BaseException | None]" = queue.Queue()
        self._cancel = _Cancel()
        self._thread = threading.Thread(
            target=self._run, args=(client, request), name="mynah-stream", daemon=True)
        self._thread.start()

    def _run(self, client: "Client", request: Request) -> None:
        length = ctypes.c_size_t()

        def each(_: int, event: int) -> int:
            if lib.event_kind(event) == TEXT:
                data = lib.event_text(event, length)
                if data:
                    self._pieces.put(ctypes.string_at(data, length.value).decode("utf-8", "replace"))
            return 0

        response, error = Handle(), Handle()
        try:
            status = lib.client_chat_stream(
                client._handle, request._handle, StreamCallback(each), None,
                self._cancel._handle, response, error)
            if response.value:
                self.response = _response(response)
            errors.check(status, error)
            self._pieces.put(None)
        except BaseException as failure:
            self._pieces.put(failure)

    def __next__(self) -> str:
        piece = self._pieces.get()
        if isinstance(piece, str):
            return piece
        self._pieces.put(None)
        if piece is None:
            raise StopIteration
        raise piece

    def close(self) -> None:
        """Ends the call, if it still runs, and waits for its end."""
        self._cancel.trigger()
        self._thread.join()

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Client(Owner):
    """Calls to a provider; safe from any thread, any number at once.

    Options are those of the library: ``api_key``, ``temperature``,
    ``cache_enabled``, ``retry_count``, ``preset``, ... ``cache`` shares a
    :class:`Cache` among clients.
    """

    def __init__(self, provider: str = "openai", model: str | None = None,
                 cache: Cache | None = None, **options: object) -> None:
        options["provider"] = provider
        if model is not None:
            options["model"] = model
        if cache is not None:
            options.setdefault("cache_enabled", True)
        handle, error = Handle(), Handle()
        with Options("client", options) as made:
            if cache is not None:
                errors.check(lib.client_options_set_cache(made, cache._handle))
            errors.check(lib.client_new(made, handle, error), error)
        self._own(handle, lib.client_free)

    def chat(self, messages: Messages | Request, **overrides: object) -> Response:
        """Asks, and waits for the whole answer."""
        return self._chat(self._request(messages, overrides), None)

    def _chat(self, request: Request, cancel: _Cancel | None) -> Response:
        response, error = Handle(), Handle()
        status = lib.client_chat(self._handle, request._handle,
                                 cancel._handle if cancel else None, response, error)
        try:
            errors.check(status, error)
        except errors.Error:
            lib.response_free(response)
            raise
        return _response(response)

    def stream(self, messages: Messages | Request, **overrides: object) -> Stream:
        """Asks, and answers an iterator over the text as it arrives."""
        return Stream(self, self._request(messages, overrides))

    async def achat(self, messages: Messages | Request, **overrides: object) -> Response:
        """As :meth:`chat`, awaited: the event loop goes on meanwhile, and a
        task that is cancelled ends the call."""
        cancel = _Cancel()
        request = self._request(messages, overrides)
        call = asyncio.get_running_loop().run_in_executor(None, self._chat, request, cancel)
        try:
            return await asyncio.shield(call)
        except asyncio.CancelledError:
            cancel.trigger()
            raise

    async def astream(self, messages: Messages | Request,
                      **overrides: object) -> AsyncIterator[str]:
        """As :meth:`stream`, for ``async for``."""
        stream, loop = self.stream(messages, **overrides), asyncio.get_running_loop()
        try:
            while (piece := await loop.run_in_executor(None, next, stream, None)) is not None:
                yield piece
        finally:
            stream._cancel.trigger()

    def embed(self, texts: str | Sequence[str], **fields: Any) -> list[list[float]]:
        """The vectors of one or several texts."""
        body = json.dumps({"input": texts, **fields}).encode()
        value, error = Handle(), Handle()
        errors.check(lib.client_embed_json(
            self._handle, body, len(body), None, value, error), error)
        data = json.loads(take(value))["data"]
        return [row["embedding"] for row in sorted(data, key=lambda row: row.get("index", 0))]

    def metrics(self) -> dict[str, Any]:
        """Calls, latencies, tokens, cost, and what else is measured."""
        value = Handle()
        errors.check(lib.client_metrics_json(self._handle, value))
        return json.loads(take(value))  # type: ignore[no-any-return]

    def prometheus(self) -> str:
        """The same figures in Prometheus' text format."""
        value = Handle()
        errors.check(lib.client_metrics_prometheus(self._handle, value))
        return take(value).decode()

    @staticmethod
    def _request(messages: Messages | Request, overrides: dict[str, object]) -> Request:
        if isinstance(messages, Request):
            return messages
        return Request(messages, **overrides)
