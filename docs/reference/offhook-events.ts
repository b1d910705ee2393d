/**
 * The events of Offhook, as webhooks carry them. Generated: `offhook schema events` writes this file
 * for the version that you run. Fields are added over time, and types of events.
 */

/** Who set something in motion. Expect values that are not named here: lists of values grow. */
export type ActorKind =
  | "API_KEY"
  | "PARTY"
  | "SYSTEM"
  | (string & {});

/** What an agent does, for queues. Expect values that are not named here: lists of values grow. */
export type AgentState =
  | "AVAILABLE"
  | "BUSY"
  | "OFFLINE"
  | "PAUSED"
  | "WRAP_UP"
  | (string & {});

/**
 * What has answered, as far as Asterisk can tell. Expect values that are not named here: lists of
 * values grow.
 */
export type AnsweredBy =
  | "FAX"
  | "HUMAN"
  | "MACHINE"
  | "UNKNOWN"
  | (string & {});

/** Why the call exists. Expect values that are not named here: lists of values grow. */
export type CallKind =
  | "CALLBACK"
  | "CAMPAIGN"
  | "CLICK_TO_CALL"
  | "INBOUND"
  | "INTERNAL"
  | "OTP"
  | (string & {});

/** Why a callback came to nothing. Expect values that are not named here: lists of values grow. */
export type CallbackFailure =
  | "DNC"
  | "MISSED"
  | "NOT_CONNECTED"
  | "REFUSED"
  | (string & {});

/**
 * What whoever answers gets: words or a file, a call flow, or an agent. Expect values that are not
 * named here: lists of values grow.
 */
export type CampaignKind =
  | "AGENT"
  | "ANNOUNCEMENT"
  | "FLOW"
  | (string & {});

/** A cap of an account. Expect values that are not named here: lists of values grow. */
export type Cap =
  | "CALLS_PER_SECOND"
  | "CONCURRENT_CALLS"
  | "DAILY_SPEND"
  | (string & {});

/**
 * How the end of a call was learnt: watched live, or put together after a gap. Expect values that are
 * not named here: lists of values grow.
 */
export type CdrSource =
  | "BACKFILL"
  | "LIVE"
  | "RECOVERED"
  | (string & {});

/**
 * Why a recording was deleted: somebody asked for that, its time was over, or a person is to be
 * forgotten. Expect values that are not named here: lists of values grow.
 */
export type DeletionReason =
  | "ERASURE"
  | "REQUESTED"
  | "RETENTION"
  | (string & {});

/** Why a device can no longer be reached. Expect values that are not named here: lists of values grow. */
export type DeviceGone =
  | "DELETED"
  | "ENDED"
  | "UNREACHABLE"
  | (string & {});

/**
 * Which way the call crosses the account's border. Expect values that are not named here: lists of
 * values grow.
 */
export type Direction =
  | "INBOUND"
  | "INTERNAL"
  | "OUTBOUND"
  | (string & {});

/**
 * How a call came out: the outcome of the leg that decided it. Expect values that are not named here:
 * lists of values grow.
 */
export type Disposition =
  | "ABANDONED"
  | "ANSWERED"
  | "BLOCKED"
  | "BUSY"
  | "CANCELLED"
  | "CONGESTION"
  | "DNC"
  | "FAILED"
  | "INVALID_NUMBER"
  | "MACHINE"
  | "NO_ANSWER"
  | "REJECTED"
  | "UNREACHABLE"
  | "VOICEMAIL"
  | (string & {});

/** How a number came onto a list. Expect values that are not named here: lists of values grow. */
export type DncSource =
  | "API"
  | "IMPORT"
  | "OPT_OUT"
  | (string & {});

/** Why a call ended, in one word. Expect values that are not named here: lists of values grow. */
export type EndCode =
  | "ANNOUNCEMENT_ENDED"
  | "ANNOUNCEMENT_FAILED"
  | "API_HANGUP"
  | "BRIDGE_FAILED"
  | "BUSY"
  | "CONGESTION"
  | "DIALPLAN_ENDED"
  | "DIALPLAN_FAILED"
  | "DIAL_FAILED"
  | "DNC"
  | "FAX"
  | "FLOW_ENDED"
  | "FLOW_FAILED"
  | "HANGUP"
  | "INVALID_NUMBER"
  | "LIMIT_REACHED"
  | "MACHINE"
  | "MAX_DURATION"
  | "MEDIA_STREAM_ENDED"
  | "MEDIA_STREAM_FAILED"
  | "NETWORK_FAILURE"
  | "NODE_LOST"
  | "NO_ANSWER"
  | "QUEUE_TIMEOUT"
  | "REJECTED"
  | "SERVICE_AWAY"
  | "TRANSFERRED"
  | "TRANSFER_FAILED"
  | "TRUNK_FULL"
  | "UNREACHABLE"
  | (string & {});

/**
 * On whose side the end of a call or leg lies. Expect values that are not named here: lists of values
 * grow.
 */
export type EndParty =
  | "AGENT"
  | "CUSTOMER"
  | "PARTICIPANT"
  | "SUPERVISOR"
  | "SYSTEM"
  | (string & {});

/**
 * Why a campaign is finished: every contact has its outcome, or the campaign's end has come. Expect
 * values that are not named here: lists of values grow.
 */
export type FinishReason =
  | "ALL_DONE"
  | "END_REACHED"
  | (string & {});

/** How a caller left a call flow. Expect values that are not named here: lists of values grow. */
export type FlowEnding =
  | "COMPLETED"
  | "CONNECTED"
  | "FAILED"
  | "HANDED_ON"
  | "HANGUP"
  | "QUEUED"
  | "STOPPED"
  | (string & {});

/** What came of asking for digits. Expect values that are not named here: lists of values grow. */
export type GatherResult =
  | "MATCHED"
  | "NO_INPUT"
  | "NO_MATCH"
  | (string & {});

/** Why a contact is not tried again. Expect values that are not named here: lists of values grow. */
export type GivenUp =
  | "ANSWERED"
  | "CAMPAIGN_OVER"
  | "NEVER_RETRIED"
  | "NOT_IN_RETRY_ON"
  | "NO_RETRIES_LEFT"
  | (string & {});

/**
 * What a machine's greeting was found to be over by. Expect values that are not named here: lists of
 * values grow.
 */
export type GreetingEnd =
  | "BEEP"
  | "SILENCE"
  | (string & {});

/** What a job does. Expect values that are not named here: lists of values grow. */
export type JobKind =
  | "CONTACT_IMPORT"
  | "DNC_IMPORT"
  | "ERASURE"
  | "EXPORT"
  | "TRANSCRIPTION"
  | (string & {});

