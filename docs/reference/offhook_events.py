"""The events of Offhook, as webhooks carry them. Generated: `offhook schema events` writes this file
for the version that you run. Fields are added over time, and types of events.
"""


from typing import Literal, NotRequired, TypeAlias, TypedDict


# Who set something in motion. Expect values that are not named here: lists of values grow.
ActorKind: TypeAlias = Literal["API_KEY", "PARTY", "SYSTEM"]


# What an agent does, for queues. Expect values that are not named here: lists of values grow.
AgentState: TypeAlias = Literal["AVAILABLE", "BUSY", "OFFLINE", "PAUSED", "WRAP_UP"]


# What has answered, as far as Asterisk can tell. Expect values that are not named here: lists of
# values grow.
AnsweredBy: TypeAlias = Literal["FAX", "HUMAN", "MACHINE", "UNKNOWN"]


# Why the call exists. Expect values that are not named here: lists of values grow.
CallKind: TypeAlias = Literal["CALLBACK", "CAMPAIGN", "CLICK_TO_CALL", "INBOUND", "INTERNAL", "OTP"]


# Why a callback came to nothing. Expect values that are not named here: lists of values grow.
CallbackFailure: TypeAlias = Literal["DNC", "MISSED", "NOT_CONNECTED", "REFUSED"]


# What whoever answers gets: words or a file, a call flow, or an agent. Expect values that are not
# named here: lists of values grow.
CampaignKind: TypeAlias = Literal["AGENT", "ANNOUNCEMENT", "FLOW"]


# A cap of an account. Expect values that are not named here: lists of values grow.
Cap: TypeAlias = Literal["CALLS_PER_SECOND", "CONCURRENT_CALLS", "DAILY_SPEND"]


# How the end of a call was learnt: watched live, or put together after a gap. Expect values that are
# not named here: lists of values grow.
CdrSource: TypeAlias = Literal["BACKFILL", "LIVE", "RECOVERED"]


# Why a recording was deleted: somebody asked for that, its time was over, or a person is to be
# forgotten. Expect values that are not named here: lists of values grow.
DeletionReason: TypeAlias = Literal["ERASURE", "REQUESTED", "RETENTION"]


# Why a device can no longer be reached. Expect values that are not named here: lists of values grow.
DeviceGone: TypeAlias = Literal["DELETED", "ENDED", "UNREACHABLE"]


# Which way the call crosses the account's border. Expect values that are not named here: lists of
# values grow.
Direction: TypeAlias = Literal["INBOUND", "INTERNAL", "OUTBOUND"]


# How a call came out: the outcome of the leg that decided it. Expect values that are not named here:
# lists of values grow.
Disposition: TypeAlias = Literal["ABANDONED", "ANSWERED", "BLOCKED", "BUSY", "CANCELLED", "CONGESTION", "DNC", "FAILED", "INVALID_NUMBER", "MACHINE", "NO_ANSWER", "REJECTED", "UNREACHABLE", "VOICEMAIL"]


# How a number came onto a list. Expect values that are not named here: lists of values grow.
DncSource: TypeAlias = Literal["API", "IMPORT", "OPT_OUT"]


# Why a call ended, in one word. Expect values that are not named here: lists of values grow.
EndCode: TypeAlias = Literal["ANNOUNCEMENT_ENDED", "ANNOUNCEMENT_FAILED", "API_HANGUP", "BRIDGE_FAILED", "BUSY", "CONGESTION", "DIALPLAN_ENDED", "DIALPLAN_FAILED", "DIAL_FAILED", "DNC", "FAX", "FLOW_ENDED", "FLOW_FAILED", "HANGUP", "INVALID_NUMBER", "LIMIT_REACHED", "MACHINE", "MAX_DURATION", "MEDIA_STREAM_ENDED", "MEDIA_STREAM_FAILED", "NETWORK_FAILURE", "NODE_LOST", "NO_ANSWER", "QUEUE_TIMEOUT", "REJECTED", "SERVICE_AWAY", "TRANSFERRED", "TRANSFER_FAILED", "TRUNK_FULL", "UNREACHABLE"]


# On whose side the end of a call or leg lies. Expect values that are not named here: lists of values
# grow.
EndParty: TypeAlias = Literal["AGENT", "CUSTOMER", "PARTICIPANT", "SUPERVISOR", "SYSTEM"]


# Why a campaign is finished: every contact has its outcome, or the campaign's end has come. Expect
# values that are not named here: lists of values grow.
FinishReason: TypeAlias = Literal["ALL_DONE", "END_REACHED"]


# How a caller left a call flow. Expect values that are not named here: lists of values grow.
FlowEnding: TypeAlias = Literal["COMPLETED", "CONNECTED", "FAILED", "HANDED_ON", "HANGUP", "QUEUED", "STOPPED"]


# What came of asking for digits. Expect values that are not named here: lists of values grow.
GatherResult: TypeAlias = Literal["MATCHED", "NO_INPUT", "NO_MATCH"]


# Why a contact is not tried again. Expect values that are not named here: lists of values grow.
GivenUp: TypeAlias = Literal["ANSWERED", "CAMPAIGN_OVER", "NEVER_RETRIED", "NOT_IN_RETRY_ON", "NO_RETRIES_LEFT"]


# What a machine's greeting was found to be over by. Expect values that are not named here: lists of
# values grow.
GreetingEnd: TypeAlias = Literal["BEEP", "SILENCE"]


# What a job does. Expect values that are not named here: lists of values grow.
JobKind: TypeAlias = Literal["CONTACT_IMPORT", "DNC_IMPORT", "ERASURE", "EXPORT", "TRANSCRIPTION"]


# Whom a leg reaches: who sits in one of the two seats of the talk, or who was called in besides.
# Expect values that are not named here: lists of values grow.
LegRole: TypeAlias = Literal["AGENT", "CUSTOMER", "PARTICIPANT", "SUPERVISOR"]


# Why a media stream ended, or did not come about. Expect values that are not named here: lists of
# values grow.
MediaStreamEnd: TypeAlias = Literal["BOT_CLOSED", "BOT_FLOODED", "BOT_LOST", "BOT_PROTOCOL", "BOT_REFUSED", "BOT_UNREACHABLE", "CALL_ENDED", "FAILED", "LEG_ENDED", "LEG_MOVED", "MEDIA_LOST", "OVERLOADED", "SERVICE_RESTARTED", "STOPPED", "URL_NOT_ALLOWED"]


