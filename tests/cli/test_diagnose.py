import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest

import simulator as sim
from simulator.cli.main import main

DAY = dt.timedelta(days=1)


def made_up(folder, n=240, seed=5):
    """Write a history of two segments over two years: stage changes, pushes, wins and losses."""
    rng = np.random.default_rng(seed)
    deals, changes = [], []
    for k in range(n):
        born = dt.date(2024, 10, 1) + int(rng.integers(0, 700)) * DAY
        segment = ("enterprise", "smb")[k % 2]
        amount = float(np.round(np.exp(rng.normal(10 if k % 2 else 12, 0.8)), 2))
        planned = born + int(rng.integers(30, 150)) * DAY
        steps = [(born, "Discovery", planned)]
        moment = born
        for stage in ("Proposal", "Contract"):
            moment += int(rng.integers(5, 60)) * DAY
            if rng.random() < 0.3:
                planned += 95 * DAY
            steps.append((moment, stage, planned))
        end = moment + int(rng.integers(5, 60)) * DAY
        outcome = rng.choice(["won", "lost_competition", "lost_no_decision"], p=[0.3, 0.2, 0.5])
        done = end <= dt.date(2026, 9, 30)
        steps = [step for step in steps if step[0] <= dt.date(2026, 9, 30)]
        if done:
            steps.append((end, "Won" if outcome == "won" else "Lost", planned))
        source = rng.choice(["partner", "=cmd()"])
        row = [f"D{k}", segment, amount, born, born, steps[-1][2], outcome, end, f"rep {k % 3}", source]
        deals.append(row if done else [*row[:6], None, None, *row[8:]])
        changes += [[f"D{k}", day, stage, amount, close] for day, stage, close in steps]
    names = "opportunity_id segment amount created_date qualified_date close_date outcome closed_date"
    folder.mkdir()
    pd.DataFrame(deals, columns=[*names.split(), "owner", "source"]).to_csv(
        folder / "opportunities.csv", index=False
    )
    names = "opportunity_id changed_at stage amount close_date"
    pd.DataFrame(changes, columns=names.split()).to_csv(folder / "stage_changes.csv", index=False)
    categories = {"Discovery": "pipeline", "Proposal": "best_case", "Contract": "commit"}
    stages = [*categories.items(), ("Won", "closed"), ("Lost", "closed")]
    pd.DataFrame(stages, columns=["stage", "category"]).to_csv(folder / "stages.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    return made_up(tmp_path_factory.mktemp("diagnose") / "acme")


@pytest.fixture
def without_charts(monkeypatch):
    monkeypatch.setattr("simulator.report.diagnose.results.record_specs", lambda *_, **__: ())


def run(*args):
    with pytest.raises(SystemExit) as ending:
        main([str(arg) for arg in args])
    return ending.value.code or 0


def test_words_come_first_and_the_folder_is_whole(company, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("diagnose", company, "--as-of", "2026-09-30", "--currency", "USD", "--details") == 0
    text = capsys.readouterr().out
    assert "comes from no decision" in text and "discovery and the business case" in text
    assert text.index("The low close rate") < text.index("Rates by segment")
    folder = tmp_path / "results" / "diagnose-acme"
    tables = {"rates", "conversion", "dwell", "pushes", "due", "coverage_history", "created", "cycles"}
    tables |= {"where_deals_end", "slippage_by", "commits_not_in_contracts", "dead_deals"}
    tables |= {"close_rates_without_dead_deals"}
    assert {p.stem for p in (folder / "tables").glob("*.csv")} == tables
    charts = {"rates_by_segment", "conversion", "past_coverage", "pipeline_created", "where_deals_end"}
    for ending in ("png", "svg"):
        assert {p.stem for p in (folder / "charts").glob(f"*.{ending}")} == charts
    assert (folder / "manifest.json").is_file()
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["as_of"] == "2026-09-30" and summary["currency"] == "USD"
    assert not [p for p in (tmp_path / "results").iterdir() if p != folder]


def test_rates_of_the_file_are_those_counted_by_hand(company, tmp_path, without_charts):
    assert run("diagnose", company, "--as-of", "2026-09-30", "-o", tmp_path / "out", "--quiet") == 0
    rates = pd.read_csv(tmp_path / "out" / "tables" / "rates.csv")
    assert list(rates.columns[:10]) == [
        "measure", "by", "group", "basis", "n", "value", "low", "high", "numerator", "denominator",
    ]  # fmt: skip
    deals = pd.read_csv(company / "opportunities.csv", parse_dates=["closed_date"])
    ended = deals[deals["closed_date"].between("2024-10-01", "2026-09-30")]
    for segment, part in [("all", ended), *ended.groupby("segment")]:
        by = "all" if segment == "all" else "segment"
        row = rates[(rates["by"] == by) & (rates["group"] == segment) & (rates["measure"] == "close_rate")]
        won = part["outcome"] == "won"
        count, money = (row[row["basis"] == basis].iloc[0] for basis in ("count", "amount"))
        assert count["value"] == pytest.approx(won.mean(), abs=1e-6)
        assert money["value"] == pytest.approx(part["amount"][won].sum() / part["amount"].sum(), abs=1e-6)
        decided = part[part["outcome"] != "lost_no_decision"]
        win = rates[(rates["by"] == by) & (rates["group"] == segment) & (rates["measure"] == "win_rate")]
        assert win.iloc[0]["value"] == pytest.approx((decided["outcome"] == "won").mean(), abs=1e-6)


def test_text_that_looks_like_a_formula_is_defused(company, tmp_path, without_charts):
    run("diagnose", company, "-o", tmp_path / "out", "--quiet")
    rates = pd.read_csv(tmp_path / "out" / "tables" / "rates.csv")
    assert "'=cmd()" in set(rates["group"]) and "=cmd()" not in set(rates["group"])


def test_json_is_one_value_without_nan(company, tmp_path, capsys, without_charts):
    assert run("diagnose", company, "--json", "-o", tmp_path / "out", "--quarters", "2") == 0
    out = capsys.readouterr().out
    summary = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    assert len(summary["quarters"]) == 2 and summary["findings"]


def test_the_same_history_gives_the_same_tables(company, tmp_path, without_charts):
    for name in ("one", "two"):
        run("diagnose", company, "--as-of", "2026-06-30", "-o", tmp_path / name, "--quiet")
    for path in (tmp_path / "one" / "tables").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / "tables" / path.name).read_bytes()


def test_an_earlier_as_of_sees_nothing_that_came_later(company, tmp_path, without_charts):
    """Cutting the files at a date and asking as of that date are the same."""
    cut = tmp_path / "cut"
    cut.mkdir()
    day = pd.Timestamp("2026-03-31")
    deals = pd.read_csv(
        company / "opportunities.csv", parse_dates=["created_date", "closed_date", "close_date"]
    )
    changes = pd.read_csv(company / "stage_changes.csv", parse_dates=["changed_at"])
    changes = changes[changes["changed_at"] <= day]
    deals = deals[deals["created_date"] <= day]
    later = deals["closed_date"] > day
    deals.loc[later, ["outcome", "closed_date"]] = None
    planned = changes.groupby("opportunity_id")["close_date"].last()
    deals["close_date"] = deals["opportunity_id"].map(planned)
    deals.to_csv(cut / "opportunities.csv", index=False)
    changes.to_csv(cut / "stage_changes.csv", index=False)
    (cut / "stages.csv").write_bytes((company / "stages.csv").read_bytes())
    for name, history in (("a", company), ("b", cut)):
        run("diagnose", history, "--as-of", "2026-03-31", "-o", tmp_path / name, "--quiet")
    for name in ("rates", "conversion", "dwell", "pushes", "coverage_history", "created"):
        a, b = ((tmp_path / folder / "tables" / f"{name}.csv").read_bytes() for folder in "ab")
        assert a == b


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--as-of", "31.10.2026"], ["--as-of", "2026-10-31"]),
        (["--fiscal-start", "13", "--quarters", "0"], ["--fiscal-start", "--quarters", "2 faults"]),
        (["--fiscal-label", "middle"], ["--fiscal-label", "start or end"]),
        (["--currency", "dollars"], ["--currency", "USD"]),
        (["--as-of", "2001-01-01"], ["2001-01-01"]),
    ],
)
def test_faulty_options_say_what_to_do(company, tmp_path, capsys, options, words):
    assert run("diagnose", company, "-o", tmp_path / "out", *options) == 2
    error = capsys.readouterr().err
    assert all(word in error for word in words), error
    assert not (tmp_path / "out").exists() and "Traceback" not in error


