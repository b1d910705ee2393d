"""A desk's line over the public API: GraphQL over HTTP, subscriptions over its websocket, as any CRM would."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import httpx
import orjson
import websockets

from app.calls.core.verbs import Verb
from app.calls.planning.requests import OriginateRequest
from app.calls.time_limits import GIVEN_UP_SECONDS
from app.errors import (
    AsteriskUnavailableError,
    AuthenticationError,
    BadRequestError,
    DatabaseUnavailableError,
    OffhookError,
    OverloadedError,
    Problem,
    RefusedError,
    ScopeError,
    ShuttingDownError,
    UnavailableError,
)
from tests.rig.desk import Body, Fact, PlacedCall
from tests.rig.graphql_verbs import as_mutation, written_announcement, written_dialplan, written_stream

#: Longer than the service itself takes for anything: what it has to say of a request that hangs is to be heard.
_SECONDS: Final = GIVEN_UP_SECONDS + 10.0
_MOST_FACTS: Final = 200
_BAD_FORM: Final = "BAD_USER_INPUT"  # GraphQL's own refusal: the input is not of the schema's form
_SUBPROTOCOL: Final = websockets.Subprotocol("graphql-transport-ws")

_CDR: Final = """
fragment Record on Cdr {
  id callId kind direction disposition endReason { code party sipCode hangupCause } source uniqueId
  createdAt ringingAt answeredAt connectedAt endedAt ringSeconds talkSeconds durationSeconds
  agentId agentName extension dialledNumber { number } callerId { number } trunkId externalId requestId dtmf
  recordingIds tags metadata { key value } sandbox queueId queueWaitSeconds
}
"""
_EVENT: Final = (
    """
