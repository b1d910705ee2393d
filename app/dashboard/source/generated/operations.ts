/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Who set something in motion. Expect values you do not know: this list grows. */
export type ActorKind =
  /** A request made with an API key. */
  | 'API_KEY'
  /** A party of the call. */
  | 'PARTY'
  /** Offhook itself. */
  | 'SYSTEM';

/** What an agent does. Expect values you do not know: this list grows. */
export type AgentState =
  /** Queues may ring it. */
  | 'AVAILABLE'
  /** A phone at its extension is on a call, or is being rung. */
  | 'BUSY'
  /** It does not work now. */
  | 'OFFLINE'
  /** It takes no calls from queues for now; `reason` says why, `NO_ANSWER` when it let too many ring. */
  | 'PAUSED'
  /** It has just ended a queue's call, and is left alone for a while. */
  | 'WRAP_UP';

/** Something that is said to the customer alone; then the call ends. Give exactly one of `text`, `templateId` and `audioFileId`. */
export type AnnouncementInput = {
  /** One of the account's sound files. */
  readonly audioFileId?: string | number | null | undefined;
  /** With `templateId`: a value for each of its fields. */
  readonly fields?: ReadonlyArray<FieldValueInput>;
  /** The silence between two times: 0, or 0.1 to 10 seconds. */
  readonly pauseSeconds?: number;
  /** How often it is said in all: 1 to 10. */
  readonly repeat?: number;
  /** An announcement template. */
  readonly templateId?: string | number | null | undefined;
  /** A text: 1 to 3000 characters of plain text; SSML is not taken. */
  readonly text?: string | null | undefined;
  /** How it is spoken; when left out, as the template says, or as the first voice for `en-US` does. */
  readonly voice?: VoiceInput | null | undefined;
};

/** Which lines of the audit log; everything that is given must hold. An empty list holds for all. */
export type AuditEventFilterInput = {
  /** One of these actions; `api_key.*` is all that is done to keys. */
  readonly actions?: ReadonlyArray<string> | null | undefined;
  /** By this API key. */
  readonly actorId?: string | number | null | undefined;
  /** true: what was refused; false: what was done. */
  readonly isRefused?: boolean | null | undefined;
  /** When it happened. */
  readonly occurred?: TimeRangeInput | null | undefined;
  /** One of these outcomes: `OK`, or codes. */
  readonly outcomes?: ReadonlyArray<string> | null | undefined;
  /** From this address. */
  readonly remoteAddress?: string | null | undefined;
  /** In this request. */
  readonly requestId?: string | null | undefined;
  /** To this. */
  readonly subjectId?: string | number | null | undefined;
};

/** Which calls or records; everything that is given must hold. An empty list holds for all. */
export type CallFilterInput = {
  /** One of these agents. */
  readonly agentIds?: ReadonlyArray<string | number> | null | undefined;
  /** Was placed for this callback. */
  readonly callbackId?: string | number | null | undefined;
  /** Was placed by this campaign. */
  readonly campaignId?: string | number | null | undefined;
  /** Was placed by a campaign for this contact. Of records: looked for among those of the campaign and the time that are named as well. */
  readonly contactId?: string | number | null | undefined;
  /** When the call was accepted. */
  readonly created?: TimeRangeInput | null | undefined;
  /** The customer's number, whichever way the call went: whom an outbound call was for, and who called, of an inbound one. Looked for among all calls of the time that `created` names: name one that is not too long. */
  readonly customerNumber?: string | null | undefined;
  /** Goes one of these ways. */
  readonly directions?: ReadonlyArray<Direction> | null | undefined;
  /** Came out in one of these ways. */
  readonly dispositions?: ReadonlyArray<Disposition> | null | undefined;
  /** One of these agents' extensions. */
  readonly extensions?: ReadonlyArray<string> | null | undefined;
  /** Has this id of yours. */
  readonly externalId?: string | null | undefined;
  /** Is of one of these kinds. */
  readonly kinds?: ReadonlyArray<CallKind> | null | undefined;
  /** The number that was dialled; of an inbound call that is one of your own. */
  readonly number?: string | null | undefined;
  /** The customer waited in one of these queues last. */
  readonly queueIds?: ReadonlyArray<string | number> | null | undefined;
  /** Was for one of these ring groups: the one whose member answered last, else the one that was rung last. That is known once the call has ended. */
  readonly ringGroupIds?: ReadonlyArray<string | number> | null | undefined;
  /** Stands at one of these. Records are of `ENDED` calls alone. */
  readonly states?: ReadonlyArray<CallState> | null | undefined;
  /** Has this tag of yours. */
  readonly tag?: string | null | undefined;
  /** Went over one of these trunks. */
  readonly trunkIds?: ReadonlyArray<string | number> | null | undefined;
};

/** Why a call exists. Expect values you do not know: this list grows. */
export type CallKind =
  /** A callback that somebody scheduled. */
  | 'CALLBACK'
  /** Dialled by a campaign. */
  | 'CAMPAIGN'
  /** Placed by `originateCall`. */
  | 'CLICK_TO_CALL'
  /** Somebody called one of the account's numbers. */
  | 'INBOUND'
  /** Between two extensions. */
  | 'INTERNAL'
  /** Speaks a one-time password. */
  | 'OTP';

/** Where a call stands. Expect values you do not know: this list grows. */
export type CallState =
  /** One party is on the line, the other is still to come. */
  | 'ANSWERED'
  /** Both parties are bridged and can talk. */
  | 'CONNECTED'
  /** A leg is being dialled; its far end has not answered our signalling yet. */
  | 'DIALING'
  /** The last leg is gone. The call detail record is written. */
  | 'ENDED'
  /** Accepted and stored; nothing has been dialled yet. */
  | 'PENDING'
  /** A phone rings. */
  | 'RINGING'
  /** The customer waits for an agent in a queue. */
  | 'WAITING_IN_QUEUE';

/** Whom a call reaches: exactly one of these. */
export type CallTarget =
  {   /** An agent, at the extension where it sits. */
  readonly agentId: string | number; readonly announcement?: never; readonly callFlowId?: never; readonly dialplan?: never; readonly extension?: never; readonly mediaStream?: never; readonly number?: never; readonly queueId?: never; readonly ringGroupId?: never; }
  |  { readonly agentId?: never;   /** Something that the customer hears, alone; then the call ends. */
  readonly announcement: AnnouncementInput; readonly callFlowId?: never; readonly dialplan?: never; readonly extension?: never; readonly mediaStream?: never; readonly number?: never; readonly queueId?: never; readonly ringGroupId?: never; }
  |  { readonly agentId?: never; readonly announcement?: never;   /** A call flow, which leads the customer alone; see `createCallFlow`. */
  readonly callFlowId: string | number; readonly dialplan?: never; readonly extension?: never; readonly mediaStream?: never; readonly number?: never; readonly queueId?: never; readonly ringGroupId?: never; }
  |  { readonly agentId?: never; readonly announcement?: never; readonly callFlowId?: never;   /** A place in the operator's own dialplan, which takes the customer over. */
  readonly dialplan: DialplanTargetInput; readonly extension?: never; readonly mediaStream?: never; readonly number?: never; readonly queueId?: never; readonly ringGroupId?: never; }
  |  { readonly agentId?: never; readonly announcement?: never; readonly callFlowId?: never; readonly dialplan?: never;   /** One of the account's extensions. */
  readonly extension: string; readonly mediaStream?: never; readonly number?: never; readonly queueId?: never; readonly ringGroupId?: never; }
  |  { readonly agentId?: never; readonly announcement?: never; readonly callFlowId?: never; readonly dialplan?: never; readonly extension?: never;   /** A program that talks to the customer, alone; then the call ends. */
  readonly mediaStream: MediaStreamTargetInput; readonly number?: never; readonly queueId?: never; readonly ringGroupId?: never; }
  |  { readonly agentId?: never; readonly announcement?: never; readonly callFlowId?: never; readonly dialplan?: never; readonly extension?: never; readonly mediaStream?: never;   /** An outside number, such as an agent's mobile phone. */
  readonly number: string; readonly queueId?: never; readonly ringGroupId?: never; }
  |  { readonly agentId?: never; readonly announcement?: never; readonly callFlowId?: never; readonly dialplan?: never; readonly extension?: never; readonly mediaStream?: never; readonly number?: never;   /** A queue. */
  readonly queueId: string | number; readonly ringGroupId?: never; }
  |  { readonly agentId?: never; readonly announcement?: never; readonly callFlowId?: never; readonly dialplan?: never; readonly extension?: never; readonly mediaStream?: never; readonly number?: never; readonly queueId?: never;   /** A ring group. */
  readonly ringGroupId: string | number; };

/** Which campaigns; everything that is given must hold. */
export type CampaignFilterInput = {
  /** Is of one of these kinds. */
  readonly kinds?: ReadonlyArray<CampaignKind> | null | undefined;
  /** Is in one of these states. */
  readonly states?: ReadonlyArray<CampaignState> | null | undefined;
  /** Archived ones as well. */
  readonly withArchived?: boolean;
};

/** What whoever answers a campaign's call gets. Expect values you do not know: this list grows. */
export type CampaignKind =
  /** An agent, or the agents of a queue. */
  | 'AGENT'
  /** A text, spoken, or a sound file. */
  | 'ANNOUNCEMENT'
  /** A call flow: a survey, a menu, a transfer, a voice bot. */
  | 'FLOW';

/** Where a campaign stands. `STOPPED` and `FINISHED` are the end. Expect values you do not know: this list grows. */
export type CampaignState =
  /** It was made, and never started. */
  | 'DRAFT'
  /** Every contact has its outcome, or its `endAt` has come. */
  | 'FINISHED'
  /** It calls nobody until it is resumed. */
  | 'PAUSED'
  /** It calls. */
  | 'RUNNING'
  /** It was started, and begins at its `startAt`. */
  | 'SCHEDULED'
  /** It was stopped, for good. */
  | 'STOPPED';

/** A job to be cancelled. */
export type CancelJobInput = {
  /** The job. */
  readonly id: string | number;
};

/** The order of a list of call detail records. Ties are broken by id. */
export type CdrOrder =
  /** Oldest first. */
  | 'CREATED_AT_ASC'
  /** Newest first. */
  | 'CREATED_AT_DESC'
  /** Shortest first, counted from creation to end. */
  | 'DURATION_ASC'
  /** Longest first, counted from creation to end. */
  | 'DURATION_DESC'
  /** Shortest talk first. */
  | 'TALK_ASC'
  /** Longest talk first. */
  | 'TALK_DESC';

/** How the end of a call was learnt. Expect values you do not know: this list grows. */
export type CdrSource =
  /** Added later from another record. */
  | 'BACKFILL'
  /** Watched as it happened. */
  | 'LIVE'
  /** Put together after Offhook could not watch for a while. */
  | 'RECOVERED';

/** How far a list was counted. */
export type CountPrecision =
  /** There are more; nobody counted further. */
  | 'AT_LEAST'
  /** There are exactly so many. */
  | 'EXACT';

/** An access token to be made. */
export type CreateAccessTokenInput = {
  /** The agent that it stands for: where a mutation names the agent who acts, or the extension, it takes no other, and changes nobody else's membership of a queue or ring group. What it may see is what its scopes say. */
  readonly agentId?: string | number | null | undefined;
  /** The pages that may use it, 1 to 20, as browsers write origins: `https://crm.example`. */
  readonly allowedOrigins: ReadonlyArray<string>;
  /** What it may do: at least one scope, and none that the key of this request lacks. Never `keys`. */
  readonly scopes: ReadonlyArray<Scope>;
  /** How long it lives, at most 86400 seconds, and no longer than the key that asks. */
  readonly ttlSeconds?: number;
};

/** An API key to be made. A key that expires, or is limited to addresses or documents, makes keys that end no later, and for some of its own addresses and documents alone. */
export type CreateApiKeyInput = {
  /** SHA-256, in lower-case hex, of each GraphQL document that it may send, at most 500; empty: any document. */
  readonly documentHashes?: ReadonlyArray<string>;
  /** When it ends by itself. */
  readonly expiresAt?: TimeInput | null | undefined;
  /** Addresses and networks (CIDR) that it may be used from; empty: anywhere. Elsewhere it is answered 401. */
  readonly ipAllowList?: ReadonlyArray<string>;
  /** It reaches the sandbox only: it places calls to the sandbox's phones and numbers, and acts on those. It reads what its scopes say, also what is live; whatever else it would change is `SANDBOX_ONLY`. In a sandbox account every key is such a key, and all is the sandbox's. A test key can make test keys alone. */
  readonly isTest?: boolean;
  /** What people call it, at most 100 characters. */
  readonly name: string;
  /** What it may do: at least one scope, and none that the key of this request lacks. */
  readonly scopes: ReadonlyArray<Scope>;
};

/** An export to be made. */
export type CreateExportInput = {
  /** The form of the file. */
  readonly format?: ExportFormat;
  /** What is to be exported. */
  readonly subject: ExportSubjectInput;
};

/** A webhook endpoint to be made. */
export type CreateWebhookEndpointInput = {
  /** The version of the bodies to pin it to. What is sent keeps that form, whatever newer versions bring. The newest is `1`. */
  readonly apiVersion?: string;
  /** Your own words about it. */
  readonly description?: string | null | undefined;
  /** What to send: public names with `*` for anything, such as `call.*`. */
  readonly eventTypes?: ReadonlyArray<string>;
  /** What the bodies look like. `CLASSIC` sends `call.connected` and `call.ended` alone, as far as `eventTypes` names them; numbers come whole only with `includePersonalData`. */
  readonly format?: WebhookFormat;
  /** Whether events tell which keys were pressed. That takes a key with `dtmf:read`; else each reads `x`. */
  readonly includeDtmf?: boolean;
  /** Whether events tell telephone numbers and the names that go with them whole. That takes a key with `pii:read`; else they come masked, as for a key without it. */
  readonly includePersonalData?: boolean;
  /** Whether `recording.saved` comes with a signed address of the recording, which works for whoever holds it until it expires. That takes a key with `recordings:read`. By default: what the key has. */
  readonly includeRecordingUrls?: boolean | null | undefined;
  /** The address: https, on a public host. Redirects are not followed. */
  readonly url: string;
};

/** A recording to be deleted. */
export type DeleteRecordingInput = {
  /** The recording. */
  readonly recordingId: string | number;
};

/** A webhook endpoint to be deleted. */
export type DeleteWebhookEndpointInput = {
  /** The endpoint. */
  readonly id: string | number;
};

/** Where a webhook delivery stands. Expect values you do not know: this list grows. */
export type DeliveryState =
  /** The endpoint answered with a 2xx status. */
  | 'DELIVERED'
  /** Can no longer be delivered: the endpoint was deleted, or became `CLASSIC`, which has no body for it; or the event is past retention. */
  | 'DROPPED'
  /** The last attempt failed; the event stays in the log. */
  | 'EXHAUSTED'
  /** To be sent, or to be sent again at `nextAttemptAt`. */
  | 'PENDING';

/** A place in the dialplan of the operator's own Asterisk, which takes the customer over. */
export type DialplanTargetInput = {
  /** The context: one that the server's setting `OFFHOOK_DIALPLAN_CONTEXTS` (none) lists. */
  readonly context: string;
  /** The extension in it, at priority 1. */
  readonly extension: string;
};

/** Which way a call crosses the account's border. */
export type Direction =
  /** From an outside number to the account. */
  | 'INBOUND'
  /** Between the account's own extensions. */
  | 'INTERNAL'
  /** From the account to an outside number. */
  | 'OUTBOUND';

/** How a call came out: the outcome of the leg that decided it. Expect values you do not know: this list grows. */
export type Disposition =
  /** The customer hung up while it waited for an agent. */
  | 'ABANDONED'
  /** Both parties were connected. */
  | 'ANSWERED'
  /** A rule kept the call from being dialled. */
  | 'BLOCKED'
  /** The deciding party was busy. */
  | 'BUSY'
  /** The call was given up before both were connected. */
  | 'CANCELLED'
  /** The network had no room. */
  | 'CONGESTION'
  /** The number is on a do-not-call list; nothing was dialled. */
  | 'DNC'
  /** A fault in Offhook, Asterisk or on the way. */
  | 'FAILED'
  /** There is no such number. */
  | 'INVALID_NUMBER'
  /** An answering machine took the call. */
  | 'MACHINE'
  /** It rang until the time was up. */
  | 'NO_ANSWER'
  /** The deciding party declined. */
  | 'REJECTED'
  /** The deciding party's phone is not there or not registered. */
  | 'UNREACHABLE'
  /** It went to voicemail. */
  | 'VOICEMAIL';

/** Why a call ended, in one word. Expect values you do not know: this list grows. */
export type EndCode =
  /** The announcement was heard to its end. */
  | 'ANNOUNCEMENT_ENDED'
  /** The announcement, or a part of it, could not be made or played; `playback.failed` says why. */
  | 'ANNOUNCEMENT_FAILED'
  /** A request hung up: `hangupCall`. */
  | 'API_HANGUP'
  /** Asterisk could not connect the two legs. */
  | 'BRIDGE_FAILED'
  /** The party was busy. */
  | 'BUSY'
  /** The network had no room, or answered with a fault of its own (SIP 5xx). */
  | 'CONGESTION'
  /** The operator's dialplan was done with the call, or the customer hung up while it was there: Asterisk does not say which. */
  | 'DIALPLAN_ENDED'
  /** The operator's dialplan did not take the call. */
  | 'DIALPLAN_FAILED'
  /** Asterisk did not get as far as dialling. */
  | 'DIAL_FAILED'
  /** Nobody was called: the number is on a do-not-call list. */
  | 'DNC'
  /** A fax had answered, and `detectMachine` was asked for. */
  | 'FAX'
  /** The call flow came to its end, and hung up. */
  | 'FLOW_ENDED'
  /** The call flow could not go on; `flow.ended` says why. */
  | 'FLOW_FAILED'
  /** A party hung up: one of the two that were connected, or the one that was alone on the line and did not wait for the other. */
  | 'HANGUP'
  /** There is no such number. */
  | 'INVALID_NUMBER'
  /** The account has reached its limits, or is suspended. */
  | 'LIMIT_REACHED'
  /** An answering machine had answered, and `detectMachine` was asked for. */
  | 'MACHINE'
  /** `maxDurationSeconds` was reached. */
  | 'MAX_DURATION'
  /** The program that talked to the customer was done, or lost; `mediastream.ended` says which. */
  | 'MEDIA_STREAM_ENDED'
  /** The program that was to talk to the customer could not be had; `mediastream.failed` says why. */
  | 'MEDIA_STREAM_FAILED'
  /** The leg failed before it was answered, for a reason that none of the others names. */
  | 'NETWORK_FAILURE'
  /** The Asterisk that carried the call went away. */
  | 'NODE_LOST'
  /** The party did not answer before its ring time was up. */
  | 'NO_ANSWER'
  /** Nobody was found for the caller: the queue's wait limit or length was met, and its overflow led nowhere. */
  | 'QUEUE_TIMEOUT'
  /** The party declined. */
  | 'REJECTED'
  /** Offhook was not there when the call came in; Asterisk told the caller to try later. */
  | 'SERVICE_AWAY'
  /** The other party was transferred by REFER, and talks to the target without Offhook. */
  | 'TRANSFERRED'
  /** A transfer could not be done, and the party that was left had nobody to talk to. */
  | 'TRANSFER_FAILED'
  /** The trunk has as many calls as it may, and no other trunk could be taken. */
  | 'TRUNK_FULL'
  /** The party's phone is not there, or Asterisk has no way to it. */
  | 'UNREACHABLE';

