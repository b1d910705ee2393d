"""What commands log: on stderr, beside their result, and never with the variables of a traceback."""

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a command that only prints help reads no settings
    from app.config import Settings


def configure_logging(settings: "Settings", **overrides: object) -> None:
    """Set this process's logging up; ``overrides`` are settings, by name."""
    # structlog imports rich, where there is one, for tracebacks in colour; ours are plain, and rich takes as long to
    # import as a dozen of our own modules.
    with _unseen("rich"):
        import structlog  # noqa: F401  # for its import alone; app.logging uses it

    from app.logging import configure_logging as configure

    configure(settings.model_copy(update=overrides))


def log_errors_alone(settings: "Settings") -> None:
    """For a command that logs by the way, unless it has set its logging up by itself.

    Where nothing is set up structlog prints all there is on stdout, where the result goes, and draws tracebacks with
    all variables, secrets among them.
    """
    with _unseen("rich"):
        import structlog

    if not structlog.is_configured():
        configure_logging(settings, log_level="error")


@contextlib.contextmanager
def _unseen(name: str) -> Iterator[None]:
    """Let a package look as if it were not installed to whoever imports it if it is there. It can be imported later."""
    before = sys.modules.get(name)
    sys.modules[name] = None  # type: ignore[assignment]  # Python's own way to say: not to be imported
    try:
        yield
    finally:
        del sys.modules[name]
        if before is not None:
            sys.modules[name] = before
