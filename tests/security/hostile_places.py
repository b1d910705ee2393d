"""Where hostile input may be given: every field of every mutation that takes one of its kinds."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol

from tests.security.hostile import Field

GOOD: Final = "+15550110000"
_SOON: Final = f"{datetime.now(UTC).date() + timedelta(days=30)}T12:00:00"
DUE: Final = {"local": {"dateTime": _SOON, "timeZone": "Europe/Berlin"}}
#: Of an account's own number the form is asked: whether it may be shown is a question of having it. Likewise of one
#: that is listed as spam: who calls so may show what no call could go to.
ASKED_FORM_ALONE: Final = ("wrong lengths", "no such country")


_TWICE: Final = frozenset({"ALREADY_EXISTS"})


class Word(str):
    """An enum's value: bare in a literal."""

    __slots__ = ()


class Things(Protocol):
    """What there is to ask for: ids of a call that two talk in, a callback, an agent, lists, and what else was made."""

    call_id: str
    leg_id: str
    callback_id: str
    agent_id: str
    list_id: str
    dnc_list_id: str
    made: dict[str, str]


Given = Callable[[Things, Any], dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One field of one mutation. ``codes``: what is fitting here beside the table's; ``keeps_numbers``: a number that
    may not be dialled may be written down here, for whoever dials asks the policy again."""

    mutation: str
    where: str
    field: Field
    given: Given
    codes: frozenset[str] = frozenset()
    keeps_numbers: bool = False
    needs: str = ""
    skipped: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.mutation}.{self.where}"


def _key() -> str:
    return str(uuid.uuid4())


def originate(**fields: Any) -> dict[str, Any]:
    given = {"destination": {"number": GOOD}, "connect": {"extension": "2001"}, "idempotencyKey": _key()}
    return {**given, **fields}


def _originate_with(name: str, _: Things, one: Any) -> dict[str, Any]:
    return originate(**{name: one})


def _connect_with(name: str, _: Things, one: Any) -> dict[str, Any]:
    return originate(connect={name: one})


def schedule(**fields: Any) -> dict[str, Any]:
    return {**originate(at=DUE), **fields}


def _transfer(world: Things, **fields: Any) -> dict[str, Any]:
    given = {"callId": world.call_id, "kind": Word("BLIND"), "target": {"extension": "2002"}, "idempotencyKey": _key()}
    return {**given, **fields}


def _add(world: Things, **fields: Any) -> dict[str, Any]:
    return {"callId": world.call_id, "target": {"extension": "2002"}, "idempotencyKey": _key(), **fields}


def _announce(**fields: Any) -> dict[str, Any]:
    return {"number": GOOD, "idempotencyKey": _key(), "ttlSeconds": 60.0, **fields}


def _campaign(world: Things, **fields: Any) -> dict[str, Any]:
    given = {"name": _key(), "contactListIds": [world.list_id], "content": {"announcement": {"text": "Hello."}}}
    return {**given, **fields}


def _queue(**fields: Any) -> dict[str, Any]:
    return {"name": _key(), "strategy": Word("LONGEST_IDLE"), **fields}


def _group(**fields: Any) -> dict[str, Any]:
    return {"name": _key(), "strategy": Word("ALL"), "ringSeconds": 15.0, **fields}


def _flow(step: dict[str, Any]) -> dict[str, Any]:
    return {"name": _key(), "steps": [step]}


def _supervise(world: Things, **fields: Any) -> dict[str, Any]:
    given = {"callId": world.call_id, "mode": Word("MONITOR"), "supervisor": {"extension": "2005"}}
    return {**given, "idempotencyKey": _key(), **fields}


def _pairs(variables: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in variables.items()]


def _place(mutation: str, where: str, kind: Field, given: Given, **more: Any) -> Place:
    return Place(mutation=mutation, where=where, field=kind, given=given, **more)


def _numbers() -> Iterator[Place]:
    def place(mutation: str, where: str, given: Given, **more: Any) -> Place:
        return _place(mutation, where, Field.NUMBER, given, **more)

    yield place("originateCall", "destination.number", lambda _, one: originate(destination={"number": one}))
    yield place("originateCall", "connect.number", lambda _, one: originate(connect={"number": one}))
    yield place(
        "transferCall", "target.number", lambda world, one: _transfer(world, target={"number": one}), needs="call"
    )
    yield place(
        "transferCall",
        "target.number by REFER",
        lambda world, one: _transfer(world, target={"number": one}, method=Word("REFER")),
        needs="call",
    )
    yield place("addParticipant", "target.number", lambda world, one: _add(world, target={"number": one}), needs="call")
    yield place("scheduleCallback", "destination.number", lambda _, one: schedule(destination={"number": one}))
    yield place("scheduleCallback", "connect.number", lambda _, one: schedule(connect={"number": one}))
    yield place(
        "updateCallback",
        "destination.number",
        lambda world, one: {"id": world.callback_id, "destination": {"number": one}},
        needs="callback",
    )
    yield place("announceOtp", "number", lambda _, one: _announce(number=one))
    keeps: dict[str, Any] = {"keeps_numbers": True}
    yield place(
        "addContacts",
        "contacts.number",
        lambda world, one: {"listId": world.list_id, "contacts": [{"number": one}]},
        needs="lists",
        **keeps,
    )
    yield place(
        "addDncEntries",
        "entries.number",
        lambda world, one: {"listId": world.dnc_list_id, "entries": [{"number": one}]},
        needs="lists",
        **keeps,
    )
    yield place(
        "createInboundRoute",
        "target.number",
        lambda _, one: {"pattern": f"+1{uuid.uuid4().int % 10**9}", "target": {"number": one}},
        **keeps,
    )
    yield place("createRingGroup", "overflow.number", lambda _, one: _group(overflow={"number": one}), **keeps)
    yield place("createQueue", "overflow.number", lambda _, one: _queue(overflow={"number": one}), **keeps)
    yield place(
        "createCallFlow",
        "steps.transfer.target.number",
        lambda _, one: _flow({"transfer": {"name": "t", "target": {"number": one}}}),
        **keeps,
    )
    yield place(
        "createOutboundNumber",
        "number",
        lambda _, one: {"number": one},
        skipped=ASKED_FORM_ALONE,
        codes=_TWICE,
        **keeps,
    )


def _extensions() -> Iterator[Place]:
    def place(mutation: str, where: str, given: Given, **more: Any) -> Place:
        return _place(mutation, where, Field.EXTENSION, given, codes=frozenset({"NOT_FOUND"}), **more)

    yield place("originateCall", "destination.extension", lambda _, one: originate(destination={"extension": one}))
    yield place("originateCall", "connect.extension", lambda _, one: originate(connect={"extension": one}))
    yield place("scheduleCallback", "connect.extension", lambda _, one: schedule(connect={"extension": one}))
    yield place(
        "transferCall", "target.extension", lambda world, one: _transfer(world, target={"extension": one}), needs="call"
    )
    yield place(
        "addParticipant", "target.extension", lambda world, one: _add(world, target={"extension": one}), needs="call"
    )
    yield place(
        "startSupervision",
        "supervisor.extension",
        lambda world, one: _supervise(world, supervisor={"extension": one}),
        needs="call",
    )
    yield place("createExtension", "number", lambda _, one: {"number": one})


def _callers() -> Iterator[Place]:
    kind = Field.CALLER_ID
    yield _place("originateCall", "callerId", kind, lambda _, one: originate(callerId=one))
    yield _place("scheduleCallback", "callerId", kind, lambda _, one: schedule(callerId=one))
    yield _place(
        "updateCallback",
        "callerId",
        kind,
        lambda world, one: {"id": world.callback_id, "callerId": one},
        needs="callback",
    )
    yield _place("announceOtp", "callerId", kind, lambda _, one: _announce(callerId=one))
    yield _place(
        "createCampaign", "callerIds", kind, lambda world, one: _campaign(world, callerIds=[one]), needs="lists"
    )
    kind = Field.SHOWN_NAME
    yield _place("originateCall", "callerIdName", kind, lambda _, one: originate(callerIdName=one))
    yield _place("originateCall", "destinationName", kind, lambda _, one: originate(destinationName=one))
    yield _place("scheduleCallback", "callerIdName", kind, lambda _, one: schedule(callerIdName=one))
    yield _place("announceOtp", "callerIdName", kind, lambda _, one: _announce(callerIdName=one))
    yield _place(
        "createCampaign", "callerIdName", kind, lambda world, one: _campaign(world, callerIdName=one), needs="lists"
    )
    # An agent's name is shown to whom it calls.
    empty: dict[str, Any] = {"codes": frozenset({"REQUIRED"})}
    yield _place("createAgent", "name", kind, lambda _, one: {"name": one}, **empty)
    yield _place("createAgent", "displayName", kind, lambda _, one: {"name": "Kim", "displayName": one}, **empty)
    yield _place(
        "updateAgent", "name", kind, lambda world, one: {"id": world.agent_id, "name": one}, needs="agent", **empty
    )
    yield _place(
        "updateAgent",
        "displayName",
        kind,
        lambda world, one: {"id": world.agent_id, "displayName": one},
        needs="agent",
        **empty,
    )


def _texts() -> Iterator[Place]:
    yield _place("originateCall", "variables", Field.VARIABLES, lambda _, one: originate(variables=_pairs(one)))
    yield _place(
        "originateCall",
        "connect.dialplan.context",
        Field.CONTEXT,
        lambda _, one: originate(connect={"dialplan": {"context": one, "extension": "s"}}),
    )
    yield _place(
        "transferCall",
        "target.dialplan.context",
        Field.CONTEXT,
        lambda world, one: _transfer(world, target={"dialplan": {"context": one, "extension": "s"}}),
        needs="call",
    )
    yield _place("originateCall", "softphoneMessage", Field.MESSAGE, lambda _, one: originate(softphoneMessage=one))
    yield _place("scheduleCallback", "softphoneMessage", Field.MESSAGE, lambda _, one: schedule(softphoneMessage=one))
    yield _place(
        "sendSoftphoneMessage",
        "text",
        Field.MESSAGE,
        lambda world, one: {"callId": world.call_id, "text": one},
        needs="call",
    )
    yield _place("announceOtp", "code", Field.OTP_CODE, lambda _, one: _announce(code=one))
    yield _place(
        "announceOtp",
        "announcement.text",
        Field.TEMPLATE,
        lambda _, one: _announce(announcement={"text": one}),
    )
    yield _place("createAnnouncementTemplate", "text", Field.TEMPLATE, lambda _, one: {"name": _key(), "text": one})
    yield _place(
        "speak",
        "say.text",
        Field.SPOKEN_TEXT,
        lambda world, one: {"callId": world.call_id, "say": {"text": one}},
        needs="call",
    )
    yield _place(
        "originateCall",
        "connect.announcement.text",
        Field.SPOKEN_TEXT,
        lambda _, one: originate(connect={"announcement": {"text": one}}),
    )
    yield _place(
        "speak",
        "voice",
        Field.VOICE,
        lambda world, one: {"callId": world.call_id, "say": {"text": "Hello."}, "voice": one},
        needs="call",
    )
    yield _place("announceOtp", "voice", Field.VOICE, lambda _, one: _announce(voice=one))
    yield _place("createWebhookEndpoint", "url", Field.WEBHOOK_URL, lambda _, one: {"url": one, "eventTypes": ["*"]})


def _amounts() -> Iterator[Place]:
    yield _place(
        "setVoicePitch",
        "pitch",
        Field.PITCH,
        lambda world, one: {"callId": world.call_id, "pitch": one},
        needs="call",
    )
    yield _place("originateCall", "voicePitch", Field.PITCH, lambda _, one: originate(voicePitch=one))
    for name in ("agentRingSeconds", "customerRingSeconds", "maxDurationSeconds"):
        yield _place("originateCall", name, Field.SECONDS, partial(_originate_with, name))
    yield _place(
        "transferCall", "ringSeconds", Field.SECONDS, lambda world, one: _transfer(world, ringSeconds=one), needs="call"
    )
    yield _place(
        "addParticipant", "ringSeconds", Field.SECONDS, lambda world, one: _add(world, ringSeconds=one), needs="call"
    )
    yield _place("announceOtp", "ttlSeconds", Field.SECONDS, lambda _, one: _announce(ttlSeconds=one))
    yield _place("createRingGroup", "ringSeconds", Field.SECONDS, lambda _, one: _group(ringSeconds=one))
    yield _place("createQueue", "ringSeconds", Field.SECONDS, lambda _, one: _queue(ringSeconds=one))
    yield _place("announceOtp", "repeat", Field.COUNT, lambda _, one: _announce(repeat=one))
    yield _place("announceOtp", "maxAttempts", Field.COUNT, lambda _, one: _announce(maxAttempts=one))
    yield _place("scheduleCallback", "maxAttempts", Field.COUNT, lambda _, one: schedule(maxAttempts=one))
    yield _place(
        "createCampaign", "maxRetries", Field.COUNT, lambda world, one: _campaign(world, maxRetries=one), needs="lists"
    )
    yield _place(
        "createCampaign",
        "maxConcurrentCalls",
        Field.COUNT,
        lambda world, one: _campaign(world, maxConcurrentCalls=one),
        needs="lists",
    )


def _times() -> Iterator[Place]:
    yield _place("scheduleCallback", "at.at", Field.INSTANT, lambda _, one: schedule(at={"at": one}))
    yield _place(
        "updateCallback",
        "at.at",
        Field.INSTANT,
        lambda world, one: {"id": world.callback_id, "at": {"at": one}},
        needs="callback",
    )
    yield _place("scheduleCallback", "at.local", Field.LOCAL_TIME, lambda _, one: schedule(at={"local": one}))
    yield _place(
        "scheduleCallback",
        "at.local.timeZone",
        Field.ZONE,
        lambda _, one: schedule(at={"local": {"dateTime": _SOON, "timeZone": one}}),
    )
    yield _place(
        "createCampaign",
        "startAt.local.timeZone",
        Field.ZONE,
        lambda world, one: _campaign(world, startAt={"local": {"dateTime": _SOON, "timeZone": one}}),
        needs="lists",
    )
    yield _place(
        "addContacts",
        "contacts.timeZone",
        Field.ZONE,
        lambda world, one: {"listId": world.list_id, "contacts": [{"number": GOOD, "timeZone": one}]},
        needs="lists",
    )


def _names() -> Iterator[Place]:
    for target in ("agentId", "ringGroupId", "queueId", "callFlowId"):
        yield _place(
            "originateCall",
            f"connect.{target}",
            Field.ID,
            partial(_connect_with, target),
        )
    yield _place("originateCall", "trunkId", Field.ID, lambda _, one: originate(trunkId=one))
    yield _place("hangupCall", "callId", Field.ID, lambda _, one: {"callId": one})
    yield _place("transferCall", "callId", Field.ID, lambda world, one: _transfer(world, callId=one))
    yield _place("addParticipant", "callId", Field.ID, lambda world, one: _add(world, callId=one))
    yield _place("updateCallback", "id", Field.ID, lambda _, one: {"id": one})
    yield _place("verifyOtp", "id", Field.ID, lambda _, one: {"id": one, "code": "1234"})
    yield _place("startCampaign", "id", Field.ID, lambda _, one: {"id": one, "idempotencyKey": _key()})
    yield _place("updateAgent", "id", Field.ID, lambda _, one: {"id": one})
    yield _place("verifyOutboundNumber", "id", Field.ID, lambda _, one: {"id": one, "code": "1234"})
    kind = Field.IDEMPOTENCY_KEY
    yield _place("originateCall", "idempotencyKey", kind, lambda _, one: originate(idempotencyKey=one))
    yield _place("scheduleCallback", "idempotencyKey", kind, lambda _, one: schedule(idempotencyKey=one))
    yield _place("announceOtp", "idempotencyKey", kind, lambda _, one: _announce(idempotencyKey=one))
    yield _place(
        "transferCall", "idempotencyKey", kind, lambda world, one: _transfer(world, idempotencyKey=one), needs="call"
    )
    yield _place(
        "addParticipant", "idempotencyKey", kind, lambda world, one: _add(world, idempotencyKey=one), needs="call"
    )
    yield _place(
        "startSupervision",
        "idempotencyKey",
        kind,
        lambda world, one: _supervise(world, idempotencyKey=one),
        needs="call",
    )


PLACES: Final = [*_numbers(), *_extensions(), *_callers(), *_texts(), *_amounts(), *_times(), *_names()]