# Which way a leg is silenced: IN, what it says is not heard; OUT, it hears nothing. Expect values
# that are not named here: lists of values grow.
MuteDirection: TypeAlias = Literal["BOTH", "IN", "OUT"]


# Why a one-time password was not told to anybody. Expect values that are not named here: lists of
# values grow.
OtpFailure: TypeAlias = Literal["NOT_ANSWERED", "NOT_PLACED", "NOT_SPOKEN", "REFUSED"]


# What a recording's file has of a pause: nothing at all, or as much silence. Expect values that are
# not named here: lists of values grow.
PauseMode: TypeAlias = Literal["SILENCE", "SKIP"]


# Why a campaign is paused: somebody asked for it, its trunk fails again and again, no call can be
# placed as it is set up (its caller id is not the account's any more, say), or agents let so many
# calls ring that its cap on abandoned calls bears no more. Expect values that are not named here:
# lists of values grow.
PauseReason: TypeAlias = Literal["CALLS_REFUSED", "REQUESTED", "TOO_MANY_ABANDONED", "TRUNK_FAILED"]


# Why a caller no longer waits. Expect values that are not named here: lists of values grow.
QueueLeaving: TypeAlias = Literal["ABANDONED", "ANSWERED", "ENDED", "FULL", "NO_AGENTS", "TIMEOUT"]


# Whose voice is recorded; BOTH is one stereo file, agent left, customer right. Expect values that are
# not named here: lists of values grow.
RecordingMode: TypeAlias = Literal["AGENT", "BOTH", "CUSTOMER", "OFF"]


# Why a contact is not called by this campaign at all. Expect values that are not named here: lists of
# values grow.
SkipReason: TypeAlias = Literal["CALL_FAILED", "CAMPAIGN_OVER", "CAP_OUTLASTS_CAMPAIGN", "DESTINATION_DENIED", "DNC", "NOT_REACHED", "NO_COMMON_WINDOW", "REMOVED", "WINDOW_AFTER_END", "ZONE_UNKNOWN"]


# Why a supervision ended. Expect values that are not named here: lists of values grow.
SupervisionEnd: TypeAlias = Literal["CALL_ENDED", "FAILED", "HANGUP", "NOT_REACHED", "STOPPED"]


# What a supervisor does with the talk it hears: nothing, speak to the agent alone, or speak to all.
# Expect values that are not named here: lists of values grow.
SupervisionMode: TypeAlias = Literal["BARGE", "MONITOR", "WHISPER"]


# Who has suspended an account. Expect values that are not named here: lists of values grow.
SuspendedBy: TypeAlias = Literal["ACCOUNT", "OPERATOR"]


# Whether whoever transfers speaks to the target first. Expect values that are not named here: lists
# of values grow.
TransferKind: TypeAlias = Literal["ATTENDED", "BLIND"]


# Who calls the target: we, or the device of whoever is transferred, which is told to (SIP REFER).
# Expect values that are not named here: lists of values grow.
TransferMethod: TypeAlias = Literal["BRIDGE", "REFER"]


class AccountResumed(TypedDict):
    """The account is no longer suspended."""


class AccountSuspended(TypedDict):
    """The account is suspended: nothing is dialled for it. `endsCalls`: its live calls are hung up as
    well.
    """

    suspendedBy: SuspendedBy
    endsCalls: bool
    reason: str | None


class Actor(TypedDict):
    """Who set something in motion: an API key by its id, a party of the call, or Offhook itself."""

    kind: ActorKind
    id: str | None


class AgentStateChanged(TypedDict):
    """What an agent does has changed, or which queues it serves (`queueIds`). `since` is when the
    state began. `callId` and `queueId` are those of a queue's caller that it is rung for or talks
    to.
    """

    agentId: str
    state: AgentState
    previous: AgentState
    since: str
    reason: str | None
    wrapsUpUntil: str | None
    queueId: str | None
    callId: str | None
    queueIds: list[str]


class Pair(TypedDict):
    """One of the caller's own key-value pairs, kept and echoed unread."""

    key: str
    value: str


class Errand(TypedDict):
    """What Offhook places a call for, by the ids of it: a contact of a campaign, a callback, or a one-
    time password.
    """

    campaignId: NotRequired[str | None]
    contactId: NotRequired[str | None]
    contactListId: NotRequired[str | None]
    callbackId: NotRequired[str | None]
    otpId: NotRequired[str | None]


class CallRef(TypedDict):
    """The call a fact is about, with everything a CRM needs to file it without asking back. `uniqueId`
    is the id of the first leg's channel in Asterisk. `errand`: what Offhook placed it for by
    itself.
    """

    id: str
    kind: CallKind
    direction: Direction
    uniqueId: str
    dialledNumber: str | None
    extension: str | None
    callerId: str | None
    externalId: str | None
    metadata: list[Pair]
    tags: list[str]
    errand: Errand | None


class CallConnected(TypedDict):
    """Both parties are bridged and can talk."""

    call: CallRef
    connectedAt: str


class Party(TypedDict):
    """Who is at an end: a number in E.164, a display name, an extension; any may be absent."""

    number: str | None
    display: str | None
    extension: str | None
    isAnonymous: bool


class CallCreated(TypedDict):
    """The call was accepted and stored; nothing has rung yet."""

    call: CallRef
    agent: Party
    customer: Party
    dialFirst: LegRole
    recordingMode: RecordingMode


class EndReason(TypedDict):
    """Why and on whose side a call ended. `sipCode` is the far end's final SIP status where it gave
    one, `hangupCause` the Q.850 cause of the leg that decided.
    """

    code: EndCode
    party: EndParty
    sipCode: int | None
    hangupCause: int | None


class Quality(TypedDict):
    """How it sounded in the worse of its two directions: mean opinion score (1 to 4.41, by ITU-T
    G.107), the share of packets that was lost, and how unevenly they came, in milliseconds.
    """

    mos: float
    lossPercent: float
    jitterMs: float


