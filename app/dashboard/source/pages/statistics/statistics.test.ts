import { describe, expect, it } from "vitest";

import { bandsOf, barPath, labelStep, ticksTo } from "../../charts/scale";
import { daysOfPreset, filledIn, fullLabelOf, intervalOf, labelOf, pieceOf, pieceOfDay, piecesOf } from "./pieces";

describe("ranges", () => {
  it("hold today, and as many days as they say", () => {
    expect(daysOfPreset("today", "2026-03-01")).toEqual({ from: "2026-03-01", to: "2026-03-01" });
    expect(daysOfPreset("week", "2026-03-01")).toEqual({ from: "2026-02-23", to: "2026-03-01" });
    expect(daysOfPreset("month", "2026-03-01")).toEqual({ from: "2026-01-31", to: "2026-03-01" });
    expect(daysOfPreset("year", "2026-03-31")).toEqual({ from: "2025-04-01", to: "2026-03-31" });
    expect(daysOfPreset("nonsense", "2026-03-01").from).toBe("2026-02-23");
  });

  it("are cut into pieces that can be told apart on a screen", () => {
    const cut = (from: string, to: string) => intervalOf({ from, to });
    expect(cut("2026-03-01", "2026-03-02")).toBe("HOUR");
    expect(cut("2026-03-01", "2026-03-03")).toBe("DAY");
    expect(cut("2026-01-01", "2026-04-30")).toBe("WEEK");
    expect(cut("2025-04-01", "2026-03-31")).toBe("MONTH");
  });

  it("have all their pieces, with calls or without", () => {
    expect(piecesOf({ from: "2026-02-27", to: "2026-03-01" }, "DAY")).toEqual(["2026-02-27", "2026-02-28", "2026-03-01"]);
    expect(piecesOf({ from: "2026-03-01", to: "2026-03-09" }, "WEEK")).toEqual(["2026-02-23", "2026-03-02", "2026-03-09"]);
    expect(piecesOf({ from: "2025-12-15", to: "2026-02-01" }, "MONTH")).toEqual(["2025-12", "2026-01", "2026-02"]);
    const hours = piecesOf({ from: "2026-03-01", to: "2026-03-01" }, "HOUR");
    expect([hours.length, hours[0], hours[23]]).toEqual([24, "2026-03-01T00", "2026-03-01T23"]);
  });
});

describe("pieces", () => {
  it("are named by the wall clock of the zone", () => {
    expect(pieceOf("2026-10-24T22:00:00Z", "DAY", "Europe/Berlin")).toBe("2026-10-25");
    expect(pieceOf("2026-10-31T23:00:00Z", "MONTH", "Europe/Berlin")).toBe("2026-11");
    expect(pieceOf("2026-11-21T18:30:00Z", "HOUR", "Asia/Kolkata")).toBe("2026-11-22T00");
  });

  it("hold whole days", () => {
    expect([pieceOfDay("2026-11-22", "DAY"), pieceOfDay("2026-11-22", "WEEK"), pieceOfDay("2026-11-22", "MONTH")]).toEqual([
      "2026-11-22",
      "2026-11-16",
      "2026-11",
    ]);
  });

  it("take the hour that comes twice as one, and leave out no group", () => {
    const group = (beginsAt: string, calls: number) => ({ beginsAt, calls, connectedCalls: 1, talkSeconds: 2.5 });
    const day = { from: "2026-10-25", to: "2026-10-25" };
    const groups = [group("2026-10-25T00:00:00Z", 3), group("2026-10-25T01:00:00Z", 4)];
    const filled = filledIn(groups, day, "HOUR", "Europe/Berlin");
    expect(filled).toHaveLength(24);
    expect(filled[2]).toEqual({ name: "2026-10-25T02", calls: 7, connected: 2, talkSeconds: 5 });
    expect(filled[3]).toEqual({ name: "2026-10-25T03", calls: 0, connected: 0, talkSeconds: 0 });
  });

  it("find a day that begins after midnight, where clocks change then", () => {
    const groups = [{ beginsAt: "2026-03-28T22:00:00Z", calls: 1, connectedCalls: 0, talkSeconds: 0 }];
    const filled = filledIn(groups, { from: "2026-03-28", to: "2026-03-29" }, "DAY", "Asia/Beirut");
    expect(filled.map((one) => one.calls)).toEqual([0, 1]);
  });

  it("are told shortly under a bar, and in full in a table", () => {
    expect(labelOf("2026-11-21T09", "HOUR")).toBe("09:00");
    expect(labelOf("2026-11-21", "DAY")).toBe("21 Nov");
    expect(labelOf("2026-11", "MONTH")).toBe("Nov 2026");
    expect(fullLabelOf("2026-11-21T09", "HOUR")).toBe("21 November 2026, 09:00");
    expect(fullLabelOf("2026-11-21", "DAY")).toMatch(/^Saturday,? 21 November 2026$/); // the comma is the browser's
    expect(fullLabelOf("2026-11-16", "WEEK")).toBe("Week of 16 November 2026");
  });
});

describe("scales", () => {
  it("have round numbers up to the most, and never half a call", () => {
    expect(ticksTo(0)).toEqual([0, 1]);
    expect(ticksTo(3)).toEqual([0, 1, 2, 3]);
    expect(ticksTo(17)).toEqual([0, 5, 10, 15, 20]);
    expect(ticksTo(4000)).toEqual([0, 1000, 2000, 3000, 4000]);
    expect(ticksTo(0.35, 4, false)).toEqual([0, 0.1, 0.2, 0.3, 0.4]);
  });

  it("give each bar its place within the width", () => {
    const bands = bandsOf(4, 200);
    expect(bands.map((one) => one.x)).toEqual([6, 56, 106, 156]);
    expect((bands.at(-1)?.x ?? 0) + (bands.at(-1)?.width ?? 0)).toBeLessThanOrEqual(200);
    expect(bandsOf(2, 400)).toEqual([
      { x: 72, width: 56 },
      { x: 272, width: 56 },
    ]);
    expect(bandsOf(0, 200)).toEqual([]);
    expect(bandsOf(1000, 200).every((one) => one.width >= 1)).toBe(true);
  });

  it("thin out labels that would lie over each other", () => {
    expect(labelStep(7, 700, 60)).toBe(1);
    expect(labelStep(30, 300, 60)).toBe(6);
    expect(labelStep(24, 300, 60)).toBe(6);
    expect(labelStep(31, 300, 60)).toBe(7);
    expect(labelStep(12, 10, 60)).toBe(12);
    expect(labelStep(0, 300, 60)).toBe(1);
  });

  it("draw no bar for nothing", () => {
    expect(barPath(0, 10, 100, 0)).toBe("");
    expect(barPath(0, 10, 100, 50)).toContain("M0,100V53");
  });
});
