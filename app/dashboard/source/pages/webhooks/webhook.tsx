import { useState } from "preact/hooks";

import { act, useQuery } from "../../api";
import { Button } from "../../components/button";
import { confirm, Dialog } from "../../components/dialog";
import { Select } from "../../components/field";
import { Card, Empty, Facts, Loading, Page, Problem } from "../../components/page";
import { SecretDialog } from "../../components/secret";
import { Instant } from "../../components/time";
import {
  DeleteWebhookEndpointDocument,
  RotateWebhookSecretDocument,
  TestWebhookEndpointDocument,
  UpdateWebhookEndpointDocument,
  WebhookEndpointInFullDocument,
  type RecordAttemptFragment,
  type RecordEndpointFragment,
} from "../../generated/operations";
import { address, go } from "../../router";
import { has } from "../../session";
import type { PageProps } from "../registry";
import { GRACES } from "./asking";
import { Attempts } from "./attempts";
import { Deliveries } from "./deliveries";
import { EndpointDialog } from "./endpoint-dialog";
import { StandingBadge } from "./standing";
import "./webhooks.css";

const BACK = { href: address("/webhooks"), label: "Webhooks" };

type Open =
  | { readonly what: "change" | "rotate" }
  | { readonly what: "secret"; readonly secret: string }
  | { readonly what: "test"; readonly attempt: RecordAttemptFragment | null };

export default function WebhookPage({ params }: PageProps) {
  const id = params["id"] ?? "";
  const asked = useQuery(WebhookEndpointInFullDocument, { id }, { every: 10 });
  const [open, setOpen] = useState<Open | null>(null);
  const endpoint = asked.data?.webhookEndpoint;
  if (!endpoint) {
    return (
      <Page title="Webhook endpoint" back={BACK}>
        <Problem error={asked.error} onRetry={asked.reload} />
        {asked.isLoading && <Loading />}
        {asked.data && <Empty icon="webhook" title="There is no such endpoint." />}
      </Page>
    );
  }

  const test = async () => {
    const tested = await act(TestWebhookEndpointDocument, { input: { id } });
    if (tested) setOpen({ what: "test", attempt: tested.attempt });
  };
  const enable = async (isEnabled: boolean) => {
    const done = isEnabled ? "Enabled: what waited is sent now." : "Disabled. What happens is kept for 30 days.";
    if (await act(UpdateWebhookEndpointDocument, { input: { id, isEnabled } }, done)) asked.reload();
  };
  const remove = async () => {
    const isSure = await confirm({
      title: "Delete this endpoint?",
      text: "Nothing more is sent there, and what waits is dropped. Its deliveries can no longer be replayed.",
      action: "Delete",
      isDanger: true,
    });
    if (isSure && (await act(DeleteWebhookEndpointDocument, { input: { id } }, "Deleted."))) go("/webhooks");
  };
  const close = () => setOpen(null);

  return (
    <Page
      title={endpoint.description ?? new URL(endpoint.url).host}
      lead={<span class="webhook-url">{endpoint.url}</span>}
      back={BACK}
      actions={
        has("WEBHOOKS_WRITE") && (
          <>
            <Button icon="bolt" isDisabled={!endpoint.isEnabled} onClick={test}>
              Send a test
            </Button>
            <Button onClick={() => setOpen({ what: "change" })}>Change</Button>
            <Button onClick={() => setOpen({ what: "rotate" })}>Rotate the secret</Button>
            <Button onClick={() => enable(!endpoint.isEnabled)}>{endpoint.isEnabled ? "Disable" : "Enable"}</Button>
            <Button icon="trash" onClick={remove}>
              Delete
            </Button>
          </>
        )
      }
    >
      <Problem error={asked.error} onRetry={asked.reload} />
      <Card title="Endpoint">
        <About endpoint={endpoint} />
      </Card>
      <Deliveries endpointId={id} />
      {open?.what === "change" && (
        <EndpointDialog
          endpoint={endpoint}
          onClose={close}
          onDone={() => {
            close();
            asked.reload();
          }}
        />
      )}
      {open?.what === "rotate" && (
        <RotateDialog
          id={id}
          onClose={close}
          onDone={(secret) => {
            setOpen({ what: "secret", secret });
            asked.reload();
          }}
        />
      )}
      {open?.what === "secret" && (
        <SecretDialog
          title="The new signing secret"
          text="Deliveries are signed with it from now on. It is shown this once."
          secret={open.secret}
          onClose={close}
        />
      )}
      {open?.what === "test" && (
        <Dialog title="What came of the test" onClose={close} actions={<Button onClick={close}>Close</Button>}>
          {open.attempt ? <Attempts attempts={[open.attempt]} /> : <p>It had not ended after 35 seconds.</p>}
        </Dialog>
      )}
    </Page>
  );
}

function About({ endpoint }: { endpoint: RecordEndpointFragment }) {
  const sees = [
    endpoint.includePersonalData ? "whole numbers and names" : "masked numbers, no names",
    endpoint.includeDtmf ? "pressed keys" : null,
    endpoint.includeRecordingUrls ? "addresses of recordings" : null,
  ];
  return (
    <Facts
      items={[
        ["State", <StandingBadge endpoint={endpoint} />],
        ...(endpoint.isEnabled
          ? []
          : ([
              [
                "Disabled",
                <>
                  {endpoint.disabledReason ?? "By hand"}, <Instant at={endpoint.disabledAt} withDate />
                </>,
              ],
            ] as const)),
        ...(endpoint.failingSince ? ([["Failing since", <Instant at={endpoint.failingSince} withDate />]] as const) : []),
        [
          "Events",
          <span class="webhook-events">
            {endpoint.eventTypes.map((name) => (
              <code key={name}>{name}</code>
            ))}
          </span>,
        ],
        ["Format", endpoint.format === "CLASSIC" ? "Classic" : `Standard, version ${endpoint.apiVersion}`],
        ["Is told", sees.filter(Boolean).join(", ")],
        ...(endpoint.previousSecretExpiresAt
          ? ([["Older secrets sign until", <Instant at={endpoint.previousSecretExpiresAt} withDate />]] as const)
          : []),
        ["Made", <Instant at={endpoint.createdAt} withDate />],
        ["Id", <code>{endpoint.id}</code>],
      ]}
    />
  );
}

function RotateDialog(props: { id: string; onClose: () => void; onDone: (secret: string) => void }) {
  const [grace, setGrace] = useState(GRACES[0]?.[0] ?? "0");
  const rotate = async () => {
    const rotated = await act(RotateWebhookSecretDocument, { input: { id: props.id, graceSeconds: Number(grace) } });
    if (rotated?.secret) props.onDone(rotated.secret);
  };
  return (
    <Dialog
      title="Rotate the signing secret"
      onClose={props.onClose}
      actions={
        <>
          <Button onClick={props.onClose}>Cancel</Button>
          <Button kind="primary" onClick={rotate}>
            Rotate
          </Button>
        </>
      }
    >
      <Select
        label="The present secret goes on to sign beside the new one"
        value={grace}
        options={GRACES}
        onChange={setGrace}
        hint="Receivers that know either go on without a gap."
      />
    </Dialog>
  );
}
