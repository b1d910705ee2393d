"""What call flows need that the machine does not know: sounds that must be made, and whom a target means just now.

A call asks by a command, and is answered by an input; it never waits here. Whatever goes wrong is an answer too: a
prompt that failed, a target that is nobody. What a flow makes of that is its own business.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias, assert_never

import structlog

from app.calls.core.commands import FindTarget, PreparePrompt
from app.calls.core.flow_prompt import words_of
from app.calls.core.inputs import Input, PromptFailed, PromptReady, TargetFound
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.calls.planning.flow_plan import optional_run_of
from app.calls.planning.group_plan import rung
from app.calls.planning.plan import NO_ID, Defaults
from app.calls.planning.queue_plan import wait_in
from app.clock import Clock, SystemClock
from app.daemon import Health, Vitals
from app.errors import OffhookError, OverloadedError
from app.facts.vocabulary import Direction, LegRole, Party
from app.flows.steps import PlayFile, PlaySecret, PlaySpeech, Sound
from app.ids import Kind
from app.routing.directory import Directory
from app.routing.flows import call_target_of
from app.routing.stops import Stops, flow_in, queue_in

_log = structlog.get_logger(__name__)

Asked: TypeAlias = PreparePrompt | FindTarget

QUEUE_SIZE: Final = 256
_AT_ONCE: Final = 16
_FIND_SECONDS: Final = 10.0
_PREPARE_SECONDS: Final = 12.0
_ANONYMOUS: Final = "Anonymous"
_PREPARING: Final = "preparing"
_FINDING: Final = "finding"


class SoundMaker(Protocol):
    """Makes what Asterisk can play, in Asterisk's words: `app.calls.leading.flow_sounds`."""

    async def speak(self, account_id: str, speech: PlaySpeech) -> str:
        """Raises OffhookError: it cannot be spoken."""
        ...

    async def open_file(self, account_id: str, audio_file_id: str) -> str:
        """Raises OffhookError: there is no such file (any more)."""
        ...

    async def speak_secret(self, account_id: str, secret_id: str) -> str:
        """Raises OffhookError: it cannot be spoken, or nobody has to hear it any more."""
        ...


@dataclass(frozen=True, slots=True)
class _Job:
    call: Call
    command: Asked


