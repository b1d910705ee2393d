"""Logs: one event, one line, on stderr; JSON for programs, columns for people; never a secret.

What other packages log through the standard library takes the same way.
"""  # absolute imports keep it apart from the standard library's

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import orjson
import structlog

from app.config import Settings

#: Fields that never reach a log, whatever they hold: keys, passwords, one-time passwords, pressed digits.
_SECRET_FIELDS: Final = frozenset(
    {
        "api_key",
        "authorization",
        "digit",
        "digits",
        "dsn",
        "dtmf",
        "otp",
        "password",
        "secret",
        "token",
    }
)
_REDACTED: Final = "[redacted]"

# Our own tokens and the password in a URL, wherever they turn up, in exceptions too.
_TOKEN: Final = re.compile(r"\b(ofk_live_|ofk_test_|oft_|whsec_)[A-Za-z0-9+/=_-]{4,}")
_URL_PASSWORD: Final = re.compile(r"(://[^:/@\s]{0,100}):[^@/\s]{1,200}@")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_BUT_NEWLINE: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_LONGEST_TEXT: Final = 2000

#: Others' loggers, which tell their warnings alone. Below that ``uvicorn.error`` and ``websockets`` write the frames of
#: websockets, and the heads of their handshakes: keys, codes and pressed digits among them.
_QUIET: Final = (
    *("httpx", "httpcore", "urllib3", "uvicorn.access", "uvicorn.error", "websockets"),
    *("asyncio", "alembic"),
)


def configure_logging(settings: Settings, *, stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's logging for this process; may be called again."""
    stream = stream or sys.stderr
    is_console = settings.log_format == "console" or (settings.log_format == "auto" and stream.isatty())
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        make_safe,
    ]
    renderers: list[structlog.typing.Processor] = (
        [*([_shorten] if stream.isatty() else []), structlog.dev.ConsoleRenderer(colors=stream.isatty())]
        if is_console
        else [structlog.processors.JSONRenderer(serializer=_write_json)]
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _shorten(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Leave out what a person at a terminal does not look for: a call's lines are long enough. All of it is in JSON."""
    for name in ("logger", "at"):
        event.pop(name, None)
    event["timestamp"] = str(event["timestamp"])[: len("2026-01-01T00:00:00.000")].replace("T", " ") + "Z"
    return event


def make_safe(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide secrets and make every text one line: CR, LF and terminal codes come out escaped."""
    for name, value in event.items():
        if name.startswith("_"):
            continue  # structlog's own: the record and where it came from
        if name in _SECRET_FIELDS:
            event[name] = _REDACTED
        else:
            event[name] = _make_safe_value(value, control=_CONTROL_BUT_NEWLINE if name == "exception" else _CONTROL)
    return event


def _make_safe_value(value: object, *, control: re.Pattern[str] = _CONTROL) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case dict():
            return {
                str(_make_safe_value(str(key))): _REDACTED if key in _SECRET_FIELDS else _make_safe_value(item)
                for key, item in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [_make_safe_value(item) for item in value]
        case _:
            return _make_safe_text(str(value), control)


def _make_safe_text(text: str, control: re.Pattern[str]) -> str:
    if control is _CONTROL and len(text) > _LONGEST_TEXT:
        text = text[:_LONGEST_TEXT] + "…"
    text = _TOKEN.sub(r"\1…", text)
    text = _URL_PASSWORD.sub(r"\1:…@", text)
    text = control.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
    # A lone surrogate cannot be written as UTF-8, and a log line must not fail.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _write_json(event: Any, **_options: Any) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode("utf-8")
