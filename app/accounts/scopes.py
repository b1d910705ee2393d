"""What an API key may do."""

from enum import StrEnum


class Scope(StrEnum):
    """The scopes; the value is what users type."""

    CALLS_READ = "calls:read"
    CALLS_ORIGINATE = "calls:originate"
    CALLS_CONTROL = "calls:control"
    SUPERVISE = "supervise"
    RECORDINGS_READ = "recordings:read"
    RECORDINGS_DELETE = "recordings:delete"
    CDRS_READ = "cdrs:read"
    CAMPAIGNS_READ = "campaigns:read"
    CAMPAIGNS_WRITE = "campaigns:write"
    CONTACTS = "contacts"
    DNC = "dnc"
    OTP = "otp"
    CALLBACKS = "callbacks"
    ROUTING = "routing"
    AGENTS = "agents"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    KEYS = "keys"
    USAGE = "usage"
    AUDIT = "audit"
    SCHEMA = "schema"
    PII_READ = "pii:read"
    DTMF_READ = "dtmf:read"
