"""The domain's enums as GraphQL's: the same words, each with a description. A value without one does not start."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, cast

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from app.accounts.scopes import Scope
from app.calls.queries import CallOrder
from app.calls.requests import WaitFor, WaitOutcome
from app.cdrs.queries import CdrOrder
from app.events.feed import GapReason
from app.facts.catalogue import FACT_TYPES, graphql_name
from app.facts.event import ActorKind
from app.facts.vocabulary import (
    AgentDisplay,
    CallKind,
    CallState,
    CdrSource,
    Direction,
    Disposition,
    EndCode,
    EndParty,
    LegRole,
    LegState,
    MuteDirection,
    PauseMode,
    RecordingMode,
    RecordingState,
    SegmentKind,
    SupervisionEnd,
    SupervisionMode,
    SupervisionState,
    Tone,
    TransferKind,
    TransferState,
)
from app.numbers.lookup import LineType
from app.webhooks.model import DeliveryState


def describe(enum: type[StrEnum], description: str, values: Mapping[str, str], *, name: str | None = None) -> None:
    """Make a Python enum a GraphQL one. ``values`` describes each member by its name, and no others."""
    if set(values) != set(enum.__members__):
        raise ValueError(f"{enum.__name__}: describe exactly its members, not {sorted(values)}")
    strawberry.enum(enum, name=name, description=description)
    definition = cast("StrawberryEnumDefinition", cast("Any", enum).__strawberry_definition__)
    for value in definition.values:
        value.description = values[value.name]


_OPEN = "Expect values you do not know: this list grows."


class EventType(StrEnum):
    """The catalogue's event types under their GraphQL names; a test keeps the two equal."""

    CALL_CREATED = "call.created"
    CALL_UPDATED = "call.updated"
    LEG_DIALING = "leg.dialing"
    LEG_RINGING = "leg.ringing"
    LEG_ANSWERED = "leg.answered"
    LEG_HELD = "leg.held"
    LEG_UNHELD = "leg.unheld"
    LEG_MUTED = "leg.muted"
    LEG_UNMUTED = "leg.unmuted"
    LEG_ENDED = "leg.ended"
    CALL_CONNECTED = "call.connected"
    DTMF_RECEIVED = "dtmf.received"
    CALL_RECOVERED = "call.recovered"
    CALL_ENDED = "call.ended"
    PLAYBACK_STARTED = "playback.started"
    PLAYBACK_FINISHED = "playback.finished"
    PLAYBACK_FAILED = "playback.failed"
    TRANSFER_STARTED = "transfer.started"
    TRANSFER_COMPLETED = "transfer.completed"
    TRANSFER_CANCELLED = "transfer.cancelled"
    TRANSFER_FAILED = "transfer.failed"
    SUPERVISION_STARTED = "supervision.started"
    SUPERVISION_CHANGED = "supervision.changed"
    SUPERVISION_ENDED = "supervision.ended"
    PARTICIPANT_JOINED = "participant.joined"
    PARTICIPANT_LEFT = "participant.left"
    CALL_WAITING = "call.waiting"
    QUEUE_JOINED = "queue.joined"
    QUEUE_OFFERED = "queue.offered"
    QUEUE_LEFT = "queue.left"
    QUEUE_ABANDONED = "queue.abandoned"
    AGENT_STATE_CHANGED = "agent.state_changed"
    RECORDING_STARTED = "recording.started"
    RECORDING_PAUSED = "recording.paused"
    RECORDING_RESUMED = "recording.resumed"
    RECORDING_SAVED = "recording.saved"
    RECORDING_FAILED = "recording.failed"
    RECORDING_DELETED = "recording.deleted"
    DEVICE_REGISTERED = "device.registered"
    DEVICE_UNREGISTERED = "device.unregistered"
    TRUNK_DOWN = "trunk.down"
    TRUNK_UP = "trunk.up"
    WEBHOOK_TEST = "webhook.test"
    WEBHOOK_EXHAUSTED = "webhook.exhausted"
    WEBHOOK_DISABLED = "webhook.disabled"


def _in_graphql(text: str | None) -> str:
    """A docstring as GraphQL says it: one line, single backticks, names in camelCase."""
    line = " ".join((text or "").split()).replace("``", "`")
    return re.sub(r"`[a-z]+(?:_[a-z]+)+`", lambda name: re.sub("_(.)", lambda head: head[1].upper(), name[0]), line)


