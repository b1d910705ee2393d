"""The short way through graphql-core for fields that are plain attributes.

graphql-core spends 6 to 8 µs on each field: a path, an info, arguments, a resolver and the completion of its value,
each general. Most fields of a page of records need none of that: they are attributes of an object that is there. So a
selection set is looked at once, and of it

- what is *plain* (an attribute, with neither resolver, arguments, extension nor error handler; a leaf, an object of
  plain fields, or a list of those) is read and completed directly, the whole subtree;
- a list of plain objects that has a *projection* is not even made into objects (``projection``);
- everything else goes graphql-core's own way, in the same executor.

What was found out about an operation is kept for the next time it is run, apart for each setting of its Boolean
variables, for these decide what ``@include`` and ``@skip`` leave.

When anything about a plain subtree is out of the ordinary (an error, a null where none may be, a value of an unexpected
kind) what was done is dropped, and graphql-core does the whole selection set again: reading attributes changes
nothing, and so data, errors and their places are always those of the slow way. ``tests/api/test_fast_path.py`` compares
the two.

The executor builds on graphql-core's private structure; the versions are pinned, and the test would notice.
Switched on in ``schema``: ``execution_context_class=FastExecutor``.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final, TypeAlias, cast

import orjson
from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    Undefined,
)
from strawberry.execution import optimized_is_awaitable

from app.api.projection import Made, Selection
from app.api.unbegun import TidyExecutor

GroupedFields: TypeAlias = dict[str, list[Any]]
Complete: TypeAlias = Callable[[Any], Any]

_LISTS: Final = (list, tuple)
LONGEST_KEPT: Final = 20_000  # of documents, in characters: strangers choose what documents there are
_LEAST_INT: Final = -(2**31)
_MOST_INT: Final = 2**31 - 1


class _NotPlainError(Exception):
    """A value that the short way does not know; graphql-core's own way says what it means."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """How one selection set is executed: what directly, what by graphql-core, and in which order they answer."""

    names: tuple[str, ...]
    plain: tuple[tuple[str, str, Complete], ...]
    rest: GroupedFields

    def read(self, source: Any) -> dict[str, Any]:
        """The plain fields of an object."""
        return {response: complete(getattr(source, name)) for response, name, complete in self.plain}


