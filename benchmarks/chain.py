"""Simulation-based calibration of the whole chain: company, history, rates, forecast, rank of the truth.

Run: python benchmarks/chain.py [--companies 200] [--workers 2]. Writes results/chain.md.
"""

import argparse
import datetime as dt
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import chi2

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simulator.analysis.backtest.baselines import bookings_by_quarter
from simulator.analysis.backtest.origins import knowable
from simulator.analysis.backtest.past_forecasts import BacktestSettings, simulate_origin
from simulator.analysis.diagnose.qualified import qualified_deals
from simulator.calibration.calibration import DESTINATIONS, Calibration
from simulator.calibration.estimate import calibrate
from simulator.fiscal import month_number
from simulator.history.states import deal_states
from tools.sample_company.drawn import PRIOR, draw_company

SIZE = (15.0, 60.0)
N_QUARTERS, N_AHEAD, N_PATHS = 11, 2, 99
N_BINS = 10
FIRST_SEED = 1000
PLANTED = 1.3
LEAST_P = 0.01
MOST_ERRORS = 3.0


def ranks_of(seed: int) -> list[tuple[int, str, int, float, int]]:
    """Return the rank of what was booked among the forecasts of one company, planted fault and all.

    One history of nine quarters and the two that follow; the forecast knows the nine.
    """
    company = draw_company(seed, n_quarters=N_QUARTERS, size=SIZE)
    history = company.history()
    as_of = (pd.Timestamp(company.as_of) + pd.Timedelta(days=1) - pd.DateOffset(months=3 * N_AHEAD)).date()
    known = knowable(history, as_of - dt.timedelta(days=1))
    rates = calibrate(known, company.calendar)
    settings = BacktestSettings(
        company.calendar, n_periods=N_AHEAD, n_paths=N_PATHS, n_rate_draws=N_PATHS, seed=seed
    )
    first = int(company.calendar.quarter(month_number(as_of)))
    deals = qualified_deals(history, deal_states(history))
    rng = np.random.default_rng([FIRST_SEED, seed])
    rows = []
    for name, law in (("as estimated", rates), (f"rates of winning × {PLANTED}", with_more_wins(rates))):
        found = simulate_origin(known, settings, law)
        happened = bookings_by_quarter(deals, company.calendar, found.segments)
        for ahead in range(N_AHEAD):
            booked = float(happened.reindex([first + ahead], fill_value=0.0).to_numpy().sum())
            paths = found.bookings[:, ahead].sum(axis=1)
            below, equal = int((paths < booked).sum()), int((paths == booked).sum())
            low, high = np.quantile(paths, [0.1, 0.9])
            rows.append((seed, name, ahead, below + int(rng.integers(equal + 1)), int(low <= booked <= high)))
    return rows


def with_more_wins(rates: Calibration) -> Calibration:
    faster = rates.hazards.rate.copy()
    faster[:, :, DESTINATIONS.index("won")] /= PLANTED
    return replace(rates, hazards=replace(rates.hazards, rate=faster))


def ranks(n_companies: int, n_workers: int) -> pd.DataFrame:
    """Return the ranks of all companies."""
    seeds = range(FIRST_SEED, FIRST_SEED + n_companies)
    if n_workers == 1:
        rows = [row for seed in seeds for row in ranks_of(seed)]
    else:
        with ProcessPoolExecutor(n_workers, mp_context=multiprocessing.get_context("spawn")) as pool:
            rows = [row for found in pool.map(ranks_of, seeds, chunksize=4) for row in found]
    return pd.DataFrame(rows, columns=["seed", "law", "ahead", "rank", "inside"])


def chi_square(ranks: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Return how many ranks of 0 to N_PATHS fall in each tenth, chi-square and its p-value."""
    counts = np.bincount(ranks * N_BINS // (N_PATHS + 1), minlength=N_BINS)
    expected = len(ranks) / N_BINS
    value = float(((counts - expected) ** 2 / expected).sum())
    return counts, value, float(chi2.sf(value, N_BINS - 1))


def line_of(law: str, ahead: int, part: pd.DataFrame) -> str:
    counts, value, p = chi_square(part["rank"].to_numpy())
    lean = abs(part["rank"].mean() + 0.5 - (N_PATHS + 1) / 2) / (N_PATHS + 1) * np.sqrt(12 * len(part))
    verdict = "even" if p >= LEAST_P and lean <= MOST_ERRORS else "uneven"
    chance = "below 0.001" if p < 0.001 else f"{p:.3f}"
    middle = (part["rank"].mean() + 0.5) / (N_PATHS + 1)
    figures = (law, ahead, f"{part['inside'].mean():.0%}", f"{middle:.3f}", f"{value:.1f}", chance, verdict)
    return f"| {' | '.join(map(str, figures))} | {' | '.join(map(str, counts))} |"


def page(table: pd.DataFrame, seconds: float) -> str:
    """Return the page."""
    n = table["seed"].nunique()
    error = 1 / np.sqrt(12 * n)
    tenths = [f"{q}–{q + 10} %" for q in range(0, 100, 10)]
    head = ["rates", "quarters ahead", "P10–P90 holds", "mean rank", "chi-square", "p-value", "", *tenths]
    lines = [
        "# Does the truth fall anywhere in the forecast, equally often?",
        "",
        f"{n} companies of {SIZE[0]:.0f} to {SIZE[1]:.0f} SALs a month were drawn at random (as in",
        f"`companies.md`, seeds from {FIRST_SEED}), {N_QUARTERS} quarters of history simulated for each,",
        f"the rates estimated from the first {N_QUARTERS - N_AHEAD}, and the last {N_AHEAD} forecast by",
        f"{N_PATHS} paths, each with rates of its own. If the whole chain is calibrated, the rank of what",
        "was booked among the simulations is evenly spread over its tenths (simulation-based calibration,",
        f"Talts et al. 2018). A chi-square with {N_BINS - 1} degrees of freedom judges that; the mean rank",
        f"should be 0.500, standard error {error:.3f}. Uneven is what has a p-value below {LEAST_P} or a",
        f"mean rank more than {MOST_ERRORS:.0f} standard errors off.",
        "",
        f"| {' | '.join(head)} |",
        f"| --- | ---: | ---: | ---: | ---: | ---: | --- |{' ---: |' * N_BINS}",
        *(line_of(law, ahead, part) for (law, ahead), part in table.groupby(["law", "ahead"], sort=False)),
        "",
        f"Rates of winning × {PLANTED} are the negative control: a fault like that must show.",
        "",
        "Drawn anew for each company: " + "; ".join(PRIOR) + ".",
        "",
        f"Run by `python benchmarks/chain.py --companies {n}` in {seconds / 60:.0f} minutes.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--companies", type=int, default=200)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "chain.md")
    given = parser.parse_args()
    began = time.perf_counter()
    table = ranks(given.companies, given.workers)
    text = page(table, time.perf_counter() - began)
    given.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
