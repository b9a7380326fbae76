"""What the spread of bookings comes from: luck, rate uncertainty and the shared shock."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.analysis.precision import variance_between
from simulator.analysis.totals import add_horizon, names_with_horizon
from simulator.arrays import Floats, Ints
from simulator.engine.paths import Paths

SOURCES = ("luck", "rates", "shock")
"""Which deals close; rates are estimates; a quarter can be good or bad for everyone."""


def split_spread(paths: Paths, without_shock: Paths | None = None) -> pd.DataFrame:
    """Return how much of the spread of total bookings each source of randomness accounts for.

    Var = E[Var | rates] + Var(E | rates). The second term is ``rates``, estimated over the rate draws
    and corrected for the luck that is left in the mean of a few paths. ``shock`` is what the variance
    loses in a run on the same random numbers without the shared shock; ``luck`` is the rest.

    Parameters
    ----------
    paths : Paths
        Simulations with all sources on.
    without_shock : Paths, optional
        The same scenario without the shared shock; its paths are compared with as many first
        ones of ``paths``. Without it the shock counts as absent.

    Returns
    -------
    DataFrame
        period (each, then the horizon), source (luck, rates, shock, total), variance_share, sd,
        width. ``sd`` is that source's alone; variances add, sds do not. ``width`` is P90 - P10, shared
        out in proportion to the variances so that it adds up. Unit: scenario currency.
    """
    totals = _totals(paths)
    calm = None if without_shock is None else _totals(without_shock)
    tables = [
        _split(label, totals[:, i], paths.rate_draw, None if calm is None else calm[:, i])
        for i, label in enumerate(names_with_horizon(paths.periods))
    ]
    return pd.concat(tables, ignore_index=True)


def _totals(paths: Paths) -> Floats:
    """Return total bookings, shape (path, period and horizon)."""
    return add_horizon(paths.bookings_new().sum(axis=2))


def _split(label: str, values: Floats, group: Ints, calm: Floats | None) -> pd.DataFrame:
    total = float(values.var(ddof=1)) if len(values) > 1 else 0.0
    rates = min(variance_between(values, group), total)
    shock = 0.0 if calm is None else _shock_share(values, calm) * total
    shock = min(shock, total - rates)
    variances = np.array([total - rates - shock, rates, shock, total])
    shares = variances / total if total > 0 else np.full(4, np.nan)
    low, high = np.quantile(values, [0.1, 0.9])
    return pd.DataFrame(
        {
            "period": label,
            "source": [*SOURCES, "total"],
            "variance_share": shares,
            "sd": np.sqrt(variances),
            "width": np.nan_to_num(shares) * (high - low),
        }
    )


def _shock_share(values: Floats, calm: Floats) -> float:
    """Return the share of the variance that goes away without the shock, on the paths both runs have."""
    n = min(len(values), len(calm))
    variance = float(values[:n].var())
    return max(0.0, 1.0 - float(calm[:n].var()) / variance) if variance > 0 else 0.0
