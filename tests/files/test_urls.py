from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.files.urls import SignedUrls, UrlExpiredError, UrlInvalidError
from app.ids import Kind, new_id

NOW = datetime(2026, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC)
URLS = SignedUrls(b"k" * 32)
RECORDING = "rec_01jc" + "0" * 22


def parameters(path: str) -> tuple[list[str], list[str]]:
    query = parse_qs(urlsplit(path).query)
    return query["expires"], query["signature"]


def test_given_a_signed_address_when_checked_in_time_then_it_is_good_and_later_it_has_expired() -> None:
    path = URLS.sign(RECORDING, NOW, timedelta(seconds=60))

    assert path.startswith(f"/recordings/{RECORDING}?")
    URLS.verify(RECORDING, *parameters(path), NOW)
    URLS.verify(RECORDING, *parameters(path), NOW + timedelta(seconds=60))
    with pytest.raises(UrlExpiredError):
        URLS.verify(RECORDING, *parameters(path), NOW + timedelta(seconds=61))


def test_given_one_instant_when_signed_twice_then_the_address_is_the_same() -> None:
    assert URLS.sign(RECORDING, NOW, timedelta(minutes=1)) == URLS.sign(RECORDING, NOW, timedelta(minutes=1))


GOOD_EXPIRES, GOOD_SIGNATURE = parameters(URLS.sign(RECORDING, NOW, timedelta(minutes=5)))
SIGNATURE = GOOD_SIGNATURE[0]


@pytest.mark.parametrize(
    ("recording_id", "expires", "signature"),
    [
        pytest.param(new_id(Kind.RECORDING), GOOD_EXPIRES, GOOD_SIGNATURE, id="another recording"),
        pytest.param(RECORDING.upper(), GOOD_EXPIRES, GOOD_SIGNATURE, id="another spelling of the id"),
        pytest.param("", GOOD_EXPIRES, GOOD_SIGNATURE, id="no recording"),
        pytest.param(RECORDING, [str(int(GOOD_EXPIRES[0]) + 1)], GOOD_SIGNATURE, id="expiry put off"),
        pytest.param(RECORDING, ["0" + GOOD_EXPIRES[0]], GOOD_SIGNATURE, id="leading zero"),
        pytest.param(RECORDING, [GOOD_EXPIRES[0] + " "], GOOD_SIGNATURE, id="trailing blank"),
        pytest.param(RECORDING, ["٣" * 10], GOOD_SIGNATURE, id="other digits"),
        pytest.param(RECORDING, ["-1"], GOOD_SIGNATURE, id="negative expiry"),
        pytest.param(RECORDING, ["9" * 5000], GOOD_SIGNATURE, id="endless expiry"),
        pytest.param(RECORDING, ["never"], GOOD_SIGNATURE, id="expiry is a word"),
        pytest.param(RECORDING, [], GOOD_SIGNATURE, id="no expiry"),
        pytest.param(RECORDING, GOOD_EXPIRES * 2, GOOD_SIGNATURE, id="expiry twice"),
        pytest.param(RECORDING, GOOD_EXPIRES, [], id="no signature"),
        pytest.param(RECORDING, GOOD_EXPIRES, [""], id="empty signature"),
        pytest.param(RECORDING, GOOD_EXPIRES, GOOD_SIGNATURE * 2, id="signature twice"),
        pytest.param(RECORDING, GOOD_EXPIRES, [SIGNATURE + "="], id="signature padded"),
        pytest.param(RECORDING, GOOD_EXPIRES, [SIGNATURE[:-1]], id="signature cut"),
        pytest.param(RECORDING, GOOD_EXPIRES, [SIGNATURE.swapcase()], id="signature's case"),
        pytest.param(RECORDING, GOOD_EXPIRES, ["\udcff\u1234"], id="signature is not ASCII"),
    ],
)
def test_given_an_address_that_was_changed_when_checked_then_it_is_refused(
    recording_id: str, expires: list[str], signature: list[str]
) -> None:
    with pytest.raises(UrlInvalidError):
        URLS.verify(recording_id, expires, signature, NOW)


def test_given_another_secret_when_checked_then_it_is_refused() -> None:
    expires, signature = parameters(SignedUrls(b"other" * 8).sign(RECORDING, NOW, timedelta(minutes=5)))

    with pytest.raises(UrlInvalidError):
        URLS.verify(RECORDING, expires, signature, NOW)


def test_given_an_expired_address_with_a_wrong_signature_then_it_is_invalid_and_not_expired() -> None:
    # Else anybody could ask which instants have passed, and a forged address would look half good.
    with pytest.raises(UrlInvalidError):
        URLS.verify(RECORDING, ["1000"], GOOD_SIGNATURE, NOW)


@given(st.integers(0, len(SIGNATURE) - 1), st.sampled_from("ABCabc019-_"))
def test_given_any_one_character_changed_in_the_signature_then_it_is_refused(at: int, character: str) -> None:
    changed = SIGNATURE[:at] + character + SIGNATURE[at + 1 :]
    if changed == SIGNATURE:
        URLS.verify(RECORDING, GOOD_EXPIRES, [changed], NOW)
        return
    with pytest.raises(UrlInvalidError):
        URLS.verify(RECORDING, GOOD_EXPIRES, [changed], NOW)
