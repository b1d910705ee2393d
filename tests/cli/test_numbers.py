"""``offhook number …``."""

import asyncio
from pathlib import Path

import pytest

from app.accounts.principal import Principal
from app.cli.opened import opened_services
from app.numbers.parse import E164
from app.routing.resources import RoutingResources
from app.secrets.sealing import Sealer
from tests.cli.command import Command

pytestmark = pytest.mark.postgres


def test_given_a_list_of_flagged_numbers_when_imported_then_it_is_said_how_many_there_are(
    offhook: Command, tmp_path: Path
) -> None:
    offhook.run("account", "create", "acme")
    listed = tmp_path / "flagged.csv"
    listed.write_text("\ufeffnumber,reason\n(202) 456-1111,scam\n+442071234567\n")
    assert offhook.read("number", "import-flagged", "acme", "hiya", str(listed)) == {"listed": 2, "flagged": []}
    said = offhook.run("number", "import-flagged", "acme", "hiya", str(listed))
    assert (said.status, said.out) == (0, "2 numbers are on the list hiya.\n")


def test_given_a_list_that_is_none_when_imported_then_the_lines_that_are_wrong_are_named(
    offhook: Command, tmp_path: Path
) -> None:
    offhook.run("account", "create", "acme")
    listed = tmp_path / "flagged.csv"
    listed.write_text("+442071234567\nhello\n")
    said = offhook.run("number", "import-flagged", "acme", "hiya", str(listed))
    assert said.status == 1
    assert "numbers.1.number" in said.err
    assert offhook.run("number", "import-flagged", "nobody", "hiya", str(listed)).status == 1
    listed.write_bytes(b"\xff\xfe\x00")
    said = offhook.run("number", "import-flagged", "acme", "hiya", str(listed))
    assert (said.status, "no CSV" in said.err) == (1, True)


def make_number(account: str, number: str) -> None:
    """A number that the account made for itself, and nobody has verified."""

    async def work() -> None:
        async with opened_services() as opened:
            found = await opened.find_account(account)
            by = Principal(found.id, account, "US", "key_1", frozenset())
            routing = RoutingResources.open(opened.database, opened.audit, Sealer(bytes(32)))
            await routing.numbers.create(by, E164(number), {})

    asyncio.run(work())


def test_given_a_number_of_an_account_when_verified_then_its_calls_may_show_it(offhook: Command) -> None:
    offhook.run("account", "create", "acme")
    missing = offhook.run("number", "verify", "acme", "+12125550123")
    assert (missing.status, "no such outbound number" in missing.err) == (1, True)
    make_number("acme", "+12125550123")
    assert offhook.read("number", "verify", "acme", "(212) 555-0123")["verifiedAt"] is not None
    said = offhook.run("number", "verify", "acme", "+12125550123")
    assert (said.status, said.out) == (0, "Calls of acme may show +12125550123.\n")
    for number in ("x", "+1", "911"):
        assert offhook.run("number", "verify", "acme", number).status == 1
