import { describe, expect, it } from "vitest";

import { isStale, pathOf } from "./address";
import { filterIn } from "./filters";
import { lineAt, movedBy, saidAt, silencesOf, stretchesOf, type Segment } from "./tape";

describe("filters", () => {
  it("looks for a number as it was typed, and the days that were chosen", () => {
    const query = new URLSearchParams({ number: "+1 555 010 0000", from: "2026-11-21", state: "SAVED", kind: "NONSENSE" });
    expect(filterIn(query, "UTC")).toEqual({
      customerNumber: "+15550100000",
      states: ["SAVED"],
      created: { from: { local: { dateTime: "2026-11-21T00:00:00", timeZone: "UTC" } } },
    });
    expect(filterIn(new URLSearchParams("number=%20"), "UTC")).toBeNull();
  });
});

describe("signed addresses", () => {
  it("are fetched from this origin, signature and all", () => {
    expect(pathOf("https://calls.example:8443/recordings/rec_1?expires=5&signature=a%2Bb")).toBe(
      "/recordings/rec_1?expires=5&signature=a%2Bb",
    );
  });

  it("are stale a little before they end", () => {
    const end = "2026-11-21T12:00:00Z";
    expect(isStale(end, Date.parse("2026-11-21T11:59:00Z"))).toBe(false);
    expect(isStale(end, Date.parse("2026-11-21T11:59:40Z"))).toBe(true);
  });
});

const MAP: Segment[] = [
  { kind: "TALK", beganAt: "2026-11-21T12:00:00Z", offsetSeconds: 0, lengthSeconds: 4 },
  { kind: "PAUSED", beganAt: "2026-11-21T12:00:04Z", offsetSeconds: 4, lengthSeconds: 0 },
  { kind: "TALK", beganAt: "2026-11-21T12:01:04Z", offsetSeconds: 4, lengthSeconds: 4 },
  { kind: "APART", beganAt: "2026-11-21T12:01:08Z", offsetSeconds: 8, lengthSeconds: 2 },
];

describe("the map of the file", () => {
  it("is drawn without what takes up nothing", () => {
    expect(stretchesOf(MAP, 10)).toEqual([
      { kind: "TALK", begin: 0, width: 0.4 },
      { kind: "TALK", begin: 0.4, width: 0.4 },
      { kind: "APART", begin: 0.8, width: 0.2 },
    ]);
    expect(stretchesOf(MAP, 0)).toEqual([]);
  });

  it("says where nobody is heard, and why", () => {
    expect(silencesOf(MAP, (seconds) => `${seconds} s`)).toEqual([
      "paused, left out at 4 s",
      "one of the two away 8 s–10 s",
    ]);
    expect(silencesOf(MAP.slice(0, 1), String)).toEqual([]);
  });

  it("knows when something was said, over a pause that was skipped", () => {
    expect(saidAt(MAP, 3)).toBe("2026-11-21T12:00:03.000Z");
    expect(saidAt(MAP, 5)).toBe("2026-11-21T12:01:05.000Z");
    expect(saidAt(MAP, 99)).toBe("2026-11-21T12:01:10.000Z");
    expect(saidAt([], 1)).toBeNull();
  });

  it("knows the line that is being said", () => {
    const lines = [
      { channel: 1, role: "AGENT", text: "Hello", startSeconds: 0.5, endSeconds: 2 },
      { channel: 2, role: "CUSTOMER", text: "Hi", startSeconds: 1.5, endSeconds: 2.5 },
    ] as const;
    expect([0, 1, 1.7, 2.2, 3].map((at) => lineAt(lines, at))).toEqual([-1, 0, 1, 1, -1]);
  });
});

describe("keys of the player", () => {
  it("move within the file", () => {
    expect(movedBy("ArrowLeft", 3, 60)).toBe(0);
    expect(movedBy("ArrowRight", 3, 60)).toBe(8);
    expect([movedBy("j", 30, 60), movedBy("l", 55, 60)]).toEqual([20, 60]);
    expect([movedBy("Home", 30, 60), movedBy("End", 30, 60)]).toEqual([0, 60]);
    expect(movedBy("x", 30, 60)).toBeNull();
  });
});
