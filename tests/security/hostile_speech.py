"""Hostile input of what is spoken and heard: markup in texts, voices, programs' URLs, languages, words in notes."""

from typing import Final

from tests.security.hostile_row import Field, Row, codes_of, each

#: A program that the account allows, with all that is below it.
ALLOWED_URL: Final = "wss://8.8.8.8/talk/"

#: What an engine that takes SSML would read as orders.
MARKUP: Final = (
    "<speak>Hello.</speak>",
    'Hello <break time="10s"/> there.',
    '<audio src="https://evil.example/x.mp3"/>',
    "Hello.</prosody></speak><speak>Bye.",
    '<!DOCTYPE speak [<!ENTITY x SYSTEM "file:///etc/passwd">]>Hello &x;',
    "<![CDATA[Hello.]]>",
    "<?xml version='1.0'?>Hello.",
    '<mark name="x"/>Hello.',
    "Hello &#60;break/&#62; there.",
    "Hello &lt;break/&gt; there.",
    '<SPEAK><phoneme ph="x">Hello.</phoneme></SPEAK>',
)
_CONTROL: Final = ("\x00", "\x1b[2J", "\x07", "\x7f", "\ufffe")
_TEXTS: Final = codes_of("INVALID_INPUT", "REQUIRED")

_SPOKEN: Final = each(Field.SPOKEN_TEXT, "markup", MARKUP)

#: Each with the one field that a text of a one-time password must have.
_OTP_TEXTS: Final = each(Field.OTP_TEXT, "markup", (f"{{code}} {text}" for text in MARKUP))

#: In a flow's text ``{name}`` is a variable, and another brace is a brace.
_FLOW_TEXTS: Final = [
    *each(Field.FLOW_TEXT, "markup", MARKUP),
    *each(Field.FLOW_TEXT, "control characters", (f"hello{char}there" for char in _CONTROL)),
    *each(Field.FLOW_TEXT, "empty or too long", ("", "   ", "\n\t", "x" * 1501, "x" * 100_000), _TEXTS),
]

_FIELD_VALUES: Final = [
    *each(Field.FIELD_VALUE, "markup", MARKUP),
    *each(Field.FIELD_VALUE, "control characters", (f"1234{char}5" for char in (*_CONTROL, "\u202e"))),
    *each(
        Field.FIELD_VALUE,
        "empty or too long",
        ("", "   ", "x" * 501, "x" * 100_000),
        codes_of("INVALID_INPUT", "FIELD_MISSING"),
    ),
]

_VOICE_NAMES: Final = each(
    Field.VOICE_NAME,
    "no such voice",
    ("", "../x", "en;id", "-w/tmp/x", "--stdout", "x" * 10_000, "en\r\n", "en\x00", "${x}", "nobody", "en us", "ｅｎ"),
    codes_of("INVALID_INPUT", "SPEECH_NOT_SUPPORTED", "NOT_FOUND", "NOT_SUPPORTED", "REQUIRED"),
)

_LANGUAGES: Final = each(
    Field.LANGUAGE,
    "no language",
    ("", "english!", "../x", "-f/etc/passwd", "en_US", "en\r\nX: 1", "en\x00", "x" * 10_000, "en-", "ｅｎ", "en;q=1"),
    codes_of("INVALID_INPUT", "NOT_SUPPORTED"),
)

_PHRASES: Final = [
    *each(Field.PHRASES, "control characters", ([f"a{char}b"] for char in ("\n", "\r\n", "\x00", "\x1b[2J", "\x7f"))),
    *each(Field.PHRASES, "empty or too long", ([""], ["  "], ["x" * 201], ["fine", "x" * 100_000])),
    *each(Field.PHRASES, "too many", (["yes"] * 101, ["yes"] * 5_000)),
]

_NOTES: Final = [
    *each(Field.NOTE, "control characters", (f"spam{char}X: 1" for char in ("\r\n", "\x00", "\x1b[2J", "\u2028"))),
    *each(Field.NOTE, "too long", ("x" * 501, "é" * 10_000, "x" * 100_000)),
]

