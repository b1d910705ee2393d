"""However an operation ends, no coroutine of it is left that never began."""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
import strawberry
from graphql import GraphQLError
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from app.api.fast_path import FastExecutor

_MOST_STEPS: Final = 12


@strawberry.type
class Twig:
    word: str = "word"

    @strawberry.field
    async def slow(self, info: strawberry.Info) -> str:
        info.context.append("slow")
        await asyncio.sleep(0)
        return "slow"

    @strawberry.field
    async def quick(self) -> str:
        return "quick"

    @strawberry.field
    def failing(self) -> str:
        raise ValueError("at once")

    @strawberry.field
    async def failing_in_its_first_step(self) -> str:
        raise ValueError("in a step")

    @strawberry.field
    async def failing_later(self) -> str | None:
        await asyncio.sleep(0)
        raise ValueError("later")

    @strawberry.field
    async def next(self) -> "Twig":
        return Twig()

    @strawberry.field
    def beside(self) -> "Twig":
        return Twig()

    @strawberry.field
    def maybe(self) -> "Twig | None":
        return Twig()

    @strawberry.field
    def many(self) -> "list[Twig]":
        return [Twig(), Twig(), Twig()]


@strawberry.type
class Change(Twig):
    """The same, each root field after the one before it."""


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def twigs(self) -> AsyncIterator[Twig]:
        for _ in range(3):
            yield Twig()


class _Quiet(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Errors are expected here."""


def _schema(executor: Any) -> strawberry.Schema:
    return _Quiet(query=Twig, mutation=Change, subscription=Subscription, execution_context_class=executor)


FAST, SLOW = _schema(FastExecutor), _schema(StrawberryGraphQLCoreExecutionContext)

_DEEP: Final = """next { slow next { slow quick next { slow quick } } } beside { slow beside { slow quick } }
  many { word slow beside { quick slow } next { quick next { quick slow } } }"""
_FAILING: Final = {
    "at once": "{ slow quick failing }",
    "at once, further down": "{ slow maybe { slow quick beside { slow failing } } next { slow failing } }",
    "at once, beside others that have some": "{ beside { slow beside { quick slow } } many { slow quick } failing }",
    "at once, in a list": "{ many { slow failing } slow }",
    "in its first step": "{ failingInItsFirstStep slow quick }",
    "in its first step, beside a deep one": f"{{ failingInItsFirstStep {_DEEP} }}",
    "later, and may": f"{{ failingLater {_DEEP} }}",
    "one after the other": f"mutation {{ next {{ slow {_DEEP} }} many {{ slow failing }} slow }}",
}
_DOCUMENTS: Final = {"not at all": f"{{ {_DEEP} }}", **_FAILING}


@contextmanager
def _all_begun() -> Iterator[list[str]]:
    """What Python says of coroutines that never began, about those that are made in here alone."""
    said: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()  # what others left
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield said
        gc.collect()
    said += [str(one.message) for one in caught if "never awaited" in str(one.message)]


async def _settle() -> None:
    for _ in range(3 * _MOST_STEPS):
        await asyncio.sleep(0)


async def _ask(schema: strawberry.Schema, document: str, *, steps: int | None = None, has_time: bool = True) -> Any:
    """Ask, give up after so many steps of the loop (None: never), and let everything end that is under way."""

    async def ask() -> Any:
        async with asyncio.timeout(None if has_time else -1):
            return await schema.execute(document, context_value=[])

    asking = asyncio.create_task(ask())
    try:
        if steps is not None:
            for _ in range(steps):
                await asyncio.sleep(0)
            asking.cancel()
        return await asking
    except (TimeoutError, asyncio.CancelledError):
        return None
    finally:
        await _settle()


@pytest.mark.parametrize("document", _DOCUMENTS.values(), ids=_DOCUMENTS.keys())
async def test_given_an_operation_when_a_field_fails_or_it_is_ended_at_any_step_then_nothing_is_left_that_never_began(
    document: str,
) -> None:
    with _all_begun() as left:
        await _ask(FAST, document)
        await _ask(FAST, document, has_time=False)
        for steps in range(_MOST_STEPS):
            await _ask(FAST, document, steps=steps)
    assert left == []


async def test_given_graphql_cores_own_executor_when_a_field_fails_in_its_first_step_then_some_are_left() -> None:
    # Should this fail one day, graphql-core does it by itself, and there is no need of ours any more.
    with _all_begun() as left:
        await _ask(SLOW, _FAILING["in its first step, beside a deep one"])
    assert any("_async_resolver" in one for one in left)


@pytest.mark.parametrize("document", _FAILING.values(), ids=_FAILING.keys())
async def test_given_a_failing_field_when_asked_then_the_answer_is_the_one_that_graphql_core_gives(
    document: str,
) -> None:
    with _all_begun():
        expected = await _ask(SLOW, document)
    found = await _ask(FAST, document)
    assert found.data == expected.data
    assert [one.formatted for one in found.errors] == [one.formatted for one in expected.errors]


async def test_given_a_field_that_fails_at_once_when_answered_then_its_neighbours_do_not_run_after_that() -> None:
    begun: list[str] = []
    answer = await FAST.execute("{ slow beside { slow } many { slow } failing }", context_value=begun)
    await _settle()
    assert answer.errors
    assert begun == []


async def test_given_a_subscription_when_a_field_of_each_event_fails_then_nothing_is_left_that_never_began() -> None:
    with _all_begun() as left:
        stream: Any = await FAST.subscribe(
            f"subscription {{ twigs {{ failingInItsFirstStep {_DEEP} }} }}", context_value=[]
        )
        answers = [answer async for answer in stream]
        await _settle()
    assert [len(answer.errors) for answer in answers] == [1, 1, 1]
    assert left == []
