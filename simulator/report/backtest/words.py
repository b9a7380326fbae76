"""A backtest in words: how often the range held, against whom the forecasts won, and how little is known."""

from __future__ import annotations

import math

import pandas as pd

from simulator.analysis.backtest.backtest import Backtest
from simulator.analysis.backtest.baselines import BASELINES
from simulator.analysis.backtest.scores import SIMULATION
from simulator.analysis.judgement.judgement import JUDGED
from simulator.analysis.totals import ALL
from simulator.report.money import format_share, join_words

METHOD_WORDS = {
    SIMULATION: "the simulation",
    "stage_weighted": "the stage-weighted pipeline",
    "category_haircuts": "category haircuts",
    "category_arithmetic": "the SMB category arithmetic",
    "run_rate": "the run rate",
    "same_quarter_last_year": "the same quarter last year",
    "exponential_smoothing": "exponential smoothing",
    "reps_commit": "the reps' commit",
    "reps_commit_adjusted": "the reps' commit, corrected for their habits",
    "in_blood": "the in-blood number",
}
PROMISED = 0.8
"""Share of outcomes that P10 to P90 should hold."""
FEW_QUARTERS = 20
"""With fewer quarters the 80 % interval of the coverage is wider than 20 points."""


def record_sentence(result: Backtest) -> str:
    """Return the record in one sentence, as it stands on a board page."""
    row = main_row(result)
    n, held = int(row["n"]), round(row["inside"] * row["n"])
    asked = "" if row["week"] == 0 else f" from week {row['week']:.0f}"
    quarters = "quarter" if n == 1 else "quarters"
    return f"Your P10–P90 of the quarter ahead{asked} held {held} of {n} {quarters}{_width(row)}"


def _width(row: pd.Series) -> str:
    """Return what the share held says of the ranges, where it is more than luck explains."""
    if row["inside_low"] > PROMISED:
        return ": too wide, they promise 8 of 10"
    if row["inside_high"] < PROMISED:
        return ": too narrow, they promise 8 of 10"
    return ""


def main_row(result: Backtest) -> pd.Series:
    """Return the simulation's scores of the total, this quarter, from the earliest week asked for."""
    scores = result.scores
    rows = scores[(scores["method"] == SIMULATION) & (scores["segment"] == ALL) & (scores["ahead"] == 0)]
    return rows.sort_values("week", kind="stable").iloc[0]


def backtest_findings(result: Backtest) -> list[str]:
    """Return what the backtest found, the record first, in whole sentences."""
    row = main_row(result)
    return [f"{record_sentence(result)}.", _few(row), _bias(row), *_against(result, int(row["week"]))]


def _few(row: pd.Series) -> str:
    low, high = format_share(row["inside_low"]), format_share(row["inside_high"])
    n = int(row["n_quarters"])
    between = f"the true hit rate lies between {low} and {high} (80% interval), and the range promises 80%"
    if n >= FEW_QUARTERS:
        return f"Over {n} quarters {between}."
    return f"{'One quarter is' if n == 1 else f'{n} quarters are'} few: {between}."


def _bias(row: pd.Series) -> str:
    share = f"{abs(row['bias']):.0%}"
    side = f"{share} {'above' if row['bias'] > 0 else 'below'}" if share != "0%" else "level with"
    if math.isnan(row["bias_low"]):
        return f"On average the forecasts were {side} what was booked."
    is_clear = row["bias_low"] > 0 or row["bias_high"] < 0
    luck = "more than luck explains" if is_clear else "no more than luck explains"
    interval = f"80% interval {row['bias_low']:+.0%} to {row['bias_high']:+.0%}".replace("-", "−")
    return f"On average the forecasts were {side} what was booked ({interval}), {luck}."


def _against(result: Backtest, week: int) -> list[str]:
    """Say against which methods the simulation won and lost, by CRPS; of which it cannot be measured."""
    scores = result.scores
    rows = scores[(scores["segment"] == ALL) & (scores["ahead"] == 0) & (scores["week"] == week)]
    rows = rows.set_index("method").reindex(
        [name for name in (*BASELINES, *JUDGED) if name in set(rows["method"])]
    )
    better = rows[rows["skill_crps_low"] > 0]
    worse = rows[rows["skill_crps_high"] < 0]
    unsure = rows.drop(index=[*better.index, *worse.index])
    sentences = []
    for part, words in (
        (better, "Its errors (CRPS) were smaller than those of"),
        (worse, "Its errors (CRPS) were larger than those of"),
        (unsure, "No measurable difference over these quarters from"),
    ):
        if len(part):
            named = [_with_skill(str(name), float(value)) for name, value in part["skill_crps"].items()]
            sentences.append(f"{words} {join_words(named)}.")
    return sentences


def _with_skill(method: str, value: float) -> str:
    if math.isnan(value):
        return METHOD_WORDS[method]
    return f"{METHOD_WORDS[method]} ({abs(value):.0%} {'less' if value > 0 else 'more'})"
