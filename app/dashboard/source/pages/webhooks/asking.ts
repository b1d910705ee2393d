/** What is typed into the forms of webhooks, as the API takes it, and what becomes of it. */
import type { WebhookDeliveryFilterInput, DeliveryState, EventType } from "../../generated/operations";
import { ownZone, rangeOfDates } from "../../format/instant";

export const STATES: readonly DeliveryState[] = ["PENDING", "DELIVERED", "EXHAUSTED", "DROPPED"];
/** Deliveries in these states are over: they can be sent again. */
export const OVER: readonly DeliveryState[] = ["DELIVERED", "EXHAUSTED", "DROPPED"];

export const GRACES: ReadonlyArray<readonly [string, string]> = [
  ["86400", "for a day"],
  ["604800", "for 7 days"],
  ["3600", "for an hour"],
  ["0", "no longer: it has leaked"],
];

/** `call.*, recording.saved`: names and patterns, with commas, spaces or lines between them. */
export function typedEvents(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter(Boolean))];
}

/** `call.ended`, as webhooks have it, or `CALL_ENDED`, as the API's lists do; null for what can be neither. */
export function typedEventType(text: string): EventType | null {
  const name = text.trim().toUpperCase().replaceAll(".", "_");
  return /^[A-Z]+(_[A-Z]+)+$/.test(name) ? (name as EventType) : null;
}

export function filterIn(endpointId: string, query: URLSearchParams, zone: string = ownZone()): WebhookDeliveryFilterInput {
  const state = STATES.find((one) => one === query.get("state"));
  const type = typedEventType(query.get("event") ?? "");
  const subjectId = query.get("subject")?.trim();
  const created = rangeOfDates(query.get("from") ?? "", query.get("to") ?? "", zone);
  return {
    endpointId,
    ...(state ? { states: [state] } : {}),
    ...(type ? { eventTypes: [type] } : {}),
    ...(subjectId ? { subjectId } : {}),
    ...(created ? { created } : {}),
  };
}

interface Standing {
  readonly isEnabled: boolean;
  readonly failingSince: string | null;
}

export function standingOf({ isEnabled, failingSince }: Standing): "DISABLED" | "FAILING" | "ENABLED" {
  if (!isEnabled) return "DISABLED";
  return failingSince ? "FAILING" : "ENABLED";
}

/** What one request for a replay came to, and all of those that go on from it. */
export interface Replayed {
  readonly replayedCount: number | null;
  readonly skippedCount: number | null;
  readonly hasMore: boolean | null;
  readonly endCursor: string | null;
}

/** Ask again and again until the end is reached; a null answer (it was told) ends it. The sum of all requests. */
export async function replayAll(
  ask: (after: string | null) => Promise<Replayed | null>,
  onProgress: (count: number) => void = () => undefined,
): Promise<number | null> {
  let count = 0;
  for (let after: string | null = null; ;) {
    const answer: Replayed | null = await ask(after);
    if (answer === null) return null;
    count += answer.replayedCount ?? 0;
    onProgress(count);
    if (!answer.hasMore || !answer.endCursor) return count;
    after = answer.endCursor;
  }
}
