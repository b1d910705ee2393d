"""Signed addresses of recordings, uploads and reports: each opens one thing, for one purpose, for a time."""

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.files.urls import UPLOAD_PREFIX, SignedUrls, UrlExpiredError, UrlInvalidError, report_urls
from app.ids import Kind, new_id
from tests.api.conftest import Surface
from tests.security.conftest import Tenant

pytestmark = pytest.mark.postgres

_URLS: Final = "query($id: ID!) { recording(id: $id) { id state url { url expiresAt } } }"
_CONTENT: Final = b"RIFF" + bytes(range(256)) * 40
_NOW: Final = datetime(2026, 5, 1, 12, tzinfo=UTC)
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Recorded:
    """A recording of somebody's, with the address that its owner was given."""

    id: str
    address: str

    @property
    def path(self) -> str:
        return urlsplit(self.address).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.address).query).items()}


async def recorded(tenant: Tenant, folder: Path) -> Recorded:
    """A recording of the tenant, in the store."""
    recording_id = new_id(Kind.RECORDING)
    key = f"{tenant.account.id}/2026/05/01/{recording_id}.wav"
    path = folder / "recordings" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_CONTENT)
    async with tenant.surface.database.acquire() as connection:
        await connection.execute(
            "INSERT INTO recording (id, account_id, call_id, mode, state, created_at, saved_at, object_key, "
            "size_bytes, sha256, channels, sample_rate, duration_seconds) "
            "VALUES ($1, $2, $3, 'BOTH', 'SAVED', now(), now(), $4, $5, $6, 2, 8000, 1.0)",
            *(recording_id, tenant.account.id, new_id(Kind.CALL), key, len(_CONTENT)),
            hashlib.sha256(_CONTENT).hexdigest(),
        )
    url = (await tenant.ask(_URLS, {"id": recording_id}))["recording"]["url"]["url"]
    return Recorded(recording_id, url.removeprefix("https://offhook.example"))


