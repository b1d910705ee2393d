"""Words that facts, the call model, CDRs and GraphQL share.

Enums are open to growth: clients are told to expect values they do not know yet.
"""

from enum import StrEnum

import msgspec


class CallState(StrEnum):
    """Where a call stands, as the outside sees it."""

    PENDING = "PENDING"
    DIALING = "DIALING"
    RINGING = "RINGING"
    WAITING_IN_QUEUE = "WAITING_IN_QUEUE"
    ANSWERED = "ANSWERED"
    CONNECTED = "CONNECTED"
    ENDED = "ENDED"


class CallKind(StrEnum):
    """Why the call exists."""

    CLICK_TO_CALL = "CLICK_TO_CALL"
    CAMPAIGN = "CAMPAIGN"
    OTP = "OTP"
    CALLBACK = "CALLBACK"
    INBOUND = "INBOUND"
    INTERNAL = "INTERNAL"


class Direction(StrEnum):
    """Which way the call crosses the account's border."""

    OUTBOUND = "OUTBOUND"
    INBOUND = "INBOUND"
    INTERNAL = "INTERNAL"


class LegRole(StrEnum):
    """Whom a leg reaches: who sits in one of the two seats of the talk, or who was called in besides."""

    AGENT = "AGENT"
    CUSTOMER = "CUSTOMER"
    SUPERVISOR = "SUPERVISOR"
    PARTICIPANT = "PARTICIPANT"


class LegState(StrEnum):
    """Where a leg stands."""

    PLANNED = "PLANNED"
    CREATING = "CREATING"
    DIALING = "DIALING"
    RINGING = "RINGING"
    UP = "UP"
    ENDED = "ENDED"


class MuteDirection(StrEnum):
    """Which way a leg is silenced: IN, what it says is not heard; OUT, it hears nothing."""

    IN = "IN"
    OUT = "OUT"
    BOTH = "BOTH"


class Tone(StrEnum):
    """A tone that callers know, in the tone zone of the Asterisk."""

    DIAL = "DIAL"
    RING = "RING"
    BUSY = "BUSY"
    CONGESTION = "CONGESTION"
    BEEP = "BEEP"


class TransferKind(StrEnum):
    """Whether whoever transfers speaks to the target first."""

    BLIND = "BLIND"
    ATTENDED = "ATTENDED"


class AnsweredBy(StrEnum):
    """What has answered, as far as Asterisk can tell."""

    HUMAN = "HUMAN"
    MACHINE = "MACHINE"
    FAX = "FAX"
    UNKNOWN = "UNKNOWN"


class GreetingEnd(StrEnum):
    """What a machine's greeting was found to be over by."""

    BEEP = "BEEP"
    SILENCE = "SILENCE"


class MachineAction(StrEnum):
    """What is done when an answering machine has answered: hang up, go on after its beep, or connect the agent."""

    HANG_UP = "HANG_UP"
    GO_ON = "GO_ON"
    CONNECT = "CONNECT"


class TransferMethod(StrEnum):
    """Who calls the target: we, or the device of whoever is transferred, which is told to (SIP REFER)."""

    BRIDGE = "BRIDGE"
    REFER = "REFER"


class TransferState(StrEnum):
    """Where a transfer under way stands."""

    DIALING = "DIALING"
    WAITING = "WAITING"
    CONSULTING = "CONSULTING"
    RECALLING = "RECALLING"


class SupervisionMode(StrEnum):
    """What a supervisor does with the talk it hears: nothing, speak to the agent alone, or speak to all."""

    MONITOR = "MONITOR"
    WHISPER = "WHISPER"
    BARGE = "BARGE"


class SupervisionState(StrEnum):
    """Where a supervision stands: the supervisor's phone rings, it is being let in, or it hears."""

    RINGING = "RINGING"
    JOINING = "JOINING"
    ACTIVE = "ACTIVE"


