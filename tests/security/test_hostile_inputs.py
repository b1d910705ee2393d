"""Every class of hostile input, on every mutation that takes the field: as a variable and as a literal.

Each is refused in words that programs know, and nothing else comes of it: no call, no leg, no row, no fault, no word
about our insides, and one line in the audit log.
"""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import pytest
from graphql import parse, validate

from app.api.schema import build_schema
from app.calls.core import inputs
from app.egress.requests import Egress
from app.egress.streams import StreamGuard
from app.facts.vocabulary import CallState, LegRole, LegState
from app.numbers.parse import SANDBOX_PREFIX
from app.numbers.policy import Rule
from tests.api.conftest import Surface, until
from tests.api.silent_asterisk import move_leg
from tests.security.hostile import BEFORE_THE_FIELD, Field, Row, rows
from tests.security.hostile_controls import REFUSED_ELSEWHERE, good_value, needs_of
from tests.security.hostile_places import PLACES, Place, Word, originate, schedule
from tests.security.hostile_speech_places import SPEECH_PLACES, make_for
from tests.security.insides import INSIDES

pytestmark = pytest.mark.postgres

EVERY_PLACE: Final = (*PLACES, *SPEECH_PLACES)
#: Refusals of a request's size, which only what is large can have brought about.
_TOO_LARGE: Final = frozenset({"QUERY_TOO_COMPLEX", "PAYLOAD_TOO_LARGE", "GRAPHQL_PARSE_FAILED"})
_LARGE: Final = 30_000
_NUL: Final = "A text may not hold the character NUL."
_OF_VARIABLE: Final = re.compile(r"Variable '\$input' has invalid value at ([\w.\[\]]+):")
_WORDS: Final = re.compile(r"\w+")
#: What must be as it was: the rows that a call, or a promise of one, would leave.
_LEFT: Final = """
SELECT (SELECT count(*) FROM call) AS calls, (SELECT count(*) FROM callback) AS callbacks,
    (SELECT count(*) FROM otp) AS otps, (SELECT count(*) FROM campaign) AS campaigns,
    (SELECT string_agg(concat_ws('/', name, display_name), ',' ORDER BY id) FROM agent) AS agents,
    (SELECT count(*) FROM media_endpoint) AS programs, (SELECT count(*) FROM transcript) AS transcripts,
    (SELECT count(*) FROM announcement_template) AS templates, (SELECT count(*) FROM job) AS jobs,
    (SELECT count(*) FROM event WHERE type NOT LIKE 'dnc.%') AS events, (SELECT count(*) FROM request_key) AS keys
"""


