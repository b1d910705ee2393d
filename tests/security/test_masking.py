"""Numbers and names without ``pii:read``: all that can be asked is asked, as deep as it goes, and no answer has any.

What facts, webhooks, exports and traces hide is held by tests beside them (``tests/facts/test_masking.py`` walks every
fact). Here the whole query side of the schema is read, field by field, once by a key that may see numbers (so that it
is known that they are there) and once by one that may not.
"""

import asyncio
import dataclasses
import inspect
from typing import Any, Final

import orjson
import pytest
from graphql import (
    DocumentNode,
    GraphQLNonNull,
    GraphQLOutputType,
    Undefined,
    execute,
    get_named_type,
    is_interface_type,
    is_leaf_type,
    is_union_type,
    parse,
)
from strawberry.execution import optimized_is_awaitable

from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.api.context import Context, Options
from app.api.fast_path import FastExecutor
from app.api.metrics import Metrics
from app.api.schema import build_schema
from app.calls.core import inputs
from app.facts.vocabulary import CallState, LegRole
from app.ids import Kind, kind_of
from tests.api.conftest import Surface, until
from tests.api.silent_asterisk import move_leg
from tests.security.belongings import IN_A_FIELD, LISTED, Belongings, fill
from tests.security.conftest import Tenant
from tests.security.generated import Root, roots

pytestmark = pytest.mark.postgres

NUMBER: Final = "+15550100007"
#: The names that go with numbers: of a call's far end, and the one that it sees calling.
_CALLED, _SHOWN = "Vera Called", "Vera Shown"
_NAMES: Final = (_CALLED, _SHOWN, LISTED, IN_A_FIELD)
_HIDDEN: Final = [one.encode() for one in (NUMBER.removeprefix("+1"), *_NAMES)]
_DEEPEST: Final = 3
_METRICS: Final = Metrics()
#: Needs no number of the account's, or the caller gives it.
_KINDS_OF_FIELD: Final = {
    "previewCampaign": Kind.CAMPAIGN,
    "contacts": Kind.CONTACT_LIST,
    "dncEntries": Kind.DNC_LIST,
}


def selection(kind: GraphQLOutputType, depth: int = 0, above: tuple[str, ...] = ()) -> str:
    """Everything below a type that takes no argument, ``_DEEPEST`` levels deep; each field under a name of its own."""
    named: Any = get_named_type(kind)
    if is_leaf_type(named):
        return ""
    if is_union_type(named) or is_interface_type(named):
        parts = [
            f"... on {one.name} {selection(one, depth, above)}"
            for one in build_schema()._schema.get_possible_types(named)
        ]
        return "{ __typename " + " ".join(parts) + " }"
    asked = ["__typename"]
    for name, field in named.fields.items():
        if any(isinstance(one.type, GraphQLNonNull) and one.default_value is Undefined for one in field.args.values()):
            continue
        inner = get_named_type(field.type)
        # The page's items are asked for once, under ``nodes``.
        if not is_leaf_type(inner) and (depth >= _DEEPEST or above.count(inner.name) > 0 or name == "edges"):
            continue
        asked.append(f"{named.name}_{name}: {name} {selection(field.type, depth + 1, (*above, named.name))}")
    return "{ " + " ".join(asked) + " }"


def document_of(root: Root, own: Belongings) -> DocumentNode | None:
    """All that one root field gives; too large for anybody from outside. None: it asks for a number itself, or a range.

    ``node`` and ``nodes`` give what the kinds' own fields give.
    """
    arguments = ""
    required = [
        name
        for name, one in root.field.args.items()
        if isinstance(one.type, GraphQLNonNull) and one.default_value is Undefined
    ]
    if root.name == "node":
        return None
    if required in (["id"], ["listId"]):
        kind = _KINDS_OF_FIELD.get(root.name) or _kind_named(root.name)
        arguments = f'({required[0]}: "{own.ids[kind]}")'
    elif required:
        return None
    return parse(f"{{ {root.name}{arguments} {selection(root.field.type)} }}", no_location=True)