describe(
    EventType,
    "What happened. The value is the public name in capitals with `_` for `.`: `CALL_CONNECTED` is `call.connected` in "
    "webhooks, and the type `CallConnectedEvent` here. " + _OPEN,
    {graphql_name(name): f"`{name}`: {_in_graphql(fact.__doc__)}" for name, fact in FACT_TYPES.items()},
)
describe(
    CallState,
    "Where a call stands. " + _OPEN,
    {
        "PENDING": "Accepted and stored; nothing has been dialled yet.",
        "DIALING": "A leg is being dialled; its far end has not answered our signalling yet.",
        "RINGING": "A phone rings.",
        "WAITING_IN_QUEUE": "The customer waits for an agent in a queue.",
        "ANSWERED": "One party is on the line, the other is still to come.",
        "CONNECTED": "Both parties are bridged and can talk.",
        "ENDED": "The last leg is gone. The call detail record is written.",
    },
)
describe(
    CallKind,
    "Why a call exists. " + _OPEN,
    {
        "CLICK_TO_CALL": "Placed by `originateCall`.",
        "CAMPAIGN": "Dialled by a campaign.",
        "OTP": "Speaks a one-time password.",
        "CALLBACK": "A callback that somebody scheduled.",
        "INBOUND": "Somebody called one of the account's numbers.",
        "INTERNAL": "Between two extensions.",
    },
)
describe(
    Direction,
    "Which way a call crosses the account's border.",
    {
        "OUTBOUND": "From the account to an outside number.",
        "INBOUND": "From an outside number to the account.",
        "INTERNAL": "Between the account's own extensions.",
    },
)
describe(
    LegRole,
    "Whom a leg reaches. " + _OPEN,
    {
        "AGENT": "The account's side.",
        "CUSTOMER": "The other side: the destination.",
        "SUPERVISOR": "A supervisor, who hears the talk without being one of those who talk.",
        "PARTICIPANT": "Somebody who was called into the talk of the two.",
    },
)
describe(
    SupervisionMode,
    "What a supervisor does with the talk.",
    {
        "MONITOR": "Hears all, is heard by nobody.",
        "WHISPER": "Hears all, is heard by the agent alone.",
        "BARGE": "Hears all, is heard by all.",
    },
)
describe(
    SupervisionState,
    "Where a supervision stands.",
    {
        "RINGING": "The supervisor's phone is called.",
        "JOINING": "The supervisor has answered, and is being let in; or waits for somebody in the agent's place.",
        "ACTIVE": "The supervisor hears the talk.",
    },
)
describe(
    SupervisionEnd,
    "Why a supervision ended. " + _OPEN,
    {
        "STOPPED": "By request.",
        "HANGUP": "The supervisor hung up.",
        "NOT_REACHED": "The supervisor did not answer: busy, no answer, unreachable.",
        "CALL_ENDED": "The call ended.",
        "FAILED": "Asterisk could not let the supervisor in.",
    },
)
describe(
    LegState,
    "Where a leg stands. " + _OPEN,
    {
        "PLANNED": "Not dialled yet; its turn comes later, or never.",
        "CREATING": "Its channel is being made in Asterisk.",
        "DIALING": "Dialled; the far end has not said that it rings.",
        "RINGING": "The far end rings.",
        "UP": "Answered.",
        "ENDED": "Gone.",
    },
)
describe(
    Tone,
    "A tone that callers know. What it sounds like is the country's that the Asterisk is set to.",
    {
        "DIAL": "Dial a number.",
        "RING": "It rings at the other end.",
        "BUSY": "Busy.",
        "CONGESTION": "The network is busy.",
        "BEEP": "A short beep.",
    },
)
describe(
    TransferKind,
    "Whether whoever transfers speaks to the target first.",
    {
        "BLIND": "No: whoever transfers is let go at once, and the target rings.",
        "ATTENDED": "Yes: the transferee is held until `completeTransfer`.",
    },
)
describe(
    TransferState,
    "Where a transfer under way stands. " + _OPEN,
    {
        "DIALING": "The target is dialled, or rings.",
        "CONSULTING": "Whoever transfers speaks to the target; the transferee is held.",
        "RECALLING": "The target could not be had, and whoever transferred is called back.",
    },
)
describe(
    MuteDirection,
    "Which way a leg is silenced.",
    {
        "IN": "The others do not hear it.",
        "OUT": "It does not hear the others.",
        "BOTH": "Neither way.",
    },
)
describe(
    RecordingMode,
    "Whose voice is recorded.",
    {
        "OFF": "Nobody's.",
        "AGENT": "The agent's alone, mono.",
        "CUSTOMER": "The customer's alone, mono.",
        "BOTH": "Both, in one stereo file: agent left, customer right.",
    },
)
describe(
    RecordingState,
    "Where a recording stands. " + _OPEN,
    {
        "PENDING": "Asked for; Asterisk is not writing yet.",
        "RECORDING": "Asterisk is writing.",
        "COLLECTING": "Finished in Asterisk, on its way into Offhook's store.",
        "SAVED": "In the store, whole. Only now is there an address to fetch it from.",
        "PAUSED": "Asterisk is writing, and nothing of what is said now gets into the file.",
        "FAILED": "No recording came of it; `failure` says why.",
        "DELETED": "The file is deleted, by request or because its time was over.",
    },
)
describe(
    PauseMode,
    "What the file has of a pause.",
    {"SKIP": "Nothing: it goes on with what is said after it.", "SILENCE": "Silence, as long as the pause was."},
)
describe(
    SegmentKind,
    "What a stretch of a recording is. " + _OPEN,
    {
        "TALK": "What the parties say to each other.",
        "APART": "Silence: one of the two was on hold, consulted, or was not there; nobody was recorded meanwhile.",
        "PAUSED": "A pause.",
    },
)
describe(
    AgentDisplay,
    "What the agent's phone shows as the caller.",
    {
        "DESTINATION": "The customer's number, and `destinationName`.",
        "CALLER_ID": "The number that the customer sees.",
        "CUSTOM": "`destinationName` alone.",
    },
)
describe(
    Disposition,
    "How a call came out: the outcome of the leg that decided it. " + _OPEN,
    {
        "ANSWERED": "Both parties were connected.",
        "BUSY": "The deciding party was busy.",
        "NO_ANSWER": "It rang until the time was up.",
        "CANCELLED": "The call was given up before both were connected.",
        "REJECTED": "The deciding party declined.",
        "UNREACHABLE": "The deciding party's phone is not there or not registered.",
        "INVALID_NUMBER": "There is no such number.",
        "CONGESTION": "The network had no room.",
        "FAILED": "A fault in Offhook, Asterisk or on the way.",
        "MACHINE": "An answering machine took the call.",
        "VOICEMAIL": "It went to voicemail.",
        "ABANDONED": "The customer hung up while it waited for an agent.",
        "DNC": "The number is on a do-not-call list; nothing was dialled.",
        "BLOCKED": "A rule kept the call from being dialled.",
    },
)
describe(
    EndParty,
    "On whose side the end of a call or leg lies.",
    {
        "AGENT": "The agent's.",
        "CUSTOMER": "The customer's.",
        "SYSTEM": "Offhook's: a request, a limit or a fault.",
        "SUPERVISOR": "A supervisor's.",
        "PARTICIPANT": "That of somebody who was called into the talk.",
    },
)
describe(
    EndCode,
    "Why a call ended, in one word. " + _OPEN,
    {
        "HANGUP": "A party hung up: one of the two that were connected, or the one that was alone on the line and did "
        "not wait for the other.",
        "BUSY": "The party was busy.",
        "NO_ANSWER": "The party did not answer before its ring time was up.",
        "REJECTED": "The party declined.",
        "UNREACHABLE": "The party's phone is not there, or Asterisk has no way to it.",
        "INVALID_NUMBER": "There is no such number.",
        "CONGESTION": "The network had no room, or answered with a fault of its own (SIP 5xx).",
        "NETWORK_FAILURE": "The leg failed before it was answered, for a reason that none of the others names.",
        "API_HANGUP": "A request hung up: `hangupCall`.",
        "MAX_DURATION": "`maxDurationSeconds` was reached.",
        "DIAL_FAILED": "Asterisk did not get as far as dialling.",
        "BRIDGE_FAILED": "Asterisk could not connect the two legs.",
        "NODE_LOST": "The Asterisk that carried the call went away.",
        "TRANSFER_FAILED": "A transfer could not be done, and the party that was left had nobody to talk to.",
        "SERVICE_AWAY": "Offhook was not there when the call came in; Asterisk told the caller to try later.",
        "QUEUE_TIMEOUT": "Nobody was found for the caller: the queue's wait limit or length was met, and its overflow "
        "led nowhere.",
    },
)
describe(
    CdrSource,
    "How the end of a call was learnt. " + _OPEN,
    {
        "LIVE": "Watched as it happened.",
        "RECOVERED": "Put together after Offhook could not watch for a while.",
        "BACKFILL": "Added later from another record.",
    },
)
describe(
    WaitFor,
    "How far a call has to get before `originateCall` answers.",
    {
        "CREATED": "Answer as soon as the call is stored.",
        "FIRST_ANSWER": "Until either party answers.",
        "AGENT_ANSWERED": "Until the agent answers.",
        "CONNECTED": "Until both parties can talk. A call that fails before is no error: it comes back with "
        "`waitOutcome: CALL_ENDED` and empty `userErrors`.",
    },
)
describe(
    WaitOutcome,
    "Whether the call got as far as `waitFor` asked.",
    {
        "REACHED": "It did, though it may have ended since.",
        "CALL_ENDED": "Its end was decided before it got there. `call` is there all the same and says how it came out; "
        "`userErrors` is empty.",
        "TIMED_OUT": "It did not within 55 seconds. The call goes on; the same request with the same key waits again.",
    },
)
describe(
    ActorKind,
    "Who set something in motion. " + _OPEN,
    {
        "API_KEY": "A request made with an API key.",
        "SYSTEM": "Offhook itself.",
        "PARTY": "A party of the call.",
    },
)
describe(
    LineType,
    "What kind of line a number is, as far as its range tells. " + _OPEN,
    {
        "FIXED_LINE": "A fixed line.",
        "MOBILE": "A mobile phone.",
        "FIXED_LINE_OR_MOBILE": "Either: the range does not tell (as in North America).",
        "TOLL_FREE": "Free for who calls.",
        "PREMIUM_RATE": "Costs extra.",
        "SHARED_COST": "Cost shared between both sides.",
        "VOIP": "A voice-over-IP service.",
        "PERSONAL_NUMBER": "A personal number that may lead anywhere.",
        "PAGER": "A pager.",
        "UNIVERSAL_ACCESS": "A company's number for the whole country.",
        "VOICEMAIL": "A voicemail access number.",
        "SANDBOX": "One of the sandbox's made-up numbers.",
        "UNKNOWN": "The range does not tell.",
    },
)
describe(
    GapReason,
    "Why a subscriber did not get events as they happened. " + _OPEN,
    {"SLOW_SUBSCRIBER": "It read more slowly than events came, by a whole queue."},
)
describe(
    DeliveryState,
    "Where a webhook delivery stands. " + _OPEN,
    {
        "PENDING": "To be sent, or to be sent again at `nextAttemptAt`.",
        "DELIVERED": "The endpoint answered with a 2xx status.",
        "EXHAUSTED": "The last attempt failed; the event stays in the log.",
        "DROPPED": "Can no longer be delivered: the endpoint was deleted, or became `CLASSIC`, which has no body for "
        "it; or the event is past retention.",
    },
)
describe(
    CallOrder,
    "The order of a list of calls. Ties are broken by id.",
    {"CREATED_AT_DESC": "Newest first.", "CREATED_AT_ASC": "Oldest first."},
)
describe(
    CdrOrder,
    "The order of a list of call detail records. Ties are broken by id.",
    {
        "CREATED_AT_DESC": "Newest first.",
        "CREATED_AT_ASC": "Oldest first.",
        "DURATION_DESC": "Longest first, counted from creation to end.",
        "DURATION_ASC": "Shortest first, counted from creation to end.",
        "TALK_DESC": "Longest talk first.",
        "TALK_ASC": "Shortest talk first.",
    },
)
describe(
    Scope,
    "What an API key may do; the value is the scope's name in capitals with `_` for `:`. " + _OPEN,
    {
        "CALLS_READ": "`calls:read`: see calls, legs and events.",
        "CALLS_ORIGINATE": "`calls:originate`: place calls.",
        "CALLS_CONTROL": "`calls:control`: change and end calls.",
        "SUPERVISE": "`supervise`: listen to calls, whisper and barge in.",
        "RECORDINGS_READ": "`recordings:read`: see recordings and fetch them.",
        "RECORDINGS_DELETE": "`recordings:delete`: delete recordings.",
        "CDRS_READ": "`cdrs:read`: see call detail records.",
        "ROUTING": "`routing`: see and change extensions, devices, groups, queues, trunks, numbers and routes.",
        "AGENTS": "`agents`: see and change agents.",
        "WEBHOOKS_READ": "`webhooks:read`: see webhook endpoints and deliveries.",
        "WEBHOOKS_WRITE": "`webhooks:write`: make, change and delete webhook endpoints.",
        "KEYS": "`keys`: make and revoke API keys.",
        "AUDIT": "`audit`: read the audit log.",
        "PII_READ": "`pii:read`: see telephone numbers whole.",
        "DTMF_READ": "`dtmf:read`: see which keys were pressed.",
    },
)
