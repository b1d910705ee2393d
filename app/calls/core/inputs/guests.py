"""How the taps of supervisors are placed."""

from app.calls.core.model.guests import TapKind
from app.facts.vocabulary import SupervisionMode, Words
from app.ids import SupervisionId


class TapReady(Words, frozen=True, kw_only=True):
    """One of a supervision's taps can be used."""

    supervision_id: SupervisionId
    number: int
    kind: TapKind


class SupervisionPlaced(Words, frozen=True, kw_only=True):
    """Everybody and everything of a supervision is where it belongs, with what this mode silences."""

    supervision_id: SupervisionId
    number: int
    mode: SupervisionMode


class SupervisionSeen(Words, frozen=True, kw_only=True):
    """Asterisk has not all of a supervision, or not where it belongs: these of its taps are there."""

    supervision_id: SupervisionId
    number: int
    taps: tuple[TapKind, ...]
