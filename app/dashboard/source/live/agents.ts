/** What the account's agents do. */
import { computed, signal } from "@preact/signals";

import { AgentActivityDocument, type AgentPartsFragment } from "../generated/operations";
import { NOTHING, takeChange, takeChunk, type LiveList } from "./list";
import { follow } from "./socket";

export type LiveAgent = AgentPartsFragment;

export class LiveAgents {
  private readonly list = signal<LiveList<LiveAgent>>(NOTHING);
  readonly problem = signal<string | null>(null);
  readonly agents = computed<ReadonlyArray<LiveAgent> | null>(() => {
    const { rows } = this.list.value;
    return rows && [...rows.values()].sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
  });

  readonly start = (): (() => void) =>
    follow(
      AgentActivityDocument,
      () => ({}),
      ({ agentActivity: message }) => {
        if (message.__typename === "AgentSnapshot") {
          this.list.value = takeChunk(this.list.value, message.agents, message.chunk, message.isLast);
        } else if (message.__typename === "AgentChanged") {
          this.list.value = takeChange(this.list.value, message.agent);
        }
      },
      (problem) => (this.problem.value = problem),
    );
}
