"""Hostile input as data: on which kind of field, of which class, a sample, and what may be answered.

The samples stand for classes, and where a class can be generated it is (`other_digits`, `injections`, `dear_numbers`).
A sample that GraphQL itself refuses (a scalar, a type, a size) is refused as well: see `BEFORE_THE_FIELD`.
"""

from typing import Any, Final

from tests.security.hostile_numbers import (
    CALLER_IDS,
    EXTENSIONS,
    NAMES,
    NUMBERS,
    dear_numbers,
    injections,
    other_digits,
    short_codes,
)
from tests.security.hostile_row import BEFORE_THE_FIELD, GOOD_NUMBER, Field, Row, codes_of, each
from tests.security.hostile_speech import ROWS as SPEECH

__all__ = [
    "BEFORE_THE_FIELD",
    "GOOD_NUMBER",
    "ROWS",
    "Field",
    "Row",
    "dear_numbers",
    "injections",
    "other_digits",
    "rows",
    "samples",
    "short_codes",
]

_VARIABLES: Final = [
    *each(
        Field.VARIABLES,
        "function writes",
        (
            {name: "x"}
            for name in (
                "FILE(/etc/passwd)",
                "SHELL(id)",
                "DB(a/b)",
                "SYSTEM(id)",
                "CURL(x)",
                "ODBC_X()",
                "AST_CONFIG(a,b)",
            )
        ),
    ),
    *each(
        Field.VARIABLES,
        "identity and limits",
        (
            {name: "1"}
            for name in (
                *("CALLERID(num)", "CALLERID(all)", "TIMEOUT(absolute)", "CHANNEL(accountcode)", "CDR(accountcode)"),
                *("PJSIP_HEADER(add,X)", "GROUP()", "EXTEN", "__SIPADDHEADER01", "CALLERID(name)", "TRANSFER_CONTEXT"),
                *("PJSIP_TRANSFER_HANDLING()", "CHANNEL(hangup_handler_push)", "GLOBAL(x)", "_CRM_LEAD", "CRM_LEAD "),
            )
        ),
    ),
    *each(
        Field.VARIABLES,
        "values with control characters",
        ({"CRM_LEAD": f"a{char}b"} for char in ("\r\n", "\x00", "\n", "\x1b", "\u2028")),
    ),
    *each(Field.VARIABLES, "too much", ({"CRM_LEAD": "x" * 256}, {"CRM_LEAD": "x" * 1_000_000})),
    *each(Field.VARIABLES, "thousands", ({f"V{index}": "x" for index in range(3_000)},)),
]

_CONTEXTS: Final = each(
    Field.CONTEXT,
    "unknown or special",
    (
        *("", "default", "offhook-phones", "../x", "house-menus,s,1", "house-menus\r\nx", "${CONTEXT}", "x" * 10_000),
        *("house-menus@evil", "house-menus/", "HOUSE-MENUS", "parkedcalls", "h", "house-menus\x00"),
    ),
    codes_of("DIALPLAN_NOT_ALLOWED", "INVALID_INPUT", "NOT_FOUND", "REQUIRED"),
)

_MESSAGES: Final = [
    *each(
        Field.MESSAGE,
        "control characters",
        (f"hello{char}X-Evil: 1" for char in ("\r\n", "\r", "\x00", "\x1b[2J", "\x85", "\u2028", "\u2029", "\x7f")),
    ),
    *each(Field.MESSAGE, "empty or too long", ("", "   ", "\n\n", "x" * 801, "é" * 401, "x" * 100_000)),
]

_OTPS: Final = each(
    Field.OTP_CODE,
    "not digits",
    (
        *("", "12a4", "12 34", "１２３４", "12\r\n34", "${1}", "-1234", "+1234", "1.5", "1", "9" * 40, "9" * 10_000),
        *("<say-as>1234</say-as>", "{code}", "1234&sound:x", "digits:1", "1234\x00"),
    ),
    codes_of("INVALID_INPUT", "REQUIRED"),
)

_SPOKEN: Final = [
    *each(Field.SPOKEN_TEXT, "control characters", (f"hello{char}there" for char in ("\x00", "\x1b", "\x07", "\x7f"))),
    *each(Field.SPOKEN_TEXT, "empty or too long", ("", "   ", "x" * 100_000), codes_of("INVALID_INPUT", "REQUIRED")),
]

_TEMPLATES: Final = each(
    Field.TEMPLATE,
    "attributes and indexes",
    (
        *("{field.__class__}", "{0}", "{field[0]}", "{}", "{field!r}", "{field:>1000000000}", "{a", "a}", "{{a}"),
        *("{field.__init__.__globals__}", "{a b}", "{a\r\nb}", "{" + "a" * 10_000 + "}", ""),
    ),
    codes_of("INVALID_INPUT", "REQUIRED", "FIELD_MISSING"),
)

