import { afterEach, expect, test, vi } from "vitest";

import { rememberedExtension, rememberExtension } from "./remembered";

afterEach(() => {
  vi.unstubAllGlobals();
});

test("an extension is remembered for its account alone", () => {
  const stored = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => stored.set(name, value),
  });
  rememberExtension("acct_one", "2005");
  expect(rememberedExtension("acct_one")).toBe("2005");
  expect(rememberedExtension("acct_two")).toBe("");
  rememberExtension("acct_two", "7001");
  expect(rememberedExtension("acct_one")).toBe("2005");
});
