"""Devices: phones that register, each with a user name and a secret of its own."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypedDict

from app.accounts.principal import Principal
from app.db.engine import PooledConnection
from app.errors import Problem, RefusedError
from app.ids import LINE_PREFIX, Kind, new_id
from app.resources import field_checks
from app.resources.resource import Resource
from app.resources.shelf import raise_all
from app.routing.model import Device
from app.routing.rows import AGENTS, DEVICES, EXTENSIONS
from app.routing.words import Codec, Transport

#: The SIP realm of our devices. It is part of what is stored of a secret, so it must never change.
REALM: Final = "offhook"
MOST_DEVICES: Final = 10
_SECRET_BYTES: Final = 18


class DeviceChanges(TypedDict, total=False):
    """What is there is set; None clears. At most one of the owners may be given, and moves the device."""

    extension_id: str
    agent_id: str
    label: str | None
    transport: Transport
    codecs: Sequence[Codec]


@dataclass(frozen=True, slots=True)
class IssuedDevice:
    """A device and its secret, which nobody can ask for again."""

    device: Device
    secret: str

    def __repr__(self) -> str:
        return f"IssuedDevice({self.device.id}, …)"


class Devices(Resource[Device]):
    """Phones."""

    shelf = DEVICES
    noun = "device"

    async def create(self, by: Principal, values: DeviceChanges) -> IssuedDevice:
        """One owner must be given. The user name is ``ofh-<account>-<number>`` and is never given out again."""
        if ("extension_id" in values) == ("agent_id" in values):
            raise RefusedError(Problem("REQUIRED", "Give an extension or an agent that it belongs to, one of them."))
        _check(values)
        device_id, secret = new_id(Kind.DEVICE), secrets.token_urlsafe(_SECRET_BYTES)
        async with self._writing() as connection:
            # The account's row lock makes two devices that are added at once take different numbers.
            account = await connection.fetchval(
                "SELECT name FROM account WHERE id = $1 FOR NO KEY UPDATE", by.account_id
            )
            await _lock_owner(connection, by.account_id, values)
            made_before = await connection.fetchval(
                "SELECT count(*) FROM device WHERE account_id = $1 AND is_provisioned", by.account_id
            )
            endpoint = f"{LINE_PREFIX}{account}-{made_before + 1}"
            device = await self.shelf.insert(
                connection,
                {
                    "id": device_id,
                    "account_id": by.account_id,
                    "endpoint": endpoint,
                    "is_provisioned": True,
                    "secret_sealed": self._seal(device_id, endpoint, secret),
                    **_columns(values),
                },
            )
        self._note(by, "create", device_id)
        await self._office.lines_changed()
        return IssuedDevice(device, secret)

    async def update(self, by: Principal, device_id: str, changes: DeviceChanges) -> Device:
        """Change what is given; a new owner takes the device over."""
        if "extension_id" in changes and "agent_id" in changes:
            raise RefusedError(Problem("INVALID_INPUT", "It belongs to an extension or to an agent, not to both."))
        _check(changes)
        async with self._writing() as connection:
            await _lock_owner(connection, by.account_id, changes)
            changed = await self.shelf.change(connection, by.account_id, device_id, _columns(changes))
        self._note(by, "update", device_id)
        await self._office.lines_changed()
        return changed

    async def rotate_secret(self, by: Principal, device_id: str) -> IssuedDevice:
        """A new secret; the old one is refused from the next registration on.

        Raises:
            RefusedError: NOT_FOUND; INVALID_STATE, Asterisk's own files have the device.
        """
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        async with self._writing() as connection:
            device = await self.shelf.get(connection, by.account_id, device_id)
            if device is None:
                raise self.shelf.missing()
            if not device.is_provisioned:
                message = "This device is in Asterisk's own files, where its secret is."
                raise RefusedError(Problem("INVALID_STATE", message, ("id",), current_state="NOT_PROVISIONED"))
            sealed = self._seal(device_id, device.endpoint, secret)
            device = await self.shelf.change(connection, by.account_id, device_id, {"secret_sealed": sealed})
        self._note(by, "rotate_secret", device_id)
        await self._office.lines_changed()
        return IssuedDevice(device, secret)

    async def delete(self, by: Principal, device_id: str) -> None:
        """Delete it: it can register no more."""
        async with self._writing() as connection:
            await self.shelf.delete(connection, by.account_id, device_id)
        self._note(by, "delete", device_id)
        await self._office.lines_changed()

    async def of_owners(self, account_id: str, column: str, owner_ids: Sequence[str]) -> list[Device]:
        """The devices of some extensions or agents (``extension_id``, ``agent_id``), oldest first."""
        async with self._office.database.acquire() as connection:
            return await self.shelf.find(
                connection, account_id, f"{_OWNERS[column]} = ANY($2::text[])", list(owner_ids)
            )

    def _seal(self, device_id: str, endpoint: str, secret: str) -> bytes:
        return self._office.seals.seal(digest_of(endpoint, secret).encode(), owner_id=device_id)


_OWNERS: Final = {"extension_id": "extension_id", "agent_id": "agent_id"}


def digest_of(username: str, secret: str) -> str:
    """H(A1) of SIP's digest authentication (RFC 8760, 2.3; RFC 7616, 3.4.2), with MD5, which every phone knows.

    Asterisk needs this and never the secret. Whoever has it can register as this device, and nothing else.
    """
    return hashlib.md5(f"{username}:{REALM}:{secret}".encode(), usedforsecurity=False).hexdigest()


async def _lock_owner(connection: PooledConnection, account_id: str, values: DeviceChanges) -> None:
    for column, shelf, field in (
        ("extension_id", EXTENSIONS, "extensionId"),
        ("agent_id", AGENTS, "agentId"),
    ):
        owner_id = values.get(column)
        if owner_id is None:
            continue
        await shelf.lock(connection, account_id, str(owner_id), field)
        count = await connection.fetchval(
            f"SELECT count(*) FROM device WHERE {column} = $1 AND deleted_at IS NULL",  # noqa: S608  # our own names
            owner_id,
        )
        if count >= MOST_DEVICES:
            raise RefusedError(Problem("INVALID_INPUT", f"It has {MOST_DEVICES} devices, which is the most.", (field,)))


def _columns(values: DeviceChanges) -> dict[str, object]:
    columns: dict[str, object] = dict(values)
    if "codecs" in values:
        columns["codecs"] = [codec.value for codec in values["codecs"]]
    if "transport" in values:
        columns["transport"] = values["transport"].value
    if "extension_id" in values:
        columns["agent_id"] = None
    elif "agent_id" in values:
        columns["extension_id"] = None
    return columns


def _check(values: DeviceChanges) -> None:
    problems = field_checks.check_label(values.get("label"))
    if "codecs" in values:
        problems += field_checks.check_unique(
            [one.value for one in values["codecs"]], "codecs", least=1, most=len(Codec)
        )
    raise_all(problems)
