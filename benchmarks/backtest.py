"""The record of past forecasts on the sample company and on two companies never seen.

Run: python benchmarks/backtest.py [--shared ../shared/data]. Writes results/backtest.md and, where the data
are there, results/unseen.md.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simulator.analysis.backtest.backtest import Backtest, backtest
from simulator.analysis.backtest.past_forecasts import BacktestSettings
from simulator.analysis.backtest.scores import SIMULATION, clustered_mean, clustered_share
from simulator.analysis.totals import ALL
from simulator.cli.main import main as command_line
from simulator.fiscal import FiscalCalendar
from simulator.history.load import load_history
from simulator.report.backtest.words import METHOD_WORDS, backtest_findings
from simulator.report.money import format_money

SETS = {
    "maven_crm": ("sales_pipeline_asof_2017-09-30.csv.gz", "sales_teams.csv"),
    "bpic2012": ("events_asof_2012-01-01.csv.gz", "cases_asof_2012-01-01.csv.gz"),
}
SAMPLE = ("The sample company", "sample", "USD", BacktestSettings(FiscalCalendar(2, "end"), weeks=(0, 4, 8)))
UNSEEN = (
    ("Maven CRM", "maven_crm", "USD", BacktestSettings(FiscalCalendar(), weeks=(0, 4, 8))),
    ("BPIC 2012", "bpic2012", "EUR", BacktestSettings(FiscalCalendar(), weeks=(4, 6, 8, 10))),
)
HEAD = (
    "",
    "Every forecast is made again strictly as of its day (500 simulations, 50 draws of the rates) and held",
    "against what was booked. Intervals are of 80 % and count quarters. Any method that gives one number",
    "is scored by its error, which is its CRPS. Reported as it came out; nothing is tuned to these sets.",
    "",
)


def imported(name: str, shared: Path, folder: Path) -> Path | None:
    files = [shared / name / file for file in SETS[name]]
    if not all(file.is_file() for file in files):
        return None
    map_file = ROOT / "tests" / "data_maps" / f"{name}.yaml"
    given = ["import", "table", *files, "--to", folder / name, "--map", map_file, "--quiet"]
    try:
        command_line([str(part) for part in given])
    except SystemExit as ending:
        if ending.code:
            raise
    return folder / name


def line_of(row: dict, currency: str) -> str:
    money = [format_money(row[name], currency) for name in ("absolute_error", "crps")]
    held = "" if row["inside"] != row["inside"] else f"{round(row['n'] * row['inside'])} of {row['n']}"
    gain = ""
    if row["skill_crps"] == row["skill_crps"]:
        gain = f"{row['skill_crps']:.0%}"
        if row["skill_crps_low"] == row["skill_crps_low"]:
            gain += f" ({row['skill_crps_low']:.0%} to {row['skill_crps_high']:.0%})"
    bias = f"{row['bias']:+.0%}"
    if row["bias_low"] == row["bias_low"]:
        bias += f" ({row['bias_low']:+.0%} to {row['bias_high']:+.0%})"
    figures = (row["week"], row["ahead"], METHOD_WORDS[row["method"]], *money, bias, held, gain)
    return f"| {' | '.join(map(str, figures))} |"


def pooled(result: Backtest) -> list[str]:
    """Say how often the ranges of the segments held, all together."""
    table = result.forecasts
    rows = table[(table["method"] == SIMULATION) & (table["segment"] != ALL)]
    lines = ["", "Segments, pooled:", ""] if len(rows) else []
    for ahead, part in rows.groupby("ahead"):
        quarters = part["quarter"].to_numpy()
        held = clustered_share(part["inside"].to_numpy() > 0.5, quarters)
        place = clustered_mean(part["pit"].to_numpy(), quarters)
        lines.append(
            f"- {ahead} quarters ahead: {len(part)} forecasts of {len(set(quarters))} quarters; P10–P90 held "
            f"{held.value:.0%} (80 % interval {held.low:.0%} to {held.high:.0%}); mean PIT {place.value:.2f}"
            + (f" ({place.low:.2f} to {place.high:.2f})" if place.low == place.low else "")
        )
    return lines


def section(title: str, result: Backtest, currency: str) -> list[str]:
    scores = result.scores[result.scores["segment"] == ALL]
    head = [
        "from week",
        "quarters ahead",
        "method",
        "error",
        "CRPS",
        "bias",
        "range held",
        "simulation's CRPS less by",
    ]
    return [
        f"## {title}",
        "",
        f"As of {result.as_of}; {len(result.origins)} forecasts.",
        "",
        *(f"- {sentence}" for sentence in backtest_findings(result)),
        "",
        f"| {' | '.join(head)} |",
        "| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: |",
        *(line_of(row, currency) for row in scores.to_dict("records")),
        *pooled(result),
        "",
        *(f"Note: {note}" for note in result.notes if "left out" in note and "origins" in note),
        "",
    ]


def scored(history: Path, title: str, currency: str, settings: BacktestSettings) -> list[str]:
    result = backtest(load_history(history), settings)
    print(pd.Series(backtest_findings(result)).to_string(), flush=True)
    return section(title, result, currency)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--out", type=Path, default=ROOT / "results")
    given = parser.parse_args()
    title, name, currency, settings = SAMPLE
    lines = ["# Did past forecasts hold?", *HEAD]
    lines += scored(ROOT / "scenarios" / name / "history", title, currency, settings)
    lines += [
        "The sample company's reps are made up: they call from what they could know on the day, each with",
        "a bias of their own. Their error says nothing of real reps.",
        "",
    ]
    ending = ["Run by `python benchmarks/backtest.py`.", ""]
    (given.out / "backtest.md").write_text("\n".join([*lines, *ending]), encoding="utf-8")
    lines = ["# Do forecasts hold on companies that they were not made for?", *HEAD]
    with tempfile.TemporaryDirectory() as folder:
        for title, name, currency, settings in UNSEEN:
            path = imported(name, given.shared, Path(folder))
            if path is None:
                print(f"{name} is not in {given.shared}: results/unseen.md stays as it is.")
                return
            lines += scored(path, title, currency, settings)
    (given.out / "unseen.md").write_text("\n".join([*lines, *ending]), encoding="utf-8")


if __name__ == "__main__":
    main()
