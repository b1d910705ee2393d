"""From where an account, or one of its keys, may be used: set, and heard of at once by what is open."""

from collections.abc import Sequence
from typing import Final

from app.accounts.allow_list import read_allow_list
from app.accounts.audit import AuditLog, entry_by
from app.accounts.keys import ApiKeys
from app.accounts.principal import Principal
from app.accounts.sessions import Sessions
from app.db.engine import Database
from app.errors import Problem, RefusedError

_FIELD: Final = ("networks",)


class AllowLists:
    """The allow-lists of accounts; a key's own is set with the key."""

    def __init__(self, database: Database, keys: ApiKeys, sessions: Sessions, audit: AuditLog) -> None:
        self._database = database
        self._keys = keys
        self._sessions = sessions
        self._audit = audit

    async def of_account(self, account_id: str) -> tuple[str, ...]:
        """The account's list; empty for anywhere."""
        async with self._database.acquire() as connection:
            found = await connection.fetchval("SELECT ip_allow_list FROM account WHERE id = $1", account_id)
        return tuple(found or ())

    async def set(
        self, account_id: str, networks: Sequence[str], *, key_id: str | None = None, by: Principal | None = None
    ) -> tuple[str, ...]:
        """Set the list of an account, or of one of its keys; empty for anywhere. Gives it as it is kept.

        An account's list holds for all its keys and access tokens, beside the list that a key has of its own. Whoever
        shuts itself out is mended by the operator: ``offhook account allow-list``.

        Raises:
            RefusedError: INVALID_INPUT, not an address or network, or one of all addresses; NOT_FOUND; SANDBOX_ONLY, a
                test key sets what holds for live ones; and as `ApiKeys.update`.
        """
        read, problems = read_allow_list(networks, field=_FIELD)
        if problems:
            raise RefusedError(problems)
        if key_id is not None:
            key = await self._keys.update(
                account_id, key_id, ip_allow_list=networks, by=by, field="keyId", networks_field=_FIELD
            )
            return key.ip_allow_list
        texts = [str(network) for network in read]
        async with self._database.acquire() as connection, connection.transaction():
            is_sandbox = await connection.fetchval(
                "SELECT is_sandbox FROM account WHERE id = $1 FOR NO KEY UPDATE", account_id
            )
            if is_sandbox is None:
                raise RefusedError(Problem("NOT_FOUND", "There is no such account."))
            if by is not None and by.is_test and not is_sandbox:
                raise RefusedError(Problem("SANDBOX_ONLY", "A test key cannot say where live keys may be used from."))
            await connection.execute("UPDATE account SET ip_allow_list = $2 WHERE id = $1", account_id, texts)
        await self._sessions.recheck(account_id)
        self._audit.record(entry_by(by, "ip_allow_list.set", account_id=account_id, subject_id=account_id))
        return tuple(texts)
