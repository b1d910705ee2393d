"""Accounts: what they may be called."""

import pytest

from app.accounts.service import Account, Accounts
from app.errors import RefusedError

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize(
    "name",
    ["", "a", "a" * 21, "Acme", "ac me", "ac-me", "acmé", "acme\n", "a/b", "１２", "offhook", "a&PJSIP", "x" * 10**6],
)
async def test_given_a_name_that_cannot_be_part_of_an_endpoint_when_an_account_is_made_then_it_is_refused(
    accounts: Accounts, name: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        await accounts.create(name, display_name="Fine")

    assert [(problem.code, problem.field) for problem in refused.value.problems] == [("INVALID_INPUT", ("name",))]


async def test_given_a_taken_name_when_an_account_is_made_then_it_exists_already(
    accounts: Accounts, account: Account
) -> None:
    with pytest.raises(RefusedError) as refused:
        await accounts.create(account.name)

    assert refused.value.problems[0].code == "ALREADY_EXISTS"


async def test_given_an_account_when_looked_for_by_name_or_id_then_it_is_found(
    accounts: Accounts, account: Account
) -> None:
    assert await accounts.find("acme") == account
    assert await accounts.find(account.id) == account
    assert await accounts.find("nobody") is None
    assert await accounts.list_all() == [account]
    assert account.display_name == "Acme Ltd."


@pytest.mark.parametrize("region", ["", "us", "USA", "XX", "001", "U\x00"])
async def test_given_a_made_up_region_when_an_account_is_made_then_it_is_refused(
    accounts: Accounts, region: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        await accounts.create("acme", default_region=region)

    assert refused.value.problems[0].field == ("defaultRegion",)


async def test_given_a_time_zone_when_an_account_is_made_then_it_must_be_one(accounts: Accounts) -> None:
    assert (await accounts.create("acme", time_zone="Europe/Berlin")).time_zone == "Europe/Berlin"
    assert (await accounts.create("plain")).time_zone == "Etc/UTC"
    for wrong in ("Nowhere/Land", "../etc/passwd", "", "Europe"):
        with pytest.raises(RefusedError) as refused:
            await accounts.create("other", time_zone=wrong)
        assert [problem.field for problem in refused.value.problems] == [("timeZone",)]
