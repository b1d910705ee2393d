/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type ActorKind =
  | 'API_KEY'
  | 'PARTY'
  | 'SYSTEM';

export type AgentState =
  | 'AVAILABLE'
  | 'BUSY'
  | 'OFFLINE'
  | 'PAUSED'
  | 'WRAP_UP';

export type AnnouncementInput = {
  readonly audioFileId?: string | number | null | undefined;
  readonly fields?: ReadonlyArray<FieldValueInput>;
  readonly pauseSeconds?: number;
  readonly repeat?: number;
  readonly templateId?: string | number | null | undefined;
  readonly text?: string | null | undefined;
  readonly voice?: VoiceInput | null | undefined;
};

export type AuditEventFilterInput = {
  readonly actions?: ReadonlyArray<string> | null | undefined;
  readonly actorId?: string | number | null | undefined;
  readonly isRefused?: boolean | null | undefined;
  readonly occurred?: TimeRangeInput | null | undefined;
  readonly outcomes?: ReadonlyArray<string> | null | undefined;
  readonly remoteAddress?: string | null | undefined;
  readonly requestId?: string | null | undefined;
  readonly subjectId?: string | number | null | undefined;
};

export type CallFilterInput = {
  readonly agentIds?: ReadonlyArray<string | number> | null | undefined;
  readonly callbackId?: string | number | null | undefined;
  readonly campaignId?: string | number | null | undefined;
  readonly contactId?: string | number | null | undefined;
  readonly created?: TimeRangeInput | null | undefined;
  readonly customerNumber?: string | null | undefined;
  readonly dialledNumber?: string | null | undefined;
  readonly directions?: ReadonlyArray<Direction> | null | undefined;
  readonly dispositions?: ReadonlyArray<Disposition> | null | undefined;
  readonly extensions?: ReadonlyArray<string> | null | undefined;
  readonly externalId?: string | null | undefined;
  readonly kinds?: ReadonlyArray<CallKind> | null | undefined;
  readonly queueIds?: ReadonlyArray<string | number> | null | undefined;
  readonly ringGroupIds?: ReadonlyArray<string | number> | null | undefined;
  readonly states?: ReadonlyArray<CallState> | null | undefined;
  readonly tag?: string | null | undefined;
  readonly trunkIds?: ReadonlyArray<string | number> | null | undefined;
};

export type CallKind =
  | 'CALLBACK'
  | 'CAMPAIGN'
  | 'CLICK_TO_CALL'
  | 'INBOUND'
  | 'INTERNAL'
  | 'OTP';

export type CallState =
  | 'ANSWERED'
  | 'CONNECTED'
  | 'DIALING'
  | 'ENDED'
  | 'PENDING'
  | 'RINGING'
  | 'WAITING_IN_QUEUE';

export type CallTarget =
  {   readonly agentId: string | number; readonly announcement?: never; readonly callFlowId?: never; readonly dialplan?: never; readonly extension?: never; readonly mediaStream?: never; readonly number?: never; readonly queueId?: never; readonly ringGroupId?: never; }
  |  { readonly agentId?: never;   readonly announcement: AnnouncementInput; readonly callFlowId?: never; readonly dialplan?: never; readonly extension?: never; readonly mediaStream?: never; readonly number?: never; readonly queueId?: never; readonly ringGroupId?: never; }
  |  { readonly agentId?: never; readonly announcement?: never;   readonly callFlowId: string | number; readonly dialplan?: never; readonly extension?: never; readonly mediaStream?: never; readonly number?: never; readonly queueId?: never; readonly ringGroupId?: never; }
  |  { readonly agentId?: never; readonly announcement?: never; readonly callFlowId?: never;   readonly dialplan: DialplanTargetInput; readonly extension?: never; readonly mediaStream?: never; readonly number?: never; readonly queueId?: never; readonly ringGroupId?: never; }
  |  { readonly agentId?: never; readonly announcement?: never; readonly callFlowId?: never; readonly dialplan?: never;   readonly extension: string; readonly mediaStream?: never; readonly number?: never; readonly queueId?: never; readonly ringGroupId?: never; }
  |  { readonly agentId?: never; readonly announcement?: never; readonly callFlowId?: never; readonly dialplan?: never; readonly extension?: never;   readonly mediaStream: MediaStreamTargetInput; readonly number?: never; readonly queueId?: never; readonly ringGroupId?: never; }
  |  { readonly agentId?: never; readonly announcement?: never; readonly callFlowId?: never; readonly dialplan?: never; readonly extension?: never; readonly mediaStream?: never;   readonly number: string; readonly queueId?: never; readonly ringGroupId?: never; }
  |  { readonly agentId?: never; readonly announcement?: never; readonly callFlowId?: never; readonly dialplan?: never; readonly extension?: never; readonly mediaStream?: never; readonly number?: never;   readonly queueId: string | number; readonly ringGroupId?: never; }
  |  { readonly agentId?: never; readonly announcement?: never; readonly callFlowId?: never; readonly dialplan?: never; readonly extension?: never; readonly mediaStream?: never; readonly number?: never; readonly queueId?: never;   readonly ringGroupId: string | number; };

