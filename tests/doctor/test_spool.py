"""What the doctor says of changes that the database never took."""

from pathlib import Path

from app.calls.keeping.spool import Spool
from app.config import Settings
from app.doctor.findings import Status
from app.doctor.spool import check_set_aside

NUMBER = "+15550100000"


def test_given_no_spool_when_checked_then_all_is_well(tmp_path: Path) -> None:
    (finding,) = check_set_aside(Settings(data_dir=tmp_path))
    assert finding.status is Status.OK


def test_given_changes_set_aside_when_checked_then_their_file_and_reasons_are_told_and_no_number(
    tmp_path: Path,
) -> None:
    spool = Spool(tmp_path / "spool", "n1", limit_bytes=1000)
    line = f'{{"setAsideAt": 1, "reason": "refused_54000", "change": {{"number": "{NUMBER}"}}}}'.encode()
    path = spool.set_aside([line, line, b'{"setAsideAt": 1, "reason": "fenced", "change": {}}', b'{"half'])
    (finding,) = check_set_aside(Settings(data_dir=tmp_path))
    assert finding.status is Status.WARNING
    assert finding.mend
    for words in (str(path), "2 × refused_54000", "1 × fenced", "1 × unreadable"):
        assert words in finding.message
    assert NUMBER not in f"{finding.message}{finding.mend}"


def test_given_a_damaged_spool_file_when_checked_then_it_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    folder.mkdir()
    (folder / "n1-17.damaged").write_bytes(b"x")
    (finding,) = check_set_aside(Settings(data_dir=tmp_path))
    assert (finding.status, "damaged" in finding.message) == (Status.WARNING, True)
