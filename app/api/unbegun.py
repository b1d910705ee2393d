"""No coroutine of an operation is left that never began.

graphql-core makes the coroutines of a selection before it runs any, and runs them as tasks. A task that is cancelled
before its first step never touches the coroutines that its own was to await, and those are dropped. That happens when

- a field fails in the very step in which coroutines of a deeper selection were made (a scope that is missing is found
  in a resolver's first step): graphql-core then cancels the field's neighbours;
- an operation is ended from outside in such a step: its time is over, or its websocket is gone.

A field that fails without a coroutine of its own leaves its neighbours' too. Those graphql-core would run after the
answer, for nothing, and outside of the time that the operation has; here they never begin.

Nothing is lost with what never began, but Python warns of each such coroutine, when and where it happens to collect it.
So an operation's coroutines are noted until it is over, and if it did not go well, those that never began are closed.
"""

from collections.abc import Awaitable, Callable, Coroutine
from inspect import CORO_CREATED, getcoroutinestate
from types import CoroutineType
from typing import Any, Final

from graphql import ExecutionResult
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

#: What most values are, so that these are looked at no further.
_VALUES: Final = frozenset({type(None), str, int, bool, float, list, tuple, dict})


class TidyExecutor(StrawberryGraphQLCoreExecutionContext):
    """graphql-core's executor, which closes what it made and never ran.

    graphql-core asks of each coroutine whether it is awaitable before it does anything with it, but for the one it
    makes around an item of a list; so it is this question that notes them, which costs next to nothing.
    """

    def execute_operation(self, serially: bool | None = None) -> Any:
        made: list[Coroutine[Any, Any, Any]] = []
        self.is_awaitable = _noting(self.is_awaitable, made)  # type: ignore[assignment]  # no TypeGuard
        result: Any = super().execute_operation(serially)
        if type(result) is CoroutineType:
            return _close_after(result, made)
        _close_unbegun(made)
        return result

    def settle_in_background(self, awaitables: list[Awaitable[Any]]) -> None:
        """Leave coroutines to the end of the operation: they have not begun, and nobody asks for their values."""
        others = [one for one in awaitables if type(one) is not CoroutineType]
        if others:
            super().settle_in_background(others)

    def complete_list_item_value(
        self, item: Any, completed: list[Any], kind: Any, details: Any, info: Any, path: Any, position: Any
    ) -> bool:
        is_later: bool = super().complete_list_item_value(item, completed, kind, details, info, path, position)
        if is_later:
            self.is_awaitable(completed[-1])
        return is_later


def _noting(asks: Callable[[Any], Any], made: list[Coroutine[Any, Any, Any]]) -> Callable[[Any], Any]:
    note = made.append

    def is_awaitable(value: Any) -> Any:
        kind = type(value)
        if kind in _VALUES:
            return False
        if kind is CoroutineType:
            note(value)
            return True
        return asks(value)

    return is_awaitable


async def _close_after(running: Awaitable[ExecutionResult], made: list[Coroutine[Any, Any, Any]]) -> ExecutionResult:
    try:
        result = await running
    except BaseException:
        _close_unbegun(made)
        raise
    if result.errors:
        _close_unbegun(made)
    else:
        made.clear()
    return result


def _close_unbegun(made: list[Coroutine[Any, Any, Any]]) -> None:
    for one in made:
        if getcoroutinestate(one) == CORO_CREATED:
            one.close()
    made.clear()
