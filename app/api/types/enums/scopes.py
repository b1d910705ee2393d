"""What an API key may do."""

from app.accounts.scopes import Scope
from app.api.types.enums.describing import OPEN, describe

describe(
    Scope,
    "What an API key may do; the value is the scope's name in capitals with `_` for `:`. " + OPEN,
    {
        "CALLS_READ": "`calls:read`: see calls, legs and events.",
        "CALLS_ORIGINATE": "`calls:originate`: place calls.",
        "CALLS_CONTROL": "`calls:control`: change and end calls.",
        "SUPERVISE": "`supervise`: listen to calls, whisper and barge in.",
        "RECORDINGS_READ": "`recordings:read`: see recordings and fetch them.",
        "RECORDINGS_DELETE": "`recordings:delete`: delete recordings.",
        "CDRS_READ": "`cdrs:read`: see call detail records.",
        "CAMPAIGNS_READ": "`campaigns:read`: see campaigns and how they fare.",
        "CAMPAIGNS_WRITE": "`campaigns:write`: make, change, start and stop campaigns.",
        "CONTACTS": "`contacts`: see and change contact lists.",
        "DNC": "`dnc`: see and change the lists of those who must not be called.",
        "OTP": "`otp`: have one-time passwords told by telephone, and verify them.",
        "CALLBACKS": "`callbacks`: see, schedule, change and cancel callbacks.",
        "ROUTING": "`routing`: see and change extensions, devices, groups, queues, trunks, numbers and routes.",
        "AGENTS": "`agents`: see and change agents.",
        "WEBHOOKS_READ": "`webhooks:read`: see webhook endpoints and deliveries.",
        "WEBHOOKS_WRITE": "`webhooks:write`: make, change and delete webhook endpoints.",
        "KEYS": "`keys`: make and revoke API keys.",
        "USAGE": "`usage`: see what the account may use and has used, and lower its limits.",
        "AUDIT": "`audit`: read the audit log.",
        "SCHEMA": "`schema`: read the schema, where the service keeps it to keys that have this scope.",
        "PII_READ": "`pii:read`: see telephone numbers whole.",
        "DTMF_READ": "`dtmf:read`: see which keys were pressed.",
    },
)