/** On whose side the end of a call or leg lies. */
export type EndParty =
  /** The agent's. */
  | 'AGENT'
  /** The customer's. */
  | 'CUSTOMER'
  /** That of somebody who was called into the talk. */
  | 'PARTICIPANT'
  /** A supervisor's. */
  | 'SUPERVISOR'
  /** Offhook's: a request, a limit or a fault. */
  | 'SYSTEM';

/** Which events; everything that is given must hold. An empty list holds for all. */
export type EventFilterInput = {
  /** When it happened. */
  readonly occurred?: TimeRangeInput | null | undefined;
  /** The id of what it is about: a call, a contact, a campaign, a job, a list or an endpoint, say. */
  readonly subjectId?: string | number | null | undefined;
  /** One of these types. */
  readonly types?: ReadonlyArray<EventType> | null | undefined;
};

/** What happened. The value is the public name in capitals with `_` for `.`: `CALL_CONNECTED` is `call.connected` in webhooks, and the type `CallConnectedEvent` here. Expect values you do not know: this list grows. */
export type EventType =
  /** `account.resumed`: The account is no longer suspended. */
  | 'ACCOUNT_RESUMED'
  /** `account.suspended`: The account is suspended: nothing is dialled for it. `endsCalls`: its live calls are hung up as well. */
  | 'ACCOUNT_SUSPENDED'
  /** `agent.state_changed`: What an agent does has changed, or which queues it serves (`queueIds`). `since` is when the state began. `callId` and `queueId` are those of a queue's caller that it is rung for or talks to. */
  | 'AGENT_STATE_CHANGED'
  /** `callback.cancelled`: It will not be placed: somebody said so in time. */
  | 'CALLBACK_CANCELLED'
  /** `callback.completed`: Its call has ended, and both sides had been connected. */
  | 'CALLBACK_COMPLETED'
  /** `callback.failed`: Nothing more is tried. `callId` and `disposition` are those of its last call, where there was one. */
  | 'CALLBACK_FAILED'
  /** `callback.scheduled`: A call is to be placed at `dueAt`. */
  | 'CALLBACK_SCHEDULED'
  /** `callback.started`: Its call is being placed, `lateSeconds` after it was due. */
  | 'CALLBACK_STARTED'
  /** `callback.updated`: It was changed by request; or, with `isRetry`, its call connected nobody and another one is due. */
  | 'CALLBACK_UPDATED'
  /** `call.connected`: Both parties are bridged and can talk. */
  | 'CALL_CONNECTED'
  /** `call.created`: The call was accepted and stored; nothing has rung yet. */
  | 'CALL_CREATED'
  /** `call.ended`: The call is over, with its whole record. Every call ends with exactly one of these. */
  | 'CALL_ENDED'
  /** `call.recovered`: Offhook could not watch the call for a while and has found it again, or what became of it. */
  | 'CALL_RECOVERED'
  /** `call.updated`: External id, metadata, tags or the pitch of a voice were changed by request; `changed` names the fields. */
  | 'CALL_UPDATED'
  /** `call.waiting`: The customer has answered, or has come, and waits for an agent. */
  | 'CALL_WAITING'
  /** `campaign.created`: A campaign was made. It calls nobody before it is started. */
  | 'CAMPAIGN_CREATED'
  /** `campaign.finished`: The campaign is over by itself. `attempts` were made, `finished` contacts called, `skipped` ones never. Contacts that it never came to are not among them: those are counted afterwards. */
  | 'CAMPAIGN_FINISHED'
  /** `campaign.paused`: No call of the campaign begins any more until it is resumed; what is under way goes on to its own end. */
  | 'CAMPAIGN_PAUSED'
  /** `campaign.resumed`: The campaign calls again. */
  | 'CAMPAIGN_RESUMED'
  /** `campaign.started`: The campaign has begun to call, in this version; what changes later counts from then on. */
  | 'CAMPAIGN_STARTED'
  /** `campaign.stopped`: No call of the campaign begins any more, for good; what is under way goes on to its own end. */
  | 'CAMPAIGN_STOPPED'
  /** `contact.attempted`: A call to the contact has ended. `attempt` counts from 1; `nextAt` is null when it was the last one. */
  | 'CONTACT_ATTEMPTED'
  /** `contact.finished`: The contact has its outcome, and is not called again by this campaign. `callId` is its last call. */
  | 'CONTACT_FINISHED'
  /** `contact.skipped`: The contact is not called by this campaign; `attempts` were made before that was known. */
  | 'CONTACT_SKIPPED'
  /** `device.registered`: The device has registered, or answers again; it can be called. */
  | 'DEVICE_REGISTERED'
  /** `device.unregistered`: The device can no longer be called; `reason` says why. */
  | 'DEVICE_UNREGISTERED'
  /** `dnc.entry_added`: A number is on a DNC list from now on: by the API, or because its owner wished so in a call. An import tells it of the whole file alone, as `job.finished`. */
  | 'DNC_ENTRY_ADDED'
  /** `dtmf.received`: A party pressed a key. The digit is masked for readers without `dtmf:read`. */
  | 'DTMF_RECEIVED'
  /** `flow.ended`: The customer has left the flow, at `lastStep`; `steps` is how many it came to. `failure` says why it is FAILED. */
  | 'FLOW_ENDED'
  /** `flow.gathered`: A step has asked for digits for the `attempt`-th time. Digits are masked for readers without `dtmf:read`. */
  | 'FLOW_GATHERED'
  /** `flow.started`: The customer is in a call flow. This call keeps the `version`, whatever changes meanwhile. */
  | 'FLOW_STARTED'
  /** `flow.step_entered`: The flow has come to a step; `stepKind` is what the step does, such as `gather`. */
  | 'FLOW_STEP_ENTERED'
  /** `job.cancelled`: The job was cancelled. What it had done until then stays done. */
  | 'JOB_CANCELLED'
  /** `job.failed`: The job was given up; `reason` says why. What it had done until then stays done. */
  | 'JOB_FAILED'
  /** `job.finished`: The job has done all of its work; its report, if it has one, can be fetched. */
  | 'JOB_FINISHED'
  /** `leg.answered`: The far end answered at `answeredAt`. */
  | 'LEG_ANSWERED'
  /** `leg.dialing`: The leg is about to be dialled. */
  | 'LEG_DIALING'
  /** `leg.ended`: The leg is gone since `endedAt`. `endedBy` is the side that hung up or refused; SYSTEM when Offhook did. `answeredElsewhere`: it rang together with others, another of them answered, and so nobody missed a call here. */
  | 'LEG_ENDED'
  /** `leg.held`: The leg was taken out of the talk and hears music. */
  | 'LEG_HELD'
  /** `leg.muted`: The leg was silenced; `muted` is all that is silenced now. */
  | 'LEG_MUTED'
  /** `leg.ringing`: The far end says that it rings, since `ringingAt`. */
  | 'LEG_RINGING'
  /** `leg.unheld`: The leg is back in the talk. */
  | 'LEG_UNHELD'
  /** `leg.unmuted`: The leg can be heard, and hear, again; `muted` is what is still silenced, null when nothing is. */
  | 'LEG_UNMUTED'
  /** `machine.detection_finished`: It was looked into what has answered. `cause` is Asterisk's own word for why it thinks so. `isAfterBeep`: a machine's greeting and beep are over, and it records. `greetingEndedBy`: how that was found; None where it was not, and in old events. */
  | 'MACHINE_DETECTION_FINISHED'
  /** `mediastream.connected`: The leg and the program at the other end of the websocket hear each other. `sampleRate`: samples a second. */
  | 'MEDIASTREAM_CONNECTED'
  /** `mediastream.ended`: They do not any more: why. `outcome` is the program's own word for how it went, when it gave one. */
  | 'MEDIASTREAM_ENDED'
  /** `mediastream.failed`: They never did: why. */
  | 'MEDIASTREAM_FAILED'
  /** `otp.announced`: The call in which it was spoken has ended. `heardToEnd`: all of it was, at least once; `timesHeard` so often. */
  | 'OTP_ANNOUNCED'
  /** `otp.failed`: Nothing of it was spoken to anybody, and nothing more is tried. */
  | 'OTP_FAILED'
  /** `otp.verified`: The right code was given in time; it is used up. `attempts`: how many codes were offered in all. */
  | 'OTP_VERIFIED'
  /** `participant.joined`: Somebody who was called into the talk has answered, and talks. */
  | 'PARTICIPANT_JOINED'
  /** `participant.left`: A person has left the conference. `takenBy`: who sits in its place from here on, if it had one of the two. */
  | 'PARTICIPANT_LEFT'
  /** `playback.failed`: It could not be played, or not to its end; `reason` says why. */
  | 'PLAYBACK_FAILED'
  /** `playback.finished`: It is over: heard to its end, or stopped (`isStopped`). */
  | 'PLAYBACK_FINISHED'
  /** `playback.started`: It can be heard. */
  | 'PLAYBACK_STARTED'
  /** `queue.abandoned`: The caller hung up while it waited. `queue.left` comes with it. */
  | 'QUEUE_ABANDONED'
  /** `queue.joined`: The caller has joined a queue; of those who wait the highest `priority` goes first. */
  | 'QUEUE_JOINED'
  /** `queue.left`: The caller no longer waits; `agentId` has answered, if somebody has. */
  | 'QUEUE_LEFT'
  /** `queue.offered`: An agent is being rung for the caller. */
  | 'QUEUE_OFFERED'
  /** `recording.deleted`: The recording's file is being deleted and can no longer be fetched. `isExpired`: its time was over. `reason` says that too, and is null in facts of earlier versions. */
  | 'RECORDING_DELETED'
  /** `recording.failed`: No recording came of it; `reason` says why. */
  | 'RECORDING_FAILED'
  /** `recording.paused`: Nothing said from `pausedAt` on gets into the recording; `pauseMode` says how the file shows it. */
  | 'RECORDING_PAUSED'
  /** `recording.resumed`: What is said from `resumedAt` on is recorded again. */
  | 'RECORDING_RESUMED'
  /** `recording.saved`: The recording is in Offhook's store, whole, and gone from Asterisk. `durationSeconds` is counted from the samples, `sha256` is the file's, in hex. */
  | 'RECORDING_SAVED'
  /** `recording.started`: Asterisk is writing the recording. */
  | 'RECORDING_STARTED'
  /** `supervision.changed`: The supervisor's mode is another one, or (`listensTo`) somebody else is in the agent's place. */
  | 'SUPERVISION_CHANGED'
  /** `supervision.ended`: The supervision is over: why; and, for a supervisor that was not reached, how that came out. */
  | 'SUPERVISION_ENDED'
  /** `supervision.started`: The supervisor has answered, and hears the talk. `listensTo` is the agent's leg. */
  | 'SUPERVISION_STARTED'
  /** `transcript.failed`: The recording was not transcribed; `reason` says why. */
  | 'TRANSCRIPT_FAILED'
  /** `transcript.ready`: What is said in the recording was written down. */
  | 'TRANSCRIPT_READY'
  /** `transfer.cancelled`: The transfer was taken back by request, or the transferee or the whole call ended before it was done. */
  | 'TRANSFER_CANCELLED'
  /** `transfer.completed`: The transferee and the target talk; whoever transferred is let go. `leg` is the target's. With REFER they talk without us: there is no such leg, and the call ends. */
  | 'TRANSFER_COMPLETED'
  /** `transfer.failed`: The target could not be had: how and why. `isRecalled`: whoever transferred is called back. */
  | 'TRANSFER_FAILED'
  /** `transfer.started`: The target is about to be dialled. */
  | 'TRANSFER_STARTED'
  /** `trunk.down`: The trunk's far end does not answer; it is not dialled until it does. */
  | 'TRUNK_DOWN'
  /** `trunk.up`: The trunk's far end answers again. */
  | 'TRUNK_UP'
  /** `usage.limit_reached`: A cap of the account has kept something from being dialled: told once a minute, of the daily spend once a day. */
  | 'USAGE_LIMIT_REACHED'
  /** `voicemail.received`: A message was left and is in Offhook's store: the recording `recordingId`. */
  | 'VOICEMAIL_RECEIVED'
  /** `webhook.disabled`: The endpoint gets nothing more until it is enabled again; `reason` says why. */
  | 'WEBHOOK_DISABLED'
  /** `webhook.exhausted`: The last attempt at a delivery failed; the event stays in the log and can be replayed. */
  | 'WEBHOOK_EXHAUSTED'
  /** `webhook.test`: A test event that a person asked for. */
  | 'WEBHOOK_TEST'
  /** `webhook.triggered`: Somebody asked for a test: a sample of `eventType` goes to everybody who asks for events of that type. */
  | 'WEBHOOK_TRIGGERED';

/** Call detail records. */
export type ExportCdrsInput = {
  /** Which; when left out, all. */
  readonly filter?: CallFilterInput | null | undefined;
};

/** The contacts of a list. */
export type ExportContactsInput = {
  /** The list. */
  readonly listId: string | number;
};

/** The entries of a DNC list. */
export type ExportDncEntriesInput = {
  /** The list. */
  readonly listId: string | number;
};

/** Events. */
export type ExportEventsInput = {
  /** Which; when left out, all. */
  readonly filter?: EventFilterInput | null | undefined;
};

/** The form of an export's file. Expect values you do not know: this list grows. */
export type ExportFormat =
  /** Comma-separated values in UTF-8 with a heading. A text that a spreadsheet would take for a formula has a `'` before it; plain numbers and telephone numbers stay as they are. */
  | 'CSV'
  /** A JSON object on each line. */
  | 'NDJSON';

/** What is known of recordings; not the recordings themselves. */
export type ExportRecordingsInput = {
  /** Which; when left out, all. */
  readonly filter?: RecordingFilterInput | null | undefined;
};

/** What is to be exported: exactly one of these. */
export type ExportSubjectInput =
  {   /** Call detail records; needs the scope `cdrs:read`. */
  readonly cdrs: ExportCdrsInput; readonly contacts?: never; readonly dncEntries?: never; readonly events?: never; readonly recordings?: never; }
  |  { readonly cdrs?: never;   /** A list's contacts; needs the scope `contacts`. */
  readonly contacts: ExportContactsInput; readonly dncEntries?: never; readonly events?: never; readonly recordings?: never; }
  |  { readonly cdrs?: never; readonly contacts?: never;   /** A DNC list's entries; needs the scope `dnc`. */
  readonly dncEntries: ExportDncEntriesInput; readonly events?: never; readonly recordings?: never; }
  |  { readonly cdrs?: never; readonly contacts?: never; readonly dncEntries?: never;   /** Events; needs the scope `calls:read`. */
  readonly events: ExportEventsInput; readonly recordings?: never; }
  |  { readonly cdrs?: never; readonly contacts?: never; readonly dncEntries?: never; readonly events?: never;   /** Recordings; needs the scope `recordings:read`. */
  readonly recordings: ExportRecordingsInput; };

/** A value for a template's field. */
export type FieldValueInput = {
  /** The field. */
  readonly name: string;
  /** 1 to 500 characters of plain text. */
  readonly value: string;
};

/** Why a campaign is finished. Expect values you do not know: this list grows. */
export type FinishReason =
  /** Every contact has its outcome. */
  | 'ALL_DONE'
  /** Its `endAt` has come. */
  | 'END_REACHED';

/** Where a job stands. Expect values you do not know: this list grows. */
export type JobState =
  /** It was cancelled. What was done until then stays done. */
  | 'CANCELLED'
  /** It was given up; `error` says why, and what to do. What was done until then stays done. */
  | 'FAILED'
  /** All of it is done. */
  | 'FINISHED'
  /** It will be done, or tried again after a failure that `error` tells. */
  | 'QUEUED'
  /** It is being done. */
  | 'RUNNING';

/** Whom a leg reaches. Expect values you do not know: this list grows. */
export type LegRole =
  /** The account's side. */
  | 'AGENT'
  /** The other side: the destination. */
  | 'CUSTOMER'
  /** Somebody who was called into the talk of the two. */
  | 'PARTICIPANT'
  /** A supervisor, who hears the talk without being one of those who talk. */
  | 'SUPERVISOR';

/** Where a leg stands. Expect values you do not know: this list grows. */
export type LegState =
  /** Its channel is being made in Asterisk. */
  | 'CREATING'
  /** Dialled; the far end has not said that it rings. */
  | 'DIALING'
  /** Gone. */
  | 'ENDED'
  /** Not dialled yet; its turn comes later, or never. */
  | 'PLANNED'
  /** The far end rings. */
  | 'RINGING'
  /** Answered. */
  | 'UP';

/** A wall clock's time somewhere. */
export type LocalTimeInput = {
  /** What the clock shows. */
  readonly dateTime: string;
  /** Where: an IANA zone such as `Europe/Berlin`. */
  readonly timeZone: string;
};

/** One of your own words to the program, told in `start`. */
export type MediaStreamParameterInput = {
  /** The name: 1 to 64 characters. */
  readonly name: string;
  /** The value: at most 1000 characters. */
  readonly value: string;
};

/** A program that talks to the customer alone; when it is done, the call ends. */
export type MediaStreamTargetInput = {
  /** Your own words to the program: at most 20. */
  readonly parameters?: ReadonlyArray<MediaStreamParameterInput>;
  /** Samples a second, both ways: 8000 or 16000; 16 bit, one channel. */
  readonly sampleRate?: number;
  /** Where the program is, `wss://…`: one of the account's media endpoints, or below one. */
  readonly url: string;
};