async def read(root: Root, document: DocumentNode, context: Context) -> bytes:
    """The answer, as JSON."""
    async with asyncio.timeout(60):
        running: Any = execute(
            build_schema()._schema,
            document,
            context_value=context,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # as the service gives it
            executor_class=FastExecutor,
        )
        result = await running if inspect.isawaitable(running) else running
    wrong = [error for error in result.errors or () if getattr(error.original_error, "code", "INTERNAL") == "INTERNAL"]
    assert wrong == [], (root.name, wrong[0], wrong[0].original_error)
    return orjson.dumps(result.data)


def _kind_named(name: str) -> Kind:
    return Kind["".join(f"_{one}" if one.isupper() else one for one in name).upper()]


def context_of(surface: Surface, principal: Principal, *without: Scope) -> Context:
    context = Context(
        services=surface.services,
        options=Options(query_seconds=60.0),
        metrics=_METRICS,
        request_id="generated-request",
    )
    context.admit(dataclasses.replace(principal, scopes=frozenset(Scope) - frozenset(without)))
    return context


@pytest.fixture
async def own(tenant_a: Tenant, surface: Surface) -> Belongings:
    """An account that has the number everywhere: called, to be called, on lists, in calls alive and ended."""
    own = await fill(tenant_a, NUMBER, "+15550100001")
    for number, is_ended in ((1, True), (2, False)):
        given = {"destination": {"number": NUMBER}, "connect": {"extension": "7302" if is_ended else "7303"}}
        names = {"destinationName": _CALLED, "callerIdName": _SHOWN}
        asked = {"idempotencyKey": f"masked-{number}", **given, **names}
        payload = await own.do("originateCall", asked, "call { id }")
        actor = surface.registry.find(payload["call"]["id"])
        assert actor is not None
        await until(lambda actor=actor: actor.call.leg_of(LegRole.AGENT).dialing_at is not None)  # type: ignore[misc]
        move_leg(surface.registry, actor.call.id, LegRole.AGENT, inputs.LegAnswered)
        await until(lambda actor=actor: actor.call.leg_of(LegRole.CUSTOMER).dialing_at is not None)  # type: ignore[misc]
        move_leg(surface.registry, actor.call.id, LegRole.CUSTOMER, inputs.LegAnswered)
        await until(lambda actor=actor: actor.call.state is CallState.CONNECTED)  # type: ignore[misc]
        if is_ended:
            await own.do("hangupCall", {"callId": actor.call.id})
            await until(lambda actor=actor: actor.call.is_ended)  # type: ignore[misc]
            cdr = await own.tenant.ask("query ($id: ID!) { call(id: $id) { cdr { id } } }", {"id": actor.call.id})
            own.ids[Kind.CDR] = cdr["call"]["cdr"]["id"]
        else:
            own.ids[Kind.CALL], own.ids[Kind.LEG] = actor.call.id, actor.call.leg_of(LegRole.CUSTOMER).id
    assert all(kind_of(one) is kind for kind, one in own.ids.items())
    return own


async def test_given_a_number_everywhere_when_all_is_read_without_pii_then_it_is_in_no_answer(
    own: Belongings, surface: Surface
) -> None:
    principal = await surface.services.keys.authenticate(own.tenant.token, None)
    asked: list[str] = []
    told_all: dict[bytes, set[str]] = {hidden: set() for hidden in _HIDDEN}
    told_masked = []
    for root in roots("query"):
        document = document_of(root, own)
        if document is None:
            continue
        asked.append(root.name)
        whole = await read(root, document, context_of(surface, principal))
        masked = await read(root, document, context_of(surface, principal, Scope.PII_READ))
        for hidden in _HIDDEN:
            if hidden in whole:
                told_all[hidden].add(root.name)
            if hidden in masked:
                at = masked.index(hidden)
                told_masked.append((root.name, masked[max(0, at - 120) : at + 20]))
    assert told_masked == []
    # Where they are, so that their absence means something.
    number, called, shown, listed, in_a_field = told_all.values()
    assert number >= {"call", "calls", "cdr", "cdrs", "contact", "contacts", "dncEntries", "events", "callback"}
    assert called >= {"call", "calls", "cdr", "cdrs", "events"}
    assert shown >= {"call", "calls", "cdr", "cdrs"}
    assert listed >= {"contact", "contacts"}
    assert in_a_field >= {"contact", "contacts"}
    assert len(asked) > len(roots("query")) * 0.8
