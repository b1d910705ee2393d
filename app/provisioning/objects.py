"""What a device or a trunk is in PJSIP, as data. Pure: rows in, objects out.

Every text is checked once more on its way: the rows were checked when they were written, and what stands in Asterisk's
configuration decides who may call whom.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.ids import LINE_PREFIX
from app.routing.checks import MOST_MATCHES, read_match
from app.routing.devices import REALM
from app.routing.words import Codec, Transport

#: How often a device is asked whether it is there (OPTIONS): that keeps the way through its NAT open, too.
DEVICE_QUALIFY_SECONDS: Final = 30
#: How long SIP's OPTIONS may wait for its answer.
QUALIFY_TIMEOUT_SECONDS: Final = 3.0

_ENDPOINT: Final = re.compile(rf"{LINE_PREFIX}[a-z0-9]{{2,20}}(-trunk-[a-z0-9]{{1,20}}|-[0-9]{{1,9}})")
_HOST: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,252}")
_USERNAME: Final = re.compile(r"[A-Za-z0-9+][A-Za-z0-9._+-]{0,63}")
_SECRET: Final = re.compile(r"[!-~]{1,128}")
_MASKED: Final = re.compile(r"([0-9.]+)(:[0-9]+)?/([0-9]{1,2}|[0-9]{1,3}(?:\.[0-9]{1,3}){3})")
_DIGEST: Final = re.compile(r"[0-9a-f]{32}")


class ObjectType(StrEnum):
    """PJSIP's kinds of object, in the order in which a line's are made.

    The endpoint comes first, and goes last: it is the only kind that Asterisk lists, so what was left half done is
    found again by it. Without its aor and auth an endpoint takes no registration and no call.
    """

    ENDPOINT = "endpoint"
    AOR = "aor"
    AUTH = "auth"
    IDENTIFY = "identify"
    REGISTRATION = "registration"


@dataclass(frozen=True, slots=True)
class PjsipObject:
    """One object; ``fields`` are what we say of it. Its secrets stay out of its repr, so out of every log."""

    type: ObjectType
    id: str
    fields: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return f"PjsipObject({self.type}, {self.id})"


class UnsafeLineError(ValueError):
    """A row holds what must not stand in Asterisk's configuration; the message names the part, not its value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLine:
    """A device as Asterisk needs it. ``digest`` is H(A1) of its secret."""

    endpoint: str
    digest: str
    transport: Transport
    codecs: tuple[Codec, ...]

    def __repr__(self) -> str:
        return f"DeviceLine({self.endpoint})"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkLine:
    """A trunk as Asterisk needs it. ``secret`` is there with ``username`` alone."""

    endpoint: str
    host: str
    port: int | None
    transport: Transport
    username: str | None
    secret: str | None
    registers: bool
    match_addresses: tuple[str, ...]
    codecs: tuple[Codec, ...]
    qualify_seconds: int

    def __repr__(self) -> str:
        return f"TrunkLine({self.endpoint})"

    @property
    def contact(self) -> str:
        """Where its calls go, a SIP URI."""
        port = "" if self.port is None else f":{self.port}"
        transport = ";transport=tcp" if self.transport is Transport.TCP else ""
        return f"sip:{self.host}{port}{transport}"


def device_objects(line: DeviceLine) -> tuple[PjsipObject, ...]:
    """What a device is: an endpoint that must know its secret, and registers where it can be reached.

    Raises:
        UnsafeLineError: see the class.
    """
    name = _check(_ENDPOINT, line.endpoint, "endpoint")
    digest = _check(_DIGEST, line.digest, "digest")
    return (
        PjsipObject(
            ObjectType.ENDPOINT,
            name,
            (
                *_common(line.transport, line.codecs),
                ("allow_transfer", "yes"),  # as in asterisk/templates/pjsip.conf, which says why
                ("context", "offhook-phones"),
                ("aors", name),
                ("auth", name),
                # Told by its user name alone: whoever calls from its address must prove who he is as well.
                ("identify_by", "username"),
                # Behind a NAT it is reached where its packets come from, whatever it says of itself.
                ("rewrite_contact", "yes"),
                ("rtp_symmetric", "yes"),
                ("force_rport", "yes"),
            ),
        ),
        PjsipObject(
            ObjectType.AOR,
            name,
            (
                ("max_contacts", "1"),
                # Who registers anew, from another network say, takes the old place.
                ("remove_existing", "yes"),
                ("minimum_expiration", "30"),
                ("maximum_expiration", "3600"),
                ("qualify_frequency", str(DEVICE_QUALIFY_SECONDS)),
                ("qualify_timeout", str(QUALIFY_TIMEOUT_SECONDS)),
            ),
        ),
        PjsipObject(
            ObjectType.AUTH,
            name,
            (
                ("auth_type", "digest"),
                ("username", name),
                ("realm", REALM),
                ("password_digest", f"MD5:{digest}"),
            ),
        ),
    )


