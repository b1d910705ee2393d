"""Facts that leave nothing out: each field of each part has a value, and numbers, names and pressed keys are known."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Final, get_args, get_origin

import msgspec

from app.facts.calls import Fact
from app.facts.vocabulary import Party

NUMBER: Final = "+15550100007"
NAME: Final = "Vera Told"
PRESSED: Final = "739184"
_PLAIN: Final[dict[Any, Any]] = {
    bool: True,
    int: 1,
    float: 1.5,
    datetime: datetime(2026, 3, 2, 12, 0, tzinfo=UTC),
}
#: What a text says, by its field's name. All others that are not ids say the name of their field.
_TEXTS: Final = {
    "caller_id": NUMBER,
    "caller_id_name": NAME,
    "dialled_number": NUMBER,
    "digit": PRESSED[0],
    "digits": PRESSED,
    "dtmf": PRESSED,
    "event_type": "call.ended",
}


def full_fact(kind: type[Fact], id_for: Callable[[str], str]) -> Fact:
    """A fact of this type; ``id_for`` gives the id for a field of that name."""
    made: Fact = _full(kind, "", id_for)
    return made


def _full(kind: Any, name: str, id_for: Callable[[str], str]) -> Any:
    if kind is str:
        is_id = name == "id" or name.endswith(("_id", "_ids"))
        return _TEXTS.get(name) or (id_for(name) if is_id else name)
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind is Party:
        return Party(number=NUMBER, display=NAME)
    if get_origin(kind) is UnionType:
        return _full(next(one for one in get_args(kind) if one is not NoneType), name, id_for)
    if get_origin(kind) is tuple:
        return (_full(get_args(kind)[0], name, id_for),)
    if issubclass(kind, Enum):
        return next(iter(kind))
    if hasattr(kind, "__supertype__"):  # a NewType
        return _full(kind.__supertype__, name, id_for)
    return kind(**{field.name: _full(field.type, field.name, id_for) for field in msgspec.structs.fields(kind)})