class CdrRecord(TypedDict):
    """A call detail record: written once, when the call has ended, and never changed. Durations are
    seconds and derive from the instants: `ring` from the first dialling to the answer (or end) of
    the leg that decided, `talk` from connection to end, `duration` from creation to end. A contact
    that a campaign never called, because it must not, has a record without a call: DNC. `quality`
    is that of the leg that sounded worst; null when nothing was counted, or it was not kept.
    """

    id: str
    callId: str | None
    kind: CallKind
    direction: Direction
    disposition: Disposition
    endReason: EndReason
    source: CdrSource
    uniqueId: str
    createdAt: str
    endedAt: str
    agent: Party
    customer: Party
    ringSeconds: float
    talkSeconds: float
    durationSeconds: float
    agentId: str | None
    agentName: str | None
    extension: str | None
    dialledNumber: str | None
    callerId: str | None
    callerIdName: str | None
    trunkId: str | None
    externalId: str | None
    requestId: str | None
    ringingAt: str | None
    answeredAt: str | None
    connectedAt: str | None
    dtmf: str | None
    recordingIds: list[str]
    metadata: list[Pair]
    tags: list[str]
    isSandbox: bool
    quality: Quality | None
    queueId: str | None
    queueWaitSeconds: float | None
    errand: Errand | None
    ringGroupId: str | None


class CallEnded(TypedDict):
    """The call is over, with its whole record. Every call ends with exactly one of these."""

    call: CallRef
    disposition: Disposition
    endReason: EndReason
    durationSeconds: float
    talkSeconds: float
    cdr: CdrRecord


class CallRecovered(TypedDict):
    """Offhook could not watch the call for a while and has found it again, or what became of it."""

    call: CallRef
    blindFrom: str
    blindUntil: str


class CallUpdated(TypedDict):
    """External id, metadata, tags or the pitch of a voice were changed by request; `changed` names the
    fields.
    """

    call: CallRef
    changed: list[str]


class CallWaiting(TypedDict):
    """The customer has answered, or has come, and waits for an agent."""

    call: CallRef
    queueId: str


class CallbackCancelled(TypedDict):
    """It will not be placed: somebody said so in time."""

    callbackId: str
    customer: Party
    dueAt: str
    attempt: int
    externalId: str | None
    metadata: list[Pair]
    tags: list[str]


class CallbackCompleted(TypedDict):
    """Its call has ended, and both sides had been connected."""

    callbackId: str
    customer: Party
    dueAt: str
    attempt: int
    externalId: str | None
    metadata: list[Pair]
    tags: list[str]
    callId: str
    talkSeconds: float


class CallbackFailed(TypedDict):
    """Nothing more is tried. `callId` and `disposition` are those of its last call, where there was
    one.
    """

    callbackId: str
    customer: Party
    dueAt: str
    attempt: int
    externalId: str | None
    metadata: list[Pair]
    tags: list[str]
    reason: CallbackFailure
    detail: str
    callId: str | None
    disposition: Disposition | None


class CallbackScheduled(TypedDict):
    """A call is to be placed at `dueAt`."""

    callbackId: str
    customer: Party
    dueAt: str
    attempt: int
    externalId: str | None
    metadata: list[Pair]
    tags: list[str]


class CallbackStarted(TypedDict):
    """Its call is being placed, `lateSeconds` after it was due."""

    callbackId: str
    customer: Party
    dueAt: str
    attempt: int
    externalId: str | None
    metadata: list[Pair]
    tags: list[str]
    callId: str
    lateSeconds: float


class CallbackUpdated(TypedDict):
    """It was changed by request; or, with `isRetry`, its call connected nobody and another one is due."""

    callbackId: str
    customer: Party
    dueAt: str
    attempt: int
    externalId: str | None
    metadata: list[Pair]
    tags: list[str]
    isRetry: bool


class CampaignCreated(TypedDict):
    """A campaign was made. It calls nobody before it is started."""

    campaignId: str
    name: str
    campaignKind: CampaignKind


class CampaignFinished(TypedDict):
    """The campaign is over by itself. `attempts` were made, `finished` contacts called, `skipped` ones
    never. Contacts that it never came to are not among them: those are counted afterwards.
    """

    campaignId: str
    name: str
    reason: FinishReason
    attempts: int
    finished: int
    skipped: int


class CampaignPaused(TypedDict):
    """No call of the campaign begins any more until it is resumed; what is under way goes on to its
    own end.
    """

    campaignId: str
    name: str
    reason: PauseReason


class CampaignResumed(TypedDict):
    """The campaign calls again."""

    campaignId: str
    name: str
    version: int


class CampaignStarted(TypedDict):
    """The campaign has begun to call, in this version; what changes later counts from then on."""

    campaignId: str
    name: str
    campaignKind: CampaignKind
    version: int


class CampaignStopped(TypedDict):
    """No call of the campaign begins any more, for good; what is under way goes on to its own end."""

    campaignId: str
    name: str


class ContactAttempted(TypedDict):
    """A call to the contact has ended. `attempt` counts from 1; `nextAt` is null when it was the last
    one.
    """

    campaignId: str
    contactId: str
    contactListId: str
    contact: Party
    contactExternalId: str | None
    callId: str
    attempt: int
    disposition: Disposition
    nextAt: str | None


class ContactFinished(TypedDict):
    """The contact has its outcome, and is not called again by this campaign. `callId` is its last
    call.
    """

    campaignId: str
    contactId: str
    contactListId: str
    contact: Party
    contactExternalId: str | None
    disposition: Disposition
    reason: GivenUp
    attempts: int
    callId: str | None


class ContactSkipped(TypedDict):
    """The contact is not called by this campaign; `attempts` were made before that was known."""

    campaignId: str
    contactId: str
    contactListId: str
    contact: Party
    contactExternalId: str | None
    reason: SkipReason
    attempts: int
    dncListIds: list[str]


class Counts(TypedDict):
    """How far a job has come, in rows or pieces; `total` null while nobody knows it. `processed` is
    added + updated + skipped + rejected where a job sorts its rows into these, else what is done.
    `existing` of the skipped ones were there before, and stayed as they were. `dnc` of them,
    whatever became of them, are numbers that must not be called.
    """

    total: int | None
    processed: int
    added: int
    updated: int
    skipped: int
    rejected: int
    dnc: int
    existing: int


class DeviceRegistered(TypedDict):
    """The device has registered, or answers again; it can be called."""

    deviceId: str
    node: str
    extensionId: str | None
    agentId: str | None


class DeviceUnregistered(TypedDict):
    """The device can no longer be called; `reason` says why."""

    deviceId: str
    node: str
    extensionId: str | None
    agentId: str | None
    reason: DeviceGone


class DncEntryAdded(TypedDict):
    """A number is on a DNC list from now on: by the API, or because its owner wished so in a call. An
    import tells it of the whole file alone, as `job.finished`.
    """

    listId: str
    party: Party
    source: DncSource
    reason: str | None
    callId: str | None


