"""The Asterisk that this process drives: one of its own, or the one that the settings name."""

import asyncio
from contextlib import AsyncExitStack

from app.ari.client import AriClient
from app.config import Settings
from app.errors import AsteriskUnavailableError, ConfigurationError
from app.local.asterisk import AsteriskConfig, AsteriskInstance, running_asterisk


async def enter_asterisk(stack: AsyncExitStack, settings: Settings) -> AsteriskInstance | None:
    """An Asterisk of our own, which ends with the stack; None when the settings name one."""
    if settings.ari_url is not None:
        return None
    config = AsteriskConfig(stasis_app=settings.ari_application)
    directory = settings.data_dir / "asterisk"
    return await stack.enter_async_context(running_asterisk(config, directory=directory))


def ari_client(settings: Settings, asterisk: AsteriskInstance | None = None, *, suffix: str = "") -> AriClient:
    """A client of it, for our application's name with ``suffix``.

    Raises:
        ConfigurationError: the settings name an Asterisk by half.
    """
    if asterisk is not None:
        url, username, password = asterisk.ari_url, asterisk.ari_username, asterisk.ari_password
    else:
        if settings.ari_url is None or settings.ari_password is None:
            raise ConfigurationError("Set OFFHOOK_ARI_URL and OFFHOOK_ARI_PASSWORD, or neither.")
        url, username = settings.ari_url, settings.ari_username
        password = settings.ari_password.get_secret_value()
    return AriClient(
        url, username, password, app=settings.ari_application + suffix, timeout_seconds=settings.ari_timeout_seconds
    )


async def watch(asterisk: AsteriskInstance) -> None:
    """An embedded Asterisk that ends takes the service with it: better down and said than up and deaf.

    Raises:
        AsteriskUnavailableError: it ended.
    """
    code = await asyncio.shield(asterisk.process.exited)
    raise AsteriskUnavailableError(f"The embedded Asterisk ended by itself (exit code {code}); see {asterisk.log_path}")
