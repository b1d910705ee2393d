"""Column types that every table file uses."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSON
from sqlmodel import Field


def instant(*, default_now: bool = False) -> Any:
    """A required timestamp with time zone."""
    server_default = {"server_default": sa.text("now()")} if default_now else {}
    return Field(default=None, sa_type=sa.DateTime(timezone=True), nullable=False, sa_column_kwargs=server_default)


def optional_instant() -> Any:
    """A timestamp with time zone that may be absent."""
    return Field(default=None, sa_type=sa.DateTime(timezone=True), nullable=True)


def text_list() -> Any:
    """A list of texts, empty by default."""
    return Field(
        default_factory=list,
        sa_type=ARRAY(sa.Text),
        nullable=False,
        sa_column_kwargs={"server_default": sa.text("'{}'")},
    )


def json_document(*, default: str = "{}") -> Any:
    """A JSON document; ``default`` is its SQL text.

    PostgreSQL's ``json``, not ``jsonb``: the text comes back byte for byte as it was written once, and nothing
    searches inside.
    """
    return Field(
        default_factory=dict,
        sa_type=JSON,
        nullable=False,
        sa_column_kwargs={"server_default": sa.text(f"'{default}'::json")},
    )


__all__ = ["datetime", "instant", "json_document", "optional_instant", "text_list"]
