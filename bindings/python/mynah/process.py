"""What concerns the whole process."""

from __future__ import annotations

import json
from typing import Any

from . import errors
from ._library import Handle, lib, take
from .metrics import ClientMetrics, client_metrics_of


def metrics() -> ClientMetrics:
    """The figures of all clients together, those that are closed included.
    What only one client has is None: breaker, alerts and calls in flight."""
    value = Handle()
    errors.check(lib.metrics_json(value))
    return client_metrics_of(json.loads(take(value)))


def prometheus() -> str:
    """The same in Prometheus' text format."""
    value = Handle()
    errors.check(lib.metrics_prometheus(value))
    return take(value).decode()


def build_info() -> dict[str, Any]:
    """How the library was built: version, target, features, compiler."""
    value = Handle()
    errors.check(lib.build_info_json(value))
    return dict(json.loads(take(value)))
