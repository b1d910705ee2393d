"""What an erasure's job carries: who it is about, sealed, until it is over."""

import base64
from typing import Self

import msgspec

from app.erasure.person import Person
from app.facts.vocabulary import Words
from app.secrets.sealing import Sealer


class _Told(Words, frozen=True, kw_only=True):
    number: str
    names: tuple[str, ...] = ()


class ErasureOrder(Words, frozen=True, kw_only=True):
    """A job's payload. ``sealed`` goes when the job is over: the tombstone alone stays."""

    tombstone: str
    is_dry_run: bool
    sealed: str | None = None

    @classmethod
    def about(cls, person: Person, sealer: Sealer, *, is_dry_run: bool) -> Self:
        return cls(tombstone=person.tombstone, is_dry_run=is_dry_run, sealed=seal(person, sealer))

    def person(self, sealer: Sealer) -> Person | None:
        """Who it is; None once nobody knows any more."""
        return None if self.sealed is None else unseal(self.sealed, self.tombstone, sealer)

    def forgotten(self) -> "ErasureOrder":
        """What stays of it."""
        return ErasureOrder(tombstone=self.tombstone, is_dry_run=self.is_dry_run)


def seal(person: Person, sealer: Sealer) -> str:
    """A person for a row of the database: nobody can read it there."""
    told = msgspec.json.encode(_Told(number=person.number, names=tuple(sorted(person.names))))
    return base64.b64encode(sealer.seal(told, owner_id=person.tombstone)).decode()


def unseal(sealed: str, tombstone: str, sealer: Sealer) -> Person:
    """The person behind it.

    Raises:
        ConfigurationError: it was sealed under another secret.
    """
    told = msgspec.json.decode(sealer.open(base64.b64decode(sealed), owner_id=tombstone), type=_Told)
    return Person(told.number, tombstone, frozenset(told.names))
