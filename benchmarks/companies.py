"""The record of past forecasts on companies drawn at random, held against what is asked of it.

Run: python benchmarks/companies.py [--companies 30] [--workers 2]. Writes results/companies.md.
"""

import argparse
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simulator.analysis.backtest.backtest import backtest
from simulator.analysis.backtest.past_forecasts import BacktestSettings
from simulator.analysis.backtest.scores import (
    OCCASION,
    SIMULATION,
    Estimate,
    clustered_mean,
    clustered_share,
    skill,
)
from simulator.analysis.totals import ALL
from simulator.report.backtest.words import METHOD_WORDS
from tools.sample_company.drawn import PRIOR, draw_company

N_QUARTERS, N_PATHS, N_DRAWS = 6, 300, 50
HELD = (0.75, 0.85)
LEAST_SKILL = {"stage_weighted": 0.30, "run_rate": 0.20}
MAX_BIAS_ERRORS = 2.0
TENTHS = [f"{q}–{q + 10} %" for q in range(0, 100, 10)]


def record_of(seed: int) -> pd.DataFrame:
    """Return every forecast of one company with its outcome, money in mean quarters of the year before."""
    company = draw_company(seed)
    settings = BacktestSettings(
        company.calendar, n_quarters=N_QUARTERS, n_periods=2, n_paths=N_PATHS, n_rate_draws=N_DRAWS, seed=seed
    )
    table = backtest(company.history(), settings, n_workers=1).forecasts.assign(company=seed)
    whole = table[(table["segment"] == ALL) | (table.groupby("as_of")["segment"].transform("nunique") == 1)]
    scale = table["segment"].map(usual_quarter(table))
    for name in ("mean", "p10", "p50", "p90", "actual", "crps", "pinball10", "pinball50", "pinball90"):
        table[name] = table[name] / scale
    return table.assign(total=table.index.isin(whole.index))


def usual_quarter(table: pd.DataFrame) -> pd.Series:
    """Return mean bookings of the four quarters before the first forecast, by segment.

    Known beforehand: to count money in what was booked later would make bad luck look like bias. A
    segment that booked nothing counts as the smallest that did.
    """
    rows = table[(table["method"] == "run_rate") & (table["ahead"] == 0)]
    mean = rows[rows["as_of"] == rows["as_of"].min()].set_index("segment")["mean"]
    return mean.where(mean > 0, mean[mean > 0].min())