_VOICES: Final = each(
    Field.VOICE,
    "no such voice",
    (
        *({"id": one} for one in ("", "../x", "en;id", "-w/tmp/x", "x" * 10_000, "en\r\n", "en\x00", "${x}")),
        *({"languageCode": one} for one in ("", "../x", "-f/etc/passwd", "x" * 10_000, "en\r\n", "zz-ZZ-zz")),
        *({"rate": one} for one in ("LUDICROUS", "1e9", -1, 1e308)),
    ),
    codes_of("INVALID_INPUT", "SPEECH_NOT_SUPPORTED", "NOT_FOUND", "REQUIRED"),
)

_PITCHES: Final = each(Field.PITCH, "out of range", (0, -1, 0.09, 2.01, 1e9, 1e308, -1e308, "1", True, 2**53 + 1))

_IDS: Final = each(
    Field.ID,
    "no id",
    (
        *(
            "",
            "x",
            "../../etc/passwd",
            "call_",
            "call_" + "0" * 26,
            "x" * 200,
            "x" * 100_000,
            "call_%2e%2e",
            "1 OR 1=1",
        ),
        *("call_\x00", "call_\r\nX: 1", "${x}", "call_*", "__proto__", "call_" + "０" * 26, "account_" + "0" * 26),
    ),
    codes_of("NOT_FOUND", "INVALID_INPUT"),
)

_INSTANTS: Final = [
    *each(Field.INSTANT, "past", ("2001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00+14:00")),
    *each(Field.INSTANT, "far away", ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "2999-01-01T00:00:00Z")),
    *each(
        Field.INSTANT,
        "no instant",
        (
            *(
                "2027-02-30T12:00:00Z",
                "2027-13-01T00:00:00Z",
                "2027-01-01T25:00:00Z",
                "2027-01-01",
                "2027-01-01T00:00:00",
            ),
            *("now", "", "0", "10000-01-01T00:00:00Z", "-1-01-01T00:00:00Z", "2027-01-01T00:00:00Z\x00", "x" * 10_000),
            *("２０２７-01-01T00:00:00Z", "2027-01-01T00:00:00+99:00", "2027-W01-1"),
        ),
    ),
]

_LOCAL_TIMES: Final = each(
    Field.LOCAL_TIME,
    "no such time",
    (
        {"dateTime": "2027-02-30T12:00:00", "timeZone": "Europe/Berlin"},
        {"dateTime": "2027-03-28T02:30:00Z", "timeZone": "Europe/Berlin"},
        {"dateTime": "9999-12-31T23:59:59", "timeZone": "Pacific/Kiritimati"},
        {"dateTime": "0001-01-01T00:00:00", "timeZone": "Pacific/Kiritimati"},
        {"dateTime": "", "timeZone": "Europe/Berlin"},
    ),
)

