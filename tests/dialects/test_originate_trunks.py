"""The trunk that a client of the dialect ORIGINATE_CALL names, out of several."""

import pytest

from app.accounts.dialects import Dialect
from app.accounts.scopes import Scope
from tests.api.conftest import Surface
from tests.dialects.conftest import become, make
from tests.dialects.test_originate_call import ALLOW, PRINTED, TRUST, ask

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize(("named", "index"), [("first-trunk", 0), ("second-trunk", 1), ("default-trunk", None)])
async def test_given_two_trunks_when_one_is_named_then_the_call_goes_over_that(
    surface: Surface, named: str, index: int | None
) -> None:
    account = await surface.accounts.create("lyon", default_region="FR")
    token = await surface.key(frozenset(Scope), account=account)
    trunks = []
    for name, host, number in (
        ("firsttrunk", "192.0.2.9", "+40212345678"),
        ("secondtrunk", "192.0.2.10", "+40212345679"),
    ):
        trunks.append(await make(surface, token, "createTrunk", "trunk", name=name, host=host))
        shown = {"number": number, "trunkId": trunks[-1]}
        await make(surface, token, "createOutboundNumber", "outboundNumber", **shown)
    await make(surface, token, "createQueue", "queue", name="test-queue", strategy="LONGEST_IDLE")
    async with surface.database.acquire() as connection:
        await connection.execute(TRUST, account.id)
        await connection.execute(ALLOW, account.id)
    client = await become(surface, account, Dialect.ORIGINATE_CALL)
    data = {**PRINTED, "outbound_trunk": named, "outbound_number": ("+40212345678", "+40212345679")[index or 0]}
    answer = await ask(client, data)
    rows = [row["trunk_id"] for row in await client.calls()]
    assert answer.json()["has_error"] is (index is None), answer.text
    assert rows == ([] if index is None else [trunks[index]])
