"""What can go wrong: one class for each status of the library."""

from __future__ import annotations

import ctypes
import json
from typing import Any

from ._library import Handle, lib, take, take_text


class Error(Exception):
    """A call that failed; the classes below say how.

    ``status`` is the library's number, ``details`` all that is known, under the
    names of the C library; the properties below are the same.
    """

    status = -1

    def __init__(self, message: str, status: int | None = None,
                 details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.details: dict[str, Any] = details or {}
        if status is not None:
            self.status = status

    @property
    def retriable(self) -> bool:
        """Whether the same call may succeed later."""
        return bool(self.details.get("retriable"))

    @property
    def retry_after(self) -> float | None:
        """Seconds after which the provider wants to be asked again, if it said."""
        ms = self.details.get("retry_after_ms")
        return None if ms is None else ms / 1000

    @property
    def http_status(self) -> int | None:
        """The HTTP status of the last answer, if there was one; of a failure inside an
        answer with a status of 200, the one that it states itself, where it does."""
        return self.details.get("http_status")

    @property
    def provider_code(self) -> str | None:
        """The provider's own word for it."""
        return self.details.get("provider_code")

    @property
    def provider_type(self) -> str | None:
        """Its type beside the code, where the provider says both."""
        return self.details.get("provider_type")

    @property
    def request_id(self) -> str | None:
        """What the provider's support asks for."""
        return self.details.get("request_id")

    @property
    def attempts(self) -> int | None:
        """How many requests were sent, or tried; None where it was no call."""
        return self.details.get("attempts")


class NullArgument(Error): ...
class InvalidHandle(Error): ...
class InvalidArgument(Error, ValueError): ...
class OutOfRange(Error, ValueError): ...
class UnknownOption(Error, TypeError): ...
class NotFound(Error, KeyError):
    __str__ = Exception.__str__
class TooLarge(Error): ...
class Busy(Error): ...
class Closed(Error): ...
class Cancelled(Error): ...
class Timeout(Error, TimeoutError): ...
class Connection(Error, ConnectionError): ...
class Tls(Connection): ...
class Authentication(Error): ...
class Permission(Error): ...
class RateLimited(Error): ...
class QuotaExhausted(Error): ...
class ContextLength(Error): ...
class ContentFilter(Error): ...
class BadRequest(Error): ...
class ModelNotFound(Error): ...
class Overloaded(Error): ...
class Server(Error): ...
class Truncated(Error): ...
class Protocol(Error): ...
class CircuitOpen(Error): ...
class Stopped(Error): ...
class Forked(Error): ...
class Io(Error, OSError):
    __str__ = Exception.__str__
class Panic(Error): ...
class Internal(Error): ...


def _by_status() -> dict[int, type[Error]]:
    classes = {}
    for name, number in lib.constants.items():
        found = globals().get("".join(word.capitalize() for word in name.split("_")))
        if isinstance(found, type) and issubclass(found, Error):
            found.status = number
            found.__doc__ = lib.meanings.get(name)
            classes[number] = found
    return classes


BY_STATUS = _by_status()
"""The class of each status."""


def failure(status: int, error: ctypes.c_void_p | None = None) -> Error | None:
    """The exception for a status, None for OK; frees the error object."""
    raised = told(status, error)
    if raised is not None and error is not None:
        lib.error_free(error)
    return raised


def told(status: int, error: ctypes.c_void_p | None = None) -> Error | None:
    """The same with an error object that stays."""
    if status == 0:
        return None
    message = f"{take_text(lib.status_name(status))}: {take_text(lib.status_text(status))}"
    details = {}
    if error is not None and error.value:
        message = take_text(lib.error_message(error))
        value = Handle()
        if lib.error_json(error, value) == 0:
            details = json.loads(take(value))
    return BY_STATUS.get(status, Error)(message, status, details)


def check(status: int, error: ctypes.c_void_p | None = None) -> None:
    """Raises unless the status is OK; frees the error object."""
    raised = failure(status, error)
    if raised is not None:
        raise raised
