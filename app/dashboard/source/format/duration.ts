/** `2 h 5 min`, `5 min 3 s`, `7 s`, `0.3 s`: a length of time in its two largest parts, rounded.
 * Lines break between the parts, not before a unit. */
export function lengthOf(seconds: number): string {
  if (seconds > 0 && seconds < 0.95) return `${Math.max(0.1, Math.round(seconds * 10) / 10)}\u00a0s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}\u00a0s`;
  if (whole < 3600) return joined(Math.floor(whole / 60), "min", whole % 60, "s");
  const minutes = Math.round(seconds / 60);
  return joined(Math.floor(minutes / 60), "h", minutes % 60, "min");
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  const whole = `${large}\u00a0${largeUnit}`;
  return small === 0 ? whole : `${whole} ${small}\u00a0${smallUnit}`;
}

/** `7 ms`, `0.8 s`, `14 s`: how long an answer took. */
export function latencyOf(seconds: number): string {
  if (seconds < 0.1) return `${Math.max(1, Math.round(seconds * 1000))}\u00a0ms`;
  return seconds < 9.95 ? `${seconds.toFixed(1)}\u00a0s` : `${Math.round(seconds)}\u00a0s`;
}
