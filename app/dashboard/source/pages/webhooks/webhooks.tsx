import { useState } from "preact/hooks";

import { usePages } from "../../api";
import { Badge } from "../../components/badge";
import { Button } from "../../components/button";
import { Card, Empty, Page, Problem } from "../../components/page";
import { SecretDialog } from "../../components/secret";
import { Pager, Table, type Column } from "../../components/table";
import { Instant } from "../../components/time";
import { WebhookEndpointsDocument, type RecordEndpointFragment } from "../../generated/operations";
import { address, go } from "../../router";
import { has } from "../../session";
import { EndpointDialog } from "./endpoint-dialog";
import { StandingBadge } from "./standing";
import "./webhooks.css";

const COLUMNS: readonly Column<RecordEndpointFragment>[] = [
  {
    key: "url",
    title: "URL",
    isMain: true,
    cell: (row) => (
      <span class="webhook-address">
        <span>{row.url}</span>
        {row.description && <span class="soft webhook-about">{row.description}</span>}
      </span>
    ),
  },
  { key: "standing", title: "State", cell: (row) => <StandingBadge endpoint={row} /> },
  {
    key: "events",
    title: "Events",
    cell: (row) => (
      <span class="webhook-events">
        {row.eventTypes.slice(0, 4).map((name) => (
          <code key={name}>{name}</code>
        ))}
        {row.eventTypes.length > 4 && <span class="soft">and {row.eventTypes.length - 4} more</span>}
      </span>
    ),
  },
  {
    key: "format",
    title: "Format",
    cell: (row) => <Badge>{row.format === "CLASSIC" ? "Classic" : `Standard ${row.apiVersion}`}</Badge>,
    isQuiet: true,
  },
  { key: "created", title: "Made", cell: (row) => <Instant at={row.createdAt} withDate />, isQuiet: true },
];

export default function Webhooks() {
  const pages = usePages(WebhookEndpointsDocument, {}, (data) => data.webhookEndpoints);
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<{ id: string; secret: string } | null>(null);
  return (
    <Page
      title="Webhooks"
      lead="Where this account’s events are sent, signed, as they happen."
      actions={
        has("WEBHOOKS_WRITE") && (
          <Button kind="primary" icon="plus" onClick={() => setMaking(true)}>
            New endpoint
          </Button>
        )
      }
    >
      <Problem error={pages.error} onRetry={pages.reload} />
      {!(pages.error && !pages.rows) && (
        <Card flush>
          <Table
            caption="Webhook endpoints"
            columns={COLUMNS}
            rows={pages.rows}
            keyOf={(row) => row.id}
            href={(row) => address(`/webhooks/${row.id}`)}
            isLoading={pages.isLoading}
            empty={
              <Empty icon="webhook" title="No endpoint yet.">
                An endpoint is an address of yours that Offhook sends events to.
              </Empty>
            }
          />
          <Pager pages={pages} />
        </Card>
      )}
      {isMaking && (
        <EndpointDialog
          endpoint={null}
          onClose={() => setMaking(false)}
          onDone={(endpoint, secret) => {
            setMaking(false);
            pages.reload();
            if (secret) setMade({ id: endpoint.id, secret });
            else go(`/webhooks/${endpoint.id}`);
          }}
        />
      )}
      {made && (
        <SecretDialog
          title="The signing secret"
          text="Verify every delivery with it. It is shown this once; rotating it makes another."
          secret={made.secret}
          onClose={() => {
            setMade(null);
            go(`/webhooks/${made.id}`);
          }}
        />
      )}
    </Page>
  );
}
