"""Forecasts that rest on judgement, from what was known on a day: the roll-up corrected, and in-blood."""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt

from simulator.analysis.baselines import Known, last_calls, quarter_bounds
from simulator.analysis.in_blood import Deadline, Standing, reason_codes
from simulator.analysis.qualified import states_at
from simulator.analysis.rep_calls import COMPANY, rep_biases
from simulator.analysis.totals import add_total
from simulator.fiscal import day_number, first_of_month, month_number

Floats = npt.NDArray[np.float64]

JUDGED = ("reps_commit_adjusted", "in_blood")
"""Names of the forecasts, as in the tables."""


def judged_forecasts(known: Known) -> dict[str, Floats]:
    """Return the forecasts by judgement, shape (period, segment and total); NaN where there is none.

    ``reps_commit_adjusted``: the reps' commit, each times what the rep has won for each unit called
    (`rep_biases`, of calls made as early in past quarters). ``in_blood``: what is booked and the deals that
    the rule of `in_blood` counts.
    """
    return dict(zip(JUDGED, (_adjusted(known), _in_blood(known)), strict=True))


def deadline_of(known: Known, ahead: int) -> Deadline:
    """Return a period so many quarters ahead as seen from the origin."""
    quarter = known.origin.quarter + ahead
    first = known.calendar.first_month(quarter)
    tomorrow = day_number(known.origin.as_of) + 1
    weeks = (quarter_bounds(known.calendar, quarter)[1] - tomorrow) / 7.0
    return Deadline(first, first + 2, month_number(known.origin.as_of + dt.timedelta(days=1)), weeks)


def _adjusted(known: Known) -> Floats:
    staff = known.history.reps.drop_duplicates("rep_id").set_index("rep_id")["segment"]
    out = np.full((known.n_periods, len(known.segments)), np.nan)
    for ahead in range(known.n_periods):
        # A call made before the quarter is held against such calls, a later one against later ones.
        start = first_of_month(known.calendar.first_month(known.origin.quarter + ahead))
        gone = max(0, (known.origin.as_of - start).days + 1)
        biases = rep_biases(known.history, known.calendar, gone).set_index("rep_id")["bias"]
        last = last_calls(known.history, known.calendar.quarter_label(known.origin.quarter + ahead))
        if COMPANY not in biases or last.empty:
            continue
        factor = last["rep_id"].map(biases).astype("float64").fillna(float(biases[COMPANY]))
        sums = (last["commit"] * factor).groupby(last["rep_id"].map(staff)).sum()
        out[ahead] = sums.reindex(list(known.segments)).to_numpy(np.float64)
    if known.segments == ("all",):
        return out
    total = np.where(np.isnan(out).all(axis=1), np.nan, np.nansum(out, axis=1))
    return np.column_stack([out, total])


def _in_blood(known: Known) -> Floats:
    states = known.states
    rows = states_at(states, day_number(known.origin.as_of) + 1)
    out = np.full((known.n_periods, len(known.segments)), np.nan)
    standing = Standing(
        states.category[rows], states.late[rows], states.close_month[rows], states.pushes[rows]
    )
    if not (standing.close_month >= 0).any():
        return add_total(out, known.segments)
    for ahead in range(known.n_periods):
        deadline = deadline_of(known, ahead)
        counts = deadline.due(standing.close_month) & (reason_codes(standing, deadline) == 0)
        out[ahead] = known.sums(states.deal[rows], known.amount[rows] * counts)
    out[0] += known.booked()
    return add_total(out, known.segments)