def literal(value: Any) -> str:
    """A value as GraphQL writes it."""
    match value:
        case Word():
            return str(value)
        case dict():
            return "{" + ", ".join(f"{key}: {literal(one)}" for key, one in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(literal(one) for one in value) + "]"
        case _:
            return json.dumps(value)


def document_of(mutation: str, given: dict[str, Any] | None) -> str:
    """A mutation with its input in it, or (None) with a variable for it."""
    head = f"{mutation}(input: {'$input' if given is None else literal(given)})"
    variable = f"($input: {mutation[0].upper()}{mutation[1:]}Input!)" if given is None else ""
    return f"mutation{variable} {{ {head} {{ userErrors {{ code message field }} }} }}"


@dataclass(slots=True)
class World:
    """A service that may call every ordinary number there is, a call that two talk in, and a callback."""

    surface: Surface
    call_id: str = ""
    leg_id: str = ""
    callback_id: str = ""
    agent_id: str = ""
    list_id: str = ""
    dnc_list_id: str = ""
    made: dict[str, str] = field(default_factory=dict)
    there: set[str] = field(default_factory=set)
    legs: int = 0
    calls: int = 0
    left: dict[str, Any] = field(default_factory=dict)
    answers: list["Answer"] = field(default_factory=list)

    async def ask(self, mutation: str, given: dict[str, Any], *, as_literal: bool) -> "Answer":
        query = document_of(mutation, given if as_literal else None)
        response = await self.surface.post(query, None if as_literal else {"input": given})
        assert response.status_code < 500, (mutation, response.text[:500])
        assert len(response.content) < 200_000
        body = response.json()
        before = body.get("errors") or []
        payload = (body.get("data") or {}).get(mutation)
        told = [] if payload is None else payload["userErrors"]
        self.answers.append(Answer(before, told, response.text, response.headers["x-request-id"]))
        return self.answers[-1]

    async def remember(self) -> None:
        """How it is before a place is asked, with a key that has asked nothing yet."""
        self.surface.token = await self.surface.key()
        self.answers.clear()
        self.legs, self.calls, self.left = self._legs(), len(self.surface.registry), await self._rows()

    async def assert_is_as_before(self) -> None:
        assert (self._legs(), len(self.surface.registry), await self._rows()) == (self.legs, self.calls, self.left)

    async def assert_each_left_one_line(self) -> None:
        """In the audit log, with what came of it."""
        await self.surface.services.access.audit.flush()
        told = {answer.request_id: answer.codes[:1] or ["OK"] for answer in self.answers}
        assert len(told) == len(self.answers)
        async with self.surface.database.acquire() as connection:
            query = "SELECT request_id, outcome FROM audit_line WHERE request_id = ANY($1::text[])"
            found = await connection.fetch(query, list(told))
        lines: dict[str, list[str]] = {}
        for line in found:
            lines.setdefault(line["request_id"], []).append(line["outcome"])
        assert {request: lines.get(request) for request in told} == told

    def _legs(self) -> int:
        actor = self.surface.registry.find(self.call_id) if self.call_id else None
        return 0 if actor is None else len(actor.call.legs)

    async def _rows(self) -> dict[str, Any]:
        async with self.surface.database.acquire() as connection:
            return dict(await connection.fetchrow(_LEFT) or {})


class Answer(NamedTuple):
    """What was refused ``before`` any field was looked at, what was ``told`` of fields, and the whole answer."""

    before: list[dict[str, Any]]
    told: list[dict[str, Any]]
    text: str
    request_id: str

    @property
    def codes(self) -> list[str]:
        """Of everything that was refused."""
        return [error["extensions"]["code"] for error in self.before] + [error["code"] for error in self.told]


@pytest.fixture
async def world(surface: Surface, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Every ordinary number is granted, so that what is refused is refused for what it is; webhooks and media streams
    reach no network of ours, as it is where no operator has said otherwise.
    """
    egress = Egress()
    monkeypatch.setattr(surface.services.webhooks, "_egress", egress)
    monkeypatch.setattr(surface.services.media_endpoints, "_guard", StreamGuard())
    rules = [Rule("+", is_allowed=True), Rule(SANDBOX_PREFIX, is_allowed=True)]
    await surface.services.routing.policies.set_rules(surface.account.id, rules)
    yield World(surface)
    await egress.aclose()


async def _prepare(world: World, needs: str) -> None:
    """What is needed is there: a call and a callback of its own each time, anything else once."""
    needs, _, more = needs.partition("+")
    for need in {needs, more} - world.there:
        await make_for(need, world.surface, world.made)
        await _make_lasting(world, need)
        world.there.add(need)
    await _begin(world, needs)


async def _begin(world: World, needs: str) -> None:
    surface = world.surface
    if needs == "call":
        query = "mutation($input: OriginateCallInput!) { originateCall(input: $input) { call { id } } }"
        made = await surface.ask(query, {"input": originate()})
        world.call_id = made["originateCall"]["call"]["id"]
        actor = surface.registry.find(world.call_id)
        assert actor is not None
        await until(lambda: actor.call.leg_of(LegRole.AGENT).state is LegState.DIALING)
        move_leg(surface.registry, world.call_id, LegRole.AGENT, inputs.LegAnswered)
        await until(lambda: actor.call.leg_of(LegRole.CUSTOMER).state is LegState.DIALING)
        move_leg(surface.registry, world.call_id, LegRole.CUSTOMER, inputs.LegAnswered)
        await until(lambda: actor.call.state is CallState.CONNECTED)
        world.leg_id = actor.call.leg_of(LegRole.CUSTOMER).id
    elif needs == "callback":
        query = "mutation($input: ScheduleCallbackInput!) { scheduleCallback(input: $input) { callback { id } } }"
        made = await surface.ask(query, {"input": schedule()})
        world.callback_id = made["scheduleCallback"]["callback"]["id"]


async def _make_lasting(world: World, need: str) -> None:
    surface = world.surface
    if need == "agent":
        made = await surface.ask('mutation { createAgent(input: {name: "Kim"}) { agent { id } } }')
        world.agent_id = made["createAgent"]["agent"]["id"]
    elif need == "lists":
        query = """mutation { createContactList(input: {name: "l"}) { contactList { id } }
          createDncList(input: {name: "d"}) { dncList { id } } }"""
        made = await surface.ask(query)
        world.list_id = made["createContactList"]["contactList"]["id"]
        world.dnc_list_id = made["createDncList"]["dncList"]["id"]


async def _let_go(world: World) -> None:
    """What nobody looks at any more takes no place: no calls, and no one-time passwords of the last hour."""
    for actor in list(world.surface.registry):
        actor.post(inputs.HangupRequested(actor=actor.call.actor))
    await until(lambda: len(world.surface.registry) == 0)
    world.call_id = world.leg_id = ""
    async with world.surface.database.acquire() as connection:
        await connection.execute("UPDATE otp SET created_at = created_at - interval '2 days'")


def _some(found: Sequence[Row]) -> list[Row]:
    """Three of each class: the first, one of the middle, and the last."""
    kinds: dict[str, list[Row]] = {}
    for row in found:
        kinds.setdefault(row.kind, []).append(row)
    return [of[place] for of in kinds.values() for place in sorted({0, len(of) // 2, len(of) - 1})]


def _may_be_kept(place: Place, row: Row) -> bool:
    return place.keeps_numbers and "DESTINATION_DENIED" in row.codes


def _path(field_names: Iterable[str]) -> list[str]:
    """A place's names, without the numbers in lists."""
    return [name for name in field_names if not name.isdigit()]


def points_at(place: Place, field_names: Sequence[str]) -> bool:
    """Whether that is the place itself, what is in it, or what it is in."""
    told, where = _path(field_names), place.where.partition(" ")[0].split(".")
    length = min(len(told), len(where))
    return length > 0 and told[:length] == where[:length]


def _is_of_the_sample(error: dict[str, Any], place: Place, sample: Any) -> bool:
    """Whether a request that was refused as a whole was refused for the sample.

    Of a literal nobody says which it was; that it is the only thing wrong there is what the good values show.
    """
    code, message = error["extensions"]["code"], error["message"]
    if code in _TOO_LARGE:
        return len(json.dumps(sample)) > _LARGE
    if message == _NUL:
        return "\\u0000" in json.dumps(sample)
    variable = _OF_VARIABLE.match(message)
    return code == "GRAPHQL_VALIDATION_FAILED" if variable is None else points_at(place, _WORDS.findall(variable[1]))


def _assert_refused(place: Place, row: Row, answer: Answer) -> None:
    told = f"{place.name} <- {row}: {answer.codes}"
    assert INSIDES.search(answer.text) is None, f"{told}: {answer.text[:500]}"
    if _may_be_kept(place, row) and not answer.codes:
        return
    assert answer.codes, f"taken: {told}"
    assert {error["code"] for error in answer.told} <= row.codes | place.codes, told
    assert [error for error in answer.told if not points_at(place, error["field"])] == [], told
    for error in answer.before:
        assert error["extensions"]["code"] in BEFORE_THE_FIELD, told
        assert _is_of_the_sample(error, place, row.sample), f"{told}: {error['message'][:300]}"


def _by_need(find: Callable[[Place], str]) -> dict[str, list[Place]]:
    """All places, by what must be there: those of one need share a world."""
    found: dict[str, list[Place]] = {}
    for place in EVERY_PLACE:
        found.setdefault(find(place), []).append(place)
    return found


@pytest.mark.parametrize("places", [pytest.param(of, id=need or "nothing") for need, of in _by_need(needs_of).items()])
async def test_given_a_good_value_when_given_in_the_same_place_then_it_is_taken(
    world: World, places: list[Place], subtests: pytest.Subtests
) -> None:
    for place in places:
        with subtests.test(place.name):
            await _prepare(world, needs_of(place))
            await world.remember()
            good = await good_value(world, world.surface, place)
            given = place.given(world, good)
            assert validate(build_schema()._schema, parse(document_of(place.mutation, given))) == []
            answer = await world.ask(place.mutation, given, as_literal=False)
            assert answer.before == [], place.name
            refused = {".".join(error["field"]): error["code"] for error in answer.told}
            assert refused == REFUSED_ELSEWHERE.get(place.name, {}), place.name
            await _let_go(world)


@pytest.mark.parametrize(
    ("need", "places"),
    [pytest.param(need, of, id=need or "nothing") for need, of in _by_need(lambda place: place.needs).items()],
)
async def test_given_hostile_input_when_given_as_variable_and_as_literal_then_it_is_refused_and_nothing_happens(
    world: World, need: str, places: list[Place], subtests: pytest.Subtests
) -> None:
    await _prepare(world, need)
    assert len(world.surface.registry) == (1 if world.call_id else 0)
    for place in places:
        with subtests.test(place.name):
            await world.remember()
            for row in _some(rows(place.field)):
                if row.kind in {"ten megabytes", *place.skipped}:
                    continue
                for as_literal in (False, True):
                    given = place.given(world, row.sample)
                    _assert_refused(place, row, await world.ask(place.mutation, given, as_literal=as_literal))
            await world.assert_is_as_before()
            await world.assert_each_left_one_line()


async def test_given_every_sample_of_the_table_when_dialled_then_it_is_refused_and_nothing_happens(
    world: World,
) -> None:
    (place,) = (one for one in PLACES if one.name == "originateCall.destination.number")
    await world.remember()
    assert world.calls == 0
    for row in rows(Field.NUMBER):
        answer = await world.ask(place.mutation, place.given(world, row.sample), as_literal=False)
        _assert_refused(place, row, answer)
    await world.assert_is_as_before()
    await world.assert_each_left_one_line()
