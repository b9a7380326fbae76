"""Paths -> Forecast: bookings by period and segment, their percentiles and the chance of each number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.analysis.forecast.composition import (
    split_p50,
)
from simulator.analysis.precision import mean_error, quantile_error, share_error
from simulator.analysis.totals import (
    ALL,
    HALF_CENT,
    PERCENTILES,
    add_total,
    hit_shares,
    horizon_label,
    label_columns,
    mean_and_percentiles,
    names_with_total,
)
from simulator.arrays import Floats
from simulator.engine.paths import QUANTILES, Paths
from simulator.scenario.numbers import month_text

Targets = Mapping[str, Mapping[str, float]]
"""Bookings targets by period and segment (or ``all``), in the scenario's currency."""

PROBABILITIES = np.arange(1, 100) / 100


@dataclass(frozen=True)
class Forecast:
    """Bookings to come, as a board reads them. All amounts are bookings in ``currency``.

    Parameters
    ----------
    bookings : DataFrame
        period, segment, kind, mean, p10, p50, p90, target, p_hit, partial, booked. Kind ``new``: won
        deals; where customers or such deals are simulated also ``expansion`` and ``renewal``; ``all``:
        together. Targets are for ``new`` unless they name a type. Segment ``all`` is the joint total on every
        path. ``booked`` is what was signed by ``as_of`` in the first period, and is inside the other figures.
    monthly : DataFrame
        month, segment, kind, mean, p10, p50, p90, partial: signed after ``as_of``.
    horizon : DataFrame
        The columns of ``bookings`` for all periods together.
    exceedance : DataFrame
        period, segment, probability, amount: the number that is reached with each probability.
    composition : DataFrame
        period, segment, part, amount, share: see `split_p50`.
    slipped : DataFrame
        period, segment, mean, p10, p50, p90, n_mean: amount and number of deals whose close date
        leaves the period.
    precision : DataFrame
        period, mean_error, p10_error, p50_error, p90_error, p_hit_error: Monte Carlo standard errors of
        segment ``all``.
    """

    scenario: str
    currency: str
    as_of: dt.date
    periods: tuple[str, ...]
    segments: tuple[str, ...]
    partial: bool
    n_paths: int
    n_rate_draws: int
    bookings: pd.DataFrame
    monthly: pd.DataFrame
    horizon: pd.DataFrame
    exceedance: pd.DataFrame
    composition: pd.DataFrame
    slipped: pd.DataFrame
    precision: pd.DataFrame

    def total(self, period: str) -> pd.Series:
        """Return the row of ``bookings`` of the joint total of a period, new business."""
        table = self.bookings
        rows = table[(table["period"] == period) & (table["segment"] == ALL) & (table["kind"] == "new")]
        return rows.iloc[0]


def forecast_bookings(
    paths: Paths, targets: Targets | None = None, type_targets: Mapping[str, Targets] | None = None
) -> Forecast:
    """Return the forecast that simulations amount to.

    Parameters
    ----------
    paths : Paths
        Simulations.
    targets : mapping, optional
        Targets of new business by period and segment; periods outside the horizon are ignored.
    type_targets : mapping, optional
        The same of ``expansion`` and ``renewal`` bookings, by type.
    """
    goals = targets or {}
    bookings = add_total(paths.bookings_new(), paths.segments)
    kinds = _kinds(paths)
    goal = _targets_by_axis(goals, paths)
    others = {kind: _targets_by_axis(own, paths) for kind, own in (type_targets or {}).items()}
    of_kind = {**others, "new": goal}
    if set(kinds) == {"new", "all"}:
        # With renewals in it the total is no longer what a target is set for.
        of_kind["all"] = goal
    return Forecast(
        scenario=paths.scenario,
        currency=paths.currency,
        as_of=paths.as_of,
        periods=paths.periods,
        segments=names_with_total(paths.segments),
        partial=paths.partial,
        n_paths=paths.n_paths,
        n_rate_draws=len(np.unique(paths.rate_draw)),
        bookings=_bookings_table(paths, kinds, of_kind),
        monthly=_monthly_table(paths),
        horizon=_horizon_table(paths, kinds, of_kind),
        exceedance=_exceedance_table(paths, bookings),
        composition=split_p50(paths),
        slipped=_slipped_table(paths),
        precision=_precision_table(paths, bookings[..., -1], goal[:, -1]),
    )


def _targets_by_axis(targets: Targets, paths: Paths) -> Floats:
    """Return targets, shape (period, name), NaN where there is none."""
    names = names_with_total(paths.segments)
    rows = [[targets.get(period, {}).get(name, np.nan) for name in names] for period in paths.periods]
    return np.array(rows, dtype=np.float64)


