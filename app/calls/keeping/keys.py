"""Idempotency keys: one key, one request, one effect, for good.

The key is claimed in the transaction that first writes what it makes, so a request that was refused, or whose write
failed, has not burnt its key. A key that tells of a person who was forgotten is veiled, and holds all the same.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from app.db.engine import PooledConnection
from app.errors import Problem, RefusedError

LONGEST_KEY: Final = 255

_CLAIM: Final = """
INSERT INTO request_key (account_id, mutation, key, input_hash, subject_id)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[])
ON CONFLICT DO NOTHING
RETURNING subject_id
"""

_FIND_MANY: Final = """
SELECT account_id, mutation, key, input_hash, subject_id
FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (account_id, mutation, key)
JOIN request_key USING (account_id, mutation, key)
"""

_FIND: Final = """
SELECT input_hash, subject_id, answer FROM request_key
WHERE account_id = $1 AND mutation = $2 AND key = ANY($3::text[])
LIMIT 1
"""
_KEEP_ANSWER: Final = "UPDATE request_key SET answer = $4 WHERE account_id = $1 AND mutation = $2 AND key = $3"
#: What stands in a key's place begins so.
_VEILED: Final = "veiled:"
_VEILED_KEY: Final = re.compile(_VEILED + "[a-p]{64}")
#: Digits of a hash, as letters: nobody can take them for a telephone number.
_AS_LETTERS: Final = str.maketrans("0123456789", "ghijklmnop")


@dataclass(frozen=True, slots=True)
class KeyClaim:
    """What a request wants to write down under its key. ``input_hash`` leaves out ``waitFor``: waiting is no effect."""

    account_id: str
    mutation: str
    key: str
    input_hash: bytes
    subject_id: str


@dataclass(frozen=True, slots=True)
class KeyVeil:
    """What stands in the place of keys that must not be read any more, because they told of a person who is forgotten.

    Whoever has the key finds its request by it as before; nobody comes from it to the key, nor by trying all telephone
    numbers: it is keyed with ``secret``, which is ``ServiceSecret.derive(Purpose.REQUEST_KEYS)``.
    """

    secret: bytes = field(repr=False)

    def of(self, account_id: str, mutation: str, key: str) -> str:
        """The veiled form of a key; of a veiled one, itself."""
        if _VEILED_KEY.fullmatch(key):
            return key
        about = f"{account_id}\n{mutation}\n{key}"  # none of the three has a line break
        return _VEILED + hmac.digest(self.secret, about.encode(), "sha256").hex().translate(_AS_LETTERS)


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Who has a key already. ``answer`` is what :func:`keep_answer` kept, as JSON reads; None when nothing was."""

    input_hash: bytes
    subject_id: str
    answer: Any = None


def hash_input(fields: dict[str, Any]) -> bytes:
    """The fingerprint of a normalised input; the order of fields does not matter."""
    return hashlib.sha256(msgspec.json.encode(fields, order="deterministic")).digest()


def check_key(key: str) -> None:
    """Raises RefusedError (INVALID_INPUT) unless the key is 1 to 255 printable ASCII characters."""
    if not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        problem = f"An idempotency key has 1 to {LONGEST_KEY} printable ASCII characters. A random UUID serves well."
        raise RefusedError(Problem("INVALID_INPUT", problem, ("idempotencyKey",)))


def check_same_input(holder: KeyHolder, input_hash: bytes) -> None:
    """Raises RefusedError (IDEMPOTENCY_KEY_REUSED) when the key was used for another input."""
    if holder.input_hash != input_hash:
        raise key_is_reused()


def key_is_reused() -> RefusedError:
    """The refusal of a key that belongs to another request."""
    problem = "This idempotency key was used with another input. Use a new key for a new request."
    return RefusedError(Problem("IDEMPOTENCY_KEY_REUSED", problem, ("idempotencyKey",)))


async def claim_keys(connection: PooledConnection, claims: Sequence[KeyClaim]) -> frozenset[str]:
    """Claim keys in the caller's transaction; gives the subjects whose claim held, the others' keys are taken."""
    rows = await connection.fetch(
        _CLAIM,
        [claim.account_id for claim in claims],
        [claim.mutation for claim in claims],
        [claim.key for claim in claims],
        [claim.input_hash for claim in claims],
        [claim.subject_id for claim in claims],
    )
    return frozenset(row["subject_id"] for row in rows)


async def find_holders(connection: PooledConnection, claims: Sequence[KeyClaim]) -> dict[KeyClaim, KeyHolder]:
    """Who has the keys of these claims, as far as anybody has. One round trip, however many claim the same key."""
    names = sorted({_name_of(claim) for claim in claims})
    rows = await connection.fetch(_FIND_MANY, *(list(column) for column in zip(*names, strict=True)))
    holders = {
        (row["account_id"], row["mutation"], row["key"]): KeyHolder(row["input_hash"], row["subject_id"])
        for row in rows
    }
    return {claim: holders[_name_of(claim)] for claim in claims if _name_of(claim) in holders}


def _name_of(claim: KeyClaim) -> tuple[str, str, str]:
    return claim.account_id, claim.mutation, claim.key


async def find_key(
    connection: PooledConnection, account_id: str, mutation: str, key: str, veil: KeyVeil | None
) -> KeyHolder | None:
    """Who has this key, if anybody; also when it was veiled since. ``veil``: None where no keys ever are."""
    forms = [key] if veil is None else [key, veil.of(account_id, mutation, key)]
    row = await connection.fetchrow(_FIND, account_id, mutation, forms)
    return None if row is None else KeyHolder(row["input_hash"], row["subject_id"], row["answer"])


async def keep_answer(connection: PooledConnection, claim: KeyClaim, answer: dict[str, Any]) -> None:
    """Keep what is answered under a key that this transaction has claimed, for whoever comes with it again.

    For what is not to be read from what it made. It must tell of no person: it is kept as long as the key.
    """
    await connection.execute(_KEEP_ANSWER, claim.account_id, claim.mutation, claim.key, answer)
