"""What every other test here stands on: two accounts, and neither has anything of the other's."""

import pytest

from tests.security.conftest import Tenant

pytestmark = pytest.mark.postgres

_WHO = "{ viewer { account { id } keyId isTest } agents { nodes { id } } }"


async def test_given_two_accounts_when_each_asks_who_it_is_then_it_is_itself_and_only_a_has_agents(
    tenant_a: Tenant, tenant_b: Tenant
) -> None:
    a, b = await tenant_a.ask(_WHO), await tenant_b.ask(_WHO)
    assert (a["viewer"]["account"]["id"], b["viewer"]["account"]["id"]) == (tenant_a.account.id, tenant_b.account.id)
    assert (a["viewer"]["isTest"], b["viewer"]["isTest"]) == (True, False)
    assert a["agents"]["nodes"]
    assert b["agents"]["nodes"] == []
