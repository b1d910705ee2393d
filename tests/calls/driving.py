"""A call, its machine and a simulated Asterisk, driven step by step, with everything a step must never do checked."""

from collections import Counter
from datetime import datetime, timedelta

import msgspec

from app.calls.core import commands, inputs
from app.calls.core.commands import Command
from app.calls.core.inputs import Input
from app.calls.core.machine import step
from app.calls.core.model.call import Call, decode_call
from app.calls.core.model.guests import Supervision, TapKind
from app.calls.core.model.leg import Leg, Place
from app.calls.core.model.timers import TimerName
from app.calls.core.recording import resume_collecting
from app.calls.core.turn import Happening, Step
from app.calls.living.actor import is_pointless
from app.facts.calls import CallEnded, Fact
from app.facts.vocabulary import CallState, EndCode, LegRole, LegState, MediaStreamEnd, RecordingState, SupervisionState
from app.ids import LegId
from tests.calls.making import make_call
from tests.calls.simulated_asterisk import Fate, Said, SimulatedAsterisk, Stage

_ONLY_ONCE = (
    commands.CreateChannel,
    commands.DialChannel,
    commands.CreateBridge,
    commands.CreateSnoop,
    commands.CreateTaps,
)
#: What a call may wait for while all is as it should be; these end it, or a phone's ringing.
_LONG_WAITS = frozenset({TimerName.RING, TimerName.CONSULT, TimerName.MAX_DURATION, TimerName.FLOW_LIMIT})
_MOST_ROUNDS = 400


