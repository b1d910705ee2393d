"""Every mutation that is about a live call, asked of a call in every state: done, or refused in words. Never an error.

What there is to ask is read off the schema, so that a new verb is asked as well; one that wants something that nobody
here knows how to give fails. That what is done is right, and in every form, the machine's own tests show
(tests/calls/test_verbs_in_every_state.py).
"""

import itertools
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_required_input_field,
)

from app.api.schema import build_schema
from app.api.types.problem import UserErrorCode
from app.calls.core import inputs
from app.calls.core.inputs import Input
from app.calls.core.model.call import Call
from app.calls.core.model.leg import Leg
from app.calls.living.actor import CallActor
from app.facts.vocabulary import CallState, LegRole, LegState, MediaStreamState, SupervisionMode, TransferKind
from tests.api.conftest import Surface, until
from tests.api.silent_asterisk import move_leg

pytestmark = pytest.mark.postgres

SCHEMA: Final[GraphQLSchema] = build_schema()._schema
#: What of a call a mutation can be about; of each there is one that is nobody's.
SUBJECTS: Final = {
    "callId": "call_" + "0" * 26,
    "legId": "leg_" + "0" * 26,
    "recordingId": "rec_" + "0" * 26,
    "supervisionId": "sup_" + "0" * 26,
    "playbackId": "play_" + "0" * 26,
    "mediaStreamId": "strm_" + "0" * 26,
}
#: Placing a call is about none that is there.
PLACING: Final = {"originateCall"}
#: What is about something that outlives the call.
OF_ENDED_CALLS: Final = {"deleteRecording", "reportNumberComplaint"}
REFUSALS: Final = {code.value for code in UserErrorCode}
NUMBER: Final = "+15550100000"
BOT_URL: Final = "ws://127.0.0.1:9999/talk"


def _input_of(mutation: GraphQLField) -> GraphQLInputObjectType:
    kind = get_named_type(mutation.args["input"].type)
    assert isinstance(kind, GraphQLInputObjectType)
    return kind


def _is_about_a_call(name: str, mutation: GraphQLField) -> bool:
    payload = get_named_type(mutation.type)
    assert isinstance(payload, GraphQLObjectType)
    gives_call = any(get_named_type(one.type).name == "Call" for one in payload.fields.values())
    is_about = bool(SUBJECTS.keys() & _input_of(mutation).fields.keys())
    assert is_about or not gives_call or name in PLACING, f"say above what of a call {name} is about"
    return is_about


def _verbs() -> dict[str, GraphQLField]:
    assert SCHEMA.mutation_type is not None
    with_input = {name: one for name, one in SCHEMA.mutation_type.fields.items() if "input" in one.args}
    return {name: one for name, one in with_input.items() if _is_about_a_call(name, one)}


VERBS: Final = _verbs()


class World:
    """A surface, and calls on it that are brought into a state."""

    def __init__(self, surface: Surface, queue_id: str) -> None:
        self.surface = surface
        self.queue_id = queue_id

    async def place(self, **fields: object) -> CallActor:
        given = {"destination": {"number": NUMBER}, "connect": {"extension": "2001"}, **fields}
        payload = await self.ask("originateCall", {"idempotencyKey": str(uuid.uuid4()), **given})
        assert payload["userErrors"] == []
        actor = self.surface.registry.find(payload["call"]["id"])
        assert actor is not None
        return actor

    async def ask(self, name: str, given: dict[str, Any]) -> Any:
        """The payload of a mutation that GraphQL itself had nothing against."""
        query = f"mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ %s }} }}"
        fields = "userErrors { code message field currentState }"
        payload = get_named_type(SCHEMA.mutation_type.fields[name].type) if SCHEMA.mutation_type else None
        assert isinstance(payload, GraphQLObjectType)
        if "call" in payload.fields:
            fields += " call { id state legs { id state } }"
        response = await self.surface.post(query % fields, {"input": given})
        body = response.json()
        assert (response.status_code, body.get("errors")) == (200, None), (name, given, body)
        return body["data"][name]

    async def move(self, actor: CallActor, role: LegRole, *happenings: type[Input]) -> None:
        await until(lambda: actor.call.leg_of(role).state is not LegState.PLANNED)
        await until(lambda: actor.call.leg_of(role).state is not LegState.CREATING)
        move_leg(self.surface.registry, actor.call.id, role, *happenings)

    async def newcomer(self, actor: CallActor, happening: Callable[[Leg], Input] | None = None) -> None:
        """The leg that came last is dialled, and something happens to it."""
        await until(lambda: actor.call.legs[-1].state in {LegState.DIALING, LegState.RINGING})
        if happening is not None:
            leg = actor.call.legs[-1]
            actor.post(happening(leg))
            await until(lambda: actor.call.leg(leg.id).state in {LegState.UP, LegState.ENDED})


async def _dialling(world: World) -> CallActor:
    actor = await world.place()
    await until(lambda: actor.call.state is CallState.DIALING)
    return actor


async def _ringing(world: World) -> CallActor:
    actor = await world.place()
    await world.move(actor, LegRole.AGENT, inputs.LegRinging)
    await until(lambda: actor.call.state is CallState.RINGING)
    return actor