/**
 * Whom a leg reaches: who sits in one of the two seats of the talk, or who was called in besides.
 * Expect values that are not named here: lists of values grow.
 */
export type LegRole =
  | "AGENT"
  | "CUSTOMER"
  | "PARTICIPANT"
  | "SUPERVISOR"
  | (string & {});

/**
 * Why a media stream ended, or did not come about. Expect values that are not named here: lists of
 * values grow.
 */
export type MediaStreamEnd =
  | "BOT_CLOSED"
  | "BOT_FLOODED"
  | "BOT_LOST"
  | "BOT_PROTOCOL"
  | "BOT_REFUSED"
  | "BOT_UNREACHABLE"
  | "CALL_ENDED"
  | "FAILED"
  | "LEG_ENDED"
  | "LEG_MOVED"
  | "MEDIA_LOST"
  | "OVERLOADED"
  | "SERVICE_RESTARTED"
  | "STOPPED"
  | "URL_NOT_ALLOWED"
  | (string & {});

/**
 * Which way a leg is silenced: IN, what it says is not heard; OUT, it hears nothing. Expect values
 * that are not named here: lists of values grow.
 */
export type MuteDirection =
  | "BOTH"
  | "IN"
  | "OUT"
  | (string & {});

/**
 * Why a one-time password was not told to anybody. Expect values that are not named here: lists of
 * values grow.
 */
export type OtpFailure =
  | "NOT_ANSWERED"
  | "NOT_PLACED"
  | "NOT_SPOKEN"
  | "REFUSED"
  | (string & {});

/**
 * What a recording's file has of a pause: nothing at all, or as much silence. Expect values that are
 * not named here: lists of values grow.
 */
export type PauseMode =
  | "SILENCE"
  | "SKIP"
  | (string & {});

/**
 * Why a campaign is paused: somebody asked for it, its trunk fails again and again, no call can be
 * placed as it is set up (its caller id is not the account's any more, say), or agents let so many
 * calls ring that its cap on abandoned calls bears no more. Expect values that are not named here:
 * lists of values grow.
 */
export type PauseReason =
  | "CALLS_REFUSED"
  | "REQUESTED"
  | "TOO_MANY_ABANDONED"
  | "TRUNK_FAILED"
  | (string & {});

/** Why a caller no longer waits. Expect values that are not named here: lists of values grow. */
export type QueueLeaving =
  | "ABANDONED"
  | "ANSWERED"
  | "ENDED"
  | "FULL"
  | "NO_AGENTS"
  | "TIMEOUT"
  | (string & {});

/**
 * Whose voice is recorded; BOTH is one stereo file, agent left, customer right. Expect values that are
 * not named here: lists of values grow.
 */
export type RecordingMode =
  | "AGENT"
  | "BOTH"
  | "CUSTOMER"
  | "OFF"
  | (string & {});

/**
 * Why a contact is not called by this campaign at all. Expect values that are not named here: lists of
 * values grow.
 */
export type SkipReason =
  | "CALL_FAILED"
  | "CAMPAIGN_OVER"
  | "CAP_OUTLASTS_CAMPAIGN"
  | "DESTINATION_DENIED"
  | "DNC"
  | "NOT_REACHED"
  | "NO_COMMON_WINDOW"
  | "REMOVED"
  | "WINDOW_AFTER_END"
  | "ZONE_UNKNOWN"
  | (string & {});

/** Why a supervision ended. Expect values that are not named here: lists of values grow. */
export type SupervisionEnd =
  | "CALL_ENDED"
  | "FAILED"
  | "HANGUP"
  | "NOT_REACHED"
  | "STOPPED"
  | (string & {});

/**
 * What a supervisor does with the talk it hears: nothing, speak to the agent alone, or speak to all.
 * Expect values that are not named here: lists of values grow.
 */
export type SupervisionMode =
  | "BARGE"
  | "MONITOR"
  | "WHISPER"
  | (string & {});

/** Who has suspended an account. Expect values that are not named here: lists of values grow. */
export type SuspendedBy =
  | "ACCOUNT"
  | "OPERATOR"
  | (string & {});

/**
 * Whether whoever transfers speaks to the target first. Expect values that are not named here: lists
 * of values grow.
 */
export type TransferKind =
  | "ATTENDED"
  | "BLIND"
  | (string & {});

/**
 * Who calls the target: we, or the device of whoever is transferred, which is told to (SIP REFER).
 * Expect values that are not named here: lists of values grow.
 */
export type TransferMethod =
  | "BRIDGE"
  | "REFER"
  | (string & {});

/** The account is no longer suspended. */
export interface AccountResumed {
}

/**
 * The account is suspended: nothing is dialled for it. `endsCalls`: its live calls are hung up as
 * well.
 */
export interface AccountSuspended {
  suspendedBy: SuspendedBy;
  endsCalls: boolean;
  reason: string | null;
}

/** Who set something in motion: an API key by its id, a party of the call, or Offhook itself. */
export interface Actor {
  kind: ActorKind;
  id: string | null;
}

/**
 * What an agent does has changed, or which queues it serves (`queueIds`). `since` is when the state
 * began. `callId` and `queueId` are those of a queue's caller that it is rung for or talks to.
 */
export interface AgentStateChanged {
  agentId: string;
  state: AgentState;
  previous: AgentState;
  since: string;
  reason: string | null;
  wrapsUpUntil: string | null;
  queueId: string | null;
  callId: string | null;
  queueIds: Array<string>;
}

/** One of the caller's own key-value pairs, kept and echoed unread. */
export interface Pair {
  key: string;
  value: string;
}

/**
 * What Offhook places a call for, by the ids of it: a contact of a campaign, a callback, or a one-time
 * password.
 */
export interface Errand {
  campaignId?: string | null;
  contactId?: string | null;
  contactListId?: string | null;
  callbackId?: string | null;
  otpId?: string | null;
}

/**
 * The call a fact is about, with everything a CRM needs to file it without asking back. `uniqueId` is
 * the id of the first leg's channel in Asterisk. `errand`: what Offhook placed it for by itself.
 */
export interface CallRef {
  id: string;
  kind: CallKind;
  direction: Direction;
  uniqueId: string;
  dialledNumber: string | null;
  extension: string | null;
  callerId: string | null;
  externalId: string | null;
  metadata: Array<Pair>;
  tags: Array<string>;
  errand: Errand | null;
}

/** Both parties are bridged and can talk. */
export interface CallConnected {
  call: CallRef;
  connectedAt: string;
}

