"""ARR by quarter: opening, movements that foot, closing, and how much of it stays (cohort method)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.analysis.customers.lifetime import Lifetime, value_customers
from simulator.analysis.customers.retention import Retention, look_back
from simulator.analysis.totals import add_total, label_columns, mean_and_percentiles, names_with_total, ratio
from simulator.arrays import Floats
from simulator.calibration.customers import CustomerCalibration
from simulator.engine.paths import Paths
from simulator.history.tables import History
from simulator.kernels.customers.flows import DRIVERS
from simulator.scenario.schema import Scenario

MOVEMENTS = ("new", "expansion", "contraction", "churn", "reactivation")
"""Movements as positive amounts; contraction and churn take away, the others add."""
SIGNS = {"new": 1.0, "expansion": 1.0, "contraction": -1.0, "churn": -1.0, "reactivation": 1.0}
MEASURES = ("opening", *MOVEMENTS, "closing", "nrr", "grr")


@dataclass(frozen=True)
class Arr:
    """ARR to come. All amounts are annual recurring revenue in ``currency``, not bookings.

    Parameters
    ----------
    table : DataFrame
        period, segment, measure, mean, p10, p50, p90. On every path, in every period and segment:
        opening + new + expansion - contraction - churn + reactivation = closing. ``nrr``: ARR at the end
        of the period of the customers of 12 months before / their ARR then; ``grr``: the same, no
        customer counting for more than then. Movements of a first partial period are those after as_of.
    drivers : DataFrame
        period, segment, driver, mean, p10, p50, p90: expansion by what makes it.
    customers : DataFrame
        period, segment, measure, mean, p10, p50, p90: customers (at the end), n_new, n_churned,
        n_reactivated, logo_retention (of the customers of 12 months before, the share still there),
        renewal_rate (ARR signed again / ARR whose term ended) and revenue (ARR / 12, month by month).
    """

    currency: str
    as_of: dt.date
    periods: tuple[str, ...]
    segments: tuple[str, ...]
    partial: bool
    table: pd.DataFrame
    drivers: pd.DataFrame
    customers: pd.DataFrame

    def mean(self, measure: str, segment: str = "all") -> pd.Series:
        """Return the means of one measure by period."""
        rows = self.table[(self.table["measure"] == measure) & (self.table["segment"] == segment)]
        return rows.set_index("period")["mean"]


def measure_arr(paths: Paths) -> Arr | None:
    """Return the ARR that simulations amount to; None where no customers are simulated.

    Parameters
    ----------
    paths : Paths
    """
    if paths.arr_flows is None:
        return None
    values = arr_measures(paths)
    drivers = {name: add_total(paths.arr_flow(name), paths.segments) for name in DRIVERS}
    return Arr(
        currency=paths.currency,
        as_of=paths.as_of,
        periods=paths.periods,
        segments=names_with_total(paths.segments),
        partial=paths.partial,
        table=_table(paths, values, "measure"),
        drivers=_table(paths, drivers, "driver"),
        customers=_table(paths, _customer_measures(paths), "measure"),
    )


def arr_measures(paths: Paths) -> dict[str, Floats]:
    """Return every measure of ``MEASURES``, shape (path, period, segment and total).

    Shares of nothing are NaN: where nobody was a customer 12 months before.
    """
    flows = arr_movements(paths)
    totals = {name: add_total(flow, paths.segments) for name, flow in flows.items()}
    base, now, kept = (
        add_total(paths.arr_flow(f"cohort_{name}"), paths.segments) for name in ("base", "arr", "kept")
    )
    return {**totals, "nrr": ratio(now, base), "grr": ratio(kept, base)}


def arr_movements(paths: Paths) -> dict[str, Floats]:
    """Return opening, movements and closing, shape (path, period, segment).

    Raises
    ------
    ValueError
        No customers are simulated.
    """
    if paths.arr_opening is None:
        raise ValueError("no customers are simulated")
    flows = {name: paths.arr_flow(name) for name in ("new", "contraction", "churn", "reactivation")}
    flows["expansion"] = _cents(
        sum((paths.arr_flow(name) for name in DRIVERS[1:]), paths.arr_flow(DRIVERS[0]))
    )
    net = sum((SIGNS[name] * flows[name] for name in MOVEMENTS[1:]), flows["new"])
    closing = _cents(paths.arr_opening + np.cumsum(net, axis=1))
    opening = np.concatenate(
        [np.broadcast_to(paths.arr_opening, closing[:, :1].shape), closing[:, :-1]], axis=1
    )
    return {"opening": opening, **{name: flows[name] for name in MOVEMENTS}, "closing": closing}


def _cents(amounts: Floats) -> Floats:
    """Return amounts at whole cents: the kernels count cents, and sums of decimals drift from them."""
    return np.asarray(np.rint(amounts * 100.0) / 100.0)


def _customer_measures(paths: Paths) -> dict[str, Floats]:
    counts = {
        name: add_total(paths.arr_flow(name), paths.segments)
        for name in ("n_new", "n_churned", "n_reactivated")
    }
    start = add_total(np.asarray(paths.n_customers), paths.segments)
    n = start + np.cumsum(counts["n_new"] - counts["n_churned"] + counts["n_reactivated"], axis=1)
    due, lost, cut, cohort, still, revenue = (
        add_total(paths.arr_flow(name), paths.segments)
        for name in ("due", "churn", "contraction", "n_cohort", "n_cohort_kept", "revenue")
    )
    return {
        "customers": n,
        **counts,
        "logo_retention": ratio(still, cohort),
        "renewal_rate": ratio(due - lost - cut, due),
        "revenue": revenue,
    }


def _table(paths: Paths, values: dict[str, Floats], column: str) -> pd.DataFrame:
    """Return mean and percentiles over the paths: rows run over period, segment, then measure."""
    axes = {"period": paths.periods, "segment": names_with_total(paths.segments), column: tuple(values)}
    return pd.DataFrame(
        label_columns(**axes) | mean_and_percentiles(np.stack(list(values.values()), axis=-1))
    )


@dataclass(frozen=True)
class CustomerOutlook:
    """ARR to come, what customers are worth, and how they have stayed so far (None without a history)."""

    arr: Arr
    lifetime: Lifetime | None
    retention: Retention | None


def look_at_customers(
    paths: Paths, scenario: Scenario, calibration: CustomerCalibration | None, history: History | None
) -> CustomerOutlook | None:
    """Return every finding about customers; None where none are simulated.

    Parameters
    ----------
    paths : Paths
        Simulations.
    scenario : Scenario
        Settled.
    calibration : CustomerCalibration, optional
    history : History, optional
    """
    arr = measure_arr(paths)
    if arr is None:
        return None
    back = None
    if history is not None and calibration is not None and not history.customers.empty:
        back = look_back(history, calibration, scenario.fiscal_calendar())
    lifetime = value_customers(scenario, calibration, history, paths.segments, mean_new_arr(paths))
    return CustomerOutlook(arr, lifetime, back)


def mean_new_arr(paths: Paths) -> Floats:
    """Return the mean ARR of the customers won on the paths, shape (segment,); NaN where none is won."""
    total, n = paths.arr_flow("new").sum(axis=(0, 1)), paths.arr_flow("n_new").sum(axis=(0, 1))
    return ratio(total, n)
