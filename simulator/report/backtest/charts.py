"""Charts of a backtest: past ranges with what was booked, and whether percentiles are what they say."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.analysis.backtest.backtest import Backtest
from simulator.analysis.backtest.scores import SIMULATION
from simulator.analysis.precision import share_interval
from simulator.analysis.totals import ALL
from simulator.report.backtest.words import main_row, record_sentence
from simulator.report.charts.spec import WHOLE_SHARE, ChartSpec, Series, figures, money_unit
from simulator.report.money import source_line
from simulator.report.style import GREEN, MUTED, NAVY, SKY

LEVELS = np.arange(1, 10) / 10


def backtest_specs(result: Backtest, currency: str = "") -> tuple[ChartSpec, ChartSpec]:
    """Return past forecasts next to what happened, and observed against promised shares.

    Parameters
    ----------
    result : Backtest
    currency : str
        ISO code; empty: amounts are printed without one.
    """
    rows, week = main_rows(result), int(main_row(result)["week"])
    start = "its start" if week == 0 else f"week {week}"
    unit = f" in {currency}" if currency else ""
    n_paths = result.settings.n_paths
    again = f"{len(rows)} quarters forecast again, strictly as of each day, {n_paths:,} simulations each"
    footer = source_line(result.as_of, again)
    ranges = ChartSpec(
        name="reliability",
        shape="range",
        title=record_sentence(result),
        subtitle=f"Bookings{unit}, each quarter forecast from {start} with only what was known then",
        footer=footer,
        unit=money_unit([*rows["p90"], *rows["actual"]], currency),
        categories=tuple(map(str, rows["period"])),
        series=(
            *(
                Series(key, key.upper(), colour, figures(rows[key]))
                for key, colour in (("p90", SKY), ("p50", NAVY), ("p10", SKY))
            ),
            Series("actual", "Booked", GREEN, figures(rows["actual"])),
        ),
    )
    return ranges, _percentiles_spec(rows, footer)


def main_rows(result: Backtest) -> pd.DataFrame:
    """Return the simulation's forecasts of the total of each quarter, from the earliest week asked for."""
    table, week = result.forecasts, main_row(result)["week"]
    ours = (table["method"] == SIMULATION) & (table["segment"] == ALL)
    rows: pd.DataFrame = table[ours & (table["ahead"] == 0) & (table["week"] == week)]
    return rows.sort_values("quarter")


def _percentiles_spec(rows: pd.DataFrame, footer: str) -> ChartSpec:
    """Return the share of quarters at or below each percentile, with its 80% interval."""
    pit = rows["pit"].to_numpy(np.float64)
    observed = np.array([(pit <= level).mean() for level in LEVELS])
    low, high = share_interval(observed * len(pit), np.full(LEVELS.size, float(len(pit))))
    return ChartSpec(
        name="percentiles",
        shape="lines",
        title="How often results fell at or below each percentile of the forecast",
        subtitle="Share of past quarters, with 80% interval, next to what the percentile promises",
        footer=footer,
        unit=WHOLE_SHARE,
        categories=tuple(f"{level:.0%}" for level in LEVELS),
        series=(
            Series("observed", "Observed", NAVY, figures(observed), low=figures(low), high=figures(high)),
            Series("promised", "Promised", MUTED, figures(LEVELS)),
        ),
    )
