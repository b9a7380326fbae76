"""What a map can say of segments, rows, files and people, with the figures that must come of it."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from simulator.errors import InputError
from simulator.history.importers.importer import Imported, import_files
from tests.history.importers.exports import import_texts
from tests.history.importers.forms import SALESFORCE, Row, as_csv, company, table
from tests.history.importers.test_forms import figures

REGIONS, SIZES = ("EMEA", "AMER", "APAC/JP"), (40, 250, 251, 5000)
COLUMNS: dict[str, Callable[[Row], object]] = {
    "Region": lambda deal: REGIONS[place(deal) % 3],
    "Employees": lambda deal: f"{SIZES[place(deal) % 4]:,}",
    "Tier": lambda deal: "" if place(deal) == 0 else "AB"[place(deal) % 2],
}


def place(deal: Row) -> int:
    return int(deal["id"][10:12])


def read(folder: Path, said: str) -> Imported:
    (folder / "o.csv").write_bytes(as_csv(table(SALESFORCE["English"], **COLUMNS)))
    (folder / "map.yaml").write_text(f"tables: {{opportunities: {{{said}}}}}", encoding="utf-8")
    return import_files("salesforce", [folder / "o.csv"], folder / "map.yaml")


def won_by(segment: Callable[[Row], str]) -> dict[str, float]:
    """Return the won amounts by what a deal's segment must be."""
    found: dict[str, float] = {}
    for deal in company():
        found.setdefault(segment(deal), 0.0)
        found[segment(deal)] = round(found[segment(deal)] + deal["amount"] * (deal["stage"] == 2), 2)
    return found


def employees(deal: Row) -> str:
    return ("SMB", "SMB", "Mid/Large", "Enterprise")[place(deal) % 4]


SEGMENTS: dict[str, tuple[str, Callable[[Row], str]]] = {
    "two columns": ("'{Region}-{Employees}'", lambda d: f"{COLUMNS['Region'](d)}-{COLUMNS['Employees'](d)}"),
    "words around": ("{text: 'R: {Region}'}", lambda d: f"R: {COLUMNS['Region'](d)}"),
    "a cell that is empty": ("'{Tier}/{Region}'", lambda d: f"{COLUMNS['Tier'](d)}/{COLUMNS['Region'](d)}"),
    "bands of amounts": (
        "{column: Amount, bands: {Small: 0, Mid: 20000, Big: 30000.5}}",
        lambda d: "Small" if d["amount"] < 20000 else "Mid" if d["amount"] < 30000.5 else "Big",
    ),
    "bands of employees": (
        "{column: Employees, bands: {Enterprise: 5000, SMB: 0, Mid/Large: 251}}",
        employees,
    ),
    "a band for each deal": (
        "{column: Amount, bands: {all of them: 0}}",
        lambda _: "all of them",
    ),
}


@pytest.mark.parametrize("what", SEGMENTS)
def test_segments_are_what_the_map_makes_of_columns(what: str, tmp_path: Path) -> None:
    said, segment = SEGMENTS[what]
    deals = read(tmp_path, f"columns: {{segment: {said}}}").history.opportunities
    won = deals["amount"].where(deals["outcome"] == "won", 0.0).groupby(deals["segment"]).sum().round(2)
    expected = won_by(segment)
    if what == "a cell that is empty":  # a deal of no segment is one of the rest
        expected["unknown"] = expected.pop("/EMEA")
    assert won.to_dict() == expected


def of(keep: Callable[[Row], bool]) -> dict[str, tuple[int, float]]:
    ends = {"won": {2}, "lost": {3}, "open": {0, 1}}
    kept = {name: [d["amount"] for d in company() if keep(d) and d["stage"] in ends[name]] for name in ends}
    return {name: (len(amounts), round(sum(amounts), 2)) for name, amounts in kept.items()}


RULES: dict[str, tuple[str, Callable[[Row], bool]]] = {
    "below": ("{column: Amount, below: 15000}", lambda d: d["amount"] >= 15000),
    "above": ("{column: Amount, above: 30000}", lambda d: d["amount"] <= 30000),
    "below, short": ("{amount: below 15000}", lambda d: d["amount"] >= 15000),
    "above, of text": ("{column: Employees, above: 250}", lambda d: place(d) % 4 < 2),
    "matches": ("{column: Opportunity Name, matches: 'er 0[0-4]'}", lambda d: place(d) > 4),
    "empty": ("{column: Tier, empty: true}", lambda d: place(d) != 0),
    "equals": ("{Region: [EMEA, AMER]}", lambda d: place(d) % 3 == 2),
    "other than": ("{column: Region, other_than: [EMEA]}", lambda d: place(d) % 3 == 0),
    "two rules": ("[{Tier: empty}, {amount: above 30000}]", lambda d: place(d) != 0 and d["amount"] <= 30000),
}


