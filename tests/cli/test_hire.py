import json

import pandas as pd
import pytest

from tests.cli.test_run import SCENARIO, simulator

REPS = """
reps:
  ramp: [30%, 70%, 100%]
  all: {attrition: 10%, patience_days: 30, self_sourced_sals_per_month: 0}
  segments:
    smb: {heads: 3, open_deals_per_rep: 8, quota: 900k, ote: 120k, hires: [{month: 2027-02, count: 1}]}
    ent: {heads: 4, open_deals_per_rep: 20, quota: 1M, ote: 250k}
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hire")
    (folder / "base.yaml").write_text(SCENARIO + REPS)
    (folder / "free.yaml").write_text(SCENARIO)
    return folder


@pytest.fixture(scope="module")
def hired(workspace):
    return simulator("hire", "base.yaml", "--reps", "2", "--paths", "200", "-o", "out", cwd=workspace)


def test_hire_answers_in_words_and_writes_its_tables_and_charts(hired, workspace):
    assert hired.returncode == 0, hired.stderr
    assert "Hire" in hired.stdout
    assert "for smb" in hired.stdout
    table = pd.read_csv(workspace / "out" / "tables" / "hiring.csv")
    answer = table[table["answer"]].iloc[0]
    assert answer["smb"] >= 1
    assert answer["smb"] + answer["ent"] == answer["reps"] <= 2
    summary = json.loads((workspace / "out" / "summary.json").read_text())
    assert summary["allocation"]["smb"] == answer["smb"]
    marginal = pd.read_csv(workspace / "out" / "tables" / "hiring_marginal.csv")
    sums = marginal.groupby("segment")["marginal_contribution"].sum()
    last = marginal[marginal["reps"] == 2].set_index("segment")["gain_contribution"]
    pd.testing.assert_series_equal(sums, last.sort_index(), check_names=False, atol=0.05)
    for name in ("hiring_allocation.png", "hiring_marginal.svg"):
        assert (workspace / "out" / "charts" / name).stat().st_size > 1000


def test_the_same_seed_gives_the_same_answer(hired, workspace):
    again = simulator("hire", "base.yaml", "--reps", "2", "--paths", "200", "-o", "again", cwd=workspace)
    assert again.returncode == 0
    for name in ("hiring.csv", "hiring_marginal.csv", "constraints.csv"):
        first = (workspace / "out" / "tables" / name).read_bytes()
        assert first == (workspace / "again" / "tables" / name).read_bytes()


def test_json_prints_one_value(workspace):
    done = simulator("hire", "base.yaml", "--reps", "1", "--paths", "100", "-o", "j", "--json", cwd=workspace)
    assert json.loads(done.stdout)["n_allocations"] == 3
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("args", "where", "words"),
    [
        (("--role", "csm"), "--role", "not a role"),
        (("--budget", "lots"), "--budget", "not an amount"),
        (("--start", "2026-11"), "--start", "not after as_of"),
        (("--start", "2031-01"), "--start", "after all that is simulated"),
        (("--start", "soon"), "--start", "not a month"),
    ],
)
def test_options_that_cannot_be_are_refused(workspace, args, where, words):
    done = simulator("hire", "base.yaml", *args, cwd=workspace)
    assert done.returncode == 2
    assert where in done.stderr
    assert words in done.stderr


def test_without_reps_there_is_nothing_to_place(workspace):
    done = simulator("hire", "free.yaml", cwd=workspace)
    assert done.returncode == 2
    assert "reps:" in done.stderr


def test_run_shows_capacity_where_reps_are_stated(workspace):
    done = simulator("run", "base.yaml", "-o", "run", "--quiet", cwd=workspace)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(workspace / "run" / "tables" / "capacity.csv")
    assert set(table["segment"]) == {"smb", "ent", "all"}
    whole = table[table["segment"] == "all"].set_index("period")["street_quota"]
    parts = table[table["segment"] != "all"].groupby("period")["street_quota"].sum()
    pd.testing.assert_series_equal(whole.sort_index(), parts, check_names=False, atol=0.05)
    assert (workspace / "run" / "charts" / "capacity.png").exists()
    created = pd.read_csv(workspace / "run" / "tables" / "pipeline_created.csv")
    assert (created["p10"] <= created["p90"]).all()


def test_pipeline_says_how_much_the_targets_need(workspace):
    done = simulator("pipeline", "free.yaml", "--paths", "150", "-o", "pipe", "--details", cwd=workspace)
    assert done.returncode == 0, done.stderr
    assert "qualified pipeline is created" in done.stdout
    needed = pd.read_csv(workspace / "pipe" / "tables" / "pipeline_needed.csv")
    assert set(needed["segment"]) == {"all", "smb"}
    assert {"segment", "source", "sals_per_month"} <= set(
        pd.read_csv(workspace / "pipe" / "tables" / "demand_sources.csv").columns
    )
