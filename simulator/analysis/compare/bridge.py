"""From the P50 of one scenario to that of another, difference by difference, on the same simulations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from simulator.analysis.compare.comparison import simulate_prepared
from simulator.analysis.precision import jackknife_error
from simulator.analysis.steps import Progress
from simulator.analysis.totals import add_horizon, names_with_horizon
from simulator.arrays import Floats, Ints, Mask
from simulator.engine.paths import Paths
from simulator.engine.prepare import Prepared, prepare
from simulator.errors import InputError
from simulator.scenario.differences import Change, list_changes
from simulator.scenario.schema import Scenario


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
        step), change (by the step), error (Monte Carlo standard error of the change). Unit: scenario
        currency.
    """
    changes = list_changes(_stated(first), _stated(other))
    steps: list[tuple[str, str, Floats]] = [(first.scenario.name, "", _totals(ends[0]))]
    waiting: list[Change] = []
    for place, change in enumerate(changes):
        waiting.append(change)
        last = place == len(changes) - 1
        paths = ends[1] if last else _simulate_step(change, first)
        if paths is None:
            continue
        label = " and ".join(item.label for item in waiting)
        steps.append((label, "; ".join(item.words for item in waiting), _totals(paths)))
        waiting = []
        if progress is not None:
            progress(place + 1, len(changes))
    return steps_table(steps, ends[0].periods, ends[0].rate_draw)


def _stated(prepared: Prepared) -> Scenario:
    return prepared.stated if prepared.stated is not None else prepared.scenario


def _simulate_step(change: Change, like: Prepared) -> Paths | None:
    """Return the simulations of a step; None where it cannot be simulated without the next one."""
    try:
        return simulate_prepared(prepare(change.scenario.replace(name=change.label), like))
    except InputError:
        return None


def _totals(paths: Paths) -> Floats:
    """Return the new-business bookings of all segments together, shape (path, period)."""
    return np.asarray(paths.bookings_new().sum(axis=2))


def steps_table(
    steps: Sequence[tuple[str, str, Floats]], periods: tuple[str, ...], draw: Ints
) -> pd.DataFrame:
    """Return the P50 after each step and what the step changes, by period and over the horizon.

    Parameters
    ----------
    steps : sequence of tuple
        Label, words, and bookings of shape (path, period), the paths of all steps paired.
    periods : tuple of str
    draw : ndarray of int64, shape (path,)
        The rate draw of each path.

    Returns
    -------
    DataFrame
        As of `bridge`.
    """
    tables = []
    before: Floats | None = None
    for step, (label, words, totals) in enumerate(steps):
        now = add_horizon(totals)
        change = error = np.zeros(now.shape[1])
        if before is not None:
            change = np.median(now, axis=0) - np.median(before, axis=0)
            error = jackknife_error(partial(_median_change, before, now), draw)
        figures = {"p50": np.median(now, axis=0), "change": change, "error": error}
        of_step = {"period": names_with_horizon(periods), "step": step, "label": label, "words": words}
        tables.append(pd.DataFrame(of_step | figures))
        before = now
    return pd.concat(tables).sort_index(kind="stable").reset_index(drop=True)


def _median_change(before: Floats, now: Floats, kept: Mask) -> Floats:
    return np.asarray(np.median(now[kept], axis=0) - np.median(before[kept], axis=0))
