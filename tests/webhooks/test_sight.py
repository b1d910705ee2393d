"""What an endpoint gets to see of numbers, names and keys, and who may let it."""

from typing import Any

import pytest

from app.errors import RefusedError, ScopeError
from app.facts.calls import DtmfReceived, LegRef
from app.facts.masking import Sight
from app.facts.vocabulary import LegRole, Party
from app.ids import Kind, new_id
from tests.webhooks.rig import Rig, call_ref
from tests.webhooks.sink import Sink

pytestmark = pytest.mark.postgres

URL = "http://127.0.0.1:9999/hook"
ELSEWHERE = "http://127.0.0.1:9999/elsewhere"
NOTHING = Sight()
ALL = Sight(has_numbers=True, has_digits=True)


async def _press_seven(rig: Rig) -> None:
    call = new_id(Kind.CALL)
    leg = LegRef(id=new_id(Kind.LEG), role=LegRole.CUSTOMER, party=Party(number="+15550100007", display="Grace"))
    await rig.log.append(
        [rig.draft(call, DtmfReceived(call=call_ref(call), leg=leg, digit="7", duration_milliseconds=90))]
    )


async def test_given_endpoints_that_see_more_or_less_when_a_key_is_pressed_then_each_gets_what_it_may_see(
    rig: Rig, sink: Sink
) -> None:
    for path, reads_pii, reads_dtmf in (
        ("/nothing", False, False),
        ("/numbers", True, False),
        ("/keys", False, True),
        ("/all", True, True),
        ("/nothing-either", False, False),
    ):
        await rig.endpoints.create(
            rig.account_id, url=sink.url(path), reads_pii=reads_pii, reads_dtmf=reads_dtmf, granted=ALL
        )
    await _press_seven(rig)
    async with rig.delivering():
        await rig.wait_for_states(DELIVERED=5)

    def seen(path: str) -> tuple[Any, ...]:
        (request,) = sink.at(path)
        data = request.json["data"]
        return data["digit"], data["leg"]["party"]["number"], data["leg"]["party"]["display"]

    assert seen("/nothing") == seen("/nothing-either") == ("x", "+1********07", None)
    assert seen("/numbers") == ("x", "+15550100007", "Grace")
    assert seen("/keys") == ("7", "+1********07", None)
    assert seen("/all") == ("7", "+15550100007", "Grace")
    assert sink.at("/nothing")[0].body == sink.at("/nothing-either")[0].body


async def test_given_an_endpoint_that_may_see_no_more_when_an_event_waits_then_it_comes_masked(
    rig: Rig, sink: Sink
) -> None:
    created = await rig.endpoints.create(rig.account_id, url=sink.url(), reads_pii=True, reads_dtmf=True, granted=ALL)
    await _press_seven(rig)
    # Taking away needs nobody's leave.
    await rig.endpoints.update(rig.account_id, created.endpoint.id, reads_pii=False, reads_dtmf=False)
    async with rig.delivering():
        await rig.wait_for_states(DELIVERED=1)
    assert b"5550100007" not in sink.received[0].body
    assert sink.received[0].json["data"]["digit"] == "x"


@pytest.mark.parametrize(
    ("asked", "granted", "scope"),
    [
        ({"reads_pii": True}, NOTHING, "pii:read"),
        ({"reads_pii": True}, Sight(has_digits=True), "pii:read"),
        ({"reads_dtmf": True}, Sight(has_numbers=True), "dtmf:read"),
        ({"reads_pii": True, "reads_dtmf": True}, Sight(has_numbers=True), "dtmf:read"),
    ],
)
async def test_given_a_maker_who_sees_less_when_an_endpoint_is_made_or_changed_then_the_scope_is_named_and_nothing_done(
    rig: Rig, asked: dict[str, Any], granted: Sight, scope: str
) -> None:
    with pytest.raises(ScopeError, match=scope):
        await rig.endpoints.create(rig.account_id, url=URL, **asked, granted=granted)
    assert await rig.fetch("SELECT id FROM webhook_endpoint") == []
    endpoint_id, _ = await rig.add_endpoint(URL)
    with pytest.raises(ScopeError, match=scope):
        await rig.endpoints.update(rig.account_id, endpoint_id, description="changed", **asked, granted=granted)
    endpoint = await rig.endpoints.get(rig.account_id, endpoint_id)
    assert endpoint is not None
    assert (endpoint.reads_pii, endpoint.reads_dtmf, endpoint.description) == (False, False, None)


async def test_given_an_endpoint_that_sees_numbers_when_moved_by_one_who_does_not_then_it_is_refused(rig: Rig) -> None:
    endpoint_id = (await rig.endpoints.create(rig.account_id, url=URL, reads_pii=True, granted=ALL)).endpoint.id
    for granted in (NOTHING, Sight(has_digits=True)):
        with pytest.raises(ScopeError, match="pii:read"):
            await rig.endpoints.update(rig.account_id, endpoint_id, url=ELSEWHERE, granted=granted)
    # Neither the same address, nor what sends nothing anywhere new, nor a move without the numbers needs the scope.
    await rig.endpoints.update(rig.account_id, endpoint_id, url=URL, description="x", reads_pii=True, granted=NOTHING)
    moved = await rig.endpoints.update(rig.account_id, endpoint_id, url=ELSEWHERE, reads_pii=False, granted=NOTHING)
    assert (moved.url, moved.reads_pii) == (ELSEWHERE, False)
    with pytest.raises(ScopeError, match="pii:read"):
        await rig.endpoints.update(rig.account_id, endpoint_id, reads_pii=True)
    seeing = await rig.endpoints.update(
        rig.account_id, endpoint_id, url=URL, reads_pii=True, granted=Sight(has_numbers=True)
    )
    assert (seeing.url, seeing.reads_pii, seeing.reads_dtmf) == (URL, True, False)


async def test_given_another_accounts_endpoint_when_its_sight_is_changed_then_it_does_not_exist(rig: Rig) -> None:
    endpoint_id, _ = await rig.add_endpoint(URL)
    rival = await rig.add_account("rival")
    with pytest.raises(RefusedError) as refusal:
        await rig.endpoints.update(rival, endpoint_id, reads_pii=True, granted=NOTHING)
    assert refusal.value.problems[0].code == "NOT_FOUND"
