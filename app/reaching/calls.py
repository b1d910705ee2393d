"""What may be done with calls, wherever they live: the surface that the API has in hand."""

from typing import Protocol

from app.accounts.principal import Principal
from app.calls.core.model.call import Call
from app.calls.core.verbs import Verb
from app.calls.planning.requests import Acted, OriginateOutcome, OriginateRequest, UpdateRequest
from app.calls.traces.words import Document


class Calls(Protocol):
    """The use cases of calls. Refusals and errors are the same, whichever process carries them out."""

    async def originate(self, principal: Principal, request: OriginateRequest) -> OriginateOutcome:
        """Place a call, or give back the one that this idempotency key has placed, and wait as the request says."""
        ...

    async def hang_up(self, principal: Principal, call_id: str) -> Call:
        """End a call; gives it as it stands once its end is decided."""
        ...

    async def update(self, principal: Principal, request: UpdateRequest) -> Call:
        """Change the caller's own data on a live call."""
        ...

    async def act(self, principal: Principal, subject_id: str, verb: Verb) -> Acted:
        """Ask something of a live call, by its id or that of one of its legs."""
        ...

    async def live_trace(self, principal: Principal, call_id: str) -> Document | None:
        """What led a live call to where it is, wherever it lives; None when it is over, unknown or not traced."""
        ...

    def live_call(self, account_id: str, call_id: str) -> Call | None:
        """A live call of the account as it stands this moment; None when it is not live in this process."""
        ...
