"""Who is calling, once the credential was checked."""

from dataclasses import dataclass
from datetime import datetime

from app.accounts.scopes import Scope
from app.errors import Problem, RefusedError, ScopeError
from app.facts.event import Actor, ActorKind


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller: its account, key and scopes. ``is_test`` keys reach the sandbox only.

    ``is_confined`` is a test key in an account that has live ones: what is not the sandbox's it may look at, no more.
    ``token_id`` and ``agent_id`` are those of an access token: ``key_id`` is then the key that made it.
    ``traceparent`` is the place in a trace of what it asks for.
    ``expires_at`` is when the credential ends by itself. ``document_hashes`` are those of the documents that
    it may send, all when there are none; ``ip_allow_list`` the networks that a key, itself, may be used from.
    """

    account_id: str
    account_name: str
    default_region: str
    key_id: str
    scopes: frozenset[Scope]
    is_test: bool = False
    request_id: str | None = None
    remote_address: str | None = None
    token_id: str | None = None
    agent_id: str | None = None
    expires_at: datetime | None = None
    document_hashes: frozenset[str] = frozenset()
    ip_allow_list: tuple[str, ...] = ()
    is_confined: bool = False
    traceparent: str | None = None

    @property
    def actor(self) -> Actor:
        """The caller as facts name it."""
        return Actor(kind=ActorKind.API_KEY, id=self.key_id)

    def has(self, scope: Scope) -> bool:
        """Whether the key has the scope."""
        return scope in self.scopes

    def require(self, scope: Scope) -> None:
        """Raises ScopeError when the key lacks the scope."""
        if scope not in self.scopes:
            raise ScopeError(scope.value)

    def require_sandbox(self, *, is_sandbox: bool, field: tuple[str, ...] = ("id",)) -> None:
        """Raises RefusedError: SANDBOX_ONLY, it is not the sandbox's, and the caller is confined to that."""
        if self.is_confined and not is_sandbox:
            message = "A test key reaches the sandbox only, and this is not the sandbox's."
            raise RefusedError(Problem("SANDBOX_ONLY", message, field))