class LegRef(TypedDict):
    """The leg a fact is about; `channelName` as Asterisk shows it, once known."""

    id: str
    role: LegRole
    party: Party
    channelName: str | None


class DtmfReceived(TypedDict):
    """A party pressed a key. The digit is masked for readers without `dtmf:read`."""

    call: CallRef
    leg: LegRef
    digit: str
    durationMilliseconds: int


class FlowEnded(TypedDict):
    """The customer has left the flow, at `lastStep`; `steps` is how many it came to. `failure` says
    why it is FAILED.
    """

    call: CallRef
    flowId: str
    version: int
    ending: FlowEnding
    lastStep: str | None
    steps: int
    durationSeconds: float
    failure: str | None


class FlowGathered(TypedDict):
    """A step has asked for digits for the `attempt`-th time. Digits are masked for readers without
    `dtmf:read`.
    """

    call: CallRef
    flowId: str
    step: str
    attempt: int
    result: GatherResult
    digits: str


class FlowStarted(TypedDict):
    """The customer is in a call flow. This call keeps the `version`, whatever changes meanwhile."""

    call: CallRef
    flowId: str
    version: int
    name: str


class FlowStepEntered(TypedDict):
    """The flow has come to a step; `stepKind` is what the step does, such as `gather`."""

    call: CallRef
    flowId: str
    step: str
    stepKind: str


class JobCancelled(TypedDict):
    """The job was cancelled. What it had done until then stays done."""

    jobId: str
    kind: JobKind
    jobSubjectId: str | None
    counts: Counts
    hasReport: bool


class JobFailed(TypedDict):
    """The job was given up; `reason` says why. What it had done until then stays done."""

    jobId: str
    kind: JobKind
    jobSubjectId: str | None
    counts: Counts
    hasReport: bool
    reason: str


class JobFinished(TypedDict):
    """The job has done all of its work; its report, if it has one, can be fetched."""

    jobId: str
    kind: JobKind
    jobSubjectId: str | None
    counts: Counts
    hasReport: bool


class LegAnswered(TypedDict):
    """The far end answered at `answeredAt`."""

    call: CallRef
    leg: LegRef
    answeredAt: str | None


class LegDialing(TypedDict):
    """The leg is about to be dialled."""

    call: CallRef
    leg: LegRef


class LegEnded(TypedDict):
    """The leg is gone since `endedAt`. `endedBy` is the side that hung up or refused; SYSTEM when
    Offhook did. `answeredElsewhere`: it rang together with others, another of them answered, and so
    nobody missed a call here.
    """

    call: CallRef
    leg: LegRef
    endedBy: EndParty
    hangupCause: int | None
    sipCode: int | None
    talkSeconds: float
    endedAt: str | None
    answeredElsewhere: bool


class LegHeld(TypedDict):
    """The leg was taken out of the talk and hears music."""

    call: CallRef
    leg: LegRef


class LegMuted(TypedDict):
    """The leg was silenced; `muted` is all that is silenced now."""

    call: CallRef
    leg: LegRef
    muted: MuteDirection


class LegRinging(TypedDict):
    """The far end says that it rings, since `ringingAt`."""

    call: CallRef
    leg: LegRef
    ringingAt: str | None


class LegUnheld(TypedDict):
    """The leg is back in the talk."""

    call: CallRef
    leg: LegRef


class LegUnmuted(TypedDict):
    """The leg can be heard, and hear, again; `muted` is what is still silenced, null when nothing is."""

    call: CallRef
    leg: LegRef
    muted: MuteDirection | None


class MachineDetectionFinished(TypedDict):
    """It was looked into what has answered. `cause` is Asterisk's own word for why it thinks so.
    `isAfterBeep`: a machine's greeting and beep are over, and it records. `greetingEndedBy`: what
    told that it was over; null when none was heard to its end.
    """

    call: CallRef
    leg: LegRef
    answeredBy: AnsweredBy
    cause: str
    isAfterBeep: bool
    greetingEndedBy: GreetingEnd | None


class MediaStreamConnected(TypedDict):
    """The leg and the program at the other end of the websocket hear each other. `sampleRate`: samples
    a second.
    """

    call: CallRef
    streamId: str
    leg: LegRef
    host: str
    sampleRate: int


class MediaStreamEnded(TypedDict):
    """They do not any more: why. `outcome` is the program's own word for how it went, when it gave
    one.
    """

    call: CallRef
    streamId: str
    leg: LegRef
    host: str
    reason: MediaStreamEnd
    durationSeconds: float
    detail: str | None
    outcome: str | None


class MediaStreamFailed(TypedDict):
    """They never did: why."""

    call: CallRef
    streamId: str
    leg: LegRef
    host: str
    reason: MediaStreamEnd
    detail: str | None


class Money(TypedDict):
    """An amount, as people write it (`12.5`), and its currency (ISO 4217)."""

    amount: str
    currency: str


class OtpAnnounced(TypedDict):
    """The call in which it was spoken has ended. `heardToEnd`: all of it was, at least once;
    `timesHeard` so often.
    """

    otpId: str
    customer: Party
    externalId: str | None
    callId: str
    heardToEnd: bool
    timesHeard: int


class OtpFailed(TypedDict):
    """Nothing of it was spoken to anybody, and nothing more is tried."""

    otpId: str
    customer: Party
    externalId: str | None
    reason: OtpFailure
    detail: str
    callId: str | None
    disposition: Disposition | None


class OtpVerified(TypedDict):
    """The right code was given in time; it is used up. `attempts`: how many codes were offered in all."""

    otpId: str
    customer: Party
    externalId: str | None
    attempts: int


class ParticipantJoined(TypedDict):
    """Somebody who was called into the talk has answered, and talks."""

    call: CallRef
    leg: LegRef


class ParticipantLeft(TypedDict):
    """A person has left the conference. `takenBy`: who sits in its place from here on, if it was the
    agent's or the customer's.
    """

    call: CallRef
    leg: LegRef
    takenBy: LegRef | None


class PlaybackFailed(TypedDict):
    """It could not be played, or not to its end; `reason` says why."""

    call: CallRef
    playbackId: str
    heardBy: LegRef | None
    reason: str


class PlaybackFinished(TypedDict):
    """It is over: heard to its end, or stopped (`isStopped`)."""

    call: CallRef
    playbackId: str
    heardBy: LegRef | None
    isStopped: bool


class PlaybackStarted(TypedDict):
    """It can be heard."""

    call: CallRef
    playbackId: str
    heardBy: LegRef | None


