"""All that one run says about the bookings to come, in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.analysis.forecast.composition import split_p50, trace_pipeline
from simulator.analysis.forecast.coverage import Coverage, HistoricalRates, measure_coverage
from simulator.analysis.forecast.coverage_months import coverage_by_month
from simulator.analysis.forecast.forecast import Forecast, Targets, forecast_bookings
from simulator.analysis.forecast.pipeline import pipeline_created
from simulator.analysis.forecast.spread import split_spread
from simulator.analysis.totals import ALL
from simulator.engine.paths import QUANTILES, Paths
from simulator.engine.plan.roles import RepTerms


@dataclass(frozen=True)
class Outlook:
    """Forecast, coverage, pipeline waterfall and spread of the same simulations.

    ``created`` is the qualified pipeline created; ``capacity`` the quota capacity and its coverage, empty
    without reps; ``coverage_months`` the coverage by month, empty where no segment is sold in volume.
    ``coverage_table`` and ``composition_table`` hold coverage and the parts of the P50 of every type of
    deals, with a column ``type`` where there are several.
    """

    forecast: Forecast
    coverage: Coverage
    waterfall: pd.DataFrame
    spread: pd.DataFrame
    created: pd.DataFrame
    capacity: pd.DataFrame
    coverage_months: pd.DataFrame
    coverage_table: pd.DataFrame
    composition_table: pd.DataFrame


def look_ahead(
    paths: Paths,
    *,
    without_shock: Paths | None = None,
    targets: Targets | None = None,
    type_targets: Mapping[str, Targets] | None = None,
    motions: Mapping[str, str] | None = None,
    rates: HistoricalRates | None = None,
    reps: Sequence[RepTerms] = (),
) -> Outlook:
    """Return every finding that simulations allow.

    Parameters
    ----------
    paths : Paths
        Simulations.
    without_shock : Paths, optional
        See `split_spread`.
    targets, type_targets, motions, rates
        See `forecast_bookings` and `measure_coverage`.
    reps : sequence of RepTerms
        Of the segments whose reps are simulated.
    """
    coverage = measure_coverage(paths, targets, motions, rates)
    forecast = forecast_bookings(paths, targets, type_targets)
    capacity = measure_capacity(paths, reps, targets)
    quotas = {(row["period"], row["segment"]): row["ramped_quota"] for row in capacity.to_dict("records")}
    goals, others = type_targets or {}, paths.of_type
    covered = {kind: measure_coverage(own, goals.get(kind), motions).table for kind, own in others.items()}
    parts = {kind: split_p50(own) for kind, own in others.items()}
    return Outlook(
        forecast=forecast,
        coverage=coverage,
        waterfall=trace_pipeline(paths),
        spread=split_spread(paths, without_shock),
        created=pipeline_created(paths),
        capacity=_with_coverage(capacity, coverage.table),
        coverage_months=coverage_by_month(paths, targets or {}, motions or {}, quotas),
        coverage_table=_of_types(coverage.table, covered),
        composition_table=_of_types(forecast.composition, parts),
    )


def _of_types(new: pd.DataFrame, others: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of new business, then those of other types, told apart by a column ``type``."""
    if not others:
        return new
    tables = {"new": new, **others}
    return pd.concat([table.assign(type=kind) for kind, table in tables.items()], ignore_index=True)


def _with_coverage(capacity: pd.DataFrame, coverage: pd.DataFrame) -> pd.DataFrame:
    """Return the quota capacity with its coverage: what counts where there are reps / ramped quota."""
    if capacity.empty:
        return capacity
    counted = coverage.drop_duplicates(["period", "segment"]).set_index(["period", "segment"])["amount"]
    names = [name for name in capacity["segment"].drop_duplicates() if name != ALL]
    together = counted[counted.index.isin(names, level="segment")].groupby("period").sum(min_count=1)
    amount = [
        counted.get((period, name)) if name in names else together.get(period)
        for period, name in capacity[["period", "segment"]].itertuples(index=False)
    ]
    share = np.array(amount, dtype=np.float64) / capacity["ramped_quota"].replace(0.0, np.nan)
    return capacity.assign(coverage=share)


MONTHS_PER_YEAR = 12.0


def measure_capacity(
    paths: Paths, terms: Sequence[RepTerms], targets: Mapping[str, Mapping[str, float]] | None = None
) -> pd.DataFrame:
    """Return the quota capacity of every quarter and segment whose reps are simulated.

    Parameters
    ----------
    paths : Paths
        Simulations with reps.
    terms : sequence of RepTerms
        Quotas by segment.
    targets : mapping, optional
        The plan: bookings by period and segment or ``all``.

    Returns
    -------
    DataFrame
        period, segment (``all``: together), heads and ramped_heads (mean over the quarter), street_quota
        (heads × quota of the quarter), ramped_quota with p10 and p90, target, over_assignment (street
        quota / target: 125 % means that the plan is met at 80 % attainment), attainment_needed (target /
        ramped quota), utilisation (deals in work / slots), waited_out (share of SALs that gave up
        waiting), bookings (mean). Missing where there is no target.
    """
    axis = {name: place for place, name in enumerate(paths.segments)}
    parts = [_quarters(paths, [axis[item.segment]], [item], item.segment, targets) for item in terms]
    if len(terms) > 1:
        parts.append(_quarters(paths, [axis[item.segment] for item in terms], list(terms), ALL, targets))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _quarters(
    paths: Paths,
    places: list[int],
    terms: list[RepTerms],
    name: str,
    targets: Mapping[str, Mapping[str, float]] | None,
) -> pd.DataFrame:
    quota = np.array([item.quota for item in terms]) / MONTHS_PER_YEAR
    heads, ramped = paths.flow("rep_months")[..., places], paths.flow("ramped_rep_months")[..., places]
    ramped_quota = (ramped * quota).sum(axis=2)
    low, _, high = np.quantile(ramped_quota, QUANTILES, axis=0)
    street = (heads * quota).sum(axis=2).mean(axis=0)
    n_months = np.bincount((paths.months - paths.calendar.first_month(int(paths.quarters[0]))) // 3)
    target = np.array([(targets or {}).get(period, {}).get(name, np.nan) for period in paths.periods])
    totals = {
        flow: paths.flow(flow)[..., places].mean(axis=0).sum(axis=1)
        for flow in ("busy_days", "slot_days", "n_waited_out", "n_created")
    }
    with np.errstate(divide="ignore", invalid="ignore"):
        return pd.DataFrame(
            {
                "period": paths.periods,
                "segment": name,
                "heads": heads.sum(axis=2).mean(axis=0) / n_months,
                "ramped_heads": ramped.sum(axis=2).mean(axis=0) / n_months,
                "street_quota": street,
                "ramped_quota": ramped_quota.mean(axis=0),
                "ramped_quota_p10": low,
                "ramped_quota_p90": high,
                "target": target,
                "over_assignment": street / target,
                "attainment_needed": target / ramped_quota.mean(axis=0),
                "utilisation": totals["busy_days"] / totals["slot_days"],
                "waited_out": totals["n_waited_out"] / totals["n_created"],
                "bookings": paths.bookings_new()[..., places].mean(axis=0).sum(axis=1),
            }
        ).replace([np.inf, -np.inf], np.nan)
