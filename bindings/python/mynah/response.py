"""Answers: what the provider said, what it cost, where it came from."""

from __future__ import annotations

import ctypes
import json
from dataclasses import dataclass, field
from typing import Any

from . import errors
from ._library import Handle, lib, take, text_of


@dataclass(frozen=True)
class Usage:
    """Tokens; None is what the provider did not say.

    ``input_tokens`` is the whole prompt, ``output_tokens`` all that was
    generated; the last three are parts of these.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None


@dataclass(frozen=True)
class Timings:
    """Where the time of a call went, in milliseconds; None: it did not occur."""

    queue: float | None = None
    """Waiting for the limits, and in a queue's line."""
    connect: float | None = None
    first_byte: float | None = None
    first_token: float | None = None
    total: float | None = None


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
    refusal: str | None
    """What the model said instead of an answer."""
    tool_calls: list[ToolCall]
    finish_reason: str | None
    """stop, length, tool_calls, content_filter, refusal, pause or other; None
    while the answer is not complete."""
    usage: Usage
    cost_usd: float | None
    """None: no price is known. 0 for an answer from the cache."""
    saved_usd: float | None
    model: str | None
    provider: str | None
    id: str | None
    request_id: str | None
    served_from: str
    """provider, cache, stale, coalesced or fallback."""
    attempts: int
    adjusted: list[str]
    """What of the request was left out or changed to fit the model."""
    timings_ms: Timings
    message: dict[str, Any]
    """The assistant's turn, to be appended to the messages as it is."""
    raw: dict[str, Any] = field(repr=False)
    provider_raw: str | None = field(default=None, repr=False)
    """The provider's own JSON, where the answer came whole from it; None for one that
    came as a stream or from the cache."""


def response_of(raw: dict[str, Any], provider_raw: str | None) -> Response:
    """The answer that a JSON object of the library's tells of."""
    def known(cls: type, name: str) -> dict[str, Any]:
        return {k: v for k, v in (raw.get(name) or {}).items() if k in cls.__annotations__}

    calls = [ToolCall(c.get("id") or "", c["name"], c["arguments"])
             for c in raw.get("tool_calls") or []]
    return Response(
        raw.get("text") or "", raw.get("reasoning"), raw.get("refusal"), calls,
        raw.get("finish_reason"), Usage(**known(Usage, "usage")), raw.get("cost_usd"),
        raw.get("saved_usd"), raw.get("model"), raw.get("provider"), raw.get("id"),
        raw.get("request_id"), raw.get("served_from") or "", raw.get("attempts") or 0,
        raw.get("adjusted") or [], Timings(**known(Timings, "timings_ms")),
        raw.get("message") or {}, raw, provider_raw)


def take_response(handle: ctypes.c_void_p) -> Response | None:
    """The answer behind a handle, which is freed; None for none."""
    try:
        return read_response(handle)
    finally:
        lib.response_free(handle)


def read_response(handle: ctypes.c_void_p) -> Response | None:
    """The same of a handle that stays."""
    if not handle.value:
        return None
    value = Handle()
    errors.check(lib.response_json(handle, value))
    return response_of(json.loads(take(value)), text_of(lib.response_raw, handle))
