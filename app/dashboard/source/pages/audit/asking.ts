/** What the page's address says lines of the audit log are looked for by, as the API takes it. */
import type { AuditEventFilterInput } from "../../generated/operations";
import { ownZone, rangeOfDates } from "../../format/instant";

export const FILTER_NAMES = ["action", "outcome", "subject", "actor", "from", "to"] as const;

export function filterIn(query: URLSearchParams, zone: string = ownZone()): AuditEventFilterInput | null {
  const text = (name: (typeof FILTER_NAMES)[number]) => query.get(name)?.trim() || null;
  const [action, outcome, subjectId, actorId] = [text("action"), text("outcome"), text("subject"), text("actor")];
  const occurred = rangeOfDates(text("from") ?? "", text("to") ?? "", zone);
  const filter: AuditEventFilterInput = {
    ...(action ? { actions: [action] } : {}),
    ...(outcome === "DONE" || outcome === "REFUSED" ? { isRefused: outcome === "REFUSED" } : {}),
    ...(subjectId ? { subjectId } : {}),
    ...(actorId ? { actorId } : {}),
    ...(occurred ? { occurred } : {}),
  };
  return Object.keys(filter).length > 0 ? filter : null;
}

interface Line {
  readonly at: string;
  readonly action: string;
  readonly requestId: string | null;
}

/** Lines have no id of their own; what tells two apart that are alike in everything else is their place. */
export function keysOf(lines: ReadonlyArray<Line>): Map<Line, string> {
  const seen = new Map<string, number>();
  const keys = new Map<Line, string>();
  for (const line of lines) {
    const text = `${line.at} ${line.action} ${line.requestId}`;
    const count = seen.get(text) ?? 0;
    seen.set(text, count + 1);
    keys.set(line, `${text} ${count}`);
  }
  return keys;
}
