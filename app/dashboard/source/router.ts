/** Routes live behind the hash, so that one file at `/` serves them all: `#/calls/call_123?state=RINGING`. */
import { computed, signal } from "@preact/signals";

const hash = signal(location.hash);
window.addEventListener("hashchange", () => (hash.value = location.hash));

export interface Route {
  /** Without the query: `/calls/call_123`. */
  readonly path: string;
  readonly query: URLSearchParams;
}

export const route = computed<Route>(() => {
  const [path = "", query = ""] = hash.value.replace(/^#/, "").split("?", 2);
  return { path: path === "" || path === "/" ? "/" : path.replace(/\/$/, ""), query: new URLSearchParams(query) };
});

export function go(path: string, query?: Record<string, string | undefined>): void {
  location.hash = address(path, query);
}

/** Changes the query of the page that is shown, without a step in the history; an empty value takes a name out. */
export function setQuery(changes: Record<string, string | undefined>): void {
  const query = new URLSearchParams(route.value.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  history.replaceState(null, "", `#${route.value.path}${text ? `?${text}` : ""}`);
  hash.value = location.hash;
}

/** The `href` of a page: `address("/calls", { state: "RINGING" })`. */
export function address(path: string, query: Record<string, string | undefined> = {}): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => !!pair[1]);
  const text = new URLSearchParams(given).toString();
  return `#${path}${text ? `?${text}` : ""}`;
}

/** The parameters when a path is of a pattern (`/calls/:id`), else null. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? "";
    if (part.startsWith(":")) {
      try {
        params[part.slice(1)] = decodeURIComponent(value);
      } catch {
        return null; // a path that somebody made up
      }
    } else if (part !== value) return null;
  }
  return params;
}
