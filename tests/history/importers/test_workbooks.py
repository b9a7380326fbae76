import datetime as dt
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from simulator.errors import InputError
from simulator.history.importers.importer import import_files
from simulator.history.importers.readers.workbook import read_parquet, read_workbook
from tests.history.importers.exports import DEALS_MAP, write


def workbook(path: Path, rows: list[list[object]], title: str = "Deals") -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    book.create_sheet("Notes").append(["nothing"])
    book.save(path)
    return path


def test_titles_above_the_headings_are_passed_over(tmp_path: Path) -> None:
    rows = [
        ["My deals"],
        [],
        ["id", "amount", "day"],
        [1, 2.5, dt.datetime(2024, 1, 2)],
        [None, None, None],
        ["b", "3", None],
    ]
    ((sheet, read_as),) = read_workbook(workbook(tmp_path / "x.xlsx", rows))
    assert list(sheet.frame.index) == [4, 6]
    assert sheet.frame["id"].tolist() == [1, "b"]
    assert "'Deals'" in read_as
    assert "not read: Notes" in read_as


def test_a_sheet_may_be_named_and_a_wrong_name_lists_the_sheets(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", [["a"], [1]])
    assert read_workbook(path, "notes")[0][0].frame.columns.tolist() == ["nothing"]
    with pytest.raises(InputError, match="Deals, Notes"):
        read_workbook(path, "Nots")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0old"])
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError, match="workbook"):
        read_workbook(path)


def test_a_zip_of_something_else_is_refused(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "x.xlsx", "w") as packed:
        packed.writestr("hello.txt", "hello")
    with pytest.raises(InputError, match="workbook"):
        read_workbook(tmp_path / "x.xlsx")


def test_an_empty_sheet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no row of headings"):
        read_workbook(workbook(tmp_path / "x.xlsx", []), "Deals")


def test_csv_workbook_and_parquet_give_the_same_history(tmp_path: Path) -> None:
    text = "id,amount,created,close,stage\n1,10.5,2024-01-02,2024-05-01,Open\n2,,2024-01-03,2024-02-01,Won\n"
    (csv,) = write(tmp_path, deals_csv=text)
    frame = pd.DataFrame(
        {
            "id": [1, 2],
            "amount": [10.5, None],
            "created": pd.to_datetime(["2024-01-02", "2024-01-03"]),
            "close": [dt.date(2024, 5, 1), dt.date(2024, 2, 1)],
            "stage": pd.Categorical(["Open", "Won"]),
        }
    )
    frame.to_parquet(tmp_path / "deals.parquet")
    cells = [
        list(frame.columns),
        *[[None if pd.isna(c) else c for c in row] for row in frame.astype(object).to_numpy()],
    ]
    book = workbook(tmp_path / "deals.xlsx", cells)
    map_path = tmp_path / "map.yaml"
    map_path.write_text(DEALS_MAP)
    got = [
        import_files("table", [path], map_path).history for path in (csv, tmp_path / "deals.parquet", book)
    ]
    for other in got[1:]:
        pd.testing.assert_frame_equal(other.opportunities, got[0].opportunities)
    assert got[0].opportunities["opportunity_id"].tolist() == ["1", "2"]


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(InputError, match="Parquet"):
        read_parquet(tmp_path / "x.parquet")
