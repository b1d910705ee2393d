import { describe, expect, it } from "vitest";

import { moneyOf, shareOf, sizeOf } from "./amount";
import { latencyOf, lengthOf } from "./duration";
import { dateOf, daysBetween, daysOn, isDate, rangeOfDates, wallClockOf } from "./instant";
import { typedNumber } from "./number";
import { counted, eventName, scopeName } from "./words";

/** As a reader sees it: a space that no line breaks at is a space. */
const seen = (text: string) => text.replaceAll("\u00a0", " ");

describe("words of the API", () => {
  it("turns scopes and events into the names that commands and webhooks have", () => {
    expect([scopeName("PII_READ"), scopeName("KEYS")]).toEqual(["pii:read", "keys"]);
    expect([eventName("CALL_ENDED"), eventName("MACHINE_DETECTION_FINISHED")]).toEqual([
      "call.ended",
      "machine.detection_finished",
    ]);
  });

  it("counts one thing as one", () => {
    expect([counted(1, "call"), counted(0, "call"), counted(1200, "delivery", "deliveries")]).toEqual([
      "1 call",
      "0 calls",
      "1,200 deliveries",
    ]);
  });
});

describe("durations", () => {
  it.each([
    [0, "0 s"],
    [0.04, "0.1 s"],
    [0.97, "1 s"],
    [59.6, "1 min"],
    [303, "5 min 3 s"],
    [3600, "1 h"],
    [7499, "2 h 5 min"],
    [3599.7, "1 h"],
  ])("tells %s s as %s", (seconds, text) => expect(seen(lengthOf(seconds))).toBe(text));

  it("break between their parts, never before a unit", () => {
    expect([lengthOf(7499), lengthOf(7), latencyOf(0.8)]).toEqual(["2\u00a0h 5\u00a0min", "7\u00a0s", "0.8\u00a0s"]);
  });

  it("of answers are told as precisely as they are short", () => {
    expect([0.0004, 0.0123, 0.8, 9.96, 15].map(latencyOf).map(seen)).toEqual(["1 ms", "12 ms", "0.8 s", "10 s", "15 s"]);
  });
});

describe("instants", () => {
  it("go by the wall clock of a zone, on both sides of a change of clocks", () => {
    expect(wallClockOf("2026-10-25T00:30:00Z", "Europe/Berlin")).toBe("2026-10-25T02:30:00");
    expect(wallClockOf("2026-10-25T01:30:00Z", "Europe/Berlin")).toBe("2026-10-25T02:30:00");
    expect(wallClockOf("2026-03-01T00:00:00Z", "UTC")).toBe("2026-03-01T00:00:00");
    expect(dateOf("2026-11-21T23:30:00Z", "Asia/Kolkata")).toBe("2026-11-22");
  });

  it("count days over ends of months and leap years", () => {
    expect(daysOn("2028-02-28", 1)).toBe("2028-02-29");
    expect(daysOn("2026-03-01", -1)).toBe("2026-02-28");
    expect(daysBetween("2026-12-30", "2027-01-02")).toBe(3);
    expect([isDate("2026-02-30x"), isDate(""), isDate("2026-01-31")]).toEqual([false, false, true]);
  });

  it("makes ranges that hold all of the last day", () => {
    expect(rangeOfDates("2026-11-20", "2026-11-21", "Europe/Berlin")).toEqual({
      from: { local: { dateTime: "2026-11-20T00:00:00", timeZone: "Europe/Berlin" } },
      to: { local: { dateTime: "2026-11-22T00:00:00", timeZone: "Europe/Berlin" } },
    });
    expect(rangeOfDates("", "2026-11-21", "UTC")).toEqual({
      to: { local: { dateTime: "2026-11-22T00:00:00", timeZone: "UTC" } },
    });
    expect(rangeOfDates("", "", "UTC")).toBeNull();
  });
});

describe("typed numbers", () => {
  it.each([
    [" +1 (555) 010-0000 ", "+15550100000"],
    ["0049 30 / 123.456", "+4930123456"],
    ["2001", "2001"],
    ["+49–30–1", "+49301"],
  ])("reads %s as %s", (typed, number) => expect(typedNumber(typed)).toBe(number));
});

describe("amounts", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [999_999, "1.0 MB"],
    [1234, "1.2 kB"],
    [45_600_000, "46 MB"],
  ])("tells %s bytes as %s", (bytes, text) => expect(seen(sizeOf(bytes))).toBe(text));

  it("never rounds a share up to all or down to nothing", () => {
    expect([shareOf(999, 1000), shareOf(1, 1000), shareOf(1, 3), shareOf(5, 5), shareOf(0, 5), shareOf(0, 0)].map(seen)).toEqual([
      ">99 %",
      "<1 %",
      "33 %",
      "100 %",
      "0 %",
      "–",
    ]);
  });

  it("tells money exactly", () => {
    expect(seen(moneyOf({ amount: "1234567.5", currency: "USD" }))).toBe("1,234,567.50 USD");
    expect(seen(moneyOf({ amount: "0.00125", currency: "EUR" }))).toBe("0.00125 EUR");
    expect(seen(moneyOf({ amount: "-1000", currency: "EUR" }))).toBe("-1,000.00 EUR");
  });
});
