/** Instants, by the wall clock of whoever looks. */

export function ownZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** What the wall clock shows: `2026-11-21T19:52:03`. */
export function wallClockOf(instant: string | number, zone: string = ownZone()): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZone: zone,
  }).formatToParts(new Date(instant));
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}:${part("second")}`;
}

/** Today's date there: `2026-11-21`. */
export function dateOf(instant: string | number, zone: string = ownZone()): string {
  return wallClockOf(instant, zone).slice(0, 10);
}

/** Calendar dates: `2026-11-21` and so many days on. */
export function daysOn(date: string, days: number): string {
  const moved = new Date(`${date}T00:00:00Z`);
  moved.setUTCDate(moved.getUTCDate() + days);
  return moved.toISOString().slice(0, 10);
}

/** How many days lie between two dates; negative when `to` is before `from`. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}

export function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
}

interface TimeInput {
  readonly local: { readonly dateTime: string; readonly timeZone: string };
}

export interface TimeRange {
  readonly from?: TimeInput;
  readonly to?: TimeInput;
}

/** From the first moment of `from` to the last of `to`, both dates, either of which may be empty. Null for neither. */
export function rangeOfDates(from: string, to: string, zone: string = ownZone()): TimeRange | null {
  const at = (date: string): TimeInput => ({ local: { dateTime: `${date}T00:00:00`, timeZone: zone } });
  const range = {
    ...(isDate(from) ? { from: at(from) } : {}),
    ...(isDate(to) ? { to: at(daysOn(to, 1)) } : {}),
  };
  return range.from || range.to ? range : null;
}