class FlowDesk:
    """One node's. ``post`` takes the answers, by the call's id. ``run`` works until cancelled."""

    def __init__(
        self,
        stops: Stops,
        directory: Directory,
        sounds: SoundMaker,
        post: Callable[[str, Input], None],
        *,
        defaults: Defaults,
        make_id: Callable[[Kind], str],
        queue_size: int = QUEUE_SIZE,
        clock: Clock | None = None,
    ) -> None:
        self._stops = stops
        self._directory = directory
        self._sounds = sounds
        self._post = post
        self._defaults = defaults
        self._make_id = make_id
        self._queue: asyncio.Queue[_Job] = asyncio.Queue(queue_size)
        self._vitals = Vitals("call-flows", clock or SystemClock())

    @property
    def health(self) -> Health:
        """How the desk fares. What cannot be spoken, or whom nobody knows, is a flow's trouble and not the desk's."""
        return self._vitals.health

    def take(self, call: Call, command: Asked) -> None:
        """Take what a call asks for; it is answered later.

        Raises:
            OverloadedError: too much is asked for already.
        """
        try:
            self._queue.put_nowait(_Job(call, command))
        except asyncio.QueueFull:
            _log.error("flow_desk_full", waiting=self._queue.qsize())
            raise OverloadedError("Too many call flows ask at once.") from None

    async def run(self) -> None:
        """Answer, some at a time."""
        with self._vitals.running():
            async with asyncio.TaskGroup() as group:
                for number in range(_AT_ONCE):
                    group.create_task(self._work(), name=f"flow desk {number}")

    async def _work(self) -> None:
        while True:
            job = await self._queue.get()
            self._post(job.call.id, await self._answer(job.call, job.command))

    async def _answer(self, call: Call, command: Asked) -> Input:
        match command:
            case PreparePrompt():
                return await self._prepare(call, command)
            case FindTarget():
                return await self._find(call, command)
            case _:
                assert_never(command)

    async def _prepare(self, call: Call, command: PreparePrompt) -> PromptReady | PromptFailed:
        try:
            async with asyncio.timeout(_PREPARE_SECONDS):
                media = [await self._make(call.account_id, sound) for sound in command.sounds]
                self._vitals.note_success(_PREPARING)
        except OffhookError as error:
            return _failed(call, command, error.message)
        except TimeoutError:
            return _failed(call, command, "it was not made in time")
        except Exception as error:  # noqa: BLE001 -- one prompt that meets a mistake of ours must not stop those after it
            self._vitals.note_failure(_PREPARING, error)
            _log.exception("prompt_not_made", call_id=call.id)
            return PromptFailed(number=command.number, reason="it could not be made")
        return PromptReady(number=command.number, media=tuple(media))

    async def _make(self, account_id: str, sound: Sound) -> str:
        match sound:
            case PlaySpeech():
                return await self._sounds.speak(account_id, sound)
            case PlayFile(audio_file_id=audio_file_id):
                return await self._sounds.open_file(account_id, audio_file_id)
            case PlaySecret(secret_id=secret_id):
                return await self._sounds.speak_secret(account_id, secret_id)
            case _:
                words = words_of(sound)
                assert words is not None  # Asterisk has all others
                return words

    async def _find(self, call: Call, command: FindTarget) -> TargetFound:
        try:
            async with asyncio.timeout(_FIND_SECONDS):
                found = await self._look_up(call, command)
                self._vitals.note_success(_FINDING)
                return found
        except (OffhookError, TimeoutError) as error:
            # Nobody knows who it is: for the caller that is the same as nobody.
            _log.warning("flow_target_not_found", call_id=call.id, reason=str(error) or "no answer in time")
        except Exception as error:  # noqa: BLE001 -- as for prompts
            self._vitals.note_failure(_FINDING, error)
            _log.exception("flow_target_not_looked_up", call_id=call.id)
        return TargetFound(number=command.number)

    async def _look_up(self, call: Call, command: FindTarget) -> TargetFound:
        stops = await self._stops.find(call.account_id, call_target_of(command.target))
        ways = await self._directory.resolve_originate(
            call.account_id,
            trunk_id=call.trunk_id,
            # Of a call that came in it is the caller's: what others are shown is a number of the account's.
            caller_id=None if call.direction is Direction.INBOUND else call.caller_id,
        )
        found = rung(
            stops,
            _pattern(call),
            ring_seconds=command.ring_seconds,
            defaults=self._defaults,
            make_id=self._make_id,
            found=ways,
            is_test=call.is_sandbox,
        )
        queue = queue_in(stops)
        agents = {leg.agent_id for leg in found.legs}
        return TargetFound(
            number=command.number,
            legs=found.legs,
            agent_id=agents.pop() if len(agents) == 1 else None,
            queue=None if queue is None else wait_in(queue, priority=command.priority),
            flow=optional_run_of(flow_in(stops)),
        )


def _pattern(call: Call) -> Leg:
    """What all who are rung are shown: the caller."""
    caller = call.leg_of(LegRole.CUSTOMER).party
    return Leg(
        id=NO_ID,
        role=LegRole.AGENT,
        party=Party(),
        endpoint="",
        ring_seconds=0.0,
        shown_number=caller.number or caller.extension,
        shown_name=_ANONYMOUS if caller.is_anonymous else caller.display,
    )


def _failed(call: Call, command: PreparePrompt, reason: str) -> PromptFailed:
    _log.warning("prompt_not_made", call_id=call.id, reason=reason)
    return PromptFailed(number=command.number, reason=reason)