_DIALPLAN: Final = each(
    Field.DIALPLAN_EXTENSION,
    "no extension",
    (
        *("", "s,1", "s@evil", "../x", "${EXTEN}", "$[1+1]", "1&2", "s\r\n", "s\x00", "x" * 80, "x" * 10_000, "a b"),
        *("s(label)", "1|2", "１", "s;x", "s/2", "s'--"),
    ),
    codes_of("INVALID_INPUT", "REQUIRED"),
)

_HOSTS: Final = (
    *("127.0.0.2", "localhost", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),  # noqa: S104  # nothing is bound: it is refused
    *("[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[fe80::1]", "[fc00::1]", "[2002:7f00:1::]", "[::]"),
    *("2130706433", "0x7f000001", "0177.0.0.1", "127.1", "127.0.0.1.", "224.0.0.1", "①②⑦.0.0.1", "127。0。0。1"),
)
_REFUSED_URL: Final = codes_of("URL_NOT_ALLOWED", "INVALID_INPUT", "REQUIRED")
#: Before anybody asks where it leads: what no URL of a program looks like.
_STREAM_URLS: Final = each(
    Field.STREAM_URL,
    "no such address",
    (
        *("", "x", "wss://", "wss:///talk", "//evil.example/x", "https://8.8.8.8/talk/x", "http://8.8.8.8/talk/x"),
        *("WSS:8.8.8.8", "wss://user:pass@8.8.8.8/talk/x", "ftp://8.8.8.8/", "file:///etc/passwd", "unix:/x"),
        *("wss://8.8.8.8:0/talk/x", "wss://8.8.8.8:99999/", "wss://8.8.8.8:22/talk/x", "wss://8.8.8.8:-1/talk/x"),
        *("wss://8.8.8.8:5060/talk/x", "wss://8.8.8.8/talk/\r\nX: 1", "wss://8.8.8.8/talk/\x00", "wss://8.8.8.8/ x"),
        *(
            "wss://evil.example\\@8.8.8.8/talk/x",
            "wss://8.8.8.8/talk/#x",
            "wss://8.8.8.8/talk/../x",
            "wss://①.example/",
        ),
        *("wss://8.8.8.8/talk/%2e%2e/x", "wss://8.8.8.8/talk//x", "wss://8.8.8.8/talk/%2fx", "wss://8.8.8.8/talk/;x"),
        *("wss://2130706433/", "wss://0x7f.1/", "wss://" + "a" * 10_000 + ".example/", "wss://8.8.8.8/" + "x" * 10_000),
    ),
    _REFUSED_URL,
)
_STREAM_HOSTS: Final = [
    *each(Field.STREAM_URL, "hosts inside", (f"wss://{host}/talk/x" for host in _HOSTS), _REFUSED_URL),
    *each(Field.STREAM_URL, "plain", ("ws://8.8.8.8/talk/x", "ws://127.0.0.1:1025/talk/x"), _REFUSED_URL),
]
#: Beside what the account allows.
_STREAM_NEIGHBOURS: Final = each(
    Field.STREAM_URL,
    "not allowed by the account",
    (
        *("wss://8.8.4.4/talk/x", "wss://8.8.8.8.evil.example/talk/x", "wss://8.8.8.8:444/talk/x"),
        *("wss://8.8.8.8/talkative", "wss://8.8.8.8/Talk/x", "wss://8.8.8.8/", "wss://8.8.8.8/other?/talk/"),
    ),
    _REFUSED_URL,
)

ROWS: Final[tuple[Row, ...]] = (
    *(*_SPOKEN, *_OTP_TEXTS, *_FLOW_TEXTS, *_FIELD_VALUES, *_VOICE_NAMES, *_LANGUAGES, *_PHRASES, *_NOTES, *_DIALPLAN),
    *(*_STREAM_URLS, *_STREAM_HOSTS, *_STREAM_NEIGHBOURS),
)