class SupervisionEnd(StrEnum):
    """Why a supervision ended."""

    STOPPED = "STOPPED"
    HANGUP = "HANGUP"
    NOT_REACHED = "NOT_REACHED"
    CALL_ENDED = "CALL_ENDED"
    FAILED = "FAILED"


class MediaStreamState(StrEnum):
    """Where a media stream stands: its program is being reached, or leg and program hear each other."""

    CONNECTING = "CONNECTING"
    ACTIVE = "ACTIVE"


class MediaStreamEnd(StrEnum):
    """Why a media stream ended, or did not come about."""

    STOPPED = "STOPPED"
    BOT_CLOSED = "BOT_CLOSED"
    BOT_LOST = "BOT_LOST"
    BOT_UNREACHABLE = "BOT_UNREACHABLE"
    BOT_REFUSED = "BOT_REFUSED"
    BOT_PROTOCOL = "BOT_PROTOCOL"
    BOT_FLOODED = "BOT_FLOODED"
    URL_NOT_ALLOWED = "URL_NOT_ALLOWED"
    LEG_ENDED = "LEG_ENDED"
    LEG_MOVED = "LEG_MOVED"
    CALL_ENDED = "CALL_ENDED"
    MEDIA_LOST = "MEDIA_LOST"
    OVERLOADED = "OVERLOADED"
    FAILED = "FAILED"
    SERVICE_RESTARTED = "SERVICE_RESTARTED"


class RecordingMode(StrEnum):
    """Whose voice is recorded; BOTH is one stereo file, agent left, customer right."""

    OFF = "OFF"
    AGENT = "AGENT"
    CUSTOMER = "CUSTOMER"
    BOTH = "BOTH"


class RecordingState(StrEnum):
    """Where a recording stands."""

    PENDING = "PENDING"
    RECORDING = "RECORDING"
    PAUSED = "PAUSED"
    COLLECTING = "COLLECTING"
    SAVED = "SAVED"
    FAILED = "FAILED"
    DELETED = "DELETED"


class RecordingKind(StrEnum):
    """What a recording is of: a talk, a message that was left, or what a call flow asked its caller to say."""

    CALL = "CALL"
    VOICEMAIL = "VOICEMAIL"
    MESSAGE = "MESSAGE"


class PauseMode(StrEnum):
    """What a recording's file has of a pause: nothing at all, or as much silence."""

    SKIP = "SKIP"
    SILENCE = "SILENCE"


class SegmentKind(StrEnum):
    """What a stretch of a recording is: talk; silence, while one of the two who talk was away; or a pause."""

    TALK = "TALK"
    APART = "APART"
    PAUSED = "PAUSED"


class AgentDisplay(StrEnum):
    """What the agent's phone shows as the caller."""

    DESTINATION = "DESTINATION"
    CALLER_ID = "CALLER_ID"
    CUSTOM = "CUSTOM"


class Disposition(StrEnum):
    """How a call came out: the outcome of the leg that decided it."""

    ANSWERED = "ANSWERED"
    BUSY = "BUSY"
    NO_ANSWER = "NO_ANSWER"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    UNREACHABLE = "UNREACHABLE"
    INVALID_NUMBER = "INVALID_NUMBER"
    CONGESTION = "CONGESTION"
    FAILED = "FAILED"
    MACHINE = "MACHINE"
    VOICEMAIL = "VOICEMAIL"
    ABANDONED = "ABANDONED"
    DNC = "DNC"
    BLOCKED = "BLOCKED"


class EndParty(StrEnum):
    """On whose side the end of a call or leg lies."""

    AGENT = "AGENT"
    CUSTOMER = "CUSTOMER"
    SYSTEM = "SYSTEM"
    SUPERVISOR = "SUPERVISOR"
    PARTICIPANT = "PARTICIPANT"


