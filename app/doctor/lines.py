"""Phones and trunks that accounts make: whether this Asterisk can be given them, and keeps them.

Nothing in ARI tells how ``sorcery.conf`` is, so one object of each kind is made, looked at and taken away again, as
provisioning does it. Its name begins as those of ours do and is none of a line's, and nobody can call through it.
"""

from typing import Final

from app.ari.client import AriClient
from app.ari.errors import AriError, AriInvalid, AriNotFound, AriRefused, AriUnauthorized
from app.config import Settings
from app.doctor.findings import Finding, ok, warning
from app.ids import LINE_PREFIX
from app.local.reached import ari_client
from app.provisioning.objects import ObjectType
from app.routing.words import Transport

#: What pushed lines live in and are told by, besides what calls need.
LINE_MODULES: Final = frozenset(
    {
        "res_pjsip_authenticator_digest.so",
        "res_pjsip_endpoint_identifier_ip.so",
        "res_pjsip_endpoint_identifier_user.so",
        "res_pjsip_nat.so",
        "res_pjsip_outbound_authenticator_digest.so",
        "res_pjsip_outbound_registration.so",
        "res_pjsip_registrar.so",
        "res_sorcery_astdb.so",
        "res_sorcery_config.so",
        "res_sorcery_memory_cache.so",
    }
)
#: What single features need, and what is amiss without.
FEATURE_MODULES: Final = {
    "app_amd.so": "detectMachine cannot tell people from answering machines",
    "app_waitforsilence.so": "a call flow begins before an answering machine's beep is over",
    "chan_websocket.so": "media streams, and so voice bots, cannot be joined to a call",
    "func_cdr.so": "a leg that was answered and ended while nobody listened is told without its talk",
    "func_pitchshift.so": "voicePitch and setVoicePitch change nothing",
    "res_http_media_cache.so": "spoken prompts are not played: Asterisk fetches them over HTTP",
    "res_musiconhold.so": "whoever is held or waits hears nothing",
    "res_pjsip_caller_id.so": "called parties do not see the number that a call shows",
    "res_pjsip_dtmf_info.so": "keys pressed at phones that send them by SIP INFO are not heard",
    "res_pjsip_messaging.so": "softphoneMessage and sendSoftphoneMessage reach no phone",
    "res_srtp.so": "phones that encrypt their sound cannot talk",
}

_CHECK: Final = "lines"
_DEFAULT_ORDER: Final = "ip,username,anonymous"
_PROBE: Final = f"{LINE_PREFIX}doctor"
_PAGE: Final = 'docs/reference/provisioning.md ("Your own Asterisk")'
#: Without a secret and told by an address that it has not: nobody is taken for this endpoint.
_ENDPOINT: Final = {"context": "offhook-phones", "identify_by": "ip", "disallow": "all", "allow": "ulaw"}
#: 192.0.2.0/24 is for documentation, and 127.0.0.1:9 takes nothing; the first REGISTER would be up to 10 s away.
_PROBES: Final = {
    ObjectType.ENDPOINT: _ENDPOINT,
    ObjectType.AOR: {"max_contacts": "0"},
    ObjectType.AUTH: {"auth_type": "userpass", "username": _PROBE, "password": "unused"},
    ObjectType.IDENTIFY: {"endpoint": _PROBE, "match": "192.0.2.1/32"},
    ObjectType.REGISTRATION: {
        "server_uri": "sip:127.0.0.1:9",
        "client_uri": f"sip:{_PROBE}@127.0.0.1:9",
        "max_retries": "0",
    },
}


async def check_lines(settings: Settings) -> list[Finding]:
    """Whether the Asterisk that the settings name takes lines, and has what they need.

    Nothing, when it cannot be asked: the check of Asterisk says so. The embedded one has it all. These are warnings:
    calls over lines in Asterisk's own files go without.
    """
    if settings.ari_url is None or settings.ari_password is None:
        return []
    async with ari_client(settings) as ari:
        try:
            running = {module.name for module in await ari.list_modules() if module.status == "Running"}
            findings = _judge_modules(running)
            findings += await _try_pushing(ari)
            findings += await _look_at_files(ari)
        except AriError:
            return []  # said by the check of Asterisk itself
    if not findings:
        return [ok(_CHECK, "phones and trunks can be pushed, and are kept")]
    return findings


def _judge_modules(running: set[str]) -> list[Finding]:
    findings = []
    lacking = sorted(LINE_MODULES - running)
    if lacking:
        message = f"Phones and trunks that accounts make need: {', '.join(lacking)}."
        findings.append(warning(_CHECK, message, f"Load them in modules.conf; see {_PAGE}."))
    for name, loss in FEATURE_MODULES.items():
        if name not in running:
            findings.append(warning("modules", f"Without {name} {loss}.", "Load it in modules.conf."))
    return findings


async def _try_pushing(ari: AriClient) -> list[Finding]:
    refused: list[str] = []
    for kind, fields in _PROBES.items():
        try:
            if not await _is_kept(ari, kind, fields):
                refused.append(kind.value)
        except AriUnauthorized as error:
            if "write" in error.message.lower():
                mend = "Set `read_only = no` for it in ari.conf."
                return [warning(_CHECK, "The ARI user may read only, so no phone or trunk can be pushed.", mend)]
            refused.append(kind.value)  # sorcery has nowhere to put it
        except (AriInvalid, AriNotFound):
            refused.append(kind.value)  # its module is not there, or is another one
    if not refused:
        return []
    message = f"Phones and trunks that accounts make do not reach Asterisk: it takes no {', '.join(refused)}."
    mend = (
        "Map these to astdb in sorcery.conf as in asterisk/templates/sorcery.conf, and restart Asterisk, since sorcery "
        f"is not reloaded. See {_PAGE}."
    )
    return [warning(_CHECK, message, mend)]


async def _is_kept(ari: AriClient, kind: ObjectType, fields: dict[str, str]) -> bool:
    """Make one, and see whether it is there. It is gone again when this is over."""
    await ari.put_object(kind, _PROBE, fields)
    try:
        await ari.get_object(kind, _PROBE)
    except AriNotFound:
        return False
    finally:
        await ari.delete_object(kind, _PROBE)
    return True


async def _look_at_files(ari: AriClient) -> list[Finding]:
    """What a pushed line names of Asterisk's own pjsip.conf."""
    findings = []
    names = [f"offhook-{transport.lower()}" for transport in Transport]
    lacking = [name for name in names if not await _find(ari, "transport", name)]
    if lacking:
        message = f"Pushed phones and trunks use PJSIP transports that are not there: {', '.join(lacking)}."
        findings.append(warning(_CHECK, message, f"Add them to pjsip.conf and restart Asterisk; see {_PAGE}."))
    told = (await _find(ari, "global", "global")).get("endpoint_identifier_order", _DEFAULT_ORDER)
    order = [one.strip() for one in told.split(",")]
    if "ip" in order and "username" not in order[: order.index("ip")]:
        message = (
            "Callers are told by address first: a trunk that claims an office's address takes that office's phones."
        )
        mend = "Set `endpoint_identifier_order = username,ip` under [global] in pjsip.conf."
        findings.append(warning(_CHECK, message, mend))
    return findings


async def _find(ari: AriClient, kind: str, name: str) -> dict[str, str]:
    try:
        return await ari.get_object(kind, name)
    except AriRefused:  # there is none, or Asterisk does not show it
        return {}
