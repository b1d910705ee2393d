"""Numbers, names and pressed keys without their scopes, in all that is told unasked: subscriptions and webhooks.

Every type of event there is, read off the catalogue, is told with a value in each of its fields, to whoever may see all
of it (so that it is known to be there) and to whoever may not; a type that is added is asked about the day it appears.
"""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, Final

import orjson
import pytest
from graphql import GraphQLNonNull, Undefined, get_named_type, is_interface_type, is_leaf_type, is_union_type

from app.accounts.scopes import Scope
from app.api.schema import build_schema
from app.api.types.event_mapping import EVENT_TYPES
from app.db.engine import Database
from app.facts.calls import Fact
from app.facts.catalogue import FACT_TYPES
from app.facts.event import Draft
from app.facts.masking import Sight
from app.facts.queues import AgentStateChanged
from app.facts.webhooks import WebhookTest, WebhookTriggered
from app.ids import Kind, new_id
from app.webhooks.classic import CLASSIC_EVENTS
from app.webhooks.model import Format
from tests.api.conftest import DEADLINE_SECONDS, Surface, endpoint_of, serving
from tests.facts.full_fact import NAME, NUMBER, PRESSED, full_fact
from tests.security.belongings import IN_A_FIELD, LISTED, Belongings
from tests.security.generated import kind_wanted, nobodys_id, roots, schema_types
from tests.security.raw_socket import RawSocket, message, raw_socket
from tests.security.test_masking import own
from tests.webhooks.rig import webhooks_on
from tests.webhooks.sink import running_sink

pytestmark = pytest.mark.postgres

__all__ = ["own"]

#: Of a number, what no country code and no two last digits tell; other forms of it have these too.
_DIGITS: Final = NUMBER.removeprefix("+1")
#: So deep in what an event names as it is now; what lies deeper any query gives.
_DEEPEST: Final = 2
#: What of it each format of webhooks says where it may.
_SAID: Final = {Format.STANDARD: (_DIGITS, NAME, PRESSED), Format.CLASSIC: (_DIGITS,)}
#: How much a subscription says of what the test below does; once, if it is not named.
_SAYS: Final = {"callUpdated": 2, "liveCalls": 2, "agentActivity": 2, "queueActivity": 2}


def selection(kind: Any, depth: int = 0) -> str:
    """All that a type has, ``_DEEPEST`` levels deep."""
    named: Any = get_named_type(kind)
    if is_leaf_type(named):
        return ""
    if is_union_type(named) or is_interface_type(named):
        members = build_schema()._schema.get_possible_types(named)
        return "{ __typename " + " ".join(f"... on {one.name} {selection(one, depth)}" for one in members) + " }"
    asked = ["__typename"]
    for name, field in named.fields.items():
        inner = get_named_type(field.type)
        is_asking = any(
            isinstance(one.type, GraphQLNonNull) and one.default_value is Undefined for one in field.args.values()
        )
        if not is_asking and (is_leaf_type(inner) or (depth < _DEEPEST and not is_interface_type(inner))):
            asked.append(f"{name} {selection(inner, depth + 1)}")
    return "{ " + " ".join(asked) + " }"


def _selection_but(kind: Any, but: str) -> str:
    """All of a type's own values, but for one field."""
    return " ".join(
        name for name, field in kind.fields.items() if name != but and is_leaf_type(get_named_type(field.type))
    )


def written(fact: Fact) -> str:
    """All that a fact says."""
    return orjson.dumps(fact, default=_as_plain).decode()


def _as_plain(value: Any) -> Any:
    return {name: getattr(value, name) for name in value.__struct_fields__}


def facts_of(own: Belongings | None) -> dict[str, Fact]:
    """One fact of each type; what it names is what the account has, where it has it."""

    def id_for(name: str) -> str:
        first, *rest = name.removesuffix("s").split("_")
        kind = kind_wanted((first + "".join(part.title() for part in rest),)) or Kind.CALL
        return own.ids.get(kind) or nobodys_id(kind) if own is not None else nobodys_id(kind)

    return {name: full_fact(kind, id_for) for name, kind in FACT_TYPES.items()}


