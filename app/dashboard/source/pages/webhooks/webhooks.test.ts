import { describe, expect, it } from "vitest";

import { filterIn, replayAll, standingOf, typedEvents, typedEventType, type Replayed } from "./asking";

describe("event types", () => {
  it("are typed with anything between them, each once", () => {
    expect(typedEvents("call.*, recording.saved\n call.*;otp.verified")).toEqual([
      "call.*",
      "recording.saved",
      "otp.verified",
    ]);
    expect(typedEvents("  ")).toEqual([]);
  });

  it.each([
    ["call.ended", "CALL_ENDED"],
    [" agent.state_changed ", "AGENT_STATE_CHANGED"],
    ["CALL_ENDED", "CALL_ENDED"],
    ["call.*", null],
    ["call", null],
    ["", null],
  ])("reads %s as %s", (typed, type) => expect(typedEventType(typed)).toBe(type));
});

describe("filters of deliveries", () => {
  it("keep to the endpoint, and to what can be chosen", () => {
    const query = new URLSearchParams({ state: "EXHAUSTED", event: "call.ended", subject: " call_1 ", from: "2026-11-21" });
    expect(filterIn("whe_1", query, "UTC")).toEqual({
      endpointId: "whe_1",
      states: ["EXHAUSTED"],
      eventTypes: ["CALL_ENDED"],
      subjectId: "call_1",
      created: { from: { local: { dateTime: "2026-11-21T00:00:00", timeZone: "UTC" } } },
    });
    expect(filterIn("whe_1", new URLSearchParams("state=LOST&event=nonsense"), "UTC")).toEqual({ endpointId: "whe_1" });
  });
});

describe("an endpoint", () => {
  it("is disabled before it is failing", () => {
    expect(standingOf({ isEnabled: true, failingSince: null })).toBe("ENABLED");
    expect(standingOf({ isEnabled: true, failingSince: "2026-11-21T12:00:00Z" })).toBe("FAILING");
    expect(standingOf({ isEnabled: false, failingSince: "2026-11-21T12:00:00Z" })).toBe("DISABLED");
  });
});

describe("a replay", () => {
  const part = (count: number, endCursor: string | null): Replayed => ({
    replayedCount: count,
    skippedCount: 0,
    hasMore: endCursor !== null,
    endCursor,
  });

  it("goes on from where each request stopped, to the end", async () => {
    const asked: (string | null)[] = [];
    const answers = [part(10_000, "a"), part(10_000, "b"), part(17, null)];
    const told: number[] = [];
    const count = await replayAll(
      (after) => {
        asked.push(after);
        return Promise.resolve(answers[asked.length - 1] ?? null);
      },
      (so) => told.push(so),
    );
    expect(count).toBe(20_017);
    expect(asked).toEqual([null, "a", "b"]);
    expect(told).toEqual([10_000, 20_000, 20_017]);
  });

  it("stops where it is refused", async () => {
    expect(await replayAll(() => Promise.resolve(null))).toBeNull();
  });
});
