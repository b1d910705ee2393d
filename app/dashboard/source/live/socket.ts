/** The one websocket: live lists, and whether they are live.
 *
 * Each live list is a subscription that begins with a snapshot and goes on with changes; after a disconnection it is
 * asked for again, and its new snapshot takes the place of what was shown. Lists without a snapshot resume from their last cursor.
 * The service pings every twenty seconds and answers pings of ours; when one of ours stays unanswered, the connection is
 * given up, and everybody is told since when nothing has been heard. */
import { computed, signal } from "@preact/signals";
import { createClient, type Client } from "graphql-ws";
import { useEffect, useMemo } from "preact/hooks";

import { clockOffset } from "../components/time";
import type { Document } from "../api";
import { onRefused, resume, token } from "../session";

const PING_MS = 5_000;
const PONG_MS = 6_000;
const OPENING_MS = 10_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/** A connection that lived for so long was a good one: the next wait is a short one again. */
const GOOD_MS = 10_000;

/** The service's close codes: the credential is not good (any more); it may do other things now, or has expired. */
const NOT_GOOD = 4401;
const CHANGED = 4403;

export type Standing =
  | { readonly state: "idle" | "live" }
  | { readonly state: "connecting" }
  /** Since when (ms) nothing was heard. */
  | { readonly state: "lost"; readonly since: number };

const standing = signal<Standing>({ state: "idle" });
/** How many lists on the screen want to be live. */
const wanted = signal(0);
export const liveness = computed<Standing>(() => (wanted.value === 0 ? { state: "idle" } : standing.value));

let client: Client | null = null;
let socket: WebSocket | null = null;
let lastHeard = 0;
let connectedAt = 0;
let tries = 0;
let wake: (() => void) | null = null;
let pongTimer: ReturnType<typeof setTimeout> | undefined;
let openingTimer: ReturnType<typeof setTimeout> | undefined;

function lose(): void {
  if (standing.value.state === "lost") return;
  standing.value = { state: "lost", since: lastHeard || Date.now() };
}

function connect(): Client {
  lastHeard = Date.now();
  standing.value = { state: "connecting" };
  return createClient({
    url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`,
    connectionParams: () => ({ authorization: `Bearer ${token.value ?? ""}` }),
    lazy: true,
    lazyCloseTimeout: 3_000,
    keepAlive: PING_MS,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: async () => {
      lose();
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries++) * (0.75 + Math.random() / 2);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      wake = null;
    },
    on: {
      connecting: () => {
        // A browser waits for minutes for an answer that does not come.
        clearTimeout(openingTimer);
        openingTimer = setTimeout(() => client?.terminate(), OPENING_MS);
      },
      opened: (opened) => {
        socket = opened as WebSocket;
        socket.addEventListener("message", () => (lastHeard = Date.now()));
      },
      connected: () => {
        clearTimeout(openingTimer);
        connectedAt = lastHeard = Date.now();
        standing.value = { state: "live" };
      },
      ping: (isReceived) => {
        if (isReceived) return;
        clearTimeout(pongTimer);
        pongTimer = setTimeout(() => {
          lose();
          client?.terminate();
        }, PONG_MS);
      },
      pong: (isReceived) => {
        if (isReceived) clearTimeout(pongTimer);
      },
      closed: (event) => {
        clearTimeout(pongTimer);
        clearTimeout(openingTimer);
        socket = null;
        const { code } = event as CloseEvent;
        if (connectedAt > 0 && Date.now() - connectedAt > GOOD_MS) tries = 0;
        connectedAt = 0;
        if (code === 1000 && wanted.value === 0) {
          standing.value = { state: "connecting" }; // nobody follows anything now; whoever does next connects
          return;
        }
        lose();
        if (code === NOT_GOOD && token.value) onRefused(token.value);
        if (code === CHANGED) resume().catch(() => undefined); // what it may see now; connecting again says the rest
      },
    },
  });
}

// A browser knows at once when its network is gone; that it is back is worth a try at once.
window.addEventListener("offline", () => {
  if (!client) return;
  lose();
  client.terminate();
});
window.addEventListener("online", () => wake?.());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) wake?.();
});
token.subscribe((next) => {
  if (!client) return;
  if (next !== null) {
    // An open socket goes on under the next token, without closing.
    if (socket?.readyState === WebSocket.OPEN) {
      socket.send(JSON.stringify({ type: "ping", payload: { authorization: `Bearer ${next}` } }));
    }
    return;
  }
  // Another session is another connection.
  const old = client;
  client = null;
  standing.value = { state: "idle" };
  Promise.resolve(old.dispose()).catch(() => undefined); // it was just connecting, and that failed
});

const AGAIN_MS = 3_000;

/** Follow an operation until the function that is returned is called. It is asked for again after whatever ends it but its own end. */
export function follow<Result, Variables>(
  document: Document<Result, Variables>,
  variables: () => Variables,
  onNext: (result: Result) => void,
  onProblem: (message: string | null) => void = () => undefined,
): () => void {
  let isOver = false;
  /** The latest answer was that there is none: the service says so, and then completes. */
  let isBroken = false;
  let stop: () => void = () => undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  wanted.value += 1;
  const begin = () => {
    if (isOver || token.value === null) return;
    isBroken = false;
    client ??= connect();
    stop = client.subscribe<Result>(
      { query: document.toString(), variables: variables() as Record<string, unknown> },
      {
        next: (answer) => {
          isBroken = Boolean(answer.errors?.length) && !answer.data;
          if (isBroken) onProblem(answer.errors?.[0]?.message ?? "There was no answer.");
          else if (answer.data) {
            onProblem(null);
            onNext(answer.data);
          }
        },
        error: (error) => {
          if (isOver) return;
          if (Array.isArray(error)) onProblem((error[0] as Error | undefined)?.message ?? "It was refused.");
          timer = setTimeout(begin, AGAIN_MS);
        },
        complete: () => {
          if (isBroken && !isOver) timer = setTimeout(begin, AGAIN_MS);
        },
      },
    );
  };
  begin();
  return () => {
    isOver = true;
    clearTimeout(timer);
    wanted.value -= 1;
    stop();
  };
}

/** The service's clock, from an instant that it has just told. */
export function noteClock(at: string): void {
  const offset = Date.parse(at) - Date.now();
  clockOffset.value = Math.abs(offset) > 2_000 ? offset : 0;
}

/** A live list in a component: what `make` follows lasts as long as the component is shown. */
export function useLive<Store extends { start: () => () => void }>(make: () => Store, when: ReadonlyArray<unknown> = []): Store {
  const store = useMemo(make, when);
  useEffect(() => store.start(), [store]);
  return store;
}
