"""Every field against every scope: what a field says that it needs lets it pass, and nothing else does."""

import asyncio
import dataclasses
import inspect
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import GraphQLField
from strawberry.types.graphql import OperationType

from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.api.context import Context, Options
from app.api.metrics import Metrics
from app.api.queries.nodes import FINDERS
from app.api.schema import build_schema
from app.errors import AuthenticationError, ScopeError
from tests.api.conftest import Surface
from tests.security.conftest import Tenant
from tests.security.generated import Root, declared_scope, document_for, guarded_fields, nobodys_id, roots

pytestmark = pytest.mark.postgres

_DEADLINE_SECONDS = 30.0


class Asker:
    """Asks as a caller with chosen scopes."""

    def __init__(self, surface: Surface, principal: Principal) -> None:
        self._surface = surface
        self._principal = principal
        self._options = Options(query_seconds=_DEADLINE_SECONDS)

    def context(self, *scopes: Scope) -> Context:
        context = Context(
            services=self._surface.services, options=self._options, metrics=_METRICS, request_id="generated-request"
        )
        context.admit(dataclasses.replace(self._principal, scopes=frozenset(scopes)))
        return context

    async def code(self, root: Root, *scopes: Scope) -> str | None:
        """The code of an operation's first error, None for none; of a subscription, of its first message."""
        document, variables = document_for(root)
        schema, context = build_schema(), self.context(*scopes)
        if root.operation != "subscription":
            result: Any = await schema.execute(
                document,
                variable_values=variables,
                context_value=context,
                allowed_operation_types=(OperationType.QUERY, OperationType.MUTATION),
            )
            return _code_of(result.errors)
        context.is_socket = True
        stream: Any = await schema.stream(document, variable_values=variables, context_value=context)
        try:
            async with asyncio.timeout(_DEADLINE_SECONDS):
                async for message in stream:
                    return _code_of(message.errors)
        finally:
            await stream.aclose()
        return None


_METRICS = Metrics()


def _code_of(errors: Any) -> str | None:
    if not errors:
        return None
    cause = errors[0].original_error
    while getattr(cause, "original_error", None) is not None:
        cause = cause.original_error
    if cause is None or not hasattr(cause, "code"):
        code = (errors[0].extensions or {}).get("code")
        return str(code) if code else type(cause).__name__
    return str(cause.code)


@pytest.fixture
async def asker(tenant_a: Tenant, surface: Surface) -> Asker:
    return Asker(surface, await surface.services.keys.authenticate(tenant_a.token, None))


@pytest.mark.parametrize("operation", ["query", "mutation", "subscription"])
async def test_given_its_own_scope_or_all_others_when_each_root_field_is_asked_then_the_first_passes_alone(
    asker: Asker, operation: str
) -> None:
    wrong = []
    for root in roots(operation):
        if root.scope is None:
            continue
        if (await asker.code(root, root.scope) == ScopeError.code) != bool(root.further):
            wrong.append(f"{root} with {root.scope.value} alone")
        others = set(Scope) - {root.scope}
        # No scope takes anything away, so what is refused with all the others is refused with each of them.
        if await asker.code(root, *others) != ScopeError.code:
            passing = [scope.value for scope in others if await asker.code(root, scope) != ScopeError.code]
            wrong.append(f"{root} without {root.scope.value}: passes with {passing or 'several others'}")
    assert wrong == []


async def test_given_a_field_that_takes_several_scopes_when_one_of_them_is_missing_then_it_is_refused(
    asker: Asker,
) -> None:
    several = [root for root in roots() if root.further]
    assert several, "some fields take more than one scope"
    for root in several:
        assert root.scope is not None
        needed = root.further | {root.scope}
        assert await asker.code(root, *needed) != ScopeError.code
        for scope in needed:
            assert await asker.code(root, *(set(Scope) - {scope})) == ScopeError.code, (root.name, scope)


async def test_given_no_key_when_any_root_field_is_asked_then_it_is_unauthenticated(surface: Surface) -> None:
    answers = {}
    for root in roots("query", "mutation"):
        document, variables = document_for(root)
        body = (await surface.post(document, variables, token=None)).json()
        answers[root.name] = {error["extensions"]["code"]: error["message"] for error in body["errors"]}
    assert {name: codes for name, codes in answers.items() if set(codes) != {AuthenticationError.code}} == {}


async def test_given_each_scope_alone_when_a_node_is_asked_for_then_it_takes_what_its_own_field_takes(
    asker: Asker, subtests: pytest.Subtests
) -> None:
    document, schema = "query ($id: ID!) { node(id: $id) { id } }", build_schema()
    for kind, (needed, _) in FINDERS.items():
        with subtests.test(str(kind)):
            for scope in Scope:
                result: Any = await schema.execute(
                    document, variable_values={"id": nobodys_id(kind)}, context_value=asker.context(scope)
                )
                is_refused = _code_of(result.errors) == ScopeError.code
                assert is_refused == (needed is not None and scope is not needed), scope


async def test_given_a_kind_with_a_field_of_its_own_when_asked_for_as_a_node_then_it_takes_the_same_scope() -> None:
    own = {root.name: root.scope for root in roots("query")}
    found = {}
    for kind, (scope, _) in FINDERS.items():
        first, *rest = kind.name.lower().split("_")
        name = first + "".join(word.capitalize() for word in rest)
        if name in own:
            found[name] = (scope, own[name])
    assert len(found) > len(FINDERS) / 2
    assert {name: pair for name, pair in found.items() if pair[0] is not pair[1]} == {}


async def test_given_each_scope_alone_when_a_guarded_field_is_resolved_then_only_its_own_gets_past_the_guard(
    asker: Asker, subtests: pytest.Subtests
) -> None:
    found = guarded_fields()
    assert len(found) > 100
    for kind, name, field in found:
        with subtests.test(f"{kind.name}.{name}"):
            await _assert_guarded(asker, field)


async def _assert_guarded(asker: Asker, field: GraphQLField) -> None:
    needed, resolve = declared_scope(field.description), field.resolve
    assert resolve is not None
    for scope in Scope:
        info: Any = SimpleNamespace(context=asker.context(scope), field_name="x", path=None)
        lacking = None
        try:
            result = resolve(object(), info)
            if inspect.isawaitable(result):
                await result
        except ScopeError as error:
            lacking = error.scope
        except Exception as error:  # noqa: BLE001  # it got past the guard, and there is nothing behind this parent
            assert not isinstance(error, AuthenticationError)  # noqa: PT017  # whatever else it is
        assert lacking == (None if needed is None or scope is needed else needed.value), scope


async def test_given_every_field_of_the_roots_when_read_then_it_says_what_it_needs() -> None:
    for root in roots():
        declared_scope(root.field.description)
