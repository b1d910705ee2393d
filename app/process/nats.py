"""The line to NATS, where the settings ask for one."""

from typing import TYPE_CHECKING

from app.config import Settings
from app.errors import ConfigurationError

if TYPE_CHECKING:
    from app.events.nats import NatsLine


def open_nats(settings: Settings) -> "NatsLine | None":
    """The line that the bus is to keep; it connects when it is run.

    Raises:
        ConfigurationError: what speaks to NATS is not installed.
    """
    if settings.nats_url is None:
        return None
    try:
        from app.events.nats import NatsLine  # an extra, imported only where it is wanted
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "OFFHOOK_NATS_URL is set, and the client of NATS is not installed beside Offhook: pip install "
            "'offhook[nats]', or leave the variable out."
        ) from error
    return NatsLine(settings.nats_url.get_secret_value(), settings.nats_subject)
