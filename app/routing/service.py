"""What the operator makes without a key: the sandbox's rows, and lines that are in Asterisk's own files.

What accounts make for themselves, and Offhook then keeps in Asterisk, is `app.routing.resources`.
"""

import re
from typing import Any, Final

import asyncpg

from app.accounts.audit import AuditLog, entry_by
from app.accounts.principal import Principal
from app.accounts.service import check_text
from app.db.engine import Database
from app.errors import Problem, RefusedError
from app.ids import Kind, new_id
from app.numbers.parse import is_dial_template, is_e164, parse_extension
from app.routing.model import Agent, Device, Extension, OutboundNumber, Trunk
from app.routing.rows import AGENTS, DEVICES, EXTENSIONS, NUMBERS, TRUNKS

_TRUNK_NAME: Final = re.compile(r"[a-z0-9]{1,20}", re.ASCII)
_EMAIL: Final = re.compile(r"[^@\s\x00-\x1f<>\"]{1,64}@[A-Za-z0-9.-]{1,189}", re.ASCII)
_LONGEST_TEXT: Final = 100
_MOST_DEVICES: Final = 10

_EXTENSION: Final = ", ".join(EXTENSIONS.columns)
_AGENT: Final = ", ".join(AGENTS.columns)
_DEVICE: Final = ", ".join(DEVICES.columns)
_TRUNK: Final = ", ".join(TRUNKS.columns)
_NUMBER: Final = ", ".join(NUMBERS.columns)


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
        _require(_check_label(label))
        row = await self._insert(
            f"INSERT INTO extension (id, account_id, number, label) "  # noqa: S608  # constant columns
            f"SELECT $1, account.id, $3, $4 FROM account WHERE account.id = $2 RETURNING {_EXTENSION}",
            (new_id(Kind.EXTENSION), account_id, number, label),
            taken=Problem("ALREADY_EXISTS", f"There is an extension {number} already.", ("number",)),
            missing=_no_account(),
        )
        self._note(by, "extension.create", row)
        return EXTENSIONS.read(row)

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
        problems = check_text(name, ("name",), longest=_LONGEST_TEXT)
        if email is not None and _EMAIL.fullmatch(email) is None:
            problems.append(Problem("INVALID_INPUT", "This is not an e-mail address.", ("email",)))
        _require(problems)
        row = await self._insert(
            f"INSERT INTO agent (id, account_id, name, email, extension_id) "  # noqa: S608  # constant columns
            "SELECT $1, account.id, $3, $4, extension.id FROM account "
            "LEFT JOIN extension ON extension.id = $5 AND extension.account_id = account.id "
            "AND extension.deleted_at IS NULL "
            f"WHERE account.id = $2 AND ($5::text IS NULL OR extension.id IS NOT NULL) RETURNING {_AGENT}",
            (new_id(Kind.AGENT), account_id, name.strip(), email, extension_id),
            missing=Problem("NOT_FOUND", "There is no such extension.", ("extensionId",)),
        )
        self._note(by, "agent.create", row)
        return AGENTS.read(row)

    async def create_device(
        self, account_id: str, extension_id: str, *, label: str | None = None, by: Principal | None = None
    ) -> Device:
        """A phone of an extension.

        Its endpoint in Asterisk is ``<account>-<extension>``; the second and further ones of an extension add
        ``-2``, ``-3``, …
        """
        _require(_check_label(label))
        async with self._database.acquire() as connection, connection.transaction():
            # The row lock makes two devices that are added at once take different numbers.
            owner = await connection.fetchrow(
                "SELECT account.name, extension.number FROM extension "
                "JOIN account ON account.id = extension.account_id "
                "WHERE extension.id = $1 AND extension.account_id = $2 AND extension.deleted_at IS NULL "
                "FOR UPDATE OF extension",
                extension_id,
                account_id,
            )
            if owner is None:
                raise RefusedError(Problem("NOT_FOUND", "There is no such extension.", ("extensionId",)))
            base = f"{owner['name']}-{owner['number']}"
            candidates = [base, *(f"{base}-{number}" for number in range(2, _MOST_DEVICES + 1))]
            taken = {
                row["endpoint"]
                for row in await connection.fetch("SELECT endpoint FROM device WHERE endpoint = ANY($1)", candidates)
            }
            endpoint = next((name for name in candidates if name not in taken), None)
            if endpoint is None:
                raise RefusedError(
                    Problem("INVALID_INPUT", f"An extension has at most {_MOST_DEVICES} devices.", ("extensionId",))
                )
            row = await connection.fetchrow(
                f"INSERT INTO device (id, account_id, extension_id, endpoint, label) "  # noqa: S608  # constant columns
                f"VALUES ($1, $2, $3, $4, $5) RETURNING {_DEVICE}",
                new_id(Kind.DEVICE),
                account_id,
                extension_id,
                endpoint,
                label,
            )
        assert row is not None  # INSERT … VALUES … RETURNING gives its row
        self._note(by, "device.create", row)
        return DEVICES.read(row)

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
        problems = []
        if _TRUNK_NAME.fullmatch(name) is None:
            problems.append(
                Problem("INVALID_INPUT", "A trunk's name is 1 to 20 lower-case letters and digits.", ("name",))
            )
        if not is_dial_template(dial_template):
            problems.append(
                Problem(
                    "INVALID_INPUT",
                    "A dial template is {e164}, {digits} or {national}, with digits, * or # around it.",
                    ("dialTemplate",),
                )
            )
        _require(problems)
        row = await self._insert_with_default(
            "trunk",
            account_id,
            is_default,
            "INSERT INTO trunk (id, account_id, name, endpoint, dial_template, is_default, is_sandbox) "  # noqa: S608  # constant columns
            f"VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING {_TRUNK}",
            lambda account_name, makes_default: (
                new_id(Kind.TRUNK),
                account_id,
                name,
                f"{account_name}-trunk-{name}",
                dial_template,
                makes_default,
                is_sandbox,
            ),
            taken=Problem("ALREADY_EXISTS", f"There is a trunk {name!r} already.", ("name",)),
        )
        self._note(by, "trunk.create", row)
        return TRUNKS.read(row)

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
        problems = _check_label(label)
        if not is_e164(number):
            problems.append(Problem("INVALID_NUMBER", "Write it as + and the digits with country code.", ("number",)))
        _require(problems)
        row = await self._insert_with_default(
            "outbound_number",
            account_id,
            is_default,
            "INSERT INTO outbound_number (id, account_id, number, label, is_default) "  # noqa: S608  # constant columns
            f"VALUES ($1, $2, $3, $4, $5) RETURNING {_NUMBER}",
            lambda _name, makes_default: (new_id(Kind.OUTBOUND_NUMBER), account_id, number, label, makes_default),
            taken=Problem("ALREADY_EXISTS", f"The account has {number} already.", ("number",)),
        )
        self._note(by, "outbound_number.create", row)
        return NUMBERS.read(row)

    async def list_extensions(self, account_id: str) -> list[Extension]:
        """The account's extensions, by number."""
        return [EXTENSIONS.read(row) for row in await self._fetch("extension", _EXTENSION, account_id, "number")]

    async def list_agents(self, account_id: str) -> list[Agent]:
        """The account's agents, by name."""
        return [AGENTS.read(row) for row in await self._fetch("agent", _AGENT, account_id, "name, id")]

    async def list_devices(self, account_id: str) -> list[Device]:
        """The account's devices, by endpoint."""
        return [DEVICES.read(row) for row in await self._fetch("device", _DEVICE, account_id, "endpoint")]

    async def list_trunks(self, account_id: str) -> list[Trunk]:
        """The account's trunks, by name."""
        return [TRUNKS.read(row) for row in await self._fetch("trunk", _TRUNK, account_id, "name")]

    async def list_outbound_numbers(self, account_id: str) -> list[OutboundNumber]:
        """The account's outbound numbers, by number."""
        return [NUMBERS.read(row) for row in await self._fetch("outbound_number", _NUMBER, account_id, "number")]

    async def _fetch(self, table: str, columns: str, account_id: str, order: str) -> list[asyncpg.Record]:
        async with self._database.acquire() as connection:
            return await connection.fetch(
                f"SELECT {columns} FROM {table} WHERE account_id = $1 AND deleted_at IS NULL ORDER BY {order}",  # noqa: S608  # all names are constants of this file
                account_id,
            )

    async def _insert(
        self, statement: str, values: tuple[Any, ...], *, missing: Problem, taken: Problem | None = None
    ) -> asyncpg.Record:
        try:
            async with self._database.acquire() as connection:
                row = await connection.fetchrow(statement, *values)
        except asyncpg.UniqueViolationError as error:
            if taken is None:
                raise
            raise RefusedError(taken) from error
        if row is None:
            raise RefusedError(missing)
        return row

    async def _insert_with_default(
        self, table: str, account_id: str, is_default: bool, statement: str, values: Any, *, taken: Problem
    ) -> asyncpg.Record:
        """Insert a row of a table in which each account has at most one default, and one as soon as it has a row."""
        try:
            async with self._database.acquire() as connection, connection.transaction():
                # The account's row lock keeps two writers from making two defaults.
                name = await connection.fetchval("SELECT name FROM account WHERE id = $1 FOR NO KEY UPDATE", account_id)
                if name is None:
                    raise RefusedError(_no_account())
                has_default = await connection.fetchval(
                    f"SELECT EXISTS (SELECT FROM {table} "  # noqa: S608  # a constant of this file
                    "WHERE account_id = $1 AND is_default AND deleted_at IS NULL)",
                    account_id,
                )
                if is_default and has_default:
                    await connection.execute(
                        f"UPDATE {table} SET is_default = false WHERE account_id = $1 AND is_default",  # noqa: S608  # a constant of this file
                        account_id,
                    )
                row = await connection.fetchrow(statement, *values(name, is_default or not has_default))
        except asyncpg.UniqueViolationError as error:
            raise RefusedError(taken) from error
        assert row is not None  # INSERT … VALUES … RETURNING gives its row
        return row

    def _note(self, by: Principal | None, action: str, row: asyncpg.Record) -> None:
        self._audit.record(entry_by(by, action, account_id=row["account_id"], subject_id=row["id"]))


def _check_label(label: str | None) -> list[Problem]:
    return [] if label is None else check_text(label, ("label",), longest=_LONGEST_TEXT)


def _require(problems: list[Problem]) -> None:
    if problems:
        raise RefusedError(problems)


def _no_account() -> Problem:
    return Problem("NOT_FOUND", "There is no such account.", ("accountId",))