fragment Told on CallEvent {
  id cursor type timestamp sequence callSequence callId direction dialledNumber { number } callerId { number } extension
  ... on LegEvent { leg { id role party { number extension } } }
  ... on CallCreatedEvent { dialFirst recordingMode }
  ... on CallUpdatedEvent { changed }
  ... on LegRingingEvent { ringingAt }
  ... on MachineDetectionFinishedEvent { answeredBy cause isAfterBeep greetingEndedBy }
  ... on LegAnsweredEvent { answeredAt }
  ... on LegEndedEvent { endedBy hangupCause sipCode legTalk: talkSeconds endedAt answeredElsewhere }
  ... on CallConnectedEvent { connectedAt }
  ... on DtmfReceivedEvent { digit }
  ... on CallRecoveredEvent { blindFrom blindUntil }
  ... on TransferEvent { transferId method kind: transferKind }
  ... on TransferCompletedEvent { given: targetLeg { id role party { number extension } } }
  ... on TransferFailedEvent { disposition endReason { code party sipCode hangupCause } isRecalled }
  ... on SupervisionEvent { supervisionId legId supervisor { number extension } supervisionMode: mode }
  ... on SupervisionStartedEvent { listensTo { id role } }
  ... on SupervisionChangedEvent { listensTo { id role } }
  ... on SupervisionEndedEvent { supervisionReason: reason reached: disposition }
  ... on ParticipantLeftEvent { takenBy { id role } }
  ... on PlaybackEvent { playbackId }
  ... on PlaybackFinishedEvent { isStopped }
  ... on RecordingEvent { recordingId mode }
  ... on RecordingSavedEvent { saved: durationSeconds lostSeconds sizeBytes channels sha256 }
  ... on RecordingFailedEvent { reason }
  ... on FlowStepEnteredEvent { step stepKind }
  ... on FlowGatheredEvent { step attempt result digits }
  ... on FlowEndedEvent { lastStep ending failure }
  ... on VoicemailReceivedEvent { recordingId voicemail: durationSeconds }
  ... on CallEndedEvent {
    disposition endReason { code party sipCode hangupCause } durationSeconds talkSeconds cdr { ...Record }
  }
}
"""
    + _CDR
)
#: What the query calls otherwise than the facts do.
_ALIASES: Final = (
    ("given", "leg"),
    ("saved", "durationSeconds"),
    ("voicemail", "durationSeconds"),
    ("legTalk", "talkSeconds"),
    ("supervisionMode", "mode"),
    ("supervisionReason", "reason"),
    ("reached", "disposition"),
)
_ORIGINATE: Final = """
mutation ($input: OriginateCallInput!) {
  originateCall(input: $input) { call { id state } waitOutcome replayed userErrors { code message field currentState } }
}
"""
_HANG_UP: Final = """
mutation ($input: HangupCallInput!) {
  hangupCall(input: $input) { call { id } userErrors { code message field currentState } }
}
"""
_RECORD: Final = "query ($id: ID!) { call(id: $id) { cdr { ...Record } } }" + _CDR
_RECORDINGS: Final = """
query ($id: ID!) {
  call(id: $id) { recordings {
    id mode state channels durationSeconds lostSeconds sizeBytes sha256 failure legIds url { url }
    segments { kind beganAt endedAt offsetSeconds lengthSeconds legIds }
  } }
}
"""
_FACTS: Final = (
    "query ($id: ID!, $first: Int!) { events(first: $first, filter: {subjectId: $id}) { nodes { ...Told } } }" + _EVENT
)
_FOLLOW: Final = (
    "subscription ($after: String) { events(after: $after) { ... on EventDelivered { event { ...Told } } } }" + _EVENT
)

_ERRORS: Final[dict[str, type[OffhookError]]] = {
    kind.code: kind
    for kind in (
        AsteriskUnavailableError,
        AuthenticationError,
        DatabaseUnavailableError,
        OverloadedError,
        ShuttingDownError,
        UnavailableError,
    )
}


def _act(name: str) -> str:
    head = f"mutation ($input: {name[0].upper()}{name[1:]}Input!)"
    return f"{head} {{ {name}(input: $input) {{ call {{ id }} userErrors {{ code message field currentState }} }} }}"


class GraphQLLine:
    """Speaks to the service at ``url`` with the key ``token``."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token
        self._http = httpx.AsyncClient(
            timeout=_SECONDS,
            limits=httpx.Limits(max_connections=None),  # nobody waits in here for a connection
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
        )

    @classmethod
    @asynccontextmanager
    async def to(cls, url: str, token: str) -> AsyncIterator["GraphQLLine"]:
        line = cls(url, token)
        async with line._http:
            yield line

    async def originate(self, request: OriginateRequest) -> PlacedCall:
        payload = (await self.ask(_ORIGINATE, input=_as_input(request)))["originateCall"]
        _raise_refusals(payload)
        call = payload["call"]
        return PlacedCall(call["id"], call["state"], payload["waitOutcome"], payload["replayed"])

    async def act(self, subject_id: str, verb: Verb) -> None:
        name, fields = as_mutation(subject_id, verb)
        payload = (await self.ask(_act(name), input=fields))[name]
        _raise_refusals(payload)

    async def hang_up(self, call_id: str) -> None:
        _raise_refusals((await self.ask(_HANG_UP, input={"callId": call_id}))["hangupCall"])

    async def record(self, call_id: str) -> Body | None:
        cdr = (await self.ask(_RECORD, id=call_id))["call"]["cdr"]
        return None if cdr is None else _flat(cdr)

    async def recordings(self, call_id: str) -> list[Body]:
        found: list[Body] = (await self.ask(_RECORDINGS, id=call_id))["call"]["recordings"]
        return [{**one, "url": one["url"] and one["url"]["url"]} for one in found]

    async def facts(self, call_id: str) -> list[Fact]:
        nodes = (await self.ask(_FACTS, id=call_id, first=_MOST_FACTS))["events"]["nodes"]
        return [_fact(node) for node in nodes]

    async def follow(self, after: str | None) -> AsyncIterator[Fact]:
        try:
            async for data in self._subscribe(_FOLLOW, after=after):
                event = data["events"].get("event")
                if event and event.get("callSequence"):
                    yield _fact(event)
        except (OSError, websockets.WebSocketException) as error:
            raise UnavailableError(f"the socket broke: {error}") from error
        raise UnavailableError("the subscription ended")

    async def ask(self, query: str, **variables: object) -> Body:
        """The ``data`` of a query or mutation; errors as the exceptions they were."""
        try:
            response = await self._http.post(f"{self._url}/graphql", json={"query": query, "variables": variables})
        except httpx.TransportError as error:
            # Its kind says whether it was not let in, not answered, or cut off: a time-out has no other text.
            raise UnavailableError(f"the service does not answer: {type(error).__name__} {error}") from error
        answer: Body = response.json()
        if answer.get("errors"):
            raise _error_of(answer["errors"][0])
        data: Body = answer["data"]
        return data

    async def _subscribe(self, query: str, **variables: object) -> AsyncIterator[Body]:
        address = self._url.replace("http", "ws", 1) + "/graphql"
        async with websockets.connect(address, subprotocols=[_SUBPROTOCOL], proxy=None) as socket:
            opening = {"type": "connection_init", "payload": {"authorization": f"Bearer {self._token}"}}
            await socket.send(orjson.dumps(opening).decode())
            assert orjson.loads(await socket.recv())["type"] == "connection_ack"
            start = {"id": "1", "type": "subscribe", "payload": {"query": query, "variables": variables}}
            await socket.send(orjson.dumps(start).decode())
            async for text in socket:
                message = orjson.loads(text)
                match message["type"]:
                    case "next":
                        if message["payload"].get("errors"):
                            raise _error_of(message["payload"]["errors"][0])
                        yield message["payload"]["data"]
                    case "error":
                        raise _error_of(message["payload"][0])
                    case "ping":
                        await socket.send('{"type":"pong"}')
                    case "complete":
                        return


