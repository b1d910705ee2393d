from collections.abc import AsyncIterator

import pytest

from app.clock import SystemClock
from app.local.asterisk import AsteriskInstall
from app.speech.espeak import EspeakEngine
from app.speech.polly import PollyEngine
from app.speech.sigv4 import Credentials
from tests.rig.spoken import espeak_of
from tests.speech.polly_stand_in import KEY_ID, REGION, SECRET, PollyStandIn, running_polly


@pytest.fixture
async def polly_stand_in() -> AsyncIterator[PollyStandIn]:
    async with running_polly() as stand_in:
        yield stand_in


def make_polly_engine(stand_in: PollyStandIn, *, timeout_seconds: float = 30.0, secret: str = SECRET) -> PollyEngine:
    return PollyEngine(
        url=stand_in.url,
        region=REGION,
        credentials=Credentials(KEY_ID, secret),
        clock=SystemClock(),
        timeout_seconds=timeout_seconds,
    )


@pytest.fixture
async def polly(polly_stand_in: PollyStandIn) -> AsyncIterator[PollyEngine]:
    engine = make_polly_engine(polly_stand_in)
    yield engine
    await engine.aclose()


@pytest.fixture(scope="session")
def espeak_command(asterisk_install: AsteriskInstall) -> tuple[str, ...]:
    return espeak_of(asterisk_install)


@pytest.fixture
def espeak(espeak_command: tuple[str, ...]) -> EspeakEngine:
    return EspeakEngine(espeak_command, timeout_seconds=60.0)
