"""What is open under a credential, in this process: so that a revocation ends it, wherever it is open.

One way for all reasons. Whoever changed what credentials may do (a key or token revoked, changed or rotated, an
allow-list set, an account suspended) says whose they are, once that is committed. Here at once, and in the other
processes as soon as the notification is there, every session of that account is *doubted*: nothing more is said to it
until the database has said again what its credential may do; then it goes on, or ends. What a notification says is
never believed, only looked up, and one that is lost costs a heartbeat's length.
"""

import secrets
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from app.accounts.credentials import Credentials

#: The channel between processes.
CREDENTIALS_CHANGED: Final = "offhook_credentials"


class Session(Protocol):
    """Something that stays open after its credential was checked: a websocket, say."""

    @property
    def account_id(self) -> str: ...

    def look_again(self, *, is_doubted: bool) -> None:
        """Check the credential anew; while it is doubted, say nothing. Returns at once."""
        ...


class Sessions:
    """The open sessions of this process, by account. ``tell`` tells the other processes."""

    def __init__(self, credentials: Credentials, tell: Callable[[str], Awaitable[None]] | None = None) -> None:
        self._credentials = credentials
        self._tell = tell
        self._id = secrets.token_hex(6)
        self._open: dict[str, set[Session]] = {}
        #: Counts the changes: what was looked up in one era is not to be believed in the next.
        self.era = 0

    def __len__(self) -> int:
        return sum(len(sessions) for sessions in self._open.values())

    def open(self, session: Session) -> None:
        """Remember a session whose credential was found good."""
        self._open.setdefault(session.account_id, set()).add(session)

    def close(self, session: Session) -> None:
        """Forget a session; harmless when it was never opened."""
        sessions = self._open.get(session.account_id)
        if sessions is not None:
            sessions.discard(session)
            if not sessions:
                del self._open[session.account_id]

    async def recheck(self, account_id: str) -> None:
        """What the account's credentials may do has changed, and that is committed: everybody look again.

        When this returns, nothing more is said here to a session whose credential is no longer good.
        """
        self._doubt(account_id)
        if self._tell is not None:
            await self._tell(f"{self._id} {account_id}")

    def hear(self, payload: str) -> None:
        """Another process's word; empty: some may have been missed, so all sessions look again, and go on meanwhile."""
        if not payload:
            self.era += 1
            self._credentials.forget_fresh()
            for sessions in list(self._open.values()):
                for session in list(sessions):
                    session.look_again(is_doubted=False)
            return
        sender, _, account_id = payload.partition(" ")
        if sender != self._id:
            self._doubt(account_id)

    def _doubt(self, account_id: str) -> None:
        self.era += 1
        self._credentials.forget(account_id)
        for session in list(self._open.get(account_id, ())):
            session.look_again(is_doubted=True)
