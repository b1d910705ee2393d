"""All checks, in the order in which a start would meet the problems."""

from collections.abc import Sequence

from app.config import Settings
from app.doctor.asterisk import check_asterisk
from app.doctor.database import check_database
from app.doctor.findings import Finding, Status, failed, ok
from app.doctor.lines import check_lines
from app.doctor.machine import (
    FreeBytes,
    check_data_dir,
    check_port,
    check_python,
    check_recordings,
    check_secret,
    disk_free_bytes,
)
from app.doctor.nats import check_nats
from app.doctor.speech import check_speech
from app.doctor.spool import check_set_aside
from app.doctor.trunks import check_trunks
from app.errors import ConfigurationError


async def examine(settings: Settings, *, free_bytes: FreeBytes = disk_free_bytes) -> list[Finding]:
    """Look at everything; one broken thing hides no other."""
    return [
        check_python(),
        ok("settings", "all OFFHOOK_* variables are valid"),
        *check_data_dir(settings, free_bytes),
        check_secret(settings),
        *check_set_aside(settings),
        *await check_database(settings),
        *await check_nats(settings),
        *await check_asterisk(settings),
        *await check_trunks(settings),
        *await check_lines(settings),
        await check_recordings(settings),
        *await check_speech(settings),
        await check_port(settings),
    ]


def explain_settings(error: ConfigurationError) -> list[Finding]:
    """The findings when the settings themselves cannot be read: one for each wrong variable."""
    return [
        check_python(),
        *(
            failed("settings", line, "Mend it in the environment or in .env; .env.example has every setting.")
            for line in error.message.splitlines()
        ),
    ]


def is_fit(findings: Sequence[Finding]) -> bool:
    """Whether nothing stands in the way; warnings do not."""
    return all(finding.status is not Status.FAILED for finding in findings)