def trunk_objects(line: TrunkLine) -> tuple[PjsipObject, ...]:
    """What a trunk is: an address that is called and asked whether it is there, and addresses that may call.

    Raises:
        UnsafeLineError: see the class.
    """
    name = _check(_ENDPOINT, line.endpoint, "endpoint")
    _check(_HOST, line.host, "host")
    credentials = None if line.username is None else _check(_USERNAME, line.username, "user name")
    objects = [
        PjsipObject(
            ObjectType.ENDPOINT,
            name,
            (
                *_common(line.transport, line.codecs),
                ("allow_transfer", "no"),  # likewise
                ("stir_shaken_profile", "offhook-trunk"),  # asterisk/templates/stir_shaken.conf
                ("context", "offhook-trunks"),
                ("aors", name),
                ("outbound_auth", "" if credentials is None else name),
                ("from_user", "" if credentials is None else credentials),
                # Never by what the caller says of himself.
                ("identify_by", "ip"),
            ),
        ),
        PjsipObject(
            ObjectType.AOR,
            name,
            (
                ("contact", line.contact),
                ("qualify_frequency", str(line.qualify_seconds)),
                ("qualify_timeout", str(QUALIFY_TIMEOUT_SECONDS)),
            ),
        ),
    ]
    if credentials is not None:
        secret = _check(_SECRET, line.secret or "", "secret")
        objects.append(
            PjsipObject(
                ObjectType.AUTH,
                name,
                # The far end names the realm, so there is no digest to be made beforehand.
                (("auth_type", "digest"), ("username", credentials), ("password", secret)),
            )
        )
    for place, match in enumerate(line.match_addresses):
        objects.append(
            PjsipObject(
                ObjectType.IDENTIFY,
                _identify_name(name, place),
                # One object for each: Asterisk keeps only the last of several when it stores them, and adds to those
                # that are there when it is told anew.
                (("endpoint", name), ("match", _match(match))),
            )
        )
    if line.registers and credentials is not None:
        objects.append(
            PjsipObject(
                ObjectType.REGISTRATION,
                name,
                (
                    ("server_uri", line.contact),
                    ("client_uri", line.contact.replace("sip:", f"sip:{credentials}@", 1)),
                    ("contact_user", credentials),
                    ("outbound_auth", name),
                    ("transport", _transport_name(line.transport)),
                    ("endpoint", name),
                    # Calls that answer this registration are told by it, wherever they come from.
                    ("line", "yes"),
                    ("expiration", "600"),
                    ("retry_interval", "30"),
                    ("forbidden_retry_interval", "300"),
                    ("fatal_retry_interval", "300"),
                    ("auth_rejection_permanent", "no"),
                    ("max_retries", "1000000"),
                ),
            )
        )
    return tuple(objects)


def possible_objects(endpoint: str) -> tuple[tuple[ObjectType, str], ...]:
    """Every object that a line of this name may ever have had, the last to be made first."""
    if not is_ours(endpoint):
        return ()
    matches = [(ObjectType.IDENTIFY, _identify_name(endpoint, place)) for place in range(MOST_MATCHES)]
    of_trunks = [(ObjectType.REGISTRATION, endpoint), *matches] if "-trunk-" in endpoint else []
    return (
        *of_trunks,
        (ObjectType.AUTH, endpoint),
        (ObjectType.AOR, endpoint),
        (ObjectType.ENDPOINT, endpoint),
    )


def is_ours(endpoint: str) -> bool:
    """Whether a name in Asterisk is one that we give."""
    return _ENDPOINT.fullmatch(endpoint) is not None


def is_as_wanted(wanted: PjsipObject, actual: dict[str, str]) -> bool:
    """Whether an object in Asterisk has what we say of it; Asterisk writes most values in a way of its own."""
    return all(_same(value, actual.get(name, "")) for name, value in wanted.fields if name != "disallow")


def _same(wanted: str, actual: str) -> bool:
    return wanted == actual or _plain(wanted) == _plain(actual)


def _plain(value: str) -> str:
    """A value without Asterisk's ways: yes/true, 3.0/3.000000, ulaw,alaw/(ulaw|alaw), masks after addresses."""
    if value.lower() in {"yes", "true", "on"}:
        return "true"
    if value.lower() in {"no", "false", "off"}:
        return "false"
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
        return f"{float(value):g}"
    if value.startswith("(") and value.endswith(")"):
        return value[1:-1].replace("|", ",")
    masked = _MASKED.fullmatch(value)
    if masked is None:
        return value
    address, port, mask = masked.groups()
    length = mask if "." not in mask else sum(int(part).bit_count() for part in mask.split("."))
    return f"{address}{port or ''}/{length}"


def _common(transport: Transport, codecs: tuple[Codec, ...]) -> tuple[tuple[str, str], ...]:
    return (
        ("transport", _transport_name(transport)),
        ("disallow", "all"),
        ("allow", ",".join(codec.value.lower() for codec in codecs)),
        # Audio stays in Asterisk: it is recorded, mixed and supervised there.
        ("direct_media", "no"),
        ("redirect_method", "user"),  # as in asterisk/templates/pjsip.conf, which says why
        ("message_context", "offhook-messages"),  # as in asterisk/templates/pjsip.conf
        ("trust_id_outbound", "yes"),
        ("send_pai", "yes"),
        # The two sides of a call are shown what the service chose, also after they are bridged.
        ("send_connected_line", "no"),
        ("language", "en"),
    )


def _transport_name(transport: Transport) -> str:
    return f"offhook-{transport.value.lower()}"


def _identify_name(endpoint: str, place: int) -> str:
    return f"{endpoint}-from-{place}"


def _match(match: str) -> str:
    read = read_match(match)
    if read is None:
        raise UnsafeLineError("a match address must not go to Asterisk")
    network, port = read
    # A match with a port needs the /32, or the port would be read as part of a host name.
    return str(network) if port is None else f"{network.network_address}:{port}/32"


def _check(pattern: re.Pattern[str], value: str, what: str) -> str:
    if pattern.fullmatch(value) is None:
        raise UnsafeLineError(f"a {what} must not go to Asterisk")
    return value