async def _answered(world: World) -> CallActor:
    actor = await world.place()
    await world.move(actor, LegRole.AGENT, inputs.LegRinging, inputs.LegAnswered)
    await until(lambda: actor.call.state is CallState.ANSWERED)
    return actor


async def _connected(world: World, **fields: object) -> CallActor:
    actor = await world.place(**fields)
    await world.move(actor, LegRole.AGENT, inputs.LegAnswered)
    await world.move(actor, LegRole.CUSTOMER, inputs.LegAnswered)
    await until(lambda: actor.call.state is CallState.CONNECTED)
    return actor


async def _recorded(world: World) -> CallActor:
    actor = await _connected(world, recordingMode="BOTH")
    await until(lambda: bool(actor.call.recordings))
    return actor


async def _held(world: World) -> CallActor:
    actor = await _connected(world)
    await _do(world, "holdCall", {"callId": actor.call.id})
    return actor


async def _playing(world: World) -> CallActor:
    actor = await _connected(world)
    await _do(world, "playAudio", {"callId": actor.call.id, "sounds": [{"installed": "beep"}]})
    assert actor.call.playbacks
    return actor


async def _waiting(world: World) -> CallActor:
    actor = await world.place(connect={"queueId": world.queue_id})
    await world.move(actor, LegRole.CUSTOMER, inputs.LegAnswered)
    await until(lambda: actor.call.state is CallState.WAITING_IN_QUEUE)
    return actor


async def _transferring(world: World, kind: TransferKind) -> CallActor:
    actor = await _connected(world)
    given = {"callId": actor.call.id, "kind": kind.value, "target": {"extension": "2002"}}
    await _do(world, "transferCall", {"idempotencyKey": str(uuid.uuid4()), **given})
    await world.newcomer(actor)
    return actor


async def _consulting(world: World) -> CallActor:
    actor = await _transferring(world, TransferKind.ATTENDED)
    await world.newcomer(actor, lambda leg: inputs.LegAnswered(leg_id=leg.id))
    return actor


async def _recalling(world: World) -> CallActor:
    actor = await _transferring(world, TransferKind.BLIND)
    await world.newcomer(actor, lambda leg: inputs.LegDestroyed(leg_id=leg.id, cause=17, sip_code=486))
    await world.newcomer(actor)
    return actor


async def _supervised(world: World, *, is_answered: bool) -> CallActor:
    actor = await _connected(world)
    given = {"callId": actor.call.id, "mode": SupervisionMode.WHISPER.value, "supervisor": {"extension": "2005"}}
    await _do(world, "startSupervision", {"idempotencyKey": str(uuid.uuid4()), **given})
    await world.newcomer(actor, (lambda leg: inputs.LegAnswered(leg_id=leg.id)) if is_answered else None)
    return actor


async def _conference(world: World, *, is_answered: bool) -> CallActor:
    actor = await _connected(world)
    given = {"callId": actor.call.id, "target": {"extension": "2004"}}
    await _do(world, "addParticipant", {"idempotencyKey": str(uuid.uuid4()), **given})
    await world.newcomer(actor, (lambda leg: inputs.LegAnswered(leg_id=leg.id)) if is_answered else None)
    return actor


async def _streaming(world: World) -> CallActor:
    actor = await _connected(world)
    await _do(world, "startMediaStream", {"legId": actor.call.leg_of(LegRole.CUSTOMER).id, "url": BOT_URL})
    (stream,) = actor.call.media_streams
    actor.post(inputs.StreamReady(stream_id=stream.id))
    await until(lambda: actor.call.media_streams[0].state is MediaStreamState.ACTIVE)
    return actor


async def _ended(world: World) -> CallActor:
    actor = await _connected(world)
    await _do(world, "hangupCall", {"callId": actor.call.id})
    await until(lambda: actor.call.is_ended)
    return actor


async def _do(world: World, name: str, given: dict[str, Any]) -> None:
    assert (await world.ask(name, given))["userErrors"] == []


STATES: Final[dict[str, Callable[[World], Awaitable[CallActor]]]] = {
    "dialling": _dialling,
    "ringing": _ringing,
    "answered": _answered,
    "connected": _connected,
    "recorded": _recorded,
    "held": _held,
    "playing": _playing,
    "waiting": _waiting,
    "blind transfer": lambda world: _transferring(world, TransferKind.BLIND),
    "attended transfer": lambda world: _transferring(world, TransferKind.ATTENDED),
    "consulting": _consulting,
    "recalling": _recalling,
    "supervisor rings": lambda world: _supervised(world, is_answered=False),
    "supervised": lambda world: _supervised(world, is_answered=True),
    "participant rings": lambda world: _conference(world, is_answered=False),
    "conference": lambda world: _conference(world, is_answered=True),
    "streaming": _streaming,
    "ended": _ended,
}