class QueueAbandoned(TypedDict):
    """The caller hung up while it waited. `queue.left` comes with it."""

    call: CallRef
    queueId: str
    waitSeconds: float


class QueueJoined(TypedDict):
    """The caller has joined a queue; of those who wait the highest `priority` goes first."""

    call: CallRef
    queueId: str
    priority: int
    joinedAt: str


class QueueLeft(TypedDict):
    """The caller no longer waits; `agentId` has answered, if somebody has."""

    call: CallRef
    queueId: str
    reason: QueueLeaving
    waitSeconds: float
    agentId: str | None


class QueueOffered(TypedDict):
    """An agent is being rung for the caller."""

    call: CallRef
    leg: LegRef
    queueId: str
    agentId: str | None


class RecordingDeleted(TypedDict):
    """The recording's file is being deleted and can no longer be fetched. `isExpired`: its time was
    over. `reason` says why; null where that was not kept.
    """

    recordingId: str
    callId: str
    mode: RecordingMode
    isExpired: bool
    reason: DeletionReason | None


class RecordingFailed(TypedDict):
    """No recording came of it; `reason` says why."""

    call: CallRef
    recordingId: str
    mode: RecordingMode
    reason: str


class RecordingPaused(TypedDict):
    """Nothing said from `pausedAt` on gets into the recording; `pauseMode` says how the file shows it."""

    call: CallRef
    recordingId: str
    mode: RecordingMode
    pauseMode: PauseMode
    pausedAt: str


class RecordingResumed(TypedDict):
    """What is said from `resumedAt` on is recorded again."""

    call: CallRef
    recordingId: str
    mode: RecordingMode
    pauseMode: PauseMode
    pausedAt: str
    resumedAt: str


class RecordingSaved(TypedDict):
    """The recording is in Offhook's store, whole, and gone from Asterisk. `durationSeconds` is counted
    from the samples, `sha256` is the file's, in hex. `lostSeconds` of sound are missing from it,
    because Asterisk had no time to write them; null when that is not known.
    """

    call: CallRef
    recordingId: str
    mode: RecordingMode
    durationSeconds: float
    sizeBytes: int
    channels: int
    sha256: str
    lostSeconds: float | None


class RecordingStarted(TypedDict):
    """Asterisk is writing the recording."""

    call: CallRef
    recordingId: str
    mode: RecordingMode


class SignedUrl(TypedDict):
    """An address of a recording that works for whoever holds it, until `expiresAt`; the log never
    holds one.
    """

    url: str
    expiresAt: str


class SupervisionChanged(TypedDict):
    """The supervisor's mode is another one, or (`listensTo`) somebody else is in the agent's place."""

    call: CallRef
    supervisionId: str
    mode: SupervisionMode
    supervisor: Party
    legId: str
    listensTo: LegRef


class SupervisionEnded(TypedDict):
    """The supervision is over: why; and, for a supervisor that was not reached, how that came out."""

    call: CallRef
    supervisionId: str
    mode: SupervisionMode
    supervisor: Party
    legId: str
    reason: SupervisionEnd
    disposition: Disposition | None


class SupervisionStarted(TypedDict):
    """The supervisor has answered, and hears the talk. `listensTo` is the agent's leg."""

    call: CallRef
    supervisionId: str
    mode: SupervisionMode
    supervisor: Party
    legId: str
    listensTo: LegRef


class TranscriptFailed(TypedDict):
    """The recording was not transcribed; `reason` says why."""

    transcriptId: str
    recordingId: str
    callId: str
    jobId: str
    reason: str


class TranscriptReady(TypedDict):
    """What is said in the recording was written down."""

    transcriptId: str
    recordingId: str
    callId: str
    jobId: str
    language: str
    segmentCount: int


class TransferCancelled(TypedDict):
    """The transfer was taken back by request, or the transferee or the whole call ended before it was
    done.
    """

    call: CallRef
    transferId: str
    kind: TransferKind
    by: LegRef
    transferee: LegRef
    target: Party
    queueId: str | None
    method: TransferMethod


class TransferCompleted(TypedDict):
    """The transferee and the target talk; whoever transferred is let go. `leg` is the target's. With
    REFER they talk without us: there is no such leg, and the call ends.
    """

    call: CallRef
    transferId: str
    kind: TransferKind
    by: LegRef
    transferee: LegRef
    target: Party
    queueId: str | None
    method: TransferMethod
    leg: LegRef | None


class TransferFailed(TypedDict):
    """The target could not be had: how and why. `isRecalled`: whoever transferred is called back."""

    call: CallRef
    transferId: str
    kind: TransferKind
    by: LegRef
    transferee: LegRef
    target: Party
    queueId: str | None
    method: TransferMethod
    disposition: Disposition
    endReason: EndReason
    isRecalled: bool


class TransferStarted(TypedDict):
    """The target is about to be dialled."""

    call: CallRef
    transferId: str
    kind: TransferKind
    by: LegRef
    transferee: LegRef
    target: Party
    queueId: str | None
    method: TransferMethod


class TrunkDown(TypedDict):
    """The trunk's far end does not answer; it is not dialled until it does."""

    trunkId: str
    node: str
    name: str


class TrunkUp(TypedDict):
    """The trunk's far end answers again."""

    trunkId: str
    node: str
    name: str


class UsageLimitReached(TypedDict):
    """A cap of the account has kept something from being dialled: told once a minute, of the daily
    spend once a day.
    """

    limit: Cap
    most: int | None
    mostSpend: Money | None


class VoicemailReceived(TypedDict):
    """A message was left and is in Offhook's store: the recording `recordingId`."""

    call: CallRef
    recordingId: str
    caller: Party
    durationSeconds: float
    flowId: str
    step: str


class WebhookDisabled(TypedDict):
    """The endpoint gets nothing more until it is enabled again; `reason` says why."""

    endpointId: str
    reason: str


class WebhookExhausted(TypedDict):
    """The last attempt at a delivery failed; the event stays in the log and can be replayed."""

    endpointId: str
    deliveryId: str
    eventId: str
    eventType: str
    attempts: int


class WebhookTest(TypedDict):
    """A test event that a person asked for."""

    endpointId: str


class WebhookTriggered(TypedDict):
    """Somebody asked for a test: a sample of `eventType` goes to everybody who asks for events of that
    type.
    """

    eventType: str