export type CampaignFilterInput = {
  readonly kinds?: ReadonlyArray<CampaignKind> | null | undefined;
  readonly states?: ReadonlyArray<CampaignState> | null | undefined;
  readonly withArchived?: boolean;
};

export type CampaignKind =
  | 'AGENT'
  | 'ANNOUNCEMENT'
  | 'FLOW';

export type CampaignState =
  | 'DRAFT'
  | 'FINISHED'
  | 'PAUSED'
  | 'RUNNING'
  | 'SCHEDULED'
  | 'STOPPED';

export type CancelJobInput = {
  readonly id: string | number;
};

export type CdrOrder =
  | 'CREATED_AT_ASC'
  | 'CREATED_AT_DESC'
  | 'DURATION_ASC'
  | 'DURATION_DESC'
  | 'TALK_ASC'
  | 'TALK_DESC';

export type CdrSource =
  | 'BACKFILL'
  | 'LIVE'
  | 'RECOVERED';

export type CountPrecision =
  | 'AT_LEAST'
  | 'EXACT';

export type CreateAccessTokenInput = {
  readonly agentId?: string | number | null | undefined;
  readonly allowedOrigins: ReadonlyArray<string>;
  readonly scopes: ReadonlyArray<Scope>;
  readonly ttlSeconds?: number;
};

export type CreateApiKeyInput = {
  readonly documentHashes?: ReadonlyArray<string>;
  readonly expiresAt?: TimeInput | null | undefined;
  readonly ipAllowList?: ReadonlyArray<string>;
  readonly isTest?: boolean;
  readonly name: string;
  readonly scopes: ReadonlyArray<Scope>;
};

export type CreateExportInput = {
  readonly format?: ExportFormat;
  readonly subject: ExportSubjectInput;
};

export type CreateWebhookEndpointInput = {
  readonly apiVersion?: string;
  readonly description?: string | null | undefined;
  readonly eventTypes?: ReadonlyArray<string>;
  readonly format?: WebhookFormat;
  readonly includeDtmf?: boolean;
  readonly includePersonalData?: boolean;
  readonly includeRecordingUrls?: boolean | null | undefined;
  readonly url: string;
};

export type DeleteRecordingInput = {
  readonly recordingId: string | number;
};

export type DeleteWebhookEndpointInput = {
  readonly id: string | number;
};

export type DeliveryState =
  | 'DELIVERED'
  | 'DROPPED'
  | 'EXHAUSTED'
  | 'PENDING';

export type DialplanTargetInput = {
  readonly context: string;
  readonly extension: string;
};

export type Direction =
  | 'INBOUND'
  | 'INTERNAL'
  | 'OUTBOUND';

export type Disposition =
  | 'ABANDONED'
  | 'ANSWERED'
  | 'BLOCKED'
  | 'BUSY'
  | 'CANCELLED'
  | 'CONGESTION'
  | 'DNC'
  | 'FAILED'
  | 'INVALID_NUMBER'
  | 'MACHINE'
  | 'NO_ANSWER'
  | 'REJECTED'
  | 'UNREACHABLE'
  | 'VOICEMAIL';

