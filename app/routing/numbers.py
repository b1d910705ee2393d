"""Outbound numbers, and pools of them."""

from collections.abc import Sequence
from typing import Final, TypedDict

from app.accounts.principal import Principal
from app.db.engine import PooledConnection
from app.errors import Problem, RefusedError
from app.ids import Kind, new_id
from app.numbers.parse import E164
from app.resources import field_checks
from app.resources.resource import Resource
from app.resources.shelf import raise_all
from app.routing import checks
from app.routing.defaults import lock_account, settle_default, take_default
from app.routing.model import OutboundNumber, OutboundNumberPool
from app.routing.rows import NUMBERS, POOLS, TRUNKS
from app.routing.words import NumberCapability

MOST_NUMBERS: Final = 1000
_VERIFICATION: Final = """
SELECT verification_otp_id FROM outbound_number WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL
"""
_VERIFY: Final = """
UPDATE outbound_number SET verified_at = now(), verification_otp_id = NULL
WHERE account_id = $1 AND id = $2 AND verification_otp_id = $3 AND deleted_at IS NULL RETURNING id
"""


class NumberChanges(TypedDict, total=False):
    """What is there is set; None clears."""

    label: str | None
    is_default: bool
    trunk_id: str | None
    capabilities: Sequence[NumberCapability]


class PoolChanges(TypedDict, total=False):
    """What is there is set; ``number_ids`` replaces, the others add and take away."""

    name: str
    number_ids: Sequence[str]
    add_number_ids: Sequence[str]
    remove_number_ids: Sequence[str]


class OutboundNumbers(Resource[OutboundNumber]):
    """What the account's calls may show."""

    shelf = NUMBERS
    noun = "outbound_number"

    async def create(self, by: Principal, number: E164, values: NumberChanges) -> OutboundNumber:
        """The account's first number is its default."""
        raise_all([*_check_number(values), *checks.check_outbound_number(number)])
        async with self._writing() as connection:
            await lock_account(connection, by.account_id)
            await _lock_trunk(connection, by.account_id, values)
            is_wanted = values.get("is_default", False)
            is_default = await settle_default(connection, NUMBERS, by.account_id, is_wanted=is_wanted)
            with self.shelf.unique("number", "The account has this number already."):
                made = await self.shelf.insert(
                    connection,
                    {
                        "id": new_id(Kind.OUTBOUND_NUMBER),
                        "account_id": by.account_id,
                        "number": number,
                        **_number_columns(values),
                        "is_default": is_default,
                    },
                )
        self._note(by, "create", made.id)
        return made

    async def update(self, by: Principal, number_id: str, changes: NumberChanges) -> OutboundNumber:
        """Change what is given. The number itself stays: another one is another number."""
        raise_all(_check_number(changes))
        async with self._writing() as connection:
            await lock_account(connection, by.account_id)
            await _lock_trunk(connection, by.account_id, changes)
            if changes.get("is_default"):
                await take_default(connection, NUMBERS, by.account_id)
            changed = await self.shelf.change(connection, by.account_id, number_id, _number_columns(changes))
        self._note(by, "update", number_id)
        return changed

    async def delete(self, by: Principal, number_id: str) -> None:
        """Delete it; pools lose it."""
        async with self._writing() as connection:
            await self.shelf.delete(connection, by.account_id, number_id)
            await connection.execute("DELETE FROM outbound_number_pool_member WHERE number_id = $1", number_id)
        self._note(by, "delete", number_id)

    async def find_proving_trunk(self, account_id: str, trunk_id: str | None) -> str:
        """The trunk, or the default one, if a call over it shows whose a number is: an operator's that leads outside.

        Over a trunk that an account has made for itself the call goes wherever the account likes.

        Raises:
            RefusedError: NOT_FOUND, NOT_SUPPORTED.
        """
        async with self._office.database.acquire() as connection:
            if trunk_id is None:
                found = next(iter(await TRUNKS.find(connection, account_id, "is_default")), None)
            else:
                found = await TRUNKS.get(connection, account_id, trunk_id)
        if found is None:
            message = "There is no such trunk." if trunk_id else "The account has no default trunk; name one."
            raise RefusedError(Problem("NOT_FOUND", message, ("trunkId",)))
        if found.is_provisioned or found.is_sandbox:
            message = (
                "A call shows whose a number is only over a trunk that the operator has set up. Ask the operator, who "
                "verifies numbers with `offhook number verify`."
            )
            raise RefusedError(Problem("NOT_SUPPORTED", message, ("trunkId",)))
        return found.id

    async def begin_verification(self, by: Principal, number_id: str, otp_id: str) -> OutboundNumber:
        """Whoever knows this one-time password, which the number is told, has the number. A former one counts no more.

        Raises:
            RefusedError: NOT_FOUND.
        """
        async with self._writing() as connection:
            changed = await self.shelf.change(connection, by.account_id, number_id, {"verification_otp_id": otp_id})
        self._note(by, "begin_verification", number_id)
        return changed

    async def verification_of(self, account_id: str, number_id: str) -> str | None:
        """The one-time password that would verify the number; None when it is told none."""
        async with self._office.database.acquire() as connection:
            found: str | None = await connection.fetchval(_VERIFICATION, account_id, number_id)
        return found

    async def finish_verification(self, by: Principal, number_id: str, otp_id: str) -> OutboundNumber:
        """The number is the account's: somebody there knew what it was told.

        Raises:
            RefusedError: NOT_FOUND; INVALID_STATE, another verification was begun meanwhile.
        """
        async with self._writing() as connection:
            if await connection.fetchval(_VERIFY, by.account_id, number_id, otp_id) is None:
                message = "Another verification of this number was begun meanwhile."
                raise RefusedError(Problem("INVALID_STATE", message, ("code",), current_state="UNVERIFIED"))
            verified = await self.shelf.get(connection, by.account_id, number_id)
        assert verified is not None  # it was changed just now
        self._note(by, "verify", number_id)
        return verified


