import { signal } from "@preact/signals";

const WHOLE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" }); // with the zone
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const DAY_OF_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

/** How far this machine's clock is behind the service's, in ms: durations are counted by the service's clock. */
export const clockOffset = signal(0);
/** Now, by the service's clock, each second. */
const now = signal(Date.now());
setInterval(() => (now.value = Date.now() + clockOffset.value), 500);

/** 14:03:07 */
export function clockTime(at: string | number | Date): string {
  return CLOCK.format(new Date(at));
}

/** 4 Mar, 14:03:07; the date is left out when it is today, unless `withDate`. */
export function Instant({ at, withDate }: { at: string | null | undefined; withDate?: boolean }) {
  if (!at) return <span class="faint">–</span>;
  const date = new Date(at);
  const today = new Date();
  const isToday = date.toDateString() === today.toDateString();
  const day = date.getFullYear() === today.getFullYear() ? DAY : DAY_OF_YEAR;
  const text = isToday && !withDate ? CLOCK.format(date) : `${day.format(date)}, ${CLOCK.format(date)}`;
  return (
    <time dateTime={at} title={WHOLE.format(date)} class="nowrap">
      {text}
    </time>
  );
}

/** m:ss, or h:mm:ss */
export function lasting(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${String(rest).padStart(2, "0")}`;
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** For a screen reader and for `datetime`: PT62S. */
export function Lasting({ seconds }: { seconds: number | null | undefined }) {
  if (seconds === null || seconds === undefined) return <span class="faint">–</span>;
  return <time dateTime={`PT${Math.round(seconds)}S`}>{lasting(seconds)}</time>;
}

/** How long it is since then, counted on. */
export function Ticking({ since }: { since: string | null | undefined }) {
  if (!since) return <span class="faint">–</span>;
  return (
    <time role="timer" aria-live="off" dateTime={since}>
      {lasting((now.value - Date.parse(since)) / 1000)}
    </time>
  );
}
