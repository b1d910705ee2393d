"""The words of lists and of what is read into them."""

from enum import StrEnum

from app.facts.dnc import DncSource

__all__ = ["ColumnRole", "CsvEncoding", "CsvSeparator", "DncSource", "RowOutcome"]


class CsvEncoding(StrEnum):
    """How a file's characters are written. The values are Python's names of the encodings."""

    UTF_8 = "utf-8-sig"
    UTF_16 = "utf-16"
    UTF_16_LE = "utf-16-le"
    UTF_16_BE = "utf-16-be"
    UTF_32 = "utf-32"
    WINDOWS_1250 = "cp1250"
    WINDOWS_1251 = "cp1251"
    WINDOWS_1252 = "cp1252"
    WINDOWS_1255 = "cp1255"
    WINDOWS_1256 = "cp1256"
    ISO_8859_1 = "iso8859-1"
    ISO_8859_2 = "iso8859-2"
    ISO_8859_15 = "iso8859-15"
    SHIFT_JIS = "cp932"
    GB_18030 = "gb18030"


class CsvSeparator(StrEnum):
    """What stands between a file's columns."""

    COMMA = ","
    SEMICOLON = ";"
    TAB = "\t"
    PIPE = "|"


class ColumnRole(StrEnum):
    """What a file's column holds."""

    NUMBER = "NUMBER"
    NAME = "NAME"
    TIME_ZONE = "TIME_ZONE"
    EXTERNAL_ID = "EXTERNAL_ID"
    REASON = "REASON"
    FIELD = "FIELD"
    IGNORED = "IGNORED"


class RowOutcome(StrEnum):
    """What became of a file's row."""

    ADDED = "ADDED"
    UPDATED = "UPDATED"
    SKIPPED = "SKIPPED"
    REJECTED = "REJECTED"
