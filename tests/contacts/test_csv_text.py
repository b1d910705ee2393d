"""In which encoding a file is written, and its lines, whatever the blocks it comes in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contacts.csv_text import LONGEST_LINE, EncodingGuess, split_lines
from app.contacts.words import CsvEncoding

TEXT = "Téléphone;Nom;Währung\r\n+12125550123;Müller & Søn;€ 5\r\n" * 3


def _guess(content: bytes, size: int = 7) -> CsvEncoding:
    guess = EncodingGuess()
    for at in range(0, len(content), size):
        guess.feed(content[at : at + size])
    return guess.result()


def _lines(content: bytes, encoding: CsvEncoding, size: int = 5) -> list[str]:
    return list(split_lines([content[at : at + size] for at in range(0, len(content), size)], encoding))


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode("utf-8"), CsvEncoding.UTF_8),
        (TEXT.encode("utf-8-sig"), CsvEncoding.UTF_8),
        (TEXT.encode("utf-16"), CsvEncoding.UTF_16),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), CsvEncoding.UTF_16),
        (TEXT.encode("utf-16-le"), CsvEncoding.UTF_16_LE),
        (TEXT.encode("utf-16-be"), CsvEncoding.UTF_16_BE),
        (TEXT.encode("utf-32"), CsvEncoding.UTF_32),
        (TEXT.encode("cp1252"), CsvEncoding.WINDOWS_1252),
        (TEXT.replace("€", "E").encode("iso8859-1"), CsvEncoding.WINDOWS_1252),
        (b"plain,text\r\n", CsvEncoding.UTF_8),
        (b"\x81;\x8d;\xff\n", CsvEncoding.ISO_8859_1),
        ("ü".encode()[:1], CsvEncoding.WINDOWS_1252),
    ],
)
def test_given_a_file_when_its_encoding_is_guessed_then_its_text_reads_as_it_was_written(
    content: bytes, encoding: CsvEncoding
) -> None:
    assert _guess(content) is encoding
    if b"Nom" in content.replace(b"\0", b""):
        text = "".join(_lines(content, encoding))
        assert text in {TEXT.replace("\r\n", "\n"), TEXT.replace("\r\n", "\n").replace("€", "E")}


def test_given_umlauts_far_behind_the_beginning_when_guessed_then_all_of_the_file_counts() -> None:
    assert _guess(b"number,name\n" * 20_000 + "Müller".encode("cp1252"), 65_536) is CsvEncoding.WINDOWS_1252


@pytest.mark.parametrize("encoding", list(CsvEncoding))
def test_given_every_encoding_there_is_when_lines_are_read_then_none_is_lost(encoding: CsvEncoding) -> None:
    content = "number,name\r\n+12125550123,Bob\rlast".encode(encoding.value)
    assert _lines(content, encoding, 3) == ["number,name\n", "+12125550123,Bob\n", "last"]


def test_given_a_line_without_end_when_read_then_it_is_cut_and_the_next_one_is_whole() -> None:
    lines = _lines(b"x" * 300_000 + b"\nnext\n", CsvEncoding.UTF_8, 10_000)
    assert [len(line) for line in lines] == [LONGEST_LINE + 1, 5]
    assert lines[1] == "next\n"


@given(st.binary(max_size=300), st.sampled_from(list(CsvEncoding)), st.integers(1, 50))
def test_given_any_bytes_when_read_in_any_blocks_then_nothing_breaks_and_blocks_make_no_difference(
    content: bytes, encoding: CsvEncoding, size: int
) -> None:
    _guess(content, size)
    assert _lines(content, encoding, size) == _lines(content, encoding, 1000)
