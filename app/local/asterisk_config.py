"""Asterisk's configuration, rendered from ``asterisk/templates`` for one instance.

Standard library only: the container image of Asterisk runs this file by itself
(``python3 -m app.local.asterisk_config DIRECTORY``, settings from ``OFFHOOK_ASTERISK_*``).

A template names a value as ``@{name}``, because Asterisk's own language uses ``${NAME}`` for something else.
"""

import contextlib
import ipaddress
import os
import re
import secrets
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


def _find_folder() -> Path:
    """The folder ``asterisk``: in a checkout beside ``app``, in an installed wheel inside it."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_asterisk"
    return installed if installed.is_dir() else package.parent / "asterisk"


ASTERISK_FOLDER = _find_folder()
TEMPLATE_DIRECTORY = ASTERISK_FOLDER / "templates"
_ATTESTATION_MODULES = "load = res_stir_shaken.so\nload = res_pjsip_stir_shaken.so"
_SUBDIRECTORIES = ("etc", "log", "spool/recording", "db", "keys/keys", "lib", "agi")
_PLACEHOLDER = re.compile(r"@\{([a-z_]+)\}")
_CERTIFICATE_URL = re.compile(r"https?://[A-Za-z0-9.:_~%/-]{1,500}")
_KEY_PATH = re.compile(r"/[A-Za-z0-9._/-]{1,500}")
# A name that could end a line or open a section would write configuration of its own.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def _is_reachable(address: str) -> bool:
    try:
        return not ipaddress.ip_address(address).is_unspecified
    except ValueError:
        return _NAME.fullmatch(address) is not None


def fill_template(text: str, values: dict[str, str]) -> str:
    """Replace each ``@{name}``; every other ``@`` and ``$`` is Asterisk's. KeyError names one without a value."""
    return _PLACEHOLDER.sub(lambda found: values[found[1]], text)


