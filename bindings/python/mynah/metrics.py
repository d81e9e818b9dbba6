"""Figures as dataclasses. Each has ``raw``: everything, as the library tells it.

A rate is None while there is nothing to divide by, a latency while nothing was
measured.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class LatencyNs:
    """Latencies of the cache in nanoseconds, measured on ``sampled`` calls."""

    mean: float | None
    p50: float | None
    p90: float | None
    p99: float | None
    p99_9: float | None
    sampled: int


@dataclass(frozen=True)
class LatencyMs:
    """Latencies of the client in milliseconds, over ``count`` calls."""

    count: int
    mean: float | None
    p50: float | None
    p90: float | None
    p99: float | None
    p99_9: float | None


@dataclass(frozen=True)
class CacheMetrics:
    """What a cache has measured since it was made."""

    hits: int
    misses: int
    stale_hits: int
    """Hits that were answered with an expired value while somebody renewed it."""
    hit_rate: float | None
    miss_rate: float | None
    sets: int
    evictions: int
    eviction_rate: float | None
    departures: dict[str, int]
    """Entries that left, by reason."""
    get_latency_ns: LatencyNs
    set_latency_ns: LatencyNs
    operations_per_second: float
    items: int
    capacity: int
    memory_bytes: int
    """Accounted, at the size the allocator takes."""
    pinned_bytes: int
    """Of entries that have left while their value is still held."""
    shards: int
    shard_items: list[int]
    shard_imbalance: float
    """Largest deviation of a shard from the mean, as a share of the mean."""
    contended: int
    """Calls that waited for a shard."""
    busy: int
    """Calls that waited in vain."""
    eviction_policy: str
    compression: dict[str, Any] | None
    alerts: list[Any]
    tuning: dict[str, Any]
    raw: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class ClientMetrics:
    """What a client has measured since it was made."""

    uptime_seconds: float
    calls: int
    successes: int
    failures: int
    by_status: dict[str, int]
    by_bound: dict[str, int]
    """Calls that a bound ended: an option, ``max_workers`` or ``provider_limits``."""
    streams_cut: int
    """Streams that broke off after something had been delivered."""
    stale_connections: int
    """Kept connections that turned out to be closed, and were replaced."""
    request_rate: float | None
    """Calls a second."""
    success_rate: float | None
    attempts: int
    retries: int
    retry_rate: float | None
    cache_hits: int
    cache_misses: int
    cache_hit_rate: float | None
    stale_hits: int
    """Hits that were past their time."""
    renewals: int
    """Requests made to renew such answers."""
    renewals_failed: int
    coalesced: int
    """Calls that shared another's request, those of a batch that are sent once too."""
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    reasoning_tokens: int
    tokens_per_second: float | None
    cost_usd: float | None
    cost_per_request_usd: float | None
    saved_usd: float | None
    latency_ms: LatencyMs
    first_token_ms: LatencyMs
    overhead_ms: LatencyMs
    """The library's own share of a call."""
    limiter_wait_ms: LatencyMs
    limiter_wait_for_ms: dict[str, float]
    """All that was waited for each limit."""
    queue_wait_ms: LatencyMs
    """In the line of a queue, of calls that were submitted to one."""
    breaker_state: str | None
    """This and what follows are a client's: of the whole process they are None."""
    breaker_transitions: int | None
    in_flight: int | None
    alerts: list[Any] | None
    raw: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class TierMetrics:
    """One tier's calls; ``fallbacks`` are those that another tier failed."""

    calls: int
    fallbacks: int
    cost_usd: float
    saved_usd: float


@dataclass(frozen=True)
class TieredMetrics:
    """All tiers, the cheapest first; ``saved_usd`` is against the last alone.

    How calls ended is told after the last tier that was asked.
    """

    calls: int
    successes: int
    failures: int
    by_status: dict[str, int]
    success_rate: float | None
    tiers: list[TierMetrics]
    cost_usd: float
    saved_usd: float
    saved_share: float | None
    raw: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Finding:
    """Something to change: the ``option``, the ``value`` to give it, and why; or, where
    no option would help, what to look at."""

    symptom: str
    evidence: dict[str, Any]
    cause: str
    option: str | None
    value: Any
    look_at: str | None = None

    def __str__(self) -> str:
        value = "" if self.value is None else f" to {self.value}"
        what = f"look at {self.look_at}" if self.option is None else f"set {self.option}{value}"
        return f"{self.symptom}: {self.cause}; {what}"


@dataclass(frozen=True)
class Advice:
    """What the figures suggest; nothing while there are too few."""

    findings: list[Finding]
    raw: dict[str, Any] = field(repr=False)


def _filled(cls: type[T], source: Mapping[str, Any], /, **made: Any) -> T:
    """A dataclass from the fields of a JSON object that it knows."""
    known = {name: source.get(name) for name in cls.__annotations__ if name != "raw"}
    return cls(**{**known, **made})


def cache_metrics_of(raw: dict[str, Any]) -> CacheMetrics:
    return _filled(
        CacheMetrics, raw, raw=raw,
        **{name: _filled(LatencyNs, raw[name]) for name in ("get_latency_ns", "set_latency_ns")})


def client_metrics_of(raw: dict[str, Any]) -> ClientMetrics:
    names = ("latency_ms", "first_token_ms", "overhead_ms", "limiter_wait_ms", "queue_wait_ms")
    return _filled(
        ClientMetrics, raw, raw=raw, **{name: _filled(LatencyMs, raw[name]) for name in names})


def tiered_metrics_of(raw: dict[str, Any]) -> TieredMetrics:
    return _filled(
        TieredMetrics, raw, raw=raw, tiers=[_filled(TierMetrics, tier) for tier in raw["tiers"]])


def advice_of(raw: dict[str, Any]) -> Advice:
    return Advice([_filled(Finding, finding) for finding in raw["findings"]], raw)
