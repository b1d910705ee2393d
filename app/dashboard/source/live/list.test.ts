import { expect, test } from "vitest";

import { NOTHING, takeChange, takeChunk, takeRemoval, type LiveList } from "./list";

interface Row {
  readonly id: string;
  readonly turn: number;
}
const row = (id: string, turn = 1): Row => ({ id, turn });
const isOlder = (one: Row, than: Row) => one.turn < than.turn;
const whole = (...rows: Row[]): LiveList<Row> => takeChunk<Row>(NOTHING, rows, 1, true);
const ids = (list: LiveList<Row>) => [...(list.rows?.keys() ?? [])];

test("nothing is known before the last part has come", () => {
  expect(takeChunk<Row>(NOTHING, [row("a")], 1, false).rows).toBeNull();
});

test("parts make one list, in their order", () => {
  const list = takeChunk(takeChunk<Row>(NOTHING, [row("a")], 1, false), [row("b")], 2, true);
  expect(ids(list)).toEqual(["a", "b"]);
});

test("a later snapshot replaces what was there only once it is whole", () => {
  const half = takeChunk(whole(row("gone"), row("stays")), [row("stays")], 1, false);
  expect(ids(half)).toEqual(["gone", "stays"]);
  expect(ids(takeChunk(half, [], 2, true))).toEqual(["stays"]);
});

test("an older telling does not undo a newer one", () => {
  const list = takeChange(whole(row("a", 5)), row("a", 4), isOlder);
  expect(list.rows?.get("a")?.turn).toBe(5);
  expect(takeChange(list, row("a", 6), isOlder).rows?.get("a")?.turn).toBe(6);
});

test("what is removed is gone, and removing what is not there changes nothing", () => {
  const list = whole(row("a"));
  expect(ids(takeRemoval(list, "a"))).toEqual([]);
  expect(takeRemoval(list, "b")).toBe(list);
});
