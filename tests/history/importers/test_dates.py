import datetime as dt
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from simulator.errors import InputError
from simulator.history.importers.fields.dates import Dates, read_dates
from simulator.history.importers.importer import import_files
from simulator.history.importers.readers.sheet import Sheet
from tests.history.importers.exports import DEALS_MAP, import_texts


def read(cells: list[object], other: list[str] | None = None, **options: object) -> Dates:
    kind = "str" if all(isinstance(cell, str) for cell in cells) else object
    column = pd.Series(cells, dtype=kind)
    frame = pd.DataFrame({"date": column})
    if other is not None:
        frame["other"] = pd.Series(other, dtype="str")
    return read_dates(column, Sheet("x.csv", frame), **options)  # type: ignore[arg-type]


def iso(dates: Dates) -> list[str]:
    return [f"{day:%Y-%m-%d %H:%M}" if not pd.isna(day) else "" for day in dates.days]


def test_iso_dates_and_empty_cells() -> None:
    got = read(["2024-01-02", "", "2024-02-29", "n/a"])
    assert iso(got) == ["2024-01-02 00:00", "", "2024-02-29 00:00", ""]
    assert len(got.bad) == 0


def test_offsets_are_converted_to_the_time_zone() -> None:
    got = read(["2024-01-02T03:04:05Z", "2024-07-01T00:00:00+02:00"], timezone="Europe/Berlin")
    assert iso(got) == ["2024-01-02 04:04", "2024-07-01 00:00"]
    assert "Europe/Berlin" in got.read_as


@pytest.mark.parametrize(
    ("cells", "form", "first"),
    [
        (["1/2/2024", "3/15/2024"], "%m/%d/%Y", "2024-01-02"),
        (["1/2/2024", "15/3/2024"], "%d/%m/%Y", "2024-02-01"),
        (["01.02.2024", "15.03.2024"], "%d.%m.%Y", "2024-02-01"),
        (["1/2/2024, 3:04 PM", "3/15/2024, 1:00 AM"], "%m/%d/%Y with the time (12 hours)", "2024-01-02"),
        (["02-Jan-2024", "15-Mar-2024"], "months in words", "2024-01-02"),
        (["Jan 2, 2024"], "months in words", "2024-01-02"),
        (["20240102", "20240315"], "%Y%m%d", "2024-01-02"),
    ],
)
def test_other_formats_are_found_out_and_said(cells: list[object], form: str, first: str) -> None:
    got = read(cells)
    assert iso(got)[0].startswith(first)
    assert got.read_as == form


def test_day_numbers_of_excel() -> None:
    got = read(["45000", "45001.5"])
    assert iso(got) == ["2023-03-15 00:00", "2023-03-16 12:00"]
    assert "Excel" in got.read_as


def test_an_order_that_nothing_decides_is_a_fault_and_another_column_decides_it() -> None:
    undecided = read(["1/2/2024", "3/5/2024"])
    assert len(undecided.bad) == 2
    assert "day or the month first" in undecided.what
    decided = read(["1/2/2024", "3/5/2024"], other=["12/31/2024", "1/1/2024"])
    assert iso(decided)[0] == "2024-01-02 00:00"
    other_way = read(["1/2/2024", "3/5/2024"], other=["31/12/2024", "1/1/2024"])
    assert iso(other_way)[0] == "2024-02-01 00:00"


def test_mixed_formats_name_the_odd_cells() -> None:
    got = read(["2024-01-02", "03/04/2024", "2024-01-05"])
    assert got.bad.to_dict() == {1: "03/04/2024"}


def test_days_that_are_not_on_the_calendar_are_bad() -> None:
    assert read(["2024-02-30", "2024-01-01"]).bad.tolist() == ["2024-02-30"]


@pytest.mark.parametrize("stand_in", ["9999-12-31", "1900-01-01", "0001-01-01"])
def test_stand_ins_are_bad_unless_the_map_lists_them(stand_in: str) -> None:
    cells: list[object] = ["2024-01-02", stand_in]
    assert read(cells).bad.tolist() == [stand_in]
    listed = read(cells, empty=(stand_in,))
    assert len(listed.bad) == 0
    assert iso(listed)[1] == ""


def test_a_format_of_the_map_is_obeyed() -> None:
    got = read(["2024/31/12", "x"], form="%Y/%d/%m")
    assert iso(got)[0] == "2024-12-31 00:00"
    assert got.bad.tolist() == ["x"]


def test_cells_of_a_workbook_may_be_dates_and_text() -> None:
    got = read([dt.datetime(2024, 1, 2), dt.date(2024, 1, 3), "2024-01-04", None])
    assert iso(got) == ["2024-01-02 00:00", "2024-01-03 00:00", "2024-01-04 00:00", ""]


