"""What is left of a person's texts, documents and columns. Pure.

Two degrees. *Erased*: the number goes wherever it stands, and the names from what people have written. *Wiped*, for
what is about this very person: so does whatever people have written or pressed, since nobody can tell what is in it.
Ids, words, times and sums stay.

Names are looked for in places of people's own words alone, which are told here. Somebody may be called Customer, or be
shown as that, and words of ours are read again by programs: keys, states, kinds and codes never lose a name.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from app.erasure.person import Person
from app.facts.masking import HIDDEN_DIGIT


def _as_in_documents(name: str) -> str:
    """A column's name as facts, snapshots and orders have it."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _both_ways(*names: str) -> frozenset[str]:
    return frozenset(names) | frozenset(map(_as_in_documents, names))


#: Lists of pairs whose values are the account's own words about a call or a person.
_PAIRS: Final = _both_ways("metadata", "metadata_pairs", "variables", "answers")
_PAIR_VALUES: Final = ("value", "held")
#: Texts that people write, or that are spoken to the person.
_TEXTS: Final = _both_ways("softphone_message", "text", "note", "notes")
#: The account's own ids of a person. Absent is fit for all of them.
_OWN_IDS: Final = _both_ways("external_id", "contact_external_id")
#: What people have written in other places: it stays without the number and the names.
_WRITTEN: Final = _both_ways("tags", "detail", "description", "label", "message_text", "phrases")
#: People write it here, and elsewhere the same key has words of ours: so where this key stands beside it.
_WRITTEN_BESIDE: Final[Mapping[str, str]] = MappingProxyType({"reason": "listId"})
#: Pressed keys: how many there were stays.
_DIGITS: Final = _both_ways("dtmf", "digits", "digit")
#: A fingerprint over a whole request: whoever guesses the rest could try numbers against it.
_FINGERPRINTS: Final = _both_ways("input_hash")
#: Beside a number in one object, the name of who has it.
_NAMED_BESIDE: Final = tuple(
    (written(number), written(name))
    for number, name in (
        ("number", "display"),
        ("caller_id", "caller_id_name"),
        ("caller_id", "customer_name"),
        ("dialled_number", "customer_name"),
        ("shown_number", "shown_name"),
        ("destination_number", "destination_name"),
        ("agent_number", "agent_name"),
    )
    for written in (str, _as_in_documents)
)
#: Absent is fit for these too: of a name of which nothing is left, there is none.
_NAMES: Final = frozenset(name for _, name in _NAMED_BESIDE) | _both_ways("presented_name", "caller_name")
#: Where names are looked for.
_FREE: Final = _NAMES | _TEXTS | _WRITTEN | _OWN_IDS
#: Where a number says whom something is about; elsewhere it is only mentioned.
_NUMBERS: Final = _both_ways(
    *("number", "caller_id", "dialled_number", "shown_number", "destination_number", "connect_number"),
    *("customer_number", "agent_number"),
)


def is_about(document: Any, person: Person) -> bool:
    """Whether a document, or a row, is about the person, and does not only mention the number."""
    if isinstance(document, Mapping):
        return any(
            (key in _NUMBERS and isinstance(value, str) and person.is_in(value)) or is_about(value, person)
            for key, value in document.items()
        )
    return isinstance(document, list | tuple) and any(is_about(one, person) for one in document)


def names_beside(document: Mapping[str, Any], person: Person) -> dict[str, str]:
    """The names that stand beside the person's number in this object, by their keys."""
    found = {}
    for number_key, name_key in _NAMED_BESIDE:
        number, name = document.get(number_key), document.get(name_key)
        if isinstance(number, str) and isinstance(name, str) and name and person.is_in(number):
            found[name_key] = name
    return found


def names_in(document: Any, person: Person) -> Iterator[str]:
    """The names that stand beside the person's number anywhere in a document."""
    if isinstance(document, Mapping):
        yield from names_beside(document, person).values()
        for value in document.values():
            yield from names_in(value, person)
    elif isinstance(document, Sequence) and not isinstance(document, str | bytes):
        for one in document:
            yield from names_in(one, person)


def erase(document: Any, person: Person, *, is_free: bool = False) -> Any:
    """A document without the number, and without the names where people write; of the same shape.

    ``is_free``: all of it is of people's own words, but for its keys.
    """
    match document:
        case str():
            return person.erase(document) if is_free else person.erase_number(document)
        case bool():
            return document
        case int():
            return 0 if person.is_in(str(document)) else document
        case Mapping():
            return {
                person.erase_number(key): _erase_at(key, value, document, person, is_free=is_free)
                for key, value in document.items()
            }
        case list() | tuple():
            return [erase(one, person, is_free=is_free) for one in document]
        case _:
            return document


def _erase_at(key: str, value: Any, beside: Mapping[str, Any], person: Person, *, is_free: bool) -> Any:
    if key in _PAIRS and not is_free:
        return _pairs(value, person, keep=True)
    return erase(value, person, is_free=is_free or _is_written(key, beside))


def _is_written(key: str, beside: Mapping[str, Any]) -> bool:
    return key in _FREE or (key in _WRITTEN_BESIDE and _WRITTEN_BESIDE[key] in beside)


def wipe(document: Any, person: Person, *, is_free: bool = False) -> Any:
    """A document about this person: erased, and without what people have written or pressed in it."""
    match document:
        case Mapping():
            named = names_beside(document, person)
            return {
                person.erase_number(key): None if key in named else _wipe_at(key, value, document, person, is_free)
                for key, value in document.items()
            }
        case list() | tuple():
            return [wipe(one, person, is_free=is_free) for one in document]
        case _:
            return erase(document, person, is_free=is_free)


def _wipe_at(key: str, value: Any, beside: Mapping[str, Any], person: Person, is_free: bool) -> Any:
    if value is None or key in _OWN_IDS or (key in _WRITTEN_BESIDE and _WRITTEN_BESIDE[key] in beside):
        return None
    if key in _PAIRS:
        return _pairs(value, person, keep=False)
    if isinstance(value, str):
        if key in _TEXTS or key in _FINGERPRINTS:
            return ""
        if key in _DIGITS:
            return HIDDEN_DIGIT * len(value)
        if key in _NAMES:
            return person.erase(value).strip() or None
    return wipe(value, person, is_free=is_free or key in _FREE)


def _pairs(pairs: Any, person: Person, *, keep: bool) -> Any:
    """The keys stay, which are the account's own words for what it keeps; what it kept is erased, or goes."""
    if isinstance(pairs, Mapping):
        return {person.erase_number(key): _pair_value(value, person, keep=keep) for key, value in pairs.items()}
    if not isinstance(pairs, list | tuple):
        return erase(pairs, person) if keep else wipe(pairs, person)
    return [
        {
            name: _pair_value(held, person, keep=keep) if name in _PAIR_VALUES else erase(held, person)
            for name, held in pair.items()
        }
        if isinstance(pair, Mapping)
        else _pairs_beside(pair, person, keep=keep)
        for pair in pairs
    ]


def _pair_value(value: Any, person: Person, *, keep: bool) -> Any:
    return erase(value, person, is_free=True) if keep else ""


def _pairs_beside(other: Any, person: Person, *, keep: bool) -> Any:
    return erase(other, person) if keep else wipe(other, person)
