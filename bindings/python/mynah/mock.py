"""A provider on loopback, inside the process: for tests without a key."""

from __future__ import annotations

from typing import Any

from . import errors
from ._library import Handle, lib, take_text
from ._object import Options, Owner
from .options import documented


@documented("mock")
class Mock(Owner):
    """Answers every prompt the same way each time; misbehaves on request.

    >>> with Mock(delay_event_ms=20) as mock:
    ...     client = Client("custom", base_url=mock.url, model="mock")
    """

    def __init__(self, **options: Any) -> None:
        handle, error = self._own(lib.mock_free), Handle()
        with Options("mock", options) as made:
            errors.check(lib.mock_new(made, handle, error), error)
        self.url = take_text(lib.mock_url(handle))
        """The base URL for a client of it, where it answers until it is closed, or
        collected: keep it in a variable."""

    def stats(self) -> dict[str, Any]:
        """What it received and sent so far."""
        return dict(self._json(lib.mock_stats_json))
