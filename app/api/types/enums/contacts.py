"""Lists, and files that are read into them."""

from app.api.types.enums.describing import OPEN, describe
from app.contacts.import_plan import OnDnc, OnDuplicate
from app.contacts.words import ColumnRole, CsvEncoding, CsvSeparator, DncSource
from app.numbers.zones import ZoneSource

describe(
    ZoneSource,
    "Where a contact's time zones come from. " + OPEN,
    {
        "GIVEN": "One was given with the contact.",
        "NUMBER": "They are all those of the number's range.",
        "ACCOUNT": "The number says nothing of a place (toll-free, sandbox), so the account's zone counts.",
    },
)
describe(
    DncSource,
    "How a number came onto a DNC list. " + OPEN,
    {
        "API": "By `addDncEntries`.",
        "IMPORT": "From a file.",
        "OPT_OUT": "Its owner wished so in a call.",
    },
)
describe(
    CsvEncoding,
    "How a file's characters are written. " + OPEN,
    {
        "UTF_8": "UTF-8, with or without a byte order mark.",
        "UTF_16": "UTF-16 with a byte order mark.",
        "UTF_16_LE": "UTF-16, low byte first, without a mark.",
        "UTF_16_BE": "UTF-16, high byte first, without a mark.",
        "UTF_32": "UTF-32 with a byte order mark.",
        "WINDOWS_1250": "Windows-1250, Central European.",
        "WINDOWS_1251": "Windows-1251, Cyrillic.",
        "WINDOWS_1252": "Windows-1252, Western European; ISO 8859-1 is a part of it.",
        "WINDOWS_1255": "Windows-1255, Hebrew.",
        "WINDOWS_1256": "Windows-1256, Arabic.",
        "ISO_8859_1": "ISO 8859-1, Western European.",
        "ISO_8859_2": "ISO 8859-2, Central European.",
        "ISO_8859_15": "ISO 8859-15, Western European with the euro sign.",
        "SHIFT_JIS": "Shift JIS as Windows has it, Japanese.",
        "GB_18030": "GB 18030, Chinese.",
    },
)
describe(
    CsvSeparator,
    "What stands between a file's columns. " + OPEN,
    {"COMMA": "A comma.", "SEMICOLON": "A semicolon.", "TAB": "A tab.", "PIPE": "A vertical bar."},
)
describe(
    ColumnRole,
    "What a file's column holds. " + OPEN,
    {
        "NUMBER": "The telephone numbers. A file has one such column.",
        "NAME": "Names of people.",
        "TIME_ZONE": "IANA time zones, such as `Europe/Berlin`.",
        "EXTERNAL_ID": "Ids of your own.",
        "REASON": "Why a number must not be called; in a file of contacts it is ignored.",
        "FIELD": "A free field of the list.",
        "IGNORED": "Nothing that is kept.",
    },
)
describe(
    OnDuplicate,
    "What becomes of a number that is in the list already. " + OPEN,
    {
        "UPDATE": "The contact gets what the file gives, and keeps the rest.",
        "SKIP": "The contact stays as it is.",
    },
)
describe(
    OnDnc,
    "What becomes of a contact whose number is on a DNC list that applies to all campaigns. " + OPEN,
    {
        "KEEP": "It comes into the list, and the report says so; no campaign calls it while it is on that list.",
        "SKIP": "It is left out, and the report says so.",
    },
)
