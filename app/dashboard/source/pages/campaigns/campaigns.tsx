import "./campaigns.css";

import { usePages, useQuery } from "../../api";
import { FilterBar, SelectField } from "../../components/filters";
import { Card, Empty, Page, Problem } from "../../components/page";
import { Pager, Table, type Column } from "../../components/table";
import { Instant } from "../../components/time";
import { inWords } from "../../components/words";
import { CampaignsDocument, CampaignTotalsDocument, type CampaignsQuery, type CampaignState } from "../../generated/operations";
import { address, route, setQuery } from "../../router";
import { has } from "../../session";
import { CampaignActions, countContacts, doneOf, percentOf, ProgressBar, StateBadge, takenOf } from "./parts";

type Row = CampaignsQuery["campaigns"]["nodes"][number];

const STATES: ReadonlyArray<CampaignState> = ["RUNNING", "PAUSED", "SCHEDULED", "DRAFT", "STOPPED", "FINISHED"];
/** The list is read anew so often; a campaign's own page is live. */
const EVERY_SECONDS = 5;
const PAGE_SIZE = 25;

export default function CampaignsPage() {
  const state = route.value.query.get("state") ?? "";
  const filter = state ? { states: [state as CampaignState] } : null;
  const pages = usePages(CampaignsDocument, { filter }, (data) => data.campaigns, { size: PAGE_SIZE, every: EVERY_SECONDS });
  const totals = useQuery(
    CampaignTotalsDocument,
    { filter, first: PAGE_SIZE, after: pages.after },
    { skip: pages.rows === null || !has("CONTACTS"), when: pages.rows?.map((one) => one.id).join() },
  );
  const listsOf = (id: string) => totals.data?.campaigns.nodes.find((one) => one.id === id)?.contactLists ?? null;

  const columns: ReadonlyArray<Column<Row>> = [
    { key: "name", title: "Campaign", isMain: true, cell: (one) => one.name },
    { key: "state", title: "State", cell: (one) => <StateBadge state={one.state} /> },
    { key: "kind", title: "Kind", isQuiet: true, cell: (one) => <span class="soft">{inWords(one.kind)}</span> },
    {
      key: "progress",
      title: "Progress",
      cell: (one) => <Come campaign={one} lists={listsOf(one.id)} />,
    },
    {
      key: "live",
      title: "On the line",
      align: "end",
      cell: (one) => <span class="number">{one.progress?.inFlight ?? 0}</span>,
    },
    { key: "started", title: "Started", isQuiet: true, cell: (one) => <Instant at={one.startedAt} /> },
    {
      key: "do",
      title: "What can be done",
      isBare: true,
      align: "end",
      cell: (one) => <CampaignActions campaign={one} small onDone={pages.reload} />,
    },
  ];

  return (
    <Page title="Campaigns" lead="How far each has come.">
      <FilterBar onReset={state !== "" && (() => setQuery({ state: undefined }))}>
        <SelectField
          label="State"
          value={state}
          onChange={(value) => setQuery({ state: value })}
          options={[["", "All"], ...STATES.map((one) => [one, inWords(one)] as const)]}
        />
      </FilterBar>
      <Problem error={pages.error} onRetry={pages.reload} />
      <Card flush>
        <Table
          caption="Campaigns"
          columns={columns}
          rows={pages.error && !pages.rows ? [] : pages.rows}
          keyOf={(one) => one.id}
          href={(one) => address(`/campaigns/${one.id}`)}
          empty={
            <Empty icon="campaign" title={state ? "None in this state." : "There are no campaigns yet."}>
              {!state && (
                <>
                  Make one with <code>createCampaign</code>.
                </>
              )}
            </Empty>
          }
        />
        <Pager pages={pages} />
      </Card>
    </Page>
  );
}

/** Whoever may not count the contacts is told how many are done; a bar without its end would say nothing. */
function Come({ campaign, lists }: { campaign: Row; lists: Parameters<typeof countContacts>[0] }) {
  const { progress, state, name } = campaign;
  if (!progress || state === "DRAFT") return <span class="faint nowrap">Not started</span>;
  const isOver = state === "STOPPED" || state === "FINISHED";
  const taken = takenOf(progress);
  const total = isOver ? { contacts: taken, isExact: true } : countContacts(lists, taken);
  const done = doneOf(progress);
  return (
    <span class="campaign-progress">
      {total && <ProgressBar progress={progress} name={name} total={total.contacts} />}
      <span class="faint number">
        {total
          ? `${percentOf(done, total.contacts)} % of ${total.isExact ? "" : "at least "}${total.contacts.toLocaleString("en")}`
          : `${done.toLocaleString("en")} done`}
      </span>
    </span>
  );
}
