"""Prometheus, and its own tool, which reads rules as Prometheus does."""

from pathlib import Path

from tests.rig.unpacked import ensure_unpacked


def ensure_promtool() -> Path:
    """The path of the tool: the machine's, else out of Debian's package. Raises PackageMissingError."""
    return ensure_unpacked("prometheus", "usr/bin/promtool")


def ensure_prometheus() -> Path:
    """The path of the server, likewise."""
    return ensure_unpacked("prometheus", "usr/bin/prometheus")
