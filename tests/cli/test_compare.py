"""``simulator compare`` from files to a folder."""

import json

import pandas as pd
import pytest

from tests.cli.test_run import SCENARIO, simulator


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare")
    (folder / "base.yaml").write_text(SCENARIO)
    overlay = "extends: base.yaml\nsimulation: {paths: 50}\ntargets: {FY27Q4: 700k}\n"
    (folder / "better.yaml").write_text(overlay + "levers: {close_odds: +20%, sals: +10%}\n")
    return folder


@pytest.fixture(scope="module")
def compared(workspace):
    return simulator(
        "compare", "base.yaml", "better.yaml", "--paths", "150", "-o", "out", "--details", cwd=workspace
    )


def test_the_answer_comes_first_and_says_what_differs(compared):
    assert compared.returncode == 0, compared.stderr
    assert compared.stdout.strip().startswith("better books $")
    for part in (
        "more than base in FY27Q4–FY28Q2",
        "of simulations",
        "lever close_odds x1.2",
        "share the random",
    ):
        assert part in compared.stdout
    assert "targets.FY27Q4.all: 800k -> 700k" in compared.stdout


def test_tables_bridge_and_summary_agree(compared, workspace):
    table = pd.read_csv(workspace / "out" / "tables" / "compare.csv")
    steps = pd.read_csv(workspace / "out" / "tables" / "bridge.csv")
    for period, rows in steps.groupby("period"):
        row = table[(table["period"] == period) & (table["segment"] == "all")].iloc[0]
        assert rows["p50"].iloc[0] + rows["change"].sum() == pytest.approx(row["p50"], abs=0.03)
        assert rows["p50"].iloc[-1] == row["p50"]
    summary = json.loads((workspace / "out" / "summary.json").read_text())
    assert [row["mean_change"] for row in summary["comparison"]] == table["mean_change"].tolist()
    assert {p.name for p in (workspace / "out" / "charts").iterdir()} == {
        "bridge_better.json", "bridge_better.png", "bridge_better.svg",
    }  # fmt: skip


def test_one_quarter_can_be_spoken_of(workspace):
    result = simulator(
        "compare", "base.yaml", "better.yaml", "--paths", "30", "--period", "fy28q1", "-o", "q", "--json",
        cwd=workspace,
    )  # fmt: skip
    assert "in FY28Q1 on average" in json.loads(result.stdout)["answers"]["better"]


def test_what_cannot_be_compared_is_refused_in_words(workspace):
    alone = simulator("compare", "base.yaml", cwd=workspace)
    assert (alone.returncode, "nothing to compare" in alone.stderr) == (2, True)
    twice = simulator("compare", "base.yaml", "base.yaml", "missing.yaml", cwd=workspace)
    assert twice.returncode == 2
    assert "2 faults" in twice.stderr
    quarter = simulator("compare", "base.yaml", "better.yaml", "--period", "FY30Q1", cwd=workspace)
    assert (quarter.returncode, "FY28Q2" in quarter.stderr) == (2, True)
