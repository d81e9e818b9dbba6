#!/usr/bin/env python3
"""Has Prometheus' own client library read what mynah shows to Prometheus."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bindings" / "python"))

try:
    from prometheus_client.parser import text_string_to_metric_families as parse
except ImportError:
    print("skip Prometheus' own parser: no prometheus_client")
    sys.exit(0)

import mynah  # noqa: E402
from mynah._library import Handle, lib, take  # noqa: E402


def shown(function, *handles):
    """A text that the library makes."""
    value = Handle()
    assert function(*handles, value) == 0
    return take(value).decode()


def main():
    cache = mynah.Cache()
    cache["k"] = b"v"
    assert cache["k"] == b"v"
    mock = mynah.Mock()
    client = mynah.Client("custom", base_url=mock.url, model="m", cache_enabled=True)
    for _ in range(3):
        client.chat("hello")
    for what, text in (("cache", shown(lib.cache_metrics_prometheus, cache._handle)),
                       ("client", client.prometheus()),
                       ("process", shown(lib.metrics_prometheus))):
        families = {family.name: family for family in parse(text)}
        assert families, what
        for family in families.values():
            assert family.documentation and family.type != "unknown", (what, family.name)
        if what != "cache":
            calls = [sample.value for sample in families["mynah_llm_calls"].samples]
            assert calls == [3.0], (what, calls)
    print("ok Prometheus' own parser reads what is shown to it")


main()
