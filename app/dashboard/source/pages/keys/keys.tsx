import { useState } from "preact/hooks";

import { act, useQuery, usePages } from "../../api";
import { Badge } from "../../components/badge";
import { Button } from "../../components/button";
import { confirm, Dialog } from "../../components/dialog";
import { Select } from "../../components/field";
import { Card, Empty, Page, Problem } from "../../components/page";
import { SecretDialog } from "../../components/secret";
import { Pager, Table, type Column } from "../../components/table";
import { Instant } from "../../components/time";
import { WithKey } from "../../components/with-key";
import { inWords } from "../../components/words";
import { scopeName } from "../../format/words";
import {
  ApiKeysDocument,
  KeyHolderDocument,
  RevokeApiKeyDocument,
  RotateApiKeyDocument,
  type RecordKeyFragment,
} from "../../generated/operations";
import { GRACES, standingOf } from "./asking";
import { KeyDialog } from "./key-dialog";
import { Tokens } from "./tokens";
import "./keys.css";

const TITLE = "API keys";
const AS_KEY = { asKey: true } as const;
const TONES = { ACTIVE: "green", EXPIRED: "grey", REVOKED: "grey" } as const;

export default function KeysPage() {
  return (
    <WithKey title={TITLE}>
      <Keys />
    </WithKey>
  );
}

type Open =
  | { readonly what: "new" }
  | { readonly what: "rotate"; readonly key: RecordKeyFragment }
  | { readonly what: "secret"; readonly title: string; readonly secret: string };

function Keys() {
  const holder = useQuery(KeyHolderDocument, {}, AS_KEY);
  const pages = usePages(ApiKeysDocument, {}, (data) => data.apiKeys, AS_KEY);
  const [open, setOpen] = useState<Open | null>(null);
  const own = holder.data?.viewer;
  const close = () => setOpen(null);

  const revoke = async (key: RecordKeyFragment) => {
    const isOwn = key.id === own?.keyId;
    const isSure = await confirm({
      title: `Revoke “${key.name}”?`,
      text: isOwn
        ? "This is the key that you are signed in with: you will be signed out. It ends at once and for good, with the access tokens that it made."
        : "It ends at once and for good, with the access tokens that it made. Whoever uses it is answered 401.",
      action: "Revoke",
      isDanger: true,
    });
    if (isSure && (await act(RevokeApiKeyDocument, { input: { id: key.id } }, "Revoked.", AS_KEY))) pages.reload();
  };

  const columns: readonly Column<RecordKeyFragment>[] = [
    {
      key: "name",
      title: "Name",
      isMain: true,
      cell: (row) => (
        <span class="key-name">
          <span>
            {row.name} {row.id === own?.keyId && <span class="soft">(yours)</span>}
          </span>
          <code class="soft">{row.hint}</code>
        </span>
      ),
    },
    {
      key: "state",
      title: "State",
      cell: (row) => {
        const standing = standingOf(row, Date.now());
        return (
          <span class="row">
            <Badge tone={TONES[standing]}>{inWords(standing)}</Badge>
            {row.isTest && <Badge tone="amber">Test</Badge>}
          </span>
        );
      },
    },
    { key: "scopes", title: "Scopes", cell: (row) => <Scopes scopes={row.scopes} /> },
    {
      key: "where",
      title: "From where",
      cell: (row) => (row.ipAllowList.length > 0 ? row.ipAllowList.join(", ") : "anywhere"),
      isQuiet: true,
    },
    { key: "created", title: "Made", cell: (row) => <Instant at={row.createdAt} withDate />, isQuiet: true },
    { key: "ends", title: "Ends", cell: (row) => <Instant at={row.revokedAt ?? row.expiresAt} withDate /> },
    {
      key: "do",
      title: "What to do",
      isBare: true,
      align: "end",
      cell: (row) =>
        standingOf(row, Date.now()) === "ACTIVE" && (
          <span class="row key-buttons">
            <Button small kind="quiet" label={`Rotate ${row.name}`} onClick={() => setOpen({ what: "rotate", key: row })}>
              Rotate
            </Button>
            <Button small kind="quiet" label={`Revoke ${row.name}`} onClick={() => revoke(row)}>
              Revoke
            </Button>
          </span>
        ),
    },
  ];

  return (
    <Page
      title={TITLE}
      lead="What programs call Offhook with. A key is shown once, when it is made."
      actions={
        <Button kind="primary" icon="plus" isDisabled={!own} onClick={() => setOpen({ what: "new" })}>
          New key
        </Button>
      }
    >
      <Problem error={pages.error ?? holder.error} onRetry={pages.reload} />
      {!(pages.error && !pages.rows) && (
        <Card flush>
          <Table
            caption="API keys"
            columns={columns}
            rows={pages.rows}
            keyOf={(row) => row.id}
            isLoading={pages.isLoading}
            empty={<Empty icon="key" title="No keys." />}
          />
          <Pager pages={pages} />
        </Card>
      )}
      <Tokens keys={pages.rows ?? []} />
      {open?.what === "new" && own && (
        <KeyDialog
          scopes={own.scopes}
          mustBeTest={own.isTest}
          onClose={close}
          onMade={(token) => {
            setOpen({ what: "secret", title: "The new key", secret: token });
            pages.reload();
          }}
        />
      )}
      {open?.what === "rotate" && (
        <RotateDialog
          of={open.key}
          onClose={close}
          onMade={(token) => {
            setOpen({ what: "secret", title: `The successor of “${open.key.name}”`, secret: token });
            pages.reload();
          }}
        />
      )}
      {open?.what === "secret" && (
        <SecretDialog
          title={open.title}
          text="It is shown this once, and kept nowhere: put it where the program finds it."
          secret={open.secret}
          onClose={close}
        />
      )}
    </Page>
  );
}

export function Scopes({ scopes }: { scopes: ReadonlyArray<string> }) {
  const shown = scopes.length > 5 ? scopes.slice(0, 4) : scopes;
  return (
    <span class="key-scopes" title={scopes.map(scopeName).join(" ")}>
      {shown.map((scope) => (
        <code key={scope}>{scopeName(scope)}</code>
      ))}
      {shown.length < scopes.length && <span class="soft">and {scopes.length - shown.length} more</span>}
    </span>
  );
}

function RotateDialog(props: { of: RecordKeyFragment; onClose: () => void; onMade: (token: string) => void }) {
  const [grace, setGrace] = useState("86400");
  const rotate = async () => {
    const input = { id: props.of.id, graceSeconds: Number(grace) };
    const rotated = await act(RotateApiKeyDocument, { input }, undefined, AS_KEY);
    if (rotated?.token) props.onMade(rotated.token);
  };
  return (
    <Dialog
      title={`Rotate “${props.of.name}”`}
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
        label="The present key"
        value={grace}
        options={GRACES}
        onChange={setGrace}
        hint="The successor may do the same, and works at once."
      />
    </Dialog>
  );
}
