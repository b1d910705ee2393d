"""The rows of one-time passwords: every statement that reads or writes them, each in its caller's transaction."""

from datetime import datetime, timedelta
from typing import Final

import asyncpg
import msgspec

from app.accounts.asked_by import AskedBy
from app.db.conditions import Conditions
from app.db.engine import PooledConnection
from app.db.keyset import Key
from app.db.locks import OTP_CAPS
from app.db.reader import Shape
from app.facts.otps import OtpFailure
from app.facts.vocabulary import Disposition
from app.otps.codes import KeptCode
from app.otps.model import Otp, OtpCall, OtpFilter, OtpState, RateCaps, Spoken

#: Its call is about to be placed by whoever claimed it. To the outside it is pending.
CLAIMED: Final = "CLAIMED"

_NAMES: Final = (
    *("id", "account_id", "state", "wanted", "spoken", "call_id", "expires_at", "attempts", "max_attempts"),
    *("verified_at", "times_heard", "failure", "detail", "disposition", "is_sandbox", "created_at", "ended_at"),
)
_COLUMNS: Final = ", ".join(_NAMES)

_INSERT: Final = f"""
INSERT INTO otp
    (id, account_id, state, number, external_id, wanted, spoken, asked_by, is_sandbox, salt, code_hash, code_sealed,
     expires_at, max_attempts, call_id, try_at, created_at, updated_at)
VALUES ($1, $2, 'PENDING', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, $15)
RETURNING {_COLUMNS}
"""  # noqa: S608  # our own names
_LOCK_CAPS: Final = f"SELECT pg_advisory_xact_lock({OTP_CAPS}, hashtext($1))"
# The first of the last n: once it is out of the window there is room again.
_CAP: Final = "SELECT created_at FROM otp WHERE {} AND created_at > ${} ORDER BY created_at DESC OFFSET ${} LIMIT 1"
_NUMBER_CAP: Final = _CAP.format("account_id = $1 AND number = $2", 3, 4)
_ACCOUNT_CAP: Final = _CAP.format("account_id = $1", 2, 3)

_LOCK: Final = f"""
SELECT {_COLUMNS}, salt, code_hash FROM otp WHERE account_id = $1 AND id = $2 FOR NO KEY UPDATE
"""  # noqa: S608  # our own names
_COUNT_ATTEMPT: Final = f"""
UPDATE otp SET attempts = attempts + 1, verified_at = $2, updated_at = $3 WHERE id = $1 RETURNING {_COLUMNS}
"""  # noqa: S608  # our own names

# A node places in rounds, so what it has claimed before one was left by somebody who died. Others' claims run out.
_DUE: Final = f"""
SELECT {_COLUMNS}, asked_by FROM otp
WHERE state IN ('PENDING', 'CLAIMED') AND try_at <= $1
  AND (state = 'PENDING' OR lease_until <= $1 OR claimed_by = $2)
ORDER BY try_at LIMIT $3
FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608  # our own names
_CLAIM: Final = "UPDATE otp SET state = 'CLAIMED', claimed_by = $2, lease_until = $3 WHERE id = $1"
_CALLING: Final = """
UPDATE otp SET state = 'CALLING', claimed_by = NULL, lease_until = NULL, updated_at = $2
WHERE id = $1 AND state = 'CLAIMED'
"""
_RELEASE: Final = """
UPDATE otp SET state = 'PENDING', try_at = $2, claimed_by = NULL, lease_until = NULL WHERE id = $1 AND state = 'CLAIMED'
"""
_ENDED: Final = f"""
SELECT {_COLUMNS}, ended.snapshot
FROM otp
CROSS JOIN LATERAL (
    SELECT call.snapshot::text AS snapshot FROM call WHERE call.id = otp.call_id AND call.state = 'ENDED'
) AS ended
WHERE state = 'CALLING'
ORDER BY id LIMIT $1
FOR NO KEY UPDATE OF otp SKIP LOCKED
"""  # noqa: S608  # our own names
# Nobody has to speak it any more, so nobody can.
_END: Final = f"""
UPDATE otp
SET state = $2, failure = $3, detail = $4, disposition = $5, times_heard = $6, ended_at = $7, updated_at = $7,
    code_sealed = NULL, claimed_by = NULL, lease_until = NULL