def _subjects(name: str, call: Call) -> list[str]:
    ids: dict[str, list[str]] = {
        "callId": [call.id],
        "legId": [leg.id for leg in call.legs],
        "recordingId": [one.id for one in call.recordings],
        "supervisionId": [one.id for one in call.supervisions],
        "playbackId": [one.id for one in call.playbacks],
        "mediaStreamId": [one.id for one in call.media_streams],
    }
    return [*ids[name], SUBJECTS[name]]


def _choices(name: str, field: GraphQLInputField, world: World, call: Call) -> list[Any]:
    """What to give for a field; ``...`` is to leave it out."""
    kind = get_named_type(field.type)
    out = [] if is_required_input_field(field) else [...]
    if name in SUBJECTS:
        return [*out, *_subjects(name, call)]
    if isinstance(kind, GraphQLEnumType):
        return list(kind.values)
    if out:
        return out
    match name:
        case "idempotencyKey":
            return [str(uuid.uuid4())]
        case "target":
            return [{"extension": "2003"}, {"number": NUMBER}, {"queueId": world.queue_id}]
        case "supervisor":
            return [{"extension": "2005"}]
        case "sounds":
            return [[{"installed": "beep"}]]
        case "digits":
            return ["12#"]
        case "url":
            return [BOT_URL, "wss://elsewhere.example/"]
        case "text":
            return ["Ask for Grace."]
        case "pitch":
            return [1.5]
        case "say":
            return [{"text": "Hello."}]
        case _:
            raise AssertionError(f"say above what to give for {name}: {field.type}")


def _forms(verb: GraphQLField, world: World, call: Call) -> list[dict[str, Any]]:
    """The inputs with which a verb can be asked of this call: whatever may be asked, in all combinations, of the first
    of what it can be about; and of each of the others in one of them.
    """
    fields = _input_of(verb).fields
    values = {name: _choices(name, field, world, call) for name, field in fields.items()}
    of_first = [of[:1] if name in SUBJECTS else of for name, of in values.items()]
    chosen = [dict(zip(fields, one, strict=True)) for one in itertools.product(*of_first)]
    others = [chosen[0] | {name: one} for name in SUBJECTS.keys() & fields.keys() for one in values[name][1:]]
    return [{name: value for name, value in form.items() if value is not ...} for form in (*chosen, *others)]


@pytest.fixture
async def world(surface: Surface) -> World:
    query = "mutation ($input: CreateQueueInput!) { createQueue(input: $input) { queue { id } userErrors { code } } }"
    made = await surface.ask(query, {"input": {"name": "support", "strategy": "LONGEST_IDLE"}})
    allow = "mutation ($url: String!) { createMediaEndpoint(input: {url: $url}) { userErrors { code } } }"
    assert (await surface.ask(allow, {"url": BOT_URL}))["createMediaEndpoint"]["userErrors"] == []
    return World(surface, made["createQueue"]["queue"]["id"])


@pytest.mark.parametrize("state", STATES)
async def test_given_a_call_in_a_state_when_every_verb_of_the_schema_is_asked_then_it_is_done_or_refused_in_words(
    world: World, state: str
) -> None:
    actor = await STATES[state](world)
    for name, verb in VERBS.items():
        for number in range(len(_forms(verb, world, actor.call))):
            given = _forms(verb, world, actor.call)[number]
            payload = await world.ask(name, given)
            problems = payload["userErrors"]
            assert {one["code"] for one in problems} <= REFUSALS
            assert all(one["message"] and one["field"] for one in problems)
            assert all(one["currentState"] for one in problems if one["code"] == "INVALID_STATE")
            if SUBJECTS.items() & given.items():
                assert problems, f"{name} was done to what is not there: {given}"
            elif name not in OF_ENDED_CALLS and state == "ended":
                (one,) = problems
                assert one["code"] == "INVALID_INPUT" or (one["code"], one["currentState"]) == (
                    "INVALID_STATE",
                    "ENDED",
                )
            elif problems:
                assert payload.get("call") is None
            elif "call" in payload:
                assert payload["call"]["id"] == actor.call.id
            if not problems and state != "ended":
                await _end(actor)
                actor = await STATES[state](world)
    await _end(actor)


async def _end(actor: CallActor) -> None:
    """What is not looked at any more takes no place."""
    if not actor.call.is_ended:
        actor.post(inputs.HangupRequested(actor=actor.call.actor))
        await until(lambda: actor.call.is_ended)


def test_given_the_states_above_when_compared_with_those_that_a_call_has_then_none_is_left_out() -> None:
    # PENDING is before the call is written: nobody knows its id yet.
    told = {"dialling", "ringing", "waiting", "answered", "connected", "ended"}
    assert told <= STATES.keys()
    assert set(CallState) == {
        CallState.PENDING,
        CallState.DIALING,
        CallState.RINGING,
        CallState.WAITING_IN_QUEUE,
        CallState.ANSWERED,
        CallState.CONNECTED,
        CallState.ENDED,
    }


def test_given_the_schema_when_its_verbs_are_told_then_those_of_every_kind_are_among_them() -> None:
    assert VERBS.keys() >= {"hangupCall", "holdCall", "transferCall", "pauseRecording", "updateSupervision", "muteLeg"}
