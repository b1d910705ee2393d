"""``examples/python-gql``: a call is placed and followed to its end over a line that breaks."""

import re
import sys
from pathlib import Path

import pytest

from tests.examples.running import EXAMPLES, Example
from tests.rig.fault_proxy import proxy_to_asterisk

pytestmark = pytest.mark.asterisk


async def test_given_a_line_that_breaks_when_a_call_is_followed_then_each_event_comes_once_to_the_last(
    example: Example, tmp_path: Path
) -> None:
    call = (sys.executable, str(EXAMPLES / "python-gql" / "call.py"), "+15550100008", "2001")
    async with (
        proxy_to_asterisk(example.url) as proxy,
        example.started(*call, log=tmp_path / "log", OFFHOOK_URL=proxy.address) as running,
    ):
        await running.until_said("LEG_RINGING")
        proxy.cut()
        await running.until_said("the line broke")
        proxy.mend()
        said = await running.until_over()
    numbers = [int(number) for number in re.findall(r"^ +(\d+)  [A-Z_]+$", said, re.MULTILINE)]
    assert numbers == list(range(1, numbers[-1] + 1))
    assert re.search(r"CALL_ENDED\nANSWERED, \d s of talk\n$", said), said
