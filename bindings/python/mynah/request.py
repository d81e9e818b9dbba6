"""What is asked: messages, tools, and options of one call."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Sequence, TypeVar, Union

from . import errors
from ._library import Handle, c_text, lib
from ._object import Owner, as_json, set_options, several
from .response import Response

Self = TypeVar("Self", bound="Request")
T = TypeVar("T")

Message = Union[Mapping[str, Any], Response]
"""A message as OpenAI has it: ``{"role": "user", "content": "Hello."}``; an answer
stands for its :attr:`Response.message`."""

Messages = Union[str, Sequence[Message]]
"""A text, which the user says, or messages."""


class Request(Owner):
    """Messages and options of a call, ready to be sent any number of times.

    ``messages`` is a text or OpenAI-style messages; answers can be among them, as
    they are or as :attr:`Response.message`. ``tools`` are functions as OpenAI has them:
    ``{"name": ..., "description": ..., "parameters": {...}}``, alone or as the
    ``function`` of a ``{"type": "function"}``, or what the provider has beside
    functions, in its own form. Every other keyword overrides an
    option of the client for this call (``temperature``, ``max_tokens``,
    ``stop``, ...) or sets a field of the request (``response_format``,
    ``tool_choice``, ``metadata``, ``extra_json``, ``cache``). Belongs to one
    thread at a time.
    """

    def __init__(self, messages: Messages = (),
                 tools: Sequence[Mapping[str, Any]] | None = None, **options: object) -> None:
        # A request in which nothing is said yet.
        offered = list(_listed("tools", tools or ()))
        text, error = as_json("tools", {"tools": offered}), Handle()
        errors.check(
            lib.request_from_json(text, len(text), self._own(lib.request_free), error), error)
        if isinstance(messages, str):
            messages = [{"role": "user", "content": messages}]
        if isinstance(messages, (bytes, bytearray, memoryview)):
            raise TypeError(f"what is asked is a text or messages, not {type(messages).__name__}")
        for message in _listed("messages", messages):
            self.add(message)
        set_options(lib.request_set, self._handle, options)

    def add(self: Self, message: Message) -> Self:
        """Adds a message; answers the request."""
        if isinstance(message, Response):
            message = message.message
        if not isinstance(message, Mapping):
            raise TypeError('a message is a mapping, such as {"role": "user", "content": "Hello."}, '
                            f"not {type(message).__name__}")
        text, error = as_json("message", message), Handle()
        errors.check(lib.request_add_message_json(self._handle, text, len(text), error), error)
        return self

    def add_tool_result(self: Self, call_id: str, content: str, failed: bool = False) -> Self:
        """Adds what a call that the model asked for gave; answers the request.

        ``failed`` tells the model that the tool failed, with ``anthropic`` and
        ``gemini``; the others have no field for it, so let ``content`` say it too.
        """
        name = c_text(call_id, "call_id")
        if not isinstance(content, str):
            raise TypeError("a tool's content is a text, such as json.dumps makes of a result, "
                            f"not {type(content).__name__}")
        if not name:
            raise errors.InvalidArgument("call_id: must be the id of the call that it answers")
        text = content.encode()
        errors.check(lib.request_add_tool_result(
            self._handle, name, text, len(text), int(failed)))
        return self


def _listed(what: str, items: Iterable[T]) -> Iterable[T]:
    """Refuses what is no list, and one of them alone."""
    if isinstance(items, (Mapping, Response)) or not isinstance(items, Iterable):
        raise TypeError(f"{what} are wanted in a list, not {type(items).__name__}")
    return several(what, items)
