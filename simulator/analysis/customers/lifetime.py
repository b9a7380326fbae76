"""What a customer is worth: revenue year by year from the day of signature, and what of it comes later."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.arrays import Floats, Ints
from simulator.calibration.contracts import Book
from simulator.calibration.customers import CustomerCalibration
from simulator.calibration.posteriors import Z_HIGH
from simulator.engine.keys import key
from simulator.engine.plan.customers import CompiledCustomers, DrawSettings, compile_customers
from simulator.engine.plan.deals import CENTS
from simulator.engine.plan.horizon import horizon
from simulator.engine.plan.stated_customers import scenario_book, with_inline_customers
from simulator.engine.run.customers import Moves, Starts, existing_starts, live_apart, new_starts
from simulator.history.tables import History
from simulator.kernels.customers.customer import CustomerPlan
from simulator.scenario.schema import Scenario

YEARS = 5
N_CUSTOMERS = 2000
"""New customers simulated by segment; the customers at the as-of date ``BOOK_RUNS`` times."""
BOOK_RUNS = 20
MONTHS = 12
LOW, HIGH = 0.1, 0.9


@dataclass(frozen=True)
class Lifetime:
    """Revenue of customers over five years. Amounts are revenue (ARR month by month), undiscounted.

    Parameters
    ----------
    years : int
    new : DataFrame
        segment, arr (at signature), value (mean revenue of the years), low, high (80 % interval of that
        mean, from the uncertainty of the rates), p10, p50, p90 (over customers), first_year, later_years,
        first_year_share, still_customers (share at the end), value_per_arr.
    curve : DataFrame
        segment, year, revenue, customers: mean revenue in each year for each customer signed, and the
        share still there at its end.
    cohorts : DataFrame
        segment, cohort (calendar year of the start), n_customers, first_year, so_far (revenue since then
        up to as_of, as far as the record goes), to_come (mean of the years after as_of), value,
        first_year_share; first_year is missing where the record began later.
    """

    years: int
    new: pd.DataFrame
    curve: pd.DataFrame
    cohorts: pd.DataFrame


def value_customers(
    scenario: Scenario,
    calibration: CustomerCalibration | None,
    history: History | None,
    segments: tuple[str, ...],
    new_arr: Floats | None = None,
) -> Lifetime | None:
    """Return what new customers and those of as_of are worth over the next five years.

    Parameters
    ----------
    scenario : Scenario
        Settled; its levers apply.
    calibration : CustomerCalibration, optional
    history : History, optional
    segments : tuple of str
        Axis order.
    new_arr : ndarray of float64, shape (segment,), optional
        ARR that new customers sign; by default the mean of the customers of as_of. Unit: currency.

    Returns
    -------
    Lifetime or None
        None: nothing is known of customers, or they are not to be simulated.
    """
    rates = with_inline_customers(scenario, calibration, segments)
    if rates is None or not scenario.customers.simulate or scenario.as_of is None:
        return None
    book = scenario_book(scenario, history, segments)
    compiled = _compile(scenario, scenario.as_of, rates, book)
    signed = _signed(compiled, new_arr)
    starts = _new_customers(compiled, signed, scenario.simulation.seed)
    revenue, alive = yearly(
        compiled.plan, live_apart(compiled.plan, scenario.simulation.seed, starts), starts
    )
    return Lifetime(
        years=YEARS,
        new=_new_table(compiled, starts, revenue, alive),
        curve=_curve(compiled, starts, revenue, alive),
        cohorts=_cohorts(compiled, book, scenario.simulation.seed),
    )


def _compile(
    scenario: Scenario, as_of: dt.date, rates: CustomerCalibration, book: Book | None
) -> CompiledCustomers:
    calendar = scenario.fiscal_calendar()
    # A quarter more than the years: as_of may lie inside one.
    ahead = horizon(as_of, calendar, 4 * YEARS + 1)
    settings = scenario.simulation
    n_draws = settings.rate_draws if settings.rate_uncertainty else 1
    draws = DrawSettings(settings.seed, n_draws, settings.rate_uncertainty)
    return compile_customers(rates, book, ahead, calendar, draws, levers=scenario.levers)


def _signed(compiled: CompiledCustomers, new_arr: Floats | None) -> Floats:
    """Return the ARR that new customers of each segment sign, in cents; 0 where it is not known."""
    n = compiled.n_opening
    mean = np.divide(compiled.opening, n, out=np.zeros(n.size), where=n > 0)
    if new_arr is None:
        return mean
    known = np.isfinite(new_arr) & (new_arr > 0)
    return np.where(known, np.where(known, new_arr, 0.0) * CENTS, mean)


def _new_customers(compiled: CompiledCustomers, signed: Floats, seed: int) -> Starts:
    plan = compiled.plan
    known = np.flatnonzero(np.rint(signed) >= 1.0)
    segment = np.repeat(known, N_CUSTOMERS).astype(np.int64)
    path = np.tile(np.arange(N_CUSTOMERS), known.size)
    draw = path % plan.churn.shape[0]
    entity = np.repeat([key(f"lifetime/{compiled.segments[s]}") for s in known], N_CUSTOMERS).astype(
        np.uint64
    )
    # Terms in their proportions, shuffled so that they do not go with the draws of the rates.
    place = np.random.default_rng(seed).permutation(N_CUSTOMERS)
    u = (np.tile(place, known.size) + 0.5) / N_CUSTOMERS
    option = (u[:, None] >= plan.term_cdf[segment]).sum(axis=1)
    contracts = (segment, plan.terms[option], plan.term_classes[option])
    luck = np.stack([path, draw], axis=1).astype(np.int64)
    return new_starts((entity, luck), contracts, np.full(segment.size, plan.start), signed[segment])


def yearly(plan: CustomerPlan, moves: Moves, starts: Starts) -> tuple[Floats, Floats]:
    """Return revenue in each of the years, and the ARR at their ends, shape (customer, year).

    Unit: currency; years are counted from the time at which each customer is first followed. ARR A
    that lasts for m months brings A m / 12.
    """
    n = starts.arr.size
    edges = starts.standing[:, 0][:, None] + MONTHS * np.arange(YEARS + 1)
    revenue = np.repeat(starts.arr[:, None], YEARS, axis=1)
    arr = revenue.copy()
    for year in range(YEARS):
        low, high = edges[moves.customer, year], edges[moves.customer, year + 1]
        lasts = np.clip(high - np.maximum(moves.time, low), 0.0, MONTHS) / MONTHS
        revenue[:, year] += np.bincount(moves.customer, moves.delta * lasts, n)
        arr[:, year] += np.bincount(moves.customer, moves.delta * (moves.time < high), n)
    return revenue / CENTS, np.maximum(arr, 0.0) / CENTS


def _new_table(compiled: CompiledCustomers, starts: Starts, revenue: Floats, alive: Floats) -> pd.DataFrame:
    rows = []
    for s in np.unique(starts.segment):
        own = starts.segment == s
        value = revenue[own].sum(axis=1)
        by_draw = pd.Series(value).groupby(starts.luck[own, 1]).mean().to_numpy()
        mean, first, arr = (
            float(value.mean()),
            float(revenue[own, 0].mean()),
            float(starts.arr[own][0] / CENTS),
        )
        half = rate_error(value, starts.luck[own, 1])
        p10, p50, p90 = np.quantile(value, [LOW, 0.5, HIGH])
        rows.append(
            {
                "segment": compiled.segments[s],
                "arr": arr,
                "value": mean,
                "low": mean - half if by_draw.size > 1 else np.nan,
                "high": mean + half if by_draw.size > 1 else np.nan,
                "p10": p10,
                "p50": p50,
                "p90": p90,
                "first_year": first,
                "later_years": mean - first,
                "first_year_share": first / mean,
                "still_customers": float((alive[own, -1] > 0).mean()),
                "value_per_arr": mean / arr,
            }
        )
    return pd.DataFrame(rows)


def rate_error(value: Floats, draw: Ints) -> float:
    """Return half the width of the 80 % interval that the uncertainty of the rates gives the mean.

    Var(E | rates) = variance of the means by draw less what luck adds to them.
    """
    groups = pd.Series(value).groupby(draw)
    means, within, n = groups.mean(), groups.var(ddof=1), groups.size()
    if len(means) < 2 or (n < 2).any():
        return float("nan")
    between = float(means.var(ddof=1) - (within / n).mean())
    return Z_HIGH * float(np.sqrt(max(between, 0.0)))


def _curve(compiled: CompiledCustomers, starts: Starts, revenue: Floats, alive: Floats) -> pd.DataFrame:
    rows = [
        {
            "segment": compiled.segments[s],
            "year": year + 1,
            "revenue": float(revenue[starts.segment == s, year].mean()),
            "customers": float((alive[starts.segment == s, year] > 0).mean()),
        }
        for s in np.unique(starts.segment)
        for year in range(YEARS)
    ]
    return pd.DataFrame(rows, columns=["segment", "year", "revenue", "customers"])


def _cohorts(compiled: CompiledCustomers, book: Book | None, seed: int) -> pd.DataFrame:
    """Return what customers who started in the same year have brought, and will bring."""
    columns = [
        "segment",
        "cohort",
        "n_customers",
        "first_year",
        "so_far",
        "to_come",
        "value",
        "first_year_share",
    ]
    if book is None or not book.ids:
        return pd.DataFrame(columns=columns)
    to_come = pd.Series(_book_value(compiled, seed), index=pd.Index(compiled.customers, dtype="str"))
    first, so_far = past_revenue(book)
    table = pd.DataFrame(
        {
            "segment": np.array(compiled.segments, dtype=object)[book.contracts.segment],
            "cohort": (book.contracts.start // MONTHS).astype(np.int64),
            "n_customers": 1,
            "first_year": first,
            "so_far": so_far,
            "to_come": to_come.reindex(list(book.ids)).fillna(0.0).to_numpy(),
        }
    )
    unseen = book.contracts.seen_from > book.contracts.start + 1e-9
    table.loc[unseen, "first_year"] = np.nan
    sums = table.groupby(["segment", "cohort"])
    summed = sums.sum().reset_index()
    # A cohort's first year is known only where the record holds all of it.
    summed["first_year"] = sums["first_year"].sum(skipna=False).to_numpy()
    summed["value"] = summed["so_far"] + summed["to_come"]
    summed["first_year_share"] = np.divide(
        summed["first_year"], summed["value"], out=np.full(len(summed), np.nan), where=summed["value"] > 0
    )
    return summed[columns]


def _book_value(compiled: CompiledCustomers, seed: int) -> Floats:
    """Return the mean revenue of each customer of as_of over the years to come."""
    plan = compiled.plan
    n, n_draws = plan.entity.size, plan.churn.shape[0]
    total = np.zeros(n)
    for future in range(BOOK_RUNS):
        luck = np.tile(np.array([[future, future * n_draws // BOOK_RUNS]], dtype=np.int64), (n, 1))
        starts = existing_starts(plan, luck)
        total += yearly(plan, live_apart(plan, seed, starts), starts)[0].sum(axis=1)
    return total / BOOK_RUNS


def past_revenue(book: Book) -> tuple[Floats, Floats]:
    """Return the revenue of each customer in its first twelve months, and in all up to as_of.

    As far as the record goes: nothing is known of revenue before it began.
    """
    c, m = book.contracts, book.movements
    n = len(book.ids)

    def until(end: Floats) -> Floats:
        begin = np.maximum(c.start, c.seen_from)
        held = c.opening * np.maximum(end - begin, 0.0)
        delta = np.where(m.ends, -m.before, m.delta)
        lasts = np.maximum(end[m.customer] - np.maximum(m.time, begin[m.customer]), 0.0)
        return np.maximum(held + np.bincount(m.customer, delta * lasts, n), 0.0) / MONTHS

    now = np.full(n, c.as_of)
    return until(np.minimum(c.start + MONTHS, now)), until(now)
