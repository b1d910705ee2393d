"""Logs: one line an event, and no secrets, whatever is thrown at them."""

import io
import json
import logging
from typing import Any, Literal

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.config import Settings
from app.logging import configure_logging


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def configured(
    log_format: Literal["auto", "json", "console"] = "json", stream: io.StringIO | None = None
) -> io.StringIO:
    stream = stream or io.StringIO()
    configure_logging(Settings(log_format=log_format), stream=stream)
    return stream


def lines_of(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_given_an_event_when_logged_as_json_then_it_is_one_object_with_time_level_and_logger(root_logger: None) -> None:
    stream = configured()

    structlog.get_logger("app.calls").info("call_created", call="call_1", legs=2)

    (line,) = lines_of(stream)
    assert line["event"] == "call_created"
    assert (line["level"], line["logger"], line["call"], line["legs"]) == ("info", "app.calls", "call_1", 2)
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    "name", ["password", "token", "api_key", "authorization", "secret", "otp", "dtmf", "digit", "digits", "dsn"]
)
def test_given_a_secret_field_when_logged_then_its_value_is_hidden_at_any_depth(root_logger: None, name: str) -> None:
    stream = configured()

    structlog.get_logger().info("x", **{name: "4711"}, nested={name: "4711", "list": [{name: "4711"}]})

    assert "4711" not in stream.getvalue()
    assert "[redacted]" in stream.getvalue()


def test_given_a_token_or_a_url_with_a_password_when_it_is_inside_a_text_then_it_is_cut(root_logger: None) -> None:
    stream = configured()

    structlog.get_logger().info("tried ofk_live_SECRETSECRET", url="postgresql://me:hush@db/x", hook="whsec_c2VjcmV0")
    try:
        raise ValueError("bad key ofk_test_HIDDENHIDDEN at http://u:hush@host")  # noqa: TRY301
    except ValueError:
        structlog.get_logger().exception("failed")

    text = stream.getvalue()
    for secret in ("SECRETSECRET", "HIDDENHIDDEN", "hush", "c2VjcmV0"):
        assert secret not in text
    assert "ofk_live_…" in text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.characters(), max_size=50))
def test_given_any_text_when_logged_then_it_stays_one_line_without_control_characters(
    root_logger: None, text: str
) -> None:
    for log_format in ("json", "console"):
        stream = configured(log_format)

        structlog.get_logger().info("event", text=text + "\r\n\x1b[31m\u2028")

        written = stream.getvalue()
        assert written.endswith("\n")
        body = written[:-1]
        assert not any(character in body for character in "\r\n\x1b\u2028\x00")
        assert "\\x1b" in body


def test_given_a_foreign_package_when_it_logs_then_it_takes_the_same_way(root_logger: None) -> None:
    stream = configured()

    logging.getLogger("asyncpg").warning("lost\r\n%s", "postgresql://me:hush@db/x")
    logging.getLogger("httpx").info("HTTP Request: GET http://x/?api_key=1")

    (line,) = lines_of(stream)
    assert line["event"] == "lost\\r\\npostgresql://me:…@db/x"
    assert line["logger"] == "asyncpg"


def test_given_a_terminal_when_the_format_is_auto_then_lines_are_for_people(root_logger: None) -> None:
    stream = configured("auto", Terminal())
    structlog.get_logger().info("hello")
    assert not stream.getvalue().startswith("{")

    plain = configured("auto")
    structlog.get_logger().info("hello")
    assert lines_of(plain)[0]["event"] == "hello"


def test_given_a_terminal_when_a_call_goes_on_then_its_line_says_the_time_once_and_a_file_has_all_of_it(
    root_logger: None,
) -> None:
    for stream, is_short in ((Terminal(), True), (io.StringIO(), False)):
        configured("console", stream)
        structlog.get_logger("app.calls").info("call_transition", to="leg.ringing", at="2026-11-22T05:00:00.123Z")
        (line,) = stream.getvalue().splitlines()
        assert ("app.calls" in line, "at=" in line) == (not is_short, not is_short)
        assert "leg.ringing" in line


def test_given_a_level_when_less_is_logged_then_it_is_left_out(root_logger: None) -> None:
    stream = io.StringIO()
    configure_logging(Settings(log_level="warning", log_format="json"), stream=stream)

    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")

    assert [line["event"] for line in lines_of(stream)] == ["loud"]
