import { signal } from "@preact/signals";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Document } from "../api";

interface Sink {
  next(answer: { data?: unknown; errors?: ReadonlyArray<{ message: string }> }): void;
  error(error: unknown): void;
  complete(): void;
}

const service = vi.hoisted(() => {
  // What the module listens to in a browser.
  Object.assign(globalThis, { window: new EventTarget(), document: new EventTarget() });
  return { asked: [] as Sink[] };
});

vi.mock("graphql-ws", () => ({
  createClient: () => ({
    subscribe: (_: unknown, sink: Sink) => {
      service.asked.push(sink);
      return () => undefined;
    },
    terminate: () => undefined,
    dispose: () => undefined,
  }),
}));
vi.mock("../session", () => ({ token: signal("oft_test"), onRefused: () => undefined, resume: async () => undefined }));
vi.mock("../components/time", () => ({ clockOffset: signal(0) }));
vi.stubGlobal("location", { protocol: "http:", host: "offhook.example" });

const { follow } = await import("./socket");
const { LiveFigures } = await import("./figures");

const LIST = "subscription { list }" as unknown as Document<{ list: string }, object>;
const A_WHILE_MS = 60_000;

const asked = () => service.asked.length;
const latest = (): Sink => {
  const sink = service.asked.at(-1);
  if (!sink) throw new Error("nothing was asked for");
  return sink;
};
const failRead = () => {
  latest().next({ data: null, errors: [{ message: "The read failed." }] });
  latest().complete();
};

beforeEach(() => {
  service.asked.length = 0;
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function followed() {
  const told: string[] = [];
  const problems: (string | null)[] = [];
  const stop = follow(LIST, () => ({}), (result) => told.push(result.list), (problem) => problems.push(problem));
  return { told, problems, stop };
}

test("a list whose read fails is asked for again, and what went wrong is told until then", () => {
  const { told, problems, stop } = followed();
  latest().next({ data: { list: "one" } });
  failRead();
  expect(problems.at(-1)).toBe("The read failed.");
  expect(asked()).toBe(1);

  vi.advanceTimersByTime(A_WHILE_MS);
  expect(asked()).toBe(2);
  latest().next({ data: { list: "two" } });
  expect(told).toEqual(["one", "two"]);
  expect(problems.at(-1)).toBeNull();
  stop();
});

test("a list whose read fails each time is asked for each time, one at a time", () => {
  const { stop } = followed();
  for (const turn of [2, 3, 4]) {
    failRead();
    vi.advanceTimersByTime(A_WHILE_MS);
    expect(asked()).toBe(turn);
  }
  stop();
});

test("a list that comes to its own end is not asked for again", () => {
  const { stop } = followed();
  latest().next({ data: { list: "all there is" } });
  latest().complete();
  vi.advanceTimersByTime(A_WHILE_MS);
  expect(asked()).toBe(1);
  stop();
});

test("a list that came to its own end after a failed read was mended is not asked for again", () => {
  const { stop } = followed();
  failRead();
  vi.advanceTimersByTime(A_WHILE_MS);
  latest().next({ data: { list: "all there is" } });
  latest().complete();
  vi.advanceTimersByTime(A_WHILE_MS);
  expect(asked()).toBe(2);
  stop();
});

test("nobody asks for a list again that nobody looks at any more", () => {
  const { stop } = followed();
  const sink = latest();
  failRead();
  stop();
  vi.advanceTimersByTime(A_WHILE_MS);
  sink.next({ data: null, errors: [{ message: "The read failed." }] });
  sink.complete();
  vi.advanceTimersByTime(A_WHILE_MS);
  expect(asked()).toBe(1);
});

test("counters that cannot be counted say so, and count on", () => {
  const counters = new LiveFigures();
  const stop = counters.start();
  failRead();
  expect(counters.problem.value).toBe("The read failed.");

  vi.advanceTimersByTime(A_WHILE_MS);
  const statistics = { countedAt: new Date().toISOString(), liveCalls: 3 };
  latest().next({ data: { liveStatistics: { __typename: "LiveStatisticsChanged", statistics } } });
  expect(counters.problem.value).toBeNull();
  expect(counters.figures.value?.liveCalls).toBe(3);
  stop();
});
