"""What flows ask for outside the machine: sounds are made, targets are looked up, and every trouble is an answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.accounts.service import Accounts
from app.calls.core.commands import FindTarget, PreparePrompt
from app.calls.core.inputs import Input, PromptFailed, PromptReady, TargetFound
from app.calls.core.model.call import Call
from app.calls.leading.flow_desk import FlowDesk
from app.calls.planning.plan import Defaults
from app.db.engine import Database
from app.errors import OverloadedError, Problem, RefusedError
from app.facts.vocabulary import Tone
from app.flows.steps import Flow, HangUp, PlayDigits, PlayFile, PlaySecret, PlaySpeech, PlayTone, Sound, Target
from app.ids import new_id
from app.routing.directory import Directory
from app.routing.flows import FlowChanges
from app.routing.model import RingGroupMember
from app.routing.resources import RoutingResources
from app.routing.stops import Stops
from app.routing.targets import ToCallFlow
from app.routing.words import QueueStrategy, RingStrategy
from app.secrets.sealing import Sealer
from tests.calls.making import CUSTOMER_NUMBER, make_call

DEFAULTS = Defaults(agent_ring_seconds=30.0, customer_ring_seconds=45.0, max_duration_seconds=3600.0)
_PATIENCE_SECONDS = 30.0


class Sounds:
    """Makes what it is asked for, unless it was told not to."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.holds = asyncio.Event()
        self.holds.set()

    async def speak(self, account_id: str, speech: PlaySpeech) -> str:
        await self.holds.wait()
        if self.error is not None:
            raise self.error
        return f"sound:http://media/{account_id}/{speech.text}"

    async def open_file(self, account_id: str, audio_file_id: str) -> str:
        if self.error is not None:
            raise self.error
        return f"sound:http://media/{account_id}/{audio_file_id}"

    async def speak_secret(self, account_id: str, secret_id: str) -> str:
        if self.error is not None:
            raise self.error
        return f"sound:http://media/{account_id}/of-{secret_id}"


class Desk:
    def __init__(self, database: Any, sounds: Sounds, **settings: Any) -> None:
        self.answers: asyncio.Queue[tuple[str, Input]] = asyncio.Queue()
        self.desk = FlowDesk(
            Stops(database),
            Directory(database),
            sounds,
            lambda call_id, answer: self.answers.put_nowait((call_id, answer)),
            defaults=DEFAULTS,
            make_id=new_id,
            **settings,
        )

    async def ask(self, call: Call, command: PreparePrompt | FindTarget) -> Input:
        self.desk.take(call, command)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            call_id, answer = await self.answers.get()
        assert call_id == call.id
        return answer

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Desk"]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.desk.run())
            yield self
            task.cancel()


def prompt(*sounds: Sound) -> PreparePrompt:
    return PreparePrompt(number=7, sounds=sounds)


async def test_given_sounds_of_every_kind_when_asked_for_then_each_is_in_asterisks_words() -> None:
    call = make_call()
    asked = prompt(
        PlaySpeech(text="hi"),
        PlayFile(audio_file_id="audio_1"),
        PlayDigits(digits="12"),
        PlayTone(tone=Tone.BUSY),
        PlaySecret(secret_id="otp_1"),
    )
    async with Desk(None, Sounds()).running() as desk:
        answer = await desk.ask(call, asked)
    assert answer == PromptReady(
        number=7,
        media=(
            "sound:http://media/acc_1/hi",
            "sound:http://media/acc_1/audio_1",
            "digits:12",
            "tone:busy",
            "sound:http://media/acc_1/of-otp_1",
        ),
    )


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RefusedError(Problem("NOT_FOUND", "There is no such voice.")), "There is no such voice."),
        (OverloadedError("Too much waits."), "Too much waits."),
        (ZeroDivisionError("a mistake"), "it could not be made"),
    ],
)
async def test_given_sounds_that_cannot_be_made_when_asked_for_then_the_reason_is_told_and_the_next_are_made(
    error: Exception, reason: str
) -> None:
    sounds, call = Sounds(), make_call()
    sounds.error = error
    async with Desk(None, sounds).running() as desk:
        assert await desk.ask(call, prompt(PlaySpeech(text="hi"))) == PromptFailed(number=7, reason=reason)
        sounds.error = None
        assert isinstance(await desk.ask(call, prompt(PlaySpeech(text="hi"))), PromptReady)


async def test_given_too_many_questions_when_another_is_asked_then_it_is_refused_at_once() -> None:
    desk = Desk(None, Sounds(), queue_size=2).desk
    for _ in range(2):
        desk.take(make_call(), prompt(PlaySpeech(text="hi")))
    with pytest.raises(OverloadedError):
        desk.take(make_call(), prompt(PlaySpeech(text="hi")))


@pytest.mark.postgres
async def test_given_targets_of_every_kind_when_looked_up_then_legs_queue_or_flow_come_of_them(
    database: Database,
) -> None:
    account = await Accounts(database, AuditLog(database)).create("acme")
    by = Principal(
        account_id=account.id, account_name="acme", default_region="US", key_id="key_1", scopes=frozenset(Scope)
    )
    routing = RoutingResources.open(database, AuditLog(database), Sealer(bytes(32)))
    extension = await routing.extensions.create(by, {"number": "2001"})
    agent = await routing.agents.create(by, {"name": "Ada", "extension_id": extension.id})
    device = (await routing.devices.create(by, {"extension_id": extension.id})).device
    queue = await routing.queues.create(
        by,
        {"name": "help", "strategy": QueueStrategy.LONGEST_IDLE, "music_class": "jazz", "ring_seconds": 20.0},
    )
    flow = await routing.flows.create(by, FlowChanges(name="menu", flow=Flow(start="bye", steps=(HangUp(name="bye"),))))
    group = await routing.ring_groups.create(
        by,
        {
            "name": "all",
            "strategy": RingStrategy.ALL,
            "ring_seconds": 9.0,
            "members": [RingGroupMember(agent_id=None, extension_id=extension.id)],
            "overflow": ToCallFlow(id=flow.id),
        },
    )
    call = make_call(account_id=account.id)

    async with Desk(database, Sounds()).running() as desk:

        async def find(target: Target, **more: Any) -> TargetFound:
            answer = await desk.ask(call, FindTarget(number=3, target=target, **more))
            assert isinstance(answer, TargetFound)
            assert answer.number == 3
            return answer

        for target in (Target(extension="2001"), Target(agent_id=agent.id)):
            found = await find(target, ring_seconds=12.0)
            (leg,) = found.legs
            assert (leg.endpoint, leg.ring_seconds) == (f"PJSIP/{device.endpoint}", 12.0)
            assert (leg.shown_number, leg.shown_name) == (CUSTOMER_NUMBER, "Grace")
            assert (found.queue, found.flow) == (None, None)
        grouped = await find(Target(ring_group_id=group.id))
        assert [leg.ring_seconds for leg in grouped.legs] == [9.0]
        assert grouped.flow is not None
        assert grouped.flow.flow_id == flow.id
        waiting = await find(Target(queue_id=queue.id), priority=4)
        assert waiting.queue is not None
        assert (waiting.queue.queue_id, waiting.queue.priority, waiting.legs) == (queue.id, 4, ())
        other = await find(Target(call_flow_id=flow.id))
        assert other.flow is not None
        assert (other.flow.version, other.flow.steps) == (1, flow.flow.steps)
        nobody = TargetFound(number=3)
        for gone in (Target(extension="2009"), Target(agent_id="agent_x"), Target(number="+15550100001")):
            assert await find(gone) == nobody
