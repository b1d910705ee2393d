import type { ComponentChildren } from "preact";

import type { Tone } from "./toast";

export type { Tone };

/** A state in a word; the words say it, the colour only helps. A live one has a dot that breathes. */
export function Badge({ tone = "grey", isLive, children }: { tone?: Tone; isLive?: boolean; children: ComponentChildren }) {
  return (
    <span class={`badge ${tone}`}>
      <span class={`badge-dot${isLive ? " live" : ""}`} aria-hidden="true" />
      {children}
    </span>
  );
}
