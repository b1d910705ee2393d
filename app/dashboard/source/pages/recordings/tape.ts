/** The map of a recording's file, as the player draws it. */
import type { SegmentKind, TranscriptSegment } from "./types";

export interface Segment {
  readonly kind: SegmentKind;
  readonly beganAt: string;
  readonly offsetSeconds: number;
  readonly lengthSeconds: number;
}

export interface Stretch {
  readonly kind: SegmentKind;
  /** Shares of the file, 0 to 1. */
  readonly begin: number;
  readonly width: number;
}

/** What is drawn: where somebody talks, and where there is silence for a reason. What takes up nothing is left out. */
export function stretchesOf(segments: readonly Segment[], lengthSeconds: number): Stretch[] {
  if (lengthSeconds <= 0) return [];
  return segments
    .filter((one) => one.lengthSeconds > 0)
    .map((one) => ({
      kind: one.kind,
      begin: Math.min(1, one.offsetSeconds / lengthSeconds),
      width: Math.min(1, one.lengthSeconds / lengthSeconds),
    }));
}

/** Where nobody is heard and why, in words: `paused 0:18–0:21`. A pause that was left out of the file is at one place of it. */
export function silencesOf(segments: readonly Segment[], clock: (seconds: number) => string): string[] {
  const words: Readonly<Partial<Record<SegmentKind, string>>> = { APART: "one of the two away", PAUSED: "paused" };
  return segments.flatMap((one) => {
    const why = words[one.kind];
    if (!why) return [];
    const from = clock(one.offsetSeconds);
    return one.lengthSeconds > 0
      ? [`${why} ${from}–${clock(one.offsetSeconds + one.lengthSeconds)}`]
      : [`${why}, left out at ${from}`];
  });
}

/** When what is heard at this place of the file was said; null when the map does not reach there. */
export function saidAt(segments: readonly Segment[], seconds: number): string | null {
  const found = segments.findLast((one) => one.lengthSeconds > 0 && one.offsetSeconds <= seconds);
  if (!found) return null;
  const into = Math.min(seconds - found.offsetSeconds, found.lengthSeconds);
  return new Date(Date.parse(found.beganAt) + into * 1000).toISOString();
}

/** Which line of the transcript is being said; -1 between lines. Of two at once, the one that began last. */
export function lineAt(lines: readonly TranscriptSegment[], seconds: number): number {
  return lines.findLastIndex((one) => one.startSeconds <= seconds && seconds < one.endSeconds);
}

/** Where a key moves the place of the player to; null for keys that do not. */
export function movedBy(key: string, seconds: number, lengthSeconds: number): number | null {
  const within = (place: number) => Math.min(Math.max(place, 0), lengthSeconds);
  switch (key) {
    case "ArrowLeft":
      return within(seconds - 5);
    case "ArrowRight":
      return within(seconds + 5);
    case "j":
      return within(seconds - 10);
    case "l":
      return within(seconds + 10);
    case "Home":
      return 0;
    case "End":
      return lengthSeconds;
    default:
      return null;
  }
}
