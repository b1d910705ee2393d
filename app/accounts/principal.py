"""Who is calling, once the credential was checked."""

from dataclasses import dataclass

from app.accounts.scopes import Scope
from app.errors import ScopeError
from app.facts.event import Actor, ActorKind


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller: its account, key and scopes. ``is_test`` keys reach the sandbox only."""

    account_id: str
    account_name: str
    default_region: str
    key_id: str
    scopes: frozenset[Scope]
    is_test: bool = False
    request_id: str | None = None
    remote_address: str | None = None

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
