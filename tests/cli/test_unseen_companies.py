"""Companies never seen: their exports import, and two of them give a forecast from a scenario file each."""

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulator.cli.main import main
from simulator.history.load import load_history

TESTS = Path(__file__).resolve().parents[1]
FILES = {
    "maven_crm": ("table", "sales_pipeline_asof_2017-09-30.csv.gz", "sales_teams.csv"),
    "bpic2012": ("table", "events_asof_2012-01-01.csv.gz", "cases_asof_2012-01-01.csv.gz"),
    "bc_major_projects": ("snapshots", "snapshots_asof_2021-06-01.csv.gz"),
    "nyc_capital_projects": ("snapshots", "forecasts_asof_2017-12-31.csv.gz"),
    "salesforce_seeds": ("salesforce", "sf_opportunity_data.csv", "sf_opportunity_history_data.csv"),
    "complyflow": (
        *("table", "opportunities.csv.gz", "leads.csv.gz", "accounts.csv.gz"),
        *("subscriptions.csv", "revenue_events.csv", "sales_reps.csv"),
    ),
    "ravenstack": (
        *("table", "ravenstack_accounts.csv", "ravenstack_subscriptions.csv.gz"),
        "ravenstack_churn_events.csv",
    ),
}
DROPPED = {
    "maven_crm": (),
    "bpic2012": ("start and schedule of work items", "lost before they were qualified"),
    "bc_major_projects": ("closed already in the first snapshot",),
    "nyc_capital_projects": ("phase and forecast not reported",),
    "salesforce_seeds": (),
    "complyflow": (),
    "ravenstack": ("trials pay nothing",),
}
COARSER = {
    "maven_crm": ("No stage changes", "No planned close dates", "Amounts are known for won deals only"),
    "bpic2012": ("No planned close dates", "too short to tell early from late months"),
}
LAST_DAY = {"maven_crm": "2017-09-30", "bpic2012": "2011-12-31"}
N_PATHS = 200


