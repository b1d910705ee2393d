"""Trunks: the ways out to the telephone network, and in from it."""

from collections.abc import Mapping, Sequence
from typing import Final, TypedDict

from app.accounts.principal import Principal
from app.db.engine import PooledConnection
from app.errors import Problem, RefusedError
from app.ids import LINE_PREFIX, Kind, new_id
from app.resources import field_checks
from app.resources.resource import Resource
from app.resources.shelf import raise_all
from app.routing import checks
from app.routing.defaults import lock_account, settle_default, take_default
from app.routing.model import Trunk
from app.routing.rows import TRUNKS
from app.routing.trunk_states import count_trunks
from app.routing.words import CallerIdPolicy, Codec, LineState, Transport

_LARGEST_PORT: Final = 65535
_SIP_PORT: Final = 5060
_MOST_QUALIFY_SECONDS: Final = 3600
_LOCK: Final = 0x0FF_7126  # an advisory lock of our own: who adds an address looks at everybody's


class TrunkChanges(TypedDict, total=False):
    """What is there is set; None clears."""

    host: str
    port: int | None
    transport: Transport
    username: str | None
    secret: str | None
    registers: bool
    match_addresses: Sequence[str]
    codecs: Sequence[Codec]
    max_channels: int | None
    caller_id_policy: CallerIdPolicy
    dial_template: str
    is_default: bool
    is_enabled: bool
    qualify_seconds: int


class Trunks(Resource[Trunk]):
    """Ways out and in."""

    shelf = TRUNKS
    noun = "trunk"

    async def count_by_state(self) -> Mapping[LineState, int]:
        """How the trunks of all accounts stand, for ``/metrics``."""
        return await count_trunks(self._office.database)

    async def create(self, by: Principal, name: str, values: TrunkChanges) -> Trunk:
        """``host`` must be given. The account's first trunk is its default.

        Calls from a trunk are told by where they come from: when ``match_addresses`` is left out and the host is an
        address, by that.
        """
        raise_all([*checks.check_trunk_name(name), *_check(values)])
        address = checks.read_address(values["host"])
        if "match_addresses" not in values and address is not None:
            port = f":{values.get('port') or _SIP_PORT}" if address.is_loopback else ""
            values = {**values, "match_addresses": [f"{address}{port}"]}
        trunk_id = new_id(Kind.TRUNK)
        async with self._writing() as connection:
            account = await lock_account(connection, by.account_id)
            await _refuse_taken_addresses(connection, trunk_id, values.get("match_addresses", ()))
            is_wanted = values.get("is_default", False)
            is_default = await settle_default(connection, TRUNKS, by.account_id, is_wanted=is_wanted)
            with self.shelf.unique("name", f"There is a trunk {name!r} already."):
                made = await self.shelf.insert(
                    connection,
                    {
                        "id": trunk_id,
                        "account_id": by.account_id,
                        "name": name,
                        "endpoint": f"{LINE_PREFIX}{account}-trunk-{name}",
                        "is_provisioned": True,
                        "dial_template": "{digits}",
                        "is_sandbox": False,
                        **self._columns(trunk_id, values),
                        "is_default": is_default,
                    },
                )
            _check_whole(made)
        self._note(by, "create", trunk_id)
        await self._office.lines_changed()
        return made

    async def update(self, by: Principal, trunk_id: str, changes: TrunkChanges) -> Trunk:
        """Change what is given.

        Raises:
            RefusedError: beside all else, INVALID_STATE for what is the operator's of a trunk in Asterisk's own files.
        """
        raise_all(_check(changes))
        async with self._writing() as connection:
            await lock_account(connection, by.account_id)
            before = await self.shelf.get(connection, by.account_id, trunk_id)
            if before is None:
                raise self.shelf.missing()
            if not before.is_provisioned and changes.keys() - _OF_ANY:
                message = (
                    "This trunk is in Asterisk's own files. Here isDefault and callerIdPolicy can be changed; the rest "
                    "is the operator's: `offhook trunk set`."
                )
                raise RefusedError(Problem("INVALID_STATE", message, ("id",), current_state="NOT_PROVISIONED"))
            await _refuse_taken_addresses(connection, trunk_id, changes.get("match_addresses", ()))
            if changes.get("is_default"):
                await take_default(connection, TRUNKS, by.account_id)
            changed = await self.shelf.change(connection, by.account_id, trunk_id, self._columns(trunk_id, changes))
            _check_whole(changed)
        self._note(by, "update", trunk_id)
        await self._office.lines_changed()
        return changed

    async def delete(self, by: Principal, trunk_id: str) -> None:
        """Delete it and its routes; calls on it go on."""
        async with self._writing() as connection:
            await self.shelf.delete(connection, by.account_id, trunk_id)
            await connection.execute(
                "UPDATE inbound_route SET deleted_at = now() WHERE trunk_id = $1 AND deleted_at IS NULL", trunk_id
            )
            await connection.execute("UPDATE outbound_number SET trunk_id = NULL WHERE trunk_id = $1", trunk_id)
        self._note(by, "delete", trunk_id)
        await self._office.lines_changed()

    def _columns(self, trunk_id: str, values: TrunkChanges) -> dict[str, object]:
        columns: dict[str, object] = {name: value for name, value in values.items() if name != "secret"}
        if "secret" in values:
            secret = values["secret"]
            columns["secret_sealed"] = (
                None if secret is None else self._office.seals.seal(secret.encode(), owner_id=trunk_id)
            )
        for name in ("transport", "caller_id_policy"):
            if name in columns:
                columns[name] = str(columns[name])
        for name in ("codecs", "match_addresses"):
            if name in columns:
                columns[name] = [str(one) for one in values[name]]  # type: ignore[literal-required]
        return columns