export type EndCode =
  | 'ANNOUNCEMENT_ENDED'
  | 'ANNOUNCEMENT_FAILED'
  | 'API_HANGUP'
  | 'BRIDGE_FAILED'
  | 'BUSY'
  | 'CONGESTION'
  | 'DIALPLAN_ENDED'
  | 'DIALPLAN_FAILED'
  | 'DIAL_FAILED'
  | 'DNC'
  | 'FAX'
  | 'FLOW_ENDED'
  | 'FLOW_FAILED'
  | 'HANGUP'
  | 'INVALID_NUMBER'
  | 'LIMIT_REACHED'
  | 'MACHINE'
  | 'MAX_DURATION'
  | 'MEDIA_STREAM_ENDED'
  | 'MEDIA_STREAM_FAILED'
  | 'NETWORK_FAILURE'
  | 'NODE_LOST'
  | 'NO_ANSWER'
  | 'QUEUE_TIMEOUT'
  | 'REJECTED'
  | 'SERVICE_AWAY'
  | 'TRANSFERRED'
  | 'TRANSFER_FAILED'
  | 'TRUNK_FULL'
  | 'UNREACHABLE';

export type EndParty =
  | 'AGENT'
  | 'CUSTOMER'
  | 'PARTICIPANT'
  | 'SUPERVISOR'
  | 'SYSTEM';

export type EventFilterInput = {
  readonly occurred?: TimeRangeInput | null | undefined;
  readonly subjectId?: string | number | null | undefined;
  readonly types?: ReadonlyArray<EventType> | null | undefined;
};

export type EventType =
  | 'ACCOUNT_RESUMED'
  | 'ACCOUNT_SUSPENDED'
  | 'AGENT_STATE_CHANGED'
  | 'CALLBACK_CANCELLED'
  | 'CALLBACK_COMPLETED'
  | 'CALLBACK_FAILED'
  | 'CALLBACK_SCHEDULED'
  | 'CALLBACK_STARTED'
  | 'CALLBACK_UPDATED'
  | 'CALL_CONNECTED'
  | 'CALL_CREATED'
  | 'CALL_ENDED'
  | 'CALL_RECOVERED'
  | 'CALL_UPDATED'
  | 'CALL_WAITING'
  | 'CAMPAIGN_CREATED'
  | 'CAMPAIGN_FINISHED'
  | 'CAMPAIGN_PAUSED'
  | 'CAMPAIGN_RESUMED'
  | 'CAMPAIGN_STARTED'
  | 'CAMPAIGN_STOPPED'
  | 'CONTACT_ATTEMPTED'
  | 'CONTACT_FINISHED'
  | 'CONTACT_SKIPPED'
  | 'DEVICE_REGISTERED'
  | 'DEVICE_UNREGISTERED'
  | 'DNC_ENTRY_ADDED'
  | 'DTMF_RECEIVED'
  | 'FLOW_ENDED'
  | 'FLOW_GATHERED'
  | 'FLOW_STARTED'
  | 'FLOW_STEP_ENTERED'
  | 'JOB_CANCELLED'
  | 'JOB_FAILED'
  | 'JOB_FINISHED'
  | 'LEG_ANSWERED'
  | 'LEG_DIALING'
  | 'LEG_ENDED'
  | 'LEG_HELD'
  | 'LEG_MUTED'
  | 'LEG_RINGING'
  | 'LEG_UNHELD'
  | 'LEG_UNMUTED'
  | 'MACHINE_DETECTION_FINISHED'
  | 'MEDIASTREAM_CONNECTED'
  | 'MEDIASTREAM_ENDED'
  | 'MEDIASTREAM_FAILED'
  | 'OTP_ANNOUNCED'
  | 'OTP_FAILED'
  | 'OTP_VERIFIED'
  | 'PARTICIPANT_JOINED'
  | 'PARTICIPANT_LEFT'
  | 'PLAYBACK_FAILED'
  | 'PLAYBACK_FINISHED'
  | 'PLAYBACK_STARTED'
  | 'QUEUE_ABANDONED'
  | 'QUEUE_JOINED'
  | 'QUEUE_LEFT'
  | 'QUEUE_OFFERED'
  | 'RECORDING_DELETED'
  | 'RECORDING_FAILED'
  | 'RECORDING_PAUSED'
  | 'RECORDING_RESUMED'
  | 'RECORDING_SAVED'
  | 'RECORDING_STARTED'
  | 'SUPERVISION_CHANGED'
  | 'SUPERVISION_ENDED'
  | 'SUPERVISION_STARTED'
  | 'TRANSCRIPT_FAILED'
  | 'TRANSCRIPT_READY'
  | 'TRANSFER_CANCELLED'
  | 'TRANSFER_COMPLETED'
  | 'TRANSFER_FAILED'
  | 'TRANSFER_STARTED'
  | 'TRUNK_DOWN'
  | 'TRUNK_UP'
  | 'USAGE_LIMIT_REACHED'
  | 'VOICEMAIL_RECEIVED'
  | 'WEBHOOK_DISABLED'
  | 'WEBHOOK_EXHAUSTED'
  | 'WEBHOOK_TEST'
  | 'WEBHOOK_TRIGGERED';

