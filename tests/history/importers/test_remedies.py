"""What a fault of an import says to write into a map makes the import right, as it stands."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.errors import InputError
from simulator.history.importers.importer import import_files
from tests.history.importers.forms import SALESFORCE, Row, as_csv, company, table, totals
from tests.history.importers.test_forms import figures

ENGLISH = SALESFORCE["English"]
Rows = list[list[Any]]


def _rows(
    change: Callable[[list[Any], Row], object] = lambda row, deal: None, **extra: Callable[[Row], object]
) -> Rows:
    """Return the company's rows, each changed in place."""
    rows = table(ENGLISH, **extra)
    for row, deal in zip(rows[1:], company(), strict=True):
        change(row, deal)
    return rows


def _headed(place: int, heading: str) -> Rows:
    rows = _rows()
    rows[0][place] = heading
    return rows


def _ambiguous(row: list[Any], deal: Row) -> None:
    """Write days that may be read in two ways, with a clock."""
    row[4] = deal["created"].replace(day=1 + deal["created"].day % 12).strftime("%d/%m/%Y %H:%M")


def _stand_in(row: list[Any], deal: Row) -> None:
    if deal["stage"] < 2:
        row[5] = "2999-12-31"


def _later_state(rows: Rows) -> Rows:
    """Return the rows after an older state of some deals, without a day of change."""
    return [rows[0], *[[*row[:2], "Proposal", *row[3:]] for row in rows[1:4]], *rows[1:]]


FAULTS: dict[str, tuple[Rows, str]] = {
    "no column is read as the amount": (_headed(3, "Worth"), "tables: "),
    "no column is read as the day the deal was created": (_headed(4, "Engaged"), "tables: "),
    "no column is read as the day the deal closed": (_headed(5, "Landing"), "tables: "),
    "can be read with the day or the month first": (_rows(_ambiguous), 'date_format: "%d'),
    "is not a day of these times": (_rows(_stand_in), "tables: "),
    "with different contents (stage)": (_later_state(_rows()), "tables: {opportunities: {drop"),
    "is no currency": (_rows(Currency=lambda _: "Taler"), "tables: "),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_line_of_a_message_makes_the_import_right(fault: str, tmp_path: Path) -> None:
    rows, line_begins = FAULTS[fault]
    export, map_path = tmp_path / "o.csv", tmp_path / "map.yaml"
    export.write_bytes(as_csv(rows))
    with pytest.raises(InputError) as caught:
        import_files("salesforce", [export])
    said = next(f for f in caught.value.faults if fault in f"{f.what}")
    map_path.write_text(_line(said.remedy, line_begins), encoding="utf-8")
    assert figures(import_files("salesforce", [export], map_path)) == totals()


def _line(remedy: str, begins: str) -> str:
    """Return the line of a map that a remedy holds, up to its last bracket or quotation mark."""
    text = remedy[remedy.index(begins) :]
    if "{" not in text:
        return re.match(r'[^"]*"[^"]*"', text)[0]  # type: ignore[index]
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if sign == "}" and depth == 0:
            return text[: place + 1]
    raise AssertionError(f"a bracket is not closed: {text}")