class Envelope(TypedDict):
    """What every event has."""

    id: str  # The event's id; the same over retries and replays.
    timestamp: str  # When it was taken down, UTC; it never runs backwards within a call. What Asterisk told late happened earlier: instants in the data, such as answeredAt, say when.
    sequence: int  # The event's number in the account's log; it may have holes.
    subjectId: str  # What the event is about, mostly a call.
    callSequence: int | None  # 1, 2, 3 … within a call.
    actor: Actor
    requestId: str | None  # The request that set it in motion.
    sandbox: bool  # Whether it happened in the sandbox.
    test: NotRequired[Literal[True]]  # Only in samples that somebody asked for (triggerEvent): nothing of this happened.


class CallCreatedEvent(Envelope):
    """The call was accepted and stored; nothing has rung yet."""

    type: Literal["call.created"]
    data: CallCreated


class CallUpdatedEvent(Envelope):
    """External id, metadata, tags or the pitch of a voice were changed by request; `changed` names the
    fields.
    """

    type: Literal["call.updated"]
    data: CallUpdated


class LegDialingEvent(Envelope):
    """The leg is about to be dialled."""

    type: Literal["leg.dialing"]
    data: LegDialing


class LegRingingEvent(Envelope):
    """The far end says that it rings, since `ringingAt`."""

    type: Literal["leg.ringing"]
    data: LegRinging


class LegAnsweredEvent(Envelope):
    """The far end answered at `answeredAt`."""

    type: Literal["leg.answered"]
    data: LegAnswered


class MachineDetectionFinishedEvent(Envelope):
    """It was looked into what has answered. `cause` is Asterisk's own word for why it thinks so.
    `isAfterBeep`: a machine's greeting and beep are over, and it records. `greetingEndedBy`: what
    told that it was over; null when none was heard to its end.
    """

    type: Literal["machine.detection_finished"]
    data: MachineDetectionFinished


class LegHeldEvent(Envelope):
    """The leg was taken out of the talk and hears music."""

    type: Literal["leg.held"]
    data: LegHeld


class LegUnheldEvent(Envelope):
    """The leg is back in the talk."""

    type: Literal["leg.unheld"]
    data: LegUnheld


class LegMutedEvent(Envelope):
    """The leg was silenced; `muted` is all that is silenced now."""

    type: Literal["leg.muted"]
    data: LegMuted


class LegUnmutedEvent(Envelope):
    """The leg can be heard, and hear, again; `muted` is what is still silenced, null when nothing is."""

    type: Literal["leg.unmuted"]
    data: LegUnmuted


class LegEndedEvent(Envelope):
    """The leg is gone since `endedAt`. `endedBy` is the side that hung up or refused; SYSTEM when
    Offhook did. `answeredElsewhere`: it rang together with others, another of them answered, and so
    nobody missed a call here.
    """

    type: Literal["leg.ended"]
    data: LegEnded


class CallConnectedEvent(Envelope):
    """Both parties are bridged and can talk."""

    type: Literal["call.connected"]
    data: CallConnected


class DtmfReceivedEvent(Envelope):
    """A party pressed a key. The digit is masked for readers without `dtmf:read`."""

    type: Literal["dtmf.received"]
    data: DtmfReceived


class CallRecoveredEvent(Envelope):
    """Offhook could not watch the call for a while and has found it again, or what became of it."""

    type: Literal["call.recovered"]
    data: CallRecovered


class CallEndedEvent(Envelope):
    """The call is over, with its whole record. Every call ends with exactly one of these."""

    type: Literal["call.ended"]
    data: CallEnded


class PlaybackStartedEvent(Envelope):
    """It can be heard."""

    type: Literal["playback.started"]
    data: PlaybackStarted


class PlaybackFinishedEvent(Envelope):
    """It is over: heard to its end, or stopped (`isStopped`)."""

    type: Literal["playback.finished"]
    data: PlaybackFinished


class PlaybackFailedEvent(Envelope):
    """It could not be played, or not to its end; `reason` says why."""

    type: Literal["playback.failed"]
    data: PlaybackFailed


class TransferStartedEvent(Envelope):
    """The target is about to be dialled."""

    type: Literal["transfer.started"]
    data: TransferStarted


class TransferCompletedEvent(Envelope):
    """The transferee and the target talk; whoever transferred is let go. `leg` is the target's. With
    REFER they talk without us: there is no such leg, and the call ends.
    """

    type: Literal["transfer.completed"]
    data: TransferCompleted


class TransferCancelledEvent(Envelope):
    """The transfer was taken back by request, or the transferee or the whole call ended before it was
    done.
    """

    type: Literal["transfer.cancelled"]
    data: TransferCancelled


class TransferFailedEvent(Envelope):
    """The target could not be had: how and why. `isRecalled`: whoever transferred is called back."""

    type: Literal["transfer.failed"]
    data: TransferFailed


class SupervisionStartedEvent(Envelope):
    """The supervisor has answered, and hears the talk. `listensTo` is the agent's leg."""

    type: Literal["supervision.started"]
    data: SupervisionStarted


class SupervisionChangedEvent(Envelope):
    """The supervisor's mode is another one, or (`listensTo`) somebody else is in the agent's place."""

    type: Literal["supervision.changed"]
    data: SupervisionChanged


class SupervisionEndedEvent(Envelope):
    """The supervision is over: why; and, for a supervisor that was not reached, how that came out."""

    type: Literal["supervision.ended"]
    data: SupervisionEnded


class ParticipantJoinedEvent(Envelope):
    """Somebody who was called into the talk has answered, and talks."""

    type: Literal["participant.joined"]
    data: ParticipantJoined


class ParticipantLeftEvent(Envelope):
    """A person has left the conference. `takenBy`: who sits in its place from here on, if it was the
    agent's or the customer's.
    """

    type: Literal["participant.left"]
    data: ParticipantLeft


class MediaStreamConnectedEvent(Envelope):
    """The leg and the program at the other end of the websocket hear each other. `sampleRate`: samples
    a second.
    """

    type: Literal["mediastream.connected"]
    data: MediaStreamConnected


class MediaStreamEndedEvent(Envelope):
    """They do not any more: why. `outcome` is the program's own word for how it went, when it gave
    one.
    """

    type: Literal["mediastream.ended"]
    data: MediaStreamEnded


class MediaStreamFailedEvent(Envelope):
    """They never did: why."""

    type: Literal["mediastream.failed"]
    data: MediaStreamFailed