/** How the calls of a campaign follow its agents. Expect values you do not know: this list grows. */
export type PacingMode =
  /** More calls than there are idle agents, as far as the cap on abandoned calls bears it. */
  | 'PREDICTIVE'
  /** An agent looks at each contact first, and has it dialled. */
  | 'PREVIEW'
  /** One call for each idle agent. */
  | 'PROGRESSIVE';

/** Why a campaign is paused. Expect values you do not know: this list grows. */
export type PauseReason =
  /** As it is set up no call can be placed: its caller id, trunk or call flow is not there, say. */
  | 'CALLS_REFUSED'
  /** `pauseCampaign`. */
  | 'REQUESTED'
  /** Agents let so many calls ring that `abandonmentCapPercent` bears no more. */
  | 'TOO_MANY_ABANDONED'
  /** Its trunk has failed again and again: `breaker`. */
  | 'TRUNK_FAILED';

/** Which free agent is offered a caller, among those with the lowest penalty. Expect values you do not know: this list grows. */
export type QueueStrategy =
  /** Who has taken the fewest calls of this queue. */
  | 'FEWEST_CALLS'
  /** Who has been without a call for longest. */
  | 'LONGEST_IDLE'
  /** All at once; the first to answer has the call. */
  | 'RING_ALL'
  /** Whose turn it is. */
  | 'ROUND_ROBIN';

/** Which recordings; everything that is given must hold. An empty list holds for all. */
export type RecordingFilterInput = {
  /** The call that was recorded. */
  readonly callId?: string | number | null | undefined;
  /** When it was asked for. */
  readonly created?: TimeRangeInput | null | undefined;
  /** One of these agents' extensions. */
  readonly extensions?: ReadonlyArray<string> | null | undefined;
  /** Is of one of these kinds; `VOICEMAIL` are the messages that callers left. */
  readonly kinds?: ReadonlyArray<RecordingKind> | null | undefined;
  /** The customer's number. */
  readonly number?: string | null | undefined;
  /** Stands at one of these. */
  readonly states?: ReadonlyArray<RecordingState> | null | undefined;
};

/** What a recording is of. Expect values you do not know: this list grows. */
export type RecordingKind =
  /** A talk, or what a party of it said. */
  | 'CALL'
  /** What a call flow's `record` step asked its caller to say. */
  | 'MESSAGE'
  /** A message that was left in a call flow. */
  | 'VOICEMAIL';

/** Whose voice is recorded. */
export type RecordingMode =
  /** The agent's alone, mono. */
  | 'AGENT'
  /** Both, in one stereo file: agent left, customer right. */
  | 'BOTH'
  /** The customer's alone, mono. */
  | 'CUSTOMER'
  /** Nobody's. */
  | 'OFF';

/** Where a recording stands. Expect values you do not know: this list grows. */
export type RecordingState =
  /** Finished in Asterisk, on its way into Offhook's store. */
  | 'COLLECTING'
  /** The file is deleted, by request or because its time was over. */
  | 'DELETED'
  /** No recording came of it; `failure` says why. */
  | 'FAILED'
  /** Asterisk is writing, and nothing of what is said now gets into the file. */
  | 'PAUSED'
  /** Asked for; Asterisk is not writing yet. */
  | 'PENDING'
  /** Asterisk is writing. */
  | 'RECORDING'
  /** In the store, whole. Only now is there an address to fetch it from. */
  | 'SAVED';

/** Which deliveries are to be sent again; everything that is given must hold, and at least one of `created`, `subjectId`, `states` and `deliveryIds` must be given. */
export type ReplayWebhooksInput = {
  /** `endCursor` of an earlier answer, to go on where it stopped. */
  readonly after?: string | null | undefined;
  /** When they were put in line first, which is when the event was written. */
  readonly created?: TimeRangeInput | null | undefined;
  /** These deliveries, at most 200; those that are not there are passed over. */
  readonly deliveryIds?: ReadonlyArray<string | number> | null | undefined;
  /** To this endpoint; to all of the account's by default. */
  readonly endpointId?: string | number | null | undefined;
  /** Of events of these types. */
  readonly eventTypes?: ReadonlyArray<EventType> | null | undefined;
  /** 1 to 255 printable characters. The same key with the same condition puts nothing in line twice, not even what has been delivered again meanwhile. */
  readonly idempotencyKey?: string | null | undefined;
  /** Stand at one of these: `DELIVERED`, `EXHAUSTED`, `DROPPED`; all three by default. What is `PENDING` is sent anyway. */
  readonly states?: ReadonlyArray<DeliveryState> | null | undefined;
  /** Of events about this: a call's id, mostly. */
  readonly subjectId?: string | number | null | undefined;
};

/** An access token to be ended. */
export type RevokeAccessTokenInput = {
  /** The token; left out: the one that this request came with. */
  readonly id?: string | number | null | undefined;
};

/** An API key to be ended for good. */
export type RevokeApiKeyInput = {
  /** The key. */
  readonly id: string | number;
};

/** An API key that is to have a successor. */
export type RotateApiKeyInput = {
  /** How long the old key goes on to work, at most a year. By default 0: it ends at once, as it must when it has leaked. To change keys without a gap give the time that your programs need. */
  readonly graceSeconds?: number;
  /** The key. */
  readonly id: string | number;
};

/** An endpoint that is to get a new secret. */
export type RotateWebhookSecretInput = {
  /** How long the present secret signs beside the new one, in seconds: by default a day, so that receivers can follow, at most 7 days. 0 ends all older secrets at once, for when one has leaked. */
  readonly graceSeconds?: number;
  /** The endpoint. */
  readonly id: string | number;
};

/** What an API key may do; the value is the scope's name in capitals with `_` for `:`. Expect values you do not know: this list grows. */
export type Scope =
  /** `agents`: see and change agents. */
  | 'AGENTS'
  /** `audit`: read the audit log. */
  | 'AUDIT'
  /** `callbacks`: see, schedule, change and cancel callbacks. */
  | 'CALLBACKS'
  /** `calls:control`: change and end calls. */
  | 'CALLS_CONTROL'
  /** `calls:originate`: place calls. */
  | 'CALLS_ORIGINATE'
  /** `calls:read`: see calls, legs and events. */
  | 'CALLS_READ'
  /** `campaigns:read`: see campaigns and how they fare. */
  | 'CAMPAIGNS_READ'
  /** `campaigns:write`: make, change, start and stop campaigns. */
  | 'CAMPAIGNS_WRITE'
  /** `cdrs:read`: see call detail records. */
  | 'CDRS_READ'
  /** `contacts`: see and change contact lists. */
  | 'CONTACTS'
  /** `dnc`: see and change the lists of those who must not be called. */
  | 'DNC'
  /** `dtmf:read`: see which keys were pressed. */
  | 'DTMF_READ'
  /** `keys`: make and revoke API keys. */
  | 'KEYS'
  /** `otp`: have one-time passwords told by telephone, and verify them. */
  | 'OTP'
  /** `pii:read`: see telephone numbers whole. */
  | 'PII_READ'
  /** `recordings:delete`: delete recordings. */
  | 'RECORDINGS_DELETE'
  /** `recordings:read`: see recordings and fetch them. */
  | 'RECORDINGS_READ'
  /** `routing`: see and change extensions, devices, groups, queues, trunks, numbers and routes. */
  | 'ROUTING'
  /** `schema`: read the schema, where the service keeps it to keys that have this scope. */
  | 'SCHEMA'
  /** `supervise`: listen to calls, whisper and barge in. */
  | 'SUPERVISE'
  /** `usage`: see what the account may use and has used, and lower its limits. */
  | 'USAGE'
  /** `webhooks:read`: see webhook endpoints and deliveries. */
  | 'WEBHOOKS_READ'
  /** `webhooks:write`: make, change and delete webhook endpoints. */
  | 'WEBHOOKS_WRITE';

/** What a stretch of a recording is. Expect values you do not know: this list grows. */
export type SegmentKind =
  /** Silence: one of the two was on hold, consulted, or was not there; nobody was recorded meanwhile. */
  | 'APART'
  /** A pause. */
  | 'PAUSED'
  /** What the parties say to each other. */
  | 'TALK';

/** A call to be listened to. Durations are seconds. */
export type StartSupervisionInput = {
  /** The call; it must be CONNECTED. */
  readonly callId: string | number;
  /** 1 to 255 printable ASCII characters of your own, new for every call you mean to place. The same key with the same input never dials twice: it answers with what it made, as it stands, and `replayed: true`. Kept for good; a refused request does not burn its key. */
  readonly idempotencyKey: string;
  /** What the supervisor does with the talk. */
  readonly mode: SupervisionMode;
  /** How long it may ring: 1 to 600 seconds; when left out, as in a call. */
  readonly ringSeconds?: number | null | undefined;
  /** Whose phone rings. */
  readonly supervisor: SupervisorTarget;
};

/** How long the pieces of a time series are, by the clock of `timeZone`. */
export type StatisticsInterval =
  /** A day, from midnight to midnight: 23 or 25 hours when clocks change. */
  | 'DAY'
  /** An hour. One that comes twice when clocks go back is two pieces. */
  | 'HOUR'
  /** A month, from its first day. */
  | 'MONTH'
  /** A week, from Monday. */
  | 'WEEK';

/** What a supervisor does with the talk. */
export type SupervisionMode =
  /** Hears all, is heard by all. */
  | 'BARGE'
  /** Hears all, is heard by nobody. */
  | 'MONITOR'
  /** Hears all, is heard by the agent alone. */
  | 'WHISPER';

/** Where a supervision stands. */
export type SupervisionState =
  /** The supervisor hears the talk. */
  | 'ACTIVE'
  /** The supervisor has answered, and is being let in; or waits for somebody in the agent's place. */
  | 'JOINING'
  /** The supervisor's phone is called. */
  | 'RINGING';

/** Who is to listen: exactly one of these. */
export type SupervisorTarget =
  {   /** An agent, at the extension where it sits. */
  readonly agentId: string | number; readonly extension?: never; }
  |  { readonly agentId?: never;   /** One of the account's extensions. */
  readonly extension: string; };

/** Who has suspended an account. Expect values you do not know: this list grows. */
export type SuspendedBy =
  /** The account itself: its keys may still read, and resume it. */
  | 'ACCOUNT'
  /** Whoever runs Offhook: the account's keys are refused until the operator resumes it. */
  | 'OPERATOR';

/** An endpoint that is to be tested. */
export type TestWebhookEndpointInput = {
  /** The endpoint. */
  readonly id: string | number;
};

/** A time: exactly one of the two. A local time that a change of clocks leaves out is moved on by the length of the gap (02:30 becomes 03:30); one that comes twice means the first. */
export type TimeInput =
  {   /** An instant. */
  readonly at: string; readonly local?: never; }
  |  { readonly at?: never;   /** A wall clock's time somewhere. */
  readonly local: LocalTimeInput; };

/** A range of time: `from` belongs to it, `to` does not. Either may be left open. */
export type TimeRangeInput = {
  /** Where it begins. */
  readonly from?: TimeInput | null | undefined;
  /** Where it ends. */
  readonly to?: TimeInput | null | undefined;
};

/** Where a transcript stands. Expect values you do not know: this list grows. */
export type TranscriptState =
  /** Nothing came of it; `failure` says why. */
  | 'FAILED'
  /** It is being made: `job` says how far it is. */
  | 'PENDING'
  /** It can be read. */
  | 'READY';

/** A party to be given to somebody else. Durations are seconds. */
export type TransferCallInput = {
  /** The call; it must be CONNECTED. */
  readonly callId: string | number;
  /** How long the consultation of an ATTENDED transfer may last before it is taken back: at most 3600 seconds; when left out, 300. */
  readonly consultSeconds?: number | null | undefined;
  /** 1 to 255 printable ASCII characters of your own, new for every call you mean to place. The same key with the same input never dials twice: it answers with what it made, as it stands, and `replayed: true`. Kept for good; a refused request does not burn its key. */
  readonly idempotencyKey: string;
  /** Whether the target is spoken to first. */
  readonly kind: TransferKind;
  /** Who transfers: this leg, and the other party is transferred. When left out, the agent. */
  readonly legId?: string | number | null | undefined;
  /** How the target is called. REFER is for a BLIND transfer, to a number, of a party behind a trunk that follows such requests; many do not. Its end is the end of the call. */
  readonly method?: TransferMethod;
  /** During a BLIND transfer the transferee hears music, not the target's ringing. */
  readonly music?: boolean;
  /** Should a BLIND transfer fail, call back whoever transferred. Without it the call ends then, and so it does when a caller from outside has transferred. */
  readonly recall?: boolean;
  /** How long the target may ring: 1 to 600 seconds; when left out, as in a new call. */
  readonly ringSeconds?: number | null | undefined;
  /** To whom. The rules are those of a new call. In a queue the customer waits for an agent; such a transfer is BLIND. */
  readonly target: CallTarget;
};

/** Whether whoever transfers speaks to the target first. */
export type TransferKind =
  /** Yes: the transferee is held until `completeTransfer`. */
  | 'ATTENDED'
  /** No: whoever transfers is let go at once, and the target rings. */
  | 'BLIND';

/** Who calls the target of a transfer. */
export type TransferMethod =
  /** Offhook, and puts it together with the transferee. Works everywhere. */
  | 'BRIDGE'
  /** The transferee's own device, which is told to (SIP REFER): from then on they talk without Offhook. For trunks that follow; those that do not say so, and the two talk on. */
  | 'REFER';

/** Where a transfer under way stands. Expect values you do not know: this list grows. */
export type TransferState =
  /** Whoever transfers speaks to the target; the transferee is held. */
  | 'CONSULTING'
  /** The target is dialled, or rings. */
  | 'DIALING'
  /** The target could not be had, and whoever transferred is called back. */
  | 'RECALLING'
  /** The transferee waits in the queue that is the target. */
  | 'WAITING';

/** Changes of a webhook endpoint. What is left out stays; lists replace. */
export type UpdateWebhookEndpointInput = {
  /** The version of the bodies to pin it to. What is sent keeps that form, whatever newer versions bring. The newest is `1`. Null is refused. */
  readonly apiVersion?: string | null | undefined;
  /** Your own words about it; null clears them. */
  readonly description?: string | null | undefined;
  /** What to send: public names with `*` for anything, such as `call.*`. Null is refused. */
  readonly eventTypes?: ReadonlyArray<string> | null | undefined;
  /** What the bodies look like. Null is refused. */
  readonly format?: WebhookFormat | null | undefined;
  /** The endpoint. */
  readonly id: string | number;
  /** Whether events tell which keys were pressed. That takes a key with `dtmf:read`; else each reads `x`. A new `url` for an endpoint that has it takes the same scope. Null is refused. */
  readonly includeDtmf?: boolean | null | undefined;
  /** Whether events tell telephone numbers and the names that go with them whole. That takes a key with `pii:read`; else they come masked, as for a key without it. A new `url` for an endpoint that has it takes the same scope. Null is refused. */
  readonly includePersonalData?: boolean | null | undefined;
  /** Whether `recording.saved` comes with a signed address of the recording, which works for whoever holds it until it expires. That takes a key with `recordings:read`. A new `url` for an endpoint that has it takes the same scope. Null is refused. */
  readonly includeRecordingUrls?: boolean | null | undefined;
  /** Whether anything is sent. What happens meanwhile is kept, for 30 days at most; enabling sends it, and begins every delivery's schedule anew. Null is refused. */
  readonly isEnabled?: boolean | null | undefined;
  /** The address: https, on a public host. Redirects are not followed. Null is refused. */
  readonly url?: string | null | undefined;
};

/** What is to be mended. Expect values you do not know: this list grows. */
export type UserErrorCode =
  /** The account is suspended. */
  | 'ACCOUNT_SUSPENDED'
  /** The agent sits at no extension, or the extension has no phone. */
  | 'AGENT_OFFLINE'
  /** Something with this name or number is there already. */
  | 'ALREADY_EXISTS'
  /** The caller id, or every number of the pool, is flagged; the message says what to do. */
  | 'CALLER_ID_FLAGGED'
  /** The caller id is not one of the account's outbound numbers that may be shown: it is not the account's at all, or not verified yet (`verifyOutboundNumber` does that), or not one of the trunk's where it takes its own alone. */
  | 'CALLER_ID_NOT_OWNED'
  /** The account has as many calls at the same time as it may. */
  | 'CONCURRENT_CALLS_REACHED'
  /** The log no longer goes back to this cursor; read anew what you need. */
  | 'CURSOR_EXPIRED'
  /** The account's destination policy does not allow this number. */
  | 'DESTINATION_DENIED'
  /** The account's daily spend is capped, and this destination has no price. */
  | 'DESTINATION_NOT_PRICED'
  /** The operator lets no call go to this context of the dialplan. */
  | 'DIALPLAN_NOT_ALLOWED'
  /** A caller who presses nothing would stay in this call flow for ever. */
  | 'ENDLESS_LOOP'
  /** A template's field has no value. */
  | 'FIELD_MISSING'
  /** This idempotency key was used before, with another input. */
  | 'IDEMPOTENCY_KEY_REUSED'
  /** The cursor was not given out for this list, filter and order. */
  | 'INVALID_CURSOR'
  /** The value is not of a form or size that is accepted; the message says what is. */
  | 'INVALID_INPUT'
  /** This is no telephone number that can be dialled. */
  | 'INVALID_NUMBER'
  /** It cannot be done to something in this state; `currentState` names it. */
  | 'INVALID_STATE'
  /** Only the operator may grant the account so much. */
  | 'LIMIT_ABOVE_GRANT'
  /** There is no such thing, or it is another account's: the two are not told apart. */
  | 'NOT_FOUND'
  /** Offhook does not do this yet. */
  | 'NOT_SUPPORTED'
  /** There was too much of this lately; `retryAfterSeconds` says when to ask again. */
  | 'RATE_LIMITED'
  /** A value is missing or empty. */
  | 'REQUIRED'
  /** A test key reaches the sandbox's phones and numbers only, and changes nothing that is live. */
  | 'SANDBOX_ONLY'
  /** The speech engine or this voice does not do what is asked; the message says what. */
  | 'SPEECH_NOT_SUPPORTED'
  /** It could cost more than is left of the account's daily spend. */
  | 'SPEND_CAP_REACHED'
  /** A call flow leads to a step that it does not have. */
  | 'UNKNOWN_STEP'
  /** No way in a call flow leads to this step. */
  | 'UNREACHABLE_STEP'
  /** Offhook does not connect to this address, for a webhook, a media stream or anything else: the message says what it lacks. */
  | 'URL_NOT_ALLOWED';