@pytest.fixture
async def port(surface: Surface) -> AsyncIterator[int]:
    """Where a socket may follow every type of event by itself."""
    endpoint = endpoint_of(surface)
    endpoint._options = dataclasses.replace(endpoint._options, most_operations_per_socket=2 * len(FACT_TYPES))
    async with serving(surface.app) as port:
        yield port


@pytest.fixture
async def sockets(own: Belongings, port: int) -> AsyncIterator[tuple[RawSocket, RawSocket]]:
    """One that may see all, and one that may see neither numbers nor keys."""
    hidden = {Scope.PII_READ, Scope.DTMF_READ}
    tokens = [await own.tenant.key(*Scope), await own.tenant.key(*(set(Scope) - hidden))]
    async with AsyncExitStack() as stack:
        seeing, blind = [await stack.enter_async_context(raw_socket(port, token=token)) for token in tokens]
        yield seeing, blind


async def _subscribe(socket: RawSocket, name: str, document: str, variables: dict[str, Any]) -> None:
    await socket.send(message(type="subscribe", id=name, payload={"query": document, "variables": variables}))


async def _hear(socket: RawSocket, wanted: dict[str, int]) -> dict[str, list[str]]:
    """What each subscription says, until each has said so much."""
    said: dict[str, list[str]] = {name: [] for name in wanted}
    async with asyncio.timeout(DEADLINE_SECONDS * 2):
        while any(len(said[name]) < count for name, count in wanted.items()):
            told = await socket.receive()
            if told["type"] == "complete":
                continue
            assert told["type"] == "next", told
            assert "errors" not in told["payload"], (told["id"], told["payload"]["errors"][:1])
            said[told["id"]].append(orjson.dumps(told["payload"]["data"]).decode())
    return said


def _assert_blind(said: dict[str, list[str]], *hidden: str) -> None:
    for name, messages in said.items():
        for one in messages:
            for what in hidden:
                assert what not in one, (name, what, one[max(0, one.index(what) - 150) : one.index(what) + 20])


async def test_given_every_type_of_event_full_of_numbers_when_followed_without_the_scopes_then_none_is_told(
    own: Belongings, surface: Surface, sockets: tuple[RawSocket, RawSocket]
) -> None:
    facts = facts_of(own)
    for name, fact in facts.items():
        member = EVENT_TYPES[type(fact)].__name__
        event = f"event {{ ... on {member} {selection(schema_types()[member])} }}"
        shown = f"... on EventDelivered {{ {_selection_but(schema_types()['EventDelivered'], 'event')} {event} }}"
        document = f"subscription ($f: EventFilterInput) {{ events(filter: $f) {{ __typename {shown} }} }}"
        for socket in sockets:
            await _subscribe(socket, name, document, {"f": {"types": [name.replace(".", "_").upper()]}})
    for socket in sockets:
        await _hear(socket, dict.fromkeys(facts, 1))  # each has caught up
    now = surface.services.clock.now()
    for fact in facts.values():
        subject_id = own.ids[Kind.CALL] if hasattr(fact, "call") else own.tenant.account.id
        draft = Draft(
            id=new_id(Kind.EVENT), account_id=own.tenant.account.id, subject_id=subject_id, occurred_at=now, fact=fact
        )
        await surface.log.append([draft])
    seen, unseen = [await _hear(socket, dict.fromkeys(facts, 1)) for socket in sockets]
    for what in (_DIGITS, NAME, PRESSED):
        told = {name for name, (one, *_) in seen.items() if what in one}
        assert told >= {name for name, fact in facts.items() if what in written(fact)}, what
    _assert_blind(unseen, _DIGITS, NAME, PRESSED, LISTED, IN_A_FIELD)
    pressed = orjson.loads(unseen["dtmf.received"][0])["events"]["event"]["digit"]
    assert (facts["dtmf.received"].digit, pressed) == (PRESSED[0], "x")  # type: ignore[attr-defined]  # it has one


