import { act } from "../../api";
import { Badge } from "../../components/badge";
import { Button } from "../../components/button";
import { confirm } from "../../components/dialog";
import { Shares, type Share } from "../../components/progress";
import { inWords, toneOf } from "../../components/words";
import {
  PauseCampaignDocument,
  ResumeCampaignDocument,
  StartCampaignDocument,
  StopCampaignDocument,
  type CampaignProgressPartsFragment,
  type CampaignRowFragment,
  type CampaignState,
} from "../../generated/operations";
import { newKey } from "../../idempotency";
import { has } from "../../session";

export type Row = CampaignRowFragment;
export type Progress = CampaignProgressPartsFragment;

export function StateBadge({ state }: { state: CampaignState }) {
  return (
    <Badge tone={toneOf(state)} isLive={state === "RUNNING"}>
      {inWords(state)}
    </Badge>
  );
}

/** Contacts that were taken from the lists so far. */
export function takenOf(progress: Progress): number {
  return progress.waiting + progress.inFlight + doneOf(progress);
}

/** Contacts that have their outcome. */
export function doneOf(progress: Progress): number {
  return progress.finished + progress.skipped;
}

export function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.floor((part / whole) * 100);
}

/** Reached, not reached, passed over, on the line: of all contacts. */
export function sharesOf(progress: Progress): ReadonlyArray<Share> {
  const reached = Math.min(progress.statistics.answered, progress.finished);
  return [
    { label: "Answered", value: reached, tone: "green" },
    { label: "Finished without an answer", value: progress.finished - reached, tone: "violet" },
    { label: "Skipped", value: progress.skipped, tone: "grey" },
    { label: "On the line", value: progress.inFlight, tone: "blue" },
  ];
}

/** Of all contacts, or without `total` of those that were taken. */
export function ProgressBar({ progress, name, total }: { progress: Progress; name: string; total?: number | undefined }) {
  return <Shares label={`Progress of ${name}`} max={total ?? takenOf(progress)} shares={sharesOf(progress)} />;
}

interface Counted {
  readonly totalCount: { readonly count: number; readonly precision: string } | null;
}

/** How many contacts the lists have, when the key may know; a number that several of them have is called once. */
export function countContacts(
  lists: ReadonlyArray<{ readonly contacts?: Counted | null }> | null,
  taken: number,
): { contacts: number; isExact: boolean } | null {
  if (!lists || lists.some((list) => !list.contacts)) return null;
  const counts = lists.map((list) => list.contacts?.totalCount);
  const contacts = counts.reduce((sum, one) => sum + (one?.count ?? 0), 0);
  return { contacts: Math.max(contacts, taken), isExact: counts.every((one) => one?.precision === "EXACT") };
}

/** What the campaign's state lets be done. `onDone` is told the campaign as it stands then. */
export function CampaignActions({ campaign, small, onDone }: { campaign: Row; small?: boolean; onDone: () => void }) {
  if (!has("CAMPAIGNS_WRITE") || campaign.archivedAt) return null;
  const { id, name, state } = campaign;
  const after = (payload: unknown) => {
    if (payload) onDone();
  };
  const stop = async () => {
    const isSure = await confirm({
      title: `Stop ${name}?`,
      text: "No call begins any more; those that are on go on to their end. A stopped campaign cannot be started again.",
      action: "Stop the campaign",
      isDanger: true,
    });
    if (isSure) after(await act(StopCampaignDocument, { id }, `${name} is stopped.`));
  };
  return (
    <span class="row wraps end">
      {state === "DRAFT" && (
        <Button
          small={small ?? false}
          kind="primary"
          icon="play"
          label={`Start ${name}`}
          onClick={async () => after(await act(StartCampaignDocument, { id, key: newKey() }, `${name} is started.`))}
        >
          Start
        </Button>
      )}
      {state === "RUNNING" && (
        <Button
          small={small ?? false}
          icon="pause"
          label={`Pause ${name}`}
          onClick={async () => after(await act(PauseCampaignDocument, { id }, `${name} is paused.`))}
        >
          Pause
        </Button>
      )}
      {state === "PAUSED" && (
        <Button
          small={small ?? false}
          kind="primary"
          icon="play"
          label={`Resume ${name}`}
          onClick={async () => after(await act(ResumeCampaignDocument, { id, key: newKey() }, `${name} goes on.`))}
        >
          Resume
        </Button>
      )}
      {(state === "RUNNING" || state === "PAUSED" || state === "SCHEDULED") && (
        <Button small={small ?? false} icon="stop" label={`Stop ${name}`} onClick={stop}>
          Stop
        </Button>
      )}
    </span>
  );
}
