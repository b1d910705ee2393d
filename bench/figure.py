"""What a figure is: a name, what is measured beside what, two goals, and a function that measures."""

import math
import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from bench.harness import Context


_LEAST_SIDES: Final = 2


class Better(StrEnum):
    """Which way a figure gets better."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on the figure; with ``is_times_peer`` it is that many times what the peer reached in the same run."""

    bound: float
    is_times_peer: bool = False

    def limit(self, peer: float | None) -> float:
        """The bound in the figure's own unit.

        Raises:
            ValueError: the goal is relative, and the result names no peer.
        """
        if not self.is_times_peer:
            return self.bound
        if peer is None:
            raise ValueError("a goal relative to the peer needs a result with one")
        return self.bound * peer

    def __str__(self) -> str:
        return f"{self.bound:g}× peer" if self.is_times_peer else f"{self.bound:g}"


@dataclass(frozen=True, slots=True)
class Series:
    """One side's measurements, one a round, in ``unit``."""

    unit: str
    rounds: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.rounds:
            raise ValueError("a series without a round is a blank, and a blank is an error")

    @classmethod
    def of(cls, unit: str, rounds: Sequence[float]) -> Self:
        return cls(unit, tuple(float(value) for value in rounds))

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    @property
    def least(self) -> float:
        return min(self.rounds)

    @property
    def most(self) -> float:
        return max(self.rounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a figure came to.

    ``value`` is the figure itself, in ``unit`` (``×`` for ratios). ``sides`` are the measurements it was made of, by
    who they are of; ``peer`` is the peer's median in the figure's unit, needed when a goal is relative to it.
    ``checked`` says what was verified while measuring, with counts. ``details`` is whatever else is worth knowing.
    """

    value: float
    unit: str
    sides: Mapping[str, Series]
    peer: float | None = None
    checked: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # A figure stands beside something, and is a number: what is neither was not measured.
        if len(self.sides) + (self.peer is not None) < _LEAST_SIDES:
            raise ValueError(f"a figure has a side and what it stands beside, not only {', '.join(self.sides)}")
        measured = [self.value, *(value for series in self.sides.values() for value in series.rounds)]
        if not all(math.isfinite(value) for value in measured):
            raise ValueError("a figure is a finite number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the table. ``run`` raises whenever a side does not work: there are no blanks."""

    name: str
    description: str
    beside: str
    better: Better
    target: Goal
    aim: Goal
    run: Callable[["Context"], Awaitable[Result]]

    def reaches(self, goal: Goal, result: Result) -> bool:
        """Whether a result is at least as good as a goal."""
        limit = goal.limit(result.peer)
        return result.value >= limit if self.better is Better.HIGHER else result.value <= limit
