"""A supervisor whom a test can hear and speak with: an extension of the sandbox whose phone is at the far end."""

import uuid
from typing import Final

from app.calls.core.verbs import StartSupervision, Target
from app.db.engine import Database
from app.facts.vocabulary import SupervisionMode
from tests.rig.fixtures import FAR_END_TRUNK

SUPERVISOR_NUMBER: Final = "+15550116003"
SUPERVISOR_EXTENSION: Final = "2005"

_SEAT: Final = """
UPDATE device SET endpoint = $1 FROM extension WHERE extension.id = device.extension_id AND extension.number = $2
"""


async def seat_supervisor(database: Database) -> None:
    """From here on the phone of extension 2005 is reached as ``SUPERVISOR_NUMBER`` at the far end."""
    await seat(database, SUPERVISOR_EXTENSION, SUPERVISOR_NUMBER)


async def seat(database: Database, extension: str, number: str, *, trunk: str = FAR_END_TRUNK) -> None:
    """From here on the phone of an extension is reached as a number at the far end, or over another trunk."""
    async with database.acquire() as connection:
        await connection.execute(_SEAT, f"{number}@{trunk}", extension)


def supervise(mode: SupervisionMode) -> StartSupervision:
    """A new request that this supervisor listens."""
    target = Target(extension=SUPERVISOR_EXTENSION)
    return StartSupervision(idempotency_key=str(uuid.uuid4()), mode=mode, supervisor=target)
