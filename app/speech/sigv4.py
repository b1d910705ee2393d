"""AWS Signature Version 4 for one request whose body is in hand. Pure.

After "Signing AWS API requests" of the AWS documentation: canonical request, string to sign, derived key.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

ALGORITHM: Final = "AWS4-HMAC-SHA256"
_UNRESERVED: Final = "-_.~"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An AWS access key; ``token`` belongs to temporary ones."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


def sign(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    credentials: Credentials,
    region: str,
    service: str,
    now: datetime,
) -> dict[str, str]:
    """All headers of the signed request: those given, ``Host``, ``X-Amz-Date``, the token if any, ``Authorization``.

    ``now`` is UTC. The URL's query is signed in its canonical order, whatever its own; its path is taken as not yet
    encoded twice, as every service but S3 has it.
    """
    parts = urlsplit(url)
    date = now.strftime("%Y%m%dT%H%M%SZ")
    signed = {**headers, "Host": parts.netloc.rpartition("@")[2], "X-Amz-Date": date}
    if credentials.token is not None:
        signed["X-Amz-Security-Token"] = credentials.token
    lines = sorted((name.lower(), " ".join(value.split())) for name, value in signed.items())
    names = ";".join(name for name, _ in lines)
    query = sorted(
        (quote(name, safe=_UNRESERVED), quote(value, safe=_UNRESERVED))
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    canonical = "\n".join(
        (
            method,
            quote(parts.path or "/", safe=f"/{_UNRESERVED}"),
            "&".join(f"{name}={value}" for name, value in query),
            *(f"{name}:{value}" for name, value in lines),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        )
    )
    scope = f"{date[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join((ALGORITHM, date, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{credentials.secret_access_key}".encode()
    for part in (date[:8], region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    return {
        **signed,
        "Authorization": (
            f"{ALGORITHM} Credential={credentials.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
        ),
    }
