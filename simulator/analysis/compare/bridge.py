"""From the P50 of one scenario to that of another, difference by difference, on the same simulations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.analysis.compare.comparison import labels, simulate_prepared
from simulator.analysis.steps import Progress
from simulator.engine.paths import Paths
from simulator.engine.prepare import Prepared, prepare
from simulator.errors import InputError
from simulator.scenario.differences import Change, list_changes
from simulator.scenario.schema import Scenario

Floats = npt.NDArray[np.float64]


def bridge(
    first: Prepared, other: Prepared, ends: tuple[Paths, Paths], progress: Progress | None = None
) -> pd.DataFrame:
    """Return the P50 of total new-business bookings after each difference between two scenarios.

    The differences are made one after the other, in the order of `list_changes`, and each is simulated on
    the same random numbers; another order would share out what they do together differently. The steps
    add up to the change of the P50 exactly. A step that cannot stand alone is made with the next one.

    Parameters
    ----------
    first, other : Prepared
        On the same ground (`on_the_ground_of`).
    ends : tuple of Paths
        Of both, simulated.
    progress : callable, optional
        Called with (steps done, steps in all).

    Returns
    -------
    DataFrame
        period (each, then the horizon), step (0 is the first scenario), label, words, p50 (after the
        step), change (by the step). Unit: scenario currency.
    """
    changes = list_changes(_stated(first), _stated(other))
    steps: list[tuple[str, str, Floats]] = [(first.scenario.name, "", _medians(ends[0]))]
    waiting: list[Change] = []
    for place, change in enumerate(changes):
        waiting.append(change)
        last = place == len(changes) - 1
        paths = ends[1] if last else _simulate_step(change, first)
        if paths is None:
            continue
        label = " and ".join(item.label for item in waiting)
        steps.append((label, "; ".join(item.words for item in waiting), _medians(paths)))
        waiting = []
        if progress is not None:
            progress(place + 1, len(changes))
    return _table(steps, labels(ends[0].periods))


def _stated(prepared: Prepared) -> Scenario:
    return prepared.stated if prepared.stated is not None else prepared.scenario


def _simulate_step(change: Change, like: Prepared) -> Paths | None:
    """Return the simulations of a step; None where it cannot be simulated without the next one."""
    try:
        return simulate_prepared(prepare(change.scenario.replace(name=change.label), like))
    except InputError:
        return None


def _medians(paths: Paths) -> Floats:
    """Return the P50 of all segments together by period, then over the horizon."""
    totals = paths.bookings_new().sum(axis=2)
    if totals.shape[1] > 1:
        totals = np.concatenate([totals, totals.sum(axis=1, keepdims=True)], axis=1)
    return np.asarray(np.median(totals, axis=0))


def _table(steps: Sequence[tuple[str, str, Floats]], periods: tuple[str, ...]) -> pd.DataFrame:
    rows = []
    for column, period in enumerate(periods):
        before = 0.0
        for step, (label, words, medians) in enumerate(steps):
            p50 = float(medians[column])
            change = p50 - before if step else 0.0
            rows.append(
                {"period": period, "step": step, "label": label, "words": words, "p50": p50, "change": change}
            )
            before = p50
    return pd.DataFrame(rows)
