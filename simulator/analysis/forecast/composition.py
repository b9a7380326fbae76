"""What is made of what: the P50 by origin of the deals, the pipeline by what came in and went out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.analysis.totals import (
    ALL,
    add_total,
    horizon_label,
    label_columns,
    names_with_total,
    ratio,
    round_to_total,
)
from simulator.arrays import Floats, Ints
from simulator.engine.paths import QUANTILES, Paths
from simulator.kernels.flows import ORIGINS

PARTS = ("booked", "commit", "best_case", "pipeline", "created")
"""From certain to not yet there."""

WINDOW = 0.1
"""Share of the paths, those nearest to the median, that stand for a P50 outcome."""


def split_p50(paths: Paths) -> pd.DataFrame:
    """Return what the P50 of each period and segment is made of.

    The parts are the means over the tenth of the paths nearest to the median (their outcome is
    about the P50), scaled to add up to the P50 to the cent. What is already booked is known and
    not scaled.

    Parameters
    ----------
    paths : Paths
        Simulations.

    Returns
    -------
    DataFrame
        period, segment, part (of ``PARTS``), amount (currency), share (of the P50; NaN if it is 0).
    """
    names = names_with_total(paths.segments)
    origins = _origins_with_total(paths)
    booked = np.zeros((len(paths.periods), len(names)))
    booked[0] = add_total(paths.booked, paths.segments)
    amounts = [
        _split(origins[:, period, name], booked[period, name])
        for period in range(len(paths.periods))
        for name in range(len(names))
    ]
    values = np.concatenate(amounts)
    totals = np.repeat([part.sum() for part in amounts], len(PARTS))
    labels = label_columns(period=paths.periods, segment=names, part=PARTS)
    return pd.DataFrame(labels | {"amount": values, "share": ratio(values, totals)})


def _origins_with_total(paths: Paths) -> Floats:
    """Return bookings by origin in the order of ``PARTS[1:]``, shape (path, period, name, part)."""
    order = [ORIGINS.index(part) for part in PARTS[1:]]
    origins = paths.bookings_by_origin()[..., order]
    by_segment_last = np.moveaxis(origins, 2, 3)
    return np.moveaxis(add_total(by_segment_last, paths.segments), 3, 2)


def _split(parts: Floats, booked: float) -> Floats:
    """Return the P50 by part, booked first; ``parts`` has shape (path, part)."""
    outcomes = parts.sum(axis=1)
    simulated_p50 = float(np.quantile(outcomes, 0.5))
    means = parts[_nearest_median(outcomes)].mean(axis=0)
    scaled = means * (simulated_p50 / means.sum()) if means.sum() > 0 else means
    return round_to_total(np.concatenate([[booked], scaled]), booked + simulated_p50)


def _nearest_median(outcomes: Floats) -> Ints:
    """Return the paths in the middle of the order of outcomes, symmetric about the median."""
    n = len(outcomes)
    n_beside = min(max(int(WINDOW * n / 2), 10), (n - 1) // 2)
    order = np.argsort(outcomes, kind="stable")
    return order[(n - 1) // 2 - n_beside : n // 2 + n_beside + 1]


STEPS = ("created", "won", "lost_competition", "lost_no_decision")
FLOW_OF_STEP = {
    "created": "created",
    "won": "won_open_amount",
    "lost_competition": "lost_competition",
    "lost_no_decision": "lost_no_decision",
    "slipped": "slipped",
}
COLUMNS = (
    "period",
    "segment",
    "opening",
    *STEPS,
    "closing",
    "slipped",
    "closing_p10",
    "closing_p50",
    "closing_p90",
)


def trace_pipeline(paths: Paths) -> pd.DataFrame:
    """Return the mean pipeline waterfall of every period, and of the whole horizon as its last rows.

    Means are rounded to the cent segment by segment; closing figures, totals and the horizon are
    then sums of what is shown, so that every row foots, every period opens where the last closed, and
    the segments add up to ``all``.

    Parameters
    ----------
    paths : Paths
        Simulations.

    Returns
    -------
    DataFrame
        period, segment, opening, created, won, lost_competition, lost_no_decision, closing, slipped,
        closing_p10, closing_p50, closing_p90. ``won`` is the open amount of the deals won, before
        discount or growth at signing. ``slipped`` moves to another period and stays open: it is
        shown next to it, not part of the sum. Unit: scenario currency.
    """
    names = names_with_total(paths.segments)
    steps = {step: _mean_in_cents(paths, flow) for step, flow in FLOW_OF_STEP.items()}
    opening, closing = _balances(paths, steps)
    quantiles = np.quantile(_closing_by_path(paths), QUANTILES, axis=0)
    by_period = _table(
        paths.periods, names, opening=opening, steps=steps, closing=closing, quantiles=quantiles
    )
    if len(paths.periods) == 1:
        return by_period
    sums = {step: values.sum(axis=0, keepdims=True) for step, values in steps.items()}
    label = (horizon_label(paths.periods),)
    horizon = _table(
        label, names, opening=opening[:1], steps=sums, closing=closing[-1:], quantiles=quantiles[:, -1:]
    )
    return pd.concat([by_period, horizon], ignore_index=True)


def _mean_in_cents(paths: Paths, flow: str) -> Floats:
    """Return mean flows to the cent with their total behind, shape (period, name)."""
    return add_total(np.round(paths.flow(flow).mean(axis=0), 2), paths.segments)


def _balances(paths: Paths, steps: dict[str, Floats]) -> tuple[Floats, Floats]:
    """Return what each period opens and closes with, shape (period, name)."""
    start = add_total(np.round(paths.open_amount.sum(axis=0), 2), paths.segments)
    change = steps["created"] - sum(steps[step] for step in STEPS[1:])
    closing = np.round(start + np.cumsum(change, axis=0), 2)
    return np.concatenate([start[np.newaxis], closing[:-1]]), closing


def _closing_by_path(paths: Paths) -> Floats:
    """Return what is still open at the end of each period, shape (path, period, name)."""
    change = paths.flow("created") - sum(paths.flow(FLOW_OF_STEP[step]) for step in STEPS[1:])
    still_open = paths.open_amount.sum(axis=0) + np.cumsum(change, axis=1)
    return add_total(still_open, paths.segments)


def _table(
    periods: tuple[str, ...],
    names: tuple[str, ...],
    *,
    opening: Floats,
    steps: dict[str, Floats],
    closing: Floats,
    quantiles: Floats,
) -> pd.DataFrame:
    columns = label_columns(period=periods, segment=names)
    columns |= {"opening": opening.ravel(), "closing": closing.ravel()}
    columns |= {step: np.round(values, 2).ravel() for step, values in steps.items()}
    columns |= {f"closing_p{round(100 * q)}": quantiles[i].ravel() for i, q in enumerate(QUANTILES)}
    return pd.DataFrame(columns)[list(COLUMNS)]


def waterfall_of(table: pd.DataFrame, period: str, segment: str = ALL) -> pd.Series:
    """Return the row of one period and segment."""
    return table[(table["period"] == period) & (table["segment"] == segment)].iloc[0]