def call(*args: object) -> str:
    """Run a command in this process; it must end well. Return what it printed."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as end:
        main([str(arg) for arg in args])
    assert not end.value.code, err.getvalue()
    return out.getvalue()


def import_set(data: Path, name: str, folder: Path) -> str:
    kind, *files = FILES[name]
    map_file = TESTS / "data_maps" / f"{name}.yaml"
    options = ["--map", map_file] if map_file.is_file() else []
    return call("import", kind, *(data / name / file for file in files), "--to", folder, *options)


@pytest.mark.parametrize("name", sorted(FILES))
def test_an_export_imports_and_tells_what_it_understood(shared_data, tmp_path, name):
    said = import_set(shared_data, name, tmp_path / name)
    for part in ("Files", "Figures, as of", *DROPPED[name]):
        assert part in said
    assert ("Nothing was left out." in said) == (not DROPPED[name])
    history = load_history(tmp_path / name)
    assert len(history.opportunities) or len(history.customers)
    findings = pd.read_csv(tmp_path / name / "hygiene.csv")
    assert findings[["effect", "fix"]].notna().all().all()
    assert (findings["n"] > 0).all() and len(findings) > 0


@pytest.fixture(scope="module", params=sorted(COARSER))
def forecast(request, shared_data, tmp_path_factory):
    """Import a company and run its scenario: name, history folder, results folder."""
    name = request.param
    base = tmp_path_factory.mktemp(name)
    import_set(shared_data, name, base / "history")
    scenario = TESTS / "scenarios" / f"{name}.yaml"
    sizes = ("--paths", N_PATHS, "--set", "simulation.rate_draws=50")
    call("run", scenario, "--set", f"history={base / 'history'}", *sizes, "-o", base / "out", "--quiet")
    return name, base / "history", base / "out"


def bookings(out: Path, table: str = "bookings") -> pd.DataFrame:
    rows = pd.read_csv(out / "tables" / f"{table}.csv")
    return rows[rows["kind"] == "all"]


@pytest.mark.parametrize("table", ["bookings", "bookings_monthly"])
def test_percentiles_are_in_order_and_money_comes_in(forecast, table):
    rows = bookings(forecast[2], table)
    assert (rows["p10"] > 0).all()
    assert (rows["p10"] < rows["p50"]).all() and (rows["p50"] < rows["p90"]).all()


def test_the_joint_total_is_surer_than_its_segments_added_up(forecast):
    joint = bookings(forecast[2]).query("segment == 'all'").set_index("period")
    paths = pd.read_parquet(forecast[2] / "paths.parquet")
    alone = len(paths["segment"].unique()) == 1
    table = paths.pivot_table(index="path", columns=["period", "segment"], values="bookings_new")
    by_segment, together = table.T.groupby("period"), table.T.groupby("period").sum().T
    assert set(joint.index) == set(together)
    for period, segments in by_segment:
        total, apart = together[period], segments.T
        at_least = -0.01 if alone else 1.0
        assert total.mean() == pytest.approx(joint.loc[period, "mean"], abs=0.01)
        # The mean of the worst and the best tenth of paths: unlike a percentile, that of a sum can
        # never lie further out than its parts' together (Acerbi and Tasche 2002).
        low, high = (sum(map(mean_of_tenth(side), (apart[name] for name in apart))) for side in (1, -1))
        assert mean_of_tenth(1)(total) - low >= at_least
        assert high - mean_of_tenth(-1)(total) >= at_least


def mean_of_tenth(side):
    """Return the mean of the lowest (1) or the highest (-1) tenth of a sample, as a function."""
    return lambda values: np.sort(values.to_numpy())[::side][: len(values) // 10].mean()


def test_the_next_quarter_is_of_the_size_of_past_ones(forecast):
    name, history, out = forecast
    deals = load_history(history).opportunities
    won = deals[deals["outcome"] == "won"]
    by_quarter = won.groupby(won["closed_date"].dt.to_period("Q"))["amount"].sum()
    whole = by_quarter[by_quarter.index.start_time >= won["closed_date"].min().replace(day=1)]
    assert len(whole) == {"maven_crm": 2, "bpic2012": 1}[name]
    p50 = bookings(out).query("segment == 'all'")["p50"].iloc[0]
    assert 0.5 < p50 / whole.mean() < 2.0


def test_the_run_says_what_is_coarser_and_rests_on_nothing_later(forecast):
    name, _, out = forecast
    summary = json.loads((out / "summary.json").read_text())
    assert summary["as_of"] == LAST_DAY[name]
    for part in COARSER[name]:
        assert any(part in note for note in summary["notes"]), part
    assert summary["n_paths"] == N_PATHS


def test_a_quarter_that_has_been_lies_within_its_own_forecast(shared_data, tmp_path):
    import_set(shared_data, "maven_crm", tmp_path / "history")
    call(
        *("run", TESTS / "scenarios" / "maven_crm.yaml", "--set", f"history={tmp_path / 'history'}"),
        *("--set", "as_of=2017-06-30", "--set", "simulation.rate_draws=50", "--paths", N_PATHS),
        *("-o", tmp_path / "june", "--quiet"),
    )
    deals = load_history(tmp_path / "history").opportunities
    closed = deals["closed_date"].between("2017-07-01", "2017-09-30") & (deals["outcome"] == "won")
    rows = bookings(tmp_path / "june").query("period == 'FY17Q3'").set_index("segment")
    booked = deals[closed].groupby("segment")["amount"].sum()
    booked["all"] = booked.sum()
    assert set(booked.index) == set(rows.index)
    inside = booked.between(rows["p10"].reindex(booked.index), rows["p90"].reindex(booked.index))
    assert inside["all"], (booked, rows)
    assert json.loads((tmp_path / "june" / "summary.json").read_text())["as_of"] == "2017-06-30"
