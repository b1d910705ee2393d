"""What is served of the dashboard, and how: its policy, its caching, and nothing besides."""

import gzip
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from app.dashboard.files import BUILT, ROUTES

_HTML = {"Accept": "text/html,application/xhtml+xml"}
#: Bytes of what a browser fetches before the first page is drawn, squeezed; without the typeface.
_MOST_BYTES = 60_000


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Starlette(routes=list(ROUTES)))
    async with httpx.AsyncClient(transport=transport, base_url="http://offhook") as connected:
        yield connected


async def _linked(client: httpx.AsyncClient) -> list[str]:
    """What the page asks for at once."""
    page = (await client.get("/", headers=_HTML)).text
    return re.findall(r"""(?:src|href)="(/dashboard/[^"]+)\"""", page)


async def test_given_a_browser_when_it_asks_for_the_root_then_it_gets_a_page_without_a_line_of_script_in_it(
    client: httpx.AsyncClient,
) -> None:
    response = await client.get("/", headers=_HTML)
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert response.headers["cache-control"] == "no-cache"
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert re.findall(r"<script[^>]*>\s*([^<\s])", response.text) == []
    assert re.search(r"<style|\sstyle=|\son\w+=", response.text) is None


@pytest.mark.parametrize("accepted", ["*/*", "application/json", ""])
async def test_given_a_program_when_it_asks_for_the_root_then_it_is_told_in_plain_text_where_the_api_is(
    client: httpx.AsyncClient, accepted: str
) -> None:
    response = await client.get("/", headers={"Accept": accepted})
    assert (response.status_code, response.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert re.search(r"^/graphql .* the API: POST", response.text, re.MULTILINE)
    assert response.headers["vary"] == "Accept"  # else a cache would show it to a browser


async def test_given_the_page_when_it_asks_for_its_files_then_they_are_there_to_be_kept_for_ever(
    client: httpx.AsyncClient,
) -> None:
    linked = await _linked(client)
    assert {path.rsplit(".")[-1] for path in linked} >= {"js", "css", "svg"}
    for path in linked:
        response = await client.get(path)
        assert response.status_code == 200, path
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert response.content == (BUILT / path.lstrip("/")).read_bytes()


async def test_given_a_browser_that_takes_gzip_when_it_asks_then_the_file_is_squeezed_and_else_it_is_not(
    client: httpx.AsyncClient,
) -> None:
    path = next(path for path in await _linked(client) if path.endswith(".js"))
    for said, encoding in (("gzip, br", "gzip"), ("identity", None), ("br", None)):
        response = await client.get(path, headers={"Accept-Encoding": said})
        assert response.headers.get("content-encoding") == encoding
        assert response.headers["vary"] == "Accept-Encoding"
        assert response.content == (BUILT / path.lstrip("/")).read_bytes()


async def test_given_a_page_that_has_not_changed_when_asked_for_again_then_nothing_is_sent(
    client: httpx.AsyncClient,
) -> None:
    etag = (await client.get("/", headers=_HTML)).headers["etag"]
    response = await client.get("/", headers={**_HTML, "If-None-Match": etag})
    assert (response.status_code, response.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard/nothing.js",
        "/dashboard/stamp.json",
        "/dashboard/index.html",
        "/dashboard/../stamp.json",
        "/dashboard/%2e%2e%2fstamp.json",
        "/dashboard/..%2f..%2ffiles.py",
        "/dashboard/%2fetc%2fpasswd",
        "/dashboard/a/b.js",
        "/source/main.tsx",
    ],
)
async def test_given_a_path_that_is_no_file_of_the_dashboard_when_asked_for_then_there_is_nothing(
    client: httpx.AsyncClient, path: str
) -> None:
    assert (await client.get(path)).status_code == 404


async def test_given_what_is_shipped_of_others_when_asked_for_then_their_licences_are_told(
    client: httpx.AsyncClient,
) -> None:
    text = (await client.get("/dashboard/LICENSES.txt")).text
    for name in ("preact ", "@preact/signals ", "graphql-ws ", "@fontsource-variable/inter ", "SIL OPEN FONT LICENSE"):
        assert name in text


async def test_given_the_build_when_its_first_page_is_weighed_then_it_is_small(client: httpx.AsyncClient) -> None:
    sizes = {
        path: len(gzip.compress((BUILT / path.lstrip("/")).read_bytes()))
        for path in await _linked(client)
        if path.endswith((".js", ".css"))
    }
    assert sum(sizes.values()) < _MOST_BYTES, sizes


async def test_given_the_build_when_it_is_read_then_it_asks_nobody_else_for_anything() -> None:
    strangers = {
        address
        for path in BUILT.rglob("*")
        if path.suffix in {".js", ".css", ".html", ".svg"}
        for address in re.findall(r"(?:https?|wss?)://[\w.-]+", path.read_text(encoding="utf-8"))
    }
    # The name of SVG is an address, and the hint at what an origin looks like is one that nobody has.
    assert {one for one in strangers if "www.w3.org" not in one and ".example" not in one} == set()
