"""What `offhook serve` says to whoever started it by hand: what to do next. Programs get its log, and none of this."""

import sys
from typing import TYPE_CHECKING, Any, Final

import typer

from app.cli.listen import DEFAULT_URL
from app.cli.output import note
from app.terminal import leave_ctrl_c_line, own_command

if TYPE_CHECKING:
    from app.process.serve import Serving

#: For whoever presses Ctrl-C before it is up.
STOPPED: Final = "Stopped. Run it again when you like."

_STARTING: Final = "Starting … Once it is up, it says here what to do next. Ctrl-C ends it."


def is_watched(settings: Any) -> bool:
    """Whether a person reads along: at a terminal, with logs that are for people."""
    return settings.log_format != "json" and sys.stdout.isatty() and sys.stderr.isatty()


def tell_start() -> None:
    """Say that more is to come: the first start fetches Asterisk, and takes minutes."""
    note(_STARTING)


def tell_demo_start(*, is_for_programs: bool) -> None:
    """The same of a demo, on stderr when its stdout is for programs; before its modules are imported."""
    typer.secho("Starting an embedded PostgreSQL and a real Asterisk …", dim=True, err=is_for_programs)


def tell_over(settings: Any) -> None:
    """Say that what served until Ctrl-C has ended, and where what it made lies."""
    leave_ctrl_c_line()
    places = {"Database": settings.database_url, "recordings": settings.recordings_url}
    here = " and ".join(name for name, elsewhere in places.items() if elsewhere is None)
    note(f"Stopped. {here[0].upper()}{here[1:]} stay in {settings.data_dir.resolve()}." if here else "Stopped.")


def how_to_use(url: str) -> str:
    """What whoever would start a second service may want instead: the one that is at ``url``."""
    return (
        f"Or use the one that runs: its dashboard is at {url}/, and `{own_command()} key create sandbox` makes a key."
    )


def tell_next_steps(running: "Serving") -> None:
    """Say where it is to be reached, how a key is made, and how it ends."""
    service = running.service
    if "api" in service.roles:
        offhook = own_command()
        key = f"{offhook} key create {'ACCOUNT' if service.sandbox is None else 'sandbox'}"
        if service.sandbox is None:
            key += f"   ({offhook} account list)"
        # Where commands and the documentation's programs look, unless they are told otherwise.
        elsewhere = "" if running.url == DEFAULT_URL else f"  for other terminals  export OFFHOOK_URL={running.url}\n"
        note(
            f"\nOffhook is up:\n"
            f"  dashboard            {running.url}/\n"
            f"  GraphQL and its IDE  {running.url}/graphql\n"
            f"  make an API key      {key}\n"
            f"{elsewhere}"
            f"\nMake the key in a second terminal, in this directory; docs/tutorial/index.md says what to do with it."
        )
    note("Ctrl-C ends it.\n")
