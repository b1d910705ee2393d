"""What an operation costs, in points: known before it is executed, from its document and its variables alone.

A point is about what 60 µs of a processor buy. Values cost nothing; an object costs 1; a list that is not paged counts
as `LIST_SIZE` objects; a page as many as ``first`` or ``last`` asks for; what lies inside is paid for each. Fields that
do more than that have prices of their own (`_PRICES`), and each mutation costs `MUTATION` or, where a phone may ring
or money is spent, `MONEY_MUTATION`. A field is paid for as often as it is written, wherever ``@include`` is false too.

The document's part is worked out once (`price_document`); what remains for each request is a few multiplications.
"""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
)
from graphql.type import GraphQLNonNull

from app.paging import DEFAULT_PAGE, LARGEST_PAGE

MOST_POINTS: Final = 20_000
LIST_SIZE: Final = 10
MUTATION: Final = 10
MONEY_MUTATION: Final = 50
SUBSCRIPTION: Final = 10
WHOLE_SCHEMA: Final = 5_000
ONE_TYPE: Final = 50

#: Each of these may ring a phone or spend money: all that take an idempotency key, and more.
MONEY_MUTATIONS: Final = frozenset(
    {
        "originateCall",
        "announceOtp",
        "verifyOutboundNumber",
        "scheduleCallback",
        "startCampaign",
        "resumeCampaign",
        "retryContacts",
        "transferCall",
        "addParticipant",
        "startSupervision",
        "dialPreviewContact",
        "advanceTestClock",
    }
)

#: Fields that ask the database for more than rows: counts and sums.
_PRICES: Final = {"totalCount": 10, "cdrStatistics": 100, "liveStatistics": 20, "usage": 20, "__schema": WHOLE_SCHEMA}
_PRICES_OF_TYPES: Final = {"__type": ONE_TYPE}
#: Far over every budget; sizes that multiply must not become numbers of a thousand digits.
_CEILING: Final = 10**9


@dataclass(frozen=True, slots=True)
class _Given:
    """What an argument was given: so many items, or a variable with its default's; None is nothing, or null."""

    items: int | None
    variable: str | None = None

    def read(self, variables: Mapping[str, Any], count: Callable[[Any], int | None]) -> int | None:
        if self.variable is None or self.variable not in variables:
            return self.items
        return count(variables[self.variable])


@dataclass(frozen=True, slots=True)
class _Size:
    """How many items a list has: a number, or the most that its arguments ask for; the number if they ask for none."""

    number: int = LIST_SIZE
    given: tuple[_Given, ...] = ()
    is_page: bool = False

    @property
    def is_known(self) -> bool:
        return not self.given

    def read(self, variables: Mapping[str, Any]) -> int:
        if not self.given:
            return self.number
        count = _page_asked if self.is_page else _items_named
        return max(
            (items for one in self.given if (items := one.read(variables, count)) is not None), default=self.number
        )


def _page_asked(value: object) -> int | None:
    """The size of a page by a variable's value, read as GraphQL's ``Int`` reads it: ``200.0`` is 200.

    What is no number of items at all is refused where it is used; here it must only be no discount.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return min(max(value, 1), LARGEST_PAGE)
    return None


def _items_named(value: object) -> int | None:
    """The length of a variable's list; what is no list is a list of one, as GraphQL reads it."""
    if value is None:
        return None
    return len(value) if isinstance(value, list) else 1


@dataclass(frozen=True, slots=True)
class Price:
    """A price with its parts that depend on variables: ``fixed`` + each ``size`` × its inner price."""

    fixed: int = 0
    parts: tuple[tuple[_Size, "Price"], ...] = ()

    def of(self, variables: Mapping[str, Any]) -> int:
        """The points under these variables."""
        points = self.fixed
        for size, inner in self.parts:
            points += size.read(variables) * inner.of(variables)
            if points >= _CEILING:
                return _CEILING
        return points

    def plus(self, other: "Price") -> "Price":
        return Price(min(self.fixed + other.fixed, _CEILING), self.parts + other.parts)

    def times(self, size: _Size) -> "Price":
        if size.is_known and not self.parts:
            return Price(min(self.fixed * size.number, _CEILING))
        return Price(0, ((size, self),))


_Known: TypeAlias = dict[tuple[str, _Size | None], Price]


