"""Changes that PostgreSQL answers and refuses, whatever else it takes: each waits by itself, and holds nobody up.

A refusal that speaks of the values is final at once. Any other may be the server's own trouble, which passes, or this
one change's, which does not. What tells them apart is the others: a change is hopeless once it was refused again and
again, for a while, and others were accepted in between each time. Where there is no other to compare it with, only
time is left, and only for refusals that are not typical of a server in trouble.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from app.calls.keeping.change import Change

#: So often others must have been accepted between two refusals of a change, and for so long it must be refused.
LEAST_PROOFS: Final = 3
SURELY_REFUSED_SECONDS: Final = 30.0
#: How long a change that nothing can be compared with is tried.
LONGEST_REFUSED_SECONDS: Final = 120.0
#: SQLSTATE classes that are mostly said of all changes: rights and tables (a migration under way), broken files.
_MOSTLY_OF_ALL: Final = frozenset({"42", "XX"})


@dataclass(slots=True)
class _Refused:
    """What is known of a call whose next change is refused, and its changes in order."""

    changes: deque[Change]
    since: float
    accepted: int
    proofs: int = 0


class Refusals:
    """The calls whose next change is refused. ``count_accepted`` gives how many writes the server has taken so far."""

    def __init__(self, count_accepted: Callable[[], int]) -> None:
        self._count_accepted = count_accepted
        self._calls: dict[str, _Refused] = {}

    def __len__(self) -> int:
        return sum(len(one.changes) for one in self._calls.values())

    @property
    def firsts(self) -> list[Change]:
        """The refused change of each call, the one first that was not tried for longest."""
        return [one.changes[0] for one in self._calls.values()]

    @property
    def is_general(self) -> bool:
        """Whether the server refuses several calls and accepted nothing meanwhile: then it is the server's trouble."""
        accepted = self._count_accepted()
        return len(self._calls) > 1 and all(one.accepted == accepted and not one.proofs for one in self._calls.values())

    def has(self, call_id: str) -> bool:
        """Whether the call's next change is refused."""
        return call_id in self._calls

    def clear(self) -> None:
        """Forget all of them."""
        self._calls.clear()

    def take(self, change: Change) -> bool:
        """Put a change behind an earlier one of its call that is refused; False when there is none."""
        held = self._calls.get(change.call.id)
        if held is None:
            return False
        held.changes.append(change)
        return True

    def refuse(self, change: Change, sqlstate: str) -> bool:
        """A change was refused, for the first time or again; whether it is hopeless."""
        now, accepted = asyncio.get_running_loop().time(), self._count_accepted()
        held = self._calls.pop(change.call.id, None) or _Refused(deque([change]), now, accepted)
        self._calls[change.call.id] = held  # at the end: the others come first
        if accepted > held.accepted:
            held.proofs += 1
            held.accepted = accepted
        seconds = now - held.since
        is_proven = held.proofs >= LEAST_PROOFS and seconds >= SURELY_REFUSED_SECONDS
        is_its_own = bool(held.proofs) or (len(self._calls) == 1 and sqlstate[:2] not in _MOSTLY_OF_ALL)
        return is_proven or (is_its_own and seconds >= LONGEST_REFUSED_SECONDS)

    def settle(self, change: Change) -> Sequence[Change]:
        """A change is written after all, or set aside. Gives those behind it."""
        held = self._calls.pop(change.call.id, None)
        return () if held is None else [one for one in held.changes if one is not change]
