"""The accounts' endpoints: made, changed, deleted, listed, their secrets rotated."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import asyncpg
from msgspec import UNSET, UnsetType

from app.accounts.scopes import Scope
from app.clock import Clock
from app.db.conditions import Conditions
from app.db.engine import Database
from app.db.keyset import Key, Listing, RowCount, count_listed, keyset_rows
from app.egress.requests import Egress
from app.egress.signing import new_secret, show_secret
from app.errors import Problem, RefusedError, ScopeError
from app.facts.masking import Sight
from app.ids import Kind, new_id
from app.paging import Page, PageRequest
from app.resources.field_checks import check_description
from app.resources.shelf import raise_all
from app.secrets.sealing import Sealer
from app.webhooks.classic import CLASSIC_EVENTS, classic_patterns
from app.webhooks.event_types import check_event_types, like_pattern
from app.webhooks.listeners import announce_endpoint, wait_until_heard
from app.webhooks.model import API_VERSION, CreatedEndpoint, Endpoint, Format
from app.webhooks.payload import VERSIONS
from app.webhooks.rotation import DEFAULT_GRACE, rotate_secret

MOST_ENDPOINTS: Final = 20
LONGEST_DESCRIPTION: Final = 500
NOTHING: Final = Sight()
_PORTION: Final = 5000

_NAMES: Final = (
    *("id", "account_id", "url", "event_types", "description", "api_version", "format", "reads_pii", "reads_dtmf"),
    *("reads_recordings", "retired_until", "is_enabled", "disabled_reason", "disabled_at", "failing_since"),
    "created_at",
)
_COLUMNS: Final = ", ".join(_NAMES)
_KEYS: Final = (Key("id", str),)

_INSERT: Final = f"""
INSERT INTO webhook_endpoint (id, account_id, url, description, event_types, patterns, api_version, secret_sealed,
                              reads_pii, reads_dtmf, is_enabled, next_delivery_sequence, created_at, format,
                              reads_recordings)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, true, 1, $11, $12, $13)
RETURNING {_COLUMNS}
"""  # noqa: S608  # our own constant

_COUNT: Final = "SELECT count(*) FROM webhook_endpoint WHERE account_id = $1 AND deleted_at IS NULL"

_GET: Final = f"SELECT {_COLUMNS} FROM webhook_endpoint WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL"  # noqa: S608  # our own constant

_LOCK: Final = f"""
SELECT {_COLUMNS} FROM webhook_endpoint WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE
"""  # noqa: S608  # our own constant

# An omitted argument comes with false beside it, so that null can clear.
_UPDATE: Final = f"""
UPDATE webhook_endpoint
SET url = coalesce($3, url), event_types = coalesce($4, event_types), patterns = coalesce($5, patterns),
    description = CASE WHEN $6 THEN $7 ELSE description END, is_enabled = coalesce($8, is_enabled),
    disabled_reason = CASE WHEN $8 THEN NULL ELSE disabled_reason END,
    disabled_at = CASE WHEN $8 THEN NULL WHEN NOT $8 THEN coalesce(disabled_at, $14) ELSE disabled_at END,
    failing_since = CASE WHEN $8 THEN NULL ELSE failing_since END,
    reads_pii = coalesce($9, reads_pii), reads_dtmf = coalesce($10, reads_dtmf),
    reads_recordings = coalesce($11, reads_recordings), api_version = coalesce($12, api_version),
    format = coalesce($13, format)
WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL
RETURNING {_COLUMNS}
"""  # noqa: S608  # our own constant

# What was kept while the endpoint was disabled is due at once, with a whole schedule before it. Skipping what is locked
# cannot deadlock; by portions, so that no statement takes long, however much was kept.
_RESUME: Final = """
UPDATE webhook_delivery SET next_attempt_at = $2, earlier_attempts = attempts
WHERE id IN (SELECT id FROM webhook_delivery
             WHERE endpoint_id = $1 AND state = 'PENDING' AND (next_attempt_at > $2 OR attempts > earlier_attempts)
               AND (leased_until IS NULL OR leased_until <= $2)
             LIMIT $3 FOR UPDATE SKIP LOCKED)
"""

_DELETE: Final = """
UPDATE webhook_endpoint SET deleted_at = $3, is_enabled = false
WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL
RETURNING id
"""

# Those on their way just now are settled by who sends them; see _RESUME.
_DROP: Final = """
UPDATE webhook_delivery SET state = 'DROPPED', finished_at = $2, leased_until = NULL
WHERE id IN (SELECT id FROM webhook_delivery
             WHERE endpoint_id = $1 AND state = 'PENDING' AND (leased_until IS NULL OR leased_until <= $2)
             LIMIT $3 FOR UPDATE SKIP LOCKED)