WHERE id = $1 AND state IN ('PENDING', 'CLAIMED', 'CALLING')
RETURNING {_COLUMNS}
"""  # noqa: S608  # our own names
_SEALED: Final = "SELECT spoken, code_sealed FROM otp WHERE account_id = $1 AND id = $2"


def read(row: asyncpg.Record) -> Otp:
    """A row as a one-time password."""
    return Otp(
        id=row["id"],
        account_id=row["account_id"],
        state=OtpState.PENDING if row["state"] == CLAIMED else OtpState(row["state"]),
        call=msgspec.convert(row["wanted"], OtpCall),
        spoken=msgspec.convert(row["spoken"], Spoken),
        call_id=row["call_id"],
        expires_at=row["expires_at"],
        attempts=row["attempts"],
        max_attempts=row["max_attempts"],
        verified_at=row["verified_at"],
        times_heard=row["times_heard"],
        failure=None if row["failure"] is None else OtpFailure(row["failure"]),
        detail=row["detail"],
        disposition=None if row["disposition"] is None else Disposition(row["disposition"]),
        is_sandbox=row["is_sandbox"],
        created_at=row["created_at"],
        ended_at=row["ended_at"],
    )


def read_asked_by(row: asyncpg.Record) -> AskedBy:
    """At whose word."""
    return msgspec.convert(row["asked_by"], AskedBy)


def _admit(conditions: Conditions, where: OtpFilter) -> None:
    states = [state.value for state in where.states]
    conditions.add_any_of("state", [*states, CLAIMED] if OtpState.PENDING in where.states else states)
    conditions.add_given("number = {}", where.number)
    conditions.add_given("external_id = {}", where.external_id)
    conditions.add_given("created_at >= {}", where.created_from)
    conditions.add_given("created_at < {}", where.created_to)


#: As an account reads them: the latest first.
SHAPE: Final[Shape[Otp, OtpFilter]] = Shape(
    table="otp",
    names=_NAMES,
    expressions=_COLUMNS,
    admit=_admit,
    keys=(Key("created_at", datetime), Key("id", str)),
    descending=True,
    read=read,
)


async def seconds_until_room(
    connection: PooledConnection, account_id: str, number: str, caps: RateCaps, *, now: datetime
) -> tuple[str, float] | None:
    """Which cap is reached ("number" or "account"), and for how long; None when there is room.

    Until the commit nobody else of the account asks.
    """
    await connection.execute(_LOCK_CAPS, account_id)
    window = timedelta(seconds=caps.number_seconds)
    first = await connection.fetchval(_NUMBER_CAP, account_id, number, now - window, caps.per_number - 1)
    if first is not None:
        return "number", (first + window - now).total_seconds()
    window = timedelta(seconds=caps.account_seconds)
    first = await connection.fetchval(_ACCOUNT_CAP, account_id, now - window, caps.per_account - 1)
    return None if first is None else ("account", (first + window - now).total_seconds())


async def insert(connection: PooledConnection, one: Otp, code: KeptCode, asked_by: AskedBy) -> Otp:
    """Write a new one."""
    row = await connection.fetchrow(
        _INSERT,
        one.id,
        one.account_id,
        one.call.number,
        one.call.external_id,
        msgspec.to_builtins(one.call),
        msgspec.to_builtins(one.spoken),
        msgspec.to_builtins(asked_by),
        one.is_sandbox,
        code.salt,
        code.digest,
        code.sealed,
        one.expires_at,
        one.max_attempts,
        one.call_id,
        one.created_at,
    )
    assert row is not None  # INSERT … RETURNING gives its row
    return read(row)


async def lock(connection: PooledConnection, account_id: str, otp_id: str) -> asyncpg.Record | None:
    """One with what a code is compared with, until the transaction ends."""
    return await connection.fetchrow(_LOCK, account_id, otp_id)


async def count_attempt(
    connection: PooledConnection, otp_id: str, *, verified_at: datetime | None, now: datetime
) -> Otp:
    """A code was offered."""
    row = await connection.fetchrow(_COUNT_ATTEMPT, otp_id, verified_at, now)
    assert row is not None  # it is locked
    return read(row)


async def lock_due(connection: PooledConnection, *, now: datetime, node: str, limit: int) -> list[asyncpg.Record]:
    """Those whose call is to be placed, and those whose claim is nobody's any more; locked."""
    rows: list[asyncpg.Record] = await connection.fetch(_DUE, now, node, limit)
    return rows


async def claim(connection: PooledConnection, otp_id: str, *, node: str, until: datetime) -> None:
    """Be the one who places its call."""
    await connection.execute(_CLAIM, otp_id, node, until)


async def note_calling(connection: PooledConnection, otp_id: str, *, now: datetime) -> None:
    """Its call is there."""
    await connection.execute(_CALLING, otp_id, now)


async def release(connection: PooledConnection, otp_id: str, *, try_at: datetime) -> None:
    """Its call could not be placed just now."""
    await connection.execute(_RELEASE, otp_id, try_at)


async def lock_ended(connection: PooledConnection, limit: int) -> list[asyncpg.Record]:
    """Those whose call has ended and who have not heard of it, with the call; locked."""
    rows: list[asyncpg.Record] = await connection.fetch(_ENDED, limit)
    return rows


async def end(
    connection: PooledConnection,
    otp_id: str,
    state: OtpState,
    *,
    now: datetime,
    failure: OtpFailure | None = None,
    detail: str | None = None,
    disposition: Disposition | None = None,
    times_heard: int | None = None,
) -> Otp | None:
    """Nothing more is told; None when it had ended before."""
    row = await connection.fetchrow(
        _END,
        otp_id,
        state.value,
        None if failure is None else failure.value,
        detail,
        None if disposition is None else disposition.value,
        times_heard,
        now,
    )
    return None if row is None else read(row)


async def sealed(connection: PooledConnection, account_id: str, otp_id: str) -> tuple[Spoken, bytes] | None:
    """What is to be said, and the code, sealed; None when nobody has to say it any more."""
    row = await connection.fetchrow(_SEALED, account_id, otp_id)
    if row is None or row["code_sealed"] is None:
        return None
    return msgspec.convert(row["spoken"], Spoken), row["code_sealed"]
