"""The lines that an Asterisk should have, read from the rows of all accounts."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import asyncpg
import structlog

from app.db.engine import Database
from app.errors import ConfigurationError
from app.provisioning.objects import (
    DEVICE_QUALIFY_SECONDS,
    DeviceLine,
    PjsipObject,
    TrunkLine,
    UnsafeLineError,
    device_objects,
    trunk_objects,
)
from app.routing.words import Codec, LineState, Transport
from app.secrets.sealing import Seals

_log = structlog.get_logger(__name__)

_DEVICES: Final = """
SELECT device.id, device.account_id, account.is_sandbox, device.endpoint, device.secret_sealed, device.transport,
       device.codecs, device.extension_id, device.agent_id, said.state, said.contact
FROM device
JOIN account ON account.id = device.account_id
LEFT JOIN line_state said ON said.line_id = device.id AND said.node = $1
WHERE device.is_provisioned AND device.deleted_at IS NULL AND account.suspended_at IS NULL
"""
_TRUNKS: Final = """
SELECT trunk.id, trunk.account_id, account.is_sandbox, trunk.name, trunk.endpoint, trunk.is_provisioned, trunk.host,
       trunk.port, trunk.transport, trunk.username, trunk.secret_sealed, trunk.registers, trunk.match_addresses,
       trunk.codecs, trunk.qualify_seconds, said.state, said.contact
FROM trunk
JOIN account ON account.id = trunk.account_id
LEFT JOIN line_state said ON said.line_id = trunk.id AND said.node = $1
-- A sandbox trunk leads to this very Asterisk: it says nothing of the world.
WHERE trunk.is_enabled AND NOT trunk.is_sandbox AND trunk.deleted_at IS NULL AND account.suspended_at IS NULL
"""
_GONE: Final = """
SELECT device.id, device.account_id, account.is_sandbox, device.endpoint, device.extension_id, device.agent_id,
       said.state, said.contact
FROM line_state said
JOIN device ON device.id = said.line_id
JOIN account ON account.id = device.account_id
WHERE said.node = $1 AND said.state = 'UP' AND (device.deleted_at IS NOT NULL OR account.suspended_at IS NOT NULL)
"""


class LineKind(StrEnum):
    """What a line is."""

    DEVICE = "DEVICE"
    TRUNK = "TRUNK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A device or a trunk, as one node sees it. ``objects`` is empty for what is in Asterisk's own files.

    ``state`` and ``contact`` are what was last said of it. ``qualify_seconds`` is how often Asterisk asks whether it
    is there; 0 is never. ``address`` is where a trunk's calls go, when we keep it.
    """

    id: str
    kind: LineKind
    account_id: str
    is_sandbox: bool
    endpoint: str
    name: str
    objects: tuple[PjsipObject, ...]
    qualify_seconds: int
    state: LineState
    contact: str | None
    address: str | None = None
    extension_id: str | None = None
    agent_id: str | None = None


class LineStore:
    """Reads lines; of no account in particular, so no API key may reach it."""

    def __init__(self, database: Database, seals: Seals, *, node: str) -> None:
        self._database = database
        self._seals = seals
        self._node = node

    async def wanted(self) -> list[Line]:
        """Every line that Asterisk should have, or be watched for. One that cannot be made is left out, and said.

        Raises:
            DatabaseUnavailableError: the database is away.
        """
        async with self._database.acquire() as connection:
            devices = await connection.fetch(_DEVICES, self._node)
            trunks = await connection.fetch(_TRUNKS, self._node)
        lines = [*map(self._device, devices), *map(self._trunk, trunks)]
        return [line for line in lines if line is not None]

    async def gone(self) -> list[Line]:
        """Devices that are deleted and of which the last word was that they are registered."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_GONE, self._node)
        return [_line(row, LineKind.DEVICE, (), qualify_seconds=DEVICE_QUALIFY_SECONDS) for row in rows]

    def _device(self, row: asyncpg.Record) -> Line | None:
        try:
            digest = self._seals.open(row["secret_sealed"], owner_id=row["id"]).decode()
            objects = device_objects(
                DeviceLine(
                    endpoint=row["endpoint"],
                    digest=digest,
                    transport=Transport(row["transport"]),
                    codecs=tuple(Codec(one) for one in row["codecs"]),
                )
            )
        except (ConfigurationError, UnsafeLineError) as error:
            _log.error("device_not_provisioned", device_id=row["id"], reason=str(error))
            return None
        return _line(row, LineKind.DEVICE, objects, qualify_seconds=DEVICE_QUALIFY_SECONDS)

    def _trunk(self, row: asyncpg.Record) -> Line | None:
        if not row["is_provisioned"]:
            return _line(row, LineKind.TRUNK, (), qualify_seconds=row["qualify_seconds"])
        try:
            sealed = row["secret_sealed"]
            line = TrunkLine(
                endpoint=row["endpoint"],
                host=row["host"],
                port=row["port"],
                transport=Transport(row["transport"]),
                username=row["username"],
                secret=None if sealed is None else self._seals.open(sealed, owner_id=row["id"]).decode(),
                registers=row["registers"],
                match_addresses=tuple(row["match_addresses"]),
                codecs=tuple(Codec(one) for one in row["codecs"]),
                qualify_seconds=row["qualify_seconds"],
            )
            objects = trunk_objects(line)
        except (ConfigurationError, UnsafeLineError) as error:
            _log.error("trunk_not_provisioned", trunk_id=row["id"], reason=str(error))
            return None
        return _line(row, LineKind.TRUNK, objects, qualify_seconds=row["qualify_seconds"], address=line.contact)


def _line(
    row: asyncpg.Record,
    kind: LineKind,
    objects: tuple[PjsipObject, ...],
    *,
    qualify_seconds: int,
    address: str | None = None,
) -> Line:
    values: dict[str, Any] = dict(row)
    return Line(
        id=values["id"],
        kind=kind,
        account_id=values["account_id"],
        is_sandbox=values["is_sandbox"],
        endpoint=values["endpoint"],
        name=values.get("name", values["endpoint"]),
        objects=objects,
        qualify_seconds=qualify_seconds,
        state=LineState(values["state"] or LineState.UNKNOWN),
        contact=values["contact"],
        address=address,
        extension_id=values.get("extension_id"),
        agent_id=values.get("agent_id"),
    )
