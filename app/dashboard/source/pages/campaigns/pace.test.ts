import { expect, test } from "vitest";

import { KEPT_MS, paceAt, paceCurve, pastSamples, withSample, type Sample } from "./pace";

const steady = (perMinute: number, minutes: number): Sample[] =>
  Array.from({ length: minutes * 60 + 1 }, (_, second) => ({ at: second * 1000, dialled: Math.floor((second * perMinute) / 60) }));

test("a steady campaign has the pace that it has", () => {
  expect(paceAt(steady(30, 5), 300_000)).toBe(30);
});

test("without a sample there is no pace", () => {
  expect(paceAt([], 1000)).toBe(0);
});

test("what was dialled before anybody looked is not counted as pace", () => {
  expect(paceAt([{ at: 100_000, dialled: 5000 }], 100_000)).toBe(0);
});

test("counts that are taken while it dials on make no calls out of nothing", () => {
  const since = [22, 21, 21, 20].map((dialled, index) => ({ at: index * 60_000, dialled }));
  expect(pastSamples(21, since).map((one) => one.dialled)).toEqual([0, 0, 0, 1]);
  const later = [301, 299, 300, 250].map((dialled, index) => ({ at: index * 60_000, dialled }));
  expect(pastSamples(1000, later).map((one) => one.dialled)).toEqual([699, 701, 701, 750]);
});

test("once nothing is dialled any more the pace falls to nothing within a minute", () => {
  const samples = steady(60, 2);
  expect(paceAt(samples, 120_000 + 30_000)).toBe(30);
  expect(paceAt(samples, 120_000 + 60_000)).toBe(0);
});

test("no more is kept than is drawn", () => {
  const kept = steady(10, 30).reduce<ReadonlyArray<Sample>>((samples, one) => withSample(samples, one), []);
  expect(kept[0]?.at).toBe(30 * 60_000 - KEPT_MS - 60_000);
  expect(paceCurve(kept, 30 * 60_000).every((pace) => pace === 10)).toBe(true);
});
