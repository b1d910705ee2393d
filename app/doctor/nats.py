"""NATS, where the settings name one: reachable, and willing."""

from app.config import Settings
from app.doctor.findings import Finding, failed, ok, warning
from app.errors import ConfigurationError
from app.process.nats import open_nats


async def check_nats(settings: Settings) -> list[Finding]:
    """Connect as the service would. Without it PostgreSQL carries the news, so the server is never in the way."""
    try:
        line = open_nats(settings)
    except ConfigurationError as error:
        return [failed("nats", "The client of NATS is missing; the service will not start.", error.message)]
    if line is None:
        return []
    from app.events.nats import NatsLostError  # an extra, which is there

    try:
        await line.check()
    except NatsLostError as error:
        return [
            warning(
                "nats",
                f"NATS cannot be used: {error}.",
                "Mend OFFHOOK_NATS_URL, or its server; until then events are told over PostgreSQL.",
            )
        ]
    return [ok("nats", f"NATS answers, and {settings.nats_subject} may be heard")]
