/** What the page's address says recordings are looked for by, as the API takes it. */
import type { RecordingFilterInput, RecordingKind, RecordingState } from "../../generated/operations";
import { ownZone, rangeOfDates } from "../../format/instant";
import { typedNumber } from "../../format/number";

export const STATES: readonly RecordingState[] = ["SAVED", "RECORDING", "PAUSED", "COLLECTING", "FAILED", "DELETED"];
export const KINDS: readonly RecordingKind[] = ["CALL", "VOICEMAIL", "MESSAGE"];

export function filterIn(query: URLSearchParams, zone: string = ownZone()): RecordingFilterInput | null {
  const text = (name: string) => query.get(name)?.trim() || null;
  const number = typedNumber(text("number") ?? "");
  const extension = text("extension");
  const state = STATES.find((one) => one === text("state"));
  const kind = KINDS.find((one) => one === text("kind"));
  const created = rangeOfDates(text("from") ?? "", text("to") ?? "", zone);
  const filter: RecordingFilterInput = {
    ...(number ? { customerNumber: number } : {}),
    ...(extension ? { extensions: [extension] } : {}),
    ...(state ? { states: [state] } : {}),
    ...(kind ? { kinds: [kind] } : {}),
    ...(created ? { created } : {}),
  };
  return Object.keys(filter).length > 0 ? filter : null;
}
