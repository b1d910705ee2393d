import { describe, expect, it } from "vitest";

import { filterIn, keysOf } from "./asking";

describe("filters of the audit log", () => {
  it("ask for what is chosen and nothing else", () => {
    expect(filterIn(new URLSearchParams("action=api_key.*&outcome=REFUSED&subject=%20key_1&to=2026-11-21"), "UTC")).toEqual(
      {
        actions: ["api_key.*"],
        isRefused: true,
        subjectId: "key_1",
        occurred: { to: { local: { dateTime: "2026-11-22T00:00:00", timeZone: "UTC" } } },
      },
    );
    expect(filterIn(new URLSearchParams("outcome=DONE"), "UTC")).toEqual({ isRefused: false });
    expect(filterIn(new URLSearchParams("outcome=MAYBE"), "UTC")).toBeNull();
  });
});

describe("lines that are alike", () => {
  it("are told apart by their place", () => {
    const line = { at: "2026-11-21T12:00:00Z", action: "api_key.use", requestId: null };
    const lines = [line, { ...line }, { ...line, action: "call.hangup" }];
    expect(new Set(keysOf(lines).values()).size).toBe(3);
  });
});
