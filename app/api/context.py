"""What a resolver is given: the services, who is calling, and the loaders of this operation."""

import dataclasses
import re
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

import strawberry

from app.accounts.credentials import NO_KEY
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.api.budget import POINTS_PER_MINUTE, Budget, Introspection
from app.api.loaders import Loaders
from app.calls.time_limits import MUTATION_SECONDS
from app.errors import AuthenticationError
from app.events.feed import FeedItem
from app.events.log import EventFilter
from app.facts.masking import Sight
from app.ids import Kind, new_id
from app.services import Services

if TYPE_CHECKING:
    from app.api.metrics import Metrics

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:/+=-]{8,128}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """GraphQL's own times, in seconds, and sizes. An operation's limit counts from when its request came.

    A mutation may wait for a call to get somewhere, so its limit lies above that: ``calls.time_limits``. A websocket
    whose client has read nothing for ``unread_seconds``, while something was there to be read, is closed, and cut off
    ``close_grace_seconds`` later. On one websocket at most ``most_waiting_frames`` and ``most_waiting_bytes`` wait to
    be sent; a subscriber that is further behind goes on from the log. ``budget`` is what callers may spend in points,
    and ``introspection`` who may read the schema. A body that has not come whole after ``body_seconds`` is refused.
    """

    query_seconds: float = 20.0
    mutation_seconds: float = MUTATION_SECONDS
    init_seconds: float = 10.0
    heartbeat_seconds: float = 20.0
    most_operations_per_socket: int = 100
    unread_seconds: float = 20.0
    close_grace_seconds: float = 5.0
    most_waiting_frames: int = 1000
    most_waiting_bytes: int = 512 * 1024
    body_seconds: float = 30.0
    introspection: Introspection = Introspection.ANYONE
    budget: Budget = field(default_factory=lambda: Budget(POINTS_PER_MINUTE))


class Following(Protocol):
    """Where an operation's events come from when it does not follow the feed itself: ``subscriptions.audience``."""

    @property
    def joined_after(self) -> float:
        """What is said at this place of the log, or before it, somebody who follows may not be told."""
        ...

    def follow(
        self, info: "Info", *, after: int | None, where: EventFilter, is_refilled: bool
    ) -> AsyncGenerator[FeedItem, None]: ...


@dataclass(slots=True, kw_only=True)
class Context:
    """One operation (on a websocket: the connection, of which each operation gets a copy of its own)."""

    services: Services
    options: Options
    metrics: "Metrics"
    request_id: str
    remote_address: str | None = None
    principal: Principal | None = None
    is_socket: bool = False
    #: Whoever writes the answer takes parts of it that are JSON already (``orjson.Fragment``).
    takes_json: bool = False
    operation: str = "unknown"
    following: Following | None = None
    #: The operation was paid for. What it cost is told in the answer.
    is_charged: bool = False
    cost: dict[str, Any] | None = None
    began_at: float = field(default_factory=time.monotonic)
    _loaders: Loaders | None = field(default=None, init=False)

    @property
    def age_seconds(self) -> float:
        """How long ago the operation's request came."""
        return time.monotonic() - self.began_at

    @property
    def caller(self) -> Principal:
        """Who is calling. Raises AuthenticationError when nobody said."""
        if self.principal is None:
            raise AuthenticationError(NO_KEY)
        return self.principal

    @property
    def account_id(self) -> str:
        """Whose things may be seen."""
        return self.caller.account_id

    @property
    def sight(self) -> Sight:
        """What of them."""
        caller = self.caller
        return Sight(has_numbers=caller.has(Scope.PII_READ), has_digits=caller.has(Scope.DTMF_READ))

    @property
    def loaders(self) -> Loaders:
        """This operation's loaders."""
        if self._loaders is None:
            self._loaders = Loaders(self.services, self.account_id)
        return self._loaders

    def forget_loaded(self) -> None:
        """Load everything anew from here on: a subscription's next message is about a later world."""
        self._loaders = None

    def follow(
        self, info: "Info", *, after: int | None = None, where: EventFilter, is_refilled: bool = True
    ) -> AsyncGenerator[FeedItem, None]:
        """The account's events: after a number (None: from now on), then live, as `Feed.follow` gives them.

        Of equal subscriptions only one follows live events and is executed for them, so whatever a subscription does
        with what comes after the first `CaughtUp` may depend on its operation, account and rights, and on nothing else;
        and each live item may make one message at most. Without ``is_refilled`` a `Gap` is followed by `CaughtUp` at
        once: the subscription itself tells what was missed.
        """
        if self.following is None:
            return self.services.feed.follow(self.account_id, after=after, where=where)
        return self.following.follow(info, after=after, where=where, is_refilled=is_refilled)

    def has_been_told(self, place: int) -> bool:
        """Whether all who follow this operation's events were told what it said at a place: nobody joined since."""
        return self.following is None or place > self.following.joined_after

    def admit(self, principal: Principal) -> None:
        """The credential was good."""
        self.principal = dataclasses.replace(principal, request_id=self.request_id)

    def for_operation(self) -> "Context":
        """A copy for one operation on a websocket, with a request id of its own."""
        copy = dataclasses.replace(self, request_id=new_id(Kind.REQUEST), began_at=time.monotonic())
        if copy.principal is not None:
            copy.admit(copy.principal)
        return copy


Info: TypeAlias = strawberry.Info[Context, None]


def request_id_from(header: str | None) -> str:
    """The client's own request id when it is well-formed (8–128 letters, digits and ``._:/+=-``), else a new one."""
    if header is not None and _REQUEST_ID.fullmatch(header):
        return header
    return new_id(Kind.REQUEST)
