"""The trunks: whether Asterisk knows what our rows name, and whether the far end is there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg

from app.ari.errors import AriError
from app.config import Settings
from app.db.engine import Database
from app.doctor.findings import Finding, failed, ok, warning
from app.errors import ConfigurationError, DatabaseUnavailableError
from app.local.database import embedded_directory, reachable_database
from app.local.reached import ari_client

_TIMEOUT_SECONDS: Final = 5.0
#: Asterisk asks for the first time at random within `qualify_frequency`, 30 seconds in our templates.
_FIRST_ROUND: Final = timedelta(seconds=60)
_TRUNKS: Final = """
SELECT account.name AS account, trunk.name, trunk.endpoint, trunk.is_sandbox
FROM trunk JOIN account ON account.id = trunk.account_id
WHERE trunk.deleted_at IS NULL
ORDER BY account.name, trunk.name
"""


@dataclass(frozen=True, slots=True)
class TrunkRow:
    """A trunk of some account, as its row says; ``endpoint`` is its PJSIP name."""

    account: str
    name: str
    endpoint: str
    is_sandbox: bool


async def check_trunks(settings: Settings) -> list[Finding]:
    """Compare the accounts' trunks with the Asterisk that the settings name.

    Nothing, when either cannot be asked: the checks of the database and of Asterisk say so. The embedded Asterisk has
    the sandbox's trunk alone, and brings it along.
    """
    if settings.ari_url is None or settings.ari_password is None:
        return []
    trunks = await _read_trunks(settings)
    if not trunks:
        return []
    async with ari_client(settings) as ari:
        try:
            states = {one.resource: one.state for one in await ari.list_endpoints(technology="PJSIP")}
            status = (await ari.info()).status
        except AriError:
            return []  # said by the check of Asterisk itself
    has_asked = status is None or datetime.now(UTC) - status.startup_time > _FIRST_ROUND
    return judge_trunks(trunks, states, has_asked=has_asked)


def judge_trunks(
    trunks: Sequence[TrunkRow], states: Mapping[str, str | None], *, has_asked: bool = True
) -> list[Finding]:
    """What the states of Asterisk's endpoints, by name, mean for the trunks.

    ``has_asked``: Asterisk has been up for so long that it has asked every far end once; before, it calls them offline.
    """
    findings = []
    online = 0
    for trunk in trunks:
        title = f"The trunk {trunk.name!r} of account {trunk.account!r}"
        match states.get(trunk.endpoint, "missing"):
            case "online":
                online += 1
            case "offline" if not has_asked:
                mend = "Look again in a minute."
                findings.append(warning("trunks", f"{title} has not been asked yet: Asterisk has just started.", mend))
            case "offline":
                mend = (
                    f"Check the address, network and credentials of [{trunk.endpoint}] in pjsip.conf, and that the "
                    f"provider answers OPTIONS (`pjsip show endpoint {trunk.endpoint}` in Asterisk's console)."
                )
                findings.append(failed("trunks", f"{title} is down: its far end does not answer.", mend))
            case "missing" if trunk.is_sandbox:
                pass  # a row of the time when the embedded Asterisk was used; nobody's calls go there
            case "missing":
                mend = (
                    f"Give pjsip.conf an endpoint, aor and identify of the name {trunk.endpoint}, or delete the trunk."
                )
                findings.append(failed("trunks", f"{title} is unknown to Asterisk.", mend))
            case _:
                mend = f"Set `qualify_frequency = 30` in the aor of {trunk.endpoint}."
                findings.append(warning("trunks", f"{title} may be up or down: Asterisk does not know.", mend))
    if online:
        findings.insert(0, ok("trunks", f"{online} of {len(trunks)} online"))
    return findings


async def _read_trunks(settings: Settings) -> list[TrunkRow]:
    if settings.database_url is None and not (embedded_directory(settings) / "cluster").exists():
        return []
    try:
        async with reachable_database(settings, may_join=True) as dsn:
            database = await Database.connect(dsn, pool_size=1, command_timeout=_TIMEOUT_SECONDS)
            try:
                async with database.acquire() as connection:
                    return [TrunkRow(**row) for row in await connection.fetch(_TRUNKS)]
            finally:
                await database.aclose()
    except asyncpg.UndefinedTableError:
        return []  # Offhook has never been here
    except (ConfigurationError, DatabaseUnavailableError):
        return []  # said by the check of the database itself
