/** What the page's address says records are looked for by, as the API takes it. */
import type { CallFilterInput, CallKind, CdrOrder, Direction, Disposition } from "../../generated/operations";
import { ownZone, rangeOfDates } from "../../format/instant";
import { typedNumber } from "../../format/number";

export const DISPOSITIONS: readonly Disposition[] = [
  ...(["ANSWERED", "NO_ANSWER", "BUSY", "CANCELLED", "REJECTED", "UNREACHABLE", "INVALID_NUMBER"] as const),
  ...(["CONGESTION", "FAILED", "MACHINE", "VOICEMAIL", "ABANDONED", "DNC", "BLOCKED"] as const),
];
export const KINDS: readonly CallKind[] = ["CLICK_TO_CALL", "CAMPAIGN", "CALLBACK", "OTP", "INBOUND", "INTERNAL"];
export const DIRECTIONS: readonly Direction[] = ["OUTBOUND", "INBOUND", "INTERNAL"];
export const ORDERS: Readonly<Record<CdrOrder, string>> = {
  CREATED_AT_DESC: "Newest first",
  CREATED_AT_ASC: "Oldest first",
  DURATION_DESC: "Longest first",
  DURATION_ASC: "Shortest first",
  TALK_DESC: "Longest talk first",
  TALK_ASC: "Shortest talk first",
};

/** What the ways back and on through the pages are called. */
export function waysThrough(order: CdrOrder): readonly [string, string] {
  if (order === "CREATED_AT_DESC") return ["Newer", "Older"];
  return order === "CREATED_AT_ASC" ? ["Older", "Newer"] : ["Previous", "Next"];
}

/** The names that filters have in the address. */
export const FILTER_NAMES = [
  ...["number", "extension", "disposition", "kind", "direction", "from", "to", "externalId", "tag"],
] as const;

function oneOf<Value extends string>(values: readonly Value[], text: string | null): Value | null {
  return values.find((value) => value === text) ?? null;
}

export function orderIn(query: URLSearchParams): CdrOrder {
  return oneOf(Object.keys(ORDERS) as CdrOrder[], query.get("order")) ?? "CREATED_AT_DESC";
}

/** Null when nothing is asked for, and then an export holds everything. Values that nobody could choose count as none. */
export function filterIn(query: URLSearchParams, zone: string = ownZone()): CallFilterInput | null {
  const text = (name: string) => query.get(name)?.trim() || null;
  const number = typedNumber(text("number") ?? "");
  const extension = text("extension");
  const disposition = oneOf(DISPOSITIONS, text("disposition"));
  const kind = oneOf(KINDS, text("kind"));
  const direction = oneOf(DIRECTIONS, text("direction"));
  const created = rangeOfDates(text("from") ?? "", text("to") ?? "", zone);
  const externalId = text("externalId");
  const tag = text("tag");
  const filter: CallFilterInput = {
    ...(number ? { customerNumber: number } : {}),
    ...(extension ? { extensions: [extension] } : {}),
    ...(disposition ? { dispositions: [disposition] } : {}),
    ...(kind ? { kinds: [kind] } : {}),
    ...(direction ? { directions: [direction] } : {}),
    ...(created ? { created } : {}),
    ...(externalId ? { externalId } : {}),
    ...(tag ? { tag } : {}),
  };
  return Object.keys(filter).length > 0 ? filter : null;
}
