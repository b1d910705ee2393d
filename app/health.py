"""What readiness is made of: the parts this process stands on, each saying whether it is there, and if not, why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One part, such as ``database`` or ``asterisk``. ``reason`` says why it is not ready, fit to be shown."""

    name: str
    is_ready: bool
    reason: str | None = None


class HealthSource(Protocol):
    """Who knows how the parts fare. Quick: it looks at what is known, or asks with a time-out of its own."""

    async def check(self) -> Sequence[PartHealth]:
        """Every part of this process."""
        ...