/** How speech is made. Expect values you do not know: this list grows. */
export type VoiceEngineType =
  /** By a neural network: more natural, with fewer settings. */
  | 'NEURAL'
  /** Of recorded or computed sounds. */
  | 'STANDARD';

/** How a text is to be spoken. What the voice does not do is refused, never left out in silence. */
export type VoiceInput = {
  /** How speech is made. */
  readonly engineType?: VoiceEngineType;
  /** One of `voices`; when left out, the first that speaks the language. */
  readonly id?: string | number | null | undefined;
  /** A BCP 47 tag such as `de-DE`; when left out, the voice's own, or `en-US`. */
  readonly languageCode?: string | null | undefined;
  /** How high; Amazon Polly's neural voices take `MEDIUM` only. */
  readonly pitch?: VoicePitch;
  /** How fast. */
  readonly rate?: VoiceRate;
  /** How loud. */
  readonly volume?: VoiceVolume;
};

/** How high a text is spoken. */
export type VoicePitch =
  /** High. */
  | 'HIGH'
  /** Low. */
  | 'LOW'
  /** As the voice speaks. */
  | 'MEDIUM'
  /** Very high. */
  | 'X_HIGH'
  /** Very low. */
  | 'X_LOW';

/** How fast a text is spoken. */
export type VoiceRate =
  /** Fast. */
  | 'FAST'
  /** As the voice speaks. */
  | 'MEDIUM'
  /** Slowly. */
  | 'SLOW'
  /** Very fast. */
  | 'X_FAST'
  /** Very slowly. */
  | 'X_SLOW';

/** How loud a text is spoken. */
export type VoiceVolume =
  /** Loud. */
  | 'LOUD'
  /** As the voice speaks. */
  | 'MEDIUM'
  /** Not to be heard; it takes its time all the same. */
  | 'SILENT'
  /** Softly. */
  | 'SOFT'
  /** Very loud. */
  | 'X_LOUD'
  /** Very softly. */
  | 'X_SOFT';

/** Which deliveries; everything that is given must hold. An empty list holds for all. */
export type WebhookDeliveryFilterInput = {
  /** When they were put in line, which is when the event was written. */
  readonly created?: TimeRangeInput | null | undefined;
  /** To this endpoint. */
  readonly endpointId?: string | number | null | undefined;
  /** Of events of these types. */
  readonly eventTypes?: ReadonlyArray<EventType> | null | undefined;
  /** Stand at one of these. */
  readonly states?: ReadonlyArray<DeliveryState> | null | undefined;
  /** Of events about this: a call's id, mostly. */
  readonly subjectId?: string | number | null | undefined;
};

/** What the bodies of webhooks look like. Expect values you do not know: this list grows. */
export type WebhookFormat =
  /** Flat bodies for CRMs that know no others: `call.connected` as the dialled number, extension, caller id and unique id; `call.ended` with the duration besides, in whole seconds of talk, 0 when it never connected. Digits without `+`. Nothing else is sent. The headers and signatures are those of all webhooks. */
  | 'CLASSIC'
  /** The event as everywhere else: an envelope with the fact under `data`. JSON Schemas are at `/schemas/events`. */
  | 'STANDARD';

export type AgentPartsFragment = { readonly id: string, readonly name: string, readonly displayName: string | null, readonly extension: { readonly number: string } | null, readonly activity: { readonly state: AgentState, readonly since: string | null, readonly reason: string | null, readonly callId: string | null, readonly queueIds: ReadonlyArray<string>, readonly wrapsUpUntil: string | null } | null };

export type AgentActivitySubscriptionVariables = Exact<{ [key: string]: never; }>;


export type AgentActivitySubscription = { readonly agentActivity:
    | { readonly __typename: 'AgentChanged', readonly cursor: string, readonly agent: { readonly id: string, readonly name: string, readonly displayName: string | null, readonly extension: { readonly number: string } | null, readonly activity: { readonly state: AgentState, readonly since: string | null, readonly reason: string | null, readonly callId: string | null, readonly queueIds: ReadonlyArray<string>, readonly wrapsUpUntil: string | null } | null } }
    | { readonly __typename: 'AgentSnapshot', readonly chunk: number, readonly isLast: boolean, readonly cursor: string, readonly agents: ReadonlyArray<{ readonly id: string, readonly name: string, readonly displayName: string | null, readonly extension: { readonly number: string } | null, readonly activity: { readonly state: AgentState, readonly since: string | null, readonly reason: string | null, readonly callId: string | null, readonly queueIds: ReadonlyArray<string>, readonly wrapsUpUntil: string | null } | null }> }
    | { readonly __typename: 'Gap', readonly missedCount: number }
   };

export type QueueNamesQueryVariables = Exact<{ [key: string]: never; }>;


export type QueueNamesQuery = { readonly queues: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string }> } };

export type SetAgentStateMutationVariables = Exact<{
  id: string | number;
  state: AgentState;
  reason?: string | null | undefined;
}>;


export type SetAgentStateMutation = { readonly setAgentState: { readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type AuditEventsQueryVariables = Exact<{
  filter?: AuditEventFilterInput | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type AuditEventsQuery = { readonly auditEvents: { readonly nodes: ReadonlyArray<{ readonly at: string, readonly action: string, readonly outcome: string, readonly subjectId: string | null, readonly remoteAddress: string | null, readonly requestId: string | null, readonly actor: { readonly kind: ActorKind, readonly id: string | null }, readonly details: ReadonlyArray<{ readonly name: string, readonly value: string }> }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type PartyPartsFragment = { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean };

export type LegPartsFragment = { readonly id: string, readonly role: LegRole, readonly state: LegState, readonly isOnHold: boolean, readonly isMuted: boolean, readonly startedAt: string | null, readonly ringingAt: string | null, readonly answeredAt: string | null, readonly endedAt: string | null, readonly party: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } };

export type LiveCallPartsFragment = { readonly id: string, readonly state: CallState, readonly direction: Direction, readonly kind: CallKind, readonly sandbox: boolean, readonly lastCallSequence: number, readonly createdAt: string, readonly ringingAt: string | null, readonly connectedAt: string | null, readonly endedAt: string | null, readonly disposition: Disposition | null, readonly extension: string | null, readonly agentName: string | null, readonly externalId: string | null, readonly recordingMode: RecordingMode, readonly agentParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null, readonly customerParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null, readonly dialledNumber: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null, readonly callerId: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null, readonly legs: ReadonlyArray<{ readonly id: string, readonly role: LegRole, readonly state: LegState, readonly isOnHold: boolean, readonly isMuted: boolean, readonly startedAt: string | null, readonly ringingAt: string | null, readonly answeredAt: string | null, readonly endedAt: string | null, readonly party: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } }>, readonly supervisions: ReadonlyArray<{ readonly id: string, readonly mode: SupervisionMode, readonly state: SupervisionState, readonly supervisor: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } }>, readonly transfer: { readonly id: string, readonly kind: TransferKind, readonly state: TransferState, readonly target: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } } | null, readonly recordings?: ReadonlyArray<{ readonly id: string, readonly state: RecordingState }> | null };

export type LiveCallsSubscriptionVariables = Exact<{
  withRecordings: boolean;
}>;


export type LiveCallsSubscription = { readonly liveCalls:
    | { readonly __typename: 'CallChanged', readonly cursor: string, readonly call: { readonly id: string, readonly state: CallState, readonly direction: Direction, readonly kind: CallKind, readonly sandbox: boolean, readonly lastCallSequence: number, readonly createdAt: string, readonly ringingAt: string | null, readonly connectedAt: string | null, readonly endedAt: string | null, readonly disposition: Disposition | null, readonly extension: string | null, readonly agentName: string | null, readonly externalId: string | null, readonly recordingMode: RecordingMode, readonly agentParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null, readonly customerParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null, readonly dialledNumber: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null, readonly callerId: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null, readonly legs: ReadonlyArray<{ readonly id: string, readonly role: LegRole, readonly state: LegState, readonly isOnHold: boolean, readonly isMuted: boolean, readonly startedAt: string | null, readonly ringingAt: string | null, readonly answeredAt: string | null, readonly endedAt: string | null, readonly party: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } }>, readonly supervisions: ReadonlyArray<{ readonly id: string, readonly mode: SupervisionMode, readonly state: SupervisionState, readonly supervisor: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } }>, readonly transfer: { readonly id: string, readonly kind: TransferKind, readonly state: TransferState, readonly target: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } } | null, readonly recordings?: ReadonlyArray<{ readonly id: string, readonly state: RecordingState }> | null } }
    | { readonly __typename: 'CallRemoved', readonly cursor: string, readonly callId: string, readonly call: { readonly id: string, readonly state: CallState, readonly direction: Direction, readonly kind: CallKind, readonly sandbox: boolean, readonly lastCallSequence: number, readonly createdAt: string, readonly ringingAt: string | null, readonly connectedAt: string | null, readonly endedAt: string | null, readonly disposition: Disposition | null, readonly extension: string | null, readonly agentName: string | null, readonly externalId: string | null, readonly recordingMode: RecordingMode, readonly agentParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null, readonly customerParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null, readonly dialledNumber: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null, readonly callerId: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null, readonly legs: ReadonlyArray<{ readonly id: string, readonly role: LegRole, readonly state: LegState, readonly isOnHold: boolean, readonly isMuted: boolean, readonly startedAt: string | null, readonly ringingAt: string | null, readonly answeredAt: string | null, readonly endedAt: string | null, readonly party: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } }>, readonly supervisions: ReadonlyArray<{ readonly id: string, readonly mode: SupervisionMode, readonly state: SupervisionState, readonly supervisor: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } }>, readonly transfer: { readonly id: string, readonly kind: TransferKind, readonly state: TransferState, readonly target: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } } | null, readonly recordings?: ReadonlyArray<{ readonly id: string, readonly state: RecordingState }> | null } }
    | { readonly __typename: 'Gap', readonly missedCount: number }
    | { readonly __typename: 'Snapshot', readonly chunk: number, readonly isLast: boolean, readonly cursor: string, readonly calls: ReadonlyArray<{ readonly id: string, readonly state: CallState, readonly direction: Direction, readonly kind: CallKind, readonly sandbox: boolean, readonly lastCallSequence: number, readonly createdAt: string, readonly ringingAt: string | null, readonly connectedAt: string | null, readonly endedAt: string | null, readonly disposition: Disposition | null, readonly extension: string | null, readonly agentName: string | null, readonly externalId: string | null, readonly recordingMode: RecordingMode, readonly agentParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null, readonly customerParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null, readonly dialledNumber: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null, readonly callerId: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null, readonly legs: ReadonlyArray<{ readonly id: string, readonly role: LegRole, readonly state: LegState, readonly isOnHold: boolean, readonly isMuted: boolean, readonly startedAt: string | null, readonly ringingAt: string | null, readonly answeredAt: string | null, readonly endedAt: string | null, readonly party: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } }>, readonly supervisions: ReadonlyArray<{ readonly id: string, readonly mode: SupervisionMode, readonly state: SupervisionState, readonly supervisor: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } }>, readonly transfer: { readonly id: string, readonly kind: TransferKind, readonly state: TransferState, readonly target: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } } | null, readonly recordings?: ReadonlyArray<{ readonly id: string, readonly state: RecordingState }> | null }> }
   };

export type CallByIdQueryVariables = Exact<{
  id: string | number;
  withRecordings: boolean;
}>;


export type CallByIdQuery = { readonly call: { readonly id: string, readonly state: CallState, readonly direction: Direction, readonly kind: CallKind, readonly sandbox: boolean, readonly lastCallSequence: number, readonly createdAt: string, readonly ringingAt: string | null, readonly connectedAt: string | null, readonly endedAt: string | null, readonly disposition: Disposition | null, readonly extension: string | null, readonly agentName: string | null, readonly externalId: string | null, readonly recordingMode: RecordingMode, readonly agentParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null, readonly customerParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null, readonly dialledNumber: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null, readonly callerId: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null, readonly legs: ReadonlyArray<{ readonly id: string, readonly role: LegRole, readonly state: LegState, readonly isOnHold: boolean, readonly isMuted: boolean, readonly startedAt: string | null, readonly ringingAt: string | null, readonly answeredAt: string | null, readonly endedAt: string | null, readonly party: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } }>, readonly supervisions: ReadonlyArray<{ readonly id: string, readonly mode: SupervisionMode, readonly state: SupervisionState, readonly supervisor: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } }>, readonly transfer: { readonly id: string, readonly kind: TransferKind, readonly state: TransferState, readonly target: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } } | null, readonly recordings?: ReadonlyArray<{ readonly id: string, readonly state: RecordingState }> | null } | null };

export type CallTimelineQueryVariables = Exact<{
  id: string | number;
}>;


