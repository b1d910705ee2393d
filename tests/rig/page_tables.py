"""The tables of a page of the documentation, for tests that hold it to its word."""

from pathlib import Path

Row = dict[str, str]


def read_tables(page: Path) -> dict[str, list[Row]]:
    """The page's tables by the name of their first two columns."""
    tables: dict[str, list[Row]] = {}
    header: list[str] = []
    for line in page.read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            header = []
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not header:
            header = cells
            tables["|".join(header[:2])] = []
        elif set(line) != set("|-"):
            assert len(cells) == len(header), line
            tables["|".join(header[:2])].append(dict(zip(header, cells, strict=True)))
    return tables
