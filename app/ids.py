"""Every identifier of Offhook, in one registry.

A public id is ``<prefix>_<26 characters>``: a prefix that names the kind, then 48 bits of milliseconds and
80 random bits in Crockford's base 32, lower case. Ids sort by age and cannot be guessed.

What exists within two others alone, such as a contact in a campaign, has an id made of theirs (:func:`part_id`), which
is longer; nothing of its own is kept for it.

What Offhook makes inside Asterisk carries the prefix ``ofk.<node>.`` before the public id, so that everything
ours can be told from what others run on the same Asterisk, and one node's from another's.
"""

import hashlib
import re
import secrets
import time
from datetime import datetime
from enum import StrEnum
from typing import Final, NewType

AccountId = NewType("AccountId", str)
CallId = NewType("CallId", str)
LegId = NewType("LegId", str)
RecordingId = NewType("RecordingId", str)
TransferId = NewType("TransferId", str)
SupervisionId = NewType("SupervisionId", str)
PlaybackId = NewType("PlaybackId", str)
MediaStreamId = NewType("MediaStreamId", str)
ChannelId = NewType("ChannelId", str)


class Kind(StrEnum):
    """The kinds of things that have an id; the value is the id's prefix."""

    ACCOUNT = "acc"
    API_KEY = "key"
    ACCESS_TOKEN = "tok"  # noqa: S105  # a prefix
    DIALECT_CREDENTIAL = "dcred"
    AGENT = "agent"
    EXTENSION = "ext"
    DEVICE = "dev"
    TRUNK = "trunk"
    OUTBOUND_NUMBER = "num"
    OUTBOUND_NUMBER_POOL = "pool"
    RING_GROUP = "group"
    QUEUE = "queue"
    CALL_FLOW = "flow"
    INBOUND_ROUTE = "route"
    CALL = "call"
    LEG = "leg"
    CDR = "cdr"
    EVENT = "evt"
    RECORDING = "rec"
    TRANSFER = "xfer"
    SUPERVISION = "sup"
    PLAYBACK = "play"
    MEDIA_STREAM = "strm"
    MEDIA_ENDPOINT = "mep"
    ANNOUNCEMENT_TEMPLATE = "tmpl"
    UPLOAD = "upl"
    AUDIO_FILE = "audio"
    JOB = "job"
    TRANSCRIPT = "trans"
    CONTACT_LIST = "list"
    CONTACT = "cont"
    DNC_LIST = "dnc"
    CAMPAIGN = "camp"
    CAMPAIGN_CONTACT = "ccon"
    DNC_ENTRY = "dent"
    CALLBACK = "back"
    OTP = "otp"
    WEBHOOK_ENDPOINT = "whe"
    WEBHOOK_DELIVERY = "whd"
    WEBHOOK_ATTEMPT = "wha"
    REQUEST = "req"
    COMMAND = "cmd"


# Each event of Asterisk's asks for one: a look-up, not the making of an enum's member.
_KIND_OF_PREFIX: Final = {kind.value: kind for kind in Kind}
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_BODY_LENGTH: Final = 26
# Two letters at a time: every fact and every row asks for an id.
_PAIRS: Final = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_SHIFTS: Final = tuple(range(120, -1, -10))
_PUBLIC_ID: Final = re.compile(rf"([a-z]{{2,8}})_([{_ALPHABET}]{{{_BODY_LENGTH},{2 * _BODY_LENGTH}}})")
_NUMBER_LENGTH: Final = 13
#: The kinds whose ids are made of others', and how long those are: of two ids, or of one and a number of 64 bits.
PARTS: Final = {Kind.CAMPAIGN_CONTACT: 2 * _BODY_LENGTH, Kind.DNC_ENTRY: _BODY_LENGTH + _NUMBER_LENGTH}
_NODE_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_VARIABLE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_OWN_VARIABLES: Final = ("OFK_", "TRANSFER_CONTEXT", "RTPAUDIOQOS")


