"""What the service itself sees of a call: its beginning, its timers, its commands, and that nobody has watched."""

from datetime import datetime
from enum import StrEnum

from app.calls.core.commands import Command
from app.calls.core.model.timers import TimerName
from app.facts.vocabulary import Words


class Start(Words, frozen=True, kw_only=True):
    """The call is accepted: write it down and begin."""


class MissedWhileAway(Words, frozen=True, kw_only=True):
    """Instead of a start: a call came in that nobody here could take, and is over since ``ended_at``: write it down.

    ``was_answered``: the caller was told so by a message; else the network was.
    """

    ended_at: datetime
    was_answered: bool


class TimerFired(Words, frozen=True, kw_only=True):
    """A timer of the call came due. One that was cancelled or moved meanwhile is ignored."""

    name: TimerName


class FailureKind(StrEnum):
    """How a command failed: Asterisk said no; what it was for is gone; nobody knows whether it was done; it never
    left this process; the trunk has no free channel for it; the account may not have it now.
    """

    REFUSED = "REFUSED"
    GONE = "GONE"
    UNCLEAR = "UNCLEAR"
    UNSENT = "UNSENT"
    FULL = "FULL"
    CAPPED = "CAPPED"


class CommandFailed(Words, frozen=True, kw_only=True):
    """Asterisk refused a command, what it was for is gone, or nobody knows whether it was done."""

    command: Command
    kind: FailureKind
    detail: str


class Recovered(Words, frozen=True, kw_only=True):
    """The call was not watched between two instants and is watched again."""

    blind_from: datetime
    blind_until: datetime


class NodeLost(Words, frozen=True, kw_only=True):
    """Asterisk itself started anew: every channel it had is gone without a word.

    ``gone_at`` is when it was last known to be there, or else the first instant at which it surely was not; None: now.
    """

    gone_at: datetime | None = None