export type ExportCdrsInput = {
  readonly filter?: CallFilterInput | null | undefined;
};

export type ExportContactsInput = {
  readonly listId: string | number;
};

export type ExportDncEntriesInput = {
  readonly listId: string | number;
};

export type ExportEventsInput = {
  readonly filter?: EventFilterInput | null | undefined;
};

export type ExportFormat =
  | 'CSV'
  | 'NDJSON';

export type ExportRecordingsInput = {
  readonly filter?: RecordingFilterInput | null | undefined;
};

export type ExportSubjectInput =
  {   readonly cdrs: ExportCdrsInput; readonly contacts?: never; readonly dncEntries?: never; readonly events?: never; readonly recordings?: never; }
  |  { readonly cdrs?: never;   readonly contacts: ExportContactsInput; readonly dncEntries?: never; readonly events?: never; readonly recordings?: never; }
  |  { readonly cdrs?: never; readonly contacts?: never;   readonly dncEntries: ExportDncEntriesInput; readonly events?: never; readonly recordings?: never; }
  |  { readonly cdrs?: never; readonly contacts?: never; readonly dncEntries?: never;   readonly events: ExportEventsInput; readonly recordings?: never; }
  |  { readonly cdrs?: never; readonly contacts?: never; readonly dncEntries?: never; readonly events?: never;   readonly recordings: ExportRecordingsInput; };

export type FieldValueInput = {
  readonly name: string;
  readonly value: string;
};

export type FinishReason =
  | 'ALL_DONE'
  | 'END_REACHED';

export type JobState =
  | 'CANCELLED'
  | 'FAILED'
  | 'FINISHED'
  | 'QUEUED'
  | 'RUNNING';

export type LegRole =
  | 'AGENT'
  | 'CUSTOMER'
  | 'PARTICIPANT'
  | 'SUPERVISOR';

export type LegState =
  | 'CREATING'
  | 'DIALING'
  | 'ENDED'
  | 'PLANNED'
  | 'RINGING'
  | 'UP';

export type LocalTimeInput = {
  readonly dateTime: string;
  readonly timeZone: string;
};

export type MediaStreamParameterInput = {
  readonly name: string;
  readonly value: string;
};

export type MediaStreamTargetInput = {
  readonly parameters?: ReadonlyArray<MediaStreamParameterInput>;
  readonly sampleRate?: number;
  readonly url: string;
};

export type PacingMode =
  | 'PREDICTIVE'
  | 'PREVIEW'
  | 'PROGRESSIVE';

export type PauseReason =
  | 'CALLS_REFUSED'
  | 'REQUESTED'
  | 'TOO_MANY_ABANDONED'
  | 'TRUNK_FAILED';

export type QueueStrategy =
  | 'FEWEST_CALLS'
  | 'LONGEST_IDLE'
  | 'RING_ALL'
  | 'ROUND_ROBIN';

export type RecordingFilterInput = {
  readonly callId?: string | number | null | undefined;
  readonly created?: TimeRangeInput | null | undefined;
  readonly customerNumber?: string | null | undefined;
  readonly extensions?: ReadonlyArray<string> | null | undefined;
  readonly kinds?: ReadonlyArray<RecordingKind> | null | undefined;
  readonly states?: ReadonlyArray<RecordingState> | null | undefined;
};

export type RecordingKind =
  | 'CALL'
  | 'MESSAGE'
  | 'VOICEMAIL';

