"""Which figures there are, in the order of the table, and the module each one lives in (as ``FIGURE``)."""

import importlib
from typing import Final

from bench.figure import Figure
from bench.harness import BenchError

MODULES: Final = {
    "call_rate_ratio": "bench.call_rate",
    "setup_added_p99_ms": "bench.setup_added",
    "cpu_per_call_ratio": "bench.cpu_per_call",
    "full_log_setup_ratio": "bench.full_log",
    "event_latency_p99_ms": "bench.event_latency",
    "fanout_1000_p99_ms": "bench.fanout",
    "ari_dispatch_ratio": "bench.ari_dispatch",
    "cdr_page_ratio": "bench.cdr_page",
    "cdr_page_vs_postgraphile": "bench.cdr_postgraphile",
    "cdr_statistics_ms_10m": "bench.cdr_statistics",
    "import_ratio": "bench.import_contacts",
    "claim_p99_ms_1m": "bench.claim_p99",
    "claim_growth": "bench.claim_growth",
    "pacing_error_percent": "bench.pacing_error",
    "webhook_rate_ratio": "bench.webhook_rate",
    "rss_mb_per_1000_calls": "bench.memory_calls",
    "rss_mb_per_1000_subscribers": "bench.memory_subscribers",
    "startup_seconds": "bench.startup",
    "recovery_seconds": "bench.recovery",
    "media_round_trip_ms": "bench.media_round_trip",
    "interruption_ms": "bench.interruption",
    "hostile_document_cpu_ms": "bench.hostile_documents",
    "hostile_body_mb": "bench.hostile_bodies",
    "revocation_ms": "bench.revocation",
}


def load_figure(name: str) -> Figure:
    """The figure of this name.

    Raises:
        BenchError: there is none, or its module is called otherwise.
    """
    if name not in MODULES:
        raise BenchError(f"There is no figure {name!r}. The figures are: {', '.join(MODULES)}.")
    figure: Figure = importlib.import_module(MODULES[name]).FIGURE
    if figure.name != name:
        raise BenchError(f"{MODULES[name]} holds {figure.name!r} where {name!r} should be.")
    return figure
