"""Judgement in ``simulator run``: read before anything is simulated, written next to it, reproduced."""

import json

import pandas as pd
import pytest

from simulator.analysis.judgement.judgement import METHODS
from tests.cli.test_compare_days import PLAN
from tests.cli.test_run import simulator

JUDGED = "opportunity_id,call,reason\nOPP-00056,include,signed next week\nOPP-99999,exclude,=cmd()\n"
RECORD = """week,ahead,segment,method,n_quarters,absolute_error
0,0,all,simulation,8,400000
0,0,all,in_blood,8,800000
0,0,all,reps_commit,8,800000
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("judgement")
    (folder / "calls.csv").write_text(JUDGED)
    (folder / "record" / "tables").mkdir(parents=True)
    (folder / "record" / "tables" / "backtest.csv").write_text(RECORD)
    text = PLAN.replace("paths: 100", "paths: 40") + "customers: {simulate: false}\n"
    (folder / "plan.yaml").write_text(text + "judgement: calls.csv\nblend: record\n")
    return folder


@pytest.fixture(scope="module")
def made(workspace):
    return simulator("run", "plan.yaml", "-o", "out", cwd=workspace)


def test_calls_stand_beside_the_simulation_and_a_judged_deal_counts(made, workspace):
    assert made.returncode == 0, made.stderr
    for part in ("FY27Q4 by judgement", "the blend by past errors is", "happy ears", "OPP-99999"):
        assert part in made.stdout or part in (workspace / "out" / "summary.json").read_text(), part
    table = pd.read_csv(workspace / "out" / "tables" / "judgement.csv")
    total = table[(table["segment"] == "all") & (table["period"] == "FY27Q4")].set_index("method")
    # Arithmetic by category is for segments of the SMB motion; the total of all segments has none.
    assert list(total.index) == [name for name in METHODS if name != "category_arithmetic"]
    weight = total["weight"].dropna()
    assert weight.to_dict() == pytest.approx(
        {"simulation": 2 / 3, "in_blood": 1 / 6, "reps_commit": 1 / 6}, abs=1e-5
    )
    blended = (total["number"] * weight).sum()
    assert total.loc["blend", "number"] == pytest.approx(blended, abs=20)
    deals = pd.read_csv(workspace / "out" / "tables" / "in_blood.csv").set_index("opportunity_id")
    assert deals.loc["OPP-00056", ["counts", "judged_by", "reason"]].tolist() == [
        True,
        "call",
        "signed next week",
    ]
    counted = deals[deals["counts"] & (deals["period"] == "FY27Q4")]["amount"].sum()
    assert total.loc["in_blood", "number"] == pytest.approx(counted, abs=0.5)
    assert {"judgement.png", "rep_calls.png"} <= {p.name for p in (workspace / "out" / "charts").iterdir()}


def test_the_roll_up_is_the_sum_of_the_last_calls(made, workspace):
    history = PLAN.split("history: ")[1].split("\n")[0]
    calls = pd.read_csv(f"{history}/calls.csv")
    last = calls[calls["period"] == "FY27Q4"].drop_duplicates("rep_id", keep="last")
    summary = json.loads((workspace / "out" / "summary.json").read_text())
    rows = [r for r in summary["judgement"] if (r["method"], r["segment"]) == ("reps_commit", "all")]
    assert rows[0]["number"] == last["commit"].sum()


def test_a_run_with_judgement_is_reproduced(made, workspace):
    again = simulator("reproduce", "out", cwd=workspace)
    assert again.returncode == 0, again.stderr
    assert "to the last bit" in again.stdout


def test_faults_of_the_judgement_come_before_the_simulation(workspace):
    (workspace / "wrong.csv").write_text("opportunity_id,call\nOPP-00056,perhaps\n")
    result = simulator(
        "run", "plan.yaml", "--set", f"judgement={workspace}/wrong.csv", "-o", "no", cwd=workspace
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert "wrong.csv, row 2" in result.stderr and "include or exclude" in result.stderr
    result = simulator("run", "plan.yaml", "--set", f"blend={workspace}/none", "-o", "no", cwd=workspace)
    assert result.returncode == 2 and "simulator backtest" in result.stderr