class Driver:
    """What an actor does with a call, without anything around it.

    ``log`` is every fact so far; ``asked`` every command. ``fates`` are those of the next commands; without one a
    command is done.
    """

    def __init__(self, call: Call) -> None:
        self.call = call
        self.asterisk = SimulatedAsterisk(call.created_at)
        for leg in call.legs:
            if leg.has_come:
                self.asterisk.arrive(leg.id)
        self.log: list[Happening] = []
        self.asked: list[Command] = []
        self.fates: list[Fate] = []
        self._gone: set[LegId] = set()
        self._made: list[Command] = []

    @property
    def now(self) -> datetime:
        return self.asterisk.now

    @property
    def facts(self) -> list[Fact]:
        return [happening.fact for happening in self.log]

    @property
    def words(self) -> list[str]:
        """The facts so far by name; those of a leg with its role."""
        return [_word(fact) for fact in self.facts]

    @property
    def ended(self) -> CallEnded:
        """The one fact that ends the call."""
        (ended,) = [fact for fact in self.facts if isinstance(fact, CallEnded)]
        return ended

    def leg(self, role: LegRole) -> Leg:
        return self.call.leg_of(role)

    def pass_seconds(self, seconds: float) -> None:
        self.asterisk.now += timedelta(seconds=seconds)

    def feed(self, event: Input, *, at: datetime | None = None) -> Step:
        """One input, which happened ``at`` (or now), and all that follows from it at once."""
        first = self._step(event, at)
        waiting = self._carry_out(first)
        while waiting:
            found = waiting.pop(0)
            if not self._is_put_behind(found):
                waiting += self._carry_out(self._step(found))
        return first

    def hear(self, index: int = 0, *, is_kept: bool = False) -> None:
        """Take an event that Asterisk has said; ``is_kept``: it will come once more."""
        said = self.asterisk.said
        heard = said[index] if is_kept else said.pop(index)
        self.feed(heard.event, at=heard.at)

    def hear_all(self) -> None:
        for _ in range(_MOST_ROUNDS):
            if not self.asterisk.said:
                return
            self.hear()
        raise AssertionError("the call and Asterisk never stop talking")

    def go_on(self) -> None:
        """What should happen next does: events are heard, and a phone that was dialled rings and answers."""
        self.hear_all()
        self.pass_seconds(1.5)
        for leg_id, channel in self.asterisk.channels.items():
            if channel.stage is Stage.DIALLED:
                self.asterisk.ring(leg_id)
            elif channel.stage is Stage.RINGING:
                self.asterisk.answer(leg_id)

    def go_on_until(self, state: CallState) -> None:
        """Let it go as it should until the call is in a state, and no time passes after that."""
        self.hear_all()
        for _ in range(_MOST_ROUNDS):
            if self.call.state is state:
                return
            self.go_on()
            self.hear_all()
        raise AssertionError(f"it never was {state}")

    def fire(self, name: TimerName | None = None) -> None:
        """Let the time come for a timer: the next one, or the one named."""
        timer = self.call.next_timer if name is None else self.call.timer(name)
        assert timer is not None, f"no timer {name or ''}"
        self.asterisk.now = max(self.now, timer.due)
        self.feed(inputs.TimerFired(name=timer.name))

    def collect(self, *, is_lost: bool = False) -> None:
        """The collector comes back with the next recording, or without."""
        recording_id = self.asterisk.to_collect.pop(0)
        self.feed(
            inputs.RecordingLost(recording_id=recording_id, reason="empty")
            if is_lost
            else inputs.RecordingCollected(
                recording_id=recording_id,
                object_key=f"acc_1/{recording_id}.wav",
                duration_seconds=1.0,
                size_bytes=16044,
                channels=1,
                sample_rate=8000,
                sha256="ab" * 32,
                lost_seconds=0.5,
            )
        )

    def restart_service(self) -> None:
        """Forget all but what is stored; nothing Asterisk said meanwhile was heard; then look, as on every connect."""
        self.call = decode_call(msgspec.json.encode(self.call))
        self.asterisk.said.clear()
        self.asterisk.to_collect.clear()
        self.fates.clear()
        for command in resume_collecting(self.call):
            self.asterisk.carry_out(command)
        self.asterisk.lose_relays()
        self.reconcile(is_adopted=True)

    def die_before_acting(self, event: Input, *, away_seconds: float = 0.0) -> None:
        """The input is taken and what comes of it is stored; before any command of it the service is gone."""
        self._step(event)
        self.pass_seconds(away_seconds)
        self.restart_service()

    def restart_asterisk(self) -> None:
        """Every channel is gone without a word, and the call is told so."""
        self.asterisk.restart()
        self.feed(inputs.NodeLost())

    def reconcile(self, *, is_adopted: bool = False) -> None:
        """Make the call and Asterisk agree, as after a lost connection."""
        living = [leg for leg in self.call.legs if leg.is_alive]
        if living:
            self.feed(inputs.Recovered(blind_from=self.now, blind_until=self.now))
        for leg in living:
            for found in self.asterisk.look_up(leg.id, is_late=True):
                is_untraced = isinstance(found, inputs.LegDestroyed) and found.is_untraced
                self.feed(inputs.LegDoubtful(leg_id=leg.id) if is_untraced else found)
        for stream in self.call.media_streams:
            if is_adopted:
                lost = inputs.StreamClosed(stream_id=stream.id, reason=MediaStreamEnd.SERVICE_RESTARTED)
                self.feed(lost)
            elif stream.id in self.asterisk.streams:
                self.feed(inputs.StreamReady(stream_id=stream.id))
        for recording in self.call.recordings:
            if recording.state is RecordingState.RECORDING:
                for part in recording.parts:
                    if not part.is_over and (recording.id, part.role, part.number) not in self.asterisk.snoops:
                        stopped = inputs.PartStopped(recording_id=recording.id, role=part.role, number=part.number)
                        self.feed(stopped)
        for leg in self.call.legs:
            if self._is_misplaced(leg):
                self.feed(inputs.LegMisplaced(leg_id=leg.id))
        for supervision in self.call.supervisions:
            self._look_at(supervision)
        self.hang_up_strays()

    def _look_at(self, supervision: Supervision) -> None:
        """As a look at Asterisk's channels and bridges tells: which taps there are, and whether all is in place."""
        if supervision.tapped_at is None or self.call.is_ending:
            return
        found = {kind: self.asterisk.taps.get((supervision.id, supervision.taps, kind)) for kind in TapKind}
        there = tuple(kind for kind, tap in found.items() if tap is not None)
        is_placed = all(tap is not None and tap.is_placed for tap in found.values())
        if not is_placed or supervision.state is not SupervisionState.ACTIVE:
            self.feed(inputs.SupervisionSeen(supervision_id=supervision.id, number=supervision.taps, taps=there))

    def _is_misplaced(self, leg: Leg) -> bool:
        """As a look at Asterisk's bridges tells: who is in the talk, and nothing of music and silence."""
        channel = self.asterisk.channels.get(leg.id)
        if channel is None or leg.state is not LegState.UP or leg.place is Place.NOWHERE:
            return False
        if leg.place is Place.STREAM:
            stream = self.call.stream_on(leg.id)
            return stream is not None and channel.stream_id != stream.id
        return channel.is_bridged is not (leg.place is Place.TALK)

    def hang_up_strays(self) -> None:
        owned = {one.id: one.taps for one in self.call.supervisions}
        taps = self.asterisk.taps.items()
        self.asterisk.taps = {key: tap for key, tap in taps if owned.get(key[0]) == key[1]}
        self.asterisk.supervised &= owned.keys()
        for stream_id in self.asterisk.streams.keys() - {one.id for one in self.call.media_streams}:
            del self.asterisk.streams[stream_id]
        for leg_id in list(self.asterisk.channels):
            if not self.call.leg(leg_id).is_alive:
                self.asterisk.end(leg_id)

    def drain(self) -> None:
        """Let everything run out: what was said is heard, what waits comes due, what is stored is collected."""
        for _ in range(_MOST_ROUNDS):
            if self.asterisk.underway:
                self.asterisk.catch_up()
            elif self.asterisk.said:
                self.hear()
            elif self.asterisk.to_collect:
                self.collect()
            elif self.call.timers:
                self.fire()
            else:
                return
        raise AssertionError("it never comes to rest")

    def settle(self) -> None:
        """Let pass what passes by itself, until the call waits for people, or for one of its long times."""
        for _ in range(_MOST_ROUNDS):
            timer = self.call.next_timer
            if self.asterisk.underway:
                self.asterisk.catch_up()
            elif self.asterisk.said:
                self.hear()
            elif self.asterisk.to_collect:
                self.collect()
            elif timer is not None and timer.name not in _LONG_WAITS:
                self.fire()
            else:
                return
        raise AssertionError("it never settles")

    def _is_put_behind(self, found: Input) -> bool:
        """As an actor does: the end of a leg that was looked up goes behind an answer that was said before."""
        if not isinstance(found, inputs.LegDestroyed) or found.at is None:
            return False
        answer = inputs.LegAnswered(leg_id=found.leg_id)
        places = [place for place, said in enumerate(self.asterisk.said, 1) if said.event == answer]
        if places:
            self.asterisk.said.insert(places[-1], Said(found, self.now))
        return bool(places)

    def _step(self, event: Input, at: datetime | None = None) -> Step:
        before, text = self.call, msgspec.json.encode(self.call)
        result = step(before, event, self.now, at=at)
        assert msgspec.json.encode(before) == text, "a snapshot never changes"
        assert step(decode_call(text), event, self.now, at=at) == result, "the same again gives the same"
        assert decode_call(msgspec.json.encode(result.call)) == result.call
        self._check(before, result, event)
        self.call = result.call
        self.log += result.happenings
        self.asked += result.commands
        return result

    def _carry_out(self, result: Step) -> list[Input]:
        found: list[Input] = []
        for command in result.commands:
            has_bridge_failed = any(_is_failed_bridge(one) for one in found)
            is_ringing = isinstance(command, commands.CreateChannel | commands.DialChannel)
            if not is_pointless(self.call, command) and not (has_bridge_failed and is_ringing):
                fate = self.fates.pop(0) if self.fates else Fate.DONE
                found += self.asterisk.carry_out(command, fate)
        return found

    def _check(self, before: Call, result: Step, event: Input) -> None:
        after = result.call
        numbers = [happening.sequence for happening in result.happenings]
        assert numbers == list(range(before.sequence + 1, after.sequence + 1))
        assert {happening.at for happening in result.happenings} <= {self.now}, "what is said late is told in its turn"
        for leg in after.legs:
            _check_instants(after, leg, self.now)
        if before.is_ending and not _is_put_right(before, after):
            assert (after.outcome, after.end_reason) == (before.outcome, before.end_reason)
        ended = [happening for happening in result.happenings if isinstance(happening.fact, CallEnded)]
        assert len(ended) == (after.is_ended and not before.is_ended)
        if before.is_ended:
            assert after.is_ended
            assert after.ended_at == before.ended_at
            assert after.legs == before.legs
        if after.is_ended:
            assert {leg.state for leg in after.legs} == {LegState.ENDED}
            assert not {timer.name for timer in after.timers} - {TimerName.RECORDING_STOP, TimerName.RECORDING_START}
        if after.sequence and not after.is_ended:
            assert after.timers, "a call that is not over always waits for something"
        self._check_commands(before, result, event)
        self._gone |= {leg.id for leg in after.legs if leg.state is LegState.ENDED}

    def _check_commands(self, before: Call, result: Step, event: Input) -> None:
        for command in result.commands:
            if isinstance(command, commands.CreateChannel):
                _check_caller_id(result.call, command)
        self._made += [command for command in result.commands if isinstance(command, _only_once(event))]
        counted = Counter(self._made)
        assert not [command for command, times in counted.items() if times > 1]
        dialled = Counter(
            command.leg_id for command in (*self.asked, *result.commands) if isinstance(command, commands.DialChannel)
        )
        assert all(times == 1 for times in dialled.values())
        for command in result.commands:
            leg_id = getattr(command, "leg_id", None)
            if leg_id in self._gone:
                # A channel that appears when its leg is given up already must not stay: nothing else may be asked.
                assert isinstance(command, commands.HangupChannel)
                assert isinstance(event, inputs.LegCreated)
        leaving = {leg.id for leg in before.legs if leg.is_leaving}
        for command in result.commands:
            if getattr(command, "leg_id", None) in leaving:
                assert isinstance(command, commands.HangupChannel | commands.VerifyLeg), "it was let go"
        assert not (before.is_ended and any(isinstance(one, commands.CreateChannel) for one in result.commands))