def test_a_folder_of_something_else_is_left_alone(company, tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("mine")
    assert run("diagnose", company, "-o", tmp_path) == 2
    assert (tmp_path / "thesis.txt").read_text() == "mine" and "-o" in capsys.readouterr().err


def test_a_missing_history_is_the_users_fault(tmp_path, capsys):
    assert run("diagnose", tmp_path / "nowhere", "-o", tmp_path / "out") == 2
    assert "nowhere" in capsys.readouterr().err


def test_the_barest_history_is_still_measured(tmp_path, capsys):
    folder = tmp_path / "bare"
    folder.mkdir()
    rows = [f"D{k},all,{1000 + k},2026-01-{1 + k % 28:02d}" for k in range(30)]
    ends = ["won,2026-03-01", "lost_no_decision,2026-04-02", ","]
    lines = [f"{row},{ends[k % 3]}" for k, row in enumerate(rows)]
    header = "opportunity_id,segment,amount,created_date,outcome,closed_date"
    (folder / "opportunities.csv").write_text("\n".join([header, *lines]) + "\n")
    assert run("diagnose", folder, "-o", tmp_path / "out", "--details") == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "no planned close date" in text and "one forecast category" in text
    assert "No loss is put down to a competitor" in text


def test_a_scenario_adds_what_each_remedy_is_worth(company, tmp_path, capsys):
    scenario = tmp_path / "plan.yaml"
    scenario.write_text(
        f"history: {company}\ncurrency: EUR\nhorizon_quarters: 2\n"
        "fiscal_year: {start_month: 10, label: end}\n"
        "targets: {FY27Q1: 1M}\n"
        "simulation: {rate_draws: 10}\n"
    )
    out = tmp_path / "out"
    arguments = [
        "diagnose",
        str(company),
        "--scenario",
        str(scenario),
        "--paths",
        "60",
        "-o",
        str(out),
        "--json",
    ]
    assert run(*arguments) == 0
    answer = json.loads(capsys.readouterr().out)
    assert any("hold" in sentence for sentence in answer["diagnosis"])
    notes = " ".join(answer["notes"])
    assert "No backtest yet" in notes
    assumed = {each["name"]: each["value"] for each in answer["assumptions"]}
    assert assumed["level of bookings"].startswith("simple methods")
    table = pd.read_csv(out / "tables" / "counterfactuals.csv")
    assert {"pipeline", "closing"} <= set(table["kind"])
    assert table["period"].nunique() == 9, "eight quarters, as hire looks ahead, and the horizon"
    assert any("of the FY27Q1 target" in sentence for sentence in answer["diagnosis"])
    assert answer["currency"] == "EUR"
    assert answer["quarters"][-1] == "FY26Q4", "its fiscal year, not the calendar's"
    curve = pd.read_csv(out / "tables" / "coverage_curve.csv")
    assert curve["p_hit"].between(0, 1).all() and curve["now"].sum() >= 1
    now = curve[curve["now"] & (curve["basis"] == "enterprise")].iloc[0]
    forecast = sim.run(sim.load_scenario(scenario, {"simulation.paths": 60}))
    assert now["coverage"] == pytest.approx(forecast.coverage.row("FY27Q1", "all", "enterprise")["coverage"])
    booked = forecast.forecast.bookings.set_index(["kind", "segment", "period"])
    assert now["p_hit"] == pytest.approx(booked.loc[("new", "all", "FY27Q1"), "p_hit"], abs=1e-6)
    names = {"what_holds_back.png", "coverage_curve.png", "where_deals_end.png"}
    assert names <= {path.name for path in (out / "charts").iterdir()}


@pytest.mark.parametrize(
    "options", [["--fiscal-start", "1", "--fiscal-label", "end"], ["--fiscal-start", "4"]]
)
def test_a_fiscal_year_other_than_the_scenarios_is_refused(company, tmp_path, capsys, options):
    scenario = tmp_path / "plan.yaml"
    scenario.write_text(f"history: {company}\nfiscal_year: {{start_month: 10, label: end}}\n")
    out = tmp_path / "out"
    assert run("diagnose", company, "--scenario", scenario, "-o", out, *options) == 2
    error = capsys.readouterr().err
    assert "plan.yaml" in error and "month 10" in error and "Leave the two options out" in error


def test_a_scenario_of_another_history_is_refused(company, tmp_path, capsys):
    other = made_up(tmp_path / "other", n=60)
    scenario = tmp_path / "plan.yaml"
    scenario.write_text(f"history: {other}\n")
    assert run("diagnose", company, "--scenario", scenario, "-o", tmp_path / "out") == 2
    assert "Name the same history in both" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