export type RecordingMode =
  | 'AGENT'
  | 'BOTH'
  | 'CUSTOMER'
  | 'OFF';

export type RecordingState =
  | 'COLLECTING'
  | 'DELETED'
  | 'FAILED'
  | 'PAUSED'
  | 'PENDING'
  | 'RECORDING'
  | 'SAVED';

export type ReplayWebhooksInput = {
  readonly after?: string | null | undefined;
  readonly created?: TimeRangeInput | null | undefined;
  readonly deliveryIds?: ReadonlyArray<string | number> | null | undefined;
  readonly endpointId?: string | number | null | undefined;
  readonly eventTypes?: ReadonlyArray<EventType> | null | undefined;
  readonly idempotencyKey?: string | null | undefined;
  readonly states?: ReadonlyArray<DeliveryState> | null | undefined;
  readonly subjectId?: string | number | null | undefined;
};

export type RevokeAccessTokenInput = {
  readonly id?: string | number | null | undefined;
};

export type RevokeApiKeyInput = {
  readonly id: string | number;
};

export type RotateApiKeyInput = {
  readonly graceSeconds?: number;
  readonly id: string | number;
};

export type RotateWebhookSecretInput = {
  readonly graceSeconds?: number;
  readonly id: string | number;
};

export type Scope =
  | 'AGENTS'
  | 'AUDIT'
  | 'CALLBACKS'
  | 'CALLS_CONTROL'
  | 'CALLS_ORIGINATE'
  | 'CALLS_READ'
  | 'CAMPAIGNS_READ'
  | 'CAMPAIGNS_WRITE'
  | 'CDRS_READ'
  | 'CONTACTS'
  | 'DNC'
  | 'DTMF_READ'
  | 'KEYS'
  | 'OTP'
  | 'PII_READ'
  | 'RECORDINGS_DELETE'
  | 'RECORDINGS_READ'
  | 'ROUTING'
  | 'SCHEMA'
  | 'SUPERVISE'
  | 'USAGE'
  | 'WEBHOOKS_READ'
  | 'WEBHOOKS_WRITE';

export type SegmentKind =
  | 'APART'
  | 'PAUSED'
  | 'TALK';

export type StartSupervisionInput = {
  readonly callId: string | number;
  readonly idempotencyKey: string;
  readonly mode: SupervisionMode;
  readonly ringSeconds?: number | null | undefined;
  readonly supervisor: SupervisorTarget;
};

export type StatisticsInterval =
  | 'DAY'
  | 'HOUR'
  | 'MONTH'
  | 'WEEK';

export type SupervisionMode =
  | 'BARGE'
  | 'MONITOR'
  | 'WHISPER';

export type SupervisionState =
  | 'ACTIVE'
  | 'JOINING'
  | 'RINGING';

export type SupervisorTarget =
  {   readonly agentId: string | number; readonly extension?: never; }
  |  { readonly agentId?: never;   readonly extension: string; };

export type SuspendedBy =
  | 'ACCOUNT'
  | 'OPERATOR';

export type TestWebhookEndpointInput = {
  readonly id: string | number;
};

export type TimeInput =
  {   readonly at: string; readonly local?: never; }
  |  { readonly at?: never;   readonly local: LocalTimeInput; };

export type TimeRangeInput = {
  readonly from?: TimeInput | null | undefined;
  readonly to?: TimeInput | null | undefined;
};

export type TranscriptState =
  | 'FAILED'
  | 'PENDING'
  | 'READY';

export type TransferCallInput = {
  readonly callId: string | number;
  readonly consultSeconds?: number | null | undefined;
  readonly idempotencyKey: string;
  readonly kind: TransferKind;
  readonly legId?: string | number | null | undefined;
  readonly method?: TransferMethod;
  readonly music?: boolean;
  readonly recall?: boolean;
  readonly ringSeconds?: number | null | undefined;
  readonly target: CallTarget;
};

export type TransferKind =
  | 'ATTENDED'
  | 'BLIND';

export type TransferMethod =
  | 'BRIDGE'
  | 'REFER';

export type TransferState =
  | 'CONSULTING'
  | 'DIALING'
  | 'RECALLING'
  | 'WAITING';

