/** What has just happened, in a corner, for some seconds; also read out. */
import { signal } from "@preact/signals";

import { Icon } from "./icon";

export type Tone = "green" | "amber" | "red" | "blue" | "violet" | "grey";

interface Told {
  readonly id: number;
  readonly text: string;
  readonly tone: Tone;
}

const SHOWN_MS = 5000;
const toasts = signal<ReadonlyArray<Told>>([]);
let count = 0;

export function toast(text: string, tone: Tone = "grey"): void {
  const told = { id: ++count, text, tone };
  toasts.value = [...toasts.value.slice(-2), told];
  setTimeout(() => drop(told.id), tone === "red" ? SHOWN_MS * 2 : SHOWN_MS);
}

function drop(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

/** `isOnTop`: nothing modal is above; what is below is neither read out nor seen. */
export function Toasts({ isOnTop }: { isOnTop: boolean }) {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {(isOnTop ? toasts.value : []).map((one) => (
        <div key={one.id} class={`toast ${one.tone}`}>
          <Icon name={one.tone === "red" ? "alert" : "check"} size={16} />
          <span>{one.text}</span>
          <button type="button" class="toast-close" aria-label="Dismiss" onClick={() => drop(one.id)}>
            <Icon name="close" size={14} />
          </button>
        </div>
      ))}
    </div>
  );
}