class FastExecutor(TidyExecutor):
    """graphql-core's executor, with the short way for plain fields."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_applicable = self.abort_signal is None and not _has_middleware(self.middleware_manager)
        # Only who says so takes a piece of the answer that is JSON already.
        self._takes_json = bool(getattr(self.context_value, "takes_json", False))
        self._ways = _KNOWN_WAYS.of(
            self.schema, self.operation, self.variable_values.coerced, takes_json=self._takes_json
        )
        # graphql-core's own memory of what is collected, which it keeps for one execution.
        self._relevant_sub_fields = self._ways.sub_fields

    def execute_collected_root_fields(
        self, root_type: Any, root_value: Any, grouped_field_set: GroupedFields, serially: Any, new_defer_usages: Any
    ) -> Any:
        if not new_defer_usages:
            # The same fields as the last time, and then their own lists: what is known goes by these.
            grouped_field_set = self._ways.know_root(grouped_field_set)
        return super().execute_collected_root_fields(
            root_type, root_value, grouped_field_set, serially, new_defer_usages
        )

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Any,
        grouped_field_set: GroupedFields,
        position_context: Any,
    ) -> Any:
        plan = self._find_plan(parent_type, grouped_field_set) if position_context is None else None
        if plan is None:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        try:
            plain = plan.read(source_value)
        except Exception:  # noqa: BLE001  # whatever it is: the slow way meets it again and reports it in its place
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        if not plan.rest:
            return plain
        rest = super().execute_fields(parent_type, source_value, path, plan.rest, position_context)
        if self.is_awaitable(rest):
            return _merge_later(plan.names, plain, rest)
        return _merge(plan.names, plain, cast("dict[str, Any]", rest))

    def complete_list_value(
        self,
        return_type: GraphQLList[Any],
        field_details_list: list[Any],
        info: Any,
        path: Any,
        result: Any,
        position_context: Any,
    ) -> Any:
        # A list of plain objects needs no path for each of them either.
        if position_context is None and type(result) in (*_LISTS, Made) and self._is_applicable:
            complete = self._find_complete(return_type, field_details_list)
            if complete is not None:
                try:
                    return complete(result)
                except Exception:  # noqa: BLE001, S110  # as above
                    pass
        return super().complete_list_value(return_type, field_details_list, info, path, result, position_context)

    def _find_complete(self, kind: GraphQLList[Any], details: list[Any]) -> Complete | None:
        key = (id(kind), id(details))
        found = self._ways.completes.get(key)
        if found is None:
            found = self._ways.completes[key] = (kind, details, self._make_complete_present(kind, details))
        return found[2]

    def _find_plan(self, parent_type: GraphQLObjectType, grouped: GroupedFields) -> _Plan | None:
        if not self._is_applicable:
            return None
        key = (parent_type.name, id(grouped))
        found = self._ways.plans.get(key)
        if found is None:
            found = self._ways.plans[key] = (grouped, self._make_plan(parent_type, grouped))
        return found[1]

    def _make_plan(self, parent_type: GraphQLObjectType, grouped: GroupedFields) -> _Plan | None:
        plain: list[tuple[str, str, Complete]] = []
        rest: GroupedFields = {}
        for response, details in grouped.items():
            if details[0].node.name.value == "__typename":
                plain.append((response, "__class__", _always(parent_type.name)))
                continue
            field = self.schema.get_field(parent_type, details[0].node.name.value)
            attribute = None if field is None else _plain_attribute(field)
            complete = None if field is None or attribute is None else self._make_complete(field.type, details)
            if attribute is None or complete is None:
                rest[response] = details
            else:
                plain.append((response, attribute, complete))
        return _Plan(tuple(grouped), tuple(plain), rest) if plain else None

    def _make_complete(self, kind: GraphQLOutputType, details: list[Any]) -> Complete | None:
        """What makes the answer of an attribute's value; None when the short way cannot."""
        if isinstance(kind, GraphQLNonNull):
            return self._make_complete_present(kind.of_type, details)
        complete = self._make_complete_present(kind, details)
        return None if complete is None else lambda value: None if value is None else complete(value)

    def _make_complete_present(self, kind: GraphQLOutputType, details: list[Any]) -> Complete | None:
        """The same for values that may not be null."""
        match kind:
            case GraphQLEnumType():
                return _make_enum(_make_leaf(kind, optimized_is_awaitable))
            case GraphQLScalarType():
                return _make_scalar(kind, _make_leaf(kind, optimized_is_awaitable))
            case GraphQLList():
                item = self._make_complete(kind.of_type, details)
                return None if item is None else _make_list(item, self._select(kind.of_type, details), self._takes_json)
            case GraphQLObjectType():
                collected = self.collect_subfields(kind, details)
                plan = self._find_plan(kind, collected.grouped_field_set)
                if plan is None or plan.rest or collected.new_defer_usages:
                    return None
                return _make_object(kind, plan)
            case _:
                return None  # an interface or a union: graphql-core finds out which type it is

    def _select(self, kind: GraphQLOutputType, details: list[Any]) -> Selection | None:
        """What is selected of an object, for projections; None when that is not plain, or nothing is."""
        while isinstance(kind, GraphQLNonNull | GraphQLList):
            kind = kind.of_type
        if not isinstance(kind, GraphQLObjectType):
            return None
        fields: list[tuple[str, str | None, Selection | None]] = []
        for response, inner in self.collect_subfields(kind, details).grouped_field_set.items():
            name = inner[0].node.name.value
            field = self.schema.get_field(kind, name)
            attribute = None if field is None else _plain_attribute(field)
            if name == "__typename":
                fields.append((response, None, None))
            elif field is None or attribute is None:
                return None
            else:
                fields.append((response, attribute, self._select(field.type, inner)))
        return Selection(kind.name, fields)


@dataclass(slots=True)
class _Ways:
    """What was found out about an operation. What is known by its identity is kept beside it, and so stays itself."""

    sub_fields: dict[Any, Any] = field(default_factory=dict)
    plans: dict[tuple[str, int], tuple[GroupedFields, _Plan | None]] = field(default_factory=dict)
    completes: dict[tuple[int, int], tuple[object, object, Complete | None]] = field(default_factory=dict)
    root: GroupedFields | None = None

    def know_root(self, grouped: GroupedFields) -> GroupedFields:
        """The operation's root fields, as they were collected the first time."""
        if self.root is None:
            self.root = grouped
        return self.root


