import "./campaigns.css";

import { useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { useQuery } from "../../api";
import { Icon } from "../../components/icon";
import { Card, Empty, Facts, Loading, Page, Problem, Stat, Stats } from "../../components/page";
import { Shares } from "../../components/progress";
import { Instant, lasting } from "../../components/time";
import type { Tone } from "../../components/toast";
import { inWords } from "../../components/words";
import { counted } from "../../format/words";
import { CampaignDocument } from "../../generated/operations";
import { LiveCampaign } from "../../live/campaign";
import { useLive } from "../../live/socket";
import { address } from "../../router";
import { has } from "../../session";
import { KEPT_MS, paceAt, paceCurve } from "./pace";
import { CampaignActions, countContacts, doneOf, percentOf, ProgressBar, sharesOf, StateBadge, takenOf, type Progress } from "./parts";
import type { PageProps } from "../registry";

const MINUTE_MS = 60_000;
const BACK = { href: address("/campaigns"), label: "Campaigns" };

export default function CampaignPage({ params }: PageProps) {
  const id = params["id"] ?? "";
  const live = useLive(() => new LiveCampaign(id), [id]);
  const progress = live.progress.value;
  const asked = useQuery(CampaignDocument, { id, withContacts: has("CONTACTS") }, { when: progress?.state });
  const campaign = asked.data?.campaign;

  if (!campaign) {
    return (
      <Page title="Campaign" back={BACK}>
        {asked.isLoading ? (
          <Loading />
        ) : asked.error ? (
          <Problem error={asked.error} onRetry={asked.reload} />
        ) : (
          <Empty icon="campaign" title="There is no such campaign." />
        )}
      </Page>
    );
  }
  const now = progress ?? campaign.progress;
  const state = now?.state ?? campaign.state;
  const mode = campaign.content.agent?.mode;
  const isOver = state === "STOPPED" || state === "FINISHED";
  const total = now && (isOver ? { contacts: takenOf(now), isExact: true } : countContacts(campaign.contactLists, takenOf(now)));

  return (
    <Page
      title={campaign.name}
      back={BACK}
      lead={
        <span class="row wraps">
          <StateBadge state={state} />
          {inWords(campaign.kind)}
          {mode && ` · ${inWords(mode).toLowerCase()}`}
        </span>
      }
      actions={<CampaignActions campaign={{ ...campaign, state }} onDone={asked.reload} />}
    >
      {state === "PAUSED" && campaign.pauseReason && campaign.pauseReason !== "REQUESTED" && (
        <div class="notice" role="status">
          <Icon name="alert" size={16} />
          <span>
            It paused itself: {inWords(campaign.pauseReason).toLowerCase()}. {campaign.pauseDetail}
          </span>
        </div>
      )}
      <Problem error={live.problem.value ? new Error(live.problem.value) : null} />
      {now && (
        <>
          <Card>
            <div class="spread">
              <strong class="number">
                {total ? `${percentOf(doneOf(now), total.contacts)} % done` : `${doneOf(now).toLocaleString("en")} done`}
              </strong>
              {total && (
                <span class="soft number">
                  {total.isExact ? "" : "at least "}
                  {counted(total.contacts, "contact")}
                </span>
              )}
            </div>
            <div class="campaign-bar">
              <ProgressBar progress={now} name={campaign.name} total={total?.contacts} />
            </div>
            <ul class="legend">
              {sharesOf(now).map((share) => (
                <li key={share.label}>
                  <span class={`legend-dot ${share.tone}`} aria-hidden="true" />
                  {share.label} <strong class="number">{share.value.toLocaleString("en")}</strong>
                </li>
              ))}
              <li>
                <span class="legend-dot none" aria-hidden="true" />
                {total?.isExact ? "To be called" : "To be called again"}{" "}
                <strong class="number">
                  {(total?.isExact ? total.contacts - doneOf(now) - now.inFlight : now.waiting).toLocaleString("en")}
                </strong>
              </li>
            </ul>
          </Card>
          <Stats>
            <Stat label="Dialled">{now.statistics.dialled.toLocaleString("en")}</Stat>
            <Stat label="On the line" hint={`of ${campaign.maxConcurrentCalls}`}>
              {now.inFlight}
            </Stat>
            <Stat label="Answered" hint={shareText(now.statistics.answered, now.statistics.dialled)}>
              {now.statistics.answered.toLocaleString("en")}
            </Stat>
            {campaign.kind === "AGENT" && (
              <Stat label="Abandoned" hint={`${now.statistics.abandonedPercent.toFixed(1)} %`}>
                {now.statistics.abandoned}
              </Stat>
            )}
            <Stat label="Talk time">{lasting(now.statistics.talkSeconds)}</Stat>
          </Stats>
          <div class={isOver ? "stack" : "campaign-columns"}>
            {!isOver && <Pace live={live} target={campaign.callsPerMinute} isRunning={state === "RUNNING"} />}
            <Card title="How they came out">
              <Outcomes progress={now} />
            </Card>
          </div>
        </>
      )}
      <Card title="Settings">
        <Facts
          items={[
            ["Pace", `${counted(campaign.callsPerMinute, "call")} a minute`],
            ["At once", counted(campaign.maxConcurrentCalls, "call")],
            ["Tried again", campaign.maxRetries === 0 ? "Never" : counted(campaign.maxRetries, "time")],
            ["Lists", campaign.contactLists?.map((list) => list.name).join(", ") ?? null],
            ["Started", <Instant at={campaign.startedAt} />],
            ["Ends", <Instant at={campaign.finishedAt ?? campaign.endAt} />],
            ["Version", String(campaign.version)],
            ["Id", <code>{campaign.id}</code>],
          ]}
        />
      </Card>
    </Page>
  );
}

/** The last ten minutes, and the pace that was asked for. */
function Pace({ live, target, isRunning }: { live: LiveCampaign; target: number; isRunning: boolean }) {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 2000);
    return () => clearInterval(timer);
  }, []);
  const curve = useComputed(() => paceCurve(live.samples.value, Math.max(now.value, live.samples.value.at(-1)?.at ?? 0)));
  const pace = paceAt(live.samples.value, Math.max(now.value, live.samples.value.at(-1)?.at ?? 0));
  const most = Math.max(target, ...curve.value) * 1.15 || 1;
  const x = (index: number) => (index / (curve.value.length - 1)) * 600;
  const y = (value: number) => 150 - (value / most) * 150;
  const line = curve.value.map((value, index) => `${index === 0 ? "M" : "L"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  return (
    <Card title="Pace" actions={<span class="faint">Target {target} a minute</span>}>
      <p class="pace-now">
        <strong>{pace}</strong>
        <span class="soft">{pace === 1 ? "call" : "calls"} in the last minute{isRunning ? ` · ${shareText(pace, target) ?? "0 %"} of the target` : ""}</span>
      </p>
      <svg
        class="pace-chart"
        viewBox="0 0 600 150"
        preserveAspectRatio="none"
        role="img"
        aria-label={`Calls a minute over the last ten minutes: ${pace} now, ${Math.max(...curve.value)} at most, target ${target}.`}
      >
        <line class="pace-floor" x1="0" y1="150" x2="600" y2="150" />
        <path class="pace-area" d={`${line}L600 150L0 150Z`} />
        <path class="pace-line" d={line} />
        <line class="pace-target" x1="0" y1={y(target)} x2="600" y2={y(target)} />
      </svg>
      <p class="pace-axis" aria-hidden="true">
        <span>{KEPT_MS / MINUTE_MS} min ago</span>
        <span>now</span>
      </p>
    </Card>
  );
}

function Outcomes({ progress }: { progress: Progress }) {
  const { statistics: all } = progress;
  const rows: ReadonlyArray<readonly [string, number, Tone]> = [
    ["Answered", all.answered, "green"],
    ["No answer", all.noAnswer, "amber"],
    ["Busy", all.busy, "violet"],
    ["Machine", all.machine, "violet"],
    ["Unreachable", all.unreachable, "red"],
    ["Congestion", all.congestion, "amber"],
    ["Cancelled", all.cancelled, "grey"],
    ["Abandoned", all.abandoned, "red"],
    ["Do not call", all.dnc, "grey"],
  ];
  const told = rows.filter(([, value]) => value > 0);
  if (told.length === 0) return <Empty icon="chart" title="Nothing yet." />;
  const most = Math.max(...told.map(([, value]) => value));
  return (
    <ul class="outcomes">
      {told.map(([label, value, tone]) => (
        <li key={label}>
          <span>{label}</span>
          <Shares label={label} max={most} shares={[{ label, value, tone }]} />
          <span class="number">{value.toLocaleString("en")}</span>
        </li>
      ))}
    </ul>
  );
}

function shareText(part: number, whole: number): string | undefined {
  return whole > 0 ? `${Math.round((part / whole) * 100)} %` : undefined;
}
