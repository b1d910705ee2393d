"""The credential that a websocket was opened with: good for as long as it is, and not a message longer.

It is looked up when the connection begins, at each heartbeat, and as soon as something about its account's credentials
has changed (``accounts.sessions``): until that look-up is back, nothing is sent. When it expires the connection closes,
unless the client has sent a new one by then, as ``authorization`` in the payload of a ``ping``.
"""

import asyncio
import math
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from starlette.datastructures import Headers

from app.accounts.principal import Principal
from app.api.auth import authenticate, read_credential
from app.api.context import Context
from app.api.outbox import ClosedError, Outbox
from app.errors import AuthenticationError, UnavailableError

UNAUTHORIZED: Final = 4401
EXPIRED: Final = 4403
TRY_AGAIN_LATER: Final = 1013

_LONGEST_TIMER: Final = 86_400.0


class SocketCredential:
    """One connection's credential: a `Session`. ``close`` begins the connection's end; ``spawn`` runs beside it."""

    def __init__(
        self,
        context: Context,
        headers: Headers,
        outbox: Outbox,
        *,
        close: Callable[[int, str], None],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._context = context
        self._headers = headers
        self._outbox = outbox
        self._close = close
        self._spawn = spawn
        self._sessions = context.services.access.sessions
        self._token: str | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_over = False

    @property
    def account_id(self) -> str:
        """Whose it is; empty before it was found good."""
        principal = self._context.principal
        return "" if principal is None else principal.account_id

    async def begin(self, payload: dict[str, Any] | None) -> None:
        """Take the one of ``connection_init``, else of the handshake: programs can send headers, browsers cannot.

        Raises:
            AuthenticationError: it is not good.
            UnavailableError: nobody can say.
        """
        given = _given(payload)
        era = self._sessions.era
        self._token = self._read(self._headers.getlist("authorization") if given is None else [given])
        self._context.admit(await self._authenticate(self._token))
        if self._is_over:
            return
        self._sessions.open(self)
        self._end_with(self._context.caller)
        self._look_again_since(era)

    def end(self) -> None:
        """The connection is over."""
        self._is_over = True
        self._sessions.close(self)
        if self._timer is not None:
            self._timer.cancel()

    def look_again(self, *, is_doubted: bool) -> None:
        """See `Session`."""
        if self._is_over:
            return
        if is_doubted:
            self._outbox.hold()
        self._spawn(self._look_again(is_doubted=is_doubted))

    async def check(self, *, is_doubted: bool = False) -> None:
        """Look it up again. What is found out about one that was renewed meanwhile is of no interest any more.

        Raises:
            ClosedError: it is no longer good, or (when it is in doubt) nobody can say: the connection was closed.
        """
        then, token = self._context.caller, self._token
        try:
            now = await self._authenticate(token)
        except AuthenticationError:
            if self._token != token:
                return
            if then.expires_at is not None and then.expires_at <= self._context.services.clock.now():
                self._close_expired()
            else:
                self._close(UNAUTHORIZED, "The key was revoked, or may not be used from here.")
            raise ClosedError from None
        except UnavailableError as error:
            if self._token != token or not is_doubted:
                return  # it was good when it was last looked at, and nobody says that it is not
            self._close(TRY_AGAIN_LATER, error.message)
            raise ClosedError from None
        if self._token != token:
            return
        if _rights_of(now) != _rights_of(then):
            self._close(EXPIRED, "The key's rights have changed: connect again.")
            raise ClosedError
        self._end_with(now)

    async def renew(self, payload: dict[str, Any] | None) -> dict[str, Any] | None:
        """Go on under the credential in a ping's payload, if there is one; what the pong is to say of it.

        Raises:
            ClosedError: it is not good, or may do other things than the last: the connection was closed.
        """
        given = _given(payload)
        if given is None or self._context.principal is None:
            return None
        era = self._sessions.era
        try:
            token = self._read([given])
            now = await self._authenticate(token)
        except AuthenticationError as error:
            self._close(UNAUTHORIZED, error.message)
            raise ClosedError from None
        except UnavailableError as error:  # the one that it has is still good
            return {"authorization": "unavailable", "message": error.message}
        if _rights_of(now) != _rights_of(self._context.caller):
            self._close(EXPIRED, "This token may do other things than the last: connect again with it.")
            raise ClosedError
        self._token = token
        self._context.admit(now)
        self._end_with(now)
        self._look_again_since(era)
        until = None if now.expires_at is None else now.expires_at.isoformat().replace("+00:00", "Z")
        return {"authorization": "accepted", "expiresAt": until}

    def _look_again_since(self, era: int) -> None:
        """What was being looked up while something changed may have been read before it did."""
        if self._sessions.era != era:
            self.look_again(is_doubted=True)

    async def _look_again(self, *, is_doubted: bool) -> None:
        try:
            await self.check(is_doubted=is_doubted)
        except ClosedError:
            return  # said already
        finally:
            if is_doubted:
                self._outbox.release()

    def _end_with(self, principal: Principal) -> None:
        """Let the connection end when its credential does."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if principal.expires_at is None or self._is_over:
            self._outbox.ends_at = math.inf
            return
        seconds = max(0.0, (principal.expires_at - self._context.services.clock.now()).total_seconds())
        self._outbox.ends_at = time.monotonic() + seconds
        self._timer = asyncio.get_running_loop().call_later(min(seconds, _LONGEST_TIMER), self._close_if_expired)

    def _close_if_expired(self) -> None:
        if time.monotonic() >= self._outbox.ends_at:
            self._close_expired()
        else:
            self._end_with(self._context.caller)

    def _close_expired(self) -> None:
        self._close(EXPIRED, "The token has expired: connect again with a new one.")

    def _read(self, given: Sequence[str]) -> str | None:
        context = self._context
        return read_credential(context.services, given, context.remote_address, context.request_id)

    async def _authenticate(self, token: str | None) -> Principal:
        context = self._context
        origin = self._headers.get("origin")
        return await authenticate(context.services, token, context.remote_address, origin, context.request_id)


def _rights_of(principal: Principal) -> tuple[object, ...]:
    """All that running operations of a connection depend on."""
    return (
        principal.account_id,
        principal.scopes,
        principal.is_test,
        principal.agent_id,
        principal.default_region,
        principal.document_hashes,
    )


def _given(payload: dict[str, Any] | None) -> str | None:
    """What a message's payload has as credential; a text that is none when it is not even a text."""
    for name in ("authorization", "Authorization"):
        value = (payload or {}).get(name)
        if value is not None:
            return value if isinstance(value, str) else ""
    return None
