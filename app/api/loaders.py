"""One query for a whole page of parents: the data loaders of one operation.

They remember what they loaded, so they live as long as one operation, and one message of a subscription, and no longer.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from strawberry.dataloader import DataLoader

from app.calls.core.model.call import Call
from app.campaigns.figures import Figures
from app.campaigns.model import Campaign, CampaignId
from app.campaigns.queries import Minutes, Standing
from app.contacts.model import Contact
from app.facts.calls import CdrRecord
from app.numbers.parse import E164
from app.queues.agent_rows import AgentStanding
from app.queues.standings import QueueStanding
from app.recordings.model import Recording
from app.reputation.rows import NumberStanding
from app.reputation.service import SpamVerdict
from app.resources.resource import Resource
from app.routing.model import Agent, Device
from app.services import Services
from app.transcripts.model import Transcript
from app.webhooks.model import Attempt

#: The largest page: a batch is one page's worth of parents, and one array in SQL.
LARGEST_BATCH = 200


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=_Identified)


class Loaders:
    """The loaders, all of them looking at one account only."""

    def __init__(self, services: Services, account_id: str) -> None:
        self._services = services
        self._account_id = account_id
        self.call: DataLoader[str, Call | None] = DataLoader(self._calls, max_batch_size=LARGEST_BATCH)
        self.cdr: DataLoader[str, CdrRecord | None] = DataLoader(self._cdrs, max_batch_size=LARGEST_BATCH)
        self.cdr_of_call: DataLoader[str, CdrRecord | None] = DataLoader(
            self._cdrs_of_calls, max_batch_size=LARGEST_BATCH
        )
        self.recording: DataLoader[str, Recording | None] = DataLoader(self._recordings, max_batch_size=LARGEST_BATCH)
        self.recordings_of_call: DataLoader[str, list[Recording]] = DataLoader(
            self._recordings_of_calls, max_batch_size=LARGEST_BATCH
        )
        self.transcript_of_recording: DataLoader[str, Transcript | None] = DataLoader(
            self._transcripts_of_recordings, max_batch_size=LARGEST_BATCH
        )
        self.transcript_of_call: DataLoader[str, Transcript | None] = DataLoader(
            self._transcripts_of_calls, max_batch_size=LARGEST_BATCH
        )
        self.attempts_of_delivery: DataLoader[str, Sequence[Attempt]] = DataLoader(
            self._attempts, max_batch_size=LARGEST_BATCH
        )

        self.campaign: DataLoader[str, Campaign | None] = DataLoader(self._campaigns, max_batch_size=LARGEST_BATCH)
        self.contact: DataLoader[str, Contact | None] = DataLoader(self._contacts, max_batch_size=LARGEST_BATCH)
        self.contact_list = self._by_id(services.contacts.lists)
        self.dnc_list = self._by_id(services.contacts.dnc_lists)
        self.campaign_standing: DataLoader[str, Standing | None] = DataLoader(
            self._campaign_standings, max_batch_size=LARGEST_BATCH
        )
        #: By the campaign, which must be one of the account's, and the minutes that are counted.
        self.campaign_figures: DataLoader[tuple[str, Minutes], Figures] = DataLoader(
            self._campaign_figures, max_batch_size=LARGEST_BATCH
        )

        routing = services.routing
        self.agent = self._by_id(routing.agents)
        self.extension = self._by_id(routing.extensions)
        self.trunk = self._by_id(routing.trunks)
        self.outbound_number = self._by_id(routing.numbers)
        self.ring_group = self._by_id(routing.ring_groups)
        self.queue = self._by_id(routing.queues)
        self.device = self._by_id(routing.devices)
        self.agent_standing: DataLoader[str, AgentStanding] = DataLoader(
            self._agent_standings, max_batch_size=LARGEST_BATCH
        )
        self.number_standing: DataLoader[str, NumberStanding] = DataLoader(
            self._number_standings, max_batch_size=LARGEST_BATCH
        )
        #: By the number, and whether the reputation provider may be asked.
        self.spam_verdict: DataLoader[tuple[E164, bool], SpamVerdict] = DataLoader(self._spam_verdicts)
        self.queue_standing: DataLoader[str, QueueStanding | None] = DataLoader(
            self._queue_standings, max_batch_size=LARGEST_BATCH
        )
        self.devices_of_extension = self._devices_of("extension_id")
        self.devices_of_agent = self._devices_of("agent_id")
        self.agents_of_extension: DataLoader[str, list[Agent]] = DataLoader(
            self._agents_of_extensions, max_batch_size=LARGEST_BATCH
        )

    def _by_id(self, resource: Resource[R]) -> DataLoader[str, R | None]:
        async def load(ids: list[str]) -> list[R | None]:
            found = {one.id: one for one in await resource.get_many(self._account_id, ids)}
            return [found.get(one) for one in ids]

        return DataLoader(load, max_batch_size=LARGEST_BATCH)

    def _devices_of(self, column: str) -> DataLoader[str, list[Device]]:
        async def load(ids: list[str]) -> list[list[Device]]:
            found: dict[str | None, list[Device]] = {}
            for device in await self._services.routing.devices.of_owners(self._account_id, column, ids):
                found.setdefault(getattr(device, column), []).append(device)
            return [found.get(one, []) for one in ids]

        return DataLoader(load, max_batch_size=LARGEST_BATCH)

    async def _number_standings(self, numbers: list[str]) -> list[NumberStanding]:
        found = await self._services.reputation.standings(self._account_id, numbers)
        return [found[one] for one in numbers]

    async def _spam_verdicts(self, asked: list[tuple[E164, bool]]) -> list[SpamVerdict]:
        return [
            await self._services.reputation.verdict_of(self._account_id, number, may_ask=may_ask)
            for number, may_ask in asked
        ]

    async def _agent_standings(self, ids: list[str]) -> list[AgentStanding]:
        found = await self._services.agent_states.get_many(self._account_id, ids)
        return [found[one] for one in ids]

    async def _queue_standings(self, ids: list[str]) -> list[QueueStanding | None]:
        found = {one.queue_id: one for one in await self._services.queue_standings.read(self._account_id, ids)}
        return [found.get(one) for one in ids]

    async def _agents_of_extensions(self, ids: list[str]) -> list[list[Agent]]:
        found: dict[str | None, list[Agent]] = {}
        for agent in await self._services.routing.agents.of_extensions(self._account_id, ids):
            found.setdefault(agent.extension_id, []).append(agent)
        return [found.get(one, []) for one in ids]

    async def _calls(self, ids: list[str]) -> list[Call | None]:
        found = await self._services.call_queries.get_many(self._account_id, ids)
        return [found.get(one) for one in ids]

    async def _cdrs(self, ids: list[str]) -> list[CdrRecord | None]:
        found = await self._services.cdr_queries.get_many(self._account_id, ids)
        return [found.get(one) for one in ids]

    async def _cdrs_of_calls(self, ids: list[str]) -> list[CdrRecord | None]:
        found = await self._services.cdr_queries.get_by_call(self._account_id, ids)
        return [found.get(one) for one in ids]

    async def _campaigns(self, ids: list[str]) -> list[Campaign | None]:
        found = {one.id: one for one in await self._services.campaigns.queries.get_many(self._account_id, ids)}
        return [found.get(CampaignId(one)) for one in ids]

    async def _campaign_standings(self, ids: list[str]) -> list[Standing | None]:
        found = await self._services.campaigns.queries.stand(self._account_id, ids)
        return [found.get(one) for one in ids]

    async def _campaign_figures(self, asked: list[tuple[str, Minutes]]) -> list[Figures]:
        queries = self._services.campaigns.queries
        by_time: dict[Minutes, list[str]] = {}
        for campaign_id, when in asked:
            by_time.setdefault(when, []).append(campaign_id)
        found = {when: await queries.figures(ids, when) for when, ids in by_time.items()}
        return [found[when][campaign_id] for campaign_id, when in asked]

    async def _contacts(self, ids: list[str]) -> list[Contact | None]:
        found = {one.id: one for one in await self._services.contacts.contacts.get_many(self._account_id, ids)}
        return [found.get(one) for one in ids]

    async def _recordings(self, ids: list[str]) -> list[Recording | None]:
        found = {one.id: one for one in await self._services.recordings.get_many(self._account_id, ids)}
        return [found.get(one) for one in ids]

    async def _recordings_of_calls(self, ids: list[str]) -> list[list[Recording]]:
        found: dict[str, list[Recording]] = {}
        for recording in await self._services.recordings.of_calls(self._account_id, ids):
            found.setdefault(recording.call_id, []).append(recording)
        return [found.get(one, []) for one in ids]

    async def _transcripts_of_recordings(self, ids: list[str]) -> list[Transcript | None]:
        found = await self._services.transcript_queries.of_recordings(self._account_id, ids)
        return [found.get(one) for one in ids]

    async def _transcripts_of_calls(self, ids: list[str]) -> list[Transcript | None]:
        found = await self._services.transcript_queries.of_calls(self._account_id, ids)
        return [found.get(one) for one in ids]

    async def _attempts(self, ids: list[str]) -> list[Sequence[Attempt]]:
        found = await self._services.webhook_queries.attempts_of(self._account_id, ids)
        return [found.get(one, ()) for one in ids]