def _only_once(event: Input) -> tuple[type[Command], ...]:
    """What may be asked for once in a call's life; whoever puts a leg back makes sure of the bridge first."""
    is_putting_back = isinstance(
        event,
        inputs.LegMisplaced
        | inputs.TimerFired
        | inputs.Recovered
        | inputs.ReferAsked
        | inputs.LegReferred
        | inputs.LegDetected,
    )
    return tuple(one for one in _ONLY_ONCE if not (is_putting_back and one is commands.CreateBridge))


def _is_put_right(before: Call, after: Call) -> bool:
    """Whether it has come out that they had talked, or that somebody had answered, whatever was decided before."""
    if before.end_reason is None or before.decided_at is None or before.connected_at is not None:
        return False
    known = {leg.id for leg in before.legs if leg.answered_at is not None}
    answers = [leg.answered_at for leg in after.legs if leg.answered_at is not None and leg.id not in known]
    was_unanswered = before.end_reason.code is EndCode.NO_ANSWER
    return after.connected_at is not None or (was_unanswered and any(one < before.decided_at for one in answers))


def _is_failed_bridge(found: Input) -> bool:
    return isinstance(found, inputs.CommandFailed) and isinstance(
        found.command, commands.CreateBridge | commands.JoinBridge
    )


def _check_instants(call: Call, leg: Leg, now: datetime) -> None:
    instants = (call.created_at, leg.created_at, leg.dialing_at, leg.ringing_at, leg.answered_at, leg.ended_at, now)
    known = [instant for instant in instants if instant is not None]
    assert known == sorted(known), "a leg's instants are in order, after the call's beginning, and not in the future"


def _word(fact: Fact) -> str:
    leg = getattr(fact, "leg", None)
    return fact.type if leg is None else f"{fact.type} {leg.role}"


def started_call(dial_first: LegRole = LegRole.AGENT) -> Driver:
    """A call whose first leg is being made."""
    driver = Driver(make_call(dial_first=dial_first))
    driver.feed(inputs.Start())
    return driver


def connected_call(dial_first: LegRole = LegRole.AGENT) -> Driver:
    """A call whose parties talk, since this very instant."""
    driver = started_call(dial_first)
    driver.go_on_until(CallState.CONNECTED)
    return driver


def _check_caller_id(call: Call, command: commands.CreateChannel) -> None:
    """Whoever is rung over a trunk never sees another party's number."""
    own = call.leg(command.leg_id).party.number
    others = {leg.party.number for leg in call.legs} - {own, None}
    assert "@" not in command.endpoint or command.shown_number not in others
