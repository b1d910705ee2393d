/** How fast a campaign dials, from how many it had dialled when. No I/O. */

export interface Sample {
  /** ms */
  readonly at: number;
  readonly dialled: number;
}

const MINUTE_MS = 60_000;
/** What is kept of the past: ten minutes of it are drawn. */
export const KEPT_MS = 10 * MINUTE_MS;

/** The samples with another one; those that are too old to be drawn or to be counted from are dropped. */
export function withSample(samples: ReadonlyArray<Sample>, next: Sample): ReadonlyArray<Sample> {
  const oldest = next.at - KEPT_MS - MINUTE_MS;
  return [...samples.filter((one) => one.at >= oldest && one.at < next.at), next];
}

/** What was dialled at each of these instants, oldest first, of how many were dialled `since` each.
 *
 * They are counted one after the other while it dials on, so that the difference may go back by a call or two. */
export function pastSamples(all: number, since: ReadonlyArray<{ at: number; dialled: number }>): ReadonlyArray<Sample> {
  let most = 0;
  return since.map(({ at, dialled }) => {
    most = Math.max(most, all - dialled);
    return { at, dialled: most };
  });
}

/** Calls in the minute before `at`; what was dialled before the first sample is not counted. */
export function paceAt(samples: ReadonlyArray<Sample>, at: number): number {
  const latest = lastUntil(samples, at);
  const first = samples[0];
  if (!latest || !first) return 0;
  const before = lastUntil(samples, at - MINUTE_MS) ?? first;
  return Math.max(0, latest.dialled - before.dialled);
}

/** A figure for each step of the last ten minutes, oldest first. */
export function paceCurve(samples: ReadonlyArray<Sample>, now: number, steps = 60): ReadonlyArray<number> {
  const step = KEPT_MS / steps;
  return Array.from({ length: steps + 1 }, (_, index) => paceAt(samples, now - KEPT_MS + index * step));
}

function lastUntil(samples: ReadonlyArray<Sample>, at: number): Sample | undefined {
  return samples.findLast((one) => one.at <= at);
}
