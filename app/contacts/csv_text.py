"""From a file's bytes to its text: in which encoding it is written, and its lines, never more of it than a block.

Nothing in a file says how it is written, except for a byte order mark (Unicode standard, 23.8). Without one, zeros in
every other byte of the beginning tell UTF-16, and text that is valid UTF-8 from end to end is UTF-8: other encodings
hardly ever are by accident. What remains is one of the many with a byte for each character, of which Windows-1252, a
superset of ISO 8859-1, is by far the most frequent; whoever has another one must say so.
"""

import codecs
import io
from collections.abc import Iterable, Iterator
from typing import Final

from app.contacts.words import CsvEncoding

#: A line is cut where it gets longer; what is cut off is lost, and whoever reads the line is told.
LONGEST_LINE: Final = 65_536
_SAMPLE: Final = 4096
_LONGEST_MARK: Final = 4
_MOSTLY: Final = 0.4

#: Byte order marks; the longer first, since UTF-32's begins with UTF-16's.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, CsvEncoding.UTF_32),
    (codecs.BOM_UTF32_BE, CsvEncoding.UTF_32),
    (codecs.BOM_UTF8, CsvEncoding.UTF_8),
    (codecs.BOM_UTF16_LE, CsvEncoding.UTF_16),
    (codecs.BOM_UTF16_BE, CsvEncoding.UTF_16),
)


class EncodingGuess:
    """Finds out a file's encoding; it is fed all of the file, block by block."""

    def __init__(self) -> None:
        self._head = b""
        self._utf8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
        self._is_windows = True

    def feed(self, block: bytes) -> None:
        if len(self._head) < _SAMPLE:
            self._head += block[: _SAMPLE - len(self._head)]
        if self._utf8 is not None:
            try:
                self._utf8.decode(block)
            except UnicodeDecodeError:
                self._utf8 = None
        self._is_windows = self._is_windows and not block.translate(None, _IN_WINDOWS_1252)

    def result(self) -> CsvEncoding:
        """What it is, once everything was fed."""
        for mark, encoding in _MARKS:
            if self._head.startswith(mark):
                return encoding
        # Of text in a Latin alphabet every other byte is zero.
        half = len(self._head) // 2
        if half and self._head[1::2].count(0) > half * _MOSTLY and self._head[0::2].count(0) < half * _MOSTLY:
            return CsvEncoding.UTF_16_LE
        if half and self._head[0::2].count(0) > half * _MOSTLY and self._head[1::2].count(0) < half * _MOSTLY:
            return CsvEncoding.UTF_16_BE
        if self._utf8 is not None:
            try:
                self._utf8.decode(b"", final=True)
            except UnicodeDecodeError:
                pass  # it ends within a character: not UTF-8
            else:
                return CsvEncoding.UTF_8
        return CsvEncoding.WINDOWS_1252 if self._is_windows else CsvEncoding.ISO_8859_1


_IN_WINDOWS_1252: Final = bytes(
    byte for byte in range(256) if bytes([byte]).decode("cp1252", errors="replace") != "\N{REPLACEMENT CHARACTER}"
)


class LineSplitter:
    """Makes lines of blocks of bytes. Lines end with LF, CR LF or CR; what cannot be decoded reads U+FFFD.

    Each line comes with its LF, but for the last one when it has none. One of more than ``LONGEST_LINE`` characters was
    cut.
    """

    def __init__(self, encoding: CsvEncoding) -> None:
        self._encoding = encoding
        self._decoder: io.IncrementalNewlineDecoder | None = None
        self._head = b""
        self._rest = ""
        self._is_first = True

    def feed(self, block: bytes, *, is_last: bool = False) -> Iterator[str]:
        """The lines that are whole now; with the last block, all that remain."""
        if self._decoder is None:
            block = self._head = self._head + block
            if len(block) < _LONGEST_MARK and not is_last:
                return
            decoder = codecs.getincrementaldecoder(_name_of(self._encoding, block))(errors="replace")
            self._decoder = io.IncrementalNewlineDecoder(decoder, translate=True)
        text = self._decoder.decode(block, final=is_last)
        if self._is_first and text:
            self._is_first = False
            text = text.removeprefix("\ufeff")
        lines = (self._rest + text).split("\n")
        self._rest = lines.pop()
        for line in lines:
            yield (line if len(line) < LONGEST_LINE else line[:LONGEST_LINE]) + "\n"
        if is_last and self._rest:
            yield self._rest[: LONGEST_LINE + 1]
            self._rest = ""
        elif len(self._rest) > LONGEST_LINE:
            self._rest = self._rest[:LONGEST_LINE]


def _name_of(encoding: CsvEncoding, head: bytes) -> str:
    """Python's name of it. Its own UTF-16 and UTF-32 take no text without a mark."""
    if encoding is CsvEncoding.UTF_16:
        return "utf-16-be" if head.startswith(codecs.BOM_UTF16_BE) else "utf-16-le"
    if encoding is CsvEncoding.UTF_32:
        return "utf-32-be" if head.startswith(codecs.BOM_UTF32_BE) else "utf-32-le"
    return encoding.value


def split_lines(blocks: Iterable[bytes], encoding: CsvEncoding) -> Iterator[str]:
    """All lines of some blocks; see ``LineSplitter``."""
    splitter = LineSplitter(encoding)
    for block in blocks:
        yield from splitter.feed(block)
    yield from splitter.feed(b"", is_last=True)
