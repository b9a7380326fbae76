"""The figure that a sensitivity analysis looks at: one number of the simulations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.analysis.compare.comparison import Targets, goal_of
from simulator.analysis.customers.arr import arr_measures
from simulator.analysis.precision import jackknife_error
from simulator.analysis.totals import ALL, HALF_CENT
from simulator.arrays import Floats, Ints
from simulator.engine.paths import Paths
from simulator.errors import InputError

P_HIT = "p_hit"
QUANTILES_OF = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
OF_CUSTOMERS = {"arr": "closing", "nrr": "nrr", "grr": "grr"}
MEASURES = ("mean", *QUANTILES_OF, P_HIT, *OF_CUSTOMERS)
SHARES = (P_HIT, "nrr", "grr")


@dataclass(frozen=True)
class Measure:
    """A figure of one period.

    Parameters
    ----------
    name : str
        ``mean``, ``p10``, ``p50``, ``p90`` of total new-business bookings; ``p_hit``, the share of paths
        that reach the target; the mean of ``arr`` at the end of the period, of ``nrr`` or of ``grr``.
    period : str
        A quarter, or the horizon.
    target : float
        Bookings wanted in the period; NaN where there is none.
    """

    name: str
    period: str
    target: float = float("nan")

    @property
    def of_customers(self) -> bool:
        """Whether customers must be simulated for it."""
        return self.name in OF_CUSTOMERS

    @property
    def is_share(self) -> bool:
        """Whether it is a share and not an amount."""
        return self.name in SHARES

    def sample(self, paths: Paths) -> Floats:
        """Return the outcome on each path, shape (path,), whose statistic the figure is."""
        chosen = [place for place, period in enumerate(paths.periods) if period == self.period]
        if self.of_customers:
            values = arr_measures(paths)[OF_CUSTOMERS[self.name]][..., -1]
            return np.asarray(values[:, chosen[0] if chosen else -1])
        places = chosen or list(range(len(paths.periods)))
        bookings = np.asarray(paths.bookings_new()[:, places].sum(axis=(1, 2)))
        if self.name == P_HIT:
            return np.asarray((bookings >= self.target - HALF_CENT).astype(np.float64))
        return bookings

    def of(self, sample: Floats) -> Floats:
        """Return the figure of outcomes, over the last axis."""
        if self.name in QUANTILES_OF:
            return np.asarray(np.quantile(sample, QUANTILES_OF[self.name], axis=-1))
        return np.asarray(np.mean(sample, axis=-1))


def read_measure(name: str, period: str, periods: tuple[str, ...], targets: Targets) -> Measure:
    """Return a measure by name.

    Raises
    ------
    InputError
        There is no such measure, or it needs a target that the scenario lacks.
    """
    if name not in MEASURES:
        raise InputError.of("--measure", f"'{name}' is not known", f"Measures: {', '.join(MEASURES)}.")
    target = goal_of(targets, periods, period, ALL)
    if name == P_HIT and np.isnan(target):
        what = f"{P_HIT} of {period} needs a target for it, and the scenario has none"
        raise InputError.of("--measure", what, "Add it under 'targets', or choose another --period.")
    return Measure(name, period, target)


def change_error(measure: Measure, before: Floats, after: Floats, draw: Ints) -> float:
    """Return the Monte Carlo standard error of a change of the figure between paired outcomes.

    A jackknife over the independent replicates of the rate draws, the same on both sides.

    Parameters
    ----------
    measure : Measure
    before, after : ndarray of float64, shape (path,)
    draw : ndarray of int64, shape (path,)
        The rate draw of each path.
    """
    return float(jackknife_error(lambda kept: measure.of(after[kept]) - measure.of(before[kept]), draw))
