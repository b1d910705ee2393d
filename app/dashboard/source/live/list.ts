/** A list that is a snapshot in parts, then changes: what comes of each message. No I/O. */

export interface Item {
  readonly id: string;
}

export interface LiveList<Row extends Item> {
  /** What there is; null until the first snapshot is whole. While a later one comes in, what was there stays. */
  readonly rows: ReadonlyMap<string, Row> | null;
  /** The snapshot that is coming in. */
  readonly coming: ReadonlyMap<string, Row> | null;
}

export const NOTHING: LiveList<never> = { rows: null, coming: null };

export function takeChunk<Row extends Item>(
  list: LiveList<Row>,
  rows: ReadonlyArray<Row>,
  chunk: number,
  isLast: boolean,
): LiveList<Row> {
  const coming = new Map(chunk === 1 ? [] : list.coming);
  for (const row of rows) coming.set(row.id, row);
  return isLast ? { rows: coming, coming: null } : { rows: list.rows, coming };
}

/** Of two tellings the newer one counts: while a snapshot is taken, things are told again after it. */
export function takeChange<Row extends Item>(
  list: LiveList<Row>,
  row: Row,
  isOlder: (one: Row, than: Row) => boolean = () => false,
): LiveList<Row> {
  const known = list.rows?.get(row.id);
  if (known && isOlder(row, known)) return list;
  const rows = new Map(list.rows);
  rows.set(row.id, row);
  return { ...list, rows };
}

export function takeRemoval<Row extends Item>(list: LiveList<Row>, id: string): LiveList<Row> {
  if (!list.rows?.has(id)) return list;
  const rows = new Map(list.rows);
  rows.delete(id);
  return { ...list, rows };
}
