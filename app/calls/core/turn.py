"""One turn of the machine: the call as it changes, and what the change says and asks.

A ``Turn`` lives inside one ``step`` and is the only mutable thing there; nothing of it escapes but its ``Step``.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from app.calls.core.commands import Command
from app.calls.core.model.call import Call, UsedKey
from app.calls.core.model.leg import Leg, Place
from app.calls.core.model.recording import Recording, RecordingPart
from app.calls.core.model.timers import Timer, TimerName
from app.errors import Problem, RefusedError
from app.facts.calls import CallFact
from app.facts.event import SYSTEM, Actor
from app.facts.vocabulary import Words
from app.ids import LegId, RecordingId


class Happening(Words, frozen=True, kw_only=True):
    """A fact with its place in the call: number, instant, and who set it in motion.

    ``at`` is when it was taken down, and never runs backwards within a call; the fact itself says since when it is so.
    """

    fact: CallFact
    sequence: int
    at: datetime
    actor: Actor = SYSTEM
    request_id: str | None = None


class Step(Words, frozen=True, kw_only=True):
    """What a turn leaves: the next call, its facts in order, and the commands to carry out after the commit.

    ``problems`` are why a request was refused; nothing else has come of it then.
    """

    call: Call
    happenings: tuple[Happening, ...] = ()
    commands: tuple[Command, ...] = ()
    problems: tuple[Problem, ...] = ()


class Turn:
    """The call during one step. ``now`` is the step's place in time, ``at`` when its input truly happened."""

    def __init__(
        self,
        call: Call,
        now: datetime,
        *,
        at: datetime | None = None,
        actor: Actor = SYSTEM,
        request_id: str | None = None,
    ) -> None:
        self.call = call
        self.now = now
        self.at = now if at is None else max(min(at, now), call.created_at)
        self._actor = actor
        self._request_id = request_id
        self._happenings: list[Happening] = []
        self._commands: list[Command] = []

    def change(self, **fields: Any) -> None:
        """Change fields of the call."""
        self.call = msgspec.structs.replace(self.call, **fields)

    def change_leg(self, leg_id: LegId, **fields: Any) -> Leg:
        """Change fields of a leg; gives the leg as it is now."""
        if fields.get("place") in {Place.HOLD, Place.RINGBACK}:
            fields["was_apart"] = True
        changed = msgspec.structs.replace(self.call.leg(leg_id), **fields)
        self.change(legs=tuple(changed if leg.id == leg_id else leg for leg in self.call.legs))
        return changed

    def add_leg(self, leg: Leg) -> Leg:
        """Give the call another leg, in no seat; gives it back."""
        self.change(legs=(*self.call.legs, leg))
        return leg

    def has_used(self, key: UsedKey) -> bool:
        """Whether this very request was carried out before.

        Raises:
            RefusedError: IDEMPOTENCY_KEY_REUSED, for another request with the same key.
        """
        for used in self.call.keys:
            if (used.mutation, used.key) == (key.mutation, key.key):
                if used.input_hash != key.input_hash:
                    message = "This idempotency key was used with another input. Use a new key for a new request."
                    raise RefusedError(Problem("IDEMPOTENCY_KEY_REUSED", message, ("idempotencyKey",)))
                return True
        return False

    def change_recording(self, recording_id: RecordingId, **fields: Any) -> Recording:
        """Change fields of a recording; gives it as it is now."""
        found = self.call.recording(recording_id)
        if found is None:
            raise KeyError(recording_id)
        changed = msgspec.structs.replace(found, **fields)
        self.change(recordings=tuple(changed if one.id == recording_id else one for one in self.call.recordings))
        return changed

    def change_part(self, recording: Recording, part: RecordingPart, **fields: Any) -> Recording:
        """Change one recorded voice; gives the recording as it is now."""
        changed = msgspec.structs.replace(part, **fields)
        key = (part.role, part.number)
        parts = tuple(changed if (one.role, one.number) == key else one for one in recording.parts)
        return self.change_recording(recording.id, parts=parts)

    def instant_of(self, leg: Leg, at: datetime | None = None) -> datetime:
        """When something truly happened to a leg: ``at`` (by default the input's instant), where that can be.

        It is another clock's word: never later than now, and never before the last thing known of the leg.
        """
        return max(self.at if at is None else min(at, self.now), leg.latest_at or self.call.created_at)

    def say(self, fact: CallFact) -> None:
        """State a fact; it takes the call's next number."""
        sequence = self.call.sequence + 1
        self.change(sequence=sequence)
        self._happenings.append(
            Happening(fact=fact, sequence=sequence, at=self.now, actor=self._actor, request_id=self._request_id)
        )

    def ask(self, *commands: Command) -> None:
        """Ask for commands, in this order."""
        self._commands.extend(commands)

    def set_timer(self, name: TimerName, seconds: float, *, since: datetime | None = None) -> None:
        """Start or move a timer, which counts from now or from an instant before."""
        timer = Timer(name=name, due=(since or self.now) + timedelta(seconds=seconds))
        self.change(timers=(*(one for one in self.call.timers if one.name is not name), timer))

    def clear_timers(self, *names: TimerName) -> None:
        """Stop timers, running or not."""
        self.change(timers=tuple(timer for timer in self.call.timers if timer.name not in names))

    def done(self) -> Step:
        """What the turn leaves."""
        return Step(call=self.call, happenings=tuple(self._happenings), commands=tuple(self._commands))
