"""Write the next migration from the difference between app/db/tables and the newest one; read it before you commit.

python scripts/make_migration.py "add campaigns"
"""

import asyncio
import subprocess
import sys

from alembic import command
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection

from app.db.migrate import make_config, migrate, run_on_connection
from app.local.temporary import temporary_postgres


def _write_next(connection: Connection) -> None:
    config = make_config()
    config.attributes["connection"] = connection
    number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
    written = command.revision(config, message=sys.argv[1], rev_id=f"{number:04d}", autogenerate=True)
    assert isinstance(written, Script)
    # A path given by name is formatted although its folder is excluded from the checks.
    subprocess.run([sys.executable, "-m", "ruff", "format", written.path], check=True)  # noqa: S603  # our own path


async def main() -> None:
    async with temporary_postgres() as server:
        await migrate(server.dsn)
        await run_on_connection(server.dsn, _write_next)


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004  # the program and its one argument
        sys.exit(__doc__)
    asyncio.run(main())