@dataclass(frozen=True, slots=True)
class AsteriskPorts:
    """UDP and TCP port numbers of one instance; ``rtp_first`` to ``rtp_last`` are UDP, both ends included."""

    http: int
    sip: int
    sandbox_sip: int
    rtp_first: int
    rtp_last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SipPeer:
    """A PJSIP endpoint beside the sandbox's: another program that we call, that calls us, or both.

    With ``port`` the endpoint can be dialled as ``PJSIP/<digits>@<name>``, and its calls are told by that source
    address and port. Without one, every call from ``host`` is this peer's: for an instance that has no sandbox and no
    other peer there, such as a far end that answers whoever calls. With ``user`` it is a telephone there, dialled as
    ``PJSIP/<name>``; it calls nobody, so that several may be behind one address, and may transfer whom it talks to.
    """

    name: str
    host: str = "127.0.0.1"
    port: int | None = None
    user: str | None = None
    context: str = "offhook-trunks"
    codecs: tuple[str, ...] = ("ulaw", "alaw")

    def __post_init__(self) -> None:
        for word in (self.name, self.host, self.user or self.name, self.context, *self.codecs):
            if not _NAME.fullmatch(word):
                raise ValueError(f"{word!r} cannot stand in Asterisk's configuration")

    def render(self) -> str:
        """Return this peer's sections of pjsip.conf."""
        address = self.host if self.port is None else f"{self.host}:{self.port}"
        user = "" if self.user is None else f"{self.user}@"
        lines = [
            f"[{self.name}](offhook-line)",
            f"context = {self.context}",
            f"disallow = all\nallow = {','.join(self.codecs)}",
            *(["stir_shaken_profile = offhook-trunk"] if self.user is None else ["allow_transfer = yes"]),
            f"aors = {self.name}",
            f"[{self.name}]\ntype = aor",
            *([f"contact = sip:{user}{address}"] if self.port is not None else []),
        ]
        if self.user is None:
            # A match with a port needs the /32, or the port would be read as part of a host name.
            lines.append(f"[{self.name}]\ntype = identify\nendpoint = {self.name}\nmatch = {address}/32")
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """What calls over trunks are signed with (STIR/SHAKEN, RFC 8224 and 8588).

    ``private_key`` is the path of a PEM file with an elliptic-curve key (P-256); ``certificate_url`` is where those who
    are called fetch the certificate that goes with it. ``level`` is what is vouched for (ATIS-1000074): A, the caller
    is known and has the number; B, the caller is known; C, the call is passed on.
    """

    private_key: Path
    certificate_url: str
    level: str = "A"

    def __post_init__(self) -> None:
        if not _KEY_PATH.fullmatch(str(self.private_key)):
            raise ValueError("the path of the STIR/SHAKEN key must be absolute, of letters, digits and . _ - /")
        if not _CERTIFICATE_URL.fullmatch(self.certificate_url):
            raise ValueError("the STIR/SHAKEN certificate's address must be a plain http or https URL")
        if self.level not in {"A", "B", "C"}:
            raise ValueError("the STIR/SHAKEN attestation is A, B or C")

    def render(self) -> str:
        """Return the attestation's section of stir_shaken.conf."""
        # Numbers are not listed one by one: every number that a call shows was verified as its account's before.
        return "\n".join(
            (
                "[attestation]",
                "global_disable = no",
                f"private_key_file = {self.private_key}",
                f"public_cert_url = {self.certificate_url}",
                f"attest_level = {self.level}",
                f"unknown_tn_attest_level = {self.level}",
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskConfig:
    """What one instance is to be. Passwords and the entity id are made up when they are not given.

    ``stasis_app`` receives inbound calls. ``rtp_port_count`` bounds the calls at once: two ports for each channel that
    carries audio, so four for each leg of the sandbox, which runs both ends. ``external_address`` (an IP address or a
    host name) is told to phones and carriers in place of ``own_addresses``, for one behind a NAT, as in a container.
    ``logs_to_console`` has it say on stdout what it would write into its log file.
    """

    stasis_app: str = "offhook"
    system_name: str = "offhook"
    bind_address: str = "127.0.0.1"
    external_address: str | None = None
    own_addresses: tuple[str, ...] = ()
    logs_to_console: bool = False
    has_sandbox: bool = True
    peers: tuple[SipPeer, ...] = ()
    attestation: Attestation | None = None
    rtp_port_count: int = 990
    ari_username: str = "offhook"
    ari_password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    entity_id: str = field(default_factory=lambda: ":".join(f"{byte:02x}" for byte in b"\x02" + secrets.token_bytes(5)))

    def __post_init__(self) -> None:
        for word in (self.stasis_app, self.system_name, self.ari_username):
            if not _NAME.fullmatch(word):
                raise ValueError(f"{word!r} cannot stand in Asterisk's configuration")
        if self.external_address is not None and not _is_reachable(self.external_address):
            raise ValueError(
                "the external address must be an IP address or a host name at which phones reach Asterisk; "
                "with docker-compose.yml it is OFFHOOK_SIP_EXTERNAL_ADDRESS, or else OFFHOOK_SIP_ADDRESS"
            )
        # ";" would begin a comment, and cut the password short without a word.
        if not re.fullmatch(r"[!-:<-~]{8,128}", self.ari_password):
            raise ValueError("the ARI password must be 8 to 128 printable characters without spaces or semicolons")


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskPaths:
    """``directory`` holds all that the instance writes; ``run`` holds its control socket, so its name must be short.

    ``cache`` is for sounds that Asterisk fetches. It takes their extension from what follows a dot, any dot of the
    path; and it plays none whose address is shorter than the path of its copy. So this one is short and has no dot.
    """

    directory: Path
    run: Path
    cache: Path
    modules: Path
    data: Path

    @property
    def config_file(self) -> Path:
        return self.directory / "etc" / "asterisk.conf"

    @property
    def log_file(self) -> Path:
        return self.directory / "log" / "messages.log"


def _render_external_address(config: AsteriskConfig) -> str:
    """Lines of a PJSIP transport.

    Asterisk puts the external address in the place of an address of ``local_net`` alone, and only for peers that are
    not in it. So this has the instance's own addresses and no network: a neighbour may be the NAT itself.
    """
    if config.external_address is None:
        return "; Nothing between this instance and its peers changes addresses."
    return "\n".join(
        (
            f"external_media_address = {config.external_address}",
            f"external_signaling_address = {config.external_address}",
            "local_net = 127.0.0.0/8",
            *(f"local_net = {ipaddress.ip_network(address)}" for address in config.own_addresses),
        )
    )


def render_configuration(config: AsteriskConfig, ports: AsteriskPorts, paths: AsteriskPaths) -> None:
    """Write the whole configuration below ``paths.directory``, readable by this user alone."""
    for name in _SUBDIRECTORIES:
        (paths.directory / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    paths.run.mkdir(parents=True, exist_ok=True, mode=0o700)
    paths.cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    values = {
        "directory": str(paths.directory),
        "run_directory": str(paths.run),
        "cache_directory": str(paths.cache),
        "module_directory": str(paths.modules),
        "data_directory": str(paths.data),
        "system_name": config.system_name,
        "entity_id": config.entity_id,
        "bind_address": config.bind_address,
        "http_port": str(ports.http),
        "sip_port": str(ports.sip),
        "external_address": _render_external_address(config),
        "log_channel": "console" if config.logs_to_console else "messages.log",
        "sandbox_port": str(ports.sandbox_sip),
        "rtp_start": str(ports.rtp_first),
        "rtp_end": str(ports.rtp_last),
        "ari_username": config.ari_username,
        "ari_password": config.ari_password,
        "stasis_app": config.stasis_app,
        "attestation": "; No key: calls are not signed." if config.attestation is None else config.attestation.render(),
        "attestation_modules": "" if config.attestation is None else _ATTESTATION_MODULES,
    }
    files = {
        source.name: fill_template(source.read_text(encoding="utf-8"), values)
        for source in sorted(TEMPLATE_DIRECTORY.glob("*.conf"))
    }
    files["pjsip_peers.conf"] = "\n".join(peer.render() for peer in config.peers)
    if not config.has_sandbox:
        files["pjsip_sandbox.conf"] = files["extensions_sandbox.conf"] = "; This instance has no sandbox.\n"
    for name, text in files.items():
        target = paths.directory / "etc" / name
        target.touch(mode=0o600)
        target.write_text(text, encoding="utf-8")


def _directory_of(name: str, environment: Mapping[str, str], patterns: tuple[str, ...]) -> Path:
    """What the environment names, for an Asterisk that lies elsewhere; else where Debian's package has it."""
    if given := environment.get(f"OFFHOOK_ASTERISK_{name}"):
        return Path(given)
    for pattern in patterns:
        for found in sorted(Path("/").glob(pattern)):
            return found
    raise SystemExit(f"nothing matches {patterns}: is Asterisk installed in this image?")


def _attestation_of(environment: Mapping[str, str]) -> Attestation | None:
    key = environment.get("OFFHOOK_ASTERISK_STIR_SHAKEN_KEY")
    if not key:
        return None
    return Attestation(
        private_key=Path(key),
        certificate_url=environment["OFFHOOK_ASTERISK_STIR_SHAKEN_CERTIFICATE_URL"],
        level=environment.get("OFFHOOK_ASTERISK_STIR_SHAKEN_LEVEL", "A"),
    )


def _own_addresses() -> tuple[str, ...]:
    """Addresses of this machine: those of its name, and the one from which it sends to the world, if it does."""
    found = set()
    with contextlib.suppress(socket.gaierror):
        found = {str(one[4][0]) for one in socket.getaddrinfo(socket.gethostname(), None, family=socket.AF_INET)}
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way_out:
        # Nothing is sent: this asks the routes. The address is documentation's (RFC 5737).
        way_out.connect(("192.0.2.1", 9))
        found.add(way_out.getsockname()[0])
    return tuple(sorted(one for one in found if not ipaddress.ip_address(one).is_loopback))


def main() -> None:
    """Render for the container: every address, ports from the environment, the machine's own Asterisk."""
    directory = Path(sys.argv[1])
    environment = os.environ
    first = int(environment.get("OFFHOOK_ASTERISK_RTP_FIRST", "10000"))
    last = int(environment.get("OFFHOOK_ASTERISK_RTP_LAST", "10999"))
    config = AsteriskConfig(
        bind_address=environment.get("OFFHOOK_ASTERISK_BIND", "0.0.0.0"),  # noqa: S104  # its network is the container's
        stasis_app=environment.get("OFFHOOK_ASTERISK_APP", "offhook"),
        external_address=environment.get("OFFHOOK_ASTERISK_EXTERNAL_ADDRESS")
        or environment.get("OFFHOOK_ASTERISK_PUBLISHED_ADDRESS")
        or None,
        own_addresses=_own_addresses(),
        # A container's log is what it says: whoever runs it keeps it, and keeps it small.
        logs_to_console=True,
        has_sandbox=environment.get("OFFHOOK_ASTERISK_SANDBOX", "true") == "true",
        ari_username=environment.get("OFFHOOK_ASTERISK_USERNAME", "offhook"),
        ari_password=environment["OFFHOOK_ASTERISK_PASSWORD"],
        attestation=_attestation_of(environment),
    )
    ports = AsteriskPorts(
        http=int(environment.get("OFFHOOK_ASTERISK_HTTP_PORT", "8088")),
        sip=int(environment.get("OFFHOOK_ASTERISK_SIP_PORT", "5060")),
        sandbox_sip=int(environment.get("OFFHOOK_ASTERISK_SANDBOX_PORT", "5061")),
        rtp_first=first,
        rtp_last=last,
    )
    paths = AsteriskPaths(
        directory=directory,
        run=directory / "run",
        cache=directory / "cache",
        modules=_directory_of("MODULES", environment, ("usr/lib/*/asterisk/modules", "usr/lib/asterisk/modules")),
        data=_directory_of("DATA", environment, ("usr/share/asterisk", "var/lib/asterisk")),
    )
    render_configuration(config, ports, paths)


if __name__ == "__main__":
    try:
        main()
    except ValueError as error:
        raise SystemExit(f"Asterisk's configuration cannot be written: {error}.") from None
