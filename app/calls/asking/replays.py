"""One idempotency key, one effect: also for what is asked of a live call and rings phones.

The call itself remembers its keys, and its machine carries out none of them twice. Each is written to the account's
keys in the statement that writes the call, so that it is known for another call, and after the call is over.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from app.accounts.principal import Principal
from app.calls.core.model.call import Call
from app.calls.keeping.keys import KeyHolder, check_key, check_same_input, key_is_reused
from app.calls.keeping.store import CallStore
from app.calls.living.registry import CallRegistry
from app.calls.planning.fingerprints import KeyedVerb, fingerprint, mutation_of
from app.errors import RefusedError


class Replays:
    """Knows the keys that were used, and those that are being used this moment."""

    def __init__(self, registry: CallRegistry, store: CallStore) -> None:
        self._registry = registry
        self._store = store
        self._under_way: dict[tuple[str, str, str], list[str]] = {}

    @contextmanager
    def using(self, principal: Principal, call_id: str, verb: KeyedVerb) -> Iterator[None]:
        """Keep a key for one call while it is being used: what is not written yet, nobody else could look up.

        Raises:
            RefusedError: IDEMPOTENCY_KEY_REUSED, while it is used for another call.
        """
        name = (principal.account_id, mutation_of(verb), verb.idempotency_key)
        users = self._under_way.setdefault(name, [])
        if any(one != call_id for one in users):
            raise key_is_reused()
        users.append(call_id)
        try:
            yield
        finally:
            users.remove(call_id)
            if not users:
                self._under_way.pop(name, None)

    async def find(self, principal: Principal, call_id: str, verb: KeyedVerb) -> Call | None:
        """The call as it stands, if this very request was carried out before; also once the call is over.

        Raises:
            RefusedError: INVALID_INPUT for the key; IDEMPOTENCY_KEY_REUSED.
            DatabaseUnavailableError: nobody knows whether the key was used. Nothing was done.
        """
        check_key(verb.idempotency_key)
        actor = self._registry.find(call_id)
        call = actor.call if actor is not None and actor.call.account_id == principal.account_id else None
        if call is not None and _remembers(call, verb):
            return _checked(call, verb, principal)
        holder = await self._store.find_key(principal.account_id, mutation_of(verb), verb.idempotency_key)
        if holder is None:
            return None
        if holder.subject_id != call_id:
            raise key_is_reused()
        # Between its commit and the actor's next breath a live call may not say so yet: its machine will.
        call = actor.call if actor is not None else await self._store.load(call_id)
        return _checked(call, verb, principal) if call is not None and _remembers(call, verb) else None


def _remembers(call: Call, verb: KeyedVerb) -> bool:
    return any((used.mutation, used.key) == (mutation_of(verb), verb.idempotency_key) for used in call.keys)


def _checked(call: Call, verb: KeyedVerb, principal: Principal) -> Call:
    for used in call.keys:
        if (used.mutation, used.key) == (mutation_of(verb), verb.idempotency_key):
            holder = KeyHolder(bytes.fromhex(used.input_hash), call.id)
            try:
                mark = fingerprint(verb, principal, call)
            except RefusedError:
                mark = b""  # what was carried out had a number that can be read: this is another
            check_same_input(holder, mark)
    return call
