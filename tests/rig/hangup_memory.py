"""Where Asterisk remembers how a leg has ended, by the leg."""

from app.calls.names import channel_of, hangup_memory
from app.ids import LegId


def hangup_memory_of(node: str, leg_id: LegId) -> str:
    """The global variable that has it."""
    return hangup_memory(channel_of(node, leg_id))