/** Who is at an end: a number in E.164, a display name, an extension; any may be absent. */
export interface Party {
  number: string | null;
  display: string | null;
  extension: string | null;
  isAnonymous: boolean;
}

/** The call was accepted and stored; nothing has rung yet. */
export interface CallCreated {
  call: CallRef;
  agent: Party;
  customer: Party;
  dialFirst: LegRole;
  recordingMode: RecordingMode;
}

/**
 * Why and on whose side a call ended. `sipCode` is the far end's final SIP status where it gave one,
 * `hangupCause` the Q.850 cause of the leg that decided.
 */
export interface EndReason {
  code: EndCode;
  party: EndParty;
  sipCode: number | null;
  hangupCause: number | null;
}

/**
 * How it sounded in the worse of its two directions: mean opinion score (1 to 4.41, by ITU-T G.107),
 * the share of packets that was lost, and how unevenly they came, in milliseconds.
 */
export interface Quality {
  mos: number;
  lossPercent: number;
  jitterMs: number;
}

/**
 * A call detail record: written once, when the call has ended, and never changed. Durations are
 * seconds and derive from the instants: `ring` from the first dialling to the answer (or end) of the
 * leg that decided, `talk` from connection to end, `duration` from creation to end. A contact that a
 * campaign never called, because it must not, has a record without a call: DNC. `quality` is that of
 * the leg that sounded worst; null when nothing was counted, or it was not kept.
 */
export interface CdrRecord {
  id: string;
  callId: string | null;
  kind: CallKind;
  direction: Direction;
  disposition: Disposition;
  endReason: EndReason;
  source: CdrSource;
  uniqueId: string;
  createdAt: string;
  endedAt: string;
  agent: Party;
  customer: Party;
  ringSeconds: number;
  talkSeconds: number;
  durationSeconds: number;
  agentId: string | null;
  agentName: string | null;
  extension: string | null;
  dialledNumber: string | null;
  callerId: string | null;
  callerIdName: string | null;
  trunkId: string | null;
  externalId: string | null;
  requestId: string | null;
  ringingAt: string | null;
  answeredAt: string | null;
  connectedAt: string | null;
  dtmf: string | null;
  recordingIds: Array<string>;
  metadata: Array<Pair>;
  tags: Array<string>;
  isSandbox: boolean;
  quality: Quality | null;
  queueId: string | null;
  queueWaitSeconds: number | null;
  errand: Errand | null;
  ringGroupId: string | null;
}

/** The call is over, with its whole record. Every call ends with exactly one of these. */
export interface CallEnded {
  call: CallRef;
  disposition: Disposition;
  endReason: EndReason;
  durationSeconds: number;
  talkSeconds: number;
  cdr: CdrRecord;
}

/** Offhook could not watch the call for a while and has found it again, or what became of it. */
export interface CallRecovered {
  call: CallRef;
  blindFrom: string;
  blindUntil: string;
}

/**
 * External id, metadata, tags or the pitch of a voice were changed by request; `changed` names the
 * fields.
 */
export interface CallUpdated {
  call: CallRef;
  changed: Array<string>;
}

/** The customer has answered, or has come, and waits for an agent. */
export interface CallWaiting {
  call: CallRef;
  queueId: string;
}

/** It will not be placed: somebody said so in time. */
export interface CallbackCancelled {
  callbackId: string;
  customer: Party;
  dueAt: string;
  attempt: number;
  externalId: string | null;
  metadata: Array<Pair>;
  tags: Array<string>;
}

/** Its call has ended, and both sides had been connected. */
export interface CallbackCompleted {
  callbackId: string;
  customer: Party;
  dueAt: string;
  attempt: number;
  externalId: string | null;
  metadata: Array<Pair>;
  tags: Array<string>;
  callId: string;
  talkSeconds: number;
}

/** Nothing more is tried. `callId` and `disposition` are those of its last call, where there was one. */
export interface CallbackFailed {
  callbackId: string;
  customer: Party;
  dueAt: string;
  attempt: number;
  externalId: string | null;
  metadata: Array<Pair>;
  tags: Array<string>;
  reason: CallbackFailure;
  detail: string;
  callId: string | null;
  disposition: Disposition | null;
}

/** A call is to be placed at `dueAt`. */
export interface CallbackScheduled {
  callbackId: string;
  customer: Party;
  dueAt: string;
  attempt: number;
  externalId: string | null;
  metadata: Array<Pair>;
  tags: Array<string>;
}

/** Its call is being placed, `lateSeconds` after it was due. */
export interface CallbackStarted {
  callbackId: string;
  customer: Party;
  dueAt: string;
  attempt: number;
  externalId: string | null;
  metadata: Array<Pair>;
  tags: Array<string>;
  callId: string;
  lateSeconds: number;
}

/** It was changed by request; or, with `isRetry`, its call connected nobody and another one is due. */
export interface CallbackUpdated {
  callbackId: string;
  customer: Party;
  dueAt: string;
  attempt: number;
  externalId: string | null;
  metadata: Array<Pair>;
  tags: Array<string>;
  isRetry: boolean;
}

/** A campaign was made. It calls nobody before it is started. */
export interface CampaignCreated {
  campaignId: string;
  name: string;
  campaignKind: CampaignKind;
}

/**
 * The campaign is over by itself. `attempts` were made, `finished` contacts called, `skipped` ones
 * never. Contacts that it never came to are not among them: those are counted afterwards.
 */
export interface CampaignFinished {
  campaignId: string;
  name: string;
  reason: FinishReason;
  attempts: number;
  finished: number;
  skipped: number;
}

/**
 * No call of the campaign begins any more until it is resumed; what is under way goes on to its own
 * end.
 */
export interface CampaignPaused {
  campaignId: string;
  name: string;
  reason: PauseReason;
}

/** The campaign calls again. */
export interface CampaignResumed {
  campaignId: string;
  name: string;
  version: number;
}

/** The campaign has begun to call, in this version; what changes later counts from then on. */
export interface CampaignStarted {
  campaignId: string;
  name: string;
  campaignKind: CampaignKind;
  version: number;
}

/** No call of the campaign begins any more, for good; what is under way goes on to its own end. */
export interface CampaignStopped {
  campaignId: string;
  name: string;
}

/** A call to the contact has ended. `attempt` counts from 1; `nextAt` is null when it was the last one. */
export interface ContactAttempted {
  campaignId: string;
  contactId: string;
  contactListId: string;
  contact: Party;
  contactExternalId: string | null;
  callId: string;
  attempt: number;
  disposition: Disposition;
  nextAt: string | null;
}

