"""What those see calling who are rung for a talk of others: a leg's own caller id, or whom it will talk to."""

from typing import Final

import msgspec

from app.calls.core.model.leg import Leg
from app.facts.vocabulary import LegRole

_ANONYMOUS: Final = "Anonymous"


def showing(leg: Leg, role: LegRole, whom: Leg | None) -> Leg:
    """The leg in a role. It shows ``whom``, unless it has a caller id: over a trunk it has one of the account's."""
    if leg.shown_number is not None or whom is None:
        return msgspec.structs.replace(leg, role=role)
    party = whom.party
    name = _ANONYMOUS if party.is_anonymous else party.display
    number = party.number or party.extension
    return msgspec.structs.replace(leg, role=role, shown_number=number, shown_name=leg.shown_name or name)
