"""The use cases of calls: originate, hang up, update. What the API, campaigns and callbacks call."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import msgspec

from app.accounts.audit import AuditLog
from app.accounts.principal import Principal
from app.accounts.scopes import Scope
from app.calls import texts
from app.calls.asking.acceptance import see_accepted
from app.calls.asking.placings import Placings
from app.calls.asking.replays import Replays
from app.calls.asking.supervision_audit import audit_supervision
from app.calls.core import inputs
from app.calls.core.ending import has_ended
from app.calls.core.model.call import Call
from app.calls.core.verbs import (
    Verb,
    scope_of,
)
from app.calls.keeping.commit import is_unwritten
from app.calls.keeping.keys import KeyClaim, KeyHolder, check_key, check_same_input, hash_input
from app.calls.keeping.store import CallStore, FencedError
from app.calls.living.actor import CallActor
from app.calls.living.registry import CallRegistry
from app.calls.planning.admission import Admission
from app.calls.planning.fingerprints import KeyedVerb
from app.calls.planning.leads import Announcer, Leads, Programs
from app.calls.planning.originate_checks import (
    allowed_by,
    check_allowed,
    check_request,
    read_caller_id,
    read_numbers,
)
from app.calls.planning.originate_lookup import OriginateLookup
from app.calls.planning.party_lookup import PartyLookup
from app.calls.planning.placing import Readiness
from app.calls.planning.plan import Defaults, normalised_input, plan_call
from app.calls.planning.requests import UNSET, Acted, OriginateRequest, OwnCall, Placed, UpdateRequest
from app.calls.time_limits import ACCEPT_SECONDS, EFFECT_SECONDS
from app.calls.traces.words import Document
from app.clock import Clock
from app.errors import (
    AsteriskUnavailableError,
    DatabaseUnavailableError,
    OverloadedError,
    Problem,
    RefusedError,
    UnavailableError,
)
from app.facts.vocabulary import CallState
from app.ids import Kind, kind_of, new_id
from app.numbers.parse import E164
from app.reputation.caller_ids import CallerIds
from app.routing.directory import Directory
from app.routing.stops import Stops
from app.usage.caps import LimitReachedError

ORIGINATE: Final = "originateCall"


class CallService:
    """What may be done with calls, on one node."""

    def __init__(
        self,
        *,
        registry: CallRegistry,
        store: CallStore,
        directory: Directory,
        caller_ids: CallerIds,
        stops: Stops,
        readiness: Readiness,
        clock: Clock,
        node: str,
        defaults: Defaults,
        accept_seconds: float = ACCEPT_SECONDS,
        audit: AuditLog | None = None,
        variables: frozenset[str] = frozenset(),
        programs: Programs | None = None,
        announcer: Announcer | None = None,
        contexts: frozenset[str] = frozenset(),
        admission: Admission | None = None,
    ) -> None:
        self._admission = admission or Admission()
        self._leads = Leads(stops=stops, programs=programs, announcer=announcer, contexts=contexts)
        self._parties = PartyLookup(directory, stops, self._leads, programs, defaults)
        self._audit = audit
        self._variables = variables
        self._registry = registry
        self._store = store
        self._replays = Replays(registry, store)
        self._placings = Placings(store)
        self._lookup = OriginateLookup(directory, caller_ids)
        self._readiness = readiness
        self._clock = clock
        self._node = node
        self._defaults = defaults
        self._accept_seconds = accept_seconds

    async def originate(self, principal: Principal, request: OriginateRequest) -> Placed:
        """Place a call, or give back the one that this idempotency key has placed, without any further wait.

        A caller that goes away meanwhile hangs up nothing: once it is begun, the call is placed all the same. Of a dry
        run only the plan comes back, a call that is nowhere: its key is neither looked up nor used.

        Raises:
            RefusedError: see ``plan`` and ``admission`` for codes; INVALID_INPUT, IDEMPOTENCY_KEY_REUSED for the key.
            AsteriskUnavailableError: nothing can be dialled now. Nothing was; the key is not burnt.
            DatabaseUnavailableError: nothing was dialled. Use the same key again: should the call have been written
                after all, it comes back as it ended (FAILED, never dialled); otherwise it is placed.
            OverloadedError: this node has as many calls as it may.
            FencedError: the calls of this node are in other hands by now. Ask there, with the same key.
        """
        return await self._originate(principal, request, None)

    async def place(self, principal: Principal, request: OriginateRequest, own: OwnCall) -> Placed:
        """Place a call of Offhook's own, or give back the one that its key has placed, whatever the request was then.

        Raises:
            OffhookError, FencedError: as :meth:`originate`.
            UnavailableError: its ``not_after`` had come before it was begun. Nothing was dialled; the key is not burnt.
        """
        return await self._originate(principal, request, own)

    async def _originate(self, principal: Principal, request: OriginateRequest, own: OwnCall | None) -> Placed:
        principal.require(Scope.CALLS_ORIGINATE)
        check_key(request.idempotency_key)
        is_led = own is not None and own.lead is not None
        keys = ORIGINATE if own is None else own.keys
        check_request(request, variables=self._variables, is_led=is_led)
        caller_id = read_caller_id(request, principal)
        holder = await self._store.find_key(principal.account_id, keys, request.idempotency_key)
        if holder is not None and not request.dry_run:
            return await self._replay(holder, request, principal, caller_id, own)
        found, numbers, choice = await self._lookup.find(principal, request, caller_id)
        found = replace(found, flow=await self._leads.of_request(principal.account_id, request))
        check_allowed(request, principal, numbers, found, is_led=is_led)
        group, then = await self._parties.of_group(request, principal, numbers, found)
        if (why := self._readiness.why_not_ready) is not None:
            raise AsteriskUnavailableError(f"No call can be placed now. {why}")
        call = plan_call(
            request,
            principal,
            numbers,
            found,
            node=self._node,
            now=self._clock.now(),
            defaults=self._defaults,
            make_id=new_id,
            group=group,
            then=then,
            own=own,
        )
        call = msgspec.structs.replace(call, caller_id_choice=choice)
        if request.dry_run:
            cost = await self._admission.quote(call, found)
            return Placed(call=call, is_replayed=False, allowed_by=allowed_by(numbers, found), most_cost=cost)
        input_hash = _hash_errand(own) if own else hash_input(normalised_input(request, numbers, caller_id))
        claim = KeyClaim(principal.account_id, keys, request.idempotency_key, input_hash, call.id)
        accept_seconds, not_after = self._accept_seconds, None if own is None else own.not_after
        if not_after is not None:
            accept_seconds = min(accept_seconds, (not_after - self._clock.now()).total_seconds())
            if accept_seconds <= 0:
                raise UnavailableError("It took too long to look up what the call needs, so it is not placed.")
        with self._placings.placing(claim) as is_over:
            try:
                await self._admission.admit(call, found, is_own=own is not None)
            except (RefusedError, LimitReachedError):
                is_over.set()
                first = await self._placings.find_first(claim, accept_seconds)
                if first is None:
                    raise
                return await self._replay(first, request, principal, caller_id, own)
            try:
                actor = self._registry.start(call, claim=claim, not_after=not_after)
            except (OverloadedError, FencedError):
                await self._admission.leave(call, found)
                raise
            actor.post(inputs.Start())
            try:
                taken = await see_accepted(actor, accept_seconds)
            except Exception as error:
                if is_unwritten(error):
                    await self._admission.leave(call, found)
                raise
        if taken is not None:
            await self._admission.leave(call, found)
            return await self._replay(taken.holder, request, principal, caller_id, own)
        return Placed(call=actor.call, is_replayed=False)

    async def hang_up(self, principal: Principal, call_id: str) -> Call:
        """End a call; gives it as it stands once its end is decided.

        Raises:
            RefusedError: NOT_FOUND; SANDBOX_ONLY; INVALID_STATE when it has ended.
        """
        principal.require(Scope.CALLS_CONTROL)
        actor = await self._find_live(principal, call_id)
        if not actor.call.is_ending:
            actor.post(inputs.HangupRequested(actor=principal.actor, request_id=principal.request_id))
        return await self._wait_for_effect(actor, lambda call: call.is_ending)

    async def update(self, principal: Principal, request: UpdateRequest) -> Call:
        """Change the caller's own data on a live call.

        Raises:
            RefusedError: NOT_FOUND; SANDBOX_ONLY; INVALID_INPUT; INVALID_STATE when it has ended.
        """
        principal.require(Scope.CALLS_CONTROL)
        problems: list[Problem] = []
        if request.external_id is not UNSET:
            problems += texts.check_external_id(request.external_id)
        if request.metadata is not UNSET:
            problems += texts.check_metadata(request.metadata)
        if request.tags is not UNSET:
            problems += texts.check_tags(request.tags)
        if problems:
            raise RefusedError(problems)
        actor = await self._find_live(principal, request.call_id)
        change = inputs.UpdateRequested(
            actor=principal.actor,
            request_id=principal.request_id,
            external_id=None if request.external_id is UNSET else request.external_id,
            clear_external_id=request.external_id is None,
            metadata=None if request.metadata is UNSET else request.metadata,
            tags=None if request.tags is UNSET else request.tags,
        )
        actor.post(change)

        def is_changed(call: Call) -> bool:
            return (
                (request.external_id is UNSET or call.external_id == request.external_id)
                and (request.metadata is UNSET or call.metadata == request.metadata)
                and (request.tags is UNSET or call.tags == request.tags)
            )

        call = await self._wait_for_effect(actor, is_changed)
        if call.is_ended and not is_changed(call):
            raise has_ended(call)
        return call

    async def act(self, principal: Principal, subject_id: str, verb: Verb) -> Acted:
        """Ask something of a live call; gives it as it stands once that is written and was asked of Asterisk.

        Raises:
            RefusedError: NOT_FOUND, SANDBOX_ONLY; INVALID_STATE, with the state that is in the way; where phones ring
                also INVALID_INPUT, IDEMPOTENCY_KEY_REUSED for the key, and what speaks against whom it is for.
            AsteriskUnavailableError: it was not carried out in time; it may be still. Or nothing can be dialled now.
            DatabaseUnavailableError: nothing can be dialled now; nothing was, and the key is not burnt.
        """
        principal.require(scope_of(verb))
        try:
            acted = await self._act(principal, subject_id, verb)
        except RefusedError as refused:
            self._note(principal, verb, subject_id, outcome=refused.problems[0].code)
            raise
        if not acted.is_replayed:
            self._note(principal, verb, subject_id, acted.call)
        return acted

    def _note(
        self, principal: Principal, verb: Verb, subject_id: str, call: Call | None = None, *, outcome: str = "OK"
    ) -> None:
        """Who listens to whom is kept, and who wanted to."""
        entry = audit_supervision(principal, verb, subject_id, call, outcome=outcome)
        if entry is not None and self._audit is not None:
            self._audit.record(entry)

    async def _act(self, principal: Principal, subject_id: str, verb: Verb) -> Acted:
        if not isinstance(verb, KeyedVerb):
            return await self._ask(principal, subject_id, verb)
        known = await self._replays.find(principal, subject_id, verb)
        if known is not None:
            return Acted(call=known, is_replayed=True)
        if self._store.is_postponing:
            raise DatabaseUnavailableError("The database is away, so nothing new is dialled. Use the same key again.")
        if (why := self._readiness.why_not_ready) is not None:
            raise AsteriskUnavailableError(f"Nothing can be dialled now. {why}")
        with self._replays.using(principal, subject_id, verb):
            return await self._ask(principal, subject_id, verb)

    async def _ask(self, principal: Principal, subject_id: str, verb: Verb) -> Acted:
        owner = self._registry.owner_of(subject_id)
        actor = await self._find_live(principal, subject_id if owner is None else owner.call.id)
        event = await self._parties.as_input(principal, actor.call, verb)
        admitted = await self._admission.admit_request(actor.call, event)
        try:
            async with asyncio.timeout(EFFECT_SECONDS):
                call = await asyncio.shield(actor.ask(event))
        except (RefusedError, OverloadedError):  # it was not taken: nothing comes of it any more
            await self._admission.leave_request(admitted)
            raise
        except TimeoutError:
            raise AsteriskUnavailableError(
                "The call did not get to the request in time; it may still be carried out. Look at the call."
            ) from None
        if isinstance(event, inputs.Requested):
            return Acted(call=call)
        is_replayed = all(key.subject_id != event.key.subject_id for key in call.keys)
        if is_replayed:
            await self._admission.leave_request(admitted)
        return Acted(call=call, is_replayed=is_replayed)

    def live_trace(self, principal: Principal, call_id: str) -> Document | None:
        """What led one of the account's live calls to where it is; None when it is not live here, or not traced."""
        principal.require(Scope.CALLS_READ)
        actor = self._registry.find(call_id)
        if actor is None or actor.trace is None or actor.call.account_id != principal.account_id:
            return None
        return actor.trace.document()

    def live_call(self, account_id: str, call_id: str) -> Call | None:
        """A live call of the account as it stands this moment; None when it is not live here."""
        actor = self._registry.find(call_id)
        if actor is None or actor.call.account_id != account_id or actor.call.state is CallState.PENDING:
            return None
        return actor.call

    async def _replay(
        self,
        holder: KeyHolder,
        request: OriginateRequest,
        principal: Principal,
        caller_id: E164 | None,
        own: OwnCall | None,
    ) -> Placed:
        """The key's call as it stands, whatever has become meanwhile of the trunk and the agent it was placed with."""
        actor = self._registry.find(holder.subject_id)
        call = actor.call if actor is not None else await self._store.load(holder.subject_id)
        if call is None:
            msg = "an idempotency key is written together with its call"
            raise LookupError(msg)
        if own is not None:
            check_same_input(holder, _hash_errand(own))
            return Placed(call=call if actor is None else actor.call, is_replayed=True)
        try:
            numbers = read_numbers(request, principal, is_sandbox=call.is_sandbox)
        except RefusedError:
            check_same_input(holder, b"")  # the call could be placed with its numbers: these are others
            raise
        check_same_input(holder, hash_input(normalised_input(request, numbers, caller_id)))
        return Placed(call=call if actor is None else actor.call, is_replayed=True)

    async def _find_live(self, principal: Principal, call_id: str) -> CallActor:
        actor = self._registry.find(call_id) if kind_of(call_id) is Kind.CALL else None
        if actor is not None and actor.call.account_id == principal.account_id and not actor.call.is_ended:
            principal.require_sandbox(is_sandbox=actor.call.is_sandbox, field=("callId",))
            return actor
        call = await self._store.load(call_id) if kind_of(call_id) is Kind.CALL else None
        if call is None or call.account_id != principal.account_id:
            raise RefusedError(Problem("NOT_FOUND", "There is no such call.", ("callId",)))
        if call.is_ended:
            raise has_ended(call)
        raise AsteriskUnavailableError("The call is not under this node's control just now. Try again shortly.")

    async def _wait_for_effect(self, actor: CallActor, holds: Callable[[Call], bool]) -> Call:
        try:
            async with asyncio.timeout(EFFECT_SECONDS):
                return await actor.wait_until(lambda call: holds(call) or call.is_ended)
        except TimeoutError:
            return actor.call  # the request stands in the call's mailbox and will be carried out


def _hash_errand(own: OwnCall) -> bytes:
    return hash_input({"kind": own.kind.value, "errand": msgspec.to_builtins(own.errand)})
