"""What may stand in routing's rows. Pure: every check gives the problems it found.

Some of it ends in Asterisk's configuration, where `;`, `,`, `/`, brackets and line breaks mean something. What is let
through here is plain: names, addresses and words out of short lists of characters.
"""

import ipaddress
import re
from collections.abc import Sequence
from typing import Final

from app.errors import Problem
from app.numbers.parse import is_dial_template, is_e164
from app.resources.field_checks import check_name, check_unique, check_whole
from app.resources.shown_names import check_shown_name

MOST_MATCHES: Final = 8
MOST_MEMBERS: Final = 200
_MOST_CHANNELS: Final = 10_000

_TRUNK_NAME: Final = re.compile(r"[a-z0-9]{1,20}", re.ASCII)
_EMAIL: Final = re.compile(r"[^@\s\x00-\x1f<>\"]{1,64}@[A-Za-z0-9.-]{1,189}", re.ASCII)
_HOST: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_NUMERIC_HOST: Final = re.compile(r"[0-9.]+")
_USERNAME: Final = re.compile(r"[A-Za-z0-9+][A-Za-z0-9._+-]{0,63}", re.ASCII)
_SECRET: Final = re.compile(r"[!-~]{1,128}", re.ASCII)
_MUSIC_CLASS: Final = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
_PATTERN: Final = re.compile(r"\*|\+?[0-9]{1,15}\*?", re.ASCII)
_MATCH_WITH_PORT: Final = re.compile(r"([0-9.]{7,15}):([0-9]{1,5})", re.ASCII)
_LARGEST_PORT: Final = 65535


def check_agent_name(name: str, field: str = "name") -> list[Problem]:
    """What is wrong with an agent's name: telephones show it beside a number."""
    return check_name(name, field) if not name.strip() else check_shown_name(name, field)


def check_email(email: str | None) -> list[Problem]:
    if email is None or _EMAIL.fullmatch(email) is not None:
        return []
    return [Problem("INVALID_INPUT", "This is not an e-mail address.", ("email",))]


def check_trunk_name(name: str) -> list[Problem]:
    """It becomes part of a section's name."""
    if _TRUNK_NAME.fullmatch(name):
        return []
    return [Problem("INVALID_INPUT", "A trunk's name is 1 to 20 lower-case letters and digits.", ("name",))]


def check_dial_template(template: str) -> list[Problem]:
    if is_dial_template(template):
        return []
    message = "A dial template is {e164}, {digits} or {national}, with digits, * or # around it."
    return [Problem("INVALID_INPUT", message, ("dialTemplate",))]


def check_channels(most: int | None) -> list[Problem]:
    return check_whole(most, "maxChannels", least=1, most=_MOST_CHANNELS)


def check_outbound_number(number: str) -> list[Problem]:
    if is_e164(number):
        return []
    return [Problem("INVALID_NUMBER", "Write it as + and the digits with country code.", ("number",))]


def check_host(host: str) -> list[Problem]:
    """A DNS name in lower case or an IPv4 address that another machine can have."""
    problem = Problem("INVALID_INPUT", "A host is a DNS name in lower case or an IPv4 address.", ("host",))
    if _NUMERIC_HOST.fullmatch(host):
        address = read_address(host)
        return [] if address is not None and _can_be_called(address) else [problem]
    return [] if _HOST.fullmatch(host) else [problem]


def check_username(username: str | None) -> list[Problem]:
    if username is None or _USERNAME.fullmatch(username):
        return []
    message = "A user name is up to 64 letters, digits, dots, hyphens, underscores or plus signs."
    return [Problem("INVALID_INPUT", message, ("username",))]


def check_secret(secret: str | None) -> list[Problem]:
    if secret is None or _SECRET.fullmatch(secret):
        return []
    return [Problem("INVALID_INPUT", "A secret is 1 to 128 printable ASCII characters, no space.", ("secret",))]


def check_music_class(name: str) -> list[Problem]:
    if _MUSIC_CLASS.fullmatch(name):
        return []
    message = "A class of music is 1 to 40 letters, digits, hyphens or underscores."
    return [Problem("INVALID_INPUT", message, ("musicClass",))]


def check_pattern(pattern: str) -> list[Problem]:
    """``+12125550100``, digits without plus sign, either with ``*`` behind it for whatever follows, or ``*`` alone."""
    if _PATTERN.fullmatch(pattern):
        return []
    message = "A pattern is a number (+ and digits), the beginning of one with * behind it, or * alone."
    return [Problem("INVALID_INPUT", message, ("pattern",))]


def check_matches(matches: Sequence[str]) -> list[Problem]:
    """Source addresses of a trunk's calls: ``192.0.2.1``, ``192.0.2.0/24``, or ``192.0.2.1:5062`` with its port."""
    problems = check_unique(matches, "matchAddresses", least=0, most=MOST_MATCHES)
    for place, match in enumerate(matches):
        read = read_match(match)
        if read is None:
            message = "Use an IPv4 address, one with a port (192.0.2.1:5062), or a network of at most 256 (/24)."
            problems.append(Problem("INVALID_INPUT", message, ("matchAddresses", str(place))))
        elif read[0].is_loopback and read[1] is None:
            message = "Several peers may share this machine's own address: say which by its port (127.0.0.1:5062)."
            problems.append(Problem("INVALID_INPUT", message, ("matchAddresses", str(place))))
    return problems


def read_match(match: str) -> tuple[ipaddress.IPv4Network, int | None] | None:
    """The network and port that a match stands for; None when it is none."""
    with_port = _MATCH_WITH_PORT.fullmatch(match)
    text, port = (with_port[1], int(with_port[2])) if with_port else (match, None)
    if not re.fullmatch(r"[0-9./]+", text) or (port is not None and not 0 < port <= _LARGEST_PORT):
        return None
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:  # no address, or bits behind the mask
        return None
    if network.prefixlen < 24 or not _can_be_called(network.network_address):  # noqa: PLR2004  # a /24
        return None
    return network, port


def matches_overlap(one: str, other: str) -> bool:
    """Whether a call could come from both."""
    left, right = read_match(one), read_match(other)
    if left is None or right is None:
        return False
    return left[0].overlaps(right[0]) and (left[1] is None or right[1] is None or left[1] == right[1])


def read_address(text: str) -> ipaddress.IPv4Address | None:
    try:
        return ipaddress.IPv4Address(text)
    except ValueError:
        return None


def _can_be_called(address: ipaddress.IPv4Address) -> bool:
    # Link-local is where clouds keep their credentials; the others are nobody's.
    return not (address.is_multicast or address.is_unspecified or address.is_link_local or address.is_reserved)
