/** How a range of days is asked for and drawn: what it is cut into, and every piece of it, also those without calls. */
import type { StatisticsInterval } from "../../generated/operations";
import { daysBetween, daysOn, wallClockOf } from "../../format/instant";

/** Both dates belong to it. */
export interface Days {
  readonly from: string;
  readonly to: string;
}

export const PRESETS: Readonly<Record<string, string>> = {
  today: "Today",
  week: "Last 7 days",
  month: "Last 30 days",
  year: "Last 12 months",
  own: "Choose days",
};

export function daysOfPreset(preset: string, today: string): Days {
  switch (preset) {
    case "today":
      return { from: today, to: today };
    case "month":
      return { from: daysOn(today, -29), to: today };
    case "year":
      return { from: `${monthOn(today.slice(0, 7), -11)}-01`, to: today };
    default:
      return { from: daysOn(today, -6), to: today };
  }
}

/** So that a chart has some dozens of bars, not hundreds. */
export function intervalOf(days: Days): StatisticsInterval {
  const count = daysBetween(days.from, days.to) + 1;
  if (count <= 2) return "HOUR";
  if (count <= 62) return "DAY";
  return count <= 366 / 2 ? "WEEK" : "MONTH";
}

/** The name of a piece, by which the API's groups find their place: `2026-11-21T13`, `2026-11-21`, `2026-11`. */
export function pieceOf(beginsAt: string, interval: StatisticsInterval, zone: string): string {
  const clock = wallClockOf(beginsAt, zone);
  if (interval === "HOUR") return clock.slice(0, 13);
  return interval === "MONTH" ? clock.slice(0, 7) : clock.slice(0, 10);
}

/** The piece that a whole day belongs to. */
export function pieceOfDay(day: string, interval: StatisticsInterval): string {
  if (interval === "MONTH") return day.slice(0, 7);
  return interval === "WEEK" ? mondayOf(day) : day;
}

/** All pieces of the days, in order. */
export function piecesOf(days: Days, interval: StatisticsInterval): string[] {
  if (interval === "MONTH") {
    const last = days.to.slice(0, 7);
    const months: string[] = [];
    for (let month = days.from.slice(0, 7); month <= last; month = monthOn(month, 1)) months.push(month);
    return months;
  }
  const step = interval === "WEEK" ? 7 : 1;
  const dates: string[] = [];
  for (let date = pieceOfDay(days.from, interval); date <= days.to; date = daysOn(date, step)) dates.push(date);
  if (interval !== "HOUR") return dates;
  return dates.flatMap((date) => Array.from({ length: 24 }, (_, hour) => `${date}T${String(hour).padStart(2, "0")}`));
}

/** `13:00`, `21 Nov`, `Nov 2026`. */
export function labelOf(piece: string, interval: StatisticsInterval): string {
  if (interval === "HOUR") return `${piece.slice(11)}:00`;
  const date = new Date(`${piece.length === 7 ? `${piece}-01` : piece}T00:00:00Z`);
  return new Intl.DateTimeFormat("en-GB", {
    timeZone: "UTC",
    month: "short",
    ...(interval === "MONTH" ? { year: "numeric" } : { day: "numeric" }),
  }).format(date);
}

/** `21 Nov 2026, 13:00`, `Saturday, 21 November 2026`, `week of 16 November 2026`: for tables and for reading aloud. */
export function fullLabelOf(piece: string, interval: StatisticsInterval): string {
  if (interval === "MONTH") return labelOf(piece, interval);
  const date = new Date(`${piece.slice(0, 10)}T00:00:00Z`);
  const told = (weekday: "long" | undefined) =>
    new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "numeric", month: "long", year: "numeric", weekday }).format(
      date,
    );
  if (interval === "HOUR") return `${told(undefined)}, ${labelOf(piece, interval)}`;
  return interval === "WEEK" ? `Week of ${told(undefined)}` : told("long");
}

interface Counted {
  readonly beginsAt: string | null;
  readonly calls: number;
  readonly connectedCalls: number;
  readonly talkSeconds: number;
}

export interface Piece {
  readonly name: string;
  readonly calls: number;
  readonly connected: number;
  readonly talkSeconds: number;
}

/** The API's groups at their places; an hour that came twice, when clocks went back, is one piece. */
export function filledIn(groups: ReadonlyArray<Counted>, days: Days, interval: StatisticsInterval, zone: string): Piece[] {
  const found = new Map<string, Piece>();
  for (const group of groups) {
    if (group.beginsAt === null) continue;
    const name = pieceOf(group.beginsAt, interval, zone);
    const before = found.get(name);
    found.set(name, {
      name,
      calls: group.calls + (before?.calls ?? 0),
      connected: group.connectedCalls + (before?.connected ?? 0),
      talkSeconds: group.talkSeconds + (before?.talkSeconds ?? 0),
    });
  }
  return piecesOf(days, interval).map((name) => found.get(name) ?? { name, calls: 0, connected: 0, talkSeconds: 0 });
}

function monthOn(month: string, months: number): string {
  const date = new Date(`${month}-01T00:00:00Z`);
  date.setUTCMonth(date.getUTCMonth() + months);
  return date.toISOString().slice(0, 7);
}

function mondayOf(date: string): string {
  const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
  return daysOn(date, -((weekday + 6) % 7));
}