async def refused(client: httpx.AsyncClient, address: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    """Status and code of an answer that gives nothing away: no file, no path, no trace."""
    answer = await client.request(method, address, headers=headers)
    assert _CONTENT[:64] not in answer.content
    assert "Traceback" not in answer.text
    assert "/recordings/" not in answer.text
    code = answer.json()["error"]["code"] if answer.headers.get("content-type") == "application/json" else ""
    return answer.status_code, code


async def test_given_an_address_when_got_or_asked_about_without_any_key_then_it_is_the_file(
    tenant_a: Tenant, tmp_path: Path
) -> None:
    one, client = await recorded(tenant_a, tmp_path), tenant_a.surface.client

    got, head = await client.get(one.address), await client.head(one.address)

    assert (got.status_code, got.content) == (200, _CONTENT)
    assert (head.status_code, head.content) == (200, b"")
    assert got.headers["referrer-policy"] == "no-referrer"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "no-store" in got.headers["cache-control"] or "private" in got.headers["cache-control"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
async def test_given_an_address_when_used_with_any_other_method_then_it_does_nothing(
    tenant_a: Tenant, tmp_path: Path, method: str
) -> None:
    one = await recorded(tenant_a, tmp_path)

    status, _ = await refused(tenant_a.surface.client, one.address, method)

    assert status in {400, 404, 405}
    assert (await tenant_a.surface.client.get(one.address)).content == _CONTENT


async def test_given_another_account_s_recording_when_its_address_is_asked_for_then_there_is_none(
    tenant_a: Tenant, tenant_b: Tenant, tmp_path: Path
) -> None:
    theirs, mine = await recorded(tenant_a, tmp_path), await recorded(tenant_b, tmp_path)

    assert (await tenant_b.ask(_URLS, {"id": theirs.id}))["recording"] is None
    # What was signed for one's own opens nothing of theirs.
    swapped = mine.address.replace(mine.id, theirs.id)
    assert await refused(tenant_b.surface.client, swapped) == (403, "URL_SIGNATURE_INVALID")
    # Nor does a key, of whichever account, where an address is needed.
    bare = await refused(tenant_b.surface.client, theirs.path, Authorization=f"Bearer {tenant_b.token}")
    assert bare == (403, "URL_SIGNATURE_INVALID")


def _tampered(one: Recorded) -> list[str]:
    expires, signature = one.query["expires"], one.query["signature"]
    path = one.path
    padded = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    return [
        path,
        f"{path}?expires={expires}",
        f"{path}?signature={signature}",
        f"{path}?expires={int(expires) + 1}&signature={signature}",
        f"{path}?expires={expires}0&signature={signature}",
        f"{path}?expires=0{expires}&signature={signature}",
        f"{path}?expires=+{expires}&signature={signature}",
        f"{path}?expires={expires}.0&signature={signature}",
        f"{path}?expires=-{expires}&signature={signature}",
        f"{path}?expires=9e99&signature={signature}",
        f"{path}?expires={quote('١٢٣')}&signature={signature}",
        f"{path}?expires={expires}&signature={signature}&expires={int(expires) + 9}",
        f"{path}?expires={expires}&signature=x&signature={signature}",
        f"{path}?expires={expires}&signature={signature[:-1]}",
        f"{path}?expires={expires}&signature={signature}=",
        f"{path}?expires={expires}&signature={signature}%00",
        f"{path}?expires={expires}&signature={signature.swapcase()}",
        f"{path}?expires={expires}&signature={padded.hex()}",
        f"{path}?expires={expires}&signature=",
        f"{path}?expires={expires}&signature={'A' * 100_000}"[:60_000],
        f"{path}?expires={expires}&signature=' OR '1'='1",
        f"{path}?Expires={expires}&Signature={signature}",
        f"{path}%0A?expires={expires}&signature={signature}",
        f"{path}.wav?expires={expires}&signature={signature}",
        f"{path.upper()}?expires={expires}&signature={signature}",
        f"{path}%20?expires={expires}&signature={signature}",
    ]


async def test_given_an_address_when_anything_of_it_is_changed_then_it_opens_nothing(
    tenant_a: Tenant, tmp_path: Path
) -> None:
    one = await recorded(tenant_a, tmp_path)

    for address in _tampered(one):
        status, code = await refused(tenant_a.surface.client, address)
        assert (status, code) in {(403, "URL_SIGNATURE_INVALID"), (404, ""), (404, "NOT_FOUND")}, address[:300]


@pytest.mark.parametrize(
    "name",
    [
        "../../secret.key",
        "..%2f..%2fsecret.key",
        "%2e%2e/%2e%2e/secret.key",
        "..%5c..%5csecret.key",
        "/etc/passwd",
        "%00",
        "rec_x%00.wav",
        "a" * 5000,
        "rec_%27%20OR%201=1",
        "*",
        "%ff%fe",
    ],
)
@pytest.mark.parametrize("prefix", ["/recordings/", "/job-reports/", UPLOAD_PREFIX])
async def test_given_a_name_that_leads_elsewhere_when_asked_for_then_nothing_is_opened(
    surface: Surface, prefix: str, name: str
) -> None:
    method = "PUT" if prefix == UPLOAD_PREFIX else "GET"

    status, code = await refused(surface.client, f"{prefix}{name}?expires=99999999999&signature=x", method)

    assert (status, code) in {(403, "URL_SIGNATURE_INVALID"), (404, ""), (404, "NOT_FOUND"), (405, "")}


async def test_given_an_expired_address_when_used_then_it_says_so_and_a_new_one_works(
    tenant_a: Tenant, tmp_path: Path
) -> None:
    one, services = await recorded(tenant_a, tmp_path), tenant_a.surface.services
    old = services.recording_urls.sign(one.id, datetime.now(UTC) - 2 * _MINUTE, _MINUTE)

    assert await refused(tenant_a.surface.client, old) == (403, "URL_EXPIRED")
    again = (await tenant_a.ask(_URLS, {"id": one.id}))["recording"]["url"]["url"]
    got = await tenant_a.surface.client.get(again.removeprefix("https://offhook.example"))
    assert got.content == _CONTENT


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("bytes=0-0", 206),
        ("bytes=-1", 206),
        ("bytes=100-", 206),
        ("bytes=99999999-", 416),
        ("bytes=-0", 416),
        ("bytes=5-2", 200),
        ("bytes=0-0,2-2", 200),
        (f"bytes=0-{'9' * 4000}", 206),
        (f"bytes={'9' * 4000}-", 416),
        ("bytes=" + "0-0," * 500, 200),
        ("bytes=-9999999999999999999999", 206),
        ("bytes=١-٢", 200),
        ("bytes=0x1-0x2", 200),
        ("lines=1-2", 200),
        ("bytes=1-2\t", 206),
    ],
)
async def test_given_any_range_when_asked_for_then_it_is_never_more_than_the_file(
    tenant_a: Tenant, tmp_path: Path, asked: str, status: int
) -> None:
    one = await recorded(tenant_a, tmp_path)

    answer = await tenant_a.surface.client.get(one.address, headers={b"Range": asked.encode()})

    assert answer.status_code == status
    if status == 200:
        assert answer.content == _CONTENT
    if status == 206:
        told = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer.headers["content-range"])
        assert told is not None
        first, last, size = map(int, told.groups())
        assert answer.content == _CONTENT[first : last + 1]
        assert size == len(_CONTENT)


