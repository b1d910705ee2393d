/** The API's names as commands, webhooks and people have them; sentences' words are in components/words. */

/** `CALLS_READ` → `calls:read`, as keys have it at the command line. */
export function scopeName(scope: string): string {
  return scope.toLowerCase().replace("_", ":");
}

/** `AGENT_STATE_CHANGED` → `agent.state_changed`, as webhooks have it. */
export function eventName(type: string): string {
  return type.toLowerCase().replace("_", ".");
}

/** `1 call`, `2 calls`. */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
