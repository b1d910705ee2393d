import { act, usePages } from "../../api";
import { Button } from "../../components/button";
import { confirm } from "../../components/dialog";
import { Card, Empty, Problem } from "../../components/page";
import { Pager, Table, type Column } from "../../components/table";
import { Instant } from "../../components/time";
import {
  AccessTokensDocument,
  RevokeAccessTokenDocument,
  type AccessTokensQuery,
  type RecordKeyFragment,
} from "../../generated/operations";
import { token } from "../../session";
import { Scopes } from "./keys";

type Token = AccessTokensQuery["accessTokens"]["nodes"][number];

const AS_KEY = { asKey: true } as const;

/** Access tokens of browsers: those that may be used now. */
export function Tokens({ keys }: { keys: ReadonlyArray<RecordKeyFragment> }) {
  const pages = usePages(AccessTokensDocument, {}, (data) => data.accessTokens, { ...AS_KEY, size: 20 });
  const end = async (token: Token) => {
    const isSure = await confirm({
      title: "End this token?",
      text: "Whoever is signed in with it is signed out at once.",
      action: "End",
      isDanger: true,
    });
    if (isSure && (await act(RevokeAccessTokenDocument, { input: { id: token.id } }, "Ended.", AS_KEY))) pages.reload();
  };
  const columns: readonly Column<Token>[] = [
    {
      key: "hint",
      title: "Token",
      isMain: true,
      cell: (row) => (
        <span class="key-name">
          <code>{row.hint}</code>
          {row.hint.slice(-4) === token.value?.slice(-4) && <span class="soft">this tab’s</span>}
        </span>
      ),
    },
    {
      key: "key",
      title: "Made by",
      cell: (row) => keys.find((key) => key.id === row.keyId)?.name ?? <code>{row.keyId}</code>,
    },
    { key: "scopes", title: "Scopes", cell: (row) => <Scopes scopes={row.scopes} />, isQuiet: true },
    {
      key: "where",
      title: "Pages",
      cell: (row) => <span class="key-origins">{row.allowedOrigins.join(", ")}</span>,
      isQuiet: true,
    },
    { key: "ends", title: "Ends", cell: (row) => <Instant at={row.expiresAt} withDate /> },
    {
      key: "do",
      title: "What to do",
      isBare: true,
      align: "end",
      cell: (row) => (
        <Button small kind="quiet" label={`End the token ${row.hint}`} onClick={() => end(row)}>
          End
        </Button>
      ),
    },
  ];
  return (
    <Card title="Access tokens" flush>
      <Problem error={pages.error} onRetry={pages.reload} />
      {!(pages.error && !pages.rows) && (
        <Table
          caption="Access tokens"
          columns={columns}
          rows={pages.rows}
          keyOf={(row) => row.id}
          isLoading={pages.isLoading}
          empty={<Empty icon="user" title="Nobody is signed in with a token." />}
        />
      )}
      <Pager pages={pages} />
    </Card>
  );
}
