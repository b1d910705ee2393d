/** One campaign, followed to its end. */
import { signal } from "@preact/signals";

import { ask } from "../api";
import { CampaignPaceDocument, CampaignProgressDocument, type CampaignProgressPartsFragment } from "../generated/operations";
import { pastSamples, withSample, type Sample } from "../pages/campaigns/pace";
import { follow } from "./socket";

const MINUTE_MS = 60_000;

export class LiveCampaign {
  readonly progress = signal<CampaignProgressPartsFragment | null>(null);
  readonly samples = signal<ReadonlyArray<Sample>>([]);
  readonly problem = signal<string | null>(null);

  constructor(private readonly id: string) {}

  /** What the pace was before anybody looked: the service counts by the minute. */
  private async readPast(): Promise<void> {
    const minute = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
    const since = (back: number) => ({ from: { at: new Date(minute - (back - 1) * MINUTE_MS).toISOString() } });
    const asked = {
      id: this.id,
      since1: since(1),
      since2: since(2),
      since3: since(3),
      since4: since(4),
      since5: since(5),
      since6: since(6),
      since7: since(7),
      since8: since(8),
      since9: since(9),
      since10: since(10),
    };
    const { campaign } = await ask(CampaignPaceDocument, asked);
    const all = campaign?.statistics?.dialled;
    if (campaign === null || all === undefined) return;
    const counts = [
      campaign.since10,
      campaign.since9,
      campaign.since8,
      campaign.since7,
      campaign.since6,
      campaign.since5,
      campaign.since4,
      campaign.since3,
      campaign.since2,
      campaign.since1,
    ];
    const past = pastSamples(
      all,
      counts.map((one, index) => ({ at: minute - (counts.length - 1 - index) * MINUTE_MS, dialled: one?.dialled ?? 0 })),
    );
    this.samples.value = [...past, ...this.samples.value.filter((one) => one.at > minute)];
  }

  readonly start = (): (() => void) => {
    // Without it the curve begins now; the figures beside it are right all the same.
    this.readPast().catch(() => undefined);
    return follow(
      CampaignProgressDocument,
      () => ({ id: this.id }),
      ({ campaignProgress: message }) => {
        if (message.__typename !== "CampaignProgressChanged") return;
        this.progress.value = message.progress;
        this.samples.value = withSample(this.samples.value, {
          at: Date.now(),
          dialled: message.progress.statistics.dialled,
        });
      },
      (problem) => (this.problem.value = problem),
    );
  };
}
