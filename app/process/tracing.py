"""Tracing for as long as a service runs, where it is asked for."""

from contextlib import AsyncExitStack

from app.config import Settings
from app.errors import ConfigurationError
from app.tracing import arming


async def enter_tracing(stack: AsyncExitStack, settings: Settings) -> None:
    """Trace until the stack ends; what is left is sent then.

    Raises:
        ConfigurationError: what sends traces is not installed.
    """
    try:
        from app.otlp import open_tracer  # an extra, imported only where it is wanted
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "OFFHOOK_TRACES_URL is set, and OpenTelemetry is not installed beside Offhook: pip install "
            "'offhook[traces]', or leave the variable out."
        ) from error
    tracer = open_tracer(settings)
    stack.push_async_callback(tracer.aclose)
    stack.enter_context(arming(tracer))
