"""The command ``terms`` and the operating view of ``run`` on a small company."""

import json

import pandas as pd
import pytest

from simulator.cli.main import main

SCENARIO = """
name: small
as_of: 2026-12-31
horizon_quarters: 2
simulation: {paths: 60, rate_draws: 4, seed: 3}
segments:
  one:
    sals_per_month: 6
    amount: {fixed: 12k}
    pipeline: {to: {won: 50%, lost_no_decision: 50%}, median_days: 40}
    customers: {annual_churn: 20%, expansion: {features: {events_per_year: 0.4, size: 20%}}}
terms:
  value_years: 2
  concessions:
    - {name: gift, deals: 40%, when: last_month, win_odds: x1.5, discount: 10%, churn: x1.5}
  success_plan: {days: 10, churn: x0.8}
operating: {opening_cash: 100k, other_costs: [{name: rent, per_month: 5k}]}
"""


@pytest.fixture
def scenario(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SCENARIO)
    return tmp_path


def call(*args):
    with pytest.raises(SystemExit) as ended:
        main(list(args))
    return int(ended.value.code or 0)


def test_terms_answers_in_words_tables_and_charts(scenario, capsys):
    assert call("terms", "small.yaml", "--details") == 0
    said = capsys.readouterr().out
    assert "With the terms as stated, new-business bookings" in said
    assert "What the value depends on" in said
    folder = scenario / "results" / "small-terms"
    table = pd.read_csv(folder / "tables" / "terms.csv")
    assert table["policy"].tolist() == ["no concessions", "as stated", "strict desk", "success plan"]
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["policies"][1]["value_change"] == pytest.approx(table["value_change"][1], abs=0.01)
    assert {"terms_policies.png", "terms_crossing.svg"} <= {p.name for p in (folder / "charts").iterdir()}
    assert (folder / "manifest.json").exists()


def test_terms_as_json(scenario, capsys):
    assert call("terms", "small.yaml", "--json", "--paths", "20") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["n_paths"] == 20
    assert found["hangs_on"][0]["swing"] >= found["hangs_on"][-1]["swing"]


def test_without_terms_it_says_what_to_add(scenario, capsys):
    assert call("terms", "small.yaml", "--set", "terms=null") == 2
    assert "no deal terms are stated" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("terms.concessions=[{name: a, deals: 60%}, {name: b, deals: 60%}]", "sum to 120 %"),
        ("terms.concessions=[{name: a, deals: 10%, discount: 99%}]", "leaves nothing to sell"),
        ("terms.concessions=[{name: a, deals: 10%, segments: nine}]", "unknown segment 'nine'"),
        ("terms.concessions=[{name: a, deals: 10%, churn: {value: x2, low: x3}}]", "outside of its interval"),
        ("terms.success_plan.churn=x99", "out of range"),
        ("referrals={per_customer_per_year: 9}", "out of range"),
        ("operating.other_costs=[{name: rent}]", "in no or in two ways"),
    ],
)
def test_faults_name_what_is_wrong(scenario, capsys, wrong, words):
    assert (
        call("validate", "small.yaml", "--set", wrong) == 2
        or call("terms", "small.yaml", "--set", wrong) == 2
    )
    assert words in capsys.readouterr().err


def test_a_run_with_an_operating_plan_writes_it(scenario, capsys):
    assert call("run", "small.yaml") == 0
    assert "Cash end of" in capsys.readouterr().out
    folder = scenario / "results" / "small"
    table = pd.read_csv(folder / "tables" / "operating.csv")
    rent = table[table["line"] == "rent"]
    assert (rent[["mean", "p10", "p90"]] == 15_000).all().all()
    summary = json.loads((folder / "summary.json").read_text())
    assert len(summary["operating"]) == len(table)
    assert (folder / "charts" / "operating.png").exists()
    assert (folder / "charts" / "post_sale_share.png").exists()


def test_what_terms_assume_is_listed_with_its_source(scenario, capsys):
    assert call("run", "small.yaml", "--json", "--paths", "20") == 0
    listed = {item["name"]: item for item in json.loads(capsys.readouterr().out)["assumptions"]}
    assert listed["deal terms: gift: churn"] == {
        "name": "deal terms: gift: churn",
        "value": "1.5",
        "source": "assumption",
    }
    assert listed["days to collect"]["source"].startswith("assumption")
