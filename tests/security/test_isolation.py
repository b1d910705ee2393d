"""Tenants: each id of account A, asked for by account B in every place that takes an id, is as if it did not exist.

The places are read off the schema, and for each there is a twin: the same document with an id of the same kind that
nothing has. Both answers must be the same, byte for byte (but for the ids themselves and the request's). Afterwards
everything that A has is as it was.
"""

import hashlib
import re
from typing import Any, Final

import pytest

from app.api.queries.nodes import FINDERS
from app.ids import Kind, new_id
from app.numbers.policy import Rule
from tests.api.conftest import Surface
from tests.api.test_websocket import opened
from tests.security.belongings import INTERNAL, Belongings, fill
from tests.security.conftest import Tenant
from tests.security.generated import Path, Root, document_for, id_places, kind_wanted, nobodys_id, roots

pytestmark = pytest.mark.postgres

_REQUEST: Final = re.compile(rb'"requestId":"[^"]*"|"extensions":\{"cost":\{[^}]*\}\}|"remaining":\d+')
#: Written beside the work.
_NOT_KEPT: Final = ("audit_line",)


@pytest.fixture
async def both(tenant_a: Tenant, tenant_b: Tenant) -> tuple[Belongings, Belongings]:
    """What A has, and what B has: one of each kind."""
    policies = tenant_b.surface.services.routing.policies
    await policies.set_rules(tenant_b.account.id, [Rule("+1", is_allowed=True)])
    return (
        await fill(tenant_a, "+15550100000", "+15550100001"),
        await fill(tenant_b, "+12125550123", "+12125550199"),
    )


def kinds_for(place: Path) -> list[Kind]:
    """Whose ids are tried there: the kind it wants; all that there are where it takes any, or does not say."""
    wanted = kind_wanted(place)
    if wanted is not None:
        return [wanted]
    return [kind for kind in Kind if kind not in INTERNAL]


async def answer(asker: Belongings, root: Root, place: Path, asked_for: str, marker: int) -> bytes:
    """What B is answered when it asks with this id in this place, and its own everywhere else."""

    def make_id(path: Path) -> str:
        if path == place:
            return asked_for
        wanted = kind_wanted(path)
        return asker.ids.get(wanted, _NOBODYS) if wanted is not None else _NOBODYS

    document, variables = document_for(root, make_id, through=place)
    _set_idempotency_key(variables, f"isolation-{marker}")
    content = (await asker.tenant.post(document, variables)).content
    return _REQUEST.sub(b"", content.replace(asked_for.encode(), b"<id>"))


_NOBODYS: Final = new_id(Kind.CALL)


def _set_idempotency_key(value: Any, key: str) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "idempotencyKey":
                value[name] = key
            else:
                _set_idempotency_key(inner, key)


async def fingerprints(surface: Surface, account_id: str) -> dict[str, tuple[int, str]]:
    """Every table's rows of an account: how many, and a sum over all of them."""
    async with surface.database.acquire() as connection:
        tables = await connection.fetch(
            "SELECT table_name FROM information_schema.columns "
            "WHERE column_name = 'account_id' AND table_schema = current_schema() ORDER BY table_name"
        )
        found = {}
        for (table,) in tables:
            if table in _NOT_KEPT:
                continue
            rows = await connection.fetch(
                f"SELECT row_to_json(one)::text AS text FROM {table} one WHERE account_id = $1 ORDER BY 1",  # noqa: S608  # of the catalogue
                account_id,
            )
            digest = hashlib.sha256("\n".join(row["text"] for row in rows).encode()).hexdigest()
            found[table] = (len(rows), digest)
        return found


@pytest.mark.parametrize("operation", ["query", "mutation"])
async def test_given_each_id_of_a_when_b_asks_for_it_in_every_place_then_it_is_as_if_it_did_not_exist(
    both: tuple[Belongings, Belongings], surface: Surface, operation: str
) -> None:
    a, b = both
    before = await fingerprints(surface, a.tenant.account.id)
    assert all(before[table][0] for table in ("call", "contact", "campaign", "agent", "api_key", "access_token"))
    differing, count = [], 0
    for root in roots(operation):
        for place in id_places(root):
            for kind in kinds_for(place):
                count += 1
                # Tried twice: what it does to B's own things must not be what makes the answers differ.
                theirs = await answer(b, root, place, a.ids[kind], count)
                nobodys = await answer(b, root, place, nobodys_id(kind), count + 1_000_000)
                if theirs != nobodys:
                    differing.append((root.name, ".".join(place), kind.value, theirs[:300], nobodys[:300]))
    assert count > 100
    assert differing == []
    assert await fingerprints(surface, a.tenant.account.id) == before


async def test_given_each_kind_when_made_then_there_is_one_of_it(both: tuple[Belongings, Belongings]) -> None:
    for own in both:
        assert set(own.ids) == set(Kind) - INTERNAL


async def test_given_each_node_of_a_when_a_asks_then_it_is_there_and_for_b_it_is_null(
    both: tuple[Belongings, Belongings],
) -> None:
    a, b = both
    ids = [a.ids[kind] for kind in FINDERS]
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    own = (await a.tenant.ask(document, {"ids": ids}))["nodes"]
    assert [None if one is None else one["id"] for one in own] == ids, "else the test would see nothing of B's either"
    assert (await b.tenant.ask(document, {"ids": ids}))["nodes"] == [None] * len(ids)


async def test_given_a_campaign_of_b_when_it_is_asked_for_as_contact_then_it_is_null(
    both: tuple[Belongings, Belongings],
) -> None:
    a, b = both
    document = "query ($id: ID!, $contact: ID!) { campaign(id: $id) { contact(contactId: $contact) { __typename } } }"
    for contact_id in (a.ids[Kind.CONTACT], new_id(Kind.CONTACT)):
        found = await b.tenant.ask(document, {"id": b.ids[Kind.CAMPAIGN], "contact": contact_id})
        assert found == {"campaign": {"contact": None}}


@pytest.mark.parametrize(
    ("field", "kind"),
    [("callUpdated", Kind.CALL), ("jobProgress", Kind.JOB), ("campaignProgress", Kind.CAMPAIGN)],
)
async def test_given_an_id_of_a_when_b_subscribes_to_it_then_it_is_told_what_it_is_told_of_one_that_is_not(
    both: tuple[Belongings, Belongings], port: int, field: str, kind: Kind
) -> None:
    a, b = both
    told = []
    async with opened(port) as socket:
        await socket.init(b.tenant.token)
        for number, asked_for in enumerate((a.ids[kind], nobodys_id(kind))):
            await socket.subscribe(f'subscription {{ {field}(id: "{asked_for}") {{ __typename }} }}', str(number))
            message = await socket.receive()
            while message["id"] != str(number):
                message = await socket.receive()
            errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
            del errors[0]["extensions"]["requestId"]
            told.append((message["type"], errors))
    assert told[0] == told[1]
    assert told[0][1][0]["extensions"]["code"] == "NOT_FOUND"
