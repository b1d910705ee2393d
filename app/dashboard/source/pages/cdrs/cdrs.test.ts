import { describe, expect, it } from "vitest";

import { filterIn, orderIn, waysThrough } from "./filters";

describe("filters of records", () => {
  it("asks for nothing when nothing is chosen", () => {
    expect(filterIn(new URLSearchParams(), "UTC")).toBeNull();
    expect(filterIn(new URLSearchParams("disposition=&number=%20&from=yesterday"), "UTC")).toBeNull();
  });

  it("asks for everything that is chosen", () => {
    const query = new URLSearchParams({
      number: "0049 30 123",
      extension: " 2001 ",
      disposition: "NO_ANSWER",
      kind: "CAMPAIGN",
      direction: "OUTBOUND",
      to: "2026-12-31",
      externalId: "lead-7",
      tag: "vip",
    });
    expect(filterIn(query, "Europe/Berlin")).toEqual({
      customerNumber: "+4930123",
      extensions: ["2001"],
      dispositions: ["NO_ANSWER"],
      kinds: ["CAMPAIGN"],
      directions: ["OUTBOUND"],
      created: { to: { local: { dateTime: "2027-01-01T00:00:00", timeZone: "Europe/Berlin" } } },
      externalId: "lead-7",
      tag: "vip",
    });
  });

  it("names the pages before and after by the order", () => {
    expect(waysThrough("CREATED_AT_DESC")).toEqual(["Newer", "Older"]);
    expect(waysThrough("CREATED_AT_ASC")).toEqual(["Older", "Newer"]);
    expect(waysThrough("TALK_DESC")).toEqual(["Previous", "Next"]);
  });

  it("keeps to orders that there are", () => {
    expect(orderIn(new URLSearchParams("order=TALK_DESC"))).toBe("TALK_DESC");
    expect(orderIn(new URLSearchParams("order=DROP"))).toBe("CREATED_AT_DESC");
    expect(orderIn(new URLSearchParams())).toBe("CREATED_AT_DESC");
  });
});