"""


class WebhookEndpoints:
    """The use cases. Each takes the account and looks nowhere else; another account's endpoint does not exist."""

    def __init__(self, database: Database, sealer: Sealer, egress: Egress, clock: Clock) -> None:
        self._database = database
        self._sealer = sealer
        self._egress = egress
        self._clock = clock

    async def create(
        self,
        account_id: str,
        *,
        url: str,
        event_types: Sequence[str] = ("*",),
        description: str | None = None,
        api_version: str = API_VERSION,
        format: Format = Format.STANDARD,  # noqa: A002  # its public name
        reads_pii: bool = False,
        reads_dtmf: bool = False,
        reads_recordings: bool = False,
        granted: Sight = NOTHING,
        may_grant_recordings: bool = False,
    ) -> CreatedEndpoint:
        """Make an endpoint; its secret is in the answer and never shown again.

        ``granted`` and ``may_grant_recordings`` are what who makes it may see and fetch: nobody gives an endpoint more.

        Raises:
            RefusedError: URL_NOT_ALLOWED, INVALID_INPUT (event types, version, description, too many endpoints).
            ScopeError: it is to see more than who makes it.
        """
        _check_granted(granted, reads_pii=reads_pii, reads_dtmf=reads_dtmf)
        _check_recordings(may_grant_recordings, is_given=reads_recordings)
        globs = check_event_types(event_types, field=("eventTypes",))
        patterns = _patterns(globs, format)
        _check_version(api_version)
        _check_description(description)
        await self._egress.check(url)
        endpoint_id = new_id(Kind.WEBHOOK_ENDPOINT)
        key = new_secret()
        async with self._database.acquire() as connection, connection.transaction():
            # Two requests at once must not both be the last one allowed.
            await connection.execute("SELECT FROM account WHERE id = $1 FOR NO KEY UPDATE", account_id)
            if await connection.fetchval(_COUNT, account_id) >= MOST_ENDPOINTS:
                raise RefusedError(
                    Problem("INVALID_INPUT", f"An account has at most {MOST_ENDPOINTS} webhook endpoints; delete one.")
                )
            row = await connection.fetchrow(
                _INSERT,
                endpoint_id,
                account_id,
                url,
                description,
                list(globs),
                patterns,
                api_version,
                self._sealer.seal(key, owner_id=endpoint_id),
                reads_pii,
                reads_dtmf,
                self._clock.now(),
                format.value,
                reads_recordings,
            )
            await announce_endpoint(connection)
        await wait_until_heard(self._database)
        assert row is not None
        return CreatedEndpoint(self._endpoint(row), show_secret(key))

    async def update(
        self,
        account_id: str,
        endpoint_id: str,
        *,
        url: str | UnsetType = UNSET,
        event_types: Sequence[str] | UnsetType = UNSET,
        description: str | UnsetType | None = UNSET,
        is_enabled: bool | UnsetType = UNSET,
        api_version: str | UnsetType = UNSET,
        format: Format | UnsetType = UNSET,  # noqa: A002  # its public name
        reads_pii: bool | UnsetType = UNSET,
        reads_dtmf: bool | UnsetType = UNSET,
        reads_recordings: bool | UnsetType = UNSET,
        granted: Sight = NOTHING,
        may_grant_recordings: bool = False,
    ) -> Endpoint:
        """Change what is given. Enabling sends what was kept meanwhile; a None description clears it.

        ``granted`` and ``may_grant_recordings`` are what who changes it may see and fetch: nobody gives an endpoint
        more, or has what it gets sent elsewhere.

        Raises:
            RefusedError: NOT_FOUND, URL_NOT_ALLOWED, INVALID_INPUT.
            ScopeError: see above.
        """
        globs = None if event_types is UNSET else check_event_types(event_types, field=("eventTypes",))
        if api_version is not UNSET:
            _check_version(api_version)
        if description is not UNSET:
            _check_description(description)
        if url is not UNSET:
            await self._egress.check(url)
        async with self._database.acquire() as connection, connection.transaction():
            before = await connection.fetchrow(_LOCK, endpoint_id, account_id)
            if before is None:
                raise _not_found()
            # A new address gets all that the endpoint sees; the old one, only what is new.
            moves = url is not UNSET and url != before["url"]
            _check_granted(
                granted,
                reads_pii=_is_given_out(before["reads_pii"], reads_pii, moves=moves),
                reads_dtmf=_is_given_out(before["reads_dtmf"], reads_dtmf, moves=moves),
            )
            _check_recordings(
                may_grant_recordings,
                is_given=_is_given_out(before["reads_recordings"], reads_recordings, moves=moves),
            )
            row = await connection.fetchrow(
                _UPDATE,
                endpoint_id,
                account_id,
                None if url is UNSET else url,
                None if globs is None else list(globs),
                _patterns(
                    before["event_types"] if globs is None else globs,
                    Format(before["format"]) if format is UNSET else format,
                ),
                description is not UNSET,
                None if description is UNSET else description,
                None if is_enabled is UNSET else is_enabled,
                None if reads_pii is UNSET else reads_pii,
                None if reads_dtmf is UNSET else reads_dtmf,
                None if reads_recordings is UNSET else reads_recordings,
                None if api_version is UNSET else api_version,
                None if format is UNSET else format.value,
                self._clock.now(),
            )
        assert row is not None  # it was there, and is locked
        if is_enabled is True:
            await self._change_deliveries(_RESUME, endpoint_id)
        return self._endpoint(row)

    async def rotate_secret(
        self, account_id: str, endpoint_id: str, *, grace: timedelta = DEFAULT_GRACE
    ) -> CreatedEndpoint:
        """Give an endpoint a new secret, which is shown this once; the old one signs beside it for ``grace``.

        Raises:
            RefusedError: NOT_FOUND, INVALID_INPUT, INVALID_STATE (see ``rotation``).
        """
        secret = await rotate_secret(self._database, self._sealer, self._clock, account_id, endpoint_id, grace=grace)
        endpoint = await self.get(account_id, endpoint_id)
        if endpoint is None:
            raise _not_found()  # deleted in the meantime
        return CreatedEndpoint(endpoint, secret)

    async def delete(self, account_id: str, endpoint_id: str) -> None:
        """Delete an endpoint; what was still to be delivered to it is dropped. Its history can still be read.

        Raises:
            RefusedError: NOT_FOUND.
        """
        async with self._database.acquire() as connection:
            deleted = await connection.fetchval(_DELETE, endpoint_id, account_id, self._clock.now())
        if deleted is None:
            raise _not_found()
        await self._change_deliveries(_DROP, endpoint_id)

    async def get(self, account_id: str, endpoint_id: str) -> Endpoint | None:
        """One endpoint, None when the account has no such."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_GET, endpoint_id, account_id)
        return None if row is None else self._endpoint(row)

    async def page(self, account_id: str, request: PageRequest) -> Page[Endpoint]:
        """The account's endpoints, oldest first.

        Raises:
            RefusedError: INVALID_CURSOR.
        """
        async with self._database.acquire() as connection:
            return await keyset_rows(
                connection, _list(account_id), keys=_KEYS, descending=False, page=request, item=self._endpoint
            )

    async def count(self, account_id: str) -> RowCount:
        """How many endpoints the account has."""
        async with self._database.acquire() as connection:
            return await count_listed(connection, _list(account_id))

    def _endpoint(self, row: asyncpg.Record) -> Endpoint:
        values: dict[str, Any] = dict(row)
        values["event_types"] = tuple(values["event_types"])
        values["format"] = Format(values["format"])
        until = max(values.pop("retired_until"), default=None)
        return Endpoint(
            **values, previous_secret_until=until if until is not None and until > self._clock.now() else None
        )

    async def _change_deliveries(self, statement: str, endpoint_id: str) -> None:
        now = self._clock.now()
        async with self._database.acquire() as connection:
            while await connection.execute(statement, endpoint_id, now, _PORTION) == f"UPDATE {_PORTION}":
                pass


def _list(account_id: str) -> Listing:
    where = Conditions()
    where.add("account_id = {}", account_id)
    where.add("deleted_at IS NULL")
    return Listing("webhook_endpoint", _NAMES, _COLUMNS, where)


def _is_given_out(had: bool, asked: bool | UnsetType, *, moves: bool) -> bool:
    """Whether a change sends something of this kind where it did not go before."""
    has = had if asked is UNSET else asked
    return has and (moves or not had)


def _check_granted(granted: Sight, *, reads_pii: bool, reads_dtmf: bool) -> None:
    for is_read, is_granted, scope in (
        (reads_pii, granted.has_numbers, Scope.PII_READ),
        (reads_dtmf, granted.has_digits, Scope.DTMF_READ),
    ):
        if is_read and not is_granted:
            raise ScopeError(scope.value)


def _check_recordings(may_grant: bool, *, is_given: bool) -> None:
    if is_given and not may_grant:
        raise ScopeError(Scope.RECORDINGS_READ.value)


def _check_version(api_version: str) -> None:
    if api_version not in VERSIONS:
        known = ", ".join(repr(version) for version in VERSIONS)
        raise RefusedError(Problem("INVALID_INPUT", f"There is no such version; use {known}.", ("apiVersion",)))


def _patterns(globs: Sequence[str], wanted: Format) -> list[str]:
    """What is sent to an endpoint that asks for ``globs``, as LIKE patterns.

    Raises:
        RefusedError: INVALID_INPUT, nothing would ever be.
    """
    if wanted is Format.STANDARD:
        return [like_pattern(glob) for glob in globs]
    names = classic_patterns(globs)
    if not names:
        message = f"The CLASSIC format has {' and '.join(CLASSIC_EVENTS)} alone; ask for one of them."
        raise RefusedError(Problem("INVALID_INPUT", message, ("eventTypes",)))
    return [like_pattern(name) for name in names]


def _check_description(description: str | None) -> None:
    raise_all(check_description(description, longest=LONGEST_DESCRIPTION))


def _not_found() -> RefusedError:
    return RefusedError(Problem("NOT_FOUND", "There is no such webhook endpoint.", ("id",)))
