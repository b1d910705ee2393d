"""From a call flow as the account has it to a caller's way through it. Pure."""

from app.calls.core.model.flow import FlowRun
from app.routing.model import CallFlow


def run_of(flow: CallFlow) -> FlowRun:
    """A way that begins as soon as the caller is there; it keeps this version."""
    return FlowRun(flow_id=flow.id, version=flow.version, name=flow.name, start=flow.flow.start, steps=flow.flow.steps)


def optional_run_of(flow: CallFlow | None) -> FlowRun | None:
    """Likewise, where there may be none."""
    return None if flow is None else run_of(flow)
