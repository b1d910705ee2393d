"""Where media streams may go: URLs, an account's allow-list, and the operator's guard."""

from collections.abc import AsyncIterator, Sequence
from ipaddress import IPv4Network

import pytest

from app.egress.addresses import Address, UrlRefusedError
from app.egress.requests import UnresolvedError
from app.egress.streams import NoConnectionError, NotPermittedError, StreamGuard
from app.errors import RefusedError
from app.media.urls import host_of, is_below, parse_endpoint_url, parse_stream_url, read_stream_url
from tests.rig.bot import Bot, running_bot
from tests.rig.resolving import resolving_to

HOSTILE = [
    "https://bot.example/talk",
    "http://bot.example/talk",
    "ftp://bot.example/talk",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "WSS://bot.example/talk",
    "wss:bot.example",
    "wss:///talk",
    "wss://",
    "",
    "bot.example/talk",
    "//bot.example/talk",
    "wss://user:pass@bot.example/talk",
    "wss://bot.example@evil.example/",
    "wss://bot.example:22/talk",
    "wss://bot.example:5060/talk",
    "wss://bot.example:99999/talk",
    "wss://bot.example/talk#fragment",
    "wss://bot.example/ta lk",
    "wss://bot.example/talk\r\nX-Evil: 1",
    "wss://bot.example\\evil.example/talk",
    "wss://bot.example/\u2028",
    "wss://b\u00f6t.example/",
    "wss://2130706433/",
    "wss://0x7f.1/",
    "wss://0177.0.0.1/",
    "wss://127.1/",
    "wss://[::1/",
    "wss://[fe80::1%25eth0]/",
    "wss://bot.example/" + "x" * 3000,
    "wss://bot.example/a/../b",
    "wss://bot.example/a/%2e%2e/b",
    "wss://bot.example/a/./b",
    "wss://bot.example//evil",
    "wss://bot.example/a%2fb",
    "wss://bot.example/a%5cb",
    "wss://bot.example/a%252fb",
    "wss://bot.example/a;b",
]


@pytest.mark.parametrize("url", HOSTILE, ids=range(len(HOSTILE)))
def test_given_a_hostile_url_when_taken_apart_then_it_is_refused_as_such(url: str) -> None:
    with pytest.raises(UrlRefusedError):
        parse_stream_url(url)
    with pytest.raises(RefusedError) as refused:
        read_stream_url(url, field=("url",))
    assert [(one.code, one.field) for one in refused.value.problems] == [("URL_NOT_ALLOWED", ("url",))]


def test_given_a_proper_url_when_taken_apart_then_it_is_what_it_says() -> None:
    target = parse_stream_url("wss://Bot.example:8443/talk?token=t")
    assert (target.scheme, target.host, target.port) == ("https", "bot.example", 8443)
    assert target.request_target == "/talk?token=t"
    assert (parse_stream_url("ws://bot.example").scheme, parse_stream_url("ws://bot.example").port) == ("http", 80)
    assert host_of("wss://bot.example:8443/talk?token=t") == "bot.example"


@pytest.mark.parametrize(
    ("endpoint", "url", "is_allowed"),
    [
        ("wss://bot.example/talk", "wss://bot.example/talk", True),
        ("wss://bot.example/talk", "wss://bot.example:443/talk?x=y", True),
        ("wss://bot.example/talk", "wss://BOT.example/talk", True),
        ("wss://bot.example/talk", "wss://bot.example/talk/more", False),
        ("wss://bot.example/talk", "wss://bot.example/talkative", False),
        ("wss://bot.example/talk", "wss://bot.example/", False),
        ("wss://bot.example/bots/", "wss://bot.example/bots/one", True),
        ("wss://bot.example/bots/", "wss://bot.example/bots/", True),
        ("wss://bot.example/bots/", "wss://bot.example/bots", False),
        ("wss://bot.example/", "wss://bot.example/any/thing?q", True),
        ("wss://bot.example", "wss://bot.example/any", True),
        ("wss://bot.example/talk", "ws://bot.example/talk", False),
        ("wss://bot.example/talk", "wss://bot.example:8443/talk", False),
        ("wss://bot.example/talk", "wss://other.example/talk", False),
        ("wss://bot.example/talk", "wss://bot.example.evil.example/talk", False),
    ],
)
def test_given_an_endpoint_when_a_url_is_asked_for_then_it_is_allowed_at_or_below_it_only(
    endpoint: str, url: str, is_allowed: bool
) -> None:
    assert is_below(url, endpoint) is is_allowed


def test_given_an_endpoint_with_a_query_when_taken_apart_then_it_is_refused() -> None:
    with pytest.raises(UrlRefusedError):
        parse_endpoint_url("wss://bot.example/talk?token=t")


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async with running_bot() as running:
        yield running


async def _unknown(_host: str, _port: int) -> Sequence[Address]:
    raise UnresolvedError


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),  # noqa: S104 -- as an address to be refused
        *("::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1"),
    ],
)
async def test_given_a_name_that_leads_inside_when_checked_and_connected_to_then_it_is_refused(address: str) -> None:
    guard = StreamGuard(resolve=resolving_to(address))
    target = parse_stream_url("wss://bot.example/talk")
    with pytest.raises(RefusedError) as refused:
        await guard.check(target, field=("url",))
    assert refused.value.problems[0].code == "URL_NOT_ALLOWED"
    assert address not in refused.value.message
    with pytest.raises(NotPermittedError):
        await guard.connect(target)


async def test_given_a_name_that_leads_elsewhere_when_connected_to_than_when_checked_then_it_is_refused(
    bot: Bot,
) -> None:
    guard = StreamGuard(resolve=resolving_to("93.184.215.14", "127.0.0.1"))
    target = parse_stream_url(bot.url.replace("ws://127.0.0.1", "wss://bot.example"))
    await guard.check(target, field=("url",))
    with pytest.raises(NotPermittedError):
        await guard.connect(target)
    assert bot.talks == []


async def test_given_plain_ws_when_the_address_is_public_then_it_is_refused_and_when_it_is_listed_it_is_not(
    bot: Bot,
) -> None:
    public = StreamGuard(resolve=resolving_to("93.184.215.14"))
    with pytest.raises(RefusedError, match="wss"):
        await public.check(parse_stream_url("ws://bot.example/talk"), field=("url",))
    listed = StreamGuard(allow_networks=(IPv4Network("127.0.0.0/8"),))
    target = parse_stream_url(bot.url)
    await listed.check(target, field=("url",))
    connected = await listed.connect(target)
    connected.close()


async def test_given_a_name_that_is_none_or_a_port_that_nobody_listens_on_when_connected_to_then_it_is_said() -> None:
    target = parse_stream_url("wss://bot.example/talk")
    with pytest.raises(NoConnectionError):
        await StreamGuard(resolve=_unknown).connect(target)
    with pytest.raises(RefusedError, match="resolve"):
        await StreamGuard(resolve=_unknown).check(target, field=("url",))
    async with running_bot() as gone:
        url = gone.url
    with pytest.raises(NoConnectionError):
        await StreamGuard(allow_networks=(IPv4Network("127.0.0.0/8"),)).connect(parse_stream_url(url))
