"""At whose word something is done later on: what is kept of a caller until then."""

from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.facts.event import Actor, ActorKind
from app.facts.vocabulary import Words


class AskedBy(Words, frozen=True, kw_only=True, omit_defaults=True):
    """The API key, by its id, whether it reaches the sandbox only, and the request."""

    key_id: str
    is_test: bool = False
    request_id: str | None = None

    @classmethod
    def of(cls, principal: Principal) -> "AskedBy":
        """What is kept of a caller."""
        return cls(key_id=principal.key_id, is_test=principal.is_test, request_id=principal.request_id)

    @property
    def actor(self) -> Actor:
        """The caller as facts name it."""
        return Actor(kind=ActorKind.API_KEY, id=self.key_id)

    def principal(self, *, account_id: str, account_name: str, default_region: str) -> Principal:
        """The caller that a call is placed for: what it may was asked when it asked."""
        return Principal(
            account_id=account_id,
            account_name=account_name,
            default_region=default_region,
            key_id=self.key_id,
            scopes=frozenset({Scope.CALLS_ORIGINATE}),
            is_test=self.is_test,
            request_id=self.request_id,
        )
