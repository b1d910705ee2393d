"""Credentials of dialects: made, shown once, ended. A dialect is off for an account that has none."""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from app.accounts.allow_list import read_allow_list
from app.accounts.audit import AuditLog, entry_by
from app.accounts.dialect_rows import (
    COLUMNS,
    DialectCredential,
    IssuedCredential,
    list_credentials,
    read_credential,
)
from app.accounts.dialects import NAMED, SCOPES, SIGNED, Dialect
from app.accounts.key_rows import check_restrictions, check_scopes
from app.accounts.principal import Principal
from app.accounts.service import check_text
from app.clock import Clock
from app.db.engine import Database
from app.db.keyset import Key, RowCount, count_listed, keyset_rows
from app.errors import Problem, RefusedError
from app.ids import Kind, new_id
from app.paging import Page, PageRequest

LIVE_PREFIX: Final = "ofd_live_"
TEST_PREFIX: Final = "ofd_test_"
SIGNING_PREFIX: Final = "ofs_"

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # letters that are hard to mistake
_SECRET_LENGTH: Final = 48  # 5 bits each: 240 bits
_USER_NAME_LENGTH: Final = 16
_HINT_LENGTH: Final = 4
_LONGEST_NAME: Final = 100
_LONGEST_SECRET: Final = 200
_ORDER: Final = (Key("created_at", datetime), Key("id", str))


class Seals(Protocol):
    """Keeps a secret that must be used again."""

    def seal(self, plain: bytes, *, owner_id: str) -> bytes: ...
    def open(self, sealed: bytes, *, owner_id: str) -> bytes: ...


def hash_secret(hashing_key: bytes, dialect: Dialect, secret: str) -> bytes:
    """What is kept of a secret. A secret of one dialect is none in another."""
    text = f"dialect/{dialect.value}/{secret[:_LONGEST_SECRET]}"
    return hmac.digest(hashing_key, text.encode("utf-8", "replace"), "sha256")


