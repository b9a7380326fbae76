"""``simulator compare`` between two days, from files to a folder."""

import json
from pathlib import Path

import pandas as pd
import pytest

from simulator.report.compare.forecast_bridge import PROGRAM, RESTATED, said_then
from tests.cli.test_run import simulator
from tests.report.finished_runs import write_run

SAMPLE = Path(__file__).parents[2] / "scenarios" / "sample"
PLAN = f"""
history: {SAMPLE / "history"}
calibration: {SAMPLE / "truth.json"}
fiscal_year: {{start_month: 2, label: end}}
horizon_quarters: 2
simulation: {{paths: 100, rate_draws: 5}}
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("days")
    (folder / "plan.yaml").write_text(PLAN)
    return folder


def test_what_moved_the_p50_since_a_day_adds_up_in_words_table_and_chart(workspace):
    result = simulator("compare", "plan.yaml", "--since", "2026-10-01", "-o", "out", "--json", cwd=workspace)
    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["as_of"] == ["2026-10-01", "2026-10-31"]
    assert summary["answer"].startswith("From 2026-10-01 to 2026-10-31 the P50 of FY27Q4")
    steps = pd.read_csv(workspace / "out" / "tables" / "bridge.csv")
    assert steps["period"].unique().tolist() == ["FY27Q4", "FY28Q1", "FY27Q4–FY28Q1"]
    for _, rows in steps.groupby("period"):
        assert rows["p50"].iloc[0] + rows["change"].sum() == pytest.approx(rows["p50"].iloc[-1], abs=0.05)
    assert (workspace / "out" / "charts" / "bridge_days.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("plan.yaml", "plan.yaml", "--since", "2026-10-01"), "goes with one scenario file"),
        (("plan.yaml", "--since", "2027-10-01"), "history ends on"),
        (("plan.yaml", "."), "is not a folder"),
        (("plan.yaml", "--since", "yesterday"), "yesterday"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_words(workspace, arguments, words):
    result = simulator("compare", *arguments, cwd=workspace)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr


def test_between_finished_runs_the_steps_begin_and_end_at_what_they_said(tmp_path):
    folders = tuple(write_run(tmp_path / name, charts=False) for name in ("one", "two"))
    said = pd.read_csv(folders[0] / "tables" / "bookings.csv")
    p50 = said[(said["segment"] == "all") & (said["kind"] == "new")].set_index("period")["p50"]
    period = p50.index[0]
    steps = pd.DataFrame(
        [(period, 0, "then", "", 100.0, 0.0, 0.0), (period, 1, "won and lost", "w", 150.0, 50.0, 3.0)],
        columns=["period", "step", "label", "words", "p50", "change", "error"],
    )
    table = said_then(steps, folders)
    assert table["label"].tolist() == ["then", RESTATED, "won and lost", PROGRAM]
    assert table["step"].tolist() == [0, 1, 2, 3]
    assert table["error"].tolist() == [0.0, 0.0, 3.0, 0.0]
    assert table["p50"].tolist() == [p50[period], 100.0, 150.0, p50[period]]
    assert table["change"].tolist() == pytest.approx([0.0, 100.0 - p50[period], 50.0, p50[period] - 150.0])
