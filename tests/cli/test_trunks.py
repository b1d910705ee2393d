"""``offhook trunk …``."""

import asyncio

import pytest

from app.accounts.principal import Principal
from app.cli.opened import opened_services
from app.routing.resources import RoutingResources
from app.secrets.sealing import Sealer
from tests.cli.command import Command

pytestmark = pytest.mark.postgres


def make_own_trunk(account: str) -> None:
    """A trunk that the account made for itself."""

    async def work() -> None:
        async with opened_services() as opened:
            found = await opened.find_account(account)
            by = Principal(found.id, account, "US", "key_1", frozenset())
            routing = RoutingResources.open(opened.database, opened.audit, Sealer(bytes(32)))
            await routing.trunks.create(by, "own", {"host": "192.0.2.7"})

    asyncio.run(work())


def test_given_a_trunk_in_asterisks_own_files_when_the_operator_sets_it_then_it_is_so_and_the_rest_stays(
    offhook: Command,
) -> None:
    offhook.run("account", "create", "acme")
    made = offhook.read("trunk", "add", "acme", "carrier")
    assert (made["endpoint"], made["dialTemplate"], made["isDefault"]) == ("acme-trunk-carrier", "{digits}", True)
    changed = offhook.read("trunk", "set", "acme", "carrier", "--dial-template", "9{digits}", "--max-channels", "3")
    assert (changed["dialTemplate"], changed["maxChannels"], changed["isEnabled"]) == ("9{digits}", 3, True)
    said = offhook.run("trunk", "set", "acme", "carrier", "--disable", "--max-channels", "0")
    assert (said.status, said.out) == (
        0,
        "acme-trunk-carrier is not in use, dials 9{digits}, and takes any number of calls at once.\n",
    )


def test_given_what_cannot_be_set_when_the_operator_asks_then_it_is_said_why(offhook: Command) -> None:
    offhook.run("account", "create", "acme")
    make_own_trunk("acme")
    own = offhook.run("trunk", "set", "acme", "own", "--dial-template", "9{digits}")
    assert (own.status, "The account made this trunk" in own.err) == (1, True)
    missing = offhook.run("trunk", "set", "acme", "carrier", "--disable")
    assert (missing.status, "no trunk 'carrier'" in missing.err) == (1, True)
    offhook.run("trunk", "add", "acme", "carrier")
    for wrong in (("--dial-template", "{number}"), ("--max-channels", "10001")):
        assert offhook.run("trunk", "set", "acme", "carrier", *wrong).status == 1
    assert offhook.run("trunk", "add", "acme", "carrier").status == 1
