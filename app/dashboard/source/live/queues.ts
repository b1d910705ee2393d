/** How the account's queues stand. */
import { computed, signal } from "@preact/signals";

import { QueueActivityDocument, type QueuePartsFragment } from "../generated/operations";
import { NOTHING, takeChange, takeChunk, type LiveList } from "./list";
import { follow } from "./socket";

export type LiveQueue = QueuePartsFragment & { readonly id: string };

const named = (queue: QueuePartsFragment): LiveQueue => ({ ...queue, id: queue.queueId });

export class LiveQueues {
  private readonly list = signal<LiveList<LiveQueue>>(NOTHING);
  readonly problem = signal<string | null>(null);
  readonly queues = computed<ReadonlyArray<LiveQueue> | null>(() => {
    const { rows } = this.list.value;
    return rows && [...rows.values()].sort((one, other) => nameOf(one).localeCompare(nameOf(other), undefined, { numeric: true }));
  });

  readonly start = (): (() => void) =>
    follow(
      QueueActivityDocument,
      () => ({}),
      ({ queueActivity: message }) => {
        if (message.__typename === "QueueSnapshot") {
          this.list.value = takeChunk(this.list.value, message.queues.map(named), 1, true);
        } else if (message.__typename === "QueuesChanged") {
          for (const queue of message.queues) this.list.value = takeChange(this.list.value, named(queue));
        }
      },
      (problem) => (this.problem.value = problem),
    );
}

export function nameOf(queue: LiveQueue): string {
  return queue.queue?.name ?? queue.queueId;
}
