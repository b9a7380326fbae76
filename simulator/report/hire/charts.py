"""Charts of where the next reps go: the allocation with its gain, and what each further rep adds."""

from __future__ import annotations

import numpy as np

from simulator.analysis.hire.allocation import Hiring
from simulator.report.charts.spec import ChartSpec, Series, figures, money_unit
from simulator.report.hire.words import hiring_title, month_words
from simulator.report.money import MoneyScale, money_scale
from simulator.report.style import BLUE, NAVY, SERIES, STONE


def allocation_spec(hiring: Hiring, currency: str, footer: str) -> ChartSpec:
    """Return what the reps of the answer add by segment, and what the first rep would where none goes."""
    gains, place = hiring.extra.gain_contribution(), np.arange(len(hiring.segments))
    counts = hiring.allocation
    draws = gains[np.where(counts > 0, counts, 1), :, place]
    low, high = np.percentile(draws, [10, 90], axis=1)
    mean = draws.mean(axis=1)
    total = float(np.where(counts > 0, mean, 0.0).sum())
    return ChartSpec(
        name="hiring_allocation",
        shape="bars",
        title=hiring_title(hiring),
        subtitle=f"Contribution gained over the quarters simulated, mean, line: P10 to P90. Dark: the reps "
        f"proposed, {money_scale([total], currency).format(total)} in all; grey: a first rep where none is",
        footer=footer,
        unit=money_unit([*mean, *low, *high], currency),
        categories=hiring.segments,
        series=(
            Series("gain", "Contribution gained", BLUE, figures(mean), low=figures(low), high=figures(high)),
        ),
        colours=tuple(BLUE if count else STONE for count in counts.tolist()),
        below=tuple(
            f"{count} rep{'s' if count > 1 else ''}" if count else "none" for count in counts.tolist()
        ),
    )


def marginal_spec(hiring: Hiring, currency: str, footer: str) -> ChartSpec:
    """Return what each further rep of a segment adds in contribution."""
    grid = hiring.marginal.pivot_table(
        index="segment", columns="reps", values="marginal_contribution", sort=False
    )
    return ChartSpec(
        name="hiring_marginal",
        shape="columns",
        title=marginal_title(hiring, money_scale(hiring.marginal["marginal_contribution"], currency)),
        subtitle="Contribution that the 1st, 2nd … added rep brings over the quarters simulated, mean",
        footer=footer,
        unit=money_unit(hiring.marginal["marginal_contribution"], currency),
        categories=tuple(map(str, grid.index)),
        series=tuple(
            Series(f"rep {n}", f"Rep {n}", (NAVY, *SERIES[1:])[at % len(SERIES)], figures(grid[n]))
            for at, n in enumerate(grid.columns)
        ),
    )


def marginal_title(hiring: Hiring, scale: MoneyScale) -> str:
    """Return where the next rep is worth most, and what it brings."""
    firsts = hiring.marginal[hiring.marginal["reps"] == 1]
    best = firsts.sort_values("marginal_contribution").iloc[-1]
    start = month_words(hiring.question.start)
    if best["marginal_contribution"] <= 0:
        return f"No segment earns back a rep who starts in {start}"
    losing = firsts[firsts["marginal_contribution"] <= 0]["segment"].tolist()
    text = f"A first rep adds most in {best['segment']}: {scale.format(best['marginal_contribution'])}"
    if not losing:
        return text
    return f"{text}; in {len(losing)} of {len(firsts)} segments one costs more than it brings"
