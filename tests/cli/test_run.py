import contextlib
import io
import json
import sys
from dataclasses import replace
from types import SimpleNamespace
from unittest import mock

import pandas as pd
import pytest

from simulator.cli.main import main
from simulator.cli.run import answer_lines
from simulator.cli.runner import default_folder
from simulator.report.documents.headline import KeyFigure

SCENARIO = """
as_of: 2026-11-15
fiscal_year: {start_month: 2, label: end}
horizon_quarters: 3
simulation: {paths: 300, rate_draws: 30, threads: 1}
segments:
  smb:
    motion: smb
    sals_per_month: 40
    amount: {median: 12k, mean: 18k}
    close_in_days: 60
    pipeline: {to: {best_case: 45%, lost_no_decision: 55%}, median_days: 30}
    best_case: {to: {commit: 50%, lost_competition: 50%}, median_days: 20}
    commit: {to: {won: 80%, lost_no_decision: 20%}, median_days: 12}
    evidence_deals: 50
  ent:
    sals_per_month: 6
    amount: 100k
    pipeline: {to: {won: 20%, lost_competition: 80%}, median_days: 90}
open_deals:
  - {id: A-1, segment: ent, category: pipeline, amount: 400k, close_date: 2026-12-15, age_months: 2}
targets: {FY27Q4: 800k, FY28Q1: {all: 900k, smb: 300k}}
"""


def simulator(*args, cwd):
    """Run a command inside this process: exit code, standard output and error."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(sys, "argv", ["simulator", *args]),
        pytest.raises(SystemExit) as ending,
    ):
        main(list(args))
    return SimpleNamespace(returncode=ending.value.code or 0, stdout=out.getvalue(), stderr=err.getvalue())


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "base.yaml").write_text(SCENARIO)
    return folder


@pytest.fixture(scope="module")
def first(workspace):
    return simulator("run", "base.yaml", cwd=workspace)


def test_a_run_answers_in_words_and_writes_the_folder(first, workspace):
    assert first.returncode == 0, first.stderr
    for part in (
        "New bookings of FY27Q4: P50",
        "$800k target",
        "Pipeline coverage FY27Q4",
        "results/base",
    ):
        assert part in first.stdout
    folder = workspace / "results" / "base"
    assert sorted(p.name for p in folder.iterdir()) == [
        "board.pptx", "charts", "forecast.xlsx", "manifest.json", "paths.parquet", "report.html",
        "summary.json", "tables",
    ]  # fmt: skip
    assert [p.name for p in (workspace / "results").iterdir()] == ["base"]


def test_figures_agree_between_files(first, workspace):
    folder = workspace / "results" / "base"
    bookings = pd.read_csv(folder / "tables" / "bookings.csv")
    paths = pd.read_parquet(folder / "paths.parquet")
    total = paths.pivot_table(index="path", columns="period", values="bookings_new", aggfunc="sum")
    rows = bookings.query("segment == 'all' and kind == 'all'").set_index("period")
    assert rows["p50"].tolist() == pytest.approx(total.quantile(0.5).tolist(), abs=0.006)
    assert rows.loc["FY27Q4", "p_hit"] == pytest.approx((total["FY27Q4"] >= 800e3).mean(), abs=1e-6)
    summary = json.loads((folder / "summary.json").read_text())
    assert [row["p50"] for row in summary["bookings"]] == bookings["p50"].tolist()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["inputs"][0]["path"] == "../../base.yaml"
    assert manifest["scenario"]["simulation"]["paths"] == 300
    assert manifest["command"] == "simulator run base.yaml"


def test_the_same_command_gives_the_same_bytes(first, workspace):
    folder = workspace / "results" / "base"
    before = json.loads((folder / "manifest.json").read_text())["outputs"]
    again = simulator(
        "run", "base.yaml", "--set", "simulation.threads=2", "-o", "again", "--quiet", cwd=workspace
    )
    assert again.returncode == 0, again.stderr
    assert again.stdout == ""
    assert json.loads((workspace / "again" / "manifest.json").read_text())["outputs"] == before


def test_options_change_paths_and_seed_and_json_is_all_there_is(workspace):
    result = simulator(
        "run", "base.yaml", "--paths", "40", "--seed", "5", "-o", "small", "--json", cwd=workspace
    )
    answer = json.loads(result.stdout)
    assert answer["n_paths"] == 40
    assert answer["folder"] == "small"
    assert json.loads((workspace / "small" / "manifest.json").read_text())["seed"] == 5


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (["run", "nowhere.yaml"], "nowhere.yaml"),
        (["run", "base.yaml", "--set", "levers.clse_odds=2"], "close_odds"),
        (["run", "base.yaml", "-o", "taken"], "no manifest.json"),
        (["run", "base.yaml", "-o", "base.yaml"], "not a folder"),
    ],
)
def test_faults_of_the_user_are_said_and_nothing_is_written(workspace, args, part):
    (workspace / "taken").mkdir(exist_ok=True)
    (workspace / "taken" / "letter.txt").write_text("dear")
    result = simulator(*args, cwd=workspace)
    assert result.returncode == 2
    assert part in result.stderr
    assert "Traceback" not in result.stderr
    assert (workspace / "taken" / "letter.txt").read_text() == "dear"


@pytest.mark.parametrize(
    ("name", "folder"),
    [("base", "base"), ("a/b c", "a-b-c"), ("../..", "scenario"), ("größer 2×", "größer-2")],
)
def test_results_stay_below_results(name, folder):
    assert str(default_folder(name)) == f"results/{folder}"


def test_the_answer_takes_twelve_lines_of_eighty_columns_and_the_rest_is_details(first, workspace):
    lines = first.stdout.rstrip("\n").split("\n")
    assert len(lines) <= 12
    assert max(map(len, lines)) <= 80
    assert not any(line.startswith("Note:") for line in lines)
    whole = simulator("run", "base.yaml", "--details", "-o", "whole", cwd=workspace)
    assert "The P50 of" in whole.stdout and "Spread of" in whole.stdout and "Note:" in whole.stdout


def test_an_answer_with_every_figure_takes_ten_lines_of_eighty_columns_with_notes_and_place_twelve():
    figure = KeyFigure("cash", "Cash end of FY28Q3", "$4.73M", "", "Cash.", "tables/operating.csv")
    ranges = ["$4.05M to $5.42M; $6M today; lasts through FY28Q3 in every simulation", *["$1M to $2M"] * 6]
    figures = [replace(figure, range=words) for words in ranges]
    headline, lever = "New bookings of FY27Q4: P50 $4.99M.", "Largest lever: " + "x" * 100
    lines = answer_lines(headline, figures, [lever, lever])
    assert lines[1].endswith("$4.05M to $5.42M; $6M today")
    assert lines[-1] == lever and lines.count(lever) == 1
    assert sum(-(-len(line) // 80) for line in lines) <= 10
    whole = answer_lines(headline, figures, [lever, lever], whole=True)
    assert any(line.endswith("in every simulation") for line in whole) and whole.count(lever) == 2


def test_open_says_where_the_page_is(first, workspace):
    found = simulator("open", "results/base", "--json", cwd=workspace)
    assert json.loads(found.stdout) == {"page": "results/base/report.html"}
    nothing = simulator("open", ".", cwd=workspace)
    assert nothing.returncode == 2
    assert "has no report.html" in nothing.stderr