class _KnownWays:
    """What was found out about the operations that were run last.

    A selection is decided by its document and, through directives, by Boolean variables alone.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[tuple[Any, ...], tuple[object, _Ways]] = OrderedDict()

    def of(
        self, schema: GraphQLSchema, operation: OperationDefinitionNode, variables: dict[str, Any], *, takes_json: bool
    ) -> _Ways:
        """What is known of an operation under these variables; nothing yet, of a new one."""
        text = "" if operation.loc is None else operation.loc.source.body
        if not text or len(text) > LONGEST_KEPT:
            return _Ways()
        switches = tuple((name, value) for name, value in variables.items() if type(value) is bool)
        key = (id(schema), id(operation), takes_json, *switches)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = ((schema, operation), _Ways())
            if len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return found[1]


_KNOWN_WAYS: Final = _KnownWays(capacity=500)


def _has_middleware(manager: Any) -> bool:
    return manager is not None and bool(manager.middlewares)


def _plain_attribute(field: GraphQLField) -> str | None:
    """The attribute that a field is, when it is nothing but one.

    Strawberry marks the resolver of a field that has no resolver, extension or error handler of its own.
    """
    if field.args or not getattr(field.resolve, "_is_default", False):
        return None
    definition = field.extensions.get("strawberry-definition")
    if definition is None or definition.default_resolver is not getattr or not definition.is_basic_field:
        return None
    name: str = definition.python_name
    return name


def _always(answer: str) -> Complete:
    return lambda _value: answer


def _make_leaf(kind: GraphQLScalarType | GraphQLEnumType, is_awaitable: Callable[[Any], bool]) -> Complete:
    coerce = kind.coerce_output_value

    def complete(value: Any) -> Any:
        if isinstance(value, Exception) or is_awaitable(value):
            raise _NotPlainError
        completed = coerce(value)
        if completed is None or completed is Undefined:
            raise _NotPlainError
        return completed

    return complete


def _make_scalar(kind: GraphQLScalarType, complete: Complete) -> Complete:
    """Values of exactly the right type are their own answer; all others, and all other scalars, are coerced."""
    if kind is GraphQLFloat:
        return lambda value: value if type(value) is float and isfinite(value) else complete(value)
    if kind is GraphQLInt:
        return lambda value: value if type(value) is int and _LEAST_INT <= value <= _MOST_INT else complete(value)
    if kind in (GraphQLString, GraphQLID):
        return lambda value: value if type(value) is str else complete(value)
    if kind is GraphQLBoolean:
        return lambda value: value if type(value) is bool else complete(value)
    return complete


def _make_enum(complete: Complete) -> Complete:
    names: dict[Any, Any] = {}

    def complete_member(value: Any) -> Any:
        try:
            return names[value]
        except KeyError:
            names[value] = found = complete(value)
            return found

    return complete_member


def _make_list(item: Complete, selection: Selection | None, takes_json: bool) -> Complete:  # of its caller
    def complete(values: Any) -> Any:
        if type(values) is Made:
            if selection is not None:
                try:
                    written = values.write(selection)
                except Exception:  # noqa: BLE001  # what a projection cannot answer, objects do
                    return [item(value) for value in values]
                return orjson.Fragment(written) if takes_json else orjson.loads(written)
        elif type(values) not in _LISTS:
            raise _NotPlainError
        return [item(value) for value in values]

    return complete


def _make_object(kind: GraphQLObjectType, plan: _Plan) -> Complete:
    is_type_of, plain = kind.is_type_of, plan.plain

    def complete(source: Any) -> dict[str, Any]:
        if source is None or isinstance(source, Exception):
            raise _NotPlainError
        if is_type_of is not None and is_type_of(source, None) is not True:  # type: ignore[arg-type]  # strawberry's checks look at the object alone
            raise _NotPlainError
        return {response: complete(getattr(source, name)) for response, name, complete in plain}

    return complete


def _merge(names: tuple[str, ...], plain: dict[str, Any], rest: dict[str, Any]) -> dict[str, Any]:
    found = plain | rest
    return {name: found[name] for name in names if name in found}


async def _merge_later(
    names: tuple[str, ...], plain: dict[str, Any], rest: Awaitable[dict[str, Any]]
) -> dict[str, Any]:
    return _merge(names, plain, await rest)
