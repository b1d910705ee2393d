"""What the operator makes without a key: the sandbox's rows, and lines that are in Asterisk's own files.

What accounts make for themselves, and Offhook then keeps in Asterisk, is `app.routing.resources`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final, TypedDict, TypeVar

from app.accounts.audit import AuditLog, entry_by
from app.accounts.principal import Principal
from app.db.engine import Database, PooledConnection
from app.errors import Problem, RefusedError
from app.ids import Kind, new_id
from app.numbers.parse import parse_extension
from app.resources import field_checks
from app.resources.shelf import Shelf, raise_all
from app.routing import checks
from app.routing.defaults import lock_account, settle_default
from app.routing.model import Agent, Device, Extension, OutboundNumber, Trunk
from app.routing.rows import AGENTS, DEVICES, EXTENSIONS, NUMBERS, TRUNKS

_MOST_DEVICES: Final = 10

T = TypeVar("T")


class OperatorsChanges(TypedDict, total=False):
    """What is there is set; None clears."""

    dial_template: str
    max_channels: int | None
    is_enabled: bool


class Routing:
    """The rows that `app.routing.directory` reads. Every statement names the account.

    All methods raise RefusedError: INVALID_INPUT, REQUIRED or INVALID_NUMBER for what is malformed, ALREADY_EXISTS for
    what is taken, NOT_FOUND for an account or a row that is not there or is another account's.
    """

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

    async def create_extension(
        self, account_id: str, number: str, *, label: str | None = None, by: Principal | None = None
    ) -> Extension:
        """An internal number, 2 to 6 digits, not in use in the account."""
        parse_extension(number, field=("number",))
        raise_all(field_checks.check_label(label))
        row = {"id": new_id(Kind.EXTENSION), "account_id": account_id, "number": number, "label": label}
        async with self._writing(account_id) as (connection, _):
            with EXTENSIONS.unique("number", f"There is an extension {number} already."):
                made = await EXTENSIONS.insert(connection, row)
        self._note(by, "extension.create", account_id, made.id)
        return made

    async def create_agent(
        self,
        account_id: str,
        name: str,
        *,
        extension_id: str | None = None,
        email: str | None = None,
        by: Principal | None = None,
    ) -> Agent:
        """A person, at an extension of the account or at none yet."""
        raise_all([*checks.check_agent_name(name), *checks.check_email(email)])
        row = {"id": new_id(Kind.AGENT), "account_id": account_id, "name": name.strip(), "email": email}
        async with self._writing(account_id) as (connection, _):
            if extension_id is not None:
                await EXTENSIONS.lock(connection, account_id, extension_id, "extensionId")
            made = await AGENTS.insert(connection, {**row, "extension_id": extension_id})
        self._note(by, "agent.create", account_id, made.id)
        return made

    async def create_device(
        self, account_id: str, extension_id: str, *, label: str | None = None, by: Principal | None = None
    ) -> Device:
        """A phone of an extension.

        Its endpoint in Asterisk is ``<account>-<extension>``; the second and further ones of an extension add
        ``-2``, ``-3``, …
        """
        raise_all(field_checks.check_label(label))
        row = {"id": new_id(Kind.DEVICE), "account_id": account_id, "extension_id": extension_id, "label": label}
        # The account's lock makes two devices that are added at once take different numbers.
        async with self._writing(account_id) as (connection, account_name):
            extension = await EXTENSIONS.get(connection, account_id, extension_id)
            if extension is None:
                raise EXTENSIONS.missing("extensionId")
            endpoint = await _free_endpoint(connection, f"{account_name}-{extension.number}")
            made = await DEVICES.insert(connection, {**row, "endpoint": endpoint})
        self._note(by, "device.create", account_id, made.id)
        return made

    async def create_trunk(
        self,
        account_id: str,
        name: str,
        *,
        dial_template: str = "{digits}",
        is_default: bool = False,
        is_sandbox: bool = False,
        by: Principal | None = None,
    ) -> Trunk:
        """A way out, ``<account>-trunk-<name>`` in Asterisk. The account's first one is its default."""
        raise_all([*checks.check_trunk_name(name), *checks.check_dial_template(dial_template)])
        row = {"id": new_id(Kind.TRUNK), "account_id": account_id, "name": name, "dial_template": dial_template}
        async with self._writing(account_id) as (connection, account_name):
            with TRUNKS.unique("name", f"There is a trunk {name!r} already."):
                made = await TRUNKS.insert(
                    connection,
                    {
                        **row,
                        "endpoint": f"{account_name}-trunk-{name}",
                        "is_default": await settle_default(connection, TRUNKS, account_id, is_wanted=is_default),
                        "is_sandbox": is_sandbox,
                    },
                )
        self._note(by, "trunk.create", account_id, made.id)
        return made

    async def set_trunk(self, account_id: str, name: str, changes: OperatorsChanges) -> Trunk:
        """Change what is the operator's alone of a trunk in Asterisk's own files; what is left out stays.

        Raises:
            RefusedError: beside all else, INVALID_STATE for a trunk that the account made: it changes that itself.
        """
        problems = checks.check_channels(changes.get("max_channels"))
        if "dial_template" in changes:
            problems += checks.check_dial_template(changes["dial_template"])
        raise_all(problems)
        async with self._writing(account_id) as (connection, _):
            found = next(iter(await TRUNKS.find(connection, account_id, "name = $2", name)), None)
            if found is None:
                raise RefusedError(Problem("NOT_FOUND", f"The account has no trunk {name!r}.", ("trunk",)))
            if found.is_provisioned:
                message = "The account made this trunk, and changes it: updateTrunk."
                raise RefusedError(Problem("INVALID_STATE", message, ("trunk",), current_state="PROVISIONED"))
            changed = await TRUNKS.change(connection, account_id, found.id, dict(changes))
        self._note(None, "trunk.update", account_id, changed.id)
        return changed

    async def create_outbound_number(
        self,
        account_id: str,
        number: str,
        *,
        label: str | None = None,
        is_default: bool = False,
        by: Principal | None = None,
    ) -> OutboundNumber:
        """A number the account may show, E.164. The account's first one is its default."""
        raise_all([*field_checks.check_label(label), *checks.check_outbound_number(number)])
        row = {
            "id": new_id(Kind.OUTBOUND_NUMBER),
            "account_id": account_id,
            "number": number,
            "label": label,
            "verified_at": datetime.now(UTC),  # the operator vouches for it
        }
        async with self._writing(account_id) as (connection, _):
            is_default = await settle_default(connection, NUMBERS, account_id, is_wanted=is_default)
            with NUMBERS.unique("number", f"The account has {number} already."):
                made = await NUMBERS.insert(connection, {**row, "is_default": is_default})
        self._note(by, "outbound_number.create", account_id, made.id)
        return made

    async def verify_outbound_number(self, account_id: str, number: str) -> OutboundNumber:
        """The operator vouches that the number, E.164, is the account's."""
        async with self._writing(account_id) as (connection, _):
            found = next(iter(await NUMBERS.find(connection, account_id, "number = $2", number)), None)
            if found is None:
                raise RefusedError(Problem("NOT_FOUND", "The account has no such outbound number.", ("number",)))
            values = {"verified_at": datetime.now(UTC), "verification_otp_id": None}
            verified = await NUMBERS.change(connection, account_id, found.id, values)
        self._note(None, "outbound_number.verify", account_id, found.id)
        return verified

    async def list_extensions(self, account_id: str) -> list[Extension]:
        """The account's extensions, by number."""
        return sorted(await self._list(EXTENSIONS, account_id), key=lambda one: one.number)

    async def list_agents(self, account_id: str) -> list[Agent]:
        """The account's agents, by name."""
        return sorted(await self._list(AGENTS, account_id), key=lambda one: one.name)

    async def list_devices(self, account_id: str) -> list[Device]:
        """The account's devices, by endpoint."""
        return sorted(await self._list(DEVICES, account_id), key=lambda one: one.endpoint)

    async def list_trunks(self, account_id: str) -> list[Trunk]:
        """The account's trunks, by name."""
        return sorted(await self._list(TRUNKS, account_id), key=lambda one: one.name)

    async def list_outbound_numbers(self, account_id: str) -> list[OutboundNumber]:
        """The account's outbound numbers, by number."""
        return sorted(await self._list(NUMBERS, account_id), key=lambda one: one.number)

    async def _list(self, shelf: Shelf[T], account_id: str) -> list[T]:
        async with self._database.acquire() as connection:
            return await shelf.find(connection, account_id, "true")

    @asynccontextmanager
    async def _writing(self, account_id: str) -> AsyncIterator[tuple[PooledConnection, str]]:
        """A transaction in which nobody else writes for the account, and the account's name."""
        async with self._database.acquire() as connection, connection.transaction():
            yield connection, await lock_account(connection, account_id)

    def _note(self, by: Principal | None, action: str, account_id: str, row_id: str) -> None:
        self._audit.record(entry_by(by, action, account_id=account_id, subject_id=row_id))


async def _free_endpoint(connection: PooledConnection, base: str) -> str:
    candidates = [base, *(f"{base}-{number}" for number in range(2, _MOST_DEVICES + 1))]
    rows = await connection.fetch("SELECT endpoint FROM device WHERE endpoint = ANY($1)", candidates)
    taken = {row["endpoint"] for row in rows}
    for name in candidates:
        if name not in taken:
            return name
    raise RefusedError(Problem("INVALID_INPUT", f"An extension has at most {_MOST_DEVICES} devices.", ("extensionId",)))
