"""``offhook storage …``."""

from typing import Annotated, Any

import typer

from app.cli.accounts import AsJson
from app.cli.output import FAILED, fail, note, run, write_json

commands = typer.Typer(no_args_is_help=True, help="The store of recordings and other files.")

_TOLD_EVERY = 1000


@commands.command("encrypt")
def encrypt(
    plain: Annotated[
        bool, typer.Option("--plain", help="Decrypt instead: files lie in the store as they are.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Encrypt all files that are there with the first of OFFHOOK_STORE_KEYS, whatever they are encrypted with now."""
    # Imported late: --help must not wait for a database driver.
    from app.cli.opened import opened_services
    from app.config import load_settings
    from app.errors import ConfigurationError
    from app.files.keys import StoreKeys
    from app.files.resealing import Resealed, reseal
    from app.files.store import FileStore

    def tell(so_far: Resealed) -> None:
        if so_far.written % _TOLD_EVERY == 0 and so_far.written:
            note(f"{so_far.written} files …")

    async def work() -> Any:
        settings = load_settings()
        keys = StoreKeys.load(settings)
        if keys.current is None:
            raise ConfigurationError("There is no key: set OFFHOOK_STORE_KEYS or OFFHOOK_STORE_KEYS_FILE.")
        if plain:
            keys = StoreKeys(keys.keys, None)
        store = FileStore.open(settings.recordings_url, settings.data_dir, keys=keys)
        async with opened_services() as opened:
            return await reseal(store, opened.database, settings.data_dir / "work", told=tell)

    done = run(work())
    if as_json:
        write_json(done)
    else:
        typer.echo(f"{done.written} files were written anew; {done.right} needed nothing.")
    if done.closed:
        fail(
            f"{done.closed} files are encrypted with keys that are not at hand: `offhook doctor` names them.",
            status=FAILED,
        )
