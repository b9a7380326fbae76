"""Names that would be formulas, markup, paths or commands to a terminal, in every column that holds names."""

from __future__ import annotations

import json
import re
import shutil
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from simulator.history.tables import TABLES
from tests.cli.test_run import simulator

SAMPLE = Path(__file__).parents[2] / "scenarios" / "sample" / "history"
# The first six become the names of segments, which every chart, page, workbook and slide shows.
HOSTILE = (
    "=cmd|'/c calc'!A0",
    "<script>alert(1)</script>名前",
    "../../../etc/passwd $\\frac{",
    "\u202egnp.exe\u2066\x1b[8m😀",
    "@SUM(A1:A9)\tb",
    "x" * 400,
    "-2+3",
    "שלום עולם",
    '"><img src=x onerror=alert(1)>',
    "C:\\nul",
    "[/b] [red]:smile:",
    "\x1b[8mhidden",
)
NAMES = {
    "opportunities": ("segment", "owner", "team", "competitor", "source", "product", "compelling_event"),
    "customers": ("segment", "owner", "csm"),
    "reps": ("rep_id", "segment", "team"),
    "leads": ("segment", "source"),
    "calls": ("rep_id",),
}
KEPT = {"none"}
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def renamed(table: pd.DataFrame, columns: tuple[str, ...], names: dict[str, str]) -> pd.DataFrame:
    """Return a table with a hostile name for each of its names, the same one throughout."""
    for column in columns:
        if column in table:
            for name in sorted(set(table[column].dropna()) - KEPT):
                names.setdefault(name, f"{HOSTILE[len(names) % len(HOSTILE)]}{len(names)}")
            table[column] = table[column].map(lambda name: names.get(name, name), na_action="ignore")
    return table


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "history").mkdir()
    names: dict[str, str] = {}
    rng = np.random.default_rng(1)
    some: set[str] = set()
    for table in TABLES:
        path = SAMPLE / f"{table}.csv"
        if not path.exists():
            continue
        rows = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
        if table == "opportunities":
            rows = rows[rng.random(len(rows)) < 0.25]
            some = set(rows["opportunity_id"])
        elif table == "stage_changes":
            rows = rows[rows["opportunity_id"].isin(some)]
        rows = renamed(rows.reset_index(drop=True), NAMES.get(table, ()), names)
        rows.to_csv(folder / "history" / path.name, index=False)
    shutil.copy(SAMPLE / "history.json", folder / "history" / "history.json")
    (folder / "plan.yaml").write_text(
        json.dumps(
            {
                "name": "=1+1 ..& 'quoted' " + "long " * 12,
                "currency": "USD",
                "fiscal_year": {"start_month": 2, "label": "end"},
                "horizon_quarters": 2,
                "history": "history",
                "simulation": {"paths": 40, "rate_draws": 4, "threads": 1},
                "description": "<img src=x onerror=alert(1)>\u202e",
            }
        ),
        encoding="utf-8",
    )
    return folder


def harmless_tables(folder: Path) -> int:
    """Check every cell of every table; return how many hostile ones there are."""
    n_hostile = 0
    for path in (path for path in folder.rglob("*.csv") if path.read_text(encoding="utf-8").strip()):
        for row in pd.read_csv(path, dtype=str, keep_default_na=False, header=None).to_numpy():
            for cell in row:
                is_number = re.fullmatch(r"-?[0-9.]+(e-?[0-9]+)?", cell) is not None
                assert is_number or not cell.startswith(("=", "+", "-", "@", "\t", "\r")), (path, cell)
                n_hostile += cell.startswith("'")
    return n_hostile


def harmless_words(done) -> None:
    assert done.returncode == 0, done.stderr
    assert not CONTROL.search(done.stdout + done.stderr)


