"""Calls over trunks are signed (STIR/SHAKEN) where there is a key, and nowhere else."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from app.config import load_settings
from app.errors import ConfigurationError
from app.local.asterisk import AsteriskConfig, AsteriskInstall, AsteriskInstance, SipPeer, running_asterisk
from app.local.asterisk_config import Attestation
from app.local.reached import attestation_of
from tests.rig.ari_ears import AriEars
from tests.security.sip_peer import SipPeer as BarePeer
from tests.security.sip_peer import header, sip_peer

CERTIFICATE_URL = "https://certificates.example/offhook.pem"
SHOWN = "+12125550100"
CALLED = "+14155552671"


def write_key(folder: Path) -> tuple[Path, ec.EllipticCurvePublicKey]:
    """A key as a carrier's certificate authority signs one, and its public half."""
    key = ec.generate_private_key(ec.SECP256R1())
    path = folder / "stir-shaken.pem"
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path, key.public_key()


@asynccontextmanager
async def carrier(
    install: AsteriskInstall, attestation: Attestation | None
) -> AsyncIterator[tuple[AsteriskInstance, BarePeer]]:
    """An Asterisk with a trunk, and what is at the trunk's other end."""
    async with sip_peer(1) as peer:
        config = AsteriskConfig(peers=(SipPeer(name="carrier", port=peer.port),), attestation=attestation)
        async with running_asterisk(config, install=install) as instance:
            yield instance, peer


async def invite_of(instance: AsteriskInstance, peer: BarePeer) -> bytes:
    """The INVITE of a call that is placed over the trunk."""
    async with AriEars.listening(instance.ari_url, instance.ari_username, instance.ari_password, "signing") as ears:
        created = await ears.request(
            "POST", "/channels", endpoint=f"PJSIP/{CALLED}@carrier", app="signing", callerId=f'"Acme" <{SHOWN}>'
        )
        invite = await peer.wait_for(lambda message: message.startswith(b"INVITE "))
        await ears.request("DELETE", f"/channels/{created.json()['id']}")
    return invite


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@pytest.mark.asterisk
@pytest.mark.parametrize("level", ["A", "B"])
async def test_given_a_key_when_a_call_goes_over_a_trunk_then_its_invite_is_signed_for_the_number_that_it_shows(
    asterisk_install: AsteriskInstall, tmp_path: Path, level: str
) -> None:
    path, public = write_key(tmp_path)
    attestation = Attestation(private_key=path, certificate_url=CERTIFICATE_URL, level=level)
    async with carrier(asterisk_install, attestation) as (instance, peer):
        identity = header(await invite_of(instance, peer), "Identity").decode()
    token, _, parameters = identity.partition(";")
    head, body, signature = token.split(".")
    assert f"info=<{CERTIFICATE_URL}>" in parameters
    head_said: dict[str, Any] = json.loads(decoded(head))
    assert head_said == {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": CERTIFICATE_URL}
    said: dict[str, Any] = json.loads(decoded(body))
    assert (said["attest"], said["orig"], said["dest"]) == (level, {"tn": SHOWN[1:]}, {"tn": [CALLED[1:]]})
    raw = decoded(signature)
    pair = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public.verify(pair, f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))


@pytest.mark.asterisk
async def test_given_no_key_when_a_call_goes_over_a_trunk_then_it_goes_unsigned(
    asterisk_install: AsteriskInstall,
) -> None:
    async with carrier(asterisk_install, None) as (instance, peer):
        invite = await invite_of(instance, peer)
    assert header(invite, "Identity") == b""
    assert SHOWN.encode() in header(invite, "From")


@pytest.mark.parametrize(
    "wrong",
    [
        {"private_key": Path("relative.pem")},
        {"private_key": Path("/x\n[evil]")},
        {"private_key": Path("/x;y")},
        {"certificate_url": "ftp://x"},
        {"certificate_url": "https://x\n[evil]"},
        {"certificate_url": "https://x;y"},
        {"level": "D"},
        {"level": "A\nx=y"},
    ],
)
def test_given_an_attestation_that_would_write_configuration_of_its_own_when_made_then_it_is_refused(
    wrong: dict[str, Any],
) -> None:
    good: dict[str, Any] = {"private_key": Path("/etc/key.pem"), "certificate_url": CERTIFICATE_URL}
    Attestation(**good)
    with pytest.raises(ValueError, match="STIR/SHAKEN"):
        Attestation(**{**good, **wrong})


def test_given_settings_when_a_key_is_named_by_half_or_is_not_there_then_the_operator_is_told(tmp_path: Path) -> None:
    path, _ = write_key(tmp_path)
    assert attestation_of(load_settings()) is None
    made = attestation_of(load_settings(stir_shaken_key=path, stir_shaken_certificate_url=CERTIFICATE_URL))
    assert made == Attestation(private_key=path, certificate_url=CERTIFICATE_URL)
    for half in (
        {"stir_shaken_key": path},
        {"stir_shaken_certificate_url": CERTIFICATE_URL},
        {"stir_shaken_key": tmp_path / "missing.pem", "stir_shaken_certificate_url": CERTIFICATE_URL},
        {"stir_shaken_key": path, "stir_shaken_certificate_url": "https://x y"},
    ):
        with pytest.raises(ConfigurationError, match=r"STIR"):
            attestation_of(load_settings(**half))