@pytest.mark.parametrize("what", RULES)
def test_rows_that_a_rule_names_are_left_out_and_counted(what: str, tmp_path: Path) -> None:
    said, keep = RULES[what]
    imported = read(tmp_path, f"drop: {said}")
    assert figures(imported) == of(keep)
    left_out = sum(dropped.rows for dropped in imported.understanding.dropped)
    assert left_out == sum(not keep(deal) for deal in company())


NAMED = {
    "deals %Y-%m-%d.csv": "",
    "Pipeline_%d.%m.%Y.csv": "",
    "snap%Y%m%d.csv": "",
    "week of %m-%d-%y.csv": "%m-%d-%y",
}
"""Names of files with a day in them; the form of the day, where it must be said."""


@pytest.mark.parametrize("name", NAMED)
def test_the_day_of_a_snapshot_stands_in_the_name_of_its_file(name: str, tmp_path: Path) -> None:
    days = [dt.datetime(2026, 1, 5) + dt.timedelta(days=7 * week) for week in range(4)]
    states = [("Open", 100.5), ("Open", 120.25), ("Open", 120.25), ("Won", 119.99)]
    paths = []
    for day, (stage, amount) in zip(days, states, strict=True):
        rows = [["id", "stage", "amount", "close date", "created date"]]
        rows += [["d1", stage, str(amount), "2026-02-01", "2026-01-01"]]
        rows += [["d2", "Open", "10.10", "2026-03-01", "2026-01-02"]]
        paths.append(tmp_path / day.strftime(name))
        paths[-1].write_bytes(as_csv(rows))
    form = f"tables: {{snapshots: {{columns: {{snapshot_date: {{file_name: '{NAMED[name]}'}}}}}}}}\n"
    said = "stages: {Open: pipeline, Won: won}\n" + (form if NAMED[name] else "")
    (tmp_path / "map.yaml").write_text(said, encoding="utf-8")
    imported = import_files("snapshots", paths, tmp_path / "map.yaml")
    assert figures(imported)["won"] == (1, 119.99)
    assert figures(imported)["open"] == (1, 10.1)
    changes = imported.history.stage_changes.query("opportunity_id == 'd1'")
    assert [f"{at:%m-%d}" for at in changes["changed_at"]] == ["01-05", "01-12", "01-26"]
    assert changes["amount"].tolist() == [100.5, 120.25, 119.99]


PEOPLE = {
    "ISO": ("a,csm,Ann,2025-01-01,2025-06-30\na,csm,Bob,2025-07-01,\n", ""),
    "German days": ("a,csm,Ann,01.01.2025,30.06.2025\na,csm,Bob,01.07.2025,\n", ""),
    "roles in words": (
        "a,Customer Success,Ann,1/1/2025,6/30/2025\na,Customer Success,Bob,7/1/2025,\n",
        "role: {column: role, values: {Customer Success: csm}}, ",
    ),
}


@pytest.mark.parametrize("what", PEOPLE)
def test_who_looked_after_a_customer_and_when(what: str, tmp_path: Path) -> None:
    rows, role = PEOPLE[what]
    said = (
        "tables:\n  arr_changes: {file: arr.csv, columns: {customer_id: id, date: date, arr_delta: arr}}\n"
        f"  assignments: {{file: who.csv, columns: {{customer_id: id, {role or 'role: role, '}"
        "person: who, from: since, to: until}}\n"
    )
    got = import_texts(
        tmp_path,
        "table",
        said,
        arr_csv="id,date,arr\na,2025-01-01,1200\n",
        who_csv=f"id,role,who,since,until\n{rows}",
    ).history.assignments
    assert got["person"].tolist() == ["Ann", "Bob"]
    assert set(got["role"]) == {"csm"}
    assert got["from"].tolist() == [pd.Timestamp("2025-01-01"), pd.Timestamp("2025-07-01")]
    assert got["to"].iloc[0] == pd.Timestamp("2025-06-30")
    assert pd.isna(got["to"].iloc[1])


def test_faults_of_words_name_the_key(tmp_path: Path) -> None:
    for said in ("drop: {column: Amount, matches: '('}", "columns: {segment: {column: Amount, bands: 7}}"):
        with pytest.raises(InputError, match=r"map.yaml:1: tables\.opportunities"):
            read(tmp_path, said)