class _Pricer:
    """Prices one document. ``page`` is the size of the connection whose fields are looked at."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        self._known: _Known = {}
        self._defaults: dict[str, Any] = {}

    def price(self, operation: OperationDefinitionNode) -> Price:
        root = self._schema.get_root_type(operation.operation)
        assert root is not None, "validation has seen to it"
        self._defaults = {one.variable.name.value: one.default_value for one in operation.variable_definitions or ()}
        self._known = {}
        base = Price(SUBSCRIPTION if operation.operation is OperationType.SUBSCRIPTION else 1)
        return base.plus(self._price_selections(operation.selection_set, root, None))

    def _price_selections(self, selections: SelectionSetNode, parent: Any, page: _Size | None) -> Price:
        price = Price()
        for node in selections.selections:
            match node:
                case FieldNode():
                    price = price.plus(self._price_field(node, parent, page))
                case InlineFragmentNode():
                    kind = parent if node.type_condition is None else self._type(node.type_condition.name.value)
                    price = price.plus(self._price_selections(node.selection_set, kind, page))
                case FragmentSpreadNode():
                    price = price.plus(self._price_fragment(node.name.value, page))
        return price

    def _price_fragment(self, name: str, page: _Size | None) -> Price:
        found = self._known.get((name, page))
        if found is None:
            fragment = self._fragments[name]
            kind = self._type(fragment.type_condition.name.value)
            found = self._known[name, page] = self._price_selections(fragment.selection_set, kind, page)
        return found

    def _price_field(self, node: FieldNode, parent: Any, page: _Size | None) -> Price:
        name = node.name.value
        if name.startswith("__"):
            return Price(_PRICES.get(name, 0) or _PRICES_OF_TYPES.get(name, 0))
        own = Price(self._own_price(parent, name))
        kind: GraphQLOutputType = self._schema.get_field(parent, name).type  # type: ignore[union-attr]  # validation has seen to it
        named = get_named_type(kind)
        if is_leaf_type(named) or node.selection_set is None:
            return own
        if _is_connection(named):
            inner = self._price_selections(node.selection_set, named, self._page_size(node))
            return own.plus(Price(1)).plus(inner)
        inner = self._price_selections(node.selection_set, named, None).plus(Price(1))
        if _is_list(kind):
            is_of_page = page is not None and name in {"edges", "nodes"}
            return own.plus(inner.times(page if is_of_page and page is not None else self._list_size(node)))
        return own.plus(inner)

    def _own_price(self, parent: Any, name: str) -> int:
        if parent is self._schema.mutation_type:
            return MONEY_MUTATION if name in MONEY_MUTATIONS else MUTATION
        return _PRICES.get(name, 0)

    def _page_size(self, node: FieldNode) -> _Size:
        """The most that ``first`` or ``last`` asks for: one of them may be null, and which is not always known yet."""
        return self._size(node, {"first", "last"}, DEFAULT_PAGE, is_page=True)

    def _list_size(self, node: FieldNode) -> _Size:
        """Of a list whose items are named by its argument ``ids``, as many as are named."""
        return self._size(node, {"ids"}, LIST_SIZE)

    def _size(self, node: FieldNode, names: Container[str], default: int, *, is_page: bool = False) -> _Size:
        given = tuple(self._read(one.value) for one in node.arguments or () if one.name.value in names)
        size = _Size(default, given, is_page)
        return size if any(one.variable is not None for one in given) else _Size(size.read({}))

    def _read(self, value: Any) -> _Given:
        match value:
            case IntValueNode():
                # A literal may have a thousand digits; nobody gets more than a whole page anyway.
                return _Given(min(max(int(value.value[:9]), 1), LARGEST_PAGE))
            case ListValueNode():
                return _Given(len(value.values))
            case VariableNode():
                name = value.name.value
                return _Given(self._read(self._defaults.get(name)).items, name)
            case _:
                return _Given(None)

    def _type(self, name: str) -> Any:
        return self._schema.type_map[name]


@dataclass(frozen=True, slots=True)
class Priced:
    """What is known of a document before anything of it is executed, by the names of its operations."""

    prices: Mapping[str | None, Price]
    has_introspection: bool

    def points(self, operation_name: str | None, variables: Mapping[str, Any] | None) -> int:
        """The price of one operation; its document's only one, when it is not named."""
        price = self.prices.get(operation_name)
        if price is None:
            (price,) = self.prices.values()
        return price.of(variables or {})


def price_document(schema: GraphQLSchema, document: DocumentNode) -> Priced:
    """The prices of a document that was found valid, and within the limits of size."""
    pricer = _Pricer(schema, document)
    prices = {
        None if one.name is None else one.name.value: pricer.price(one)
        for one in document.definitions
        if isinstance(one, OperationDefinitionNode)
    }
    return Priced(prices, _has_introspection(document))


def _has_introspection(document: DocumentNode) -> bool:
    """Whether it asks for the schema itself. That can be done in a query's root alone, or in a fragment of it."""
    waiting = [one.selection_set for one in document.definitions if hasattr(one, "selection_set")]
    while waiting:
        for node in waiting.pop().selections:
            if isinstance(node, FieldNode) and node.name.value in {"__schema", "__type"}:
                return True
            inner = getattr(node, "selection_set", None)
            if inner is not None:
                waiting.append(inner)
    return False


def _is_connection(kind: object) -> bool:
    return isinstance(kind, GraphQLObjectType) and kind.name.endswith("Connection") and "pageInfo" in kind.fields


def _is_list(kind: GraphQLOutputType) -> bool:
    return isinstance(kind.of_type if isinstance(kind, GraphQLNonNull) else kind, GraphQLList)
