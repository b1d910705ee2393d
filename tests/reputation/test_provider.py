"""Asking a reputation provider, and what is believed of its answers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from ipaddress import IPv4Network

import pytest
from standardwebhooks.webhooks import Webhook

from app.clock import SystemClock
from app.egress.requests import Egress
from app.errors import ConfigurationError
from app.numbers.parse import E164
from app.reputation.judging import Opinion
from app.reputation.provider import (
    LONGEST_EXPIRY_SECONDS,
    LONGEST_REASON,
    SHORTEST_EXPIRY_SECONDS,
    HttpProvider,
    NoOpinionError,
    Told,
)
from app.reputation.setting_up import read_key
from tests.webhooks.sink import Reply, Sink

NUMBER = E164("+12024561111")
KEY = b"a key that both sides know"
DAY = 86400.0


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    provider = Sink()
    await provider.start()
    yield provider
    await provider.aclose()


@pytest.fixture
async def open_provider() -> AsyncIterator[Callable[..., HttpProvider]]:
    opened: list[Egress] = []

    def open_(url: str, *, networks: str = "127.0.0.0/8", seconds: float = 30.0) -> HttpProvider:
        opened.append(Egress(allow_networks=(IPv4Network(networks),), timeout_seconds=seconds))
        return HttpProvider(opened[-1], url=url, key=KEY, good_for_seconds=DAY, clock=SystemClock())

    yield open_
    for egress in opened:
        await egress.aclose()


def answering(sink: Sink, body: bytes, **fields: int) -> str:
    sink.behaviours["/"] = lambda _: Reply(body=body, **fields)  # type: ignore[arg-type]  # the status alone
    return sink.url()


async def test_given_a_question_when_it_arrives_then_it_is_signed_and_says_nothing_but_the_number(
    sink: Sink, open_provider: Callable[..., HttpProvider]
) -> None:
    await open_provider(answering(sink, b'{"verdict": "CLEAN"}')).ask(NUMBER)
    (question,) = sink.received
    assert question.json == {"number": NUMBER}
    Webhook(KEY).verify(question.body, dict(question.headers))
    with pytest.raises(Exception, match="signature"):
        Webhook(b"another key").verify(question.body, dict(question.headers))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"verdict": "FLAGGED"}', Told(Opinion(is_flagged=True), DAY)),
        (b'{"verdict": "CLEAN"}', Told(Opinion(is_flagged=False), DAY)),
        (b'{"verdict": "UNKNOWN", "reason": "who?"}', Told(None, DAY)),
        (
            b'{"verdict": "FLAGGED", "reason": "robocalls", "expiresInSeconds": 3600, "more": [1]}',
            Told(Opinion(True, "robocalls"), 3600),
        ),
        (b'{"verdict": "CLEAN", "expiresInSeconds": 0.001}', Told(Opinion(is_flagged=False), SHORTEST_EXPIRY_SECONDS)),
        (b'{"verdict": "CLEAN", "expiresInSeconds": 1e300}', Told(Opinion(is_flagged=False), LONGEST_EXPIRY_SECONDS)),
        (
            b'{"verdict": "FLAGGED", "reason": " \\u0000a\\nb\\u202e\\u001b[2J "}',
            Told(Opinion(True, "a b [2J"), DAY),
        ),
        (
            b'{"verdict": "FLAGGED", "reason": "' + b"x" * 1000 + b'"}',
            Told(Opinion(True, "x" * LONGEST_REASON), DAY),
        ),
    ],
)
async def test_given_an_answer_when_read_then_it_is_believed_within_bounds(
    sink: Sink, open_provider: Callable[..., HttpProvider], body: bytes, told: Told
) -> None:
    assert await open_provider(answering(sink, body)).ask(NUMBER) == told


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"FLAGGED",
        b"[]",
        b'"FLAGGED"',
        b"{}",
        b'{"verdict": "flagged"}',
        b'{"verdict": true}',
        b'{"verdict": null}',
        b'{"verdict": "FLAGGED", "reason": {"$gt": 1}}',
        b'{"verdict": "CLEAN", "expiresInSeconds": -1}',
        b'{"verdict": "CLEAN", "expiresInSeconds": "soon"}',
        b'{"verdict": "CLEAN", "expiresInSeconds": NaN}',
        b'{"verdict": "FLAGGED"',
        b'{"verdict": "FLAGGED", "reason": "' + b"x" * 100_000 + b'"}',
        b"[" * 3000,
        b"\xff\xfe\x00",
    ],
)
async def test_given_a_hostile_answer_when_read_then_it_counts_as_none(
    sink: Sink, open_provider: Callable[..., HttpProvider], body: bytes
) -> None:
    with pytest.raises(NoOpinionError, match="form that is agreed"):
        await open_provider(answering(sink, body)).ask(NUMBER)


@pytest.mark.parametrize("status", [201, 204, 301, 400, 401, 404, 429, 500, 503])
async def test_given_another_status_when_answered_then_it_counts_as_none(
    sink: Sink, open_provider: Callable[..., HttpProvider], status: int
) -> None:
    sink.behaviours["/"] = lambda _: Reply(
        status=status, headers={"location": sink.url("/elsewhere")}, body=b'{"verdict": "FLAGGED"}'
    )
    with pytest.raises(NoOpinionError, match=str(status)):
        await open_provider(sink.url()).ask(NUMBER)
    assert sink.at("/elsewhere") == []


async def test_given_a_provider_that_does_not_answer_when_asked_then_it_is_waited_for_no_longer_than_its_time(
    sink: Sink, open_provider: Callable[..., HttpProvider]
) -> None:
    sink.behaviours["/"] = lambda _: Reply(delay=3600)
    async with asyncio.timeout(60):
        with pytest.raises(NoOpinionError, match=r"no answer within 0\.2 s"):
            await open_provider(sink.url(), seconds=0.2).ask(NUMBER)


async def test_given_a_provider_that_is_down_or_breaks_off_when_asked_then_there_is_no_opinion(
    sink: Sink, open_provider: Callable[..., HttpProvider]
) -> None:
    sink.behaviours["/"] = lambda _: Reply(raw=b"HTTP/1.1 200 OK\r\nconten")
    with pytest.raises(NoOpinionError):
        await open_provider(sink.url()).ask(NUMBER)
    await sink.stop()
    with pytest.raises(NoOpinionError):
        await open_provider(sink.url()).ask(NUMBER)


async def test_given_a_provider_in_a_network_that_is_not_allowed_when_asked_then_nothing_is_sent_to_it(
    sink: Sink, open_provider: Callable[..., HttpProvider]
) -> None:
    with pytest.raises(NoOpinionError):
        await open_provider(sink.url(), networks="10.0.0.0/8").ask(NUMBER)
    assert sink.connections == 0


def test_given_a_secret_in_either_form_when_read_then_it_is_the_key_and_what_only_looks_like_one_is_refused() -> None:
    assert read_key("plain text") == b"plain text"
    assert read_key("whsec_YSBrZXk=") == b"a key"
    with pytest.raises(ConfigurationError, match="OFFHOOK_REPUTATION_SECRET"):
        read_key("whsec_no base 64!")