export type CallTimelineQuery = { readonly call: { readonly id: string, readonly explain: ReadonlyArray<string> | null, readonly events: { readonly nodes: ReadonlyArray<
        | { readonly __typename: 'AccountResumedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'AccountSuspendedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'AgentStateChangedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'CallConnectedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'CallCreatedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'CallEndedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'CallRecoveredEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'CallUpdatedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'CallWaitingEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'CallbackCancelledEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'CallbackCompletedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'CallbackFailedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'CallbackScheduledEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'CallbackStartedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'CallbackUpdatedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'CampaignCreatedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'CampaignFinishedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'CampaignPausedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'CampaignResumedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'CampaignStartedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'CampaignStoppedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'ContactAttemptedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'ContactFinishedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'ContactSkippedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'DeviceRegisteredEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'DeviceUnregisteredEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'DncEntryAddedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'DtmfReceivedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole, readonly party: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } } }
        | { readonly __typename: 'FlowEndedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'FlowGatheredEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'FlowStartedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'FlowStepEnteredEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'JobCancelledEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'JobFailedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'JobFinishedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'LegAnsweredEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole, readonly party: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } } }
        | { readonly __typename: 'LegDialingEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole, readonly party: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } } }
        | { readonly __typename: 'LegEndedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole, readonly party: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } } }
        | { readonly __typename: 'LegHeldEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole, readonly party: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } } }
        | { readonly __typename: 'LegMutedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole, readonly party: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } } }
        | { readonly __typename: 'LegRingingEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole, readonly party: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } } }
        | { readonly __typename: 'LegUnheldEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole, readonly party: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } } }
        | { readonly __typename: 'LegUnmutedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole, readonly party: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } } }
        | { readonly __typename: 'MachineDetectionFinishedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole, readonly party: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } } }
        | { readonly __typename: 'MediastreamConnectedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'MediastreamEndedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'MediastreamFailedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'OtpAnnouncedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'OtpFailedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'OtpVerifiedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'ParticipantJoinedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole, readonly party: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } } }
        | { readonly __typename: 'ParticipantLeftEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole, readonly party: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } } }
        | { readonly __typename: 'PlaybackFailedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'PlaybackFinishedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'PlaybackStartedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'QueueAbandonedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'QueueJoinedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'QueueLeftEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'QueueOfferedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'RecordingDeletedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'RecordingFailedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'RecordingPausedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'RecordingResumedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'RecordingSavedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'RecordingStartedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'SupervisionChangedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'SupervisionEndedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'SupervisionStartedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'TranscriptFailedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'TranscriptReadyEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'TransferCancelledEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'TransferCompletedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'TransferFailedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'TransferStartedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'TrunkDownEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'TrunkUpEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'UsageLimitReachedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'VoicemailReceivedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'WebhookDisabledEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'WebhookExhaustedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'WebhookTestEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        | { readonly __typename: 'WebhookTriggeredEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
      > } | null } | null };

export type LiveFiguresSubscriptionVariables = Exact<{
  timeZone: string;
}>;


export type LiveFiguresSubscription = { readonly liveStatistics:
    | { readonly __typename: 'Gap' }
    | { readonly __typename: 'LiveStatisticsChanged', readonly cursor: string, readonly statistics: { readonly countedAt: string, readonly liveCalls: number, readonly waitingCalls: number, readonly agents: ReadonlyArray<{ readonly state: AgentState, readonly agents: number }> | null, readonly live: ReadonlyArray<{ readonly state: CallState, readonly calls: number }>, readonly today: { readonly calls: number, readonly connectedCalls: number, readonly talkSeconds: number } | null } }
   };

export type HangupCallMutationVariables = Exact<{
  id: string | number;
}>;


export type HangupCallMutation = { readonly hangupCall: { readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type HoldCallMutationVariables = Exact<{
  id: string | number;
  legId?: string | number | null | undefined;
}>;


export type HoldCallMutation = { readonly holdCall: { readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type UnholdCallMutationVariables = Exact<{
  id: string | number;
  legId?: string | number | null | undefined;
}>;


export type UnholdCallMutation = { readonly unholdCall: { readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type TransferCallMutationVariables = Exact<{
  input: TransferCallInput;
}>;


export type TransferCallMutation = { readonly transferCall: { readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type CompleteTransferMutationVariables = Exact<{
  id: string | number;
}>;


export type CompleteTransferMutation = { readonly completeTransfer: { readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type CancelTransferMutationVariables = Exact<{
  id: string | number;
}>;


export type CancelTransferMutation = { readonly cancelTransfer: { readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type StartRecordingMutationVariables = Exact<{
  id: string | number;
}>;


export type StartRecordingMutation = { readonly startRecording: { readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type StopRecordingMutationVariables = Exact<{
  id: string | number;
}>;


export type StopRecordingMutation = { readonly stopRecording: { readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type StartSupervisionMutationVariables = Exact<{
  input: StartSupervisionInput;
}>;


export type StartSupervisionMutation = { readonly startSupervision: { readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type UpdateSupervisionMutationVariables = Exact<{
  id: string | number;
  mode: SupervisionMode;
}>;


export type UpdateSupervisionMutation = { readonly updateSupervision: { readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type StopSupervisionMutationVariables = Exact<{
  id: string | number;
}>;


export type StopSupervisionMutation = { readonly stopSupervision: { readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type CampaignProgressPartsFragment = { readonly campaignId: string, readonly state: CampaignState, readonly waiting: number, readonly inFlight: number, readonly finished: number, readonly skipped: number, readonly contactsTaken: number, readonly statistics: { readonly total: number, readonly dialled: number, readonly answered: number, readonly busy: number, readonly noAnswer: number, readonly machine: number, readonly cancelled: number, readonly congestion: number, readonly unreachable: number, readonly abandoned: number, readonly abandonedPercent: number, readonly dnc: number, readonly finished: number, readonly skipped: number, readonly talkSeconds: number } };

export type CampaignRowFragment = { readonly id: string, readonly name: string, readonly kind: CampaignKind, readonly state: CampaignState, readonly pauseReason: PauseReason | null, readonly pauseDetail: string | null, readonly finishReason: FinishReason | null, readonly callsPerMinute: number, readonly maxConcurrentCalls: number, readonly startAt: string | null, readonly startedAt: string | null, readonly pausedAt: string | null, readonly finishedAt: string | null, readonly createdAt: string, readonly sandbox: boolean, readonly archivedAt: string | null };

export type CampaignsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: CampaignFilterInput | null | undefined;
}>;


export type CampaignsQuery = { readonly campaigns: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly kind: CampaignKind, readonly state: CampaignState, readonly pauseReason: PauseReason | null, readonly pauseDetail: string | null, readonly finishReason: FinishReason | null, readonly callsPerMinute: number, readonly maxConcurrentCalls: number, readonly startAt: string | null, readonly startedAt: string | null, readonly pausedAt: string | null, readonly finishedAt: string | null, readonly createdAt: string, readonly sandbox: boolean, readonly archivedAt: string | null, readonly progress: { readonly campaignId: string, readonly state: CampaignState, readonly waiting: number, readonly inFlight: number, readonly finished: number, readonly skipped: number, readonly contactsTaken: number, readonly statistics: { readonly total: number, readonly dialled: number, readonly answered: number, readonly busy: number, readonly noAnswer: number, readonly machine: number, readonly cancelled: number, readonly congestion: number, readonly unreachable: number, readonly abandoned: number, readonly abandonedPercent: number, readonly dnc: number, readonly finished: number, readonly skipped: number, readonly talkSeconds: number } } | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type CampaignQueryVariables = Exact<{
  id: string | number;
  withContacts: boolean;
}>;


export type CampaignQuery = { readonly campaign: { readonly description: string | null, readonly version: number, readonly endAt: string | null, readonly maxRetries: number, readonly settledAt: string | null, readonly id: string, readonly name: string, readonly kind: CampaignKind, readonly state: CampaignState, readonly pauseReason: PauseReason | null, readonly pauseDetail: string | null, readonly finishReason: FinishReason | null, readonly callsPerMinute: number, readonly maxConcurrentCalls: number, readonly startAt: string | null, readonly startedAt: string | null, readonly pausedAt: string | null, readonly finishedAt: string | null, readonly createdAt: string, readonly sandbox: boolean, readonly archivedAt: string | null, readonly content: { readonly agent: { readonly mode: PacingMode } | null }, readonly contactLists: ReadonlyArray<{ readonly id: string, readonly name: string, readonly contacts?: { readonly totalCount: { readonly count: number, readonly precision: CountPrecision } } | null }> | null, readonly progress: { readonly campaignId: string, readonly state: CampaignState, readonly waiting: number, readonly inFlight: number, readonly finished: number, readonly skipped: number, readonly contactsTaken: number, readonly statistics: { readonly total: number, readonly dialled: number, readonly answered: number, readonly busy: number, readonly noAnswer: number, readonly machine: number, readonly cancelled: number, readonly congestion: number, readonly unreachable: number, readonly abandoned: number, readonly abandonedPercent: number, readonly dnc: number, readonly finished: number, readonly skipped: number, readonly talkSeconds: number } } | null } | null };

export type CampaignPaceQueryVariables = Exact<{
  id: string | number;
  since1: TimeRangeInput;
  since2: TimeRangeInput;
  since3: TimeRangeInput;
  since4: TimeRangeInput;
  since5: TimeRangeInput;
  since6: TimeRangeInput;
  since7: TimeRangeInput;
  since8: TimeRangeInput;
  since9: TimeRangeInput;
  since10: TimeRangeInput;
}>;


export type CampaignPaceQuery = { readonly campaign: { readonly id: string, readonly statistics: { readonly dialled: number } | null, readonly since1: { readonly dialled: number } | null, readonly since2: { readonly dialled: number } | null, readonly since3: { readonly dialled: number } | null, readonly since4: { readonly dialled: number } | null, readonly since5: { readonly dialled: number } | null, readonly since6: { readonly dialled: number } | null, readonly since7: { readonly dialled: number } | null, readonly since8: { readonly dialled: number } | null, readonly since9: { readonly dialled: number } | null, readonly since10: { readonly dialled: number } | null } | null };

export type CampaignProgressSubscriptionVariables = Exact<{
  id: string | number;
}>;


export type CampaignProgressSubscription = { readonly campaignProgress: { readonly __typename: 'CampaignProgressChanged', readonly cursor: string, readonly progress: { readonly campaignId: string, readonly state: CampaignState, readonly waiting: number, readonly inFlight: number, readonly finished: number, readonly skipped: number, readonly contactsTaken: number, readonly statistics: { readonly total: number, readonly dialled: number, readonly answered: number, readonly busy: number, readonly noAnswer: number, readonly machine: number, readonly cancelled: number, readonly congestion: number, readonly unreachable: number, readonly abandoned: number, readonly abandonedPercent: number, readonly dnc: number, readonly finished: number, readonly skipped: number, readonly talkSeconds: number } } } };

export type StartCampaignMutationVariables = Exact<{
  id: string | number;
  key: string;
}>;


export type StartCampaignMutation = { readonly startCampaign: { readonly campaign: { readonly id: string, readonly name: string, readonly kind: CampaignKind, readonly state: CampaignState, readonly pauseReason: PauseReason | null, readonly pauseDetail: string | null, readonly finishReason: FinishReason | null, readonly callsPerMinute: number, readonly maxConcurrentCalls: number, readonly startAt: string | null, readonly startedAt: string | null, readonly pausedAt: string | null, readonly finishedAt: string | null, readonly createdAt: string, readonly sandbox: boolean, readonly archivedAt: string | null } | null, readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type PauseCampaignMutationVariables = Exact<{
  id: string | number;
}>;


export type PauseCampaignMutation = { readonly pauseCampaign: { readonly campaign: { readonly id: string, readonly name: string, readonly kind: CampaignKind, readonly state: CampaignState, readonly pauseReason: PauseReason | null, readonly pauseDetail: string | null, readonly finishReason: FinishReason | null, readonly callsPerMinute: number, readonly maxConcurrentCalls: number, readonly startAt: string | null, readonly startedAt: string | null, readonly pausedAt: string | null, readonly finishedAt: string | null, readonly createdAt: string, readonly sandbox: boolean, readonly archivedAt: string | null } | null, readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type ResumeCampaignMutationVariables = Exact<{
  id: string | number;
  key: string;
}>;


export type ResumeCampaignMutation = { readonly resumeCampaign: { readonly campaign: { readonly id: string, readonly name: string, readonly kind: CampaignKind, readonly state: CampaignState, readonly pauseReason: PauseReason | null, readonly pauseDetail: string | null, readonly finishReason: FinishReason | null, readonly callsPerMinute: number, readonly maxConcurrentCalls: number, readonly startAt: string | null, readonly startedAt: string | null, readonly pausedAt: string | null, readonly finishedAt: string | null, readonly createdAt: string, readonly sandbox: boolean, readonly archivedAt: string | null } | null, readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type StopCampaignMutationVariables = Exact<{
  id: string | number;
}>;


export type StopCampaignMutation = { readonly stopCampaign: { readonly campaign: { readonly id: string, readonly name: string, readonly kind: CampaignKind, readonly state: CampaignState, readonly pauseReason: PauseReason | null, readonly pauseDetail: string | null, readonly finishReason: FinishReason | null, readonly callsPerMinute: number, readonly maxConcurrentCalls: number, readonly startAt: string | null, readonly startedAt: string | null, readonly pausedAt: string | null, readonly finishedAt: string | null, readonly createdAt: string, readonly sandbox: boolean, readonly archivedAt: string | null } | null, readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type RecordCdrFragment = { readonly id: string, readonly callId: string | null, readonly createdAt: string, readonly direction: Direction, readonly kind: CallKind, readonly disposition: Disposition, readonly agentName: string | null, readonly talkSeconds: number, readonly durationSeconds: number, readonly recordingIds: ReadonlyArray<string>, readonly sandbox: boolean, readonly agentParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean }, readonly customerParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean } };

export type CdrsQueryVariables = Exact<{
  filter?: CallFilterInput | null | undefined;
  order: CdrOrder;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type CdrsQuery = { readonly cdrs: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly callId: string | null, readonly createdAt: string, readonly direction: Direction, readonly kind: CallKind, readonly disposition: Disposition, readonly agentName: string | null, readonly talkSeconds: number, readonly durationSeconds: number, readonly recordingIds: ReadonlyArray<string>, readonly sandbox: boolean, readonly agentParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean }, readonly customerParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type CdrInFullQueryVariables = Exact<{
  id: string | number;
  withCall: boolean;
}>;


export type CdrInFullQuery = { readonly cdr: { readonly extension: string | null, readonly ringingAt: string | null, readonly answeredAt: string | null, readonly connectedAt: string | null, readonly endedAt: string, readonly ringSeconds: number, readonly queueId: string | null, readonly queueWaitSeconds: number | null, readonly dtmf: string | null, readonly campaignId: string | null, readonly contactId: string | null, readonly callbackId: string | null, readonly otpId: string | null, readonly trunkId: string | null, readonly isDnc: boolean, readonly source: CdrSource, readonly uniqueId: string, readonly requestId: string | null, readonly externalId: string | null, readonly tags: ReadonlyArray<string>, readonly id: string, readonly callId: string | null, readonly createdAt: string, readonly direction: Direction, readonly kind: CallKind, readonly disposition: Disposition, readonly agentName: string | null, readonly talkSeconds: number, readonly durationSeconds: number, readonly recordingIds: ReadonlyArray<string>, readonly sandbox: boolean, readonly dialledNumber: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean } | null, readonly callerId: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean } | null, readonly endReason: { readonly code: EndCode, readonly party: EndParty, readonly sipCode: number | null, readonly hangupCause: number | null }, readonly quality: { readonly mos: number, readonly lossPercent: number, readonly jitterMs: number } | null, readonly metadata: ReadonlyArray<{ readonly key: string, readonly value: string }>, readonly call?: { readonly id: string, readonly explain: ReadonlyArray<string> | null, readonly events: { readonly nodes: ReadonlyArray<
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
        > } | null } | null, readonly agentParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean }, readonly customerParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean } } | null };

export type RecordJobFragment = { readonly id: string, readonly state: JobState, readonly progress: number | null, readonly error: string | null, readonly counts: { readonly processed: number, readonly total: number | null }, readonly report: { readonly url: string, readonly fileName: string, readonly sizeBytes: number } | null };

export type CreateExportMutationVariables = Exact<{
  input: CreateExportInput;
}>;


export type CreateExportMutation = { readonly createExport: { readonly job: { readonly id: string, readonly state: JobState, readonly progress: number | null, readonly error: string | null, readonly counts: { readonly processed: number, readonly total: number | null }, readonly report: { readonly url: string, readonly fileName: string, readonly sizeBytes: number } | null } | null, readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type ExportJobQueryVariables = Exact<{
  id: string | number;
}>;


export type ExportJobQuery = { readonly job: { readonly id: string, readonly state: JobState, readonly progress: number | null, readonly error: string | null, readonly counts: { readonly processed: number, readonly total: number | null }, readonly report: { readonly url: string, readonly fileName: string, readonly sizeBytes: number } | null } | null };

export type ExportProgressSubscriptionVariables = Exact<{
  id: string | number;
}>;


export type ExportProgressSubscription = { readonly jobProgress: { readonly cursor: string, readonly job: { readonly id: string, readonly state: JobState, readonly progress: number | null, readonly error: string | null, readonly counts: { readonly processed: number, readonly total: number | null }, readonly report: { readonly url: string, readonly fileName: string, readonly sizeBytes: number } | null } } };

export type CancelExportMutationVariables = Exact<{
  input: CancelJobInput;
}>;


export type CancelExportMutation = { readonly cancelJob: { readonly job: { readonly id: string, readonly state: JobState, readonly progress: number | null, readonly error: string | null, readonly counts: { readonly processed: number, readonly total: number | null }, readonly report: { readonly url: string, readonly fileName: string, readonly sizeBytes: number } | null } | null, readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type RecordKeyFragment = { readonly id: string, readonly name: string, readonly hint: string, readonly scopes: ReadonlyArray<Scope>, readonly isTest: boolean, readonly ipAllowList: ReadonlyArray<string>, readonly documentHashes: ReadonlyArray<string>, readonly createdAt: string, readonly expiresAt: string | null, readonly revokedAt: string | null };

export type ApiKeysQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ApiKeysQuery = { readonly apiKeys: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly name: string, readonly hint: string, readonly scopes: ReadonlyArray<Scope>, readonly isTest: boolean, readonly ipAllowList: ReadonlyArray<string>, readonly documentHashes: ReadonlyArray<string>, readonly createdAt: string, readonly expiresAt: string | null, readonly revokedAt: string | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type KeyHolderQueryVariables = Exact<{ [key: string]: never; }>;


export type KeyHolderQuery = { readonly viewer: { readonly keyId: string, readonly isTest: boolean, readonly scopes: ReadonlyArray<Scope>, readonly account: { readonly id: string } } };

export type CreateApiKeyMutationVariables = Exact<{
  input: CreateApiKeyInput;
}>;


export type CreateApiKeyMutation = { readonly createApiKey: { readonly token: string | null, readonly apiKey: { readonly id: string, readonly name: string, readonly hint: string, readonly scopes: ReadonlyArray<Scope>, readonly isTest: boolean, readonly ipAllowList: ReadonlyArray<string>, readonly documentHashes: ReadonlyArray<string>, readonly createdAt: string, readonly expiresAt: string | null, readonly revokedAt: string | null } | null, readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type RotateApiKeyMutationVariables = Exact<{
  input: RotateApiKeyInput;
}>;


export type RotateApiKeyMutation = { readonly rotateApiKey: { readonly token: string | null, readonly apiKey: { readonly id: string, readonly name: string, readonly hint: string, readonly scopes: ReadonlyArray<Scope>, readonly isTest: boolean, readonly ipAllowList: ReadonlyArray<string>, readonly documentHashes: ReadonlyArray<string>, readonly createdAt: string, readonly expiresAt: string | null, readonly revokedAt: string | null } | null, readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type RevokeApiKeyMutationVariables = Exact<{
  input: RevokeApiKeyInput;
}>;


export type RevokeApiKeyMutation = { readonly revokeApiKey: { readonly apiKey: { readonly id: string, readonly name: string, readonly hint: string, readonly scopes: ReadonlyArray<Scope>, readonly isTest: boolean, readonly ipAllowList: ReadonlyArray<string>, readonly documentHashes: ReadonlyArray<string>, readonly createdAt: string, readonly expiresAt: string | null, readonly revokedAt: string | null } | null, readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type AccessTokensQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type AccessTokensQuery = { readonly accessTokens: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly hint: string, readonly scopes: ReadonlyArray<Scope>, readonly keyId: string, readonly agentId: string | null, readonly allowedOrigins: ReadonlyArray<string>, readonly createdAt: string, readonly expiresAt: string }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type RevokeAccessTokenMutationVariables = Exact<{
  input: RevokeAccessTokenInput;
}>;


export type RevokeAccessTokenMutation = { readonly revokeAccessToken: { readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type QueuePartsFragment = { readonly queueId: string, readonly waitingCount: number, readonly longestWaitSeconds: number, readonly queue: { readonly id: string, readonly name: string, readonly strategy: QueueStrategy, readonly maxWaitSeconds: number | null, readonly maxLength: number | null } | null, readonly agents: ReadonlyArray<{ readonly state: AgentState, readonly agents: number }>, readonly waiting: ReadonlyArray<{ readonly callId: string, readonly position: number, readonly joinedAt: string, readonly priority: number, readonly offeredAgentIds: ReadonlyArray<string>, readonly call: { readonly id: string, readonly customerParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null } | null }> };

export type QueueActivitySubscriptionVariables = Exact<{ [key: string]: never; }>;


export type QueueActivitySubscription = { readonly queueActivity:
    | { readonly __typename: 'Gap', readonly missedCount: number }
    | { readonly __typename: 'QueueSnapshot', readonly cursor: string, readonly queues: ReadonlyArray<{ readonly queueId: string, readonly waitingCount: number, readonly longestWaitSeconds: number, readonly queue: { readonly id: string, readonly name: string, readonly strategy: QueueStrategy, readonly maxWaitSeconds: number | null, readonly maxLength: number | null } | null, readonly agents: ReadonlyArray<{ readonly state: AgentState, readonly agents: number }>, readonly waiting: ReadonlyArray<{ readonly callId: string, readonly position: number, readonly joinedAt: string, readonly priority: number, readonly offeredAgentIds: ReadonlyArray<string>, readonly call: { readonly id: string, readonly customerParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null } | null }> }> }
    | { readonly __typename: 'QueuesChanged', readonly cursor: string, readonly queues: ReadonlyArray<{ readonly queueId: string, readonly waitingCount: number, readonly longestWaitSeconds: number, readonly queue: { readonly id: string, readonly name: string, readonly strategy: QueueStrategy, readonly maxWaitSeconds: number | null, readonly maxLength: number | null } | null, readonly agents: ReadonlyArray<{ readonly state: AgentState, readonly agents: number }>, readonly waiting: ReadonlyArray<{ readonly callId: string, readonly position: number, readonly joinedAt: string, readonly priority: number, readonly offeredAgentIds: ReadonlyArray<string>, readonly call: { readonly id: string, readonly customerParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean, readonly isMasked: boolean } | null } | null }> }> }
   };

export type RecordPartyFragment = { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean };

export type RecordPageInfoFragment = { readonly hasNextPage: boolean, readonly endCursor: string | null };

export type RecordRecordingFragment = { readonly id: string, readonly callId: string, readonly kind: RecordingKind, readonly mode: RecordingMode, readonly state: RecordingState, readonly createdAt: string, readonly durationSeconds: number | null, readonly sizeBytes: number | null, readonly extension: string | null, readonly failure: string | null, readonly customerParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean } | null };

export type RecordingsQueryVariables = Exact<{
  filter?: RecordingFilterInput | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type RecordingsQuery = { readonly recordings: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly callId: string, readonly kind: RecordingKind, readonly mode: RecordingMode, readonly state: RecordingState, readonly createdAt: string, readonly durationSeconds: number | null, readonly sizeBytes: number | null, readonly extension: string | null, readonly failure: string | null, readonly customerParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean } | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type RecordingToPlayQueryVariables = Exact<{
  id: string | number;
}>;


export type RecordingToPlayQuery = { readonly recording: { readonly channels: number | null, readonly sampleRate: number | null, readonly sha256: string | null, readonly startedAt: string | null, readonly savedAt: string | null, readonly deletedAt: string | null, readonly id: string, readonly callId: string, readonly kind: RecordingKind, readonly mode: RecordingMode, readonly state: RecordingState, readonly createdAt: string, readonly durationSeconds: number | null, readonly sizeBytes: number | null, readonly extension: string | null, readonly failure: string | null, readonly segments: ReadonlyArray<{ readonly kind: SegmentKind, readonly beganAt: string, readonly endedAt: string, readonly offsetSeconds: number, readonly lengthSeconds: number }> | null, readonly transcript: { readonly state: TranscriptState, readonly language: string, readonly failure: string | null, readonly segments: ReadonlyArray<{ readonly channel: number, readonly role: LegRole, readonly text: string, readonly startSeconds: number, readonly endSeconds: number }> | null } | null, readonly url: { readonly url: string, readonly expiresAt: string } | null, readonly customerParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean } | null } | null };

export type RecordingAddressQueryVariables = Exact<{
  id: string | number;
}>;


export type RecordingAddressQuery = { readonly recording: { readonly id: string, readonly state: RecordingState, readonly url: { readonly url: string, readonly expiresAt: string } | null } | null };

export type DeleteRecordingMutationVariables = Exact<{
  input: DeleteRecordingInput;
}>;


export type DeleteRecordingMutation = { readonly deleteRecording: { readonly recording: { readonly id: string, readonly callId: string, readonly kind: RecordingKind, readonly mode: RecordingMode, readonly state: RecordingState, readonly createdAt: string, readonly durationSeconds: number | null, readonly sizeBytes: number | null, readonly extension: string | null, readonly failure: string | null, readonly customerParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean } | null } | null, readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type CdrStatisticsQueryVariables = Exact<{
  range: TimeRangeInput;
  interval: StatisticsInterval;
  timeZone: string;
  filter?: CallFilterInput | null | undefined;
}>;


export type CdrStatisticsQuery = { readonly overTime: { readonly total: { readonly calls: number, readonly connectedCalls: number, readonly talkSeconds: number, readonly averageTalkSeconds: number | null, readonly longestTalkSeconds: number, readonly ringSeconds: number }, readonly groups: ReadonlyArray<{ readonly beginsAt: string | null, readonly calls: number, readonly connectedCalls: number, readonly talkSeconds: number }> }, readonly byDisposition: { readonly groups: ReadonlyArray<{ readonly disposition: Disposition | null, readonly calls: number }> }, readonly byHour: { readonly groups: ReadonlyArray<{ readonly hour: number | null, readonly calls: number, readonly connectedCalls: number }> }, readonly byExtension: { readonly groups: ReadonlyArray<{ readonly extension: string | null, readonly calls: number, readonly connectedCalls: number, readonly talkSeconds: number, readonly averageTalkSeconds: number | null }> } };

export type RecordMoneyFragment = { readonly amount: string, readonly currency: string };

export type UsageOfDaysQueryVariables = Exact<{
  from: string;
  to: string;
  kinds?: ReadonlyArray<CallKind> | CallKind | null | undefined;
}>;


export type UsageOfDaysQuery = { readonly usage: { readonly callCount: number, readonly seconds: number, readonly costs: ReadonlyArray<{ readonly amount: string, readonly currency: string }>, readonly lines: ReadonlyArray<{ readonly day: string, readonly kind: CallKind, readonly country: string | null, readonly callCount: number, readonly answeredCount: number, readonly seconds: number, readonly cost: { readonly amount: string, readonly currency: string } }> } };

export type AccountLimitsQueryVariables = Exact<{ [key: string]: never; }>;


export type AccountLimitsQuery = { readonly accountLimits: { readonly day: string, readonly concurrentCalls: number, readonly suspendedAt: string | null, readonly suspendedBy: SuspendedBy | null, readonly suspensionReason: string | null, readonly spent: { readonly amount: string, readonly currency: string }, readonly reserved: { readonly amount: string, readonly currency: string }, readonly caps: { readonly callsPerSecond: number | null, readonly concurrentCalls: number | null, readonly dailySpend: { readonly amount: string, readonly currency: string } | null } } };

export type RecordEndpointFragment = { readonly id: string, readonly url: string, readonly description: string | null, readonly eventTypes: ReadonlyArray<string>, readonly apiVersion: string, readonly format: WebhookFormat, readonly includePersonalData: boolean, readonly includeDtmf: boolean, readonly includeRecordingUrls: boolean, readonly isEnabled: boolean, readonly disabledAt: string | null, readonly disabledReason: string | null, readonly failingSince: string | null, readonly previousSecretExpiresAt: string | null, readonly createdAt: string };

export type RecordAttemptFragment = { readonly id: string, readonly number: number, readonly startedAt: string, readonly status: number | null, readonly failure: string | null, readonly latencySeconds: number, readonly responseExcerpt: string | null };

export type RecordDeliveryFragment = { readonly id: string, readonly eventId: string | null, readonly eventType: EventType, readonly subjectId: string, readonly deliverySequence: number, readonly state: DeliveryState, readonly isReplay: boolean, readonly isTest: boolean, readonly attemptCount: number, readonly createdAt: string, readonly nextAttemptAt: string | null, readonly finishedAt: string | null };

export type WebhookEndpointsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type WebhookEndpointsQuery = { readonly webhookEndpoints: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly url: string, readonly description: string | null, readonly eventTypes: ReadonlyArray<string>, readonly apiVersion: string, readonly format: WebhookFormat, readonly includePersonalData: boolean, readonly includeDtmf: boolean, readonly includeRecordingUrls: boolean, readonly isEnabled: boolean, readonly disabledAt: string | null, readonly disabledReason: string | null, readonly failingSince: string | null, readonly previousSecretExpiresAt: string | null, readonly createdAt: string }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type WebhookEndpointInFullQueryVariables = Exact<{
  id: string | number;
}>;


export type WebhookEndpointInFullQuery = { readonly webhookEndpoint: { readonly id: string, readonly url: string, readonly description: string | null, readonly eventTypes: ReadonlyArray<string>, readonly apiVersion: string, readonly format: WebhookFormat, readonly includePersonalData: boolean, readonly includeDtmf: boolean, readonly includeRecordingUrls: boolean, readonly isEnabled: boolean, readonly disabledAt: string | null, readonly disabledReason: string | null, readonly failingSince: string | null, readonly previousSecretExpiresAt: string | null, readonly createdAt: string } | null };

export type WebhookDeliveriesQueryVariables = Exact<{
  filter?: WebhookDeliveryFilterInput | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type WebhookDeliveriesQuery = { readonly webhookDeliveries: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly eventId: string | null, readonly eventType: EventType, readonly subjectId: string, readonly deliverySequence: number, readonly state: DeliveryState, readonly isReplay: boolean, readonly isTest: boolean, readonly attemptCount: number, readonly createdAt: string, readonly nextAttemptAt: string | null, readonly finishedAt: string | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type WebhookDeliveryInFullQueryVariables = Exact<{
  id: string | number;
}>;


export type WebhookDeliveryInFullQuery = { readonly webhookDelivery: { readonly id: string, readonly eventId: string | null, readonly eventType: EventType, readonly subjectId: string, readonly deliverySequence: number, readonly state: DeliveryState, readonly isReplay: boolean, readonly isTest: boolean, readonly attemptCount: number, readonly createdAt: string, readonly nextAttemptAt: string | null, readonly finishedAt: string | null, readonly attempts: ReadonlyArray<{ readonly id: string, readonly number: number, readonly startedAt: string, readonly status: number | null, readonly failure: string | null, readonly latencySeconds: number, readonly responseExcerpt: string | null }> } | null };

export type CreateWebhookEndpointMutationVariables = Exact<{
  input: CreateWebhookEndpointInput;
}>;


export type CreateWebhookEndpointMutation = { readonly createWebhookEndpoint: { readonly secret: string | null, readonly webhookEndpoint: { readonly id: string, readonly url: string, readonly description: string | null, readonly eventTypes: ReadonlyArray<string>, readonly apiVersion: string, readonly format: WebhookFormat, readonly includePersonalData: boolean, readonly includeDtmf: boolean, readonly includeRecordingUrls: boolean, readonly isEnabled: boolean, readonly disabledAt: string | null, readonly disabledReason: string | null, readonly failingSince: string | null, readonly previousSecretExpiresAt: string | null, readonly createdAt: string } | null, readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type UpdateWebhookEndpointMutationVariables = Exact<{
  input: UpdateWebhookEndpointInput;
}>;


export type UpdateWebhookEndpointMutation = { readonly updateWebhookEndpoint: { readonly webhookEndpoint: { readonly id: string, readonly url: string, readonly description: string | null, readonly eventTypes: ReadonlyArray<string>, readonly apiVersion: string, readonly format: WebhookFormat, readonly includePersonalData: boolean, readonly includeDtmf: boolean, readonly includeRecordingUrls: boolean, readonly isEnabled: boolean, readonly disabledAt: string | null, readonly disabledReason: string | null, readonly failingSince: string | null, readonly previousSecretExpiresAt: string | null, readonly createdAt: string } | null, readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type DeleteWebhookEndpointMutationVariables = Exact<{
  input: DeleteWebhookEndpointInput;
}>;


export type DeleteWebhookEndpointMutation = { readonly deleteWebhookEndpoint: { readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type RotateWebhookSecretMutationVariables = Exact<{
  input: RotateWebhookSecretInput;
}>;


export type RotateWebhookSecretMutation = { readonly rotateWebhookSecret: { readonly secret: string | null, readonly webhookEndpoint: { readonly id: string, readonly url: string, readonly description: string | null, readonly eventTypes: ReadonlyArray<string>, readonly apiVersion: string, readonly format: WebhookFormat, readonly includePersonalData: boolean, readonly includeDtmf: boolean, readonly includeRecordingUrls: boolean, readonly isEnabled: boolean, readonly disabledAt: string | null, readonly disabledReason: string | null, readonly failingSince: string | null, readonly previousSecretExpiresAt: string | null, readonly createdAt: string } | null, readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type TestWebhookEndpointMutationVariables = Exact<{
  input: TestWebhookEndpointInput;
}>;


export type TestWebhookEndpointMutation = { readonly testWebhookEndpoint: { readonly webhookDelivery: { readonly id: string, readonly eventId: string | null, readonly eventType: EventType, readonly subjectId: string, readonly deliverySequence: number, readonly state: DeliveryState, readonly isReplay: boolean, readonly isTest: boolean, readonly attemptCount: number, readonly createdAt: string, readonly nextAttemptAt: string | null, readonly finishedAt: string | null } | null, readonly attempt: { readonly id: string, readonly number: number, readonly startedAt: string, readonly status: number | null, readonly failure: string | null, readonly latencySeconds: number, readonly responseExcerpt: string | null } | null, readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type ReplayWebhooksMutationVariables = Exact<{
  input: ReplayWebhooksInput;
}>;


export type ReplayWebhooksMutation = { readonly replayWebhooks: { readonly replayedCount: number | null, readonly skippedCount: number | null, readonly hasMore: boolean | null, readonly endCursor: string | null, readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { readonly viewer: { readonly agentId: string | null, readonly accessTokenId: string | null, readonly expiresAt: string | null, readonly isTest: boolean, readonly scopes: ReadonlyArray<Scope>, readonly account: { readonly id: string, readonly name: string, readonly defaultRegion: string } } };

export type CreateAccessTokenMutationVariables = Exact<{
  input: CreateAccessTokenInput;
}>;


export type CreateAccessTokenMutation = { readonly createAccessToken: { readonly token: string | null, readonly accessToken: { readonly id: string, readonly expiresAt: string } | null, readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type RevokeOwnTokenMutationVariables = Exact<{ [key: string]: never; }>;


export type RevokeOwnTokenMutation = { readonly revokeAccessToken: { readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const AgentPartsFragmentDoc = new TypedDocumentString(`
    fragment AgentParts on Agent {
  id
  name
  displayName
  extension {
    number
  }
  activity {
    state
    since
    reason
    callId
    queueIds
    wrapsUpUntil
  }
}
    `, {"fragmentName":"AgentParts"}) as unknown as TypedDocumentString<AgentPartsFragment, unknown>;
export const PartyPartsFragmentDoc = new TypedDocumentString(`
    fragment PartyParts on Party {
  number
  display
  extension
  isAnonymous
  isMasked
}
    `, {"fragmentName":"PartyParts"}) as unknown as TypedDocumentString<PartyPartsFragment, unknown>;
export const LegPartsFragmentDoc = new TypedDocumentString(`
    fragment LegParts on Leg {
  id
  role
  state
  isOnHold
  isMuted
  startedAt
  ringingAt
  answeredAt
  endedAt
  party {
    ...PartyParts
  }
}
    fragment PartyParts on Party {
  number
  display
  extension
  isAnonymous
  isMasked
}`, {"fragmentName":"LegParts"}) as unknown as TypedDocumentString<LegPartsFragment, unknown>;
export const LiveCallPartsFragmentDoc = new TypedDocumentString(`
    fragment LiveCallParts on Call {
  id
  state
  direction
  kind
  sandbox
  lastCallSequence
  createdAt
  ringingAt
  connectedAt
  endedAt
  disposition
  extension
  agentName
  externalId
  recordingMode
  agentParty {
    ...PartyParts
  }
  customerParty {
    ...PartyParts
  }
  dialledNumber {
    ...PartyParts
  }
  callerId {
    ...PartyParts
  }
  legs {
    ...LegParts
  }
  supervisions {
    id
    mode
    state
    supervisor {
      ...PartyParts
    }
  }
  transfer {
    id
    kind
    state
    target {
      ...PartyParts
    }
  }
  recordings @include(if: $withRecordings) {
    id
    state
  }
}
    fragment PartyParts on Party {
  number
  display
  extension
  isAnonymous
  isMasked
}
fragment LegParts on Leg {
  id
  role
  state
  isOnHold
  isMuted
  startedAt
  ringingAt
  answeredAt
  endedAt
  party {
    ...PartyParts
  }
}`, {"fragmentName":"LiveCallParts"}) as unknown as TypedDocumentString<LiveCallPartsFragment, unknown>;
export const CampaignProgressPartsFragmentDoc = new TypedDocumentString(`
    fragment CampaignProgressParts on CampaignProgress {
  campaignId
  state
  waiting
  inFlight
  finished
  skipped
  contactsTaken
  statistics {
    total
    dialled
    answered
    busy
    noAnswer
    machine
    cancelled
    congestion
    unreachable
    abandoned
    abandonedPercent
    dnc
    finished
    skipped
    talkSeconds
  }
}
    `, {"fragmentName":"CampaignProgressParts"}) as unknown as TypedDocumentString<CampaignProgressPartsFragment, unknown>;
export const CampaignRowFragmentDoc = new TypedDocumentString(`
    fragment CampaignRow on Campaign {
  id
  name
  kind
  state
  pauseReason
  pauseDetail
  finishReason
  callsPerMinute
  maxConcurrentCalls
  startAt
  startedAt
  pausedAt
  finishedAt
  createdAt
  sandbox
  archivedAt
}
    `, {"fragmentName":"CampaignRow"}) as unknown as TypedDocumentString<CampaignRowFragment, unknown>;
export const RecordPartyFragmentDoc = new TypedDocumentString(`
    fragment RecordParty on Party {
  number
  display
  extension
  isAnonymous
}
    `, {"fragmentName":"RecordParty"}) as unknown as TypedDocumentString<RecordPartyFragment, unknown>;
export const RecordCdrFragmentDoc = new TypedDocumentString(`
    fragment RecordCdr on Cdr {
  id
  callId
  createdAt
  direction
  kind
  disposition
  agentName
  agentParty {
    ...RecordParty
  }
  customerParty {
    ...RecordParty
  }
  talkSeconds
  durationSeconds
  recordingIds
  sandbox
}
    fragment RecordParty on Party {
  number
  display
  extension
  isAnonymous
}`, {"fragmentName":"RecordCdr"}) as unknown as TypedDocumentString<RecordCdrFragment, unknown>;
export const RecordJobFragmentDoc = new TypedDocumentString(`
    fragment RecordJob on Job {
  id
  state
  progress
  counts {
    processed
    total
  }
  error
  report {
    url
    fileName
    sizeBytes
  }
}
    `, {"fragmentName":"RecordJob"}) as unknown as TypedDocumentString<RecordJobFragment, unknown>;
export const RecordKeyFragmentDoc = new TypedDocumentString(`
    fragment RecordKey on ApiKey {
  id
  name
  hint
  scopes
  isTest
  ipAllowList
  documentHashes
  createdAt
  expiresAt
  revokedAt
}
    `, {"fragmentName":"RecordKey"}) as unknown as TypedDocumentString<RecordKeyFragment, unknown>;
export const QueuePartsFragmentDoc = new TypedDocumentString(`
    fragment QueueParts on QueueActivity {
  queueId
  waitingCount
  longestWaitSeconds
  queue {
    id
    name
    strategy
    maxWaitSeconds
    maxLength
  }
  agents {
    state
    agents
  }
  waiting {
    callId
    position
    joinedAt
    priority
    offeredAgentIds
    call {
      id
      customerParty {
        ...PartyParts
      }
    }
  }
}
    fragment PartyParts on Party {
  number
  display
  extension
  isAnonymous
  isMasked
}`, {"fragmentName":"QueueParts"}) as unknown as TypedDocumentString<QueuePartsFragment, unknown>;
export const RecordPageInfoFragmentDoc = new TypedDocumentString(`
    fragment RecordPageInfo on PageInfo {
  hasNextPage
  endCursor
}
    `, {"fragmentName":"RecordPageInfo"}) as unknown as TypedDocumentString<RecordPageInfoFragment, unknown>;
export const RecordRecordingFragmentDoc = new TypedDocumentString(`
    fragment RecordRecording on Recording {
  id
  callId
  kind
  mode
  state
  createdAt
  durationSeconds
  sizeBytes
  extension
  failure
  customerParty {
    ...RecordParty
  }
}
    fragment RecordParty on Party {
  number
  display
  extension
  isAnonymous
}`, {"fragmentName":"RecordRecording"}) as unknown as TypedDocumentString<RecordRecordingFragment, unknown>;
export const RecordMoneyFragmentDoc = new TypedDocumentString(`
    fragment RecordMoney on Money {
  amount
  currency
}
    `, {"fragmentName":"RecordMoney"}) as unknown as TypedDocumentString<RecordMoneyFragment, unknown>;
export const RecordEndpointFragmentDoc = new TypedDocumentString(`
    fragment RecordEndpoint on WebhookEndpoint {
  id
  url
  description
  eventTypes
  apiVersion
  format
  includePersonalData
  includeDtmf
  includeRecordingUrls
  isEnabled
  disabledAt
  disabledReason
  failingSince
  previousSecretExpiresAt
  createdAt
}
    `, {"fragmentName":"RecordEndpoint"}) as unknown as TypedDocumentString<RecordEndpointFragment, unknown>;
export const RecordAttemptFragmentDoc = new TypedDocumentString(`
    fragment RecordAttempt on WebhookAttempt {
  id
  number
  startedAt
  status
  failure
  latencySeconds
  responseExcerpt
}
    `, {"fragmentName":"RecordAttempt"}) as unknown as TypedDocumentString<RecordAttemptFragment, unknown>;
export const RecordDeliveryFragmentDoc = new TypedDocumentString(`
    fragment RecordDelivery on WebhookDelivery {
  id
  eventId
  eventType
  subjectId
  deliverySequence
  state
  isReplay
  isTest
  attemptCount
  createdAt
  nextAttemptAt
  finishedAt
}
    `, {"fragmentName":"RecordDelivery"}) as unknown as TypedDocumentString<RecordDeliveryFragment, unknown>;
export const AgentActivityDocument = new TypedDocumentString(`
    subscription AgentActivity {
  agentActivity {
    __typename
    ... on AgentSnapshot {
      chunk
      isLast
      cursor
      agents {
        ...AgentParts
      }
    }
    ... on AgentChanged {
      cursor
      agent {
        ...AgentParts
      }
    }
    ... on Gap {
      missedCount
    }
  }
}
    fragment AgentParts on Agent {
  id
  name
  displayName
  extension {
    number
  }
  activity {
    state
    since
    reason
    callId
    queueIds
    wrapsUpUntil
  }
}`) as unknown as TypedDocumentString<AgentActivitySubscription, AgentActivitySubscriptionVariables>;
export const QueueNamesDocument = new TypedDocumentString(`
    query QueueNames {
  queues(first: 200) {
    nodes {
      id
      name
    }
  }
}
    `) as unknown as TypedDocumentString<QueueNamesQuery, QueueNamesQueryVariables>;
export const SetAgentStateDocument = new TypedDocumentString(`
    mutation SetAgentState($id: ID!, $state: AgentState!, $reason: String) {
  setAgentState(input: {agentId: $id, state: $state, reason: $reason}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<SetAgentStateMutation, SetAgentStateMutationVariables>;
export const AuditEventsDocument = new TypedDocumentString(`
    query AuditEvents($filter: AuditEventFilterInput, $first: Int, $after: String) {
  auditEvents(filter: $filter, first: $first, after: $after) {
    nodes {
      at
      action
      outcome
      actor {
        kind
        id
      }
      subjectId
      remoteAddress
      requestId
      details {
        name
        value
      }
    }
    pageInfo {
      ...RecordPageInfo
    }
  }
}
    fragment RecordPageInfo on PageInfo {
  hasNextPage
  endCursor
}`) as unknown as TypedDocumentString<AuditEventsQuery, AuditEventsQueryVariables>;
export const LiveCallsDocument = new TypedDocumentString(`
    subscription LiveCalls($withRecordings: Boolean!) {
  liveCalls {
    __typename
    ... on Snapshot {
      chunk
      isLast
      cursor
      calls {
        ...LiveCallParts
      }
    }
    ... on CallChanged {
      cursor
      call {
        ...LiveCallParts
      }
    }
    ... on CallRemoved {
      cursor
      callId
      call {
        ...LiveCallParts
      }
    }
    ... on Gap {
      missedCount
    }
  }
}
    fragment PartyParts on Party {
  number
  display
  extension
  isAnonymous
  isMasked
}
fragment LegParts on Leg {
  id
  role
  state
  isOnHold
  isMuted
  startedAt
  ringingAt
  answeredAt
  endedAt
  party {
    ...PartyParts
  }
}
fragment LiveCallParts on Call {
  id
  state
  direction
  kind
  sandbox
  lastCallSequence
  createdAt
  ringingAt
  connectedAt
  endedAt
  disposition
  extension
  agentName
  externalId
  recordingMode
  agentParty {
    ...PartyParts
  }
  customerParty {
    ...PartyParts
  }
  dialledNumber {
    ...PartyParts
  }
  callerId {
    ...PartyParts
  }
  legs {
    ...LegParts
  }
  supervisions {
    id
    mode
    state
    supervisor {
      ...PartyParts
    }
  }
  transfer {
    id
    kind
    state
    target {
      ...PartyParts
    }
  }
  recordings @include(if: $withRecordings) {
    id
    state
  }
}`) as unknown as TypedDocumentString<LiveCallsSubscription, LiveCallsSubscriptionVariables>;
export const CallByIdDocument = new TypedDocumentString(`
    query CallById($id: ID!, $withRecordings: Boolean!) {
  call(id: $id) {
    ...LiveCallParts
  }
}
    fragment PartyParts on Party {
  number
  display
  extension
  isAnonymous
  isMasked
}
fragment LegParts on Leg {
  id
  role
  state
  isOnHold
  isMuted
  startedAt
  ringingAt
  answeredAt
  endedAt
  party {
    ...PartyParts
  }
}
fragment LiveCallParts on Call {
  id
  state
  direction
  kind
  sandbox
  lastCallSequence
  createdAt
  ringingAt
  connectedAt
  endedAt
  disposition
  extension
  agentName
  externalId
  recordingMode
  agentParty {
    ...PartyParts
  }
  customerParty {
    ...PartyParts
  }
  dialledNumber {
    ...PartyParts
  }
  callerId {
    ...PartyParts
  }
  legs {
    ...LegParts
  }
  supervisions {
    id
    mode
    state
    supervisor {
      ...PartyParts
    }
  }
  transfer {
    id
    kind
    state
    target {
      ...PartyParts
    }
  }
  recordings @include(if: $withRecordings) {
    id
    state
  }
}`) as unknown as TypedDocumentString<CallByIdQuery, CallByIdQueryVariables>;
export const CallTimelineDocument = new TypedDocumentString(`
    query CallTimeline($id: ID!) {
  call(id: $id) {
    id
    explain
    events(last: 100) {
      nodes {
        __typename
        id
        type
        timestamp
        callSequence
        ... on LegEvent {
          leg {
            role
            party {
              ...PartyParts
            }
          }
        }
      }
    }
  }
}
    fragment PartyParts on Party {
  number
  display
  extension
  isAnonymous
  isMasked
}`) as unknown as TypedDocumentString<CallTimelineQuery, CallTimelineQueryVariables>;
export const LiveFiguresDocument = new TypedDocumentString(`
    subscription LiveFigures($timeZone: String!) {
  liveStatistics(timeZone: $timeZone) {
    __typename
    ... on LiveStatisticsChanged {
      cursor
      statistics {
        countedAt
        liveCalls
        waitingCalls
        agents {
          state
          agents
        }
        live {
          state
          calls
        }
        today {
          calls
          connectedCalls
          talkSeconds
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<LiveFiguresSubscription, LiveFiguresSubscriptionVariables>;
export const HangupCallDocument = new TypedDocumentString(`
    mutation HangupCall($id: ID!) {
  hangupCall(input: {callId: $id}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<HangupCallMutation, HangupCallMutationVariables>;
export const HoldCallDocument = new TypedDocumentString(`
    mutation HoldCall($id: ID!, $legId: ID) {
  holdCall(input: {callId: $id, legId: $legId}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<HoldCallMutation, HoldCallMutationVariables>;
export const UnholdCallDocument = new TypedDocumentString(`
    mutation UnholdCall($id: ID!, $legId: ID) {
  unholdCall(input: {callId: $id, legId: $legId}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<UnholdCallMutation, UnholdCallMutationVariables>;
export const TransferCallDocument = new TypedDocumentString(`
    mutation TransferCall($input: TransferCallInput!) {
  transferCall(input: $input) {
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<TransferCallMutation, TransferCallMutationVariables>;
export const CompleteTransferDocument = new TypedDocumentString(`
    mutation CompleteTransfer($id: ID!) {
  completeTransfer(input: {callId: $id}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<CompleteTransferMutation, CompleteTransferMutationVariables>;
export const CancelTransferDocument = new TypedDocumentString(`
    mutation CancelTransfer($id: ID!) {
  cancelTransfer(input: {callId: $id}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<CancelTransferMutation, CancelTransferMutationVariables>;
export const StartRecordingDocument = new TypedDocumentString(`
    mutation StartRecording($id: ID!) {
  startRecording(input: {callId: $id, mode: BOTH}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<StartRecordingMutation, StartRecordingMutationVariables>;
export const StopRecordingDocument = new TypedDocumentString(`
    mutation StopRecording($id: ID!) {
  stopRecording(input: {recordingId: $id}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<StopRecordingMutation, StopRecordingMutationVariables>;
export const StartSupervisionDocument = new TypedDocumentString(`
    mutation StartSupervision($input: StartSupervisionInput!) {
  startSupervision(input: $input) {
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<StartSupervisionMutation, StartSupervisionMutationVariables>;
export const UpdateSupervisionDocument = new TypedDocumentString(`
    mutation UpdateSupervision($id: ID!, $mode: SupervisionMode!) {
  updateSupervision(input: {supervisionId: $id, mode: $mode}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<UpdateSupervisionMutation, UpdateSupervisionMutationVariables>;
export const StopSupervisionDocument = new TypedDocumentString(`
    mutation StopSupervision($id: ID!) {
  stopSupervision(input: {supervisionId: $id}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<StopSupervisionMutation, StopSupervisionMutationVariables>;
export const CampaignsDocument = new TypedDocumentString(`
    query Campaigns($first: Int, $after: String, $filter: CampaignFilterInput) {
  campaigns(first: $first, after: $after, filter: $filter) {
    nodes {
      ...CampaignRow
      progress {
        ...CampaignProgressParts
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment CampaignProgressParts on CampaignProgress {
  campaignId
  state
  waiting
  inFlight
  finished
  skipped
  contactsTaken
  statistics {
    total
    dialled
    answered
    busy
    noAnswer
    machine
    cancelled
    congestion
    unreachable
    abandoned
    abandonedPercent
    dnc
    finished
    skipped
    talkSeconds
  }
}
fragment CampaignRow on Campaign {
  id
  name
  kind
  state
  pauseReason
  pauseDetail
  finishReason
  callsPerMinute
  maxConcurrentCalls
  startAt
  startedAt
  pausedAt
  finishedAt
  createdAt
  sandbox
  archivedAt
}`) as unknown as TypedDocumentString<CampaignsQuery, CampaignsQueryVariables>;
export const CampaignDocument = new TypedDocumentString(`
    query Campaign($id: ID!, $withContacts: Boolean!) {
  campaign(id: $id) {
    ...CampaignRow
    description
    version
    endAt
    maxRetries
    settledAt
    content {
      agent {
        mode
      }
    }
    contactLists {
      id
      name
      contacts(first: 1) @include(if: $withContacts) {
        totalCount {
          count
          precision
        }
      }
    }
    progress {
      ...CampaignProgressParts
    }
  }
}
    fragment CampaignProgressParts on CampaignProgress {
  campaignId
  state
  waiting
  inFlight
  finished
  skipped
  contactsTaken
  statistics {
    total
    dialled
    answered
    busy
    noAnswer
    machine
    cancelled
    congestion
    unreachable
    abandoned
    abandonedPercent
    dnc
    finished
    skipped
    talkSeconds
  }
}
fragment CampaignRow on Campaign {
  id
  name
  kind
  state
  pauseReason
  pauseDetail
  finishReason
  callsPerMinute
  maxConcurrentCalls
  startAt
  startedAt
  pausedAt
  finishedAt
  createdAt
  sandbox
  archivedAt
}`) as unknown as TypedDocumentString<CampaignQuery, CampaignQueryVariables>;
export const CampaignPaceDocument = new TypedDocumentString(`
    query CampaignPace($id: ID!, $since1: TimeRangeInput!, $since2: TimeRangeInput!, $since3: TimeRangeInput!, $since4: TimeRangeInput!, $since5: TimeRangeInput!, $since6: TimeRangeInput!, $since7: TimeRangeInput!, $since8: TimeRangeInput!, $since9: TimeRangeInput!, $since10: TimeRangeInput!) {
  campaign(id: $id) {
    id
    statistics {
      dialled
    }
    since1: statistics(range: $since1) {
      dialled
    }
    since2: statistics(range: $since2) {
      dialled
    }
    since3: statistics(range: $since3) {
      dialled
    }
    since4: statistics(range: $since4) {
      dialled
    }
    since5: statistics(range: $since5) {
      dialled
    }
    since6: statistics(range: $since6) {
      dialled
    }
    since7: statistics(range: $since7) {
      dialled
    }
    since8: statistics(range: $since8) {
      dialled
    }
    since9: statistics(range: $since9) {
      dialled
    }
    since10: statistics(range: $since10) {
      dialled
    }
  }
}
    `) as unknown as TypedDocumentString<CampaignPaceQuery, CampaignPaceQueryVariables>;
export const CampaignProgressDocument = new TypedDocumentString(`
    subscription CampaignProgress($id: ID!) {
  campaignProgress(id: $id) {
    __typename
    ... on CampaignProgressChanged {
      cursor
      progress {
        ...CampaignProgressParts
      }
    }
  }
}
    fragment CampaignProgressParts on CampaignProgress {
  campaignId
  state
  waiting
  inFlight
  finished
  skipped
  contactsTaken
  statistics {
    total
    dialled
    answered
    busy
    noAnswer
    machine
    cancelled
    congestion
    unreachable
    abandoned
    abandonedPercent
    dnc
    finished
    skipped
    talkSeconds
  }
}`) as unknown as TypedDocumentString<CampaignProgressSubscription, CampaignProgressSubscriptionVariables>;
export const StartCampaignDocument = new TypedDocumentString(`
    mutation StartCampaign($id: ID!, $key: String!) {
  startCampaign(input: {id: $id, idempotencyKey: $key}) {
    campaign {
      ...CampaignRow
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment CampaignRow on Campaign {
  id
  name
  kind
  state
  pauseReason
  pauseDetail
  finishReason
  callsPerMinute
  maxConcurrentCalls
  startAt
  startedAt
  pausedAt
  finishedAt
  createdAt
  sandbox
  archivedAt
}`) as unknown as TypedDocumentString<StartCampaignMutation, StartCampaignMutationVariables>;
export const PauseCampaignDocument = new TypedDocumentString(`
    mutation PauseCampaign($id: ID!) {
  pauseCampaign(input: {id: $id}) {
    campaign {
      ...CampaignRow
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment CampaignRow on Campaign {
  id
  name
  kind
  state
  pauseReason
  pauseDetail
  finishReason
  callsPerMinute
  maxConcurrentCalls
  startAt
  startedAt
  pausedAt
  finishedAt
  createdAt
  sandbox
  archivedAt
}`) as unknown as TypedDocumentString<PauseCampaignMutation, PauseCampaignMutationVariables>;
export const ResumeCampaignDocument = new TypedDocumentString(`
    mutation ResumeCampaign($id: ID!, $key: String!) {
  resumeCampaign(input: {id: $id, idempotencyKey: $key}) {
    campaign {
      ...CampaignRow
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment CampaignRow on Campaign {
  id
  name
  kind
  state
  pauseReason
  pauseDetail
  finishReason
  callsPerMinute
  maxConcurrentCalls
  startAt
  startedAt
  pausedAt
  finishedAt
  createdAt
  sandbox
  archivedAt
}`) as unknown as TypedDocumentString<ResumeCampaignMutation, ResumeCampaignMutationVariables>;
export const StopCampaignDocument = new TypedDocumentString(`
    mutation StopCampaign($id: ID!) {
  stopCampaign(input: {id: $id}) {
    campaign {
      ...CampaignRow
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment CampaignRow on Campaign {
  id
  name
  kind
  state
  pauseReason
  pauseDetail
  finishReason
  callsPerMinute
  maxConcurrentCalls
  startAt
  startedAt
  pausedAt
  finishedAt
  createdAt
  sandbox
  archivedAt
}`) as unknown as TypedDocumentString<StopCampaignMutation, StopCampaignMutationVariables>;
export const CdrsDocument = new TypedDocumentString(`
    query Cdrs($filter: CallFilterInput, $order: CdrOrder!, $first: Int, $after: String) {
  cdrs(filter: $filter, order: $order, first: $first, after: $after) {
    nodes {
      ...RecordCdr
    }
    pageInfo {
      ...RecordPageInfo
    }
  }
}
    fragment RecordCdr on Cdr {
  id
  callId
  createdAt
  direction
  kind
  disposition
  agentName
  agentParty {
    ...RecordParty
  }
  customerParty {
    ...RecordParty
  }
  talkSeconds
  durationSeconds
  recordingIds
  sandbox
}
fragment RecordParty on Party {
  number
  display
  extension
  isAnonymous
}
fragment RecordPageInfo on PageInfo {
  hasNextPage
  endCursor
}`) as unknown as TypedDocumentString<CdrsQuery, CdrsQueryVariables>;
export const CdrInFullDocument = new TypedDocumentString(`
    query CdrInFull($id: ID!, $withCall: Boolean!) {
  cdr(id: $id) {
    ...RecordCdr
    dialledNumber {
      ...RecordParty
    }
    callerId {
      ...RecordParty
    }
    extension
    ringingAt
    answeredAt
    connectedAt
    endedAt
    ringSeconds
    queueId
    queueWaitSeconds
    endReason {
      code
      party
      sipCode
      hangupCause
    }
    quality {
      mos
      lossPercent
      jitterMs
    }
    dtmf
    campaignId
    contactId
    callbackId
    otpId
    trunkId
    isDnc
    source
    uniqueId
    requestId
    externalId
    metadata {
      key
      value
    }
    tags
    call @include(if: $withCall) {
      id
      explain
      events(first: 100) {
        nodes {
          id
          type
          timestamp
          callSequence
        }
      }
    }
  }
}
    fragment RecordCdr on Cdr {
  id
  callId
  createdAt
  direction
  kind
  disposition
  agentName
  agentParty {
    ...RecordParty
  }
  customerParty {
    ...RecordParty
  }
  talkSeconds
  durationSeconds
  recordingIds
  sandbox
}
fragment RecordParty on Party {
  number
  display
  extension
  isAnonymous
}`) as unknown as TypedDocumentString<CdrInFullQuery, CdrInFullQueryVariables>;
export const CreateExportDocument = new TypedDocumentString(`
    mutation CreateExport($input: CreateExportInput!) {
  createExport(input: $input) {
    job {
      ...RecordJob
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment RecordJob on Job {
  id
  state
  progress
  counts {
    processed
    total
  }
  error
  report {
    url
    fileName
    sizeBytes
  }
}`) as unknown as TypedDocumentString<CreateExportMutation, CreateExportMutationVariables>;
export const ExportJobDocument = new TypedDocumentString(`
    query ExportJob($id: ID!) {
  job(id: $id) {
    ...RecordJob
  }
}
    fragment RecordJob on Job {
  id
  state
  progress
  counts {
    processed
    total
  }
  error
  report {
    url
    fileName
    sizeBytes
  }
}`) as unknown as TypedDocumentString<ExportJobQuery, ExportJobQueryVariables>;
export const ExportProgressDocument = new TypedDocumentString(`
    subscription ExportProgress($id: ID!) {
  jobProgress(id: $id) {
    ... on JobChanged {
      cursor
      job {
        ...RecordJob
      }
    }
  }
}
    fragment RecordJob on Job {
  id
  state
  progress
  counts {
    processed
    total
  }
  error
  report {
    url
    fileName
    sizeBytes
  }
}`) as unknown as TypedDocumentString<ExportProgressSubscription, ExportProgressSubscriptionVariables>;
export const CancelExportDocument = new TypedDocumentString(`
    mutation CancelExport($input: CancelJobInput!) {
  cancelJob(input: $input) {
    job {
      ...RecordJob
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment RecordJob on Job {
  id
  state
  progress
  counts {
    processed
    total
  }
  error
  report {
    url
    fileName
    sizeBytes
  }
}`) as unknown as TypedDocumentString<CancelExportMutation, CancelExportMutationVariables>;
export const ApiKeysDocument = new TypedDocumentString(`
    query ApiKeys($first: Int, $after: String) {
  apiKeys(first: $first, after: $after) {
    nodes {
      ...RecordKey
    }
    pageInfo {
      ...RecordPageInfo
    }
  }
}
    fragment RecordKey on ApiKey {
  id
  name
  hint
  scopes
  isTest
  ipAllowList
  documentHashes
  createdAt
  expiresAt
  revokedAt
}
fragment RecordPageInfo on PageInfo {
  hasNextPage
  endCursor
}`) as unknown as TypedDocumentString<ApiKeysQuery, ApiKeysQueryVariables>;
export const KeyHolderDocument = new TypedDocumentString(`
    query KeyHolder {
  viewer {
    keyId
    account {
      id
    }
    isTest
    scopes
  }
}
    `) as unknown as TypedDocumentString<KeyHolderQuery, KeyHolderQueryVariables>;
export const CreateApiKeyDocument = new TypedDocumentString(`
    mutation CreateApiKey($input: CreateApiKeyInput!) {
  createApiKey(input: $input) {
    token
    apiKey {
      ...RecordKey
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment RecordKey on ApiKey {
  id
  name
  hint
  scopes
  isTest
  ipAllowList
  documentHashes
  createdAt
  expiresAt
  revokedAt
}`) as unknown as TypedDocumentString<CreateApiKeyMutation, CreateApiKeyMutationVariables>;
export const RotateApiKeyDocument = new TypedDocumentString(`
    mutation RotateApiKey($input: RotateApiKeyInput!) {
  rotateApiKey(input: $input) {
    token
    apiKey {
      ...RecordKey
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment RecordKey on ApiKey {
  id
  name
  hint
  scopes
  isTest
  ipAllowList
  documentHashes
  createdAt
  expiresAt
  revokedAt
}`) as unknown as TypedDocumentString<RotateApiKeyMutation, RotateApiKeyMutationVariables>;
export const RevokeApiKeyDocument = new TypedDocumentString(`
    mutation RevokeApiKey($input: RevokeApiKeyInput!) {
  revokeApiKey(input: $input) {
    apiKey {
      ...RecordKey
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment RecordKey on ApiKey {
  id
  name
  hint
  scopes
  isTest
  ipAllowList
  documentHashes
  createdAt
  expiresAt
  revokedAt
}`) as unknown as TypedDocumentString<RevokeApiKeyMutation, RevokeApiKeyMutationVariables>;
export const AccessTokensDocument = new TypedDocumentString(`
    query AccessTokens($first: Int, $after: String) {
  accessTokens(first: $first, after: $after) {
    nodes {
      id
      hint
      scopes
      keyId
      agentId
      allowedOrigins
      createdAt
      expiresAt
    }
    pageInfo {
      ...RecordPageInfo
    }
  }
}
    fragment RecordPageInfo on PageInfo {
  hasNextPage
  endCursor
}`) as unknown as TypedDocumentString<AccessTokensQuery, AccessTokensQueryVariables>;
export const RevokeAccessTokenDocument = new TypedDocumentString(`
    mutation RevokeAccessToken($input: RevokeAccessTokenInput!) {
  revokeAccessToken(input: $input) {
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<RevokeAccessTokenMutation, RevokeAccessTokenMutationVariables>;
export const QueueActivityDocument = new TypedDocumentString(`
    subscription QueueActivity {
  queueActivity {
    __typename
    ... on QueueSnapshot {
      cursor
      queues {
        ...QueueParts
      }
    }
    ... on QueuesChanged {
      cursor
      queues {
        ...QueueParts
      }
    }
    ... on Gap {
      missedCount
    }
  }
}
    fragment PartyParts on Party {
  number
  display
  extension
  isAnonymous
  isMasked
}
fragment QueueParts on QueueActivity {
  queueId
  waitingCount
  longestWaitSeconds
  queue {
    id
    name
    strategy
    maxWaitSeconds
    maxLength
  }
  agents {
    state
    agents
  }
  waiting {
    callId
    position
    joinedAt
    priority
    offeredAgentIds
    call {
      id
      customerParty {
        ...PartyParts
      }
    }
  }
}`) as unknown as TypedDocumentString<QueueActivitySubscription, QueueActivitySubscriptionVariables>;
export const RecordingsDocument = new TypedDocumentString(`
    query Recordings($filter: RecordingFilterInput, $first: Int, $after: String) {
  recordings(filter: $filter, first: $first, after: $after) {
    nodes {
      ...RecordRecording
    }
    pageInfo {
      ...RecordPageInfo
    }
  }
}
    fragment RecordParty on Party {
  number
  display
  extension
  isAnonymous
}
fragment RecordPageInfo on PageInfo {
  hasNextPage
  endCursor
}
fragment RecordRecording on Recording {
  id
  callId
  kind
  mode
  state
  createdAt
  durationSeconds
  sizeBytes
  extension
  failure
  customerParty {
    ...RecordParty
  }
}`) as unknown as TypedDocumentString<RecordingsQuery, RecordingsQueryVariables>;
export const RecordingToPlayDocument = new TypedDocumentString(`
    query RecordingToPlay($id: ID!) {
  recording(id: $id) {
    ...RecordRecording
    channels
    sampleRate
    sha256
    startedAt
    savedAt
    deletedAt
    segments {
      kind
      beganAt
      endedAt
      offsetSeconds
      lengthSeconds
    }
    transcript {
      state
      language
      failure
      segments {
        channel
        role
        text
        startSeconds
        endSeconds
      }
    }
    url {
      url
      expiresAt
    }
  }
}
    fragment RecordParty on Party {
  number
  display
  extension
  isAnonymous
}
fragment RecordRecording on Recording {
  id
  callId
  kind
  mode
  state
  createdAt
  durationSeconds
  sizeBytes
  extension
  failure
  customerParty {
    ...RecordParty
  }
}`) as unknown as TypedDocumentString<RecordingToPlayQuery, RecordingToPlayQueryVariables>;
export const RecordingAddressDocument = new TypedDocumentString(`
    query RecordingAddress($id: ID!) {
  recording(id: $id) {
    id
    state
    url {
      url
      expiresAt
    }
  }
}
    `) as unknown as TypedDocumentString<RecordingAddressQuery, RecordingAddressQueryVariables>;
export const DeleteRecordingDocument = new TypedDocumentString(`
    mutation DeleteRecording($input: DeleteRecordingInput!) {
  deleteRecording(input: $input) {
    recording {
      ...RecordRecording
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment RecordParty on Party {
  number
  display
  extension
  isAnonymous
}
fragment RecordRecording on Recording {
  id
  callId
  kind
  mode
  state
  createdAt
  durationSeconds
  sizeBytes
  extension
  failure
  customerParty {
    ...RecordParty
  }
}`) as unknown as TypedDocumentString<DeleteRecordingMutation, DeleteRecordingMutationVariables>;
export const CdrStatisticsDocument = new TypedDocumentString(`
    query CdrStatistics($range: TimeRangeInput!, $interval: StatisticsInterval!, $timeZone: String!, $filter: CallFilterInput) {
  overTime: cdrStatistics(
    range: $range
    interval: $interval
    timeZone: $timeZone
    filter: $filter
  ) {
    total {
      calls
      connectedCalls
      talkSeconds
      averageTalkSeconds
      longestTalkSeconds
      ringSeconds
    }
    groups {
      beginsAt
      calls
      connectedCalls
      talkSeconds
    }
  }
  byDisposition: cdrStatistics(
    range: $range
    groupBy: [DISPOSITION]
    timeZone: $timeZone
    filter: $filter
  ) {
    groups {
      disposition
      calls
    }
  }
  byHour: cdrStatistics(
    range: $range
    groupBy: [HOUR]
    timeZone: $timeZone
    filter: $filter
  ) {
    groups {
      hour
      calls
      connectedCalls
    }
  }
  byExtension: cdrStatistics(
    range: $range
    groupBy: [EXTENSION]
    timeZone: $timeZone
    filter: $filter
  ) {
    groups {
      extension
      calls
      connectedCalls
      talkSeconds
      averageTalkSeconds
    }
  }
}
    `) as unknown as TypedDocumentString<CdrStatisticsQuery, CdrStatisticsQueryVariables>;
export const UsageOfDaysDocument = new TypedDocumentString(`
    query UsageOfDays($from: Date!, $to: Date!, $kinds: [CallKind!]) {
  usage(from: $from, to: $to, kinds: $kinds) {
    callCount
    seconds
    costs {
      ...RecordMoney
    }
    lines {
      day
      kind
      country
      callCount
      answeredCount
      seconds
      cost {
        ...RecordMoney
      }
    }
  }
}
    fragment RecordMoney on Money {
  amount
  currency
}`) as unknown as TypedDocumentString<UsageOfDaysQuery, UsageOfDaysQueryVariables>;
export const AccountLimitsDocument = new TypedDocumentString(`
    query AccountLimits {
  accountLimits {
    day
    concurrentCalls
    spent {
      ...RecordMoney
    }
    reserved {
      ...RecordMoney
    }
    caps {
      callsPerSecond
      concurrentCalls
      dailySpend {
        ...RecordMoney
      }
    }
    suspendedAt
    suspendedBy
    suspensionReason
  }
}
    fragment RecordMoney on Money {
  amount
  currency
}`) as unknown as TypedDocumentString<AccountLimitsQuery, AccountLimitsQueryVariables>;
export const WebhookEndpointsDocument = new TypedDocumentString(`
    query WebhookEndpoints($first: Int, $after: String) {
  webhookEndpoints(first: $first, after: $after) {
    nodes {
      ...RecordEndpoint
    }
    pageInfo {
      ...RecordPageInfo
    }
  }
}
    fragment RecordPageInfo on PageInfo {
  hasNextPage
  endCursor
}
fragment RecordEndpoint on WebhookEndpoint {
  id
  url
  description
  eventTypes
  apiVersion
  format
  includePersonalData
  includeDtmf
  includeRecordingUrls
  isEnabled
  disabledAt
  disabledReason
  failingSince
  previousSecretExpiresAt
  createdAt
}`) as unknown as TypedDocumentString<WebhookEndpointsQuery, WebhookEndpointsQueryVariables>;
export const WebhookEndpointInFullDocument = new TypedDocumentString(`
    query WebhookEndpointInFull($id: ID!) {
  webhookEndpoint(id: $id) {
    ...RecordEndpoint
  }
}
    fragment RecordEndpoint on WebhookEndpoint {
  id
  url
  description
  eventTypes
  apiVersion
  format
  includePersonalData
  includeDtmf
  includeRecordingUrls
  isEnabled
  disabledAt
  disabledReason
  failingSince
  previousSecretExpiresAt
  createdAt
}`) as unknown as TypedDocumentString<WebhookEndpointInFullQuery, WebhookEndpointInFullQueryVariables>;
export const WebhookDeliveriesDocument = new TypedDocumentString(`
    query WebhookDeliveries($filter: WebhookDeliveryFilterInput, $first: Int, $after: String) {
  webhookDeliveries(filter: $filter, first: $first, after: $after) {
    nodes {
      ...RecordDelivery
    }
    pageInfo {
      ...RecordPageInfo
    }
  }
}
    fragment RecordPageInfo on PageInfo {
  hasNextPage
  endCursor
}
fragment RecordDelivery on WebhookDelivery {
  id
  eventId
  eventType
  subjectId
  deliverySequence
  state
  isReplay
  isTest
  attemptCount
  createdAt
  nextAttemptAt
  finishedAt
}`) as unknown as TypedDocumentString<WebhookDeliveriesQuery, WebhookDeliveriesQueryVariables>;
export const WebhookDeliveryInFullDocument = new TypedDocumentString(`
    query WebhookDeliveryInFull($id: ID!) {
  webhookDelivery(id: $id) {
    ...RecordDelivery
    attempts {
      ...RecordAttempt
    }
  }
}
    fragment RecordAttempt on WebhookAttempt {
  id
  number
  startedAt
  status
  failure
  latencySeconds
  responseExcerpt
}
fragment RecordDelivery on WebhookDelivery {
  id
  eventId
  eventType
  subjectId
  deliverySequence
  state
  isReplay
  isTest
  attemptCount
  createdAt
  nextAttemptAt
  finishedAt
}`) as unknown as TypedDocumentString<WebhookDeliveryInFullQuery, WebhookDeliveryInFullQueryVariables>;
export const CreateWebhookEndpointDocument = new TypedDocumentString(`
    mutation CreateWebhookEndpoint($input: CreateWebhookEndpointInput!) {
  createWebhookEndpoint(input: $input) {
    webhookEndpoint {
      ...RecordEndpoint
    }
    secret
    userErrors {
      code
      message
      field
    }
  }
}
    fragment RecordEndpoint on WebhookEndpoint {
  id
  url
  description
  eventTypes
  apiVersion
  format
  includePersonalData
  includeDtmf
  includeRecordingUrls
  isEnabled
  disabledAt
  disabledReason
  failingSince
  previousSecretExpiresAt
  createdAt
}`) as unknown as TypedDocumentString<CreateWebhookEndpointMutation, CreateWebhookEndpointMutationVariables>;
export const UpdateWebhookEndpointDocument = new TypedDocumentString(`
    mutation UpdateWebhookEndpoint($input: UpdateWebhookEndpointInput!) {
  updateWebhookEndpoint(input: $input) {
    webhookEndpoint {
      ...RecordEndpoint
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment RecordEndpoint on WebhookEndpoint {
  id
  url
  description
  eventTypes
  apiVersion
  format
  includePersonalData
  includeDtmf
  includeRecordingUrls
  isEnabled
  disabledAt
  disabledReason
  failingSince
  previousSecretExpiresAt
  createdAt
}`) as unknown as TypedDocumentString<UpdateWebhookEndpointMutation, UpdateWebhookEndpointMutationVariables>;
export const DeleteWebhookEndpointDocument = new TypedDocumentString(`
    mutation DeleteWebhookEndpoint($input: DeleteWebhookEndpointInput!) {
  deleteWebhookEndpoint(input: $input) {
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<DeleteWebhookEndpointMutation, DeleteWebhookEndpointMutationVariables>;
export const RotateWebhookSecretDocument = new TypedDocumentString(`
    mutation RotateWebhookSecret($input: RotateWebhookSecretInput!) {
  rotateWebhookSecret(input: $input) {
    webhookEndpoint {
      ...RecordEndpoint
    }
    secret
    userErrors {
      code
      message
      field
    }
  }
}
    fragment RecordEndpoint on WebhookEndpoint {
  id
  url
  description
  eventTypes
  apiVersion
  format
  includePersonalData
  includeDtmf
  includeRecordingUrls
  isEnabled
  disabledAt
  disabledReason
  failingSince
  previousSecretExpiresAt
  createdAt
}`) as unknown as TypedDocumentString<RotateWebhookSecretMutation, RotateWebhookSecretMutationVariables>;
export const TestWebhookEndpointDocument = new TypedDocumentString(`
    mutation TestWebhookEndpoint($input: TestWebhookEndpointInput!) {
  testWebhookEndpoint(input: $input) {
    webhookDelivery {
      ...RecordDelivery
    }
    attempt {
      ...RecordAttempt
    }
    userErrors {
      code
      message
      field
    }
  }
}
    fragment RecordAttempt on WebhookAttempt {
  id
  number
  startedAt
  status
  failure
  latencySeconds
  responseExcerpt
}
fragment RecordDelivery on WebhookDelivery {
  id
  eventId
  eventType
  subjectId
  deliverySequence
  state
  isReplay
  isTest
  attemptCount
  createdAt
  nextAttemptAt
  finishedAt
}`) as unknown as TypedDocumentString<TestWebhookEndpointMutation, TestWebhookEndpointMutationVariables>;
export const ReplayWebhooksDocument = new TypedDocumentString(`
    mutation ReplayWebhooks($input: ReplayWebhooksInput!) {
  replayWebhooks(input: $input) {
    replayedCount
    skippedCount
    hasMore
    endCursor
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<ReplayWebhooksMutation, ReplayWebhooksMutationVariables>;
export const ViewerDocument = new TypedDocumentString(`
    query Viewer {
  viewer {
    account {
      id
      name
      defaultRegion
    }
    agentId
    accessTokenId
    expiresAt
    isTest
    scopes
  }
}
    `) as unknown as TypedDocumentString<ViewerQuery, ViewerQueryVariables>;
export const CreateAccessTokenDocument = new TypedDocumentString(`
    mutation CreateAccessToken($input: CreateAccessTokenInput!) {
  createAccessToken(input: $input) {
    token
    accessToken {
      id
      expiresAt
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<CreateAccessTokenMutation, CreateAccessTokenMutationVariables>;
export const RevokeOwnTokenDocument = new TypedDocumentString(`
    mutation RevokeOwnToken {
  revokeAccessToken(input: {}) {
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<RevokeOwnTokenMutation, RevokeOwnTokenMutationVariables>;