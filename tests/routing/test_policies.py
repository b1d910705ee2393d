"""An account's destination policy: replaced whole, or not at all."""

import pytest

from app.accounts.audit import AuditLog
from app.accounts.service import Account, Accounts
from app.db.engine import Database
from app.errors import RefusedError
from app.numbers.policy import Rule
from app.routing.directory import Directory
from app.routing.policies import DestinationPolicies

pytestmark = pytest.mark.postgres


@pytest.fixture
def policies(database: Database) -> DestinationPolicies:
    return DestinationPolicies(database, AuditLog(database))


@pytest.fixture
async def account(database: Database) -> Account:
    return await Accounts(database, AuditLog(database)).create("acme")


@pytest.fixture
async def other_account(database: Database) -> Account:
    return await Accounts(database, AuditLog(database)).create("rival")


async def test_given_a_policy_when_set_then_it_replaces_the_former_one_of_this_account_alone(
    policies: DestinationPolicies, account: Account, other_account: Account, database: Database
) -> None:
    await policies.set_rules(other_account.id, [Rule("+49", is_allowed=True)])
    await policies.set_rules(account.id, [Rule("+1", is_allowed=True), Rule("+1900", is_allowed=False)])
    await policies.set_rules(account.id, [Rule("+44", is_allowed=True, note="London")])

    directory = Directory(database)
    assert (await directory.resolve_originate(account.id)).rules == (Rule("+44", is_allowed=True, note="London"),)
    assert (await directory.resolve_originate(other_account.id)).rules == (Rule("+49", is_allowed=True),)


async def test_given_a_policy_that_somebody_set_when_rules_are_ensured_then_it_stays(
    policies: DestinationPolicies, account: Account, database: Database
) -> None:
    await policies.ensure_rules(account.id, [Rule("+1", is_allowed=True)])
    await policies.ensure_rules(account.id, [Rule("+44", is_allowed=True)])

    assert (await Directory(database).resolve_originate(account.id)).rules == (Rule("+1", is_allowed=True),)


@pytest.mark.parametrize("prefix", ["", "1", "++1", "+1a", "+1 ", "+１", "+" + "1" * 16, "+1\n", "%", "+1%"])
async def test_given_a_prefix_that_is_none_when_a_policy_is_set_then_it_is_refused_and_the_former_stays(
    policies: DestinationPolicies, account: Account, database: Database, prefix: str
) -> None:
    await policies.set_rules(account.id, [Rule("+44", is_allowed=True)])

    with pytest.raises(RefusedError) as refused:
        await policies.set_rules(account.id, [Rule("+1", is_allowed=True), Rule(prefix, is_allowed=True)])

    assert refused.value.problems[0].field == ("rules", "1", "prefix")
    assert (await Directory(database).resolve_originate(account.id)).rules == (Rule("+44", is_allowed=True),)


async def test_given_a_prefix_twice_or_too_many_rules_when_a_policy_is_set_then_it_is_refused(
    policies: DestinationPolicies, account: Account
) -> None:
    for rules in (
        [Rule("+1", is_allowed=True), Rule("+1", is_allowed=False)],
        [Rule(f"+{number}", is_allowed=True) for number in range(1001)],
        [Rule("+1", is_allowed=True, note="a\r\nb")],
    ):
        with pytest.raises(RefusedError) as refused:
            await policies.set_rules(account.id, rules)
        assert refused.value.problems[0].code == "INVALID_INPUT"