/** The contact has its outcome, and is not called again by this campaign. `callId` is its last call. */
export interface ContactFinished {
  campaignId: string;
  contactId: string;
  contactListId: string;
  contact: Party;
  contactExternalId: string | null;
  disposition: Disposition;
  reason: GivenUp;
  attempts: number;
  callId: string | null;
}

/** The contact is not called by this campaign; `attempts` were made before that was known. */
export interface ContactSkipped {
  campaignId: string;
  contactId: string;
  contactListId: string;
  contact: Party;
  contactExternalId: string | null;
  reason: SkipReason;
  attempts: number;
  dncListIds: Array<string>;
}

/**
 * How far a job has come, in rows or pieces; `total` null while nobody knows it. `processed` is added
 * + updated + skipped + rejected where a job sorts its rows into these, else what is done. `existing`
 * of the skipped ones were there before, and stayed as they were. `dnc` of them, whatever became of
 * them, are numbers that must not be called.
 */
export interface Counts {
  total: number | null;
  processed: number;
  added: number;
  updated: number;
  skipped: number;
  rejected: number;
  dnc: number;
  existing: number;
}

/** The device has registered, or answers again; it can be called. */
export interface DeviceRegistered {
  deviceId: string;
  node: string;
  extensionId: string | null;
  agentId: string | null;
}

/** The device can no longer be called; `reason` says why. */
export interface DeviceUnregistered {
  deviceId: string;
  node: string;
  extensionId: string | null;
  agentId: string | null;
  reason: DeviceGone;
}

/**
 * A number is on a DNC list from now on: by the API, or because its owner wished so in a call. An
 * import tells it of the whole file alone, as `job.finished`.
 */
export interface DncEntryAdded {
  listId: string;
  party: Party;
  source: DncSource;
  reason: string | null;
  callId: string | null;
}

/** The leg a fact is about; `channelName` as Asterisk shows it, once known. */
export interface LegRef {
  id: string;
  role: LegRole;
  party: Party;
  channelName: string | null;
}

/** A party pressed a key. The digit is masked for readers without `dtmf:read`. */
export interface DtmfReceived {
  call: CallRef;
  leg: LegRef;
  digit: string;
  durationMilliseconds: number;
}

/**
 * The customer has left the flow, at `lastStep`; `steps` is how many it came to. `failure` says why it
 * is FAILED.
 */
export interface FlowEnded {
  call: CallRef;
  flowId: string;
  version: number;
  ending: FlowEnding;
  lastStep: string | null;
  steps: number;
  durationSeconds: number;
  failure: string | null;
}

/**
 * A step has asked for digits for the `attempt`-th time. Digits are masked for readers without
 * `dtmf:read`.
 */
export interface FlowGathered {
  call: CallRef;
  flowId: string;
  step: string;
  attempt: number;
  result: GatherResult;
  digits: string;
}

/** The customer is in a call flow. This call keeps the `version`, whatever changes meanwhile. */
export interface FlowStarted {
  call: CallRef;
  flowId: string;
  version: number;
  name: string;
}

/** The flow has come to a step; `stepKind` is what the step does, such as `gather`. */
export interface FlowStepEntered {
  call: CallRef;
  flowId: string;
  step: string;
  stepKind: string;
}

/** The job was cancelled. What it had done until then stays done. */
export interface JobCancelled {
  jobId: string;
  kind: JobKind;
  jobSubjectId: string | null;
  counts: Counts;
  hasReport: boolean;
}

/** The job was given up; `reason` says why. What it had done until then stays done. */
export interface JobFailed {
  jobId: string;
  kind: JobKind;
  jobSubjectId: string | null;
  counts: Counts;
  hasReport: boolean;
  reason: string;
}

/** The job has done all of its work; its report, if it has one, can be fetched. */
export interface JobFinished {
  jobId: string;
  kind: JobKind;
  jobSubjectId: string | null;
  counts: Counts;
  hasReport: boolean;
}

/** The far end answered at `answeredAt`. */
export interface LegAnswered {
  call: CallRef;
  leg: LegRef;
  answeredAt: string | null;
}

/** The leg is about to be dialled. */
export interface LegDialing {
  call: CallRef;
  leg: LegRef;
}

/**
 * The leg is gone since `endedAt`. `endedBy` is the side that hung up or refused; SYSTEM when Offhook
 * did. `answeredElsewhere`: it rang together with others, another of them answered, and so nobody
 * missed a call here.
 */
export interface LegEnded {
  call: CallRef;
  leg: LegRef;
  endedBy: EndParty;
  hangupCause: number | null;
  sipCode: number | null;
  talkSeconds: number;
  endedAt: string | null;
  answeredElsewhere: boolean;
}

/** The leg was taken out of the talk and hears music. */
export interface LegHeld {
  call: CallRef;
  leg: LegRef;
}

/** The leg was silenced; `muted` is all that is silenced now. */
export interface LegMuted {
  call: CallRef;
  leg: LegRef;
  muted: MuteDirection;
}

/** The far end says that it rings, since `ringingAt`. */
export interface LegRinging {
  call: CallRef;
  leg: LegRef;
  ringingAt: string | null;
}

/** The leg is back in the talk. */
export interface LegUnheld {
  call: CallRef;
  leg: LegRef;
}

/** The leg can be heard, and hear, again; `muted` is what is still silenced, null when nothing is. */
export interface LegUnmuted {
  call: CallRef;
  leg: LegRef;
  muted: MuteDirection | null;
}

/**
 * It was looked into what has answered. `cause` is Asterisk's own word for why it thinks so.
 * `isAfterBeep`: a machine's greeting and beep are over, and it records. `greetingEndedBy`: what told
 * that it was over; null when none was heard to its end.
 */
export interface MachineDetectionFinished {
  call: CallRef;
  leg: LegRef;
  answeredBy: AnsweredBy;
  cause: string;
  isAfterBeep: boolean;
  greetingEndedBy: GreetingEnd | null;
}

/**
 * The leg and the program at the other end of the websocket hear each other. `sampleRate`: samples a
 * second.
 */
export interface MediaStreamConnected {
  call: CallRef;
  streamId: string;
  leg: LegRef;
  host: string;
  sampleRate: number;
}

/** They do not any more: why. `outcome` is the program's own word for how it went, when it gave one. */
export interface MediaStreamEnded {
  call: CallRef;
  streamId: string;
  leg: LegRef;
  host: string;
  reason: MediaStreamEnd;
  durationSeconds: number;
  detail: string | null;
  outcome: string | null;
}

