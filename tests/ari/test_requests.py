"""The bytes of a request, whatever is in its arguments."""

import json
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ari.errors import AriUnsafeArgument
from app.ari.requests import RequestWriter, Target
from tests.ari.http_stand_in import read_request

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)


def writer(base_url: str = "http://pbx:8088/ari") -> RequestWriter:
    return RequestWriter(Target.parse(base_url), "Basic eA==")


def test_given_a_request_when_written_then_it_is_these_bytes() -> None:
    assert writer().write("POST /channels/{}/dial", ("a;1",), {"timeout": 5, "caller": None}, None) == (
        b"POST /ari/channels/a%3B1/dial?timeout=5 HTTP/1.1\r\nHost: pbx:8088\r\nAuthorization: Basic eA==\r\n"
        b"Accept: application/json\r\nContent-Length: 0\r\n\r\n"
    )
    assert writer("https://[::1]/x/ari").write("GET /asterisk/ping", (), None, None) == (
        b"GET /x/ari/asterisk/ping HTTP/1.1\r\nHost: [::1]\r\nAuthorization: Basic eA==\r\n"
        b"Accept: application/json\r\n\r\n"
    )


@given(ANY_TEXT.filter(lambda part: part not in {".", ".."}), ANY_TEXT, ANY_TEXT)
def test_given_any_text_when_written_then_a_server_reads_the_same_and_no_second_line(
    part: str, value: str, content: str
) -> None:
    message = writer().write("POST /a/{}/b", (part,), {"first": value, "second": value}, {"content": content})

    request = read_request(message)
    path, _, query = request.url.raw_path.decode().partition("?")
    assert path.count("/") == 4
    assert unquote(path.split("/")[3]) == part
    assert parse_qsl(query, keep_blank_values=True) == [("first", value), ("second", value)]
    assert json.loads(request.content) == {"content": content}
    assert message.partition(b"\r\n\r\n")[0].count(b"\n") == 5


@pytest.mark.parametrize("part", [".", ".."])
def test_given_a_step_within_the_path_when_written_then_it_is_refused(part: str) -> None:
    with pytest.raises(AriUnsafeArgument, match="step within"):
        writer().write("DELETE /recordings/stored/{}", (part,), None, None)


def test_given_truth_values_when_written_then_they_are_asterisks_words() -> None:
    assert b"?a=true&b=false&c=1 " in writer().write("GET /x", (), {"a": True, "b": False, "c": 1}, None)


@pytest.mark.parametrize(
    "url", ["pbx:8088", "ftp://pbx", "http://", "http://p b x/", "http://pbx/\r\nX: y", "http://pbx\u00e4/"]
)
def test_given_no_address_when_parsed_then_it_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(ValueError, match="http://host:port") as caught:
        Target.parse(url)
    assert url not in str(caught.value).replace("http://host:port", "")


def test_given_an_authorization_of_two_lines_when_making_a_writer_then_it_is_refused() -> None:
    with pytest.raises(ValueError, match="one line"):
        RequestWriter(Target.parse("http://pbx"), "Basic x\r\nX: y")
