from collections.abc import AsyncIterator

import pytest

from app.local.asterisk import AsteriskInstance
from tests.rig.ari_ears import AriEars


@pytest.fixture
async def ears(asterisk: AsteriskInstance) -> AsyncIterator[AriEars]:
    """A second client of the Asterisk under test, that looks into its channels."""
    async with AriEars.listening(asterisk.ari_url, asterisk.ari_username, asterisk.ari_password, "e2e") as listening:
        yield listening