/** They never did: why. */
export interface MediaStreamFailed {
  call: CallRef;
  streamId: string;
  leg: LegRef;
  host: string;
  reason: MediaStreamEnd;
  detail: string | null;
}

/** An amount, as people write it (`12.5`), and its currency (ISO 4217). */
export interface Money {
  amount: string;
  currency: string;
}

/**
 * The call in which it was spoken has ended. `heardToEnd`: all of it was, at least once; `timesHeard`
 * so often.
 */
export interface OtpAnnounced {
  otpId: string;
  customer: Party;
  externalId: string | null;
  callId: string;
  heardToEnd: boolean;
  timesHeard: number;
}

/** Nothing of it was spoken to anybody, and nothing more is tried. */
export interface OtpFailed {
  otpId: string;
  customer: Party;
  externalId: string | null;
  reason: OtpFailure;
  detail: string;
  callId: string | null;
  disposition: Disposition | null;
}

/** The right code was given in time; it is used up. `attempts`: how many codes were offered in all. */
export interface OtpVerified {
  otpId: string;
  customer: Party;
  externalId: string | null;
  attempts: number;
}

/** Somebody who was called into the talk has answered, and talks. */
export interface ParticipantJoined {
  call: CallRef;
  leg: LegRef;
}

/**
 * A person has left the conference. `takenBy`: who sits in its place from here on, if it was the
 * agent's or the customer's.
 */
export interface ParticipantLeft {
  call: CallRef;
  leg: LegRef;
  takenBy: LegRef | null;
}

/** It could not be played, or not to its end; `reason` says why. */
export interface PlaybackFailed {
  call: CallRef;
  playbackId: string;
  heardBy: LegRef | null;
  reason: string;
}

/** It is over: heard to its end, or stopped (`isStopped`). */
export interface PlaybackFinished {
  call: CallRef;
  playbackId: string;
  heardBy: LegRef | null;
  isStopped: boolean;
}

/** It can be heard. */
export interface PlaybackStarted {
  call: CallRef;
  playbackId: string;
  heardBy: LegRef | null;
}

/** The caller hung up while it waited. `queue.left` comes with it. */
export interface QueueAbandoned {
  call: CallRef;
  queueId: string;
  waitSeconds: number;
}

/** The caller has joined a queue; of those who wait the highest `priority` goes first. */
export interface QueueJoined {
  call: CallRef;
  queueId: string;
  priority: number;
  joinedAt: string;
}

/** The caller no longer waits; `agentId` has answered, if somebody has. */
export interface QueueLeft {
  call: CallRef;
  queueId: string;
  reason: QueueLeaving;
  waitSeconds: number;
  agentId: string | null;
}

/** An agent is being rung for the caller. */
export interface QueueOffered {
  call: CallRef;
  leg: LegRef;
  queueId: string;
  agentId: string | null;
}

/**
 * The recording's file is being deleted and can no longer be fetched. `isExpired`: its time was over.
 * `reason` says why; null where that was not kept.
 */
export interface RecordingDeleted {
  recordingId: string;
  callId: string;
  mode: RecordingMode;
  isExpired: boolean;
  reason: DeletionReason | null;
}

/** No recording came of it; `reason` says why. */
export interface RecordingFailed {
  call: CallRef;
  recordingId: string;
  mode: RecordingMode;
  reason: string;
}

/** Nothing said from `pausedAt` on gets into the recording; `pauseMode` says how the file shows it. */
export interface RecordingPaused {
  call: CallRef;
  recordingId: string;
  mode: RecordingMode;
  pauseMode: PauseMode;
  pausedAt: string;
}

/** What is said from `resumedAt` on is recorded again. */
export interface RecordingResumed {
  call: CallRef;
  recordingId: string;
  mode: RecordingMode;
  pauseMode: PauseMode;
  pausedAt: string;
  resumedAt: string;
}

/**
 * The recording is in Offhook's store, whole, and gone from Asterisk. `durationSeconds` is counted
 * from the samples, `sha256` is the file's, in hex. `lostSeconds` of sound are missing from it,
 * because Asterisk had no time to write them; null when that is not known.
 */
export interface RecordingSaved {
  call: CallRef;
  recordingId: string;
  mode: RecordingMode;
  durationSeconds: number;
  sizeBytes: number;
  channels: number;
  sha256: string;
  lostSeconds: number | null;
}

/** Asterisk is writing the recording. */
export interface RecordingStarted {
  call: CallRef;
  recordingId: string;
  mode: RecordingMode;
}

/**
 * An address of a recording that works for whoever holds it, until `expiresAt`; the log never holds
 * one.
 */
export interface SignedUrl {
  url: string;
  expiresAt: string;
}

/** The supervisor's mode is another one, or (`listensTo`) somebody else is in the agent's place. */
export interface SupervisionChanged {
  call: CallRef;
  supervisionId: string;
  mode: SupervisionMode;
  supervisor: Party;
  legId: string;
  listensTo: LegRef;
}

/** The supervision is over: why; and, for a supervisor that was not reached, how that came out. */
export interface SupervisionEnded {
  call: CallRef;
  supervisionId: string;
  mode: SupervisionMode;
  supervisor: Party;
  legId: string;
  reason: SupervisionEnd;
  disposition: Disposition | null;
}

/** The supervisor has answered, and hears the talk. `listensTo` is the agent's leg. */
export interface SupervisionStarted {
  call: CallRef;
  supervisionId: string;
  mode: SupervisionMode;
  supervisor: Party;
  legId: string;
  listensTo: LegRef;
}

/** The recording was not transcribed; `reason` says why. */
export interface TranscriptFailed {
  transcriptId: string;
  recordingId: string;
  callId: string;
  jobId: string;
  reason: string;
}

/** What is said in the recording was written down. */
export interface TranscriptReady {
  transcriptId: string;
  recordingId: string;
  callId: string;
  jobId: string;
  language: string;
  segmentCount: number;
}

/**
 * The transfer was taken back by request, or the transferee or the whole call ended before it was
 * done.
 */
export interface TransferCancelled {
  call: CallRef;
  transferId: string;
  kind: TransferKind;
  by: LegRef;
  transferee: LegRef;
  target: Party;
  queueId: string | null;
  method: TransferMethod;
}

/**
 * The transferee and the target talk; whoever transferred is let go. `leg` is the target's. With REFER
 * they talk without us: there is no such leg, and the call ends.
 */
export interface TransferCompleted {
  call: CallRef;
  transferId: string;
  kind: TransferKind;
  by: LegRef;
  transferee: LegRef;
  target: Party;
  queueId: string | null;
  method: TransferMethod;
  leg: LegRef | null;
}