def test_a_run_in_every_file_it_writes(workspace):
    done = simulator("run", "plan.yaml", "-o", "out", cwd=workspace)
    harmless_words(done)
    out = workspace / "out"
    assert harmless_tables(out / "tables") > 10
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page and "<img src=x" not in page
    for chart in (out / "charts").glob("*.svg"):
        drawn = chart.read_text(encoding="utf-8")
        assert "<script>alert" not in drawn and "<img src=x" not in drawn
        ET.fromstring(drawn)
    book = openpyxl.load_workbook(out / "forecast.xlsx")
    own = {cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"}
    assert not any("cmd|" in str(formula) or "A1:A9)" in str(formula) for formula in own)
    with zipfile.ZipFile(out / "board.pptx") as deck:
        assert deck.testzip() is None
        slides = [name for name in deck.namelist() if name.endswith(".xml")]
        assert len([ET.fromstring(deck.read(name)) for name in slides]) > 10
    json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert sorted(path.name for path in workspace.iterdir()) == ["history", "out", "plan.yaml"]


@pytest.mark.parametrize("name", ["../../up", "a/b", "c:\\d", "<script>", "a\x00b"])
def test_a_scenario_whose_name_is_a_path_is_refused(tmp_path, name):
    (tmp_path / "plan.yaml").write_text(json.dumps({"name": name, "horizon_quarters": 1}))
    done = simulator("validate", "plan.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert not CONTROL.search(done.stdout + done.stderr)


def test_a_folder_named_after_a_scenario_stays_inside_results(workspace):
    done = simulator("pipeline", "plan.yaml", "--paths", "20", cwd=workspace)
    harmless_words(done)
    made = [path.name for path in (workspace / "results").iterdir()]
    assert len(made) == 1 and not set(made[0]) & set("/\\<>=")
    harmless_tables(workspace / "results")
    shutil.rmtree(workspace / "results")


@pytest.mark.parametrize("command", ["audit", "diagnose", "calibrate"])
def test_what_is_said_of_a_history(workspace, command, tmp_path):
    out = {
        "audit": (),
        "diagnose": ("-o", str(tmp_path / "out")),
        "calibrate": ("-o", str(tmp_path / "r.json")),
    }
    done = simulator(command, "history", *out[command], cwd=workspace)
    harmless_words(done)
    if command == "diagnose":
        assert harmless_tables(tmp_path / "out") > 0


def test_faults_that_quote_a_file(tmp_path):
    (tmp_path / "bad.yaml").write_text('segments: {"\\x1b]0;owned\\x07": 3, "\\u202ex": 1}\n')
    done = simulator("validate", "bad.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert not CONTROL.search(done.stdout + done.stderr)


OWN_WORDS = ("new", "total", "FY27Q1", "NaN", "1e3", "true")


def test_segments_that_are_called_as_our_own_words_are_segments(tmp_path):
    segment = {
        "motion": "smb", "sals_per_month": 9, "amount": {"fixed": 10_000}, "close_in_days": 60,
        "pipeline": {"to": {"won": "30%", "lost_no_decision": "70%"}, "median_days": 40},
    }  # fmt: skip
    plan = {
        "as_of": "2026-11-15",
        "horizon_quarters": 1,
        "simulation": {"paths": 60, "rate_draws": 6, "threads": 1},
        "segments": {name: {**segment, "sals_per_month": 5 * n} for n, name in enumerate(OWN_WORDS, 1)},
        "targets": {"FY27Q1": {"all": 1_000_000, "new": 100_000}},
    }
    (tmp_path / "plan.yaml").write_text(json.dumps(plan))
    harmless_words(simulator("run", "plan.yaml", "-o", "out", cwd=tmp_path))
    written = pd.read_csv(tmp_path / "out" / "tables" / "bookings.csv", keep_default_na=False)
    said = written[written["kind"] == "new"].groupby(["segment", "period"])["mean"].first()
    paths = pd.read_parquet(tmp_path / "out" / "paths.parquet")
    drawn = paths.groupby(["segment", "period"])["bookings_new"].mean()
    assert {*drawn.index.levels[0]} == {*OWN_WORDS}
    for (name, period), mean in drawn.items():
        assert float(said[name, period]) == pytest.approx(mean, abs=0.01)
    sums = drawn.groupby("period").sum()
    assert said["all"].astype(float).tolist() == pytest.approx(sums.tolist(), abs=0.01)
    assert (sums > 0).all()
