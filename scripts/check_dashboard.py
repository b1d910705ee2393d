"""Check that app/dashboard/built was made of the sources that are here, and of the schema that is here.

Without Node: the build leaves a stamp (``--stamp``) with a digest of the sources, one of the files that were built, so
that none is missing or changed by hand, and one of all that the dashboard's operations see of the schema: their fields
with the types of these, and every input and enum among their variables. What they do not ask for may change without a
new build. ``make dashboard`` builds and stamps; tests/dashboard/test_build.py builds anew, and compares.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLSchema,
    GraphQLUnionType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    concat_ast,
    get_named_type,
    parse,
    type_from_ast,
    validate,
    visit,
)
from graphql.language import VariableDefinitionNode

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "app/dashboard/source"
BUILT = ROOT / "app/dashboard/built"
STAMP = BUILT / "stamp.json"
_APART = {"node_modules"}
#: Proven by running them; they are in no build.
_TESTS = ".test.ts"


def source_files() -> list[Path]:
    files = (path for path in SOURCE.rglob("*") if path.is_file())
    return sorted(
        path
        for path in files
        if not _APART & set(path.relative_to(SOURCE).parts) and not path.name.endswith((_TESTS, ".tsbuildinfo"))
    )


def built_files(built: Path = BUILT) -> list[Path]:
    return sorted(path for path in built.rglob("*") if path.is_file() and path.name != STAMP.name)


def digest_of_files(folder: Path, files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


def read_operations() -> DocumentNode:
    paths = [path for path in source_files() if path.suffix == ".graphql"]
    return concat_ast([parse(path.read_text(encoding="utf-8")) for path in paths])


class _Seen(Visitor):
    """Collects what the operations see of the schema."""

    def __init__(self, schema: GraphQLSchema, types: TypeInfo) -> None:
        super().__init__()
        self.lines: set[str] = set()
        self._schema = schema
        self._types = types
        self._known: set[str] = set()

    def enter_field(self, node: FieldNode, *_: object) -> None:
        parent, field = self._types.get_parent_type(), self._types.get_field_def()
        if parent is None or field is None:
            return
        self.lines.add(f"{parent.name}.{node.name.value}: {field.type}")
        self._add(get_named_type(field.type))
        asked = {argument.name.value for argument in node.arguments or ()}
        for name, argument in field.args.items():
            if name in asked:
                self.lines.add(f"{parent.name}.{node.name.value}({name}: {argument.type})")

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: object) -> None:
        kind = type_from_ast(self._schema, node.type)
        if kind is not None:
            self._add(get_named_type(kind))

    def _add(self, named: GraphQLNamedType) -> None:
        if named.name in self._known:
            return
        self._known.add(named.name)
        match named:
            case GraphQLEnumType():
                self.lines.add(f"{named.name}: {' '.join(sorted(named.values))}")
            case GraphQLInputObjectType():
                for name, field in named.fields.items():
                    self.lines.add(f"{named.name}.{name}: {field.type} {field.default_value}")
                    self._add(get_named_type(field.type))
            case GraphQLInterfaceType() | GraphQLUnionType():  # an answer is of one of these
                possible = self._schema.get_possible_types(named)
                self.lines.add(f"{named.name}: {' '.join(sorted(one.name for one in possible))}")
            case _:
                pass  # what is asked of objects is in their fields


def digest_of_schema(schema: GraphQLSchema, operations: DocumentNode) -> str:
    types = TypeInfo(schema)
    seen = _Seen(schema, types)
    visit(operations, TypeInfoVisitor(types, seen))
    return hashlib.sha256("\n".join(sorted(seen.lines)).encode()).hexdigest()


def problems() -> Iterator[str]:
    schema = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
    operations = read_operations()
    wrong = validate(schema, operations)
    yield from (f"an operation does not fit schema.graphql: {error.message}" for error in wrong[:10])
    if wrong:
        return
    if not STAMP.exists():
        yield "app/dashboard/built is not there"
        return
    stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    if stamp["sources"] != digest_of_files(SOURCE, source_files()):
        yield "app/dashboard/built is older than app/dashboard/source"
    if stamp["built"] != digest_of_files(BUILT, built_files()):
        yield "a file of app/dashboard/built is missing, or is not the one that was built"
    if stamp["schema"] != digest_of_schema(schema, operations):
        yield "what the dashboard asks for has other types in schema.graphql now"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stamp", action="store_true", help="say that the build was made of what is here")
    if parser.parse_args().stamp:
        schema = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
        stamp = {
            "sources": digest_of_files(SOURCE, source_files()),
            "built": digest_of_files(BUILT, built_files()),
            "schema": digest_of_schema(schema, read_operations()),
        }
        STAMP.write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")
        return 0
    found = list(problems())
    for problem in found:
        print(f"{problem}: run `make dashboard`")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
