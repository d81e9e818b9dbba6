"""The client: calls to one provider."""

from __future__ import annotations

import asyncio
import ctypes
import json
from typing import Any, Iterable, Literal, Sequence, overload

from . import errors
from ._library import Handle, lib, take
from ._object import Cancel, Options, Progress, as_json, handle_of, several, whole
from .batch import Result, arun, interruptible, progressing, run
from .cache import Cache
from .caller import Asked, Caller, _request
from .metrics import Advice, ClientMetrics, advice_of, client_metrics_of
from .notices import Notices, level_of
from .options import documented


@documented("client")
class Client(Caller):
    """Calls to a provider; safe from any thread, any number at once.

    ``provider`` is one of the option's names below; without ``model`` the
    provider's standard model is asked, without ``api_key`` the provider's
    environment variable is read. ``cache`` shares a :class:`mynah.Cache` among
    clients, and turns ``cache_enabled`` on. ``notices`` is told of calls, retries,
    alerts and the breaker, from ``log_level`` (debug, info, warning, error; unset:
    warning) on. An
    option's value is a number, a bool, a text, or for a list several of them; None
    leaves out what a preset would set; a timedelta fits every ``_ms``. Wrong names
    and values raise at once and say what would do.
    """

    _kind = "client"

    def __init__(self, provider: str = "openai", model: str | None = None,
                 cache: Cache | None = None, notices: Notices | None = None,
                 log_level: str | None = None, **options: Any) -> None:
        level = level_of(log_level or "warning")
        if log_level is not None and notices is None:
            raise TypeError("log_level: records are told to notices, and there are none")
        options["provider"] = provider
        if model is not None:
            options["model"] = model
        handle, error = self._own(lib.client_free), Handle()
        with Options("client", options) as made:
            if cache is not None:
                errors.check(lib.client_options_set_cache(made, handle_of("cache", cache, Cache, "cache_enabled=True")))
            if notices is not None:
                errors.check(lib.client_options_log_to_queue(
                    made, level, handle_of("notices", notices, Notices, "temperature=0")))
            errors.check(lib.client_new(made, handle, error), error)

    def batch(self, requests: Iterable[Asked], parallel: int = 8,
              on_progress: Progress | None = None, **options: Any) -> list[Result]:
        """Sends many requests, ``parallel`` at a time, and waits for all.

        For each, in order, there is its :class:`mynah.Response` or its
        :class:`mynah.Error`: one that fails does not hold up the others.
        Identical ones are sent once where ``batch_dedup`` says so. What is no request,
        such as a message of an unknown role, raises before any is sent.
        ``on_progress(done, total)`` runs on threads of the library; what it
        raises ends the batch. ``options`` are those of every request.
        """
        return run(self, [_request(r, options) for r in several("prompts", requests)], parallel,
                   on_progress)

    async def abatch(self, requests: Iterable[Asked], parallel: int = 8,
                     **options: Any) -> list[Result]:
        """As :meth:`batch`, awaited. A task that is cancelled ends the batch."""
        return await arun(
            self, [_request(r, options) for r in several("prompts", requests)], parallel)

    def warm(self, prompts: Sequence[str], parallel: int = 8,
             on_progress: Progress | None = None) -> int:
        """Asks each prompt, so that its answer is in the cache; how many are.
        ``on_progress`` as for :meth:`batch`."""
        body = as_json("prompts", list(several("prompts", prompts)))
        warmed, error = ctypes.c_size_t(), Handle()
        threads = whole("parallel", parallel)
        progressing(lambda cancel, told: lib.client_warm_json(
            self._handle, body, len(body), threads, cancel._handle, told, None, warmed, error),
            error, on_progress)
        return warmed.value

    @overload
    def embed(self, texts: str | Sequence[str], *, encoding_format: Literal["base64"],
              **fields: Any) -> list[str]: ...
    @overload
    def embed(self, texts: str | Sequence[str], **fields: Any) -> list[list[float]]: ...
    def embed(self, texts: str | Sequence[str], **fields: Any) -> list[Any]:
        """The vectors of one or several texts, in their order; an array of numpy's is a
        list of texts too.

        ``fields`` are those of OpenAI's request: ``model``, which there must be, because
        the client's own is for chats, ``dimensions``, ...; with an ``encoding_format`` of
        base64 a vector is a text, as the provider gave it.
        """
        embedding = _Embedding(self, texts, fields)
        return embedding.vectors(interruptible(embedding.call))

    @overload
    async def aembed(self, texts: str | Sequence[str], *, encoding_format: Literal["base64"],
                     **fields: Any) -> list[str]: ...
    @overload
    async def aembed(self, texts: str | Sequence[str], **fields: Any) -> list[list[float]]: ...
    async def aembed(self, texts: str | Sequence[str], **fields: Any) -> list[Any]:
        """As :meth:`embed`, awaited; a thread of the loop's executor waits meanwhile. A task
        that is cancelled ends its call."""
        embedding = _Embedding(self, texts, fields)
        with Cancel() as cancel:
            waiting = asyncio.get_running_loop().run_in_executor(None, embedding.call, cancel)
            try:
                return embedding.vectors(await waiting)
            except asyncio.CancelledError:
                cancel.trigger()
                raise

    def metrics(self) -> ClientMetrics:
        """Calls, latencies, tokens, cost, and what else is measured."""
        return client_metrics_of(self._json(lib.client_metrics_json))

    def prometheus(self) -> str:
        """The same figures in Prometheus' text format. Those of two clients have the same
        names: each is scraped from a path of its own; :func:`mynah.prometheus` adds all up."""
        value = Handle()
        errors.check(lib.client_metrics_prometheus(self._handle, value))
        return take(value).decode()

    def advise(self) -> Advice:
        """What the figures suggest to change, with evidence."""
        return advice_of(self._json(lib.client_advise_json))

    def options(self) -> dict[str, Any]:
        """The value of each option that holds, and the layer it comes from."""
        return dict(self._json(lib.client_options_json))


class _Embedding:
    """A request for vectors, and what came of it."""

    def __init__(self, client: Client, texts: object, fields: dict[str, Any]) -> None:
        self._value, self._error = Handle(), Handle()
        self._client = client  # lives at least as long as its call
        self._body = as_json("embedding", {"input": texts, **fields}, _plain)

    def call(self, cancel: Cancel) -> int:
        return int(lib.client_embed_json(
            self._client._handle, self._body, len(self._body), cancel._handle, self._value,
            self._error))

    def vectors(self, status: int) -> list[Any]:
        (value, error), self._value, self._error = (self._value, self._error), Handle(), Handle()
        errors.check(status, error)
        rows: list[dict[str, Any]] = json.loads(take(value))["data"]
        rows.sort(key=lambda row: int(row.get("index", 0)))
        return [row["embedding"] for row in rows]

    def __del__(self) -> None:
        """What came too late for who asked."""
        lib.value_free(self._value)
        lib.error_free(self._error)


def _plain(value: object) -> Any:
    """What JSON has for an array or a number of numpy's."""
    if callable(plain := getattr(value, "tolist", None)):
        return plain()
    raise TypeError(f"an input or a field cannot be of the type {type(value).__name__}")