async def test_given_a_range_of_a_wrong_address_when_asked_for_then_not_even_the_size_is_told(
    tenant_a: Tenant, tmp_path: Path
) -> None:
    one = await recorded(tenant_a, tmp_path)

    for method in ("GET", "HEAD"):
        answer = await tenant_a.surface.client.request(method, one.path, headers={"Range": "bytes=99999999-"})
        assert answer.status_code == 403
        assert "content-range" not in answer.headers


async def test_given_a_recording_that_was_never_there_when_asked_for_then_the_answer_is_that_to_a_bad_signature(
    tenant_a: Tenant, tmp_path: Path
) -> None:
    one = await recorded(tenant_a, tmp_path)
    query = "?expires=99999999999&signature=x"

    there = await tenant_a.surface.client.get(one.path + query)
    nowhere = await tenant_a.surface.client.get(f"/recordings/{new_id(Kind.RECORDING)}{query}")

    # All of the answer, but for which request it is to.
    said = [answer.text.replace(answer.headers["x-request-id"], "") for answer in (there, nowhere)]
    assert (there.status_code, said[0]) == (nowhere.status_code, said[1])


async def test_given_addresses_of_several_purposes_when_mixed_up_then_none_stands_for_another(
    tenant_a: Tenant, tmp_path: Path
) -> None:
    one, secret = await recorded(tenant_a, tmp_path), bytes(32)
    now, client = datetime.now(UTC), tenant_a.surface.client
    as_report = report_urls(secret).sign(one.id, now, _MINUTE)
    as_recording = SignedUrls(secret).sign(one.id, now, _MINUTE)

    assert (await client.get(as_recording)).status_code == 200
    assert await refused(client, as_report.replace("/job-reports/", "/recordings/")) == (403, "URL_SIGNATURE_INVALID")
    assert await refused(client, as_recording.replace("/recordings/", "/job-reports/")) == (
        403,
        "URL_SIGNATURE_INVALID",
    )
    swapped = as_recording.replace("/recordings/", UPLOAD_PREFIX)
    assert await refused(client, swapped, "PUT") == (403, "URL_SIGNATURE_INVALID")


@given(
    recording_id=st.text(max_size=60),
    other=st.text(max_size=60),
    seconds=st.integers(1, 10**6),
    late=st.integers(-(10**6), 10**6),
)
def test_given_any_two_names_when_one_is_signed_then_it_alone_is_open_and_only_in_time(
    recording_id: str, other: str, seconds: int, late: int
) -> None:
    urls = SignedUrls(b"secret")
    expires, signature = urls.sign_parts(recording_id, _NOW, timedelta(seconds=seconds))
    at = _NOW + timedelta(seconds=late)

    if late < seconds:
        urls.verify(recording_id, [expires], [signature], at)
    else:
        with pytest.raises(UrlExpiredError):
            urls.verify(recording_id, [expires], [signature], at)
    if other != recording_id:
        with pytest.raises(UrlInvalidError):
            urls.verify(other, [expires], [signature], _NOW)


@given(expires=st.lists(st.text(max_size=30), max_size=3), signature=st.lists(st.text(max_size=60), max_size=3))
def test_given_any_parameters_when_checked_then_they_are_refused_as_such(
    expires: list[str], signature: list[str]
) -> None:
    with pytest.raises(UrlInvalidError):
        SignedUrls(b"secret").verify("rec_1", expires, signature, _NOW)
