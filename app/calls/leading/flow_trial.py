"""A call flow tried out: the machine itself, with a caller made of words and no Asterisk. Nothing is dialled or played.

Who is tried hears every prompt to its end, then does what comes next in its list, as far as that fits what the flow
waits for; once the list is at its end it does nothing: it presses no key, says nothing, and nobody answers it. Pure.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import msgspec

from app.calls.core import commands, inputs
from app.calls.core.inputs import Input
from app.calls.core.machine import step
from app.calls.core.model.call import Call
from app.calls.core.model.flow import FlowRun, FlowStage
from app.calls.core.model.leg import Leg
from app.calls.core.model.queue import QueueWait
from app.facts.calls import CallEnded, Fact
from app.facts.flows import FlowEnded, FlowGathered, FlowStepEntered
from app.facts.vocabulary import CallKind, Direction, Disposition, LegRole, LegState, MediaStreamEnd, Party
from app.flows.speaking import fill
from app.flows.steps import PlaySpeech, Record, Sound, Step, Target, Voicemail, sounds_of
from app.ids import CallId, LegId, MediaStreamId

MOST_ACTIONS: Final = 200
_MOST_ROUNDS: Final = 20_000
_CALLER: Final = LegId("leg_00000000000000000000000000")
_SOUND_SECONDS: Final = 3.0
_PRESS_SECONDS: Final = 0.3
_RING_SECONDS: Final = 5.0
_HANGUP: Final = 16
_NO_ANSWER: Final = 19


@dataclass(frozen=True, slots=True)
class Presses:
    """The caller presses these keys."""

    digits: str


@dataclass(frozen=True, slots=True)
class Waits:
    """The caller presses nothing, or says nothing."""


@dataclass(frozen=True, slots=True)
class Speaks:
    """The caller speaks for so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class HangsUp:
    """The caller hangs up."""


@dataclass(frozen=True, slots=True)
class IsReached:
    """Whoever the flow leads to answers, or does not."""

    answers: bool


@dataclass(frozen=True, slots=True)
class ProgramEnds:
    """The program of a media stream is done, with its word for how it went, or without."""

    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class ProgramFails:
    """The program of a media stream cannot be had."""


Action: TypeAlias = Presses | Waits | Speaks | HangsUp | IsReached | ProgramEnds | ProgramFails


