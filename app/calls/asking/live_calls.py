"""What other stages may do with calls that live here, without knowing who runs them."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

from app.calls.core.inputs import AgentOffered, Asked, Input
from app.calls.core.model.call import Call


class LiveCall(Protocol):
    """One of them: `app.calls.living.actor.CallActor`, where each of these is described."""

    @property
    def call(self) -> Call:
        """The call as it was last written."""
        ...

    def post(self, event: Input, *, at: datetime | None = None) -> None: ...
    def ask(self, event: Asked | AgentOffered) -> "asyncio.Future[Call]": ...
    def give_up(self) -> None: ...
    async def wait_until(self, holds: Callable[[Call], bool]) -> Call: ...


class LiveCalls(Protocol):
    """All of this node: `app.calls.living.registry.CallRegistry`."""

    def find(self, call_id: str) -> LiveCall | None:
        """One of them; None when it is over, or lives elsewhere."""
        ...

    def __iter__(self) -> Iterator[LiveCall]: ...
