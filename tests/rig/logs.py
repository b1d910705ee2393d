"""What services write to their logs while they run within a test."""

import contextlib
import io
import logging
from collections.abc import Iterator
from typing import Literal

import structlog

from app.config import Settings
from app.logging import configure_logging


def log_plainly() -> None:
    """Set structlog up as tests have it, where nothing else is said.

    By itself it draws each traceback with all variables wherever Rich is installed. That takes seconds on a slow
    machine, in which nothing else runs: a service whose database is away for a moment would stand still for minutes.
    """
    structlog.reset_defaults()
    *others, _ = structlog.get_config()["processors"]
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*others, renderer])


@contextlib.contextmanager
def logging_restored() -> Iterator[None]:
    """Put logging back as it was: who sets it up does so for a process, which here is everybody's."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        log_plainly()


@contextlib.contextmanager
def all_logged(log_format: Literal["json", "console"] = "json") -> Iterator[io.StringIO]:
    """All that a service at its most talkative writes to its log during the block."""
    stream = io.StringIO()
    with logging_restored():
        configure_logging(Settings(log_format=log_format, log_level="debug"), stream=stream)
        yield stream