class CallWaitingEvent(Envelope):
    """The customer has answered, or has come, and waits for an agent."""

    type: Literal["call.waiting"]
    data: CallWaiting


class QueueJoinedEvent(Envelope):
    """The caller has joined a queue; of those who wait the highest `priority` goes first."""

    type: Literal["queue.joined"]
    data: QueueJoined


class QueueOfferedEvent(Envelope):
    """An agent is being rung for the caller."""

    type: Literal["queue.offered"]
    data: QueueOffered


class QueueLeftEvent(Envelope):
    """The caller no longer waits; `agentId` has answered, if somebody has."""

    type: Literal["queue.left"]
    data: QueueLeft


class QueueAbandonedEvent(Envelope):
    """The caller hung up while it waited. `queue.left` comes with it."""

    type: Literal["queue.abandoned"]
    data: QueueAbandoned


class AgentStateChangedEvent(Envelope):
    """What an agent does has changed, or which queues it serves (`queueIds`). `since` is when the
    state began. `callId` and `queueId` are those of a queue's caller that it is rung for or talks
    to.
    """

    type: Literal["agent.state_changed"]
    data: AgentStateChanged


class FlowStartedEvent(Envelope):
    """The customer is in a call flow. This call keeps the `version`, whatever changes meanwhile."""

    type: Literal["flow.started"]
    data: FlowStarted


class FlowStepEnteredEvent(Envelope):
    """The flow has come to a step; `stepKind` is what the step does, such as `gather`."""

    type: Literal["flow.step_entered"]
    data: FlowStepEntered


class FlowGatheredEvent(Envelope):
    """A step has asked for digits for the `attempt`-th time. Digits are masked for readers without
    `dtmf:read`.
    """

    type: Literal["flow.gathered"]
    data: FlowGathered


class FlowEndedEvent(Envelope):
    """The customer has left the flow, at `lastStep`; `steps` is how many it came to. `failure` says
    why it is FAILED.
    """

    type: Literal["flow.ended"]
    data: FlowEnded


class VoicemailReceivedEvent(Envelope):
    """A message was left and is in Offhook's store: the recording `recordingId`."""

    type: Literal["voicemail.received"]
    data: VoicemailReceived


class RecordingStartedEvent(Envelope):
    """Asterisk is writing the recording."""

    type: Literal["recording.started"]
    data: RecordingStarted


class RecordingPausedEvent(Envelope):
    """Nothing said from `pausedAt` on gets into the recording; `pauseMode` says how the file shows it."""

    type: Literal["recording.paused"]
    data: RecordingPaused


class RecordingResumedEvent(Envelope):
    """What is said from `resumedAt` on is recorded again."""

    type: Literal["recording.resumed"]
    data: RecordingResumed


class RecordingSavedEvent(Envelope):
    """The recording is in Offhook's store, whole, and gone from Asterisk. `durationSeconds` is counted
    from the samples, `sha256` is the file's, in hex. `lostSeconds` of sound are missing from it,
    because Asterisk had no time to write them; null when that is not known.
    """

    type: Literal["recording.saved"]
    data: RecordingSaved
    signedUrl: NotRequired[SignedUrl]  # Where to fetch it: in webhooks to endpoints that may, made anew for each attempt.


class RecordingFailedEvent(Envelope):
    """No recording came of it; `reason` says why."""

    type: Literal["recording.failed"]
    data: RecordingFailed


class RecordingDeletedEvent(Envelope):
    """The recording's file is being deleted and can no longer be fetched. `isExpired`: its time was
    over. `reason` says why; null where that was not kept.
    """

    type: Literal["recording.deleted"]
    data: RecordingDeleted


class CampaignCreatedEvent(Envelope):
    """A campaign was made. It calls nobody before it is started."""

    type: Literal["campaign.created"]
    data: CampaignCreated


class CampaignStartedEvent(Envelope):
    """The campaign has begun to call, in this version; what changes later counts from then on."""

    type: Literal["campaign.started"]
    data: CampaignStarted


class CampaignPausedEvent(Envelope):
    """No call of the campaign begins any more until it is resumed; what is under way goes on to its
    own end.
    """

    type: Literal["campaign.paused"]
    data: CampaignPaused


class CampaignResumedEvent(Envelope):
    """The campaign calls again."""

    type: Literal["campaign.resumed"]
    data: CampaignResumed


class CampaignStoppedEvent(Envelope):
    """No call of the campaign begins any more, for good; what is under way goes on to its own end."""

    type: Literal["campaign.stopped"]
    data: CampaignStopped


class CampaignFinishedEvent(Envelope):
    """The campaign is over by itself. `attempts` were made, `finished` contacts called, `skipped` ones
    never. Contacts that it never came to are not among them: those are counted afterwards.
    """

    type: Literal["campaign.finished"]
    data: CampaignFinished


class ContactAttemptedEvent(Envelope):
    """A call to the contact has ended. `attempt` counts from 1; `nextAt` is null when it was the last
    one.
    """

    type: Literal["contact.attempted"]
    data: ContactAttempted


class ContactSkippedEvent(Envelope):
    """The contact is not called by this campaign; `attempts` were made before that was known."""

    type: Literal["contact.skipped"]
    data: ContactSkipped


class ContactFinishedEvent(Envelope):
    """The contact has its outcome, and is not called again by this campaign. `callId` is its last
    call.
    """

    type: Literal["contact.finished"]
    data: ContactFinished


class DncEntryAddedEvent(Envelope):
    """A number is on a DNC list from now on: by the API, or because its owner wished so in a call. An
    import tells it of the whole file alone, as `job.finished`.
    """

    type: Literal["dnc.entry_added"]
    data: DncEntryAdded


class UsageLimitReachedEvent(Envelope):
    """A cap of the account has kept something from being dialled: told once a minute, of the daily
    spend once a day.
    """

    type: Literal["usage.limit_reached"]
    data: UsageLimitReached


class AccountSuspendedEvent(Envelope):
    """The account is suspended: nothing is dialled for it. `endsCalls`: its live calls are hung up as
    well.
    """

    type: Literal["account.suspended"]
    data: AccountSuspended


class AccountResumedEvent(Envelope):
    """The account is no longer suspended."""

    type: Literal["account.resumed"]
    data: AccountResumed


class OtpAnnouncedEvent(Envelope):
    """The call in which it was spoken has ended. `heardToEnd`: all of it was, at least once;
    `timesHeard` so often.
    """

    type: Literal["otp.announced"]
    data: OtpAnnounced