def records(n_companies: int, n_workers: int) -> pd.DataFrame:
    """Return the forecasts of the first companies."""
    if n_workers == 1:
        tables = []
        for seed in range(n_companies):
            tables.append(record_of(seed))
            print(f"company {seed}", flush=True)
        return pd.concat(tables, ignore_index=True)
    with ProcessPoolExecutor(n_workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pd.concat(pool.map(record_of, range(n_companies)), ignore_index=True)


def compared(ours: pd.DataFrame, theirs: pd.DataFrame) -> Estimate:
    """Return the skill of the simulation against a method on the occasions that both forecast."""
    both = ours.merge(theirs, on=["company", *OCCASION], suffixes=("_ours", "_theirs"))
    return skill(both["crps_ours"].to_numpy(), both["crps_theirs"].to_numpy(), both["company"].to_numpy())


def interval(estimate: Estimate, form: str = ".0%") -> str:
    return f"{estimate.value:{form}} ({estimate.low:{form}} to {estimate.high:{form}})"


def asked(table: pd.DataFrame, ahead: int) -> list[tuple[str, str, str, bool]]:
    """Return what is asked of the forecasts so far ahead, what was found, and whether it holds."""
    part = table[table["total"] & (table["ahead"] == ahead)]
    ours = part[part["method"] == SIMULATION]
    company = ours["company"].to_numpy()
    held = clustered_share(ours["inside"].to_numpy() > 0.5, company)
    bias = clustered_mean((ours["mean"] - ours["actual"]).to_numpy(), company)
    errors = bias.value / bias_error(ours)
    rows = [
        ("P10–P90 holds", "75% to 85%", interval(held), HELD[0] <= held.value <= HELD[1]),
        (
            "bias",
            "within 2 s.e.",
            f"{interval(bias, '+.1%')}, {errors:+.1f} s.e.",
            abs(errors) <= MAX_BIAS_ERRORS,
        ),
    ]
    for method, least in LEAST_SKILL.items():
        gain = compared(ours, part[part["method"] == method])
        words = f"CRPS less than of {METHOD_WORDS[method]} by"
        rows.append((words, f"at least {least:.0%}", interval(gain), gain.value >= least))
    return rows


def bias_error(ours: pd.DataFrame) -> float:
    """Return the standard error of the mean error, by company."""
    errors = (ours["mean"] - ours["actual"]).groupby(ours["company"])
    sums, n = errors.sum() - errors.size() * (ours["mean"] - ours["actual"]).mean(), errors.ngroups
    return float(np.sqrt(n / (n - 1) * (sums**2).sum()) / len(ours))


def others(table: pd.DataFrame) -> list[str]:
    """Return the lines of every method, quarter by quarter ahead."""
    lines = []
    part = table[table["total"]]
    for (ahead, method), rows in part.groupby(["ahead", "method"], sort=False):
        if method == SIMULATION:
            gain = ""
        else:
            ours = part[(part["method"] == SIMULATION) & (part["ahead"] == ahead)]
            gain = interval(compared(ours, rows))
        bias = clustered_mean((rows["mean"] - rows["actual"]).to_numpy(), rows["company"].to_numpy())
        figures = (ahead, METHOD_WORDS[method], f"{rows['crps'].mean():.1%}", interval(bias, "+.0%"), gain)
        lines.append(f"| {' | '.join(map(str, figures))} |")
    return lines


def histogram(table: pd.DataFrame, ahead: int, which: str) -> str:
    """Return how many outcomes fell into each tenth of the forecast."""
    rows = table[(table["method"] == SIMULATION) & (table["ahead"] == ahead)]
    rows = rows[rows["total"]] if which == "in total" else rows[rows["segment"] != ALL]
    counts = np.histogram(rows["pit"], np.linspace(0, 1, 11))[0]
    held = clustered_share(rows["inside"].to_numpy() > 0.5, rows["company"].to_numpy())
    return f"| {ahead} | {which} | {len(rows)} | {interval(held)} | {' | '.join(map(str, counts))} |"


def page(table: pd.DataFrame, seconds: float) -> str:
    """Return the page."""
    n = table["company"].nunique()
    lines = [
        "# Do forecasts hold on companies that they have never seen?",
        "",
        f"{n} companies were drawn at random (seeds 0 to {n - 1}) and four and a quarter years of",
        f"history simulated for each. The last {N_QUARTERS} quarters were forecast again from their first",
        f"day, strictly as of it ({N_PATHS} paths, {N_DRAWS} draws of the rates), and so was the quarter",
        "after. Money is counted in mean quarters of the year before the first forecast, so that all",
        "companies count alike; intervals are of 80 % and count companies, not quarters.",
        "",
        "| quarters ahead | figure | asked for | found |  |",
        "| ---: | --- | --- | ---: | --- |",
    ]
    missed = []
    for ahead in (0, 1):
        for name, aim, found, holds in asked(table, ahead):
            lines.append(f"| {ahead} | {name} | {aim} | {found} | {'' if holds else 'missed'} |")
            missed += [] if holds else [f"{name}, {ahead} quarters ahead: asked for {aim}, found {found}"]
    lines += ["", *(f"Missed: {one}." for one in missed)] if missed else ["", "Nothing is missed."]
    lines += [
        "",
        "## Every method",
        "",
        "CRPS and bias as shares of a mean quarter; the CRPS of a method that gives one number is its error.",
        "",
        "| quarters ahead | method | CRPS | bias | simulation's CRPS less by |",
        "| ---: | --- | ---: | ---: | ---: |",
        *others(table),
        "",
        "## Where outcomes fell",
        "",
        "Tenths of the forecast from low to high; evenly filled where forecasts are calibrated.",
        "",
        f"| quarters ahead |  | forecasts | P10–P90 holds | {' | '.join(TENTHS)} |",
        f"| ---: | --- | ---: | ---: |{' ---: |' * 10}",
        *(histogram(table, ahead, which) for ahead in (0, 1) for which in ("in total", "by segment")),
        "",
        "## What the companies are drawn from",
        "",
        *(f"- {name}: {words}" for name, words in PRIOR.items()),
        "",
        "They obey the laws that the simulation assumes, warts and drift apart: this page tells whether",
        "rates and intervals are estimated well, not whether real companies obey them (see `unseen.md`).",
        "",
        f"Run by `python benchmarks/companies.py` in {seconds / 60:.0f} minutes.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--companies", type=int, default=30)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "companies.md")
    parser.add_argument("--keep", type=Path, help="Keep all forecasts in this CSV file.")
    given = parser.parse_args()
    began = time.perf_counter()
    table = records(given.companies, given.workers)
    if given.keep:
        table.to_csv(given.keep, index=False)
    text = page(table, time.perf_counter() - began)
    given.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
