import { useState } from "preact/hooks";

import { act, useQuery, usePages } from "../../api";
import { Badge } from "../../components/badge";
import { Button } from "../../components/button";
import { confirm, Dialog } from "../../components/dialog";
import { DateField, FilterBar, SearchField, SelectField } from "../../components/filters";
import { Card, Empty, Facts, Loading, Problem } from "../../components/page";
import { Pager, Table, type Column } from "../../components/table";
import { Instant } from "../../components/time";
import { toast } from "../../components/toast";
import { inWords, toneOf } from "../../components/words";
import { counted, eventName } from "../../format/words";
import {
  ReplayWebhooksDocument,
  WebhookDeliveriesDocument,
  WebhookDeliveryInFullDocument,
  type RecordDeliveryFragment,
  type ReplayWebhooksInput,
} from "../../generated/operations";
import { route, setQuery } from "../../router";
import { has } from "../../session";
import { filterIn, OVER, replayAll, STATES } from "./asking";
import { Attempts } from "./attempts";

const COLUMNS: readonly Column<RecordDeliveryFragment>[] = [
  { key: "type", title: "Event", cell: (row) => <code>{eventName(row.eventType)}</code>, isMain: true },
  {
    key: "state",
    title: "State",
    cell: (row) => (
      <span class="row">
        <Badge tone={toneOf(row.state)}>{inWords(row.state)}</Badge>
        {row.isReplay && <Badge>Replay</Badge>}
        {row.isTestEvent && <Badge>Test</Badge>}
      </span>
    ),
  },
  { key: "subject", title: "About", cell: (row) => <code class="soft">{row.subjectId}</code>, isQuiet: true },
  { key: "attempts", title: "Attempts", cell: (row) => row.attemptCount, align: "end" },
  { key: "created", title: "Put in line", cell: (row) => <Instant at={row.createdAt} withDate /> },
];

/** Ask for a replay, all of it; tells how many were put in line. */
async function replay(input: ReplayWebhooksInput): Promise<boolean> {
  const count = await replayAll((after) => act(ReplayWebhooksDocument, { input: { ...input, after } }));
  if (count === null) return false;
  if (count === 0) toast("Nothing was put in line: it waits already, or its event is no longer kept.", "amber");
  else toast(`${counted(count, "delivery is", "deliveries are")} sent again.`, "green");
  return count > 0;
}

export function Deliveries({ endpointId }: { endpointId: string }) {
  const query = route.value.query;
  const filter = filterIn(endpointId, query);
  const value = (name: string) => query.get(name) ?? "";
  const pages = usePages(WebhookDeliveriesDocument, { filter }, (data) => data.webhookDeliveries, { every: 5 });
  const [opened, setOpened] = useState<string | null>(null);
  const isFiltered = Object.keys(filter).length > 1;
  const state = value("state");
  const mayReplay = has("WEBHOOKS_WRITE") && state !== "PENDING";

  const replayThese = async () => {
    const isSure = await confirm({
      title: "Send these deliveries again?",
      text: isFiltered
        ? "All deliveries of this endpoint that the filters show and that are over, whatever page they are on."
        : "All deliveries of this endpoint that are over, as far back as events are kept.",
      action: "Send again",
    });
    if (isSure && (await replay({ ...filter, states: filter.states ?? OVER }))) pages.reload();
  };

  return (
    <Card
      title="Deliveries"
      flush
      actions={
        mayReplay &&
        (pages.rows?.length ?? 0) > 0 && (
          <Button small icon="refresh" onClick={replayThese}>
            {isFiltered ? "Replay these" : "Replay all"}
          </Button>
        )
      }
    >
      <div class="webhook-filters">
        <FilterBar onReset={isFiltered && (() => setQuery({ state: "", event: "", subject: "", from: "", to: "" }))}>
          <SelectField
            label="State"
            value={state}
            options={[["", "All"], ...STATES.map((one) => [one, inWords(one)] as const)]}
            onChange={(state) => setQuery({ state })}
          />
          <SearchField
            label="Event"
            value={value("event")}
            placeholder="call.ended"
            onInput={(event) => setQuery({ event })}
          />
          <SearchField
            label="About"
            value={value("subject")}
            placeholder="call_…"
            onInput={(subject) => setQuery({ subject })}
          />
          <DateField label="From" value={value("from")} onChange={(from) => setQuery({ from })} />
          <DateField label="To" value={value("to")} onChange={(to) => setQuery({ to })} />
        </FilterBar>
      </div>
      <Problem error={pages.error} onRetry={pages.reload} />
      {!(pages.error && !pages.rows) && (
        <Table
          caption="Deliveries"
          columns={COLUMNS}
          rows={pages.rows}
          keyOf={(row) => row.id}
          onOpen={(row) => setOpened(row.id)}
          isLoading={pages.isLoading}
          empty={<Empty icon="webhook" title={isFiltered ? "No delivery is like that." : "Nothing was sent yet."} />}
        />
      )}
      <Pager pages={pages} />
      {opened && <DeliveryDialog id={opened} onClose={() => setOpened(null)} onReplayed={pages.reload} />}
    </Card>
  );
}

function DeliveryDialog({ id, onClose, onReplayed }: { id: string; onClose: () => void; onReplayed: () => void }) {
  const asked = useQuery(WebhookDeliveryInFullDocument, { id }, { every: 2 });
  const delivery = asked.data?.webhookDelivery;
  const replayThis = async () => {
    if (!(await replay({ deliveryIds: [id] }))) return;
    asked.reload();
    onReplayed();
  };
  return (
    <Dialog
      title={delivery ? eventName(delivery.eventType) : "Delivery"}
      onClose={onClose}
      side
      actions={
        delivery &&
        has("WEBHOOKS_WRITE") && (
          <Button kind="primary" icon="refresh" isDisabled={!OVER.includes(delivery.state)} onClick={replayThis}>
            Replay
          </Button>
        )
      }
    >
      <div class="stack">
        <Problem error={asked.error} onRetry={asked.reload} />
        {!asked.data && !asked.error && <Loading />}
        {asked.data && !delivery && <Empty icon="webhook" title="This delivery is not kept any more." />}
        {delivery && (
          <>
            <Facts
              items={[
                ["State", <Badge tone={toneOf(delivery.state)}>{inWords(delivery.state)}</Badge>],
                ["About", <code>{delivery.subjectId}</code>],
                ["webhook-id", delivery.eventId ? <code>{delivery.eventId}</code> : "past retention"],
                ["Put in line", <Instant at={delivery.createdAt} withDate />],
                [
                  delivery.state === "PENDING" ? "Next attempt" : "Over",
                  <Instant at={delivery.nextAttemptAt ?? delivery.finishedAt} withDate />,
                ],
              ]}
            />
            {delivery.attempts.length > 0 ? <Attempts attempts={delivery.attempts} /> : <p class="soft">Not tried yet.</p>}
          </>
        )}
      </div>
    </Dialog>
  );
}
