import "./campaigns.css";

import { usePages } from "../../api";
import { FilterBar, SelectField } from "../../components/filters";
import { Card, Empty, Page, Problem } from "../../components/page";
import { Pager, Table, type Column } from "../../components/table";
import { Instant } from "../../components/time";
import { inWords } from "../../components/words";
import { CampaignsDocument, type CampaignsQuery, type CampaignState } from "../../generated/operations";
import { address, route, setQuery } from "../../router";
import { CampaignActions, doneOf, ProgressBar, StateBadge } from "./parts";

type Row = CampaignsQuery["campaigns"]["nodes"][number];

const STATES: ReadonlyArray<CampaignState> = ["RUNNING", "PAUSED", "SCHEDULED", "DRAFT", "STOPPED", "FINISHED"];
/** The list is read anew so often; a campaign's own page is live. */
const EVERY_SECONDS = 5;

export default function CampaignsPage() {
  const state = route.value.query.get("state") ?? "";
  const filter = state ? { states: [state as CampaignState] } : null;
  const pages = usePages(CampaignsDocument, { filter }, (data) => data.campaigns, { size: 25, every: EVERY_SECONDS });

  const columns: ReadonlyArray<Column<Row>> = [
    { key: "name", title: "Campaign", isMain: true, cell: (one) => one.name },
    { key: "state", title: "State", cell: (one) => <StateBadge state={one.state} /> },
    { key: "kind", title: "Kind", isQuiet: true, cell: (one) => <span class="soft">{inWords(one.kind)}</span> },
    {
      key: "progress",
      title: "Progress",
      cell: (one) =>
        one.progress && one.state !== "DRAFT" ? (
          <span class="campaign-progress">
            <ProgressBar progress={one.progress} name={one.name} />
            <span class="faint number">
              {doneOf(one.progress).toLocaleString()} done
            </span>
          </span>
        ) : (
          <span class="faint">Not started</span>
        ),
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
