"""The Asterisk that this process drives: one of its own, or the one that the settings name."""

import asyncio
from contextlib import AsyncExitStack

from app.ari.client import AriClient
from app.config import Settings
from app.errors import AsteriskUnavailableError, ConfigurationError
from app.local.asterisk import AsteriskConfig, AsteriskInstance, running_asterisk
from app.local.asterisk_config import Attestation


async def enter_asterisk(stack: AsyncExitStack, settings: Settings) -> AsteriskInstance | None:
    """An Asterisk of our own, which ends with the stack; None when the settings name one."""
    if settings.ari_url is not None:
        return None
    config = AsteriskConfig(stasis_app=settings.ari_application, attestation=attestation_of(settings))
    directory = settings.data_dir / "asterisk"
    return await stack.enter_async_context(running_asterisk(config, directory=directory))


def attestation_of(settings: Settings) -> Attestation | None:
    """What the Asterisk of our own signs caller ids with; None: nothing.

    Raises:
        ConfigurationError: the settings name a key by half, or one that is not there.
    """
    key, url = settings.stir_shaken_key, settings.stir_shaken_certificate_url
    if key is None and url is None:
        return None
    if key is None or url is None:
        raise ConfigurationError("Set OFFHOOK_STIR_SHAKEN_KEY and OFFHOOK_STIR_SHAKEN_CERTIFICATE_URL, or neither.")
    if not key.is_file():
        raise ConfigurationError(f"OFFHOOK_STIR_SHAKEN_KEY: there is no file {key}.")
    try:
        return Attestation(private_key=key.absolute(), certificate_url=url, level=settings.stir_shaken_level)
    except ValueError as error:
        raise ConfigurationError(f"STIR/SHAKEN: {error}.") from error


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
