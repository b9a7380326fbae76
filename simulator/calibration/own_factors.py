"""Factors that the ages of a segment, and the reps of open deals, have of their own.

They are as strong as predicts past quarters best, and none where that is not clearly better than none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.arrays import Floats, Ints, Mask
from simulator.calibration.calibration import AGE_LEVELS, DESTINATIONS, Calibration, OwnFactors
from simulator.calibration.effects import UNKNOWN, unusable
from simulator.calibration.exposure import N_DESTINATIONS, DealMonths, total_by
from simulator.calibration.posteriors import Gamma
from simulator.history.tables import CATEGORIES, OUTCOMES
from simulator.notes import CALIBRATED, HowMade

STRENGTHS = np.array([5.0, 10.0, 20.0, 40.0, 80.0, 160.0, np.inf])
"""Events expected that what all have in common is worth in each cell; infinite: cells are alike."""
LEAST_GAIN = 2.0
"""Standard errors by which past quarters must be predicted better than where all cells are alike."""
SEGMENT_AGES, REPS = "age of segment", "rep"
"""Their names in the table of rates, and the keys of their draws."""
ENDS = [DESTINATIONS.index(outcome) for outcome in OUTCOMES]


def own_factors(months: DealMonths, expected: Floats, cell: Ints, axes: tuple[int, ...]) -> OwnFactors | None:
    """Estimate by what the hazards of each cell differ from the fitted ones.

    Events are Poisson about those expected, times a factor Gamma(strength, strength) of each cell and
    destination. The strength is the one that predicts the outcomes of each past quarter best from all others.
    Where none predicts them clearly better than cells that are alike, there are no such factors.

    Parameters
    ----------
    months : DealMonths
        Rows.
    expected : ndarray of float64, shape (row, destination)
        Events that the fitted hazards lead to expect.
    cell : ndarray of int64, shape (row,)
        Cell of each row, axes raveled.
    axes : tuple of int
        Lengths of the axes of the cells.
    """
    if not len(cell):
        return None
    place = months.month - months.place
    quarter, n_cells = (place - place.min()) // 3, int(np.prod(axes))
    n_quarters = int(quarter.max()) + 1
    at, shape = cell * n_quarters + quarter, (N_DESTINATIONS, n_cells, n_quarters)
    seen, fitted = (
        np.stack([total_by(at, weight, n_cells * n_quarters) for weight in columns]).reshape(shape)
        for columns in ([months.event == k for k in range(N_DESTINATIONS)], expected.T)
    )
    gains = np.stack([_left_out(seen[ENDS], fitted[ENDS], strength) for strength in STRENGTHS])
    best = int(gains.sum(axis=1).argmax())
    if gains[best].sum() <= LEAST_GAIN * max(float(gains[best].std() * np.sqrt(n_quarters)), 1.0):
        return None
    events, even = (
        np.ascontiguousarray(table.sum(axis=2).T).reshape(*axes, N_DESTINATIONS) for table in (seen, fitted)
    )
    return OwnFactors(events + STRENGTHS[best], even + STRENGTHS[best], events)


def _left_out(seen: Floats, fitted: Floats, strength: float) -> Floats:
    """Return by how much each quarter's events are predicted better from all others than without factors.

    Log scores of Poisson counts, shape (quarter,).
    """
    if np.isinf(strength):
        return np.zeros(seen.shape[-1])
    others_seen, others_fitted = (table.sum(axis=-1, keepdims=True) - table for table in (seen, fitted))
    factor = (others_seen + strength) / (others_fitted + strength)
    return np.asarray((seen * np.log(factor) - fitted * (factor - 1.0)).sum(axis=(0, 1)))


def segment_ages(months: DealMonths, expected: Floats, n_segments: int) -> OwnFactors | None:
    """Return the factors of each age of each segment, axes (segment, category, age); None: all age alike."""
    axes = (n_segments, len(CATEGORIES), len(AGE_LEVELS))
    cell = np.ravel_multi_index((months.segment, months.category, months.age), axes)
    return own_factors(months, expected, cell, axes) if n_segments > 1 else None


def rep_factors(
    months: DealMonths, expected: Floats, deals: pd.DataFrame, qualified: Mask
) -> OwnFactors | None:
    """Return the factors of each rep, by name; None: nothing says that reps differ.

    Deals that nobody owns count as those of one more rep. Owners filled in with hindsight say nothing.

    Parameters
    ----------
    deals : DataFrame
        Table of the opportunities, with the owner as it is now.
    qualified : ndarray of bool, shape (opportunity,)
        Deals that count.
    """
    if unusable(deals.loc[qualified, "owner"], deals.loc[qualified, "outcome"], "owner") is not None:
        return None
    names, code = np.unique(owners(deals), return_inverse=True)
    found = own_factors(months, expected, code[months.deal], (len(names),))
    return found and replace(found, names=tuple(names.tolist()))


def owners(deals: pd.DataFrame) -> npt.NDArray[np.str_]:
    """Return the name of the rep of each deal; ``UNKNOWN`` where it has none."""
    named = deals["owner"].astype(object)
    return named.where(named.notna(), UNKNOWN).to_numpy(dtype=str)


def posteriors(c: Calibration) -> Iterator[tuple[str, OwnFactors, Gamma]]:
    """Yield the name, the counts and the distributions of the factors that there are."""
    for name, found, axes in (
        (SEGMENT_AGES, c.segment_ages, {"segment": c.segments, "category": CATEGORIES, "level": AGE_LEVELS}),
        (REPS, c.reps, {"level": c.reps.names if c.reps is not None else ()}),
    ):
        if found is not None:
            yield name, found, Gamma({**axes, "destination": DESTINATIONS}, found.shape, found.rate)


def own_notes(
    ages: OwnFactors | None, reps: OwnFactors | None, segments: tuple[str, ...], n_deals: int
) -> Iterator[HowMade]:
    """Yield what the factors are and what they rest on, in words."""
    if ages is not None:
        gain = ages.events * np.log(ages.mean) - ages.expected * (ages.mean - 1.0)
        most = segments[int(gain[..., ENDS].sum(axis=(1, 2, 3)).argmax())]
        value = f"how readily deals close as they grow older differs by segment, most in {most}"
        yield HowMade("age of deals by segment", value, CALIBRATED)
    if reps is not None:
        n_reps = int((reps.expected.sum(axis=1) > 0.0).sum())
        value = (
            f"they close by the record of their owner ({n_reps:,} reps, {n_deals:,} deals), new ones alike"
        )
        yield HowMade("reps of open deals", value, CALIBRATED)
