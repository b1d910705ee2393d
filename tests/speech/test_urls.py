"""Addresses of sounds: signed, lasting, and of the form that Asterisk's media cache needs."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from app.files.urls import SignedUrls, UrlExpiredError, UrlInvalidError, upload_urls
from app.ids import Kind, new_id
from app.speech.urls import MEDIA_PREFIX, MediaUrls

SECRET = b"k" * 32
URLS = MediaUrls(SECRET, "http://offhook:8000/")
NOW = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)
NAME = "a" * 64


def _parts(uri: str) -> tuple[str, str, str]:
    assert uri.startswith("sound:")
    path = urlsplit(uri.removeprefix("sound:")).path
    expires, signature, name = path.removeprefix(MEDIA_PREFIX).split("/")
    return name, expires, signature


@pytest.mark.parametrize(("rate", "end"), [(8_000, ".wav"), (16_000, ".wav16")])
def test_given_a_sound_when_addressed_then_the_address_ends_as_asterisk_reads_it_and_is_good(
    rate: int, end: str
) -> None:
    uri = URLS.media(NAME, rate, NOW)
    assert uri.startswith("sound:http://offhook:8000/media/")
    assert uri.endswith(f"/{NAME}{end}")
    assert not set(uri) & set(',"\\ ?&')
    assert URLS.verify(*_parts(uri), NOW) == (NAME, rate)


def test_given_the_shortest_name_and_host_when_addressed_then_it_is_longer_than_the_path_of_asterisks_copy() -> None:
    uri = MediaUrls(SECRET, "http://a").media(new_id(Kind.AUDIO_FILE), 8_000, NOW)
    longest_cache_directory = 80  # see app.local.asterisk
    assert len(uri.removeprefix("sound:")) > longest_cache_directory + len("/bucket-XXXXXX.wav16")


def test_given_one_sound_when_addressed_over_days_then_the_address_seldom_changes_and_always_works_a_week() -> None:
    addresses = []
    for hours in range(0, 24 * 28, 5):
        now = NOW + timedelta(hours=hours)
        uri = URLS.media(NAME, 8_000, now)
        addresses.append(uri)
        URLS.verify(*_parts(uri), now + timedelta(days=7) - timedelta(seconds=1))
        with pytest.raises(UrlExpiredError):
            URLS.verify(*_parts(uri), now + timedelta(days=14))
    assert len(set(addresses)) in {4, 5}


def test_given_an_address_when_anything_of_it_is_changed_then_it_is_not_valid() -> None:
    name, expires, signature = _parts(URLS.media(NAME, 8_000, NOW))
    for changed in (
        (name.replace("wav", "wav16"), expires, signature),
        ("b" + name[1:], expires, signature),
        (name, str(int(expires) + 1), signature),
        (name, expires, signature[:-1]),
        (name, expires, "A" + signature[1:] if signature[0] != "A" else "B" + signature[1:]),
        (name, f"0{expires}", signature),
        ("../" + name, expires, signature),
        (name, "", ""),
    ):
        with pytest.raises(UrlInvalidError):
            URLS.verify(*changed, NOW)


def test_given_addresses_of_one_purpose_when_used_for_another_then_they_are_not_valid() -> None:
    recordings, uploads = SignedUrls(SECRET), upload_urls(SECRET)
    expires, signature = uploads.sign_parts("upl_x", NOW, timedelta(hours=1))
    uploads.verify("upl_x", [expires], [signature], NOW)
    for other in (recordings, SignedUrls(SECRET, purpose=b"offhook media address 1")):
        with pytest.raises(UrlInvalidError):
            other.verify("upl_x", [expires], [signature], NOW)
    assert uploads.sign("upl_x", NOW, timedelta(hours=1)).startswith("/uploads/upl_x?expires=")