export type UpdateWebhookEndpointInput = {
  readonly apiVersion?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly eventTypes?: ReadonlyArray<string> | null | undefined;
  readonly format?: WebhookFormat | null | undefined;
  readonly id: string | number;
  readonly includeDtmf?: boolean | null | undefined;
  readonly includePersonalData?: boolean | null | undefined;
  readonly includeRecordingUrls?: boolean | null | undefined;
  readonly isEnabled?: boolean | null | undefined;
  readonly url?: string | null | undefined;
};

export type UserErrorCode =
  | 'ACCOUNT_SUSPENDED'
  | 'AGENT_OFFLINE'
  | 'ALREADY_EXISTS'
  | 'CALLER_ID_FLAGGED'
  | 'CALLER_ID_NOT_OWNED'
  | 'CONCURRENT_CALLS_REACHED'
  | 'CURSOR_EXPIRED'
  | 'DESTINATION_DENIED'
  | 'DESTINATION_NOT_PRICED'
  | 'DIALPLAN_NOT_ALLOWED'
  | 'ENDLESS_LOOP'
  | 'FIELD_MISSING'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'INVALID_CURSOR'
  | 'INVALID_INPUT'
  | 'INVALID_NUMBER'
  | 'INVALID_STATE'
  | 'LIMIT_ABOVE_GRANT'
  | 'NOT_FOUND'
  | 'NOT_SUPPORTED'
  | 'RATE_LIMITED'
  | 'REQUIRED'
  | 'SANDBOX_ONLY'
  | 'SPEECH_NOT_SUPPORTED'
  | 'SPEND_CAP_REACHED'
  | 'UNKNOWN_STEP'
  | 'UNREACHABLE_STEP'
  | 'URL_NOT_ALLOWED';

export type VoiceEngineType =
  | 'NEURAL'
  | 'STANDARD';

export type VoiceInput = {
  readonly engineType?: VoiceEngineType;
  readonly id?: string | number | null | undefined;
  readonly languageCode?: string | null | undefined;
  readonly pitch?: VoicePitch;
  readonly rate?: VoiceRate;
  readonly volume?: VoiceVolume;
};

export type VoicePitch =
  | 'HIGH'
  | 'LOW'
  | 'MEDIUM'
  | 'X_HIGH'
  | 'X_LOW';

export type VoiceRate =
  | 'FAST'
  | 'MEDIUM'
  | 'SLOW'
  | 'X_FAST'
  | 'X_SLOW';

export type VoiceVolume =
  | 'LOUD'
  | 'MEDIUM'
  | 'SILENT'
  | 'SOFT'
  | 'X_LOUD'
  | 'X_SOFT';

export type WebhookDeliveryFilterInput = {
  readonly created?: TimeRangeInput | null | undefined;
  readonly endpointId?: string | number | null | undefined;
  readonly eventTypes?: ReadonlyArray<EventType> | null | undefined;
  readonly states?: ReadonlyArray<DeliveryState> | null | undefined;
  readonly subjectId?: string | number | null | undefined;
};

export type WebhookFormat =
  | 'CLASSIC'
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

export type CampaignTotalsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: CampaignFilterInput | null | undefined;
}>;


