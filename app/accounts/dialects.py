"""The dialects: other services' HTTP interfaces, which are answered as well, each in its own words."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from app.accounts.scopes import Scope


class Dialect(StrEnum):
    """The dialects; ``app.dialects`` speaks them."""

    ASTERISKAPI = "ASTERISKAPI"
    ORIGINATE_CALL = "ORIGINATE_CALL"
    CLOUD_PBX = "CLOUD_PBX"
    CPAAS = "CPAAS"


_CALLS: Final = frozenset({Scope.CALLS_READ, Scope.CALLS_ORIGINATE, Scope.PII_READ})
#: What whoever holds a dialect's credential may do: what that dialect needs, and no more. No other is given.
SCOPES: Final[Mapping[Dialect, frozenset[Scope]]] = MappingProxyType(
    {
        Dialect.ASTERISKAPI: _CALLS | {Scope.RECORDINGS_READ},
        Dialect.ORIGINATE_CALL: _CALLS | {Scope.ROUTING, Scope.AGENTS},
        Dialect.CLOUD_PBX: _CALLS | {Scope.CDRS_READ, Scope.ROUTING, Scope.AGENTS},
        Dialect.CPAAS: _CALLS
        | {
            *(Scope.CALLS_CONTROL, Scope.CDRS_READ, Scope.RECORDINGS_READ, Scope.DTMF_READ, Scope.CALLBACKS, Scope.OTP),
            *(Scope.CAMPAIGNS_READ, Scope.CAMPAIGNS_WRITE, Scope.CONTACTS, Scope.DNC, Scope.ROUTING, Scope.AGENTS),
        },
    }
)
#: Whose clients name themselves beside their secret.
NAMED: Final = frozenset({Dialect.ORIGINATE_CALL, Dialect.CPAAS})
#: Whose clients sign with a key, which must be at hand in the clear.
SIGNED: Final = frozenset({Dialect.ORIGINATE_CALL})
#: Whose clients may come from listed addresses alone, so that without a list nobody may.
LISTED: Final = frozenset({Dialect.CLOUD_PBX})