@dataclass(frozen=True)
class _Kind:
    """Bookings of one kind, shape (path, period, name), and what was booked by as_of."""

    amounts: Floats
    booked: Floats


def _kinds(paths: Paths) -> dict[str, _Kind]:
    amounts = {name: add_total(values, paths.segments) for name, values in paths.bookings_by_kind().items()}
    first = paths.booked_by_kind()
    kinds = {}
    for name, values in amounts.items():
        booked = np.zeros(values.shape[1:])
        booked[0] = add_total(first[name], paths.segments) if name in first else 0.0
        kinds[name] = _Kind(values, booked)
    together = sum((kind.amounts for kind in kinds.values()), np.zeros(()))
    booked = sum((kind.booked for kind in kinds.values()), np.zeros(()))
    return {**kinds, "all": _Kind(np.asarray(together), np.asarray(booked))}


def _next_to(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return tables with the same rows as one, the kinds of a row next to each other."""
    parts = [table.assign(kind=name) for name, table in tables.items()]
    merged = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    merged.insert(2, "kind", merged.pop("kind"))
    return merged


def _bookings_table(paths: Paths, kinds: Mapping[str, _Kind], goals: Mapping[str, Floats]) -> pd.DataFrame:
    labels = label_columns(period=paths.periods, segment=names_with_total(paths.segments))
    return _kinds_table(kinds, labels, goals, paths.partial & (labels["period"] == paths.periods[0]))


def _horizon_table(paths: Paths, kinds: Mapping[str, _Kind], goals: Mapping[str, Floats]) -> pd.DataFrame:
    labels = label_columns(period=(horizon_label(paths.periods),), segment=names_with_total(paths.segments))
    summed = {name: _Kind(kind.amounts.sum(axis=1), kind.booked.sum(axis=0)) for name, kind in kinds.items()}
    whole = {name: goal.sum(axis=0) for name, goal in goals.items()}
    return _kinds_table(summed, labels, whole, paths.partial)


def _kinds_table(
    kinds: Mapping[str, _Kind], labels: Mapping[str, object], goals: Mapping[str, Floats], partial: object
) -> pd.DataFrame:
    tables = {}
    for name, kind in kinds.items():
        target = goals.get(name, np.full(kind.booked.shape, np.nan))
        tables[name] = pd.DataFrame(
            {**labels}
            | mean_and_percentiles(kind.amounts)
            | {"target": target.ravel(), "p_hit": hit_shares(kind.amounts, target).ravel()}
            | {"partial": partial, "booked": kind.booked.ravel()}
        )
    return _next_to(tables)


def month_names(paths: Paths) -> tuple[str, ...]:
    """Return the months simulated, such as ``2026-11``."""
    return tuple(map(month_text, paths.months.tolist()))


def _monthly_table(paths: Paths) -> pd.DataFrame:
    labels = label_columns(month=month_names(paths), segment=names_with_total(paths.segments))
    values = paths.monthly_by_kind()
    values["all"] = np.asarray(sum(values.values(), np.zeros(())))
    table = _next_to(
        {
            name: pd.DataFrame(labels | mean_and_percentiles(add_total(amounts, paths.segments)))
            for name, amounts in values.items()
        }
    )
    table["partial"] = table["month"] == f"{paths.as_of:%Y-%m}"
    return table


def _exceedance_table(paths: Paths, bookings: Floats) -> pd.DataFrame:
    names = names_with_total(paths.segments)
    amounts = np.quantile(bookings, 1 - PROBABILITIES, axis=0)
    labels = label_columns(period=paths.periods, segment=names, probability=PROBABILITIES)
    return pd.DataFrame(labels | {"amount": np.moveaxis(amounts, 0, -1).ravel()})


def _slipped_table(paths: Paths) -> pd.DataFrame:
    amounts = add_total(paths.flow("slipped"), paths.segments)
    counts = add_total(paths.flow("n_slipped"), paths.segments)
    labels = label_columns(period=paths.periods, segment=names_with_total(paths.segments))
    return pd.DataFrame(labels | mean_and_percentiles(amounts) | {"n_mean": counts.mean(axis=0).ravel()})


def _precision_table(paths: Paths, totals: Floats, goals: Floats) -> pd.DataFrame:
    rows = [
        {
            "period": period,
            "mean_error": mean_error(totals[:, i], paths.rate_draw),
            **{
                f"{name}_error": quantile_error(totals[:, i], q, paths.rate_draw)
                for name, q in zip(PERCENTILES, QUANTILES, strict=True)
            },
            "p_hit_error": np.nan
            if np.isnan(goals[i])
            else share_error(totals[:, i] >= goals[i] - HALF_CENT, paths.rate_draw),
        }
        for i, period in enumerate(paths.periods)
    ]
    return pd.DataFrame(rows)
