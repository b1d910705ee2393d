"""The schema as text, the same on every machine."""

from graphql import build_schema as parse_schema
from graphql import lexicographic_sort_schema, print_schema

from app.api.schema import build_schema


def print_sdl() -> str:
    """The SDL, sorted: what ``schema.graphql`` holds and ``offhook schema`` prints."""
    return print_schema(lexicographic_sort_schema(parse_schema(build_schema().as_str()))) + "\n"
