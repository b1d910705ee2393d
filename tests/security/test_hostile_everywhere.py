"""Hostile input in every place that the schema has: each field of each input and each argument, read off the schema."""

import re
from collections.abc import AsyncIterator
from typing import Any, Final, NamedTuple

import pytest

from app.egress.requests import Egress
from app.ids import Kind
from tests.api.conftest import Surface
from tests.security.belongings import Belongings, fill
from tests.security.conftest import Tenant
from tests.security.derived_exempt import TAKEN, UNPROVABLE, may_be_taken, unprovable
from tests.security.derived_places import Spot, spots
from tests.security.generated import Path, Root, kind_wanted, nobodys_id, roots
from tests.security.insides import INSIDES
from tests.security.raw_socket import message, raw_socket

pytestmark = pytest.mark.postgres

_VARIABLE: Final = re.compile(r"Variable '\$(\w+)' has invalid value(?: at ([\w.\[\]]+))?:")

_REFUSALS_OF_SUBSCRIPTIONS: Final = frozenset(
    {"NOT_FOUND", "BAD_USER_INPUT", "INVALID_CURSOR", "INVALID_INPUT", "INVALID_NUMBER", "PAYLOAD_TOO_LARGE"}
)


class Answer(NamedTuple):
    """The codes of what was refused, and whether it was refused at the place that was asked about."""

    codes: list[str]
    is_pointed: bool
    data: Any


async def ask(tenant: Tenant, spot: Spot, asked: tuple[str, dict[str, Any]]) -> Answer:
    response = await tenant.post(*asked)
    assert response.status_code < 500, (spot, response.text[:300])
    assert INSIDES.search(response.text) is None, (spot, response.text[:300])
    body = response.json()
    errors, data = body.get("errors") or [], (body.get("data") or {}).get("answer")
    told = data.get("userErrors") or [] if isinstance(data, dict) else []
    codes = [error["extensions"]["code"] for error in errors] + [error["code"] for error in told]
    is_pointed = any(spot.is_pointed_at(error["field"] or []) for error in told)
    for error in errors:
        variable = _VARIABLE.match(error["message"])
        if variable is not None:
            names = re.findall(r"\w+", variable[2] or "")
            is_pointed |= variable[1] == spot.path[0] and (len(spot.path) == 1 or spot.is_pointed_at(names))
    return Answer(codes, is_pointed, data)


def maker(own: Belongings, spot: Spot) -> Any:
    """Ids of what the account has, so that what is asked about is there."""
    noun = re.sub(r"^[a-z]+(?=[A-Z])", "", spot.root.name) if spot.root.operation == "mutation" else spot.root.name
    named = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", noun).upper()

    def make_id(path: Path) -> str:
        wanted = kind_wanted(path)
        if wanted is None and path[-1] == "id" and named in Kind.__members__:
            wanted = Kind[named]
        return own.ids.get(wanted, nobodys_id(wanted)) if wanted is not None else nobodys_id(Kind.CALL)

    return make_id


@pytest.fixture
async def own(tenant_a: Tenant, surface: Surface) -> Belongings:
    return await fill(tenant_a, "+15550110000", "+15550110001")


@pytest.fixture
async def egress(own: Belongings, surface: Surface, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Once things are made, webhooks reach no network of ours, as it is where no operator has said otherwise."""
    assert own.ids
    closed = Egress()
    monkeypatch.setattr(surface.services.webhooks, "_egress", closed)
    yield
    await closed.aclose()


@pytest.mark.parametrize("operation", ["query", "mutation"])
@pytest.mark.usefixtures("egress")
async def test_given_each_place_of_the_schema_when_hostile_input_stands_there_then_it_is_refused_or_exempt_by_name(
    own: Belongings, operation: str
) -> None:
    call = own.tenant.surface.registry.find(own.ids[Kind.CALL])
    assert call is not None
    found = spots(operation)
    assert len(found) > 250
    taken, unproven, used, internal = [], [], set(), []
    for spot in found:
        make_id = maker(own, spot)
        # Only a question can be asked well first: a mutation would do it.
        is_good = operation == "query" and not (await ask(own.tenant, spot, spot.asked_well(make_id))).codes
        is_refused = is_proven = False
        for sample in spot.samples():
            answer = await ask(own.tenant, spot, spot.asked_with(sample, make_id))
            if "INTERNAL" in answer.codes:
                internal.append((str(spot), repr(sample)[:60]))
            if answer.codes:
                is_refused = True
                is_proven |= answer.is_pointed or is_good
            elif (why := may_be_taken(spot, sample)) is None:
                taken.append((str(spot), repr(sample)[:60]))
            else:
                used.add(why)
                _assert_nothing_came_of(spot, answer)
        if is_refused and not is_proven:
            if (why := unprovable(spot)) is None:
                unproven.append(str(spot))
            else:
                used.add(why)
    assert internal == []
    assert taken == []
    assert unproven == []
    assert not call.call.is_ended
    stale = {why.pattern for why in (*TAKEN, *UNPROVABLE) if why.operation in {operation, None}} - {
        one.pattern for one in used
    }
    assert stale == set(), "exemptions that exempt nothing"


def _assert_nothing_came_of(spot: Spot, answer: Answer) -> None:
    """Of a question with what is not there: nothing is found."""
    if spot.root.operation == "query" and isinstance(answer.data, dict) and "nodes" in answer.data:
        assert answer.data["nodes"] == [], spot
    elif spot.kind == "ID":
        assert spot.root.operation == "mutation" or answer.data in (None, [None]), spot


@pytest.mark.parametrize("root", roots("subscription"), ids=str)
async def test_given_each_argument_of_a_subscription_when_it_is_hostile_then_it_is_refused_and_the_socket_lives(
    surface: Surface, port: int, root: Root
) -> None:
    found = [spot for spot in spots("subscription") if spot.root.name == root.name]
    async with raw_socket(port, token=surface.token) as socket:
        for place, spot in enumerate(found):
            for number, sample in enumerate(spot.samples()):
                document, variables = spot.asked_with(sample, lambda _: nobodys_id(Kind.CALL))
                asked, payload = f"{place}.{number}", {"query": document, "variables": variables}
                await socket.send(message(type="subscribe", id=asked, payload=payload))
                answer = await socket.receive()
                while answer["id"] != asked:
                    answer = await socket.receive()
                assert INSIDES.search(str(answer)) is None, (spot, answer)
                errors = answer["payload"] if answer["type"] == "error" else answer["payload"].get("errors")
                if errors:
                    assert errors[0]["extensions"]["code"] in _REFUSALS_OF_SUBSCRIPTIONS, (spot, sample, errors)
                else:
                    assert may_be_taken(spot, sample) is not None, (spot, repr(sample)[:60])
                    await socket.send(message(type="complete", id=asked))
        await socket.send(message(type="subscribe", id="last", payload={"query": "{ viewer { isTest } }"}))
        answer = await socket.receive()
        while answer["id"] != "last" or answer["type"] != "complete":
            answer = await socket.receive()
