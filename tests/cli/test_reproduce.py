"""``simulator reproduce``: the same figures come again, and what stands in the way is named."""

import json
import shutil
import zlib
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.test_run import SCENARIO, simulator

SAMPLE = Path(__file__).parents[2] / "scenarios" / "sample"
ON_HISTORY = """
history: history
fiscal_year: {start_month: 2, label: end}
horizon_quarters: 1
customers: {simulate: false}
simulation: {paths: 20, rate_draws: 5}
"""
ON_RATES = """
calibration: rates.json
fiscal_year: {start_month: 2, label: end}
horizon_quarters: 1
simulation: {paths: 20, rate_draws: 5}
"""


@pytest.fixture
def history(tmp_path):
    """The sample company with one deal in eight: its rates take no seconds."""
    shutil.copytree(SAMPLE / "history", tmp_path / "history")
    for table in ("opportunities", "stage_changes"):
        file = tmp_path / "history" / f"{table}.csv"
        rows = pd.read_csv(file, dtype=str, keep_default_na=False)
        few = rows["opportunity_id"].map(lambda name: zlib.crc32(name.encode()) % 8 == 0)
        rows[few].to_csv(file, index=False)


@pytest.fixture
def run(tmp_path, finished):
    """A fresh copy of a finished run, from another folder than the one it was made in."""
    shutil.copytree(finished, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reproduce")
    (folder / "base.yaml").write_text(SCENARIO.replace("paths: 300", "paths: 120"))
    made = simulator("run", "base.yaml", "-o", "out", "--quiet", cwd=folder)
    assert made.returncode == 0, made.stderr
    return folder


def rewrite(folder, change):
    """Change the manifest as somebody might."""
    file = folder / "out" / "manifest.json"
    manifest = json.loads(file.read_text())
    change(manifest)
    file.write_text(json.dumps(manifest))


@pytest.mark.parametrize("threads", ["1", "3"])
def test_a_run_is_reproduced_with_any_number_of_threads(run, tmp_path, threads):
    result = simulator("reproduce", str(run / "out"), "--threads", threads, "--json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer["reproduced"]
    assert {"paths.parquet", "tables/bookings.csv", "tables/open_deals.csv"} <= set(answer["same"])
    assert answer["rewritten"] == answer["different"] == []


def test_a_run_is_reproduced_in_blocks_of_any_size(run, tmp_path, monkeypatch):
    monkeypatch.setattr("simulator.engine.run.simulate.BLOCK", 7)
    result = simulator("reproduce", str(run / "out"), cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "same to the last bit" in result.stdout


def test_kept_rates_are_said_and_a_reproduction_estimates_its_own(tmp_path, history, monkeypatch):
    monkeypatch.setattr("simulator.cache.cache_folder", lambda kind: tmp_path / "cache")
    (tmp_path / "plan.yaml").write_text(ON_HISTORY)
    first, second = (simulator("run", "plan.yaml", "-o", "out", cwd=tmp_path) for _ in range(2))
    said = "Reusing the rates estimated from the same files"
    assert (said in first.stderr, said in second.stderr) == (False, True)
    assert first.stdout == second.stdout
    monkeypatch.setattr(
        "simulator.engine.calibration_cache.CalibrationCache.recall", lambda *_: pytest.fail("taken over")
    )
    again = simulator("reproduce", "out", cwd=tmp_path)
    assert "same to the last bit" in again.stdout, again.stderr


def test_every_table_of_the_sample_company_is_reproduced(tmp_path):
    """Customers, roles, hires, an operating plan, a checklist: whatever writes tables into a run."""
    few = ("--paths", "24", "--set", "simulation.rate_draws=4", "--quiet")
    made = simulator("run", str(SAMPLE.parent / "base.yaml"), "-o", "out", *few, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    result = simulator("reproduce", "out", "--threads", "2", "--json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    same = {*json.loads(result.stdout)["same"]}
    written = {f"tables/{path.name}" for path in (tmp_path / "out" / "tables").iterdir()}
    assert same == {*written, "paths.parquet"}
    assert {"tables/checklist.csv", "tables/operating.csv", "tables/arr.csv", "tables/deals.csv"} <= same


def test_another_seed_is_not_taken_for_a_reproduction(run):
    rewrite(run, lambda manifest: manifest["scenario"]["simulation"].update(seed=1))
    result = simulator("reproduce", "out", "--json", cwd=run)
    assert result.returncode == 1
    assert "paths.parquet" in json.loads(result.stdout)["different"]


def test_other_versions_are_named_where_figures_differ(run):
    def age(manifest):
        manifest["scenario"]["simulation"]["seed"] = 1
        manifest["versions"]["numpy"] = "1.0"

    rewrite(run, age)
    result = simulator("reproduce", "out", "--quiet", cwd=run)
    assert result.returncode == 2
    assert "bookings.csv" in result.stderr
    assert "versions" in result.stderr


def test_a_changed_scenario_file_is_a_note(run):
    (run / "base.yaml").write_text("name: other\n")
    result = simulator("reproduce", "out", cwd=run)
    assert result.returncode == 0, result.stderr
    assert "base.yaml has changed since the run" in result.stdout
    assert "same to the last bit" in result.stdout


def test_changed_data_are_refused_by_name(tmp_path):
    shutil.copy(SAMPLE / "truth.json", tmp_path / "rates.json")
    (tmp_path / "plan.yaml").write_text(ON_RATES)
    made = simulator("run", "plan.yaml", "-o", "results/plan", "--quiet", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    elsewhere = tmp_path / "results"
    assert simulator("reproduce", "plan", "--quiet", cwd=elsewhere).returncode == 0
    (tmp_path / "rates.json").write_text((tmp_path / "rates.json").read_text() + "\n")
    changed = simulator("reproduce", "results/plan", cwd=tmp_path)
    assert (changed.returncode, changed.stdout) == (2, "")
    assert changed.stderr.startswith("rates.json: has changed since the run")
    (tmp_path / "rates.json").unlink()
    gone = simulator("reproduce", "results/plan", cwd=tmp_path)
    assert (gone.returncode, "rates.json: there is no such file" in gone.stderr) == (2, True)


def test_an_edited_table_is_refused(run):
    with (run / "out" / "tables" / "bookings.csv").open("a") as file:
        file.write("\n")
    (run / "out" / "paths.parquet").unlink()
    result = simulator("reproduce", "out", cwd=run)
    assert result.returncode == 2
    assert "bookings.csv: was changed" in result.stderr
    assert "paths.parquet: is gone" in result.stderr


@pytest.mark.parametrize("text", [None, "{", "[]", "{}", '{"outputs": [], "inputs": [], "versions": {}}'])
def test_what_is_no_run_is_refused(tmp_path, text):
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    result = simulator("reproduce", ".", cwd=tmp_path)
    assert result.returncode == 2
    assert "manifest" in result.stderr


def test_a_backtest_made_since_changes_no_figure_of_the_run(tmp_path, history):
    (tmp_path / "plan.yaml").write_text(ON_HISTORY)
    assert simulator("run", "plan.yaml", "-o", "out", "--quiet", cwd=tmp_path).returncode == 0
    quarter = {"period": "FY27Q3", "p10": 1e6, "p50": 2e6, "p90": 3e6}
    kept = {"record": "Held 3 of 4", "as_of": "2026-10-31", "fiscal_start": 2, "fiscal_label": "end"}
    (tmp_path / "history.backtest.json").write_text(json.dumps(kept | {"quarters": [quarter]}))
    result = simulator("reproduce", "out", "--json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr + result.stdout
    answer = json.loads(result.stdout)
    assert any("a backtest was made since the run" in note for note in answer["notes"])
    assert "tables/past_quarters.csv" not in answer["same"]
