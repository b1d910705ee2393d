/** The account's live calls. */
import { computed, signal } from "@preact/signals";

import { LiveCallsDocument, type LiveCallPartsFragment } from "../generated/operations";
import { has } from "../session";
import { NOTHING, takeChange, takeChunk, takeRemoval, type LiveList } from "./list";
import { follow } from "./socket";

export type LiveCall = LiveCallPartsFragment;

/** An ended call stays on the list for so long, so that its end can be seen. */
const FAREWELL_MS = 6_000;

export class LiveCalls {
  private readonly list = signal<LiveList<LiveCall>>(NOTHING);
  private readonly ended = signal<ReadonlyMap<string, LiveCall>>(new Map());
  readonly problem = signal<string | null>(null);

  /** Oldest first, those that have just ended among them; null until all are known. */
  readonly calls = computed<ReadonlyArray<LiveCall> | null>(() => {
    const { rows } = this.list.value;
    if (!rows) return null;
    const all = [...rows.values(), ...[...this.ended.value.values()].filter((call) => !rows.has(call.id))];
    return all.sort((one, other) => one.createdAt.localeCompare(other.createdAt));
  });

  find(id: string): LiveCall | null {
    return this.list.value.rows?.get(id) ?? this.ended.value.get(id) ?? null;
  }

  readonly start = (): (() => void) => {
    const timers = new Set<ReturnType<typeof setTimeout>>();
    const stop = follow(
      LiveCallsDocument,
      () => ({ withRecordings: has("RECORDINGS_READ") }),
      ({ liveCalls: message }) => {
        switch (message.__typename) {
          case "Snapshot":
            this.list.value = takeChunk(this.list.value, message.calls, message.chunk, message.isLast);
            break;
          case "CallChanged":
            this.list.value = takeChange(this.list.value, message.call, isOlder);
            break;
          case "CallRemoved": {
            const { call } = message;
            this.list.value = takeRemoval(this.list.value, message.callId);
            this.ended.value = new Map(this.ended.value).set(call.id, call);
            const timer = setTimeout(() => {
              timers.delete(timer);
              const rest = new Map(this.ended.value);
              rest.delete(call.id);
              this.ended.value = rest;
            }, FAREWELL_MS);
            timers.add(timer);
            break;
          }
          case "Gap":
            break; // a new snapshot follows
        }
      },
      (problem) => (this.problem.value = problem),
    );
    return () => {
      stop();
      timers.forEach(clearTimeout);
    };
  };
}

function isOlder(one: LiveCall, than: LiveCall): boolean {
  return one.lastCallSequence < than.lastCallSequence;
}
