"""Alembic's entry. The connection comes from ``app.db.migrate``; there is no configuration file and no offline mode."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

import app.db.tables  # noqa: F401  # fills the metadata


def _render_item(kind: str, item: Any, _autogen_context: AutogenContext) -> str | Literal[False]:
    """Write SQLModel's string type as the plain SQLAlchemy type it is, so that migrations stand on their own."""
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()" if item.length is None else f"sa.String(length={item.length})"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    compare_type=True,
    compare_server_default=True,
    render_item=_render_item,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
