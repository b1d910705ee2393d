"""Asterisk: there, new enough, complete, and on speaking terms."""

import asyncio
import json
import sys
from typing import Final

from app.ari.client import AriClient
from app.ari.errors import AriAbsent, AriBadAnswer, AriError, AriNotFound, AriUnauthorized, AriUnavailable
from app.ari.versions import VERSION_FLOOR, is_below_floor
from app.config import Settings
from app.doctor.findings import Finding, failed, ok, warning
from app.local.asterisk_config import ASTERISK_FOLDER
from app.local.reached import ari_client

#: What spoken texts and sound files need besides.
SOUND_MODULES: Final = frozenset({"res_curl.so", "res_http_media_cache.so"})
#: What calls cannot do without; Asterisk's own configuration may load more.
NEEDED_MODULES: Final = frozenset(
    {
        "app_stack.so",  # hang-up handlers
        "app_stasis.so",
        "bridge_simple.so",
        "bridge_softmix.so",
        "chan_pjsip.so",
        "codec_alaw.so",
        "codec_ulaw.so",
        "format_wav.so",
        "func_callerid.so",
        "func_channel.so",
        "func_global.so",
        "func_hangupcause.so",
        "func_strings.so",
        "func_timeout.so",
        "pbx_config.so",
        "res_ari.so",
        "res_ari_applications.so",
        "res_ari_asterisk.so",
        "res_ari_bridges.so",
        "res_ari_channels.so",
        "res_ari_endpoints.so",
        "res_ari_events.so",
        "res_ari_playbacks.so",
        "res_ari_recordings.so",
        "res_http_websocket.so",
        "res_pjsip.so",
        "res_pjsip_session.so",
        "res_rtp_asterisk.so",
        "res_stasis.so",
        "res_stasis_answer.so",
        "res_stasis_playback.so",
        "res_stasis_recording.so",
        "res_stasis_snoop.so",
    }
)

#: What Debian's builds have in their version: free of what its guidelines do not let it ship.
_DEBIANS_OWN: Final = "dfsg"
_GET_ASTERISK: Final = ASTERISK_FOLDER / "get-asterisk"
_FIND_SECONDS: Final = 30.0
_NOT_HERE: Final = 4
_FLOOR: Final = ".".join(map(str, VERSION_FLOOR))
_UPGRADE: Final = f"Upgrade to {_FLOOR} or later: older versions have published holes."


async def check_asterisk(settings: Settings) -> list[Finding]:
    """The Asterisk that the settings name, or the one that would be started."""
    if settings.ari_url is None or settings.ari_password is None:
        return [await _check_embedded()]
    async with ari_client(settings) as ari:
        try:
            return await _examine(ari, settings)
        except AriUnauthorized:
            return [
                failed(
                    "asterisk",
                    f"Asterisk at {settings.ari_url} refuses the user {settings.ari_username!r} or the password.",
                    "Make OFFHOOK_ARI_USERNAME and OFFHOOK_ARI_PASSWORD those of ari.conf (read_only = no there).",
                )
            ]
        except (AriAbsent, AriNotFound, AriBadAnswer):
            return [
                failed(
                    "asterisk",
                    f"What answers at {settings.ari_url} is not Asterisk's REST interface.",
                    "Check OFFHOOK_ARI_URL, load res_ari.so, and set `enabled = yes` in ari.conf.",
                )
            ]
        except AriUnavailable as error:
            return [
                failed(
                    "asterisk",
                    f"Nothing answers at {settings.ari_url}: {error.message}.",
                    "Start Asterisk, set `enabled = yes` in http.conf and ari.conf, and check OFFHOOK_ARI_URL.",
                )
            ]
        except AriError as error:
            return [failed("asterisk", f"Asterisk at {settings.ari_url} fails: {error}", "See Asterisk's own log.")]


async def _examine(ari: AriClient, settings: Settings) -> list[Finding]:
    info = await ari.info()
    version = info.system.version if info.system is not None else ""
    findings = [
        failed("asterisk", f"Asterisk {version or 'of unknown version'} is too old.", _UPGRADE)
        if is_below_floor(version)
        else ok("asterisk", f"Asterisk {version} answers at {settings.ari_url}")
    ]
    if _DEBIANS_OWN in version:
        findings.append(
            warning(
                "recordings",
                f"Asterisk {version} is Debian's, which drops sound whose RTP numbers begin anew: where a carrier "
                "hands a call over to another gateway, a voice may be silent in its recording for minutes.",
                "Use Asterisk as its authors publish it for recordings that must be whole; "
                "docs/reference/recordings.md says how to recognise it.",
            )
        )
    running = {module.name for module in await ari.list_modules() if module.status == "Running"}
    lacking = sorted(NEEDED_MODULES - running)
    findings.append(
        failed(
            "modules",
            f"Asterisk has not loaded: {', '.join(lacking)}.",
            "Load them in modules.conf, and look in Asterisk's log for `declined to load`.",
        )
        if lacking
        else ok("modules", "all that calls need are running")
    )
    if without_sounds := sorted(SOUND_MODULES - running):
        findings.append(
            warning(
                "sounds",
                f"Asterisk has not loaded: {', '.join(without_sounds)}. Spoken texts and sound files cannot be played.",
                "Load them in modules.conf; see docs/reference/speech.md.",
            )
        )
    try:
        await ari.get_application()
        findings.append(ok("application", f"an Offhook is connected as {settings.ari_application!r}"))
    except AriNotFound:
        findings.append(
            warning(
                "application",
                f"No Offhook is connected as {settings.ari_application!r} just now.",
                "Fine before `offhook serve`; while it runs, see its log.",
            )
        )
    return findings


async def _check_embedded() -> Finding:
    """Look for an Asterisk on this machine without fetching one."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(_GET_ASTERISK), "--json", "--offline"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_FIND_SECONDS):
            answer, said = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return failed("asterisk", "Looking for an Asterisk took too long.", f"Try {_GET_ASTERISK} --offline by hand.")
    if process.returncode == _NOT_HERE:
        return warning(
            "asterisk",
            "There is no Asterisk on this machine yet.",
            "Nothing to do: `make demo` fetches one. For your own, set OFFHOOK_ARI_URL and OFFHOOK_ARI_PASSWORD.",
        )
    if process.returncode != 0:
        last = said.decode(errors="replace").strip().rpartition("\n")[2]
        reason = last.removeprefix("get-asterisk: ").removeprefix("error: ")
        return failed("asterisk", f"No Asterisk to run: {reason}", f"Try {_GET_ASTERISK} by hand.")
    found = json.loads(answer)
    if is_below_floor(found["version"]):
        return warning("asterisk", f"Asterisk {found['version']} is older than it should be.", _UPGRADE)
    return ok("asterisk", f"Asterisk {found['version']} ({found['source']}) is started with the service")
