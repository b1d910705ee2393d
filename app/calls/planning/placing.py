"""What those need who have calls placed for them: campaigns, callbacks, one-time passwords, transfers of phones."""

from typing import Protocol

from app.accounts.principal import Principal
from app.calls.planning.requests import OriginateRequest, OwnCall, Placed


class Readiness(Protocol):
    """Whether calls may be placed, or taken, on this node just now."""

    @property
    def why_not_ready(self) -> str | None:
        """What is in the way, fit to be shown; None when nothing is."""
        ...


class Places(Protocol):
    """Places calls of our own on one node: `app.calls.asking.service.CallService`."""

    async def place(self, principal: Principal, request: OriginateRequest, own: OwnCall) -> Placed:
        """Place a call; with a key that was used, give the call that it has placed.

        Raises:
            OffhookError: RefusedError, it may not be placed as asked for; any other, it may be tried with the same key.
            FencedError: the calls are in other hands by now.
        """
        ...
