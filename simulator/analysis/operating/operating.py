"""The forecast as an operating plan: what everybody costs, contribution, cash, and how long it lasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.analysis.operating.costs import ACQUISITION, OTHER, POST_SALE, CostLine, cost_lines
from simulator.analysis.totals import ratio
from simulator.arrays import Floats, Mask
from simulator.calibration.calibration import Calibration
from simulator.engine.paths import QUANTILES, Paths
from simulator.engine.plan.roles import RepTerms, RoleTerms, gross_margin
from simulator.errors import InputError
from simulator.fiscal import day_number, month_start_day
from simulator.scenario.schema import Scenario

COLLECTION_DAYS = (45.0, "assumption: money comes 45 days after the invoice")
DAYS_PER_YEAR = 365.25
BANDS = (
    ("traditional software", 0.0, 0.05),
    ("two thirds of pure-play cloud vendors", 0.10, 1.0),
    ("some cloud vendors", 0.15, 0.20),
)
"""Post-sale share of sales expense as published: Alexander Group 2016 (below 5 %; above 10 % at 65 % of
pure-play cloud vendors; 15-20 % at some)."""
ACQUISITION_RATIO, POST_SALE_SHARE = "acquisition cost per new ARR", "post-sale share of sales expense"
PUBLISHED_CAC = 2.0
"""New-customer acquisition cost per unit of new ARR, Benchmarkit 2025."""


@dataclass(frozen=True)
class OperatingPaths:
    """What the plan comes to on every path; arrays of shape (path, period) in scenario currency.

    Parameters
    ----------
    revenue, gross_profit : ndarray of float64
    costs : tuple of CostLine
    new_arr : ndarray of float64
        ARR of the customers won.
    receipts, cash : ndarray of float64
        Money that comes in; cash at the end of the quarter, NaN where no opening cash is stated.
    """

    revenue: Floats
    gross_profit: Floats
    costs: tuple[CostLine, ...]
    new_arr: Floats
    receipts: Floats
    cash: Floats

    def cost_of(self, kind: str) -> Floats:
        """Return all costs of a kind."""
        lines = [line.amounts for line in self.costs if line.kind == kind]
        return np.asarray(sum(lines, np.zeros_like(self.revenue)))

    @property
    def contribution(self) -> Floats:
        """Gross profit less what it costs to win customers and to look after them."""
        return np.asarray(self.gross_profit - self.cost_of(ACQUISITION) - self.cost_of(POST_SALE))

    @property
    def result(self) -> Floats:
        """Contribution less all other costs."""
        return np.asarray(self.contribution - self.cost_of(OTHER))

    @property
    def run_out(self) -> Mask:
        """Whether cash has been below nothing at the end of this or an earlier quarter."""
        return np.asarray(np.logical_or.accumulate(self.cash < 0.0, axis=1))


@dataclass(frozen=True)
class OperatingView:
    """The operating plan with its spread.

    Parameters
    ----------
    table : DataFrame
        period, line, kind (revenue, acquisition, post_sale, other, total, cash, ratio), mean, p10, p50,
        p90. Totals are those of the paths: percentiles of lines do not add up.
    run_out : DataFrame
        period, p_run_out: share of simulations in which cash was below nothing by the quarter's end; no rows
        without an opening cash.
    before : str
        The quarter by whose end cash must last.
    chance : float
        Share of simulations in which it does not; NaN without an opening cash.
    hiring : mapping
        What the planned hires change by the end, paired: contribution, cash, each with p10 and p90,
        p_run_out and p_run_out_without; empty where none are planned.
    sources : mapping of str to str
        Where each rate is from.
    periods : tuple of str
    partial : bool
    """

    table: pd.DataFrame
    run_out: pd.DataFrame
    before: str
    chance: float
    hiring: dict[str, float]
    sources: dict[str, str]
    periods: tuple[str, ...]
    partial: bool

    def line(self, name: str) -> pd.DataFrame:
        """Return the rows of one line, by period."""
        return self.table[self.table["line"] == name].set_index("period")


def operate(
    paths: Paths,
    scenario: Scenario,
    calibration: Calibration | None,
    reps: Sequence[RepTerms],
    roles: Sequence[RoleTerms] = (),
) -> OperatingPaths:
    """Return what a scenario's operating plan comes to on simulations.

    Parameters
    ----------
    paths : Paths
        With customers: revenue is theirs.
    scenario : Scenario
        Settled.
    calibration : Calibration, optional
    reps : sequence of RepTerms
    roles : sequence of RoleTerms

    Raises
    ------
    InputError
        No customers are simulated.
    """
    if paths.arr_flows is None or paths.arr_opening is None:
        raise InputError.of(
            scenario.places.get(("operating",), f"scenario {scenario.name}"),
            "there is no revenue without customers, and none are simulated",
            "Give customers (in the history, or rates under 'segments') and leave customers.simulate on.",
        )
    plan = scenario.operating
    revenue = paths.arr_flow("revenue").sum(axis=2)
    costs = cost_lines(paths, scenario, calibration, reps, roles)
    signed = sum(
        (paths.arr_flow(name).sum(axis=2) for name in ("bookings_expansion", "bookings_renewal")),
        paths.arr_flow("new").sum(axis=2),
    )
    invoiced = plan.paid_in_advance * signed + (1.0 - plan.paid_in_advance) * revenue
    opening = float(paths.arr_opening.sum())
    receipts = collect(paths, invoiced, opening / DAYS_PER_YEAR, _collection(scenario)[0])
    margin = _margin(scenario)[0]
    paid = revenue * (1.0 - margin) + sum((line.amounts for line in costs), np.zeros_like(revenue))
    start = plan.opening_cash if plan.opening_cash is not None else np.nan
    return OperatingPaths(
        revenue=revenue,
        gross_profit=revenue * margin,
        costs=costs,
        new_arr=paths.arr_flow("new").sum(axis=2),
        receipts=receipts,
        cash=start + np.cumsum(receipts - paid, axis=1),
    )


def collect(paths: Paths, invoiced: Floats, per_day_before: float, delay_days: float) -> Floats:
    """Return what of the invoices is collected in each quarter, after a delay.

    Invoices are taken as even over a quarter, and as even at today's rate before as_of.

    Parameters
    ----------
    paths : Paths
    invoiced : ndarray of float64, shape (path, period)
    per_day_before : float
        Invoiced a day up to as_of.
    delay_days : float

    Returns
    -------
    receipts : ndarray of float64, shape (path, period)
    """
    first = int(paths.quarters[0])
    ends = np.array(
        [float(month_start_day(paths.calendar.first_month(first + k + 1))) for k in range(invoiced.shape[1])]
    )
    edges = np.concatenate([[0.0], ends - (day_number(paths.as_of) + 1.0)])
    cumulated = np.concatenate([np.zeros((invoiced.shape[0], 1)), np.cumsum(invoiced, axis=1)], axis=1)
    at = edges - delay_days
    place = np.clip(np.searchsorted(edges, at, side="right") - 1, 0, edges.size - 2)
    share = (at - edges[place]) / (edges[place + 1] - edges[place])
    ahead = cumulated[:, place] * (1.0 - share) + cumulated[:, place + 1] * share
    paid = np.where(at < 0.0, per_day_before * at, ahead)
    return np.asarray(np.diff(paid, axis=1))


def look_at_operations(
    paths: Paths,
    own: OperatingPaths,
    scenario: Scenario,
    *,
    without_hires: OperatingPaths | None = None,
) -> OperatingView:
    """Return the operating plan with its spread, and what its hires change.

    Parameters
    ----------
    paths : Paths
    own : OperatingPaths
    scenario : Scenario
    without_hires : OperatingPaths, optional
        The first of the same simulations without the planned hires.
    """
    before = scenario.operating.run_out_before or paths.periods[-1]
    if before not in paths.periods:
        raise InputError.of(
            scenario.places.get(("operating", "run_out_before"), f"scenario {scenario.name}"),
            f"{before} is not among the quarters simulated",
            f"They run from {paths.periods[0]} to {paths.periods[-1]}.",
        )
    out = own.run_out.mean(axis=0)
    known = scenario.operating.opening_cash is not None
    return OperatingView(
        table=_table(paths, own),
        run_out=pd.DataFrame({"period": paths.periods, "p_run_out": out})[: None if known else 0],
        before=before,
        chance=float(out[paths.periods.index(before)]) if known else float("nan"),
        hiring=_hiring(own, without_hires) if without_hires is not None else {},
        sources=_sources(scenario, own),
        periods=paths.periods,
        partial=paths.partial,
    )


def _table(paths: Paths, own: OperatingPaths) -> pd.DataFrame:
    acquisition, post_sale = own.cost_of(ACQUISITION), own.cost_of(POST_SALE)
    lines: list[tuple[str, str, Floats]] = [
        ("revenue", "revenue", own.revenue),
        ("cost of revenue", "revenue", own.revenue - own.gross_profit),
        ("gross profit", "total", own.gross_profit),
        *((line.name, line.kind, line.amounts) for line in own.costs),
        ("acquisition cost", "total", acquisition),
        ("post-sale cost", "total", post_sale),
        ("contribution", "total", own.contribution),
        ("other costs", "total", own.cost_of(OTHER)),
        ("operating result", "total", own.result),
        ("receipts", "cash", own.receipts),
        (ACQUISITION_RATIO, "ratio", ratio(acquisition, own.new_arr)),
        (POST_SALE_SHARE, "ratio", ratio(post_sale, acquisition + post_sale)),
    ]
    if not np.isnan(own.cash).all():
        lines.append(("cash at the end", "cash", own.cash))
    means = {
        ACQUISITION_RATIO: _mean_ratio(acquisition, own.new_arr),
        POST_SALE_SHARE: _mean_ratio(post_sale, acquisition + post_sale),
    }
    rows = []
    for name, kind, values in lines:
        quantiles = np.nanquantile(values, QUANTILES, axis=0) if not np.isnan(values).all() else None
        for place, period in enumerate(paths.periods):
            row: dict[str, object] = {"period": period, "line": name, "kind": kind}
            row["mean"] = means[name][place] if name in means else float(values[:, place].mean())
            for at, label in enumerate(("p10", "p50", "p90")):
                row[label] = float(quantiles[at, place]) if quantiles is not None else np.nan
            rows.append(row)
    return pd.DataFrame(rows)


def _mean_ratio(part: Floats, whole: Floats) -> Floats:
    """Return the ratio of the sums over all simulations: one without any wins has no ratio of its own."""
    return ratio(part.sum(axis=0), whole.sum(axis=0))


def _hiring(own: OperatingPaths, without: OperatingPaths) -> dict[str, float]:
    n = len(without.revenue)
    found: dict[str, float] = {}
    for name, values in (
        ("contribution", own.contribution[:n].sum(axis=1) - without.contribution.sum(axis=1)),
        ("cash", own.cash[:n, -1] - without.cash[:, -1]),
    ):
        low, high = np.quantile(values, (QUANTILES[0], QUANTILES[2]))
        found |= {name: float(values.mean()), f"{name}_p10": float(low), f"{name}_p90": float(high)}
    found["p_run_out"] = float(own.run_out[:n, -1].mean())
    found["p_run_out_without"] = float(without.run_out[:, -1].mean())
    return found


def _margin(scenario: Scenario) -> tuple[float, str]:
    stated = scenario.operating.gross_margin
    return (stated, "scenario") if stated is not None else gross_margin(scenario)


def _collection(scenario: Scenario) -> tuple[float, str]:
    stated = scenario.operating.collection_days
    return (stated, "scenario") if stated is not None else COLLECTION_DAYS


def _sources(scenario: Scenario, own: OperatingPaths) -> dict[str, str]:
    margin, collection = _margin(scenario), _collection(scenario)
    return {
        "gross margin on revenue": f"{margin[0]:.0%} ({margin[1]})",
        "days to collect": f"{collection[0]:g} ({collection[1]})",
        "paid a year in advance": f"{scenario.operating.paid_in_advance:.0%} of contracts (scenario)",
        **{line.name: line.source for line in own.costs},
    }