export type CampaignTotalsQuery = { readonly campaigns: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly contactLists: ReadonlyArray<{ readonly contacts: { readonly totalCount: { readonly count: number, readonly precision: CountPrecision } } | null }> | null }> } };

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
          | { readonly __typename: 'DtmfReceivedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole } }
          | { readonly __typename: 'FlowEndedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly __typename: 'FlowGatheredEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly __typename: 'FlowStartedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly __typename: 'FlowStepEnteredEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly __typename: 'JobCancelledEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly __typename: 'JobFailedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly __typename: 'JobFinishedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly __typename: 'LegAnsweredEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole } }
          | { readonly __typename: 'LegDialingEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole } }
          | { readonly __typename: 'LegEndedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole } }
          | { readonly __typename: 'LegHeldEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole } }
          | { readonly __typename: 'LegMutedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole } }
          | { readonly __typename: 'LegRingingEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole } }
          | { readonly __typename: 'LegUnheldEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole } }
          | { readonly __typename: 'LegUnmutedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole } }
          | { readonly __typename: 'MachineDetectionFinishedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole } }
          | { readonly __typename: 'MediastreamConnectedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly __typename: 'MediastreamEndedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly __typename: 'MediastreamFailedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly __typename: 'OtpAnnouncedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly __typename: 'OtpFailedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly __typename: 'OtpVerifiedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null }
          | { readonly __typename: 'ParticipantJoinedEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole } }
          | { readonly __typename: 'ParticipantLeftEvent', readonly id: string, readonly type: EventType, readonly timestamp: string, readonly callSequence: number | null, readonly leg: { readonly role: LegRole } }
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
        > } | null } | null, readonly agentParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean }, readonly customerParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean } } | null };

export type RecordJobFragment = { readonly id: string, readonly state: JobState, readonly progress: number | null, readonly failure: string | null, readonly counts: { readonly processed: number, readonly total: number | null }, readonly report: { readonly url: string, readonly fileName: string, readonly sizeBytes: number } | null };

export type CreateExportMutationVariables = Exact<{
  input: CreateExportInput;
}>;


export type CreateExportMutation = { readonly createExport: { readonly job: { readonly id: string, readonly state: JobState, readonly progress: number | null, readonly failure: string | null, readonly counts: { readonly processed: number, readonly total: number | null }, readonly report: { readonly url: string, readonly fileName: string, readonly sizeBytes: number } | null } | null, readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

export type ExportJobQueryVariables = Exact<{
  id: string | number;
}>;


export type ExportJobQuery = { readonly job: { readonly id: string, readonly state: JobState, readonly progress: number | null, readonly failure: string | null, readonly counts: { readonly processed: number, readonly total: number | null }, readonly report: { readonly url: string, readonly fileName: string, readonly sizeBytes: number } | null } | null };

export type ExportProgressSubscriptionVariables = Exact<{
  id: string | number;
}>;


export type ExportProgressSubscription = { readonly jobProgress: { readonly cursor: string, readonly job: { readonly id: string, readonly state: JobState, readonly progress: number | null, readonly failure: string | null, readonly counts: { readonly processed: number, readonly total: number | null }, readonly report: { readonly url: string, readonly fileName: string, readonly sizeBytes: number } | null } } };

export type CancelExportMutationVariables = Exact<{
  input: CancelJobInput;
}>;


export type CancelExportMutation = { readonly cancelJob: { readonly job: { readonly id: string, readonly state: JobState, readonly progress: number | null, readonly failure: string | null, readonly counts: { readonly processed: number, readonly total: number | null }, readonly report: { readonly url: string, readonly fileName: string, readonly sizeBytes: number } | null } | null, readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

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


export type RecordingToPlayQuery = { readonly recording: { readonly lostSeconds: number | null, readonly channels: number | null, readonly sampleRate: number | null, readonly sha256: string | null, readonly startedAt: string | null, readonly savedAt: string | null, readonly deletedAt: string | null, readonly id: string, readonly callId: string, readonly kind: RecordingKind, readonly mode: RecordingMode, readonly state: RecordingState, readonly createdAt: string, readonly durationSeconds: number | null, readonly sizeBytes: number | null, readonly extension: string | null, readonly failure: string | null, readonly segments: ReadonlyArray<{ readonly kind: SegmentKind, readonly beganAt: string, readonly endedAt: string, readonly offsetSeconds: number, readonly lengthSeconds: number }> | null, readonly transcript: { readonly state: TranscriptState, readonly languageCode: string, readonly failure: string | null, readonly segments: ReadonlyArray<{ readonly channel: number, readonly role: LegRole, readonly text: string, readonly startSeconds: number, readonly endSeconds: number }> | null } | null, readonly url: { readonly url: string, readonly expiresAt: string } | null, readonly customerParty: { readonly number: string | null, readonly display: string | null, readonly extension: string | null, readonly isAnonymous: boolean } | null } | null };

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


export type AccountLimitsQuery = { readonly accountLimits: { readonly day: string, readonly concurrentCalls: number | null, readonly suspendedAt: string | null, readonly suspendedBy: SuspendedBy | null, readonly suspensionReason: string | null, readonly spent: { readonly amount: string, readonly currency: string }, readonly reserved: { readonly amount: string, readonly currency: string }, readonly caps: { readonly callsPerSecond: number | null, readonly concurrentCalls: number | null, readonly dailySpend: { readonly amount: string, readonly currency: string } | null } } };

export type RecordEndpointFragment = { readonly id: string, readonly url: string, readonly description: string | null, readonly eventTypes: ReadonlyArray<string>, readonly apiVersion: string, readonly format: WebhookFormat, readonly includePersonalData: boolean, readonly includeDtmf: boolean, readonly includeRecordingUrls: boolean, readonly isEnabled: boolean, readonly disabledAt: string | null, readonly disabledReason: string | null, readonly failingSince: string | null, readonly previousSecretExpiresAt: string | null, readonly createdAt: string };

export type RecordAttemptFragment = { readonly id: string, readonly number: number, readonly startedAt: string, readonly status: number | null, readonly failure: string | null, readonly latencySeconds: number, readonly responseExcerpt: string | null };

export type RecordDeliveryFragment = { readonly id: string, readonly eventId: string | null, readonly eventType: EventType, readonly subjectId: string, readonly deliverySequence: number, readonly state: DeliveryState, readonly isReplay: boolean, readonly isTestEvent: boolean, readonly attemptCount: number, readonly createdAt: string, readonly nextAttemptAt: string | null, readonly finishedAt: string | null };

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


export type WebhookDeliveriesQuery = { readonly webhookDeliveries: { readonly nodes: ReadonlyArray<{ readonly id: string, readonly eventId: string | null, readonly eventType: EventType, readonly subjectId: string, readonly deliverySequence: number, readonly state: DeliveryState, readonly isReplay: boolean, readonly isTestEvent: boolean, readonly attemptCount: number, readonly createdAt: string, readonly nextAttemptAt: string | null, readonly finishedAt: string | null }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type WebhookDeliveryInFullQueryVariables = Exact<{
  id: string | number;
}>;


export type WebhookDeliveryInFullQuery = { readonly webhookDelivery: { readonly id: string, readonly eventId: string | null, readonly eventType: EventType, readonly subjectId: string, readonly deliverySequence: number, readonly state: DeliveryState, readonly isReplay: boolean, readonly isTestEvent: boolean, readonly attemptCount: number, readonly createdAt: string, readonly nextAttemptAt: string | null, readonly finishedAt: string | null, readonly attempts: ReadonlyArray<{ readonly id: string, readonly number: number, readonly startedAt: string, readonly status: number | null, readonly failure: string | null, readonly latencySeconds: number, readonly responseExcerpt: string | null }> } | null };

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


export type TestWebhookEndpointMutation = { readonly testWebhookEndpoint: { readonly webhookDelivery: { readonly id: string, readonly eventId: string | null, readonly eventType: EventType, readonly subjectId: string, readonly deliverySequence: number, readonly state: DeliveryState, readonly isReplay: boolean, readonly isTestEvent: boolean, readonly attemptCount: number, readonly createdAt: string, readonly nextAttemptAt: string | null, readonly finishedAt: string | null } | null, readonly attempt: { readonly id: string, readonly number: number, readonly startedAt: string, readonly status: number | null, readonly failure: string | null, readonly latencySeconds: number, readonly responseExcerpt: string | null } | null, readonly userErrors: ReadonlyArray<{ readonly code: UserErrorCode, readonly message: string, readonly field: ReadonlyArray<string> | null }> } };

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
  failure
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
  isTestEvent
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
export const CampaignTotalsDocument = new TypedDocumentString(`
    query CampaignTotals($first: Int, $after: String, $filter: CampaignFilterInput) {
  campaigns(first: $first, after: $after, filter: $filter) {
    nodes {
      id
      contactLists {
        contacts(first: 1) {
          totalCount {
            count
            precision
          }
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<CampaignTotalsQuery, CampaignTotalsQueryVariables>;
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
          __typename
          id
          type
          timestamp
          callSequence
          ... on LegEvent {
            leg {
              role
            }
          }
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
  failure
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
  failure
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
  failure
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
  failure
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
    lostSeconds
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
      languageCode
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
  isTestEvent
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
  isTestEvent
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
  isTestEvent
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