def new_id(kind: Kind) -> str:
    """A fresh id of the given kind, for example ``call_01k3v7…``."""
    return _write_id(kind, time.time_ns() // 1_000_000, secrets.randbits(80))


def derived_id(kind: Kind, at: datetime, seed: str) -> str:
    """The id of the given kind that is always the same for this instant and seed; whoever guesses the seed knows it."""
    digest = hashlib.sha256(f"{kind.value}/{seed}".encode()).digest()
    return _write_id(kind, int(at.timestamp() * 1000), int.from_bytes(digest[:10]))


def _write_id(kind: Kind, milliseconds: int, bits: int) -> str:
    value = milliseconds << 80 | bits
    body = "".join([_PAIRS[(value >> shift) & 1023] for shift in _SHIFTS])
    return f"{kind.value}_{body}"


def kind_of(public_id: str) -> Kind | None:
    """The kind an id belongs to, or None when it is not one of our ids at all."""
    match = _PUBLIC_ID.fullmatch(public_id)
    kind = None if match is None else _KIND_OF_PREFIX.get(match[1])
    if match is None or kind is None or len(match[2]) != PARTS.get(kind, _BODY_LENGTH):
        return None
    return kind


def part_id(kind: Kind, owner_id: str, part: str | int) -> str:
    """The id of what is within its owner by the id or the number ``part``; ``kind`` is one of `PARTS`."""
    rest = part.partition("_")[2] if isinstance(part, str) else _write_number(part)
    return f"{kind.value}_{owner_id.partition('_')[2]}{rest}"


def owner_within(public_id: str, kind: Kind) -> str:
    """The owner, which is of this kind, behind an id of `PARTS`."""
    return f"{kind.value}_{public_id.partition('_')[2][:_BODY_LENGTH]}"


def part_within(public_id: str, kind: Kind) -> str:
    """What is within the owner, by an id of this kind."""
    return f"{kind.value}_{public_id.partition('_')[2][_BODY_LENGTH:]}"


def number_within(public_id: str) -> int:
    """What is within the owner, by its number."""
    number = 0
    for digit in public_id.partition("_")[2][_BODY_LENGTH:]:
        number = number * len(_ALPHABET) + _ALPHABET.index(digit)
    return number


def _write_number(number: int) -> str:
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(5 * (_NUMBER_LENGTH - 1), -1, -5))


def is_node_name(text: str) -> bool:
    """Whether a text may name an Offhook node: lower-case letters, digits and hyphens, at most 31."""
    return _NODE_NAME.fullmatch(text) is not None


#: What the name of every PJSIP object begins with that Offhook keeps in Asterisk; others' are left alone.
LINE_PREFIX: Final = "ofh-"


def asterisk_prefix(node: str) -> str:
    """What the name of everything begins with that this node makes inside Asterisk."""
    return f"ofk.{node}."


def asterisk_name(node: str, public_id: str, suffix: str = "") -> str:
    """The name in Asterisk of the thing with this public id, for example ``ofk.n1.leg_01k3…``."""
    return f"ofk.{node}.{public_id}{suffix}"


def split_asterisk_name(node: str, name: str) -> tuple[str, str] | None:
    """The public id and suffix behind a name in Asterisk, or None when it is not this node's."""
    prefix = asterisk_prefix(node)
    if not name.startswith(prefix):
        return None
    public_id, dash, suffix = name.removeprefix(prefix).partition("-")
    if kind_of(public_id) is None:
        return None
    return public_id, dash + suffix


def is_variable_name(name: str) -> bool:
    """Whether a channel's variable may have this name: plain, and none that Offhook uses itself.

    What begins with ``_`` Asterisk hands on to other channels, and what ends in ``)`` calls a function of its dialplan.
    """
    return bool(_VARIABLE.fullmatch(name)) and not name.upper().startswith(_OWN_VARIABLES)
