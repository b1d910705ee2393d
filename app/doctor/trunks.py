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
from app.routing.words import LineState

_TIMEOUT_SECONDS: Final = 5.0
#: Asterisk asks for the first time at random within `qualify_frequency`, 30 seconds in our templates.
_FIRST_ROUND: Final = timedelta(seconds=60)
# As provisioning has it: of the others Asterisk is not to know.
_TRUNKS: Final = """
SELECT account.name AS account, trunk.id, trunk.name, trunk.endpoint, trunk.is_sandbox, trunk.is_provisioned,
    said.state, said.changed_at
FROM trunk JOIN account ON account.id = trunk.account_id
LEFT JOIN LATERAL (
    SELECT state, changed_at FROM line_state WHERE line_id = trunk.id ORDER BY state, changed_at LIMIT 1
) AS said ON true
WHERE trunk.is_enabled AND trunk.deleted_at IS NULL AND account.suspended_at IS NULL
ORDER BY account.name, trunk.name
"""


@dataclass(frozen=True, slots=True)
class TrunkRow:
    """A trunk of some account that is in use, as its row says; ``endpoint`` is its PJSIP name.

    ``is_provisioned``: Offhook gives it to Asterisk; else it stands in Asterisk's own files. ``state`` (of several
    Asterisks the worst) and ``changed_at`` are what a service has been told of it; None: nothing yet.
    """

    account: str
    name: str
    endpoint: str
    is_sandbox: bool
    is_provisioned: bool = False
    id: str = ""
    state: LineState | None = None
    changed_at: datetime | None = None


async def check_trunks(settings: Settings) -> list[Finding]:
    """Compare the accounts' trunks with the Asterisk that the settings name.

    Nothing, when either cannot be asked: the checks of the database and of Asterisk say so. An embedded Asterisk
    answers its own service alone: what that was told last is what there is to say.
    """
    if settings.ari_url is None or settings.ari_password is None:
        return judge_told(await _read_trunks(settings))
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
        title = _title(trunk)
        match states.get(trunk.endpoint, "missing"):
            case "online":
                online += 1
            case "offline" if not has_asked:
                mend = "Look again in a minute."
                findings.append(warning("trunks", f"{title} has not been asked yet: Asterisk has just started.", mend))
            case "offline":
                findings.append(_down(trunk))
            case "missing" if trunk.is_sandbox:
                pass  # a row of the time when the embedded Asterisk was used; nobody's calls go there
            case "missing":
                findings.append(failed("trunks", f"{title} is unknown to Asterisk.", _mend_missing(trunk)))
            case _:
                mend = _mend_unasked(trunk)
                findings.append(warning("trunks", f"{title} may be up or down: Asterisk does not know.", mend))
    if online:
        findings.insert(0, ok("trunks", f"{online} of {len(trunks)} online"))
    return findings


def judge_told(trunks: Sequence[TrunkRow]) -> list[Finding]:
    """What a service was told of the trunks by the Asterisk that ends with it."""
    told = [trunk for trunk in trunks if trunk.state in {LineState.UP, LineState.DOWN}]
    findings = [_down(trunk) for trunk in told if trunk.state is LineState.DOWN]
    if online := len(told) - len(findings):
        findings.insert(0, ok("trunks", f"{online} of {len(told)} online, when last asked"))
    return findings


def _title(trunk: TrunkRow) -> str:
    return f"The trunk {trunk.name!r} of account {trunk.account!r}"


def _down(trunk: TrunkRow) -> Finding:
    since = ""
    if trunk.state is LineState.DOWN and trunk.changed_at is not None:
        since = f" since {trunk.changed_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    name = f" ({trunk.id})" if trunk.id else ""
    return failed("trunks", f"{_title(trunk)}{name} is down{since}: its far end does not answer.", _mend_down(trunk))


def _mend_down(trunk: TrunkRow) -> str:
    where = "that `updateTrunk` sets" if trunk.is_provisioned else f"of [{trunk.endpoint}] in pjsip.conf"
    return (
        f"Check the address and the credentials {where}, the network, and that the provider answers OPTIONS "
        f"(`pjsip show endpoint {trunk.endpoint}` in Asterisk's console)."
    )


def _mend_missing(trunk: TrunkRow) -> str:
    if trunk.is_provisioned:
        return (
            "Offhook gives it to Asterisk by itself while a service drives this Asterisk. Look in its log for "
            "`trunk_not_provisioned`, `line_refused` and `lines_not_in_step`, and above for what `lines` says."
        )
    return f"Give pjsip.conf an endpoint, aor and identify of the name {trunk.endpoint}, or disable the trunk."


def _mend_unasked(trunk: TrunkRow) -> str:
    if trunk.is_provisioned:
        return "Set its `qualifySeconds` to 30 with `updateTrunk`."
    return f"Set `qualify_frequency = 30` in the aor of {trunk.endpoint}."


async def _read_trunks(settings: Settings) -> list[TrunkRow]:
    if settings.database_url is None and not (embedded_directory(settings) / "cluster").exists():
        return []
    try:
        async with reachable_database(settings, may_join=True) as dsn:
            database = await Database.connect(dsn, pool_size=1, command_timeout=_TIMEOUT_SECONDS)
            try:
                async with database.acquire() as connection:
                    return [_row(record) for record in await connection.fetch(_TRUNKS)]
            finally:
                await database.aclose()
    except asyncpg.UndefinedTableError:
        return []  # Offhook has never been here
    except (ConfigurationError, DatabaseUnavailableError):
        return []  # said by the check of the database itself


def _row(record: asyncpg.Record) -> TrunkRow:
    fields = dict(record)
    return TrunkRow(**{**fields, "state": None if fields["state"] is None else LineState(fields["state"])})