/** The target could not be had: how and why. `isRecalled`: whoever transferred is called back. */
export interface TransferFailed {
  call: CallRef;
  transferId: string;
  kind: TransferKind;
  by: LegRef;
  transferee: LegRef;
  target: Party;
  queueId: string | null;
  method: TransferMethod;
  disposition: Disposition;
  endReason: EndReason;
  isRecalled: boolean;
}

/** The target is about to be dialled. */
export interface TransferStarted {
  call: CallRef;
  transferId: string;
  kind: TransferKind;
  by: LegRef;
  transferee: LegRef;
  target: Party;
  queueId: string | null;
  method: TransferMethod;
}

/** The trunk's far end does not answer; it is not dialled until it does. */
export interface TrunkDown {
  trunkId: string;
  node: string;
  name: string;
}

/** The trunk's far end answers again. */
export interface TrunkUp {
  trunkId: string;
  node: string;
  name: string;
}

/**
 * A cap of the account has kept something from being dialled: told once a minute, of the daily spend
 * once a day.
 */
export interface UsageLimitReached {
  limit: Cap;
  most: number | null;
  mostSpend: Money | null;
}

/** A message was left and is in Offhook's store: the recording `recordingId`. */
export interface VoicemailReceived {
  call: CallRef;
  recordingId: string;
  caller: Party;
  durationSeconds: number;
  flowId: string;
  step: string;
}

/** The endpoint gets nothing more until it is enabled again; `reason` says why. */
export interface WebhookDisabled {
  endpointId: string;
  reason: string;
}

/** The last attempt at a delivery failed; the event stays in the log and can be replayed. */
export interface WebhookExhausted {
  endpointId: string;
  deliveryId: string;
  eventId: string;
  eventType: string;
  attempts: number;
}

/** A test event that a person asked for. */
export interface WebhookTest {
  endpointId: string;
}

/**
 * Somebody asked for a test: a sample of `eventType` goes to everybody who asks for events of that
 * type.
 */
export interface WebhookTriggered {
  eventType: string;
}

/** What every event has. */
export interface Envelope {
  /** The event's id; the same over retries and replays. */
  id: string;
  /**
   * When it was taken down, UTC; it never runs backwards within a call. What Asterisk told late
   * happened earlier: instants in the data, such as answeredAt, say when.
   */
  timestamp: string;
  /** The event's number in the account's log; it may have holes. */
  sequence: number;
  /** What the event is about, mostly a call. */
  subjectId: string;
  /** 1, 2, 3 … within a call. */
  callSequence: number | null;
  actor: Actor;
  /** The request that set it in motion. */
  requestId: string | null;
  /** Whether it happened in the sandbox. */
  sandbox: boolean;
  /** Only in samples that somebody asked for (triggerEvent): nothing of this happened. */
  test?: true;
}

/** The call was accepted and stored; nothing has rung yet. */
export interface CallCreatedEvent extends Envelope {
  type: "call.created";
  data: CallCreated;
}

/**
 * External id, metadata, tags or the pitch of a voice were changed by request; `changed` names the
 * fields.
 */
export interface CallUpdatedEvent extends Envelope {
  type: "call.updated";
  data: CallUpdated;
}

/** The leg is about to be dialled. */
export interface LegDialingEvent extends Envelope {
  type: "leg.dialing";
  data: LegDialing;
}

/** The far end says that it rings, since `ringingAt`. */
export interface LegRingingEvent extends Envelope {
  type: "leg.ringing";
  data: LegRinging;
}

/** The far end answered at `answeredAt`. */
export interface LegAnsweredEvent extends Envelope {
  type: "leg.answered";
  data: LegAnswered;
}

/**
 * It was looked into what has answered. `cause` is Asterisk's own word for why it thinks so.
 * `isAfterBeep`: a machine's greeting and beep are over, and it records. `greetingEndedBy`: what told
 * that it was over; null when none was heard to its end.
 */
export interface MachineDetectionFinishedEvent extends Envelope {
  type: "machine.detection_finished";
  data: MachineDetectionFinished;
}

/** The leg was taken out of the talk and hears music. */
export interface LegHeldEvent extends Envelope {
  type: "leg.held";
  data: LegHeld;
}

/** The leg is back in the talk. */
export interface LegUnheldEvent extends Envelope {
  type: "leg.unheld";
  data: LegUnheld;
}

/** The leg was silenced; `muted` is all that is silenced now. */
export interface LegMutedEvent extends Envelope {
  type: "leg.muted";
  data: LegMuted;
}

/** The leg can be heard, and hear, again; `muted` is what is still silenced, null when nothing is. */
export interface LegUnmutedEvent extends Envelope {
  type: "leg.unmuted";
  data: LegUnmuted;
}

/**
 * The leg is gone since `endedAt`. `endedBy` is the side that hung up or refused; SYSTEM when Offhook
 * did. `answeredElsewhere`: it rang together with others, another of them answered, and so nobody
 * missed a call here.
 */
export interface LegEndedEvent extends Envelope {
  type: "leg.ended";
  data: LegEnded;
}

/** Both parties are bridged and can talk. */
export interface CallConnectedEvent extends Envelope {
  type: "call.connected";
  data: CallConnected;
}

/** A party pressed a key. The digit is masked for readers without `dtmf:read`. */
export interface DtmfReceivedEvent extends Envelope {
  type: "dtmf.received";
  data: DtmfReceived;
}

/** Offhook could not watch the call for a while and has found it again, or what became of it. */
export interface CallRecoveredEvent extends Envelope {
  type: "call.recovered";
  data: CallRecovered;
}

/** The call is over, with its whole record. Every call ends with exactly one of these. */
export interface CallEndedEvent extends Envelope {
  type: "call.ended";
  data: CallEnded;
}

/** It can be heard. */
export interface PlaybackStartedEvent extends Envelope {
  type: "playback.started";
  data: PlaybackStarted;
}

/** It is over: heard to its end, or stopped (`isStopped`). */
export interface PlaybackFinishedEvent extends Envelope {
  type: "playback.finished";
  data: PlaybackFinished;
}

/** It could not be played, or not to its end; `reason` says why. */
export interface PlaybackFailedEvent extends Envelope {
  type: "playback.failed";
  data: PlaybackFailed;
}

/** The target is about to be dialled. */
export interface TransferStartedEvent extends Envelope {
  type: "transfer.started";
  data: TransferStarted;
}

