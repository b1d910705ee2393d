"""Engines, and sentences that are spoken by espeak-ng as a telephone line would have them."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import IPv4Network

import pytest

from app.egress.requests import Egress
from app.local.asterisk import AsteriskInstall
from app.transcripts.local_engine import LocalEngine
from app.transcripts.openai_engine import BODY_SECONDS, LARGEST_ANSWER, OpenAiEngine
from tests.rig.spoken import speak
from tests.transcripts.openai_stand_in import KEY, MODEL, OpenAiStandIn, running_openai

RATE = 8_000
LOOPBACK = (IPv4Network("127.0.0.0/8"),)

Say = Callable[[str], Awaitable[bytes]]


@pytest.fixture
def say(asterisk_install: AsteriskInstall) -> Say:
    """Speaks a sentence: samples at RATE, nothing before and after."""

    async def speak_it(text: str) -> bytes:
        return await speak(asterisk_install, text, sample_rate=RATE)

    return speak_it


@pytest.fixture
def local_engine() -> LocalEngine:
    # Wherever these tests find pocketsphinx, the recogniser's process does.
    return LocalEngine(environment={"PYTHONPATH": os.environ.get("PYTHONPATH", "")})


@pytest.fixture
async def openai() -> AsyncIterator[OpenAiStandIn]:
    async with running_openai() as stand_in:
        yield stand_in


def make_openai_engine(
    stand_in: OpenAiStandIn, *, seconds: float = 30.0, key: str = KEY
) -> tuple[OpenAiEngine, Egress]:
    egress = Egress(
        allow_networks=LOOPBACK, timeout_seconds=seconds, keep_bytes=LARGEST_ANSWER, body_seconds=BODY_SECONDS
    )
    return OpenAiEngine(egress, url=stand_in.url, key=key, model=MODEL), egress


@pytest.fixture
async def openai_engine(openai: OpenAiStandIn) -> AsyncIterator[OpenAiEngine]:
    engine, egress = make_openai_engine(openai)
    yield engine
    await egress.aclose()
