/** The account's counters, as the service counts them. */
import { signal } from "@preact/signals";

import { LiveFiguresDocument, type LiveFiguresSubscription } from "../generated/operations";
import { follow, noteClock } from "./socket";

type Message = LiveFiguresSubscription["liveStatistics"];
export type Figures = Extract<Message, { __typename: "LiveStatisticsChanged" }>["statistics"];

export class LiveFigures {
  readonly figures = signal<Figures | null>(null);
  readonly problem = signal<string | null>(null);

  readonly start = (): (() => void) =>
    follow(
      LiveFiguresDocument,
      () => ({ timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC" }),
      ({ liveStatistics: message }) => {
        if (message.__typename !== "LiveStatisticsChanged") return;
        this.figures.value = message.statistics;
        noteClock(message.statistics.countedAt);
      },
      (problem) => (this.problem.value = problem),
    );
}