/**
 * The transferee and the target talk; whoever transferred is let go. `leg` is the target's. With REFER
 * they talk without us: there is no such leg, and the call ends.
 */
export interface TransferCompletedEvent extends Envelope {
  type: "transfer.completed";
  data: TransferCompleted;
}

/**
 * The transfer was taken back by request, or the transferee or the whole call ended before it was
 * done.
 */
export interface TransferCancelledEvent extends Envelope {
  type: "transfer.cancelled";
  data: TransferCancelled;
}

/** The target could not be had: how and why. `isRecalled`: whoever transferred is called back. */
export interface TransferFailedEvent extends Envelope {
  type: "transfer.failed";
  data: TransferFailed;
}

/** The supervisor has answered, and hears the talk. `listensTo` is the agent's leg. */
export interface SupervisionStartedEvent extends Envelope {
  type: "supervision.started";
  data: SupervisionStarted;
}

/** The supervisor's mode is another one, or (`listensTo`) somebody else is in the agent's place. */
export interface SupervisionChangedEvent extends Envelope {
  type: "supervision.changed";
  data: SupervisionChanged;
}

/** The supervision is over: why; and, for a supervisor that was not reached, how that came out. */
export interface SupervisionEndedEvent extends Envelope {
  type: "supervision.ended";
  data: SupervisionEnded;
}

/** Somebody who was called into the talk has answered, and talks. */
export interface ParticipantJoinedEvent extends Envelope {
  type: "participant.joined";
  data: ParticipantJoined;
}

/**
 * A person has left the conference. `takenBy`: who sits in its place from here on, if it was the
 * agent's or the customer's.
 */
export interface ParticipantLeftEvent extends Envelope {
  type: "participant.left";
  data: ParticipantLeft;
}

/**
 * The leg and the program at the other end of the websocket hear each other. `sampleRate`: samples a
 * second.
 */
export interface MediaStreamConnectedEvent extends Envelope {
  type: "mediastream.connected";
  data: MediaStreamConnected;
}

/** They do not any more: why. `outcome` is the program's own word for how it went, when it gave one. */
export interface MediaStreamEndedEvent extends Envelope {
  type: "mediastream.ended";
  data: MediaStreamEnded;
}

/** They never did: why. */
export interface MediaStreamFailedEvent extends Envelope {
  type: "mediastream.failed";
  data: MediaStreamFailed;
}

/** The customer has answered, or has come, and waits for an agent. */
export interface CallWaitingEvent extends Envelope {
  type: "call.waiting";
  data: CallWaiting;
}

/** The caller has joined a queue; of those who wait the highest `priority` goes first. */
export interface QueueJoinedEvent extends Envelope {
  type: "queue.joined";
  data: QueueJoined;
}

/** An agent is being rung for the caller. */
export interface QueueOfferedEvent extends Envelope {
  type: "queue.offered";
  data: QueueOffered;
}

/** The caller no longer waits; `agentId` has answered, if somebody has. */
export interface QueueLeftEvent extends Envelope {
  type: "queue.left";
  data: QueueLeft;
}

/** The caller hung up while it waited. `queue.left` comes with it. */
export interface QueueAbandonedEvent extends Envelope {
  type: "queue.abandoned";
  data: QueueAbandoned;
}

/**
 * What an agent does has changed, or which queues it serves (`queueIds`). `since` is when the state
 * began. `callId` and `queueId` are those of a queue's caller that it is rung for or talks to.
 */
export interface AgentStateChangedEvent extends Envelope {
  type: "agent.state_changed";
  data: AgentStateChanged;
}

/** The customer is in a call flow. This call keeps the `version`, whatever changes meanwhile. */
export interface FlowStartedEvent extends Envelope {
  type: "flow.started";
  data: FlowStarted;
}

/** The flow has come to a step; `stepKind` is what the step does, such as `gather`. */
export interface FlowStepEnteredEvent extends Envelope {
  type: "flow.step_entered";
  data: FlowStepEntered;
}

/**
 * A step has asked for digits for the `attempt`-th time. Digits are masked for readers without
 * `dtmf:read`.
 */
export interface FlowGatheredEvent extends Envelope {
  type: "flow.gathered";
  data: FlowGathered;
}

/**
 * The customer has left the flow, at `lastStep`; `steps` is how many it came to. `failure` says why it
 * is FAILED.
 */
export interface FlowEndedEvent extends Envelope {
  type: "flow.ended";
  data: FlowEnded;
}

/** A message was left and is in Offhook's store: the recording `recordingId`. */
export interface VoicemailReceivedEvent extends Envelope {
  type: "voicemail.received";
  data: VoicemailReceived;
}

/** Asterisk is writing the recording. */
export interface RecordingStartedEvent extends Envelope {
  type: "recording.started";
  data: RecordingStarted;
}

/** Nothing said from `pausedAt` on gets into the recording; `pauseMode` says how the file shows it. */
export interface RecordingPausedEvent extends Envelope {
  type: "recording.paused";
  data: RecordingPaused;
}

/** What is said from `resumedAt` on is recorded again. */
export interface RecordingResumedEvent extends Envelope {
  type: "recording.resumed";
  data: RecordingResumed;
}

/**
 * The recording is in Offhook's store, whole, and gone from Asterisk. `durationSeconds` is counted
 * from the samples, `sha256` is the file's, in hex. `lostSeconds` of sound are missing from it,
 * because Asterisk had no time to write them; null when that is not known.
 */
export interface RecordingSavedEvent extends Envelope {
  type: "recording.saved";
  data: RecordingSaved;
  /** Where to fetch it: in webhooks to endpoints that may, made anew for each attempt. */
  signedUrl?: SignedUrl;
}

/** No recording came of it; `reason` says why. */
export interface RecordingFailedEvent extends Envelope {
  type: "recording.failed";
  data: RecordingFailed;
}

/**
 * The recording's file is being deleted and can no longer be fetched. `isExpired`: its time was over.
 * `reason` says why; null where that was not kept.
 */
export interface RecordingDeletedEvent extends Envelope {
  type: "recording.deleted";
  data: RecordingDeleted;
}

/** A campaign was made. It calls nobody before it is started. */
export interface CampaignCreatedEvent extends Envelope {
  type: "campaign.created";
  data: CampaignCreated;
}

/** The campaign has begun to call, in this version; what changes later counts from then on. */
export interface CampaignStartedEvent extends Envelope {
  type: "campaign.started";
  data: CampaignStarted;
}

/**
 * No call of the campaign begins any more until it is resumed; what is under way goes on to its own
 * end.
 */
