"""AWS signature version 4, by the examples that AWS has published."""

from datetime import UTC, datetime

import pytest

from app.speech.sigv4 import Credentials, sign

KEY = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
AT = datetime(2015, 8, 30, 12, 36, 0, tzinfo=UTC)


def _signature(headers: dict[str, str]) -> str:
    return headers["Authorization"].rpartition("Signature=")[2]


@pytest.mark.parametrize(
    ("method", "url", "headers", "service", "signature"),
    [
        (
            "GET",
            "https://example.amazonaws.com/",
            {},
            "service",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "POST",
            "https://example.amazonaws.com/",
            {},
            "service",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "GET",
            "https://example.amazonaws.com/?Param2=value2&Param1=value1",
            {},
            "service",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "GET",
            "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
            {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
            "iam",
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        ),
    ],
)
def test_given_a_published_example_when_signed_then_the_signature_is_the_published_one(
    method: str, url: str, headers: dict[str, str], service: str, signature: str
) -> None:
    signed = sign(method, url, headers, b"", credentials=KEY, region="us-east-1", service=service, now=AT)
    assert _signature(signed) == signature


def test_given_temporary_credentials_when_signed_then_the_token_is_sent_and_signed() -> None:
    key = Credentials(KEY.access_key_id, KEY.secret_access_key, "a-token")
    signed = sign("GET", "https://h/", {}, b"", credentials=key, region="us-east-1", service="polly", now=AT)
    assert signed["X-Amz-Security-Token"] == "a-token"
    assert "x-amz-security-token" in signed["Authorization"]


def test_given_another_body_when_signed_then_the_signature_is_another() -> None:
    signatures = {
        _signature(sign("POST", "https://h/v1/speech", {}, body, credentials=KEY, region="r", service="polly", now=AT))
        for body in (b"", b"a", b"b")
    }
    assert len(signatures) == 3


def test_given_credentials_when_printed_then_no_secret_is_shown() -> None:
    shown = repr(Credentials("AKID", "very-secret", "very-secret-token"))
    assert "very-secret" not in shown
