"""What an API key may do."""

from app.accounts.scopes import Scope
from app.api.types.enums.describing import OPEN, describe

describe(
    Scope,
    "What an API key may do; the value is the scope's name in capitals with `_` for `:`. " + OPEN,
    {
        "CALLS_READ": "`calls:read`: see calls, legs, events, what waits in queues and live counters, and look numbers "
        "up.",
        "CALLS_ORIGINATE": "`calls:originate`: place calls, to contacts in preview too.",
        "CALLS_CONTROL": "`calls:control`: change and end live calls: hold, transfer, record, play and speak into "
        "them, press keys, stream their sound. `transferCall` and `addParticipant` ring phones, "
        "outside ones too, without `calls:originate`.",
        "SUPERVISE": "`supervise`: listen to calls, whisper and barge in.",
        "RECORDINGS_READ": "`recordings:read`: see recordings and transcripts and fetch them, and have recordings "
        "transcribed (`transcribe`): that takes the place of the transcript there was, and a speech "
        "service may charge for it.",
        "RECORDINGS_DELETE": "`recordings:delete`: delete recordings; together with `contacts` and `pii:read`, have a "
        "person's data erased.",
        "CDRS_READ": "`cdrs:read`: see call detail records, and statistics of them.",
        "CAMPAIGNS_READ": "`campaigns:read`: see campaigns and how they fare.",
        "CAMPAIGNS_WRITE": "`campaigns:write`: make, change, start, stop and archive campaigns, which call contacts "
        "without `calls:originate`.",
        "CONTACTS": "`contacts`: see and change contact lists and their contacts, and import them.",
        "DNC": "`dnc`: see, change and import the lists of those who must not be called.",
        "OTP": "`otp`: have one-time passwords told by telephone, without `calls:originate`; see them, and verify "
        "codes. With `routing` as well, verify outbound numbers.",
        "CALLBACKS": "`callbacks`: see, schedule, change and cancel callbacks, whose calls are placed without "
        "`calls:originate`.",
        "ROUTING": "`routing`: see and change extensions, devices, ring groups, queues, trunks, outbound numbers with "
        "their pools and flags, inbound routes, call flows, announcement templates and sound files.",
        "AGENTS": "`agents`: see and change agents, what they do, and which queues and campaigns they serve "
        "(`setAgentState`, `joinQueue`, `joinCampaign`), previewed contacts included.",
        "WEBHOOKS_READ": "`webhooks:read`: see webhook endpoints and deliveries, and media endpoints.",
        "WEBHOOKS_WRITE": "`webhooks:write`: make, change and delete webhook endpoints, and send tests and replays to "
        "them; say where the sound of calls may be streamed to (`createMediaEndpoint`).",
        "KEYS": "`keys`: see, make, change and revoke API keys, access tokens and credentials of dialects; set from "
        "where the account may be used (`setIpAllowList`) and which numbers it may call "
        "(`setDestinationPolicy`); suspend and resume the account.",
        "USAGE": "`usage`: see what the account may use and has used, and set its limits, up to what the operator has "
        "granted.",
        "AUDIT": "`audit`: read the audit log.",
        "SCHEMA": "`schema`: read the schema, where the service keeps it to keys that have this scope.",
        "PII_READ": "`pii:read`: see telephone numbers whole, names of outside parties, and the free fields of "
        "contacts. Without it numbers are masked, names left out, and the fields read `*`.",
        "DTMF_READ": "`dtmf:read`: see which keys were pressed.",
    },
)
