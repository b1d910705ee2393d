import type { ComponentChildren } from "preact";

import type { Pages } from "../api";
import { Button } from "./button";
import { Empty, Loading } from "./page";

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Figures stand at the end of their column. */
  readonly align?: "end";
  /** Left out on phones. */
  readonly isQuiet?: boolean;
  /** What the row is about: its heading, and the link where the row leads somewhere. */
  readonly isMain?: boolean;
  /** No heading to be seen: buttons. */
  readonly isBare?: boolean;
}

interface TableProps<Row> {
  /** What the table is of; read out, not shown. */
  readonly caption: string;
  readonly columns: ReadonlyArray<Column<Row>>;
  /** Null: not known yet. */
  readonly rows: ReadonlyArray<Row> | null;
  readonly keyOf: (row: Row) => string;
  /** Where a row leads. */
  readonly href?: (row: Row) => string;
  /** What a row opens, when it is no page. */
  readonly onOpen?: (row: Row) => void;
  readonly isLoading?: boolean;
  readonly empty?: ComponentChildren;
}

/** A table; on a phone each row is a block of its own, with the columns' titles before the values. */
export function Table<Row>(props: TableProps<Row>) {
  const { columns, rows } = props;
  if (rows === null) return <Loading />;
  if (rows.length === 0 && props.empty !== undefined) return <>{props.empty}</>;
  if (rows.length === 0) return <Empty title="Nothing here." />;
  const main = columns.find((column) => column.isMain) ?? columns[0];
  return (
    <div class="table-wrap" aria-busy={props.isLoading ?? false}>
      <table class={`table${props.href || props.onOpen ? " opens" : ""}`}>
        <caption class="unseen">{props.caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" class={classOf(column)}>
                {column.isBare ? <span class="unseen">{column.title}</span> : column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={props.keyOf(row)}>
              {columns.map((column) =>
                column === main ? (
                  <th key={column.key} scope="row" class={classOf(column)}>
                    <Opening row={row} {...props}>
                      {column.cell(row)}
                    </Opening>
                  </th>
                ) : (
                  <td key={column.key} class={classOf(column)} data-title={column.isBare ? undefined : column.title}>
                    {column.cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The row's own link or button: one stop for the keyboard, and the whole row for a pointer. */
function Opening<Row>({ row, href, onOpen, children }: TableProps<Row> & { row: Row; children: ComponentChildren }) {
  if (href) {
    return (
      <a class="row-link" href={href(row)}>
        {children}
      </a>
    );
  }
  if (onOpen) {
    return (
      <button type="button" class="row-link" onClick={() => onOpen(row)}>
        {children}
      </button>
    );
  }
  return <>{children}</>;
}

function classOf<Row>(column: Column<Row>): string {
  return [column.align === "end" ? "end" : "", column.isQuiet ? "is-quiet" : "", column.isBare ? "is-bare" : ""]
    .filter(Boolean)
    .join(" ");
}

/** `labels` are the ways back and on, for lists that are not in the order of time. */
export function Pager({ pages, labels = ["Newer", "Older"] }: { pages: Pages<unknown>; labels?: readonly [string, string] }) {
  if (!pages.hasNext && !pages.hasPrevious) return null;
  return (
    <nav class="pager" aria-label="Paging">
      <Button small kind="quiet" icon="back" isDisabled={!pages.hasPrevious} onClick={pages.previous}>
        {labels[0]}
      </Button>
      <span class="faint" aria-live="polite">
        Page {pages.number}
      </span>
      <Button small kind="quiet" isDisabled={!pages.hasNext} onClick={pages.next}>
        {labels[1]}
      </Button>
    </nav>
  );
}
