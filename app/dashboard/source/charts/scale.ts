/** Scales and layouts of charts: numbers in, places in pixels out. */

/** Round numbers from 0 to at least `most`, about `count` steps; whole numbers alone when asked. */
export function ticksTo(most: number, count = 4, isWhole = true): number[] {
  const top = Math.max(most, isWhole ? 1 : Number.MIN_VALUE);
  const rough = top / count;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const nice = [1, 2, 5, 10].map((one) => one * magnitude).find((one) => one >= rough * 0.999_999) ?? 10 * magnitude;
  const step = isWhole ? Math.max(1, nice) : nice;
  const ticks: number[] = [];
  for (let index = 0; ticks.length === 0 || (ticks.at(-1) ?? 0) < top; index += 1) {
    // Multiplied, not summed up: 0.1 + 0.2 is no tick.
    ticks.push(Number((index * step).toPrecision(12)));
  }
  return ticks;
}

export interface Band {
  readonly x: number;
  readonly width: number;
}

const WIDEST = 56;

/** Places for so many bars side by side, each in the middle of its share, with room between them. */
export function bandsOf(count: number, width: number, gapShare = 0.25): Band[] {
  const step = count > 0 ? width / count : 0;
  const wide = Math.min(WIDEST, Math.max(1, step - Math.min(step * gapShare, 12)));
  return Array.from({ length: count }, (_, index) => ({ x: index * step + Math.max(0, step - wide) / 2, width: wide }));
}

/** Every how many labels one is shown, so that each has room: a number that goes into the count, if one is near. */
export function labelStep(count: number, width: number, roomForOne: number): number {
  const fits = Math.max(1, Math.floor(width / roomForOne));
  const least = Math.max(1, Math.ceil(count / fits));
  for (let step = least; step <= least * 1.6; step += 1) if (count % step === 0) return step;
  return least;
}

/** The path of a bar with a rounded top, standing on `bottom`. */
export function barPath(x: number, width: number, bottom: number, height: number, radius = 3): string {
  if (height <= 0) return "";
  const round = Math.min(radius, width / 2, height);
  const top = bottom - height;
  return (
    `M${x},${bottom}V${top + round}Q${x},${top} ${x + round},${top}` +
    `H${x + width - round}Q${x + width},${top} ${x + width},${top + round}V${bottom}Z`
  );
}