@dataclass(slots=True)
class TriedStep:
    """A step that the flow came to, ``at_seconds`` from its beginning, and what came of it."""

    step: str
    kind: str
    at_seconds: float
    hears: list[Sound] = field(default_factory=list)
    gathered: list[FlowGathered] = field(default_factory=list)
    reaches: Target | None = None
    records: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The path that was taken, and how it ended. ``is_cut``: it went on for too long to be followed."""

    path: tuple[TriedStep, ...]
    ended: FlowEnded | None
    disposition: Disposition | None
    seconds: float
    unused_actions: int
    is_cut: bool


def try_flow(
    run: FlowRun, actions: Sequence[Action], *, at: datetime, caller: Party, dialled: str | None = None
) -> Trial:
    """Lead a caller through a flow that begins ``at`` this instant."""
    return _Simulation(run, actions, at=at, caller=caller, dialled=dialled).play()


class _Simulation:
    def __init__(
        self, run: FlowRun, actions: Sequence[Action], *, at: datetime, caller: Party, dialled: str | None
    ) -> None:
        leg = Leg(
            id=_CALLER,
            role=LegRole.CUSTOMER,
            party=caller,
            endpoint="PJSIP/trial",
            ring_seconds=0.0,
            channel_id="trial",
            channel_name="PJSIP/trial",
        )
        self._call = Call(
            id=CallId("call_trial"),
            account_id="",
            node="",
            kind=CallKind.INBOUND,
            direction=Direction.INBOUND,
            legs=(leg,),
            planned=1,
            flow=run,
            created_at=at,
            max_duration_seconds=3600.0,
            dialled_number=dialled,
            cdr_id="cdr_trial",
        )
        self._began = self._now = at
        self._actions = deque(actions)
        self._events: deque[Input] = deque([inputs.Start()])
        self._path: list[TriedStep] = []
        self._prompt: tuple[Sound, ...] = ()
        self._asked = 0
        self._ended: FlowEnded | None = None
        self._disposition: Disposition | None = None

    def play(self) -> Trial:
        """Until the flow is over, or for as long as anybody would want to read of."""
        rounds = 0
        while rounds < _MOST_ROUNDS and not self._is_over():
            rounds += 1
            if self._events:
                self._take(self._events.popleft())
            else:
                self._go_on()
        while self._events and rounds < _MOST_ROUNDS:
            rounds += 1
            self._take(self._events.popleft())
        return Trial(
            path=tuple(self._path),
            ended=self._ended,
            disposition=self._disposition,
            seconds=(self._now - self._began).total_seconds(),
            unused_actions=len(self._actions),
            is_cut=self._ended is None,
        )

    def _is_over(self) -> bool:
        return self._ended is not None

    @property
    def _run(self) -> FlowRun:
        assert self._call.flow is not None  # it has begun with one, and keeps it
        return self._call.flow

    def _take(self, event: Input) -> None:
        result = step(self._call, event, self._now)
        self._call = result.call
        for happening in result.happenings:
            self._note(happening.fact)
        for command in result.commands:
            self._carry_out(command)

    def _note(self, fact: Fact) -> None:
        match fact:
            case FlowStepEntered():
                seconds = (self._now - self._began).total_seconds()
                self._path.append(TriedStep(step=fact.step, kind=fact.step_kind, at_seconds=seconds))
                self._prompt = ()
            case FlowGathered():
                self._path[-1].gathered.append(fact)
            case FlowEnded():
                self._ended = self._ended or fact
            case CallEnded():
                self._disposition = fact.disposition
            case _:
                pass

    def _carry_out(self, command: commands.Command) -> None:
        match command:
            case commands.AnswerChannel(leg_id=leg_id):
                self._events.append(inputs.LegAnswered(leg_id=leg_id))
            case commands.HangupChannel(leg_id=leg_id):
                self._events.append(inputs.LegDestroyed(leg_id=leg_id, cause=_HANGUP))
            case commands.CreateChannel(leg_id=leg_id):
                self._events.append(inputs.LegCreated(leg_id=leg_id, channel_name="PJSIP/trial"))
            case commands.PreparePrompt(number=number, sounds=sounds):
                self._prompt = sounds
                media = tuple("sound:trial" for _ in sounds)
                self._events.append(inputs.PromptReady(number=number, media=media))
            case commands.StartPlayback():
                self._hear()
            case commands.EndPlayback(playback_id=playback_id):
                self._events.append(inputs.SoundEnded(playback_id=playback_id))
            case commands.FindTarget(number=number, target=target):
                self._asked = number
                self._path[-1].reaches = target
            case commands.OpenStream(stream_id=stream_id):
                is_missing = isinstance(self._next(ProgramFails), ProgramFails)
                missing = inputs.StreamClosed(stream_id=stream_id, reason=MediaStreamEnd.BOT_UNREACHABLE)
                self._events.append(missing if is_missing else inputs.StreamReady(stream_id=stream_id))
            case commands.CreateSnoop(recording_id=recording_id, role=role):
                self._path[-1].records = True
                self._events.append(inputs.SnoopCreated(recording_id=recording_id, role=role))
            case commands.RecordSnoop(recording_id=recording_id, roles=roles):
                self._events.append(inputs.PartStarted(recording_id=recording_id, role=roles[0], at=self._now))
            case commands.StopPart(recording_id=recording_id, role=role):
                self._events.append(inputs.PartStopped(recording_id=recording_id, role=role, at=self._now))
            case _:
                pass  # the rest is for Asterisk

    def _hear(self) -> None:
        step_now = self._run.current
        if step_now is None:
            return
        plain = tuple(_filled(sound, self._run.values) for sound in sounds_of(step_now))
        heard = self._run.heard
        sounds = self._prompt or plain
        if heard < len(sounds):
            self._path[-1].hears.append(sounds[heard])

    def _go_on(self) -> None:
        """Nothing is on its way: what the flow waits for happens, or its time passes."""
        current = self._run.current
        match self._run.stage:
            case FlowStage.PLAYING if self._run.playback_id is not None and not self._run.media[self._run.heard][1]:
                self._pass(_SOUND_SECONDS)
                self._take(inputs.SoundEnded(playback_id=self._run.playback_id))
            case FlowStage.COLLECTING:
                self._press()
            case FlowStage.RECORDING if isinstance(current, Record | Voicemail) and not self._run.is_settling:
                self._speak(current)
            case FlowStage.FINDING if self._path[-1].reaches is not None:
                self._find(self._path[-1].reaches)
            case FlowStage.RINGING:
                self._ring()
            case FlowStage.STREAMING if self._run.stream_id is not None:
                self._talk(self._run.stream_id)
            case _:
                self._fire()

    def _press(self) -> None:
        match self._next(Presses, Waits, HangsUp):
            case Presses(digits=digits):
                for digit in digits:
                    self._pass(_PRESS_SECONDS)
                    event = inputs.DtmfReceived(leg_id=_CALLER, digit=digit, duration_milliseconds=100)
                    self._events.append(event)
            case HangsUp():
                self._hang_up()
            case _:
                self._fire()

    def _speak(self, current: Step) -> None:
        assert isinstance(current, Record | Voicemail)
        recording_id = self._run.recording_id
        if recording_id is None:
            return
        action = self._next(Speaks, Waits, Presses, HangsUp)
        seconds = action.seconds if isinstance(action, Speaks) else 0.0
        if seconds >= current.max_seconds or (current.silence_seconds is None and not isinstance(action, HangsUp)):
            self._fire()
            return
        self._pass(seconds)
        if isinstance(action, HangsUp):
            self._hang_up()
            return
        self._pass(current.silence_seconds or 0.0)
        stopped = inputs.PartStopped(
            recording_id=recording_id, role=LegRole.CUSTOMER, at=self._now, talking_seconds=int(seconds)
        )
        self._events.append(stopped)

    def _find(self, target: Target) -> None:
        found = inputs.TargetFound(number=self._asked)
        if target.queue_id is not None:
            wait = QueueWait(queue_id=target.queue_id, max_wait_seconds=_SOUND_SECONDS)
            found = msgspec.structs.replace(found, queue=wait)
        elif target.call_flow_id is not None:
            other = FlowRun(flow_id=target.call_flow_id, version=0, name="", start="")
            found = msgspec.structs.replace(found, flow=other)
        elif target.announcement or target.media_stream or target.dialplan:
            other = FlowRun(flow_id="", version=0, name="", start="")
            found = msgspec.structs.replace(found, flow=other)
        else:
            leg = Leg(
                id=LegId(f"leg_{self._asked:026}"),
                role=LegRole.AGENT,
                party=Party(extension=target.extension, number=target.number),
                endpoint="PJSIP/trial",
                ring_seconds=_RING_SECONDS,
            )
            found = msgspec.structs.replace(found, legs=(leg,))
        self._events.append(found)

    def _ring(self) -> None:
        """One phone, which answers or does not."""
        ringing = [leg for leg in self._call.legs if leg.id in self._run.offers and leg.state is not LegState.ENDED]
        action = self._next(IsReached, HangsUp)
        self._pass(_RING_SECONDS / 2)
        if isinstance(action, HangsUp):
            self._hang_up()
        elif isinstance(action, IsReached) and action.answers and ringing:
            self._events.append(inputs.LegAnswered(leg_id=ringing[0].id))
        elif ringing:
            self._events.append(inputs.LegDestroyed(leg_id=ringing[0].id, cause=_NO_ANSWER))

    def _talk(self, stream_id: MediaStreamId) -> None:
        """The program is done after a while."""
        self._pass(_SOUND_SECONDS)
        action = self._next(ProgramEnds, HangsUp)
        if isinstance(action, HangsUp):
            self._hang_up()
            return
        outcome = action.outcome if isinstance(action, ProgramEnds) else None
        done = inputs.StreamClosed(stream_id=stream_id, reason=MediaStreamEnd.BOT_CLOSED, outcome=outcome)
        self._events.append(done)

    def _hang_up(self) -> None:
        self._events.append(inputs.LegDestroyed(leg_id=_CALLER, cause=_HANGUP))

    def _next(self, *kinds: type[Action]) -> Action | None:
        """What the caller does, if it fits what is waited for."""
        if self._actions and isinstance(self._actions[0], kinds):
            return self._actions.popleft()
        return None

    def _pass(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    def _fire(self) -> None:
        timer = self._call.next_timer
        if timer is None:
            self._hang_up()
            return
        self._now = max(self._now, timer.due)
        self._events.append(inputs.TimerFired(name=timer.name))


def _filled(sound: Sound, values: dict[str, str]) -> Sound:
    return msgspec.structs.replace(sound, text=fill(sound.text, values)) if isinstance(sound, PlaySpeech) else sound