class OutboundNumberPools(Resource[OutboundNumberPool]):
    """Numbers of which one is chosen for each call."""

    shelf = POOLS
    noun = "outbound_number_pool"

    async def create(self, by: Principal, values: PoolChanges) -> OutboundNumberPool:
        """``name`` must be given."""
        _check_pool(values)
        pool_id = new_id(Kind.OUTBOUND_NUMBER_POOL)
        async with self._writing() as connection:
            with self.shelf.unique("name", f"There is a pool {values['name']!r} already."):
                await self.shelf.insert(
                    connection, {"id": pool_id, "account_id": by.account_id, "name": values["name"]}
                )
            await _write_members(connection, by.account_id, pool_id, list(values.get("number_ids", ())))
            made = await self.shelf.get(connection, by.account_id, pool_id)
        assert made is not None  # it was made just now
        self._note(by, "create", pool_id)
        return made

    async def update(self, by: Principal, pool_id: str, changes: PoolChanges) -> OutboundNumberPool:
        """Change what is given. A number to be added that is there already stays in its place."""
        _check_pool(changes)
        async with self._writing() as connection:
            # Two who add at once must not overwrite each other.
            await connection.execute("SELECT FROM outbound_number_pool WHERE id = $1 FOR NO KEY UPDATE", pool_id)
            with self.shelf.unique("name", f"There is a pool {changes.get('name')!r} already."):
                before = await self.shelf.change(
                    connection, by.account_id, pool_id, {k: v for k, v in changes.items() if k == "name"}
                )
            members = [*changes.get("number_ids", before.number_ids), *changes.get("add_number_ids", ())]
            removed = set(changes.get("remove_number_ids", ()))
            kept = [one for one in dict.fromkeys(members) if one not in removed]
            if kept != list(before.number_ids):
                await _write_members(connection, by.account_id, pool_id, kept)
            changed = await self.shelf.get(connection, by.account_id, pool_id)
        assert changed is not None  # it is locked
        self._note(by, "update", pool_id)
        return changed

    async def delete(self, by: Principal, pool_id: str) -> None:
        """Delete it; its numbers stay."""
        async with self._writing() as connection:
            await self.shelf.delete(connection, by.account_id, pool_id)
        self._note(by, "delete", pool_id)


async def _write_members(connection: PooledConnection, account_id: str, pool_id: str, number_ids: list[str]) -> None:
    raise_all(field_checks.check_unique(number_ids, "numberIds", least=0, most=MOST_NUMBERS))
    await NUMBERS.lock_all(connection, account_id, number_ids, "numberIds")
    await connection.execute("DELETE FROM outbound_number_pool_member WHERE pool_id = $1", pool_id)
    await connection.executemany(
        "INSERT INTO outbound_number_pool_member (pool_id, number_id, place) VALUES ($1, $2, $3)",
        [(pool_id, number_id, place) for place, number_id in enumerate(number_ids)],
    )


async def _lock_trunk(connection: PooledConnection, account_id: str, values: NumberChanges) -> None:
    trunk_id = values.get("trunk_id")
    if trunk_id is not None:
        await TRUNKS.lock(connection, account_id, trunk_id, "trunkId")


def _number_columns(values: NumberChanges) -> dict[str, object]:
    columns: dict[str, object] = dict(values)
    if "capabilities" in values:
        columns["capabilities"] = [one.value for one in values["capabilities"]]
    return columns


def _check_number(values: NumberChanges) -> list[Problem]:
    problems = field_checks.check_label(values.get("label"))
    if "capabilities" in values:
        given = [one.value for one in values["capabilities"]]
        problems += field_checks.check_unique(given, "capabilities", least=1, most=len(NumberCapability))
    return problems


def _check_pool(values: PoolChanges) -> None:
    raise_all(field_checks.check_name(values["name"]) if "name" in values else [])
