"""Names of hosts, resolved to what a test says."""

import ipaddress
from collections.abc import Sequence

from app.egress.addresses import Address
from app.egress.requests import Resolve


def resolving_to(*texts: str) -> Resolve:
    """A resolver of the test's own: an answer for each look-up in turn, the last one for ever."""
    answers = [ipaddress.ip_address(text) for text in texts]

    async def resolve(_host: str, _port: int) -> Sequence[Address]:
        return [answers.pop(0) if len(answers) > 1 else answers[0]]

    return resolve