class EndCode(StrEnum):
    """Why a call ended, in one word."""

    HANGUP = "HANGUP"
    BUSY = "BUSY"
    NO_ANSWER = "NO_ANSWER"
    REJECTED = "REJECTED"
    UNREACHABLE = "UNREACHABLE"
    INVALID_NUMBER = "INVALID_NUMBER"
    CONGESTION = "CONGESTION"
    NETWORK_FAILURE = "NETWORK_FAILURE"
    API_HANGUP = "API_HANGUP"
    MAX_DURATION = "MAX_DURATION"
    DIAL_FAILED = "DIAL_FAILED"
    BRIDGE_FAILED = "BRIDGE_FAILED"
    NODE_LOST = "NODE_LOST"
    TRANSFER_FAILED = "TRANSFER_FAILED"
    TRANSFERRED = "TRANSFERRED"
    SERVICE_AWAY = "SERVICE_AWAY"
    QUEUE_TIMEOUT = "QUEUE_TIMEOUT"
    FLOW_ENDED = "FLOW_ENDED"
    FLOW_FAILED = "FLOW_FAILED"
    FAX = "FAX"
    ANNOUNCEMENT_ENDED = "ANNOUNCEMENT_ENDED"
    ANNOUNCEMENT_FAILED = "ANNOUNCEMENT_FAILED"
    MEDIA_STREAM_ENDED = "MEDIA_STREAM_ENDED"
    MEDIA_STREAM_FAILED = "MEDIA_STREAM_FAILED"
    DIALPLAN_ENDED = "DIALPLAN_ENDED"
    DIALPLAN_FAILED = "DIALPLAN_FAILED"
    TRUNK_FULL = "TRUNK_FULL"
    LIMIT_REACHED = "LIMIT_REACHED"
    MACHINE = "MACHINE"
    DNC = "DNC"


class CdrSource(StrEnum):
    """How the end of a call was learnt: watched live, or put together after a gap."""

    LIVE = "LIVE"
    RECOVERED = "RECOVERED"
    BACKFILL = "BACKFILL"


class Nearness(StrEnum):
    """How near a caller id is to whoever sees it, as far as their digits tell."""

    SAME_AREA = "SAME_AREA"
    SAME_COUNTRY = "SAME_COUNTRY"
    ELSEWHERE = "ELSEWHERE"


class Words(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of all structs that are stored or sent as JSON: frozen, keyword-only, camelCase on the wire."""


class Pair(Words, frozen=True, kw_only=True):
    """One of the caller's own key-value pairs, kept and echoed unread."""

    key: str
    value: str


class Money(Words, frozen=True, kw_only=True):
    """An amount, as people write it (``12.5``), and its currency (ISO 4217)."""

    amount: str
    currency: str


class Party(Words, frozen=True, kw_only=True):
    """Who is at an end: a number in E.164, a display name, an extension; any may be absent."""

    number: str | None = None
    display: str | None = None
    extension: str | None = None
    is_anonymous: bool = False


class Errand(Words, frozen=True, kw_only=True, omit_defaults=True):
    """What Offhook places a call for, by the ids of it: a contact of a campaign, a callback, or a one-time password."""

    campaign_id: str | None = None
    contact_id: str | None = None
    contact_list_id: str | None = None
    callback_id: str | None = None
    otp_id: str | None = None


class Quality(Words, frozen=True, kw_only=True):
    """How it sounded in the worse of its two directions: mean opinion score (1 to 4.41, by ITU-T G.107), the share of
    packets that was lost, and how unevenly they came, in milliseconds.
    """

    mos: float
    loss_percent: float
    jitter_ms: float


class EndReason(Words, frozen=True, kw_only=True):
    """Why and on whose side a call ended.

    ``sip_code`` is the far end's final SIP status where it gave one, ``hangup_cause`` the Q.850 cause of the leg
    that decided.
    """

    code: EndCode
    party: EndParty
    sip_code: int | None = None
    hangup_cause: int | None = None
