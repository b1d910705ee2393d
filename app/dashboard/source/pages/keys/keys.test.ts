import { describe, expect, it } from "vitest";

import type { Scope } from "../../generated/operations";
import { inOrder, inputOf, standingOf, typedAddresses } from "./asking";

const NOW = Date.parse("2026-11-21T12:00:00Z");

describe("scopes", () => {
  it("stand by what they are about, those that are not known yet at the end", () => {
    const scopes = ["AUDIT", "TELEPORT", "CALLS_READ", "PII_READ"] as Scope[];
    expect(inOrder(scopes)).toEqual(["CALLS_READ", "AUDIT", "PII_READ", "TELEPORT"]);
  });
});

describe("a key", () => {
  it.each([
    [{ revokedAt: null, expiresAt: null }, "ACTIVE"],
    [{ revokedAt: "2026-11-21T11:00:00Z", expiresAt: null }, "REVOKED"],
    [{ revokedAt: "2026-11-22T11:00:00Z", expiresAt: null }, "ACTIVE"],
    [{ revokedAt: null, expiresAt: "2026-11-21T12:00:00Z" }, "EXPIRED"],
    [{ revokedAt: null, expiresAt: "2026-11-21T12:00:01Z" }, "ACTIVE"],
  ])("%o is %s", (key, standing) => expect(standingOf(key, NOW)).toBe(standing));

  it("works through all of its last day, by the clock of whoever makes it", () => {
    const draft = { name: " CRM ", scopes: ["CALLS_READ"], isTest: true, lastDay: "2026-12-31", addresses: "" };
    expect(inputOf(draft, "Europe/Berlin")).toEqual({
      name: "CRM",
      scopes: ["CALLS_READ"],
      isTest: true,
      expiresAt: { local: { dateTime: "2027-01-01T00:00:00", timeZone: "Europe/Berlin" } },
      ipAllowList: [],
      documentHashes: [],
    });
    expect(inputOf({ ...draft, lastDay: "" }, "UTC").expiresAt).toBeNull();
  });

  it("takes addresses with anything between them, each once", () => {
    expect(typedAddresses("203.0.113.0/24\n2001:db8::/48, 203.0.113.0/24")).toEqual(["203.0.113.0/24", "2001:db8::/48"]);
  });
});