#: What a key can change of a trunk in Asterisk's own files. What is dialled there, how much of it and whether at all is
#: the operator's: policies and prices are about the number that was asked for, not about what a template makes of it.
_OF_ANY: Final = frozenset({"is_default", "caller_id_policy"})


async def _refuse_taken_addresses(connection: PooledConnection, trunk_id: str, matches: Sequence[str]) -> None:
    """Each source address belongs to one trunk, of whatever account: it is what says whose call it is."""
    if not matches:
        return
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
    rows = await connection.fetch(
        "SELECT unnest(match_addresses) AS taken FROM trunk WHERE deleted_at IS NULL AND id <> $1", trunk_id
    )
    raise_all(
        [
            Problem(
                "ALREADY_EXISTS",
                "Calls from this address are another trunk's already, and could not be told apart.",
                ("matchAddresses", str(place)),
            )
            for place, match in enumerate(matches)
            if any(checks.matches_overlap(match, row["taken"]) for row in rows)
        ]
    )


def _check(values: TrunkChanges) -> list[Problem]:
    problems: list[Problem] = []
    if "host" in values:
        problems += checks.check_host(values["host"])
    problems += field_checks.check_whole(values.get("port"), "port", least=1, most=_LARGEST_PORT)
    problems += checks.check_username(values.get("username"))
    problems += checks.check_secret(values.get("secret"))
    problems += checks.check_matches(values.get("match_addresses", ()))
    if "codecs" in values:
        problems += field_checks.check_unique(
            [one.value for one in values["codecs"]], "codecs", least=1, most=len(Codec)
        )
    problems += checks.check_channels(values.get("max_channels"))
    problems += field_checks.check_whole(
        values.get("qualify_seconds"), "qualifySeconds", least=0, most=_MOST_QUALIFY_SECONDS
    )
    if "dial_template" in values:
        problems += checks.check_dial_template(values["dial_template"])
    return problems


def _check_whole(trunk: Trunk) -> None:
    """What only the whole row can tell; raised inside the transaction, which undoes it."""
    problems = []
    if (trunk.username is None) != (not trunk.has_secret):
        problems.append(Problem("REQUIRED", "A user name and a secret go together.", ("secret",)))
    if trunk.registers and trunk.username is None:
        problems.append(Problem("REQUIRED", "To register takes a user name and a secret.", ("username",)))
    raise_all(problems)
