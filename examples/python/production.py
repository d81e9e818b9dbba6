"""What a service sets: tiers, limits, a breaker, figures to watch.

    pip install ./bindings/python && python production.py
"""

from __future__ import annotations

from datetime import timedelta

from mynah import Cache, Client, Mock, Tiered, errors

# One cache for the answers of all clients. In a server that forks workers, make
# this and the clients in each worker: they do not survive a fork.
answers = Cache(max_memory_mb=256, alert_min_hit_rate=0.3)


def client_of(model: str, price: str, mock: Mock) -> Client:
    return Client(
        "custom", model, cache=answers, base_url=mock.url,
        price=f"{model}={price}",  # USD per million tokens, in and out
        preset="production",  # a layer under what is set here
        timeout_ms=timedelta(seconds=20), retry_count=1, retry_delay_ms=50,
        rate_limit_rpm=6000, rate_limit_tpm=2_000_000, max_in_flight=64,
        breaker_failure_threshold=3, breaker_reset_timeout_ms=30_000,
        alert_min_success_rate=0.95, alert_max_p99_ms=15_000)


def complexity(text: str, messages: int) -> float | None:
    """How hard is it, from 0 to 1? None leaves that to the library's estimate."""
    return 0.9 if "prove" in text else None


# The cheap provider is down today: the able one has to answer.
down, up = Mock(status=503), Mock()
small, large = client_of("small", "0.15,0.60", down), client_of("large", "3,12", up)
tiers = Tiered([small, large], complexity)

for i in range(5):
    answer = tiers.chat(f"Question {i}?")
    print(f"{answer.text[:40]}... by {answer.model}, {answer.served_from}")

# Many at once: one that fails is an error in its place, and holds up nobody.
results = large.batch([f"Document {i}" for i in range(20)] + ["Question 1?"], parallel=4)
failed = [result for result in results if isinstance(result, errors.Error)]
print(len(results), "results,", len(failed), "failed")

metrics = small.metrics()
print("breaker:", metrics.breaker_state, "success rate:", metrics.success_rate)
print("raised alerts:", small.metrics().alerts, "cost:", tiers.metrics().cost_usd)
print(large.prometheus().splitlines()[2])  # for the endpoint that Prometheus reads
for finding in small.advise().findings:
    print(finding)
for each in (tiers, small, large, answers, down, up):
    each.close()