async def test_given_numbers_everywhere_when_any_other_subscription_is_followed_without_the_scopes_then_none_is_told(
    own: Belongings, surface: Surface, sockets: tuple[RawSocket, RawSocket]
) -> None:
    wanted = {root.name: _SAYS.get(root.name, 1) for root in roots("subscription") if root.name != "events"}
    ids = {"callUpdated": Kind.CALL, "jobProgress": Kind.JOB, "campaignProgress": Kind.CAMPAIGN}
    for root in roots("subscription"):
        if root.name not in wanted:
            continue
        asked = f'(id: "{own.ids[ids[root.name]]}")' if root.name in ids else ""
        document = f"subscription {{ {root.name}{asked} {selection(root.field.type)} }}"
        for socket in sockets:
            await _subscribe(socket, root.name, document, {})
    first = [await _hear(socket, dict.fromkeys(wanted, 1)) for socket in sockets]
    # The call ends, and an agent does something else: what is told of once is told of again.
    changed = facts_of(own)[AgentStateChanged.type]
    await surface.log.append(
        [
            Draft(
                id=new_id(Kind.EVENT),
                account_id=own.tenant.account.id,
                subject_id=own.ids[Kind.AGENT],
                occurred_at=surface.services.clock.now(),
                fact=changed,
            )
        ]
    )
    await own.do("hangupCall", {"callId": own.ids[Kind.CALL]})
    more = {name: count - 1 for name, count in wanted.items() if count > 1}
    then = [await _hear(socket, {**dict.fromkeys(wanted, 0), **more}) for socket in sockets]
    (seen, unseen), (seen_then, unseen_then) = first, then
    for told in (seen, seen_then):
        assert {name for name in ("callUpdated", "liveCalls") if any(_DIGITS in one for one in told[name])} == {
            "callUpdated",
            "liveCalls",
        }
    for told in (unseen, unseen_then):
        _assert_blind(told, _DIGITS, "Vera")


def _is_sent(fact: Fact, format_: Format) -> bool:
    """Tests and samples, which hold nothing of anybody's, go to one endpoint, or as what they are samples of."""
    if format_ is Format.CLASSIC:
        return fact.type in CLASSIC_EVENTS
    return not isinstance(fact, WebhookTest | WebhookTriggered)


@pytest.mark.parametrize("format_", Format)
async def test_given_every_type_of_event_full_of_numbers_when_told_by_webhook_then_it_sees_what_its_endpoint_may(
    database: Database, format_: Format
) -> None:
    facts = {name: fact for name, fact in facts_of(None).items() if _is_sent(fact, format_)}
    granted = Sight(has_numbers=True, has_digits=True)
    async with running_sink() as sink, webhooks_on(database) as rig:
        for path, is_seeing in (("/seeing", True), ("/blind", False)):
            await rig.endpoints.create(
                rig.account_id,
                url=sink.url(path),
                format=format_,
                reads_pii=is_seeing,
                reads_dtmf=is_seeing,
                granted=granted,
            )
        await rig.log.append([rig.draft(new_id(Kind.CALL), fact) for fact in facts.values()])
        async with rig.delivering():
            await rig.wait_for_states(DELIVERED=2 * len(facts))
        seen, unseen = [[one.body.decode() for one in sink.at(path)] for path in ("/seeing", "/blind")]
    for what in _SAID[format_]:
        assert sum(what in one for one in seen) == sum(what in written(fact) for fact in facts.values()) > 0, what
    for what in (_DIGITS, NAME, PRESSED):
        assert [one for one in unseen if what in one] == []
