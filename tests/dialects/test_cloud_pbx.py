"""The dialect CLOUD_PBX: lists of calls by user, queue and ring group, and a number that is called for a user."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from app.accounts.dialects import Dialect
from app.calls.core import inputs
from app.facts.calls import CdrRecord
from app.facts.vocabulary import CallState, Direction, Disposition, LegRole, Party
from tests.api.conftest import until
from tests.api.silent_asterisk import move_leg
from tests.cdrs.records import insert_cdrs, make_cdr
from tests.dialects.conftest import HOME, Client, become, make

pytestmark = pytest.mark.postgres

USERS: Final = "/api/calls/users"
QUEUES: Final = "/api/calls/queues"
GROUPS: Final = "/api/calls/ring-groups"
DAY: Final = datetime(2026, 5, 1, 6, tzinfo=UTC)
KEYS: Final = {
    *("id", "type", "caller_id", "caller_name", "destination", "user", "extension", "date", "duration"),
}


def _key(client: Client) -> dict[str, str]:
    return {"api-key": client.secret}


async def _write(client: Client, *records: CdrRecord) -> None:
    async with client.surface.database.acquire() as connection, connection.transaction():
        await insert_cdrs(connection, [(client.account.id, one) for one in records])


async def _list(client: Client, path: str, **query: Any) -> list[dict[str, Any]]:
    answer = await client.send("GET", path, headers=_key(client), params={"date": "2026-05-01", **query})
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"calls", "offset", "limit"}
    told: list[dict[str, Any]] = answer.json()["calls"]
    return told


async def test_given_a_users_calls_when_listed_then_each_tells_what_the_document_names(cloud_pbx: Client) -> None:
    out = make_cdr(DAY, extension="2001", agent_name="Amara Osei", caller_id_name="Acme")
    came = make_cdr(
        DAY + timedelta(hours=1),
        direction=Direction.INBOUND,
        extension="2001",
        agent_name="Amara Osei",
        customer=Party(number="+33123456789", display="Zoé"),
        dialled_number="+15550100100",
        caller_id="+33123456789",
    )
    await _write(cloud_pbx, out, came, make_cdr(DAY, extension="2002"), make_cdr(DAY - timedelta(days=1)))
    told = await _list(cloud_pbx, USERS, users="2001", sort="date")
    assert [set(one) for one in told] == [KEYS, KEYS]
    assert told[0] == {
        "id": out.call_id,
        "type": "outbound",
        "caller_id": "+15550199999",
        "caller_name": "Acme",
        "destination": "+15550100000",
        "user": "Amara Osei",
        "extension": "2001",
        "date": "2026-05-01 06:00:00",
        "duration": 64,
    }
    assert (told[1]["type"], told[1]["caller_id"], told[1]["caller_name"]) == ("inbound", "+33123456789", "Zoé")
    assert told[1]["destination"] == "+15550100100"


async def test_given_a_hundred_calls_when_an_offset_and_a_limit_are_given_then_that_part_comes(
    cloud_pbx: Client,
) -> None:
    """As the document has it: the 50th to the 80th of a hundred."""
    records = [make_cdr(DAY + timedelta(minutes=index), extension="2001") for index in range(100)]
    await _write(cloud_pbx, *records)
    ids = [one.call_id for one in records]
    told = await _list(cloud_pbx, USERS, users="2001", sort="asc", offset=50, limit=30)
    assert [one["id"] for one in told] == ids[50:80]
    told = await _list(cloud_pbx, USERS, users="2001", offset=95, limit=30)
    assert [one["id"] for one in told] == ids[4::-1]
    assert await _list(cloud_pbx, USERS, users="2001", offset=100) == []
    assert await _list(cloud_pbx, USERS, users="2001", offset=9999) == []
    assert len(await _list(cloud_pbx, USERS, users="2001")) == 50


async def test_given_calls_of_many_lengths_when_sorted_by_duration_then_they_come_shortest_or_longest_first(
    cloud_pbx: Client,
) -> None:
    lengths = (30, 5, 90, 60)
    records = [
        make_cdr(DAY + timedelta(minutes=index), extension="2001", duration_seconds=float(seconds))
        for index, seconds in enumerate(lengths)
    ]
    await _write(cloud_pbx, *records)
    for sort, expected in (("duration", [5, 30, 60, 90]), ("-duration", [90, 60, 30, 5])):
        assert [one["duration"] for one in await _list(cloud_pbx, USERS, users="2001", sort=sort)] == expected


@pytest.mark.parametrize("said", ["198.51.100.7", "198.51.100.7, 198.51.100.8", "127.0.0.1, 198.51.100.7"])
async def test_given_a_forged_word_on_where_it_comes_from_when_asked_then_the_true_address_counts(
    cloud_pbx: Client, said: str
) -> None:
    elsewhere = await become(
        cloud_pbx.surface, cloud_pbx.account, Dialect.CLOUD_PBX, ip_allow_list=("198.51.100.0/24",)
    )
    asked = {"date": "2026-05-01", "users": "2001"}
    forged = {"x-forwarded-for": said, "x-real-ip": "198.51.100.7", "forwarded": "for=198.51.100.7"}
    answer = await elsewhere.send("GET", USERS, headers={**_key(elsewhere), **forged}, params=asked)
    assert (answer.status_code, answer.json()) == (401, {"error": "Not authorised"})
    body = {"user": "2001", "number": "+15550100000"}
    answer = await elsewhere.send("POST", "/api/calls", headers={**_key(elsewhere), **forged}, json=body)
    assert (answer.status_code, answer.json()) == (401, {"error": "Not authorised"})
    assert await cloud_pbx.calls() == []
    # Nor does it shut out whoever is on the list.
    answer = await cloud_pbx.send("GET", USERS, headers={**_key(cloud_pbx), **forged}, params=asked)
    assert answer.status_code == 200


async def test_given_days_of_the_accounts_zone_when_listed_then_they_begin_and_end_there(cloud_pbx: Client) -> None:
    async with cloud_pbx.surface.database.acquire() as connection:
        await connection.execute(
            "UPDATE account SET time_zone = 'Pacific/Auckland' WHERE id = $1", cloud_pbx.account.id
        )
    inside = make_cdr(datetime(2026, 4, 30, 12, tzinfo=UTC), extension="2001")  # midnight there
    late = make_cdr(datetime(2026, 5, 1, 12, tzinfo=UTC), extension="2001")
    await _write(cloud_pbx, inside, late, make_cdr(datetime(2026, 4, 30, 11, 59, tzinfo=UTC), extension="2001"))
    told = await _list(cloud_pbx, USERS, users="2001")
    assert [(one["id"], one["date"]) for one in told] == [(inside.call_id, "2026-05-01 00:00:00")]
    for both in ({"date": "2026-05-01,2026-05-02"}, {"date": "2026-05-01/2026-05-02"}):
        assert [one["id"] for one in await _list(cloud_pbx, USERS, users="2001", **both)] == [
            late.call_id,
            inside.call_id,
        ]


async def test_given_queues_when_their_calls_are_listed_then_each_tells_how_it_went_there(cloud_pbx: Client) -> None:
    token = cloud_pbx.surface.token
    sales = await make(cloud_pbx.surface, token, "createQueue", "queue", name="Sales", strategy="LONGEST_IDLE")
    other = await make(cloud_pbx.surface, token, "createQueue", "queue", name="Other", strategy="LONGEST_IDLE")
    records = [
        make_cdr(DAY + timedelta(minutes=index), queue_id=queue_id, disposition=disposition)
        for index, (queue_id, disposition) in enumerate(
            [
                (sales, Disposition.ANSWERED),
                (sales, Disposition.ABANDONED),
                (sales, Disposition.NO_ANSWER),
                (other, Disposition.ANSWERED),
            ]
        )
    ]
    await _write(cloud_pbx, *records)
    told = await _list(cloud_pbx, QUEUES, queues="sales", sort="asc")
    assert [set(one) for one in told] == [KEYS | {"queue_status"}] * 3
    assert [one["queue_status"] for one in told] == ["answered", "abandoned", "unanswered"]
    both = await _list(cloud_pbx, QUEUES, **{"queues[]": [sales, other]})
    assert len(both) == 4


async def test_given_ring_groups_when_their_calls_are_listed_then_only_theirs_come(cloud_pbx: Client) -> None:
    surface = cloud_pbx.surface
    given = {"strategy": "ALL", "ringSeconds": 20.0}
    sales = await make(surface, surface.token, "createRingGroup", "ringGroup", name="Sales team", **given)
    await make(surface, surface.token, "createRingGroup", "ringGroup", name="Nobody", **given)
    mine = make_cdr(DAY, ring_group_id=sales)
    await _write(cloud_pbx, mine, make_cdr(DAY))
    assert [one["id"] for one in await _list(cloud_pbx, GROUPS, ring_groups="Sales team")] == [mine.call_id]
    assert await _list(cloud_pbx, GROUPS, ring_groups="Nobody") == []
    asked = "query ($ids: [ID!]) { cdrs(filter: {ringGroupIds: $ids}) { nodes { ringGroupId call { id } } } }"
    nodes = (await surface.ask(asked, {"ids": [sales]}))["cdrs"]["nodes"]
    assert [one["ringGroupId"] for one in nodes] == [sales]


async def test_given_a_call_that_a_group_takes_when_it_has_ended_then_it_is_among_the_groups_calls(
    cloud_pbx: Client,
) -> None:
    surface = cloud_pbx.surface
    extensions = (await surface.ask("{ extensions { nodes { id number } } }"))["extensions"]["nodes"]
    members = [{"extensionId": one["id"]} for one in extensions if one["number"] in {"2003", "2004"}]
    given = {"name": "Support", "strategy": "ALL", "ringSeconds": 20.0, "members": members}
    group_id = await make(surface, surface.token, "createRingGroup", "ringGroup", **given)
    placed = await make(
        *(surface, surface.token, "originateCall", "call"),
        destination={"number": "+15550100000"},
        connect={"ringGroupId": group_id},
        idempotencyKey="group",
    )
    actor = surface.registry.find(placed)
    assert actor is not None
    for role in (LegRole.AGENT, LegRole.CUSTOMER):
        await actor.wait_until(lambda call, role=role: call.leg_of(role).dialing_at is not None)  # type: ignore[misc]
        move_leg(surface.registry, placed, role, inputs.LegAnswered)
    await actor.wait_until(lambda call: call.state is CallState.CONNECTED)
    move_leg(surface.registry, placed, LegRole.CUSTOMER, inputs.LegDestroyed)
    await until(lambda: actor.call.is_ended)
    today = datetime.now(UTC).date()
    days = f"{today - timedelta(days=1)},{today + timedelta(days=1)}"
    assert [one["id"] for one in await _list(cloud_pbx, GROUPS, ring_groups="Support", date=days)] == [placed]
    asked = "query ($ids: [ID!]) { calls(filter: {ringGroupIds: $ids}) { nodes { id cdr { ringGroupId } } } }"
    nodes = (await surface.ask(asked, {"ids": [group_id]}))["calls"]["nodes"]
    assert nodes == [{"id": placed, "cdr": {"ringGroupId": group_id}}]


@pytest.mark.parametrize(
    ("path", "query", "status", "error"),
    [
        (USERS, {"users": "2001"}, 400, "Missing parameters: date"),
        (USERS, {"date": "2026-05-01"}, 400, "Missing parameters: users"),
        (QUEUES, {"date": "2026-05-01", "queues": " , "}, 400, "Missing parameters: queues"),
        (GROUPS, {"date": "2026-05-01"}, 400, "Missing parameters: ring_groups"),
        (USERS, {"date": "2026-05-01", "users": "9999"}, 404, "There is no such user: 9999"),
        (QUEUES, {"date": "2026-05-01", "queues": "x"}, 404, "There is no such queue: x"),
        (GROUPS, {"date": "2026-05-01", "ring_groups": "%"}, 404, "There is no such ring group: %"),
        (USERS, {"date": "2026-02-30", "users": "2001"}, 400, None),
        (USERS, {"date": "9999-12-31", "users": "2001"}, 400, None),
        (USERS, {"date": "0001-01-01", "users": "2001"}, 400, None),
        (USERS, {"date": "2026-05-02,2026-05-01", "users": "2001"}, 400, None),
        (USERS, {"date": "2026-05-01", "users": "2001", "sort": "id; DROP TABLE cdr"}, 400, None),
        (USERS, {"date": "2026-05-01", "users": "2001", "offset": "-1"}, 400, None),
        (USERS, {"date": "2026-05-01", "users": "2001", "offset": "9" * 400}, 400, None),
        (USERS, {"date": "2026-05-01", "users": "2001", "limit": "0"}, 400, None),
        (USERS, {"date": "2026-05-01", "users": "2001", "limit": "201"}, 400, None),
        (USERS, {"date": "2026-05-01", "users": "2001", "limit": "\u0661"}, 400, None),
        (USERS, {"date": "2026-05-01", "users": ",".join(map(str, range(51)))}, 400, None),
    ],
)
async def test_given_a_list_that_cannot_be_when_asked_for_then_the_error_says_why(
    cloud_pbx: Client, path: str, query: dict[str, str], status: int, error: str | None
) -> None:
    answer = await cloud_pbx.send("GET", path, headers=_key(cloud_pbx), params=query)
    assert (answer.status_code, set(answer.json())) == (status, {"error"})
    assert error is None or answer.json()["error"] == error


async def test_given_a_number_when_called_for_a_user_then_all_its_phones_ring_and_show_the_number(
    cloud_pbx: Client,
) -> None:
    body = {"user": "Amara Osei", "number": "+15550100000"}
    answer = await cloud_pbx.send("POST", "/api/calls", headers=_key(cloud_pbx), json=body)
    (row,) = await cloud_pbx.calls()
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "id": row["id"],
            "status": "calling",
            "user": "Amara Osei",
            "extension": "2001",
            "destination": "+15550100000",
        },
    )
    actor = cloud_pbx.surface.registry.find(row["id"])
    assert actor is not None
    assert actor.call.legs[0].shown_number == "+15550100000"
    again = await cloud_pbx.send("POST", "/api/calls", headers=_key(cloud_pbx), json=body)
    assert again.json()["id"] == row["id"]


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"number": "+15550100000"}, 400, "Missing parameters: user"),
        ({"user": "2001"}, 400, "Missing parameters: number"),
        ({"user": {"a": 1}, "number": True}, 400, "Missing parameters: user, number"),
        ({"user": "Nobody", "number": "+15550100000"}, 404, "There is no such user: Nobody"),
        ({"user": "2001", "number": "+19005551234"}, 400, None),
        ({"user": "2001", "number": "112"}, 400, None),
        ([], 400, "The body is not a JSON object."),
    ],
)
async def test_given_a_call_that_cannot_be_placed_when_asked_then_nothing_is_dialled(
    cloud_pbx: Client, body: object, status: int, error: str | None
) -> None:
    answer = await cloud_pbx.send("POST", "/api/calls", headers=_key(cloud_pbx), json=body)
    assert (answer.status_code, set(answer.json())) == (status, {"error"})
    assert error is None or answer.json()["error"] == error
    assert await cloud_pbx.calls() == []


async def test_given_no_listed_address_when_asked_then_it_is_401_not_authorised(cloud_pbx: Client) -> None:
    surface, account = cloud_pbx.surface, cloud_pbx.account
    unlisted = await become(surface, account, Dialect.CLOUD_PBX)
    elsewhere = await become(surface, account, Dialect.CLOUD_PBX, ip_allow_list=("198.51.100.0/24",))
    asked = {"date": "2026-05-01", "users": "2001"}
    for headers in (_key(unlisted), _key(elsewhere), {"api-key": "x"}, {}):
        answer = await cloud_pbx.send("GET", USERS, headers=headers, params=asked)
        assert (answer.status_code, answer.json()) == (401, {"error": "Not authorised"})
    await surface.ask("mutation ($n: [String!]!) { setIpAllowList(input: {networks: $n}) { networks } }", {"n": [HOME]})
    answer = await cloud_pbx.send("GET", USERS, headers=_key(unlisted), params=asked)
    assert answer.status_code == 200  # the account's own list will do
    answer = await cloud_pbx.send("GET", USERS, headers={"x-api-key": cloud_pbx.secret}, params=asked)
    assert answer.status_code == 200


async def test_given_another_method_when_sent_then_it_is_405_in_the_documents_form(cloud_pbx: Client) -> None:
    for method, path, taken in (
        ("GET", "/api/calls", "POST"),
        ("POST", USERS, "GET, HEAD"),
        ("PUT", GROUPS, "GET, HEAD"),
    ):
        answer = await cloud_pbx.send(method, path, headers=_key(cloud_pbx))
        assert (answer.status_code, answer.headers["allow"]) == (405, taken)
        assert answer.json() == {"error": f"This address takes {taken}."}


async def test_given_a_name_that_two_agents_have_when_meant_then_it_is_404_and_a_better_one_is_not_in_doubt(
    cloud_pbx: Client,
) -> None:
    surface = cloud_pbx.surface
    for name in ("ana-1", "ana-2"):
        await make(surface, surface.token, "createAgent", "agent", name=name, displayName="Ana Pop")
    for written in ("Ana Pop", "ANA POP"):
        answer = await cloud_pbx.send(
            "GET", USERS, headers=_key(cloud_pbx), params={"date": "2026-05-01", "users": written}
        )
        assert (answer.status_code, answer.json()) == (404, {"error": "There is more than one user of this name"})
    # Whose name it is goes before whom it is displayed for.
    await make(surface, surface.token, "createAgent", "agent", name="Ana Pop", displayName="Ana")
    assert await _list(cloud_pbx, USERS, users="Ana Pop") == []