class DialectCredentials:
    """The credentials of all accounts; every change names the account whose credential it is."""

    def __init__(self, database: Database, hashing_key: bytes, seals: Seals, audit: AuditLog, clock: Clock) -> None:
        self._database = database
        self._hashing_key = hashing_key
        self._seals = seals
        self._audit = audit
        self._clock = clock

    async def create(
        self,
        account_id: str,
        *,
        dialect: Dialect,
        name: str,
        is_test: bool = False,
        ip_allow_list: Sequence[str] = (),
        expires_at: datetime | None = None,
        by: Principal | None = None,
    ) -> IssuedCredential:
        """Make a credential. In a sandbox account every one is a test credential.

        Args:
            account_id: Whose it is.
            dialect: Where it is good.
            name: What people call it.
            is_test: Whether it reaches the sandbox only; a test key cannot make a live one.
            ip_allow_list: Networks or addresses it may be used from; empty for anywhere, or, where a dialect wants a
                list, for nowhere but the account's own list.
            expires_at: When it ends by itself; None for never.
            by: Who asks: a key that has all scopes that the dialect needs. None is the operator.

        Raises:
            RefusedError: INVALID_INPUT, REQUIRED, SANDBOX_ONLY; NOT_FOUND, there is no such account.
        """
        networks, problems = read_allow_list(ip_allow_list)
        texts = [str(network) for network in networks]
        problems += check_text(name, ("name",), longest=_LONGEST_NAME)
        if expires_at is not None and (expires_at.tzinfo is None or expires_at <= self._clock.now()):
            problems.append(Problem("INVALID_INPUT", "The expiry must lie in the future.", ("expiresAt",)))
        if by is not None and by.is_test and not is_test:
            problems.append(Problem("SANDBOX_ONLY", "A test key cannot make a live credential.", ("isTest",)))
        problems += [
            Problem(problem.code, f"For this dialect: {problem.message}", ("dialect",))
            for problem in check_scopes(SCOPES[dialect], by)
        ]
        problems += check_restrictions(by, expires_at=expires_at, ip_allow_list=texts)
        if by is not None and by.document_hashes:
            message = "The key that asks is limited to certain documents, and a credential is to none."
            problems.append(Problem("INVALID_INPUT", message))
        if problems:
            raise RefusedError(problems)
        issued = await self._insert(account_id, dialect, name.strip(), texts, expires_at, is_test=is_test)
        self._audit.record(
            entry_by(by, "dialect_credential.create", account_id=account_id, subject_id=issued.credential.id)
        )
        return issued

    async def revoke(self, account_id: str, credential_id: str, *, by: Principal | None = None) -> DialectCredential:
        """End a credential for good, at once and everywhere. Again changes nothing.

        Raises:
            RefusedError: NOT_FOUND; SANDBOX_ONLY, a test key ends a live one.
        """
        async with self._database.acquire() as connection, connection.transaction():
            is_test = await connection.fetchval(
                "SELECT is_test FROM dialect_credential WHERE account_id = $1 AND id = $2 FOR UPDATE",
                account_id,
                credential_id,
            )
            if is_test is None:
                raise RefusedError(Problem("NOT_FOUND", "There is no such credential.", ("id",)))
            if by is not None and by.is_test and not is_test:
                raise RefusedError(Problem("SANDBOX_ONLY", "A test key cannot end a live credential.", ("id",)))
            row = await connection.fetchrow(
                "UPDATE dialect_credential SET revoked_at = coalesce(revoked_at, $2) "  # noqa: S608  # constant columns
                f"WHERE id = $1 RETURNING {COLUMNS}",
                credential_id,
                self._clock.now(),
            )
        self._audit.record(entry_by(by, "dialect_credential.revoke", account_id=account_id, subject_id=credential_id))
        return read_credential(row)

    async def page(self, account_id: str, page: PageRequest) -> Page[DialectCredential]:
        """The account's credentials, newest first, revoked and expired ones too.

        Raises:
            RefusedError: INVALID_CURSOR.
        """
        async with self._database.acquire() as connection:
            return await keyset_rows(
                connection,
                list_credentials(account_id),
                keys=_ORDER,
                descending=True,
                page=page,
                item=read_credential,
            )

    async def count(self, account_id: str) -> RowCount:
        """How many credentials :meth:`page` goes through."""
        async with self._database.acquire() as connection:
            return await count_listed(connection, list_credentials(account_id))

    async def _insert(
        self,
        account_id: str,
        dialect: Dialect,
        name: str,
        networks: Sequence[str],
        expires_at: datetime | None,
        *,
        is_test: bool,
    ) -> IssuedCredential:
        credential_id = new_id(Kind.DIALECT_CREDENTIAL)
        async with self._database.acquire() as connection:
            is_sandbox = await connection.fetchval("SELECT is_sandbox FROM account WHERE id = $1", account_id)
            if is_sandbox is None:
                raise RefusedError(Problem("NOT_FOUND", "There is no such account.", ("account",)))
            is_test = is_test or is_sandbox
            prefix = TEST_PREFIX if is_test else LIVE_PREFIX
            secret = _draw(prefix, _SECRET_LENGTH)
            signing_key = _draw(SIGNING_PREFIX, _SECRET_LENGTH) if dialect in SIGNED else None
            row = await connection.fetchrow(
                "INSERT INTO dialect_credential "  # noqa: S608  # constant columns
                "(id, account_id, dialect, name, is_test, hint, user_name, secret_hash, sealed_key, ip_allow_list, "
                "created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
                f"RETURNING {COLUMNS}",
                credential_id,
                account_id,
                dialect.value,
                name,
                is_test,
                f"{prefix}…{secret[-_HINT_LENGTH:]}",
                _draw("", _USER_NAME_LENGTH) if dialect in NAMED else None,
                hash_secret(self._hashing_key, dialect, secret),
                None if signing_key is None else self._seals.seal(signing_key.encode(), owner_id=credential_id),
                list(networks),
                self._clock.now(),
                expires_at,
            )
        return IssuedCredential(secret=secret, signing_key=signing_key, credential=read_credential(row))


def _draw(prefix: str, length: int) -> str:
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))