class OtpFailedEvent(Envelope):
    """Nothing of it was spoken to anybody, and nothing more is tried."""

    type: Literal["otp.failed"]
    data: OtpFailed


class OtpVerifiedEvent(Envelope):
    """The right code was given in time; it is used up. `attempts`: how many codes were offered in all."""

    type: Literal["otp.verified"]
    data: OtpVerified


class CallbackScheduledEvent(Envelope):
    """A call is to be placed at `dueAt`."""

    type: Literal["callback.scheduled"]
    data: CallbackScheduled


class CallbackUpdatedEvent(Envelope):
    """It was changed by request; or, with `isRetry`, its call connected nobody and another one is due."""

    type: Literal["callback.updated"]
    data: CallbackUpdated


class CallbackCancelledEvent(Envelope):
    """It will not be placed: somebody said so in time."""

    type: Literal["callback.cancelled"]
    data: CallbackCancelled


class CallbackStartedEvent(Envelope):
    """Its call is being placed, `lateSeconds` after it was due."""

    type: Literal["callback.started"]
    data: CallbackStarted


class CallbackCompletedEvent(Envelope):
    """Its call has ended, and both sides had been connected."""

    type: Literal["callback.completed"]
    data: CallbackCompleted


class CallbackFailedEvent(Envelope):
    """Nothing more is tried. `callId` and `disposition` are those of its last call, where there was
    one.
    """

    type: Literal["callback.failed"]
    data: CallbackFailed


class TranscriptReadyEvent(Envelope):
    """What is said in the recording was written down."""

    type: Literal["transcript.ready"]
    data: TranscriptReady


class TranscriptFailedEvent(Envelope):
    """The recording was not transcribed; `reason` says why."""

    type: Literal["transcript.failed"]
    data: TranscriptFailed


class JobFinishedEvent(Envelope):
    """The job has done all of its work; its report, if it has one, can be fetched."""

    type: Literal["job.finished"]
    data: JobFinished


class JobFailedEvent(Envelope):
    """The job was given up; `reason` says why. What it had done until then stays done."""

    type: Literal["job.failed"]
    data: JobFailed


class JobCancelledEvent(Envelope):
    """The job was cancelled. What it had done until then stays done."""

    type: Literal["job.cancelled"]
    data: JobCancelled


class DeviceRegisteredEvent(Envelope):
    """The device has registered, or answers again; it can be called."""

    type: Literal["device.registered"]
    data: DeviceRegistered


class DeviceUnregisteredEvent(Envelope):
    """The device can no longer be called; `reason` says why."""

    type: Literal["device.unregistered"]
    data: DeviceUnregistered


class TrunkDownEvent(Envelope):
    """The trunk's far end does not answer; it is not dialled until it does."""

    type: Literal["trunk.down"]
    data: TrunkDown


class TrunkUpEvent(Envelope):
    """The trunk's far end answers again."""

    type: Literal["trunk.up"]
    data: TrunkUp


class WebhookTestEvent(Envelope):
    """A test event that a person asked for."""

    type: Literal["webhook.test"]
    data: WebhookTest


class WebhookTriggeredEvent(Envelope):
    """Somebody asked for a test: a sample of `eventType` goes to everybody who asks for events of that
    type.
    """

    type: Literal["webhook.triggered"]
    data: WebhookTriggered


class WebhookExhaustedEvent(Envelope):
    """The last attempt at a delivery failed; the event stays in the log and can be replayed."""

    type: Literal["webhook.exhausted"]
    data: WebhookExhausted


class WebhookDisabledEvent(Envelope):
    """The endpoint gets nothing more until it is enabled again; `reason` says why."""

    type: Literal["webhook.disabled"]
    data: WebhookDisabled


#: `type` tells them apart.
OffhookEvent: TypeAlias = (
    CallCreatedEvent
    | CallUpdatedEvent
    | LegDialingEvent
    | LegRingingEvent
    | LegAnsweredEvent
    | MachineDetectionFinishedEvent
    | LegHeldEvent
    | LegUnheldEvent
    | LegMutedEvent
    | LegUnmutedEvent
    | LegEndedEvent
    | CallConnectedEvent
    | DtmfReceivedEvent
    | CallRecoveredEvent
    | CallEndedEvent
    | PlaybackStartedEvent
    | PlaybackFinishedEvent
    | PlaybackFailedEvent
    | TransferStartedEvent
    | TransferCompletedEvent
    | TransferCancelledEvent
    | TransferFailedEvent
    | SupervisionStartedEvent
    | SupervisionChangedEvent
    | SupervisionEndedEvent
    | ParticipantJoinedEvent
    | ParticipantLeftEvent
    | MediaStreamConnectedEvent
    | MediaStreamEndedEvent
    | MediaStreamFailedEvent
    | CallWaitingEvent
    | QueueJoinedEvent
    | QueueOfferedEvent
    | QueueLeftEvent
    | QueueAbandonedEvent
    | AgentStateChangedEvent
    | FlowStartedEvent
    | FlowStepEnteredEvent
    | FlowGatheredEvent
    | FlowEndedEvent
    | VoicemailReceivedEvent
    | RecordingStartedEvent
    | RecordingPausedEvent
    | RecordingResumedEvent
    | RecordingSavedEvent
    | RecordingFailedEvent
    | RecordingDeletedEvent
    | CampaignCreatedEvent
    | CampaignStartedEvent
    | CampaignPausedEvent
    | CampaignResumedEvent
    | CampaignStoppedEvent
    | CampaignFinishedEvent
    | ContactAttemptedEvent
    | ContactSkippedEvent
    | ContactFinishedEvent
    | DncEntryAddedEvent
    | UsageLimitReachedEvent
    | AccountSuspendedEvent
    | AccountResumedEvent
    | OtpAnnouncedEvent
    | OtpFailedEvent
    | OtpVerifiedEvent
    | CallbackScheduledEvent
    | CallbackUpdatedEvent
    | CallbackCancelledEvent
    | CallbackStartedEvent
    | CallbackCompletedEvent
    | CallbackFailedEvent
    | TranscriptReadyEvent
    | TranscriptFailedEvent
    | JobFinishedEvent
    | JobFailedEvent
    | JobCancelledEvent
    | DeviceRegisteredEvent
    | DeviceUnregisteredEvent
    | TrunkDownEvent
    | TrunkUpEvent
    | WebhookTestEvent
    | WebhookTriggeredEvent
    | WebhookExhaustedEvent
    | WebhookDisabledEvent
)