def _as_input(request: OriginateRequest) -> Body:
    destination = {"number": request.destination_number, "extension": request.destination_extension}
    connect = {
        "agentId": request.connect_agent_id,
        "extension": request.connect_extension,
        "number": request.connect_number,
        "ringGroupId": request.connect_ring_group_id,
        "queueId": request.connect_queue_id,
        "callFlowId": request.connect_call_flow_id,
        "announcement": written_announcement(request.connect_announcement),
        "mediaStream": written_stream(request.connect_media_stream),
        "dialplan": written_dialplan(request.connect_dialplan),
    }
    given: dict[str, Any] = {
        "idempotencyKey": request.idempotency_key,
        "destination": {name: value for name, value in destination.items() if value is not None},
        "connect": {name: value for name, value in connect.items() if value is not None},
        "dialFirst": request.dial_first.value,
        "callerId": request.caller_id,
        "callerIdName": request.caller_id_name,
        "queuePriority": request.queue_priority,
        "agentDisplay": request.agent_display.value,
        "destinationName": request.destination_name,
        "trunkId": request.trunk_id,
        "agentRingSeconds": request.agent_ring_seconds,
        "customerRingSeconds": request.customer_ring_seconds,
        "maxDurationSeconds": request.max_duration_seconds,
        "recordingMode": request.recording_mode.value,
        "transcribe": request.transcribe,
        "externalId": request.external_id,
        "metadata": [{"key": pair.key, "value": pair.value} for pair in request.metadata],
        "tags": list(request.tags),
        "variables": [{"key": pair.key, "value": pair.value} for pair in request.variables],
        "softphoneMessage": request.softphone_message,
        "voicePitch": request.voice_pitch,
        "detectMachine": request.detect_machine,
        "onMachine": None if request.on_machine is None else request.on_machine.value,
        "waitFor": request.wait_for.value,
    }
    return {name: value for name, value in given.items() if value is not None}


def _raise_refusals(payload: Body) -> None:
    problems = [
        Problem(error["code"], error["message"], tuple(error["field"] or ()), error["currentState"])
        for error in payload["userErrors"]
    ]
    if problems:
        raise RefusedError(problems)


def _error_of(error: Body) -> OffhookError:
    code = error.get("extensions", {}).get("code")
    if code == ScopeError.code:
        return ScopeError(error["message"])
    if code == _BAD_FORM:
        return BadRequestError(error["message"])
    kind = _ERRORS.get(code)
    # Anything else is not expected of a service in order: the test is to fail with the server's own words.
    return kind(error["message"]) if kind else OffhookError(f"{code}: {error['message']}")


def _flat(body: Body) -> Body:
    """With numbers as the facts have them, not as parties."""
    parties: Body = {name: (body[name] or {}).get("number") for name in ("dialledNumber", "callerId") if name in body}
    return {**body, **parties}


def _fact(event: Body) -> Fact:
    body = _flat(event)
    # Facts of different types have fields of one name and different types of nullness, so the query renames them.
    for alias, name in _ALIASES:
        if alias in body:
            body[name] = body.pop(alias)
    if "cdr" in body:
        body["cdr"] = _flat(body["cdr"])
    body["call"] = {name: body[name] for name in ("direction", "dialledNumber", "callerId", "extension")}
    return Fact(
        id=event["id"],
        cursor=event["cursor"],
        # LEG_RINGING is leg.ringing: one stated mapping.
        type=event["type"].lower().replace("_", ".", 1),
        call_id=event["callId"],
        call_sequence=event["callSequence"],
        sequence=int(event["sequence"]),
        at=datetime.fromisoformat(event["timestamp"]),
        body=body,
    )
