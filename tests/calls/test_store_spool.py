"""The spool's file: what was acknowledged is read again, what was not is recognised."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.calls.keeping.spool import Spool, SpoolFullError

RECORDS = [b"one", b"two" * 1000, b"\x00\xff three"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "spool"


def _spool(folder: Path, node: str = "n1", *, limit_bytes: int = 1_000_000) -> Spool:
    return Spool(folder, node, limit_bytes=limit_bytes)


def _only_file(folder: Path) -> Path:
    (path,) = folder.glob("*.spool")
    return path


def _dead(folder: Path, *appends: list[bytes]) -> Path:
    """What a process leaves that appended these and was killed."""
    spool = _spool(folder)
    for records in appends:
        spool.append(records)
    spool.close()
    return _only_file(folder)


def test_given_records_when_the_process_is_gone_then_the_next_one_reads_them_in_order_and_they_are_gone_when_done(
    folder: Path,
) -> None:
    path = _dead(folder, RECORDS[:1], RECORDS[1:])
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    successor = _spool(folder)
    (found,) = successor.read_leftovers()
    assert (list(found.records), found.torn_bytes, found.is_damaged) == (RECORDS, 0, False)
    successor.finish(found)
    assert not list(folder.iterdir())


def test_given_nothing_was_postponed_when_started_and_ended_then_there_is_no_file_and_no_folder(folder: Path) -> None:
    spool = _spool(folder)
    assert spool.read_leftovers() == []
    spool.clear()
    spool.close()
    assert not folder.exists()


def test_given_all_is_in_the_database_when_cleared_then_the_file_is_gone_and_the_next_outage_has_its_own(
    folder: Path,
) -> None:
    spool = _spool(folder)
    spool.append([b"first outage"])
    spool.clear()
    assert (list(folder.iterdir()), spool.size) == ([], 0)
    spool.append([b"second outage"])
    spool.close()
    (found,) = _spool(folder).read_leftovers()
    assert found.records == (b"second outage",)


@given(cut=st.integers(min_value=0, max_value=60))
def test_given_a_file_that_ends_anywhere_when_read_then_every_whole_record_before_that_is_there(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("cut") / "spool"
    records = [b"a" * 7, b"b", b"c" * 9]
    path = _dead(folder, records)
    content = path.read_bytes()
    cut = min(cut, len(content))
    path.write_bytes(content[:cut])
    (found,) = _spool(folder).read_leftovers()
    ends = [len(content) - 17, len(content)]
    ends.insert(0, ends[0] - 9)
    assert list(found.records) == [record for record, end in zip(records, ends, strict=True) if end <= cut]
    assert not found.is_damaged
    os.close(found.descriptor)


def test_given_a_file_that_ends_in_zeros_when_read_then_they_are_a_torn_tail(folder: Path) -> None:
    path = _dead(folder, RECORDS)
    path.write_bytes(path.read_bytes() + bytes(4096))
    (found,) = _spool(folder).read_leftovers()
    assert (list(found.records), found.torn_bytes, found.is_damaged) == (RECORDS, 4096, False)
    os.close(found.descriptor)


def test_given_a_record_that_the_disk_has_changed_when_read_then_what_is_before_it_counts_and_the_file_is_kept(
    folder: Path,
) -> None:
    path = _dead(folder, RECORDS)
    content = bytearray(path.read_bytes())
    content[content.index(b"twotwo")] ^= 1
    path.write_bytes(content)
    spool = _spool(folder)
    (found,) = spool.read_leftovers()
    assert (found.records, found.is_damaged) == ((b"one",), True)
    spool.finish(found)
    assert [one.suffix for one in folder.iterdir()] == [".damaged"]
    assert spool.read_leftovers() == []


def test_given_a_file_of_another_kind_when_read_then_it_is_damaged_and_nothing_is_made_of_it(folder: Path) -> None:
    _dead(folder, RECORDS).write_bytes(b"something else entirely\n")
    (found,) = _spool(folder).read_leftovers()
    assert (found.records, found.is_damaged) == ((), True)
    os.close(found.descriptor)


def test_given_a_living_owner_or_another_node_when_leftovers_are_looked_for_then_theirs_are_left_alone(
    folder: Path,
) -> None:
    living, other, longer = _spool(folder), _spool(folder, "n2"), _spool(folder, "n1-b")
    living.append([b"mine"])
    for one in (other, longer):
        one.append([b"theirs"])
        one.close()
    assert _spool(folder).read_leftovers() == []
    living.close()
    (found,) = _spool(folder).read_leftovers()
    assert found.records == (b"mine",)
    os.close(found.descriptor)


def test_given_a_limit_when_records_do_not_fit_then_none_of_them_is_written(folder: Path) -> None:
    spool = _spool(folder, limit_bytes=200)
    spool.append([b"x" * 100])
    with pytest.raises(SpoolFullError):
        spool.append([b"y" * 20, b"z" * 80])
    spool.append([b"w" * 20])
    spool.close()
    (found,) = _spool(folder).read_leftovers()
    assert found.records == (b"x" * 100, b"w" * 20)
    os.close(found.descriptor)


def test_given_a_disk_that_is_full_half_way_when_appended_then_the_half_is_taken_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = _spool(folder)
    spool.append([b"before"])
    write = os.write
    calls = iter([True, False])

    def write_half(descriptor: int, data: memoryview) -> int:
        if next(calls):
            return write(descriptor, data[:5])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write_half)
        with pytest.raises(OSError, match="No space"):
            spool.append([b"lost"])
    spool.append([b"after"])
    spool.close()
    (found,) = _spool(folder).read_leftovers()
    assert (found.records, found.torn_bytes) == ((b"before", b"after"), 0)
    os.close(found.descriptor)


def test_given_lines_when_set_aside_then_they_are_appended_for_their_owner_alone(folder: Path) -> None:
    spool = _spool(folder)
    spool.set_aside([b"{}"])
    path = spool.set_aside([b"[1]", b"[2]"])
    assert path.read_bytes() == b"{}\n[1]\n[2]\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_given_a_half_record_that_cannot_be_taken_back_when_more_is_appended_then_all_that_was_acknowledged_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = _spool(folder)
    spool.append([b"before"])
    _fail_half_way(spool, monkeypatch)
    size = spool.size
    spool.append([b"after"])
    assert spool.size > size
    assert _spool(folder).read_leftovers() == []  # both are its own
    spool.close()
    found = _spool(folder).read_leftovers()
    assert [one.records for one in found] == [(b"before",), (b"after",)]
    assert not any(one.is_damaged for one in found)
    for one in found:
        os.close(one.descriptor)


def test_given_a_file_that_was_given_up_when_all_is_in_the_database_then_it_is_gone_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = _spool(folder)
    spool.append([b"before"])
    _fail_half_way(spool, monkeypatch)
    assert spool.read_leftovers() == []
    spool.clear()
    assert (list(folder.iterdir()), spool.size) == ([], 0)


def _fail_half_way(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    calls = iter([True, False])

    def write_half(descriptor: int, data: memoryview) -> int:
        if next(calls):
            return write(descriptor, data[:5])
        raise OSError(5, "Input/output error")

    def fail(_descriptor: int, _size: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write_half)
        patch.setattr(os, "ftruncate", fail)
        with pytest.raises(OSError, match="Input/output"):
            spool.append([b"lost"])


def test_given_folders_that_are_made_when_appended_then_the_names_of_all_of_them_are_on_disk(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr("app.calls.keeping.spool._sync_directory", synced.append)
    spool = _spool(folder)
    spool.append([b"one"])
    spool.close()
    assert set(synced) == {folder, folder.parent, folder.parent.parent}
