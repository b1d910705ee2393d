from collections.abc import AsyncIterator

import pytest

from app.local.asterisk import AsteriskInstance
from tests.rig.ari_ears import AriEars


@pytest.fixture
async def ears(asterisk: AsteriskInstance) -> AsyncIterator[AriEars]:
    """The Asterisk under test, heard under an application of the test's own."""
    async with AriEars.listening(asterisk.ari_url, asterisk.ari_username, asterisk.ari_password, "ears") as listening:
        yield listening
