"""What a client and tiers have in common: a chat in its four forms."""

from __future__ import annotations

import threading
from typing import Any, Union

from . import aio, errors, stream
from ._library import Handle, lib
from ._object import Owner
from .request import Messages, Request
from .response import Response, take_response

Asked = Union[Messages, Request]
"""What a chat can be about: a text, messages, or a request."""


class Caller(Owner):
    """Chats: plain, streamed, awaited, and streamed for ``async for``.

    Keywords are those of :class:`mynah.Request`; with a ``Request`` there are
    none.
    """

    _kind: str

    def chat(self, messages: Asked, **options: Any) -> Response:
        """Asks, and waits for the whole answer.

        Raises a subclass of :class:`mynah.Error`. Ctrl-C ends the call.
        """
        request = _request(messages, options)
        if threading.current_thread() is threading.main_thread():
            return stream.ask(self._kind, self, request)
        response, error = Handle(), Handle()
        status = getattr(lib, f"{self._kind}_chat")(
            self._handle, request._handle, None, response, error)
        answer = take_response(response)
        errors.check(status, error)
        assert answer is not None  # there is one where there is no error
        return answer

    def stream(self, messages: Asked, **options: Any) -> stream.Stream:
        """Asks; answers an iterator over the text as it arrives."""
        return stream.Stream(self._kind, self, _request(messages, options))

    async def achat(self, messages: Asked, **options: Any) -> Response:
        """As :meth:`chat`, awaited. A task that is cancelled ends its call."""
        return await aio.ask(self._kind, self, _request(messages, options))

    def astream(self, messages: Asked, **options: Any) -> aio.AsyncStream:
        """As :meth:`stream`, for ``async for``."""
        return aio.AsyncStream(self._kind, self, _request(messages, options))


def _request(messages: Asked, options: dict[str, Any]) -> Request:
    if not isinstance(messages, Request):
        return Request(messages, **options)
    if options:
        raise TypeError(f"options of a call belong into its Request: {', '.join(options)}")
    return messages
