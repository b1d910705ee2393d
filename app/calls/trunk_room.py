"""What the calls of a node need of trunks that take a limited number of calls at once."""

from typing import Protocol


class TrunkRoom(Protocol):
    """The channels of such trunks: ``app.routing.channels``."""

    async def take(self, trunk_id: str, leg_id: str) -> bool:
        """Have a channel for this leg until it has ended; False when none is free.

        Raises:
            DatabaseUnavailableError: nobody knows just now.
        """
        ...

    async def give_back(self, leg_id: str) -> None:
        """The leg never came to be. A channel that is not given back is free after a while all the same.

        Raises:
            DatabaseUnavailableError: it was not given back.
        """
        ...


class NoLimits:
    """Every trunk takes all calls."""

    async def take(self, trunk_id: str, leg_id: str) -> bool:  # noqa: ARG002  # the protocol's
        return True

    async def give_back(self, leg_id: str) -> None:
        """There is nothing to give."""
