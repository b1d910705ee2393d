"""Who asks: the credential of a request becomes a desk.

Secrets have 240 random bits, so nobody finds one by trying; what is limited is the work that trying makes. Whoever
shows a wrong one pays from its address's purse, and is told so once that is empty. A right one is never held up.
"""

from typing import Final

from starlette.requests import Request

from app.accounts.dialect_keys import REFUSAL, Holder
from app.accounts.dialects import Dialect
from app.dialects.desk import Desk, Surface
from app.errors import AuthenticationError

#: Of an address's purse, for each credential that is wrong: some hundred a minute, with the settings as they come.
_POINTS: Final = 1000


class Gate:
    """Lets requests in."""

    def __init__(self, surface: Surface) -> None:
        self.surface = surface

    async def open_by_key(self, request: Request, dialect: Dialect, key: str | None) -> Desk:
        """A desk for whoever shows this key.

        Raises:
            AuthenticationError: none came, or it is wrong, or may not be used from there.
            RateLimitedError: it is wrong, and there were many such from there.
            DatabaseUnavailableError: nobody can say right now.
        """
        return self.desk(request, dialect, await self.find_holder(request, dialect, key))

    async def open_by_name(
        self, request: Request, dialect: Dialect, user_name: str | None, password: str | None
    ) -> Desk:
        """A desk for whoever has this name and shows this password. Raises as `open_by_key`."""
        return self.desk(
            request, dialect, await self.find_holder(request, dialect, password, user_name=user_name or "")
        )

    async def find_holder(
        self, request: Request, dialect: Dialect, secret: str | None, *, user_name: str | None = None
    ) -> Holder:
        """Who shows this secret. Raises as `open_by_key`."""
        remote = remote_address_of(request)
        try:
            return await self.surface.services.dialects.keys.authenticate(
                dialect,
                secret or "",
                user_name=user_name,
                remote_address=remote,
                request_id=request.state.request_id,
            )
        except AuthenticationError:
            self._charge(request)
            raise

    def refuse_signature(self, request: Request, holder: Holder) -> AuthenticationError:
        """What to raise when a request is not signed as its holder signs.

        Raises:
            RateLimitedError: there were many such from there.
        """
        refused = self.surface.services.dialects.keys.refuse_signature(holder)
        self._charge(request)
        return refused

    def note_refusal(self, request: Request, code: str) -> None:
        """One line in the audit log for a request that nobody could read, and so nobody's."""
        self.surface.services.access.audit.refuse(
            "dialect.request",
            code,
            remote_address=remote_address_of(request),
            request_id=request.state.request_id,
        )

    def _charge(self, request: Request) -> None:
        self.surface.options.budget.spend(f"dialects {remote_address_of(request)}", _POINTS, is_stranger=True)

    def desk(self, request: Request, dialect: Dialect, holder: Holder) -> Desk:
        """The desk of a request whose holder was found."""
        return Desk(self.surface, holder, dialect, request.state.request_id, remote_address_of(request))


def one_header(request: Request, name: str) -> str | None:
    """A header's one value; None when there is none.

    Raises:
        AuthenticationError: there are several: nobody can say which is meant.
    """
    values = request.headers.getlist(name)
    if len(values) > 1:
        raise AuthenticationError(REFUSAL)
    return values[0].strip() if values else None


def remote_address_of(request: Request) -> str | None:
    """The peer's address, or a trusted proxy's word for it."""
    return request.client.host if request.client else None