_ZONES: Final = each(
    Field.ZONE,
    "no zone",
    (
        *("", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Europe/Berlin\x00", "Europe/../Europe/Berlin"),
        *(
            "UTC+25",
            "Europe/Berlin\r\n",
            "x" * 10_000,
            "posixrules",
            "posix/UTC",
            "right/UTC",
            "Europe",
            "localtime",
            "CON",
            "%s",
            "EST5EDT,M3",
        ),
        *("tzdata.zi", "zone.tab", "leapseconds", "Factory", "Europe\\Berlin", "europe/berlin "),
    ),
)

_SECONDS: Final = each(
    Field.SECONDS,
    "out of range",
    (0, -1, 2**31, 2**53 + 1, 1e9, 1e308, -1e308, -0.0, "30", True, [30], {"seconds": 30}),
)

_COUNTS: Final = each(
    Field.COUNT, "out of range", (-1, 2**31, 2**31 - 1, 2**53 + 1, 10**9, -(2**31), 1.5, "3", True, [3], 10**40)
)

_KEYS: Final = each(
    Field.IDEMPOTENCY_KEY,
    "no key",
    ("", "x" * 256, "x" * 10_240, "two\nlines", "a\r\nX-Evil: 1", "nul\x00", "esc\x1b[2J", "\u2028", "\x7f", None, 1),
    codes_of("INVALID_INPUT", "REQUIRED"),
)

_PAGING: Final = [
    *each(
        Field.PAGE_SIZE,
        "out of range",
        (10**9, -1, 0, 201, 2**31, 2**53 + 1, "50", 1.5, True),
        codes_of("INVALID_INPUT"),
    ),
    *each(
        Field.CURSOR,
        "no cursor",
        (
            *("x", "", "' OR 1=1--", "AAAA", "x" * 10_000, "../x", "eyJpZCI6MX0=", "\x00", "\r\n", "１"),
            *("A" * 43 + "=", "%00", "null"),
        ),
        codes_of("INVALID_CURSOR", "INVALID_INPUT"),
    ),
]

_HOSTS: Final = (
    *("127.0.0.2", "localhost", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),  # noqa: S104  # nothing is bound: it is refused
    *(
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[fe80::1]",
        "[fc00::1]",
        "[2002:7f00:1::]",
    ),
    *("2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "127.0.0.1.", "224.0.0.1", "255.255.255.255"),
    *("192.0.0.1", "198.18.0.1", "240.0.0.1", "[ff02::1]", "[::]", "①②⑦.0.0.1", "127。0。0。1"),
)
_URLS: Final = [
    *each(
        Field.WEBHOOK_URL,
        "hosts inside",
        (f"https://{host}/hook" for host in _HOSTS),
        codes_of("URL_NOT_ALLOWED", "INVALID_INPUT"),
    ),
    *each(
        Field.WEBHOOK_URL,
        "no such address",
        (
            *(
                "",
                "x",
                "https://",
                "https:///hook",
                "//evil.example/x",
                "https://user:pass@evil.example/",
                "http://evil.example/",
            ),
            *("ftp://evil.example/", "file:///etc/passwd", "gopher://evil.example/", "javascript:alert(1)", "unix:/x"),
            *(
                "https://evil.example:0/",
                "https://evil.example:99999/",
                "https://evil.example:22/",
                "https://evil.example:-1/",
            ),
            *("https://evil.example/\r\nX: 1", "https://evil.example/\x00", "https://evil.example\\@127.0.0.1/"),
            *(
                "https://" + "a" * 10_000 + ".example/",
                "https://evil.example/#" + "x" * 10_000,
                "https://e vil.example/",
            ),
        ),
        codes_of("URL_NOT_ALLOWED", "INVALID_INPUT", "REQUIRED"),
    ),
]

_FILES: Final = each(
    Field.FILE_NAME,
    "elsewhere",
    (
        *("../../etc/passwd", "/etc/passwd", "..%2f..%2fetc%2fpasswd", "..\\..\\x", "a/../../b", "nul\x00.wav", "."),
        *("..", "con.wav\r\n", "~/x", "file:///etc/passwd", "x" * 5_000, "%2e%2e/", "\u2025/x", "....//x"),
    ),
    codes_of("INVALID_INPUT", "REQUIRED", "NOT_FOUND"),
)

#: What is looked for, and taken as it stands: it may find nothing, never everything.
_SEARCHES: Final = each(
    Field.SEARCH,
    "patterns",
    ("%", "_", "%5551%", "' OR '1'='1", "\\", "*", "+1%", "1; DROP TABLE call", "(?:a+)+$"),
    codes_of("INVALID_NUMBER", "INVALID_INPUT"),
)

#: Cells that a spreadsheet would run.
_CELLS: Final = each(
    Field.CSV_CELL,
    "formulas",
    ("=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://evil","x")', "=cmd|' /C calc'!A0", "＝1"),
    codes_of(),
)

#: What a far end may put where its name belongs. It is shown somewhere, as text, and does nothing.
_SIP: Final = [
    *each(
        Field.SIP_TEXT,
        "display names",
        (
            *("'; DROP TABLE call;--", "<script>alert(1)</script>", "=HYPERLINK(1)", "${SHELL(id)}", "{{7*7}}", "%n%s"),
            *("\\r\\nX-Evil: 1", "a\tb", "x" * 2_000, "\u202egnp.exe", "\x1b[31mred", "\x07bell", "\x00nul", "\x7f"),
        ),
        codes_of(),
    ),
    *each(Field.SIP_TEXT, "not UTF-8", (b"\xff\xfe\x80\x81", b"caf\xe9", b"\xed\xa0\x80", b"\xc0\xaf"), codes_of()),
]

ROWS: Final[tuple[Row, ...]] = (
    *(*NUMBERS, *EXTENSIONS, *CALLER_IDS, *NAMES, *_VARIABLES, *_CONTEXTS, *_MESSAGES, *_OTPS, *_SPOKEN),
    *(*_TEMPLATES, *_VOICES, *_PITCHES, *_IDS, *_INSTANTS, *_LOCAL_TIMES, *_ZONES, *_SECONDS, *_COUNTS, *_KEYS),
    *(*_PAGING, *_URLS, *_FILES, *_SEARCHES, *_CELLS, *_SIP, *SPEECH),
)


def rows(field: Field, *kinds: str) -> list[Row]:
    """The rows for a field, of all classes or of some."""
    found = [row for row in ROWS if row.field is field and (not kinds or row.kind in kinds)]
    assert found, f"no such class of {field}: {kinds}"
    return found


def samples(field: Field, *kinds: str) -> list[Any]:
    """The same, without their table."""
    return [row.sample for row in rows(field, *kinds)]
