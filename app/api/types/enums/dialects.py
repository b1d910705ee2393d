"""How the dialects are described."""

from app.accounts.dialects import Dialect
from app.api.types.enums.describing import OPEN, describe

describe(
    Dialect,
    "The HTTP interfaces of other services that Offhook answers as well; each has its page in the documentation. "
    + OPEN,
    {
        "ASTERISKAPI": "`POST /api/v1/asteriskapi.pl` and `GET /recorded/v1/find_phone_files.pl`; clients show a key.",
        "ORIGINATE_CALL": "`/api/originate-call`; clients have a name and a password, and sign what they send.",
        "CLOUD_PBX": "`/api/calls` and below; clients show a key, from listed addresses alone.",
        "CPAAS": "`/api/click2call`, `/api/create_campaign` and others; clients have a name and a password.",
    },
)