def test_typed_dates_of_any_unit_and_zone() -> None:
    column = pd.Series(pd.to_datetime(["2024-01-02T23:30:00Z"])).astype("datetime64[s, UTC]")
    got = read_dates(column, Sheet("x", pd.DataFrame({"d": column})), "Europe/Berlin")
    assert iso(got) == ["2024-01-03 00:30"]
    assert got.days.dtype == "datetime64[ns]"


def test_days_without_a_year_are_no_months_and_a_spreadsheet_that_turned_days_is_named() -> None:
    days = [dt.date(2025, 1, 1) + dt.timedelta(days=17 * i) for i in range(20)]
    assert "names no year" in read([f"{day:%d %b}" for day in days]).what
    assert "is a month or a quarter" in read([f"{day:%b %y}" for day in days]).what
    turned = [f"{day:%d/%m/%Y}" if day.day > 12 else f"{day:%Y-%d-%m}" for day in days]
    for cells in (turned, [turned[i] for i in range(20) if days[i].day > 12 or i % 3]):
        assert "a spreadsheet that read some cells as dates" in read(list(cells)).what


def serials(epoch: dt.date, *, last: dt.date, wins: bool = True) -> str:
    """Return deals whose days are day numbers since ``epoch``, the last of them closed on ``last``."""
    lines = ["id,created,close,stage,amount"]
    for i in range(12):
        closed = last - dt.timedelta(days=30 * i)
        created = (closed - dt.timedelta(days=60) - epoch).days
        lines.append(f"{i},{created},{(closed - epoch).days},{'Won' if i % 2 else 'Lost'},100")
    return "\n".join(lines)


EPOCH_1900, EPOCH_1904 = dt.date(1899, 12, 30), dt.date(1904, 1, 1)
NOW = dt.date.today() - dt.timedelta(days=40)
OLD = dt.date(2023, 6, 30)


def test_day_numbers_from_1904_are_asked_about_by_today(tmp_path: Path) -> None:
    text = serials(EPOCH_1904, last=NOW)
    with pytest.raises(InputError, match="four years before today"):
        import_texts(tmp_path, "table", DEALS_MAP, deals_csv=text)
    for map_yaml, shift in (("date_format: excel_1904\n", 0), ("date_format: excel\n", 1462)):
        got = import_texts(tmp_path, "table", map_yaml + DEALS_MAP, deals_csv=text)
        assert got.history.opportunities["closed_date"].max().date() == NOW - dt.timedelta(days=shift)
    got = import_texts(tmp_path, "table", DEALS_MAP, deals_csv=serials(EPOCH_1900, last=NOW))
    assert got.history.opportunities["closed_date"].max().date() == NOW


def test_day_numbers_from_1904_are_asked_about_by_other_days(tmp_path: Path) -> None:
    text = serials(EPOCH_1904, last=OLD)
    rows = [line.split(",") for line in text.splitlines()]
    for i, row in enumerate(rows[1:]):
        row[1] = f"{OLD - dt.timedelta(days=30 * i + 60):%Y-%m-%d}"
    iso = "\n".join(map(",".join, rows))
    with pytest.raises(InputError, match="four years before other days"):
        import_texts(tmp_path, "table", DEALS_MAP, deals_csv=iso)
    got = import_texts(tmp_path, "table", "date_format: excel_1904\n" + DEALS_MAP, deals_csv=iso)
    assert got.history.opportunities["closed_date"].max().date() == OLD
    named = DEALS_MAP.replace("deals.csv", "deals 2023-07-03.csv")
    with pytest.raises(InputError, match=r"four years before the name 'deals 2023-07-03\.csv'"):
        import_texts(tmp_path, "table", named, **{"deals 2023-07-03_csv": text})
    got = import_texts(tmp_path, "table", named, **{"deals 2023-07-03_csv": serials(EPOCH_1900, last=OLD)})
    assert got.history.opportunities["closed_date"].max().date() == OLD


def test_a_workbook_that_counts_from_1904_is_read_so(tmp_path: Path) -> None:
    rows = [line.split(",") for line in serials(EPOCH_1904, last=OLD).splitlines()]
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    assert book.active is not None
    for row in rows:
        book.active.append([int(cell) if cell.isdigit() else cell for cell in row])
    book.save(tmp_path / "deals.xlsx")
    (tmp_path / "map.yaml").write_text(DEALS_MAP.replace("deals.csv", "deals.xlsx"), encoding="utf-8")
    got = import_files("table", [tmp_path / "deals.xlsx"], tmp_path / "map.yaml")
    assert got.history.opportunities["closed_date"].max().date() == OLD
    assert "from 1904" in str(got.understanding.meanings)
