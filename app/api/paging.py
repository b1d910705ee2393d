"""Relay connections over ``app.paging``: nothing is computed that was not asked for."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

import strawberry

from app.api.context import Context
from app.api.fields import field
from app.api.projection import Made, One, Projection
from app.api.types.enums.describing import describe
from app.facts.masking import Sight
from app.paging import DEFAULT_PAGE, LARGEST_PAGE, CursorSigner, Page, PageRequest, page_request

T = TypeVar("T")
Item = TypeVar("Item")
Where = TypeVar("Where")

First: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description=f"How many items at most, from the beginning or after `after`: 1 to {LARGEST_PAGE}, "
        f"by default {DEFAULT_PAGE}."
    ),
]
After: TypeAlias = Annotated[
    str | None, strawberry.argument(description="The items after this cursor of the same list, filter and order.")
]
Last: TypeAlias = Annotated[
    int | None,
    strawberry.argument(description=f"How many items at most, from the end or before `before`: 1 to {LARGEST_PAGE}."),
]
Before: TypeAlias = Annotated[
    str | None, strawberry.argument(description="The items before this cursor of the same list, filter and order.")
]


class Paging(NamedTuple):
    """Relay's four arguments."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


class CountPrecision(StrEnum):
    """How far a list was counted."""

    EXACT = "EXACT"
    AT_LEAST = "AT_LEAST"


describe(
    CountPrecision,
    "How far a list was counted.",
    {"EXACT": "There are exactly so many.", "AT_LEAST": "There are more; nobody counted further."},
)


@strawberry.type(description="How many items a list has, over all its pages.")
class TotalCount:
    count: int = strawberry.field(description="How many were counted, at most 10,000.")
    precision: CountPrecision = strawberry.field(description="Whether that is all of them.")


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="There are items after this page.")
    has_previous_page: bool = strawberry.field(description="There are items before this page.")
    start_cursor: str | None = strawberry.field(description="The first item's cursor; null for an empty page.")
    end_cursor: str | None = strawberry.field(description="The last item's cursor; null for an empty page.")


class Counted(Protocol):
    """What a query's count says."""

    @property
    def count(self) -> int: ...
    @property
    def is_exact(self) -> bool: ...


Count: TypeAlias = Callable[[], Awaitable[Counted]]


@strawberry.type(description="One item of a list, with its place in it.")
class Edge(Generic[T]):
    node: T = strawberry.field(description="The item.")
    cursor: str = strawberry.field(
        description="Its place: opaque, and good for this account, list, filter and order only."
    )


@strawberry.type(description="One page of a list.")
class Connection(Generic[T]):
    counter: strawberry.Private[Count]
    edges: list[Edge[T]] = strawberry.field(description="The page's items, each with its cursor.")
    nodes: list[T] = strawberry.field(description="The page's items alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @field("How many items the list has; counted only when asked for.")
    async def total_count(self) -> TotalCount:
        counted = await self.counter()
        precision = CountPrecision.EXACT if counted.is_exact else CountPrecision.AT_LEAST
        return TotalCount(count=counted.count, precision=precision)


@dataclass(frozen=True, slots=True)
class _Edges:
    """A page's items with their places, as the edges' projection reads them."""

    page: Page[Any]
    signer: CursorSigner

    def __len__(self) -> int:
        return len(self.page.items)

    def __getitem__(self, place: int) -> tuple[Any, Any]:
        return self.page.items[place], self.page.positions[place]

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return zip(self.page.items, self.page.positions, strict=True)


@cache
def _edge_projection(node: Projection) -> Projection:
    return Projection(
        {
            "node": One(lambda edges, _sight: edges.page.items, node),
            "cursor": lambda edges, _sight: map(edges.signer.write, edges.page.positions),
        }
    )


def _connection(
    page: Page[Any],
    make: Callable[[Any], Any],
    signer: CursorSigner,
    counter: Count,
    projection: Projection | None,
    sight: Sight | None,
) -> Connection[Any]:
    positions = page.positions
    edges: Any = Made(
        _Edges(page, signer),  # type: ignore[arg-type]  # a sequence in all that Made needs
        lambda pair: Edge(node=make(pair[0]), cursor=signer.write(pair[1])),
        projection=None if projection is None else _edge_projection(projection),
        sight=sight,
    )
    nodes: Any = Made(page.items, make, projection=projection, sight=sight)
    return Connection(
        counter=counter,
        edges=edges,
        nodes=nodes,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=signer.write(positions[0]) if positions else None,
            end_cursor=signer.write(positions[-1]) if positions else None,
        ),
    )


def signer_of(context: Context, list_name: str, shape: object) -> CursorSigner:
    """The signer of one list of the caller's account."""
    return CursorSigner(context.services.cursor_secret, account_id=context.account_id, list_name=list_name, shape=shape)


async def connect(
    signer: CursorSigner,
    load: Callable[[PageRequest], Awaitable[Page[Any]]],
    make: Callable[[Any], Any],
    counter: Count,
    paging: Paging,
    *,
    projection: Projection | None = None,
    sight: Sight | None = None,
) -> Connection[Any]:
    """The page that is asked for; its items are made by ``make``, or read by the projection as ``sight`` allows.

    Raises:
        RefusedError: INVALID_INPUT for arguments that do not go together, INVALID_CURSOR.
    """
    request = page_request(signer, first=paging.first, after=paging.after, last=paging.last, before=paging.before)
    return _connection(await load(request), make, signer, counter, projection, sight)


async def connect_filtered(
    context: Context,
    list_name: str,
    where: Where,
    *,
    load: Callable[[str, Where, PageRequest], Awaitable[Page[Item]]],
    count: Callable[[str, Where], Awaitable[Counted]],
    make: Callable[[Item, Sight], Any],
    paging: Paging,
    order: StrEnum | None = None,
    projection: Projection | None = None,
) -> Connection[Any]:
    """A page of one of the caller's account's lists that have a filter, and perhaps an order that ``load`` knows.

    With a ``projection`` the page's items must give their columns (``app.paging.Rows``).

    Raises:
        RefusedError: see :func:`connect`.
    """
    account_id, sight = context.account_id, context.sight
    return await connect(
        signer_of(context, list_name, [where, order]),
        lambda page: load(account_id, where, page),
        lambda item: make(item, sight),
        lambda: count(account_id, where),
        paging,
        projection=projection,
        sight=sight,
    )
