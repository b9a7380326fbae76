import json

import pandas as pd
import pytest

from tests.cli.test_run import simulator

SCENARIO = """
as_of: 2026-12-31
horizon_quarters: 4
simulation: {paths: 40, rate_draws: 8, threads: 1, seed: 3}
segments:
  smb:
    sals_per_month: 6
    amount: 20k
    pipeline: {to: {won: 30%, lost_no_decision: 70%}, median_days: 30}
    customers:
      annual_churn: 20%
      expansion: {features: {events_per_year: 0.5, size: 10%}}
customers:
  existing:
    - {id: a, segment: smb, arr: 400k, start_date: 2025-03-01}
    - {id: b, segment: smb, arr: 300k, start_date: 2024-07-01}
    - {id: c, segment: smb, arr: 500k, start_date: 2026-02-01}
reps:
  gross_margin: 80%
  all: {heads: 3, open_deals_per_rep: 8, quota: 900k, ote: 120k, self_sourced_sals_per_month: 0}
"""
ROLES = """
roles: {csm: {all: {heads: 1, book: {arr: 2M}, ote: 100k}}}
ownership: split
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("headcount")
    (folder / "base.yaml").write_text(SCENARIO + ROLES)
    (folder / "bare.yaml").write_text(SCENARIO)
    return folder


def test_headcount_answers_in_words_and_writes_its_tables(workspace):
    done = simulator(
        "headcount", "base.yaml", "--up-to", "2", "-o", "heads", "--paths", "16", "--details", cwd=workspace
    )
    assert done.returncode == 0, done.stderr
    assert "CSM" in done.stdout
    assert "not from your data" in done.stdout
    table = pd.read_csv(workspace / "heads" / "tables" / "headcount.csv")
    assert set(table["role"]) == {"ae", "csm"}
    assert sorted(table["heads_added"].unique()) == [1, 2]
    summary = json.loads((workspace / "heads" / "summary.json").read_text())
    assert summary["effects"][0]["source"] == "assumption"
    for name in ("headcount_breakeven.csv", "headcount_sensitivity.csv"):
        assert len(pd.read_csv(workspace / "heads" / "tables" / name))
    assert (workspace / "heads" / "charts" / "headcount.png").stat().st_size > 1000


def test_ownership_answers_in_words_and_writes_its_tables(workspace):
    done = simulator("ownership", "base.yaml", "-o", "owners", "--paths", "16", "--details", cwd=workspace)
    assert done.returncode == 0, done.stderr
    assert "net revenue retention" in done.stdout
    assert done.stdout.lstrip().startswith("On assumed effects, with the same people: ")
    table = pd.read_csv(workspace / "owners" / "tables" / "ownership.csv")
    assert set(table["option"]) == {"as stated", "all_sales", "split", "all_csm", "mirrored"}
    of_all = table[table["segment"] == "all"].set_index("option")
    assert of_all.loc["as stated", "behind"] == pytest.approx(
        of_all["contribution"].drop("as stated").max() - of_all.loc["as stated", "contribution"], abs=0.02
    )
    assert "As stated, today's owners are worth" in done.stdout, "reps give customers time on top"
    for name in ("ownership.png", "ownership_map.svg"):
        assert (workspace / "owners" / "charts" / name).stat().st_size > 1000


@pytest.mark.parametrize(
    ("args", "where", "words"),
    [
        (("headcount", "base.yaml", "--role", "cms"), "--role", "Did you mean 'csm'"),
        (("headcount", "base.yaml", "--segment", "ent"), "--segment", "there is no segment"),
        (("headcount", "bare.yaml"), "bare.yaml", "no one looks after customers"),
        (("ownership", "bare.yaml"), "bare.yaml", "no one looks after customers"),
    ],
)
def test_what_cannot_be_asked_is_refused(workspace, args, where, words):
    done = simulator(*args, cwd=workspace)
    assert done.returncode == 2
    assert where in done.stderr
    assert words in done.stderr