export interface CampaignPausedEvent extends Envelope {
  type: "campaign.paused";
  data: CampaignPaused;
}

/** The campaign calls again. */
export interface CampaignResumedEvent extends Envelope {
  type: "campaign.resumed";
  data: CampaignResumed;
}

/** No call of the campaign begins any more, for good; what is under way goes on to its own end. */
export interface CampaignStoppedEvent extends Envelope {
  type: "campaign.stopped";
  data: CampaignStopped;
}

/**
 * The campaign is over by itself. `attempts` were made, `finished` contacts called, `skipped` ones
 * never. Contacts that it never came to are not among them: those are counted afterwards.
 */
export interface CampaignFinishedEvent extends Envelope {
  type: "campaign.finished";
  data: CampaignFinished;
}

/** A call to the contact has ended. `attempt` counts from 1; `nextAt` is null when it was the last one. */
export interface ContactAttemptedEvent extends Envelope {
  type: "contact.attempted";
  data: ContactAttempted;
}

/** The contact is not called by this campaign; `attempts` were made before that was known. */
export interface ContactSkippedEvent extends Envelope {
  type: "contact.skipped";
  data: ContactSkipped;
}

/** The contact has its outcome, and is not called again by this campaign. `callId` is its last call. */
export interface ContactFinishedEvent extends Envelope {
  type: "contact.finished";
  data: ContactFinished;
}

/**
 * A number is on a DNC list from now on: by the API, or because its owner wished so in a call. An
 * import tells it of the whole file alone, as `job.finished`.
 */
export interface DncEntryAddedEvent extends Envelope {
  type: "dnc.entry_added";
  data: DncEntryAdded;
}

/**
 * A cap of the account has kept something from being dialled: told once a minute, of the daily spend
 * once a day.
 */
export interface UsageLimitReachedEvent extends Envelope {
  type: "usage.limit_reached";
  data: UsageLimitReached;
}

/**
 * The account is suspended: nothing is dialled for it. `endsCalls`: its live calls are hung up as
 * well.
 */
export interface AccountSuspendedEvent extends Envelope {
  type: "account.suspended";
  data: AccountSuspended;
}

/** The account is no longer suspended. */
export interface AccountResumedEvent extends Envelope {
  type: "account.resumed";
  data: AccountResumed;
}

/**
 * The call in which it was spoken has ended. `heardToEnd`: all of it was, at least once; `timesHeard`
 * so often.
 */
export interface OtpAnnouncedEvent extends Envelope {
  type: "otp.announced";
  data: OtpAnnounced;
}

/** Nothing of it was spoken to anybody, and nothing more is tried. */
export interface OtpFailedEvent extends Envelope {
  type: "otp.failed";
  data: OtpFailed;
}

/** The right code was given in time; it is used up. `attempts`: how many codes were offered in all. */
export interface OtpVerifiedEvent extends Envelope {
  type: "otp.verified";
  data: OtpVerified;
}

/** A call is to be placed at `dueAt`. */
export interface CallbackScheduledEvent extends Envelope {
  type: "callback.scheduled";
  data: CallbackScheduled;
}

/** It was changed by request; or, with `isRetry`, its call connected nobody and another one is due. */
export interface CallbackUpdatedEvent extends Envelope {
  type: "callback.updated";
  data: CallbackUpdated;
}

/** It will not be placed: somebody said so in time. */
export interface CallbackCancelledEvent extends Envelope {
  type: "callback.cancelled";
  data: CallbackCancelled;
}

/** Its call is being placed, `lateSeconds` after it was due. */
export interface CallbackStartedEvent extends Envelope {
  type: "callback.started";
  data: CallbackStarted;
}

/** Its call has ended, and both sides had been connected. */
export interface CallbackCompletedEvent extends Envelope {
  type: "callback.completed";
  data: CallbackCompleted;
}

/** Nothing more is tried. `callId` and `disposition` are those of its last call, where there was one. */
export interface CallbackFailedEvent extends Envelope {
  type: "callback.failed";
  data: CallbackFailed;
}

/** What is said in the recording was written down. */
export interface TranscriptReadyEvent extends Envelope {
  type: "transcript.ready";
  data: TranscriptReady;
}

/** The recording was not transcribed; `reason` says why. */
export interface TranscriptFailedEvent extends Envelope {
  type: "transcript.failed";
  data: TranscriptFailed;
}

/** The job has done all of its work; its report, if it has one, can be fetched. */
export interface JobFinishedEvent extends Envelope {
  type: "job.finished";
  data: JobFinished;
}

/** The job was given up; `reason` says why. What it had done until then stays done. */
export interface JobFailedEvent extends Envelope {
  type: "job.failed";
  data: JobFailed;
}

/** The job was cancelled. What it had done until then stays done. */
export interface JobCancelledEvent extends Envelope {
  type: "job.cancelled";
  data: JobCancelled;
}

/** The device has registered, or answers again; it can be called. */
export interface DeviceRegisteredEvent extends Envelope {
  type: "device.registered";
  data: DeviceRegistered;
}

/** The device can no longer be called; `reason` says why. */
export interface DeviceUnregisteredEvent extends Envelope {
  type: "device.unregistered";
  data: DeviceUnregistered;
}

/** The trunk's far end does not answer; it is not dialled until it does. */
export interface TrunkDownEvent extends Envelope {
  type: "trunk.down";
  data: TrunkDown;
}

/** The trunk's far end answers again. */
export interface TrunkUpEvent extends Envelope {
  type: "trunk.up";
  data: TrunkUp;
}

/** A test event that a person asked for. */
export interface WebhookTestEvent extends Envelope {
  type: "webhook.test";
  data: WebhookTest;
}

/**
 * Somebody asked for a test: a sample of `eventType` goes to everybody who asks for events of that
 * type.
 */
export interface WebhookTriggeredEvent extends Envelope {
  type: "webhook.triggered";
  data: WebhookTriggered;
}

/** The last attempt at a delivery failed; the event stays in the log and can be replayed. */
export interface WebhookExhaustedEvent extends Envelope {
  type: "webhook.exhausted";
  data: WebhookExhausted;
}

/** The endpoint gets nothing more until it is enabled again; `reason` says why. */
export interface WebhookDisabledEvent extends Envelope {
  type: "webhook.disabled";
  data: WebhookDisabled;
}

/** `type` tells them apart. */
export type OffhookEvent =
  | CallCreatedEvent
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
  | WebhookDisabledEvent;

/** The event of a type: `EventOf<"call.ended">`. */
export type EventOf<T extends OffhookEvent["type"]> = Extract<OffhookEvent, { type: T }>;
