"""``simulator sensitivity`` from a file to a folder."""

import json

import pandas as pd
import pytest

from simulator.report.sensitivity.words import say_lever
from tests.cli.test_run import SCENARIO, simulator

INTERVALS = "sensitivity: {sals: [-50%, +50%], velocity: [1, 1]}\n"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sensitivity")
    (folder / "base.yaml").write_text(SCENARIO + INTERVALS)
    return folder


def test_words_table_chart_and_summary_agree(workspace):
    asked = ("--measure", "p_hit", "--period", "FY28Q1", "--seek", "sals", "--chance", "60%")
    asked += ("--details", "--paths", "60")
    result = simulator("sensitivity", "base.yaml", *asked, "-o", "out", cwd=workspace)
    assert result.returncode == 0, result.stderr
    table = pd.read_csv(workspace / "out" / "tables" / "sensitivity.csv")
    first = table.iloc[0]
    name = say_lever(first["name"])
    assert f"Largest lever on the chance of the target of FY28Q1: {name}" in result.stdout
    assert "What each does alone: " in result.stdout
    assert set(table["measure"]) == {"p_hit"}
    rows = table.set_index("name")
    assert rows.loc["sals", ["low", "high"]].tolist() == [0.5, 1.5]
    assert rows.loc["velocity", "swing"] == 0
    summary = json.loads((workspace / "out" / "summary.json").read_text())
    assert [row["swing"] for row in summary["sensitivity"]] == table["swing"].tolist()
    goal = summary["goal_seek"]
    assert goal["lever"] == "sals"
    assert goal["reached"] == pytest.approx(0.6, abs=0.05)
    curve = pd.read_csv(workspace / "out" / "tables" / "goal_seek.csv")
    assert curve["p_hit"].is_monotonic_increasing
    assert {p.name for p in (workspace / "out" / "charts").iterdir()} == {
        "tornado.json",
        "tornado.png",
        "tornado.svg",
    }


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--measure", "p51"), "p50"),
        (("--period", "FY31Q1"), "FY28Q2"),
        (("--seek", "salz", "--chance", "120%"), "2 faults"),
        (("--seek", "sals", "--period", "FY28Q2"), "targets"),
    ],
)
def test_options_at_fault_are_refused_with_the_remedy(workspace, options, words):
    result = simulator("sensitivity", "base.yaml", "--paths", "5", *options, cwd=workspace)
    assert result.returncode == 2
    assert words in result.stderr


def test_shares_of_the_spread_stand_in_words_table_chart_and_summary(workspace):
    asked = ("--measure", "mean", "--paths", "40", "--shares", "-o", "shares", "--details")
    result = simulator("sensitivity", "base.yaml", *asked, cwd=workspace)
    assert result.returncode == 0, result.stderr
    table = pd.read_csv(workspace / "shares" / "tables" / "main_effects.csv")
    assert table["share"].between(0, 1).all()
    assert table["share"].is_monotonic_decreasing
    assert f"of the variance from {table['name'].iloc[0]}" in result.stdout
    shares = json.loads((workspace / "shares" / "summary.json").read_text())["shares"]
    assert table["share"].sum() + shares["together"] == pytest.approx(1, abs=1e-3)
    assert (workspace / "shares" / "charts" / "main_effects.png").exists()
