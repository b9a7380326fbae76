"""The roll-up, the in-blood number, the category arithmetic and the simulation side by side."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.analysis.backtest.baselines import (
    N_QUARTERS,
    WON,
    Known,
    bookings_by_quarter,
    commit_forecast,
    know,
    last_calls,
    quarter_bounds,
    stage_weighted,
)
from simulator.analysis.backtest.origins import MIN_ENDED, Origin, knowable
from simulator.analysis.diagnose.qualified import OPEN, states_at
from simulator.analysis.judgement.in_blood import Deadline, Standing, judge_deals, reason_codes
from simulator.analysis.judgement.rep_calls import COMPANY, rep_biases
from simulator.analysis.totals import ALL, add_total, names_with_total
from simulator.arrays import Floats
from simulator.engine.paths import QUANTILES, Paths
from simulator.fiscal import day_number, first_of_month, month_number, month_start_day, months_of_days
from simulator.history.deal_calls import COLUMNS as CALL_COLUMNS
from simulator.history.states import open_deals
from simulator.history.tables import History
from simulator.notes import MODEL, HowMade

SIMULATION, BLEND = "simulation", "blend"
METHODS = ("reps_commit", "reps_commit_adjusted", "in_blood", "category_arithmetic", SIMULATION, BLEND)
"""Names of the forecasts, in the order in which they are shown."""

N_PERIODS = 2
"""Nobody calls further ahead than the next quarter."""
LEAST_RECORD = 4
"""Past quarters without which a method is left out of a blend, and the rule gives no in-blood number."""
N_CHECKED = 6
MOST_OFF = 0.2
"""A rule whose deals booked a fifth more or less than it counted, over past quarters, gives no number."""


@dataclass(frozen=True)
class Judgement:
    """What people say of the quarters at hand, next to the simulation.

    Parameters
    ----------
    table : DataFrame
        period, segment, method, number, low, high, weight, note. ``number`` is the simulation's P50; low and
        high its P10 and P90, or of ``in_blood`` the number and all that its upside adds. ``weight``: of the
        method in the blend.
    deals : DataFrame
        period, then the columns of `judge_deals`.
    reps : DataFrame
        Of `rep_biases`.
    notes : tuple of str
    """

    table: pd.DataFrame
    deals: pd.DataFrame
    reps: pd.DataFrame
    notes: tuple[str, ...]

    def number(self, period: str, method: str) -> pd.Series | None:
        """Return the row of all segments, None where the method has no number."""
        table = self.table
        rows = table[(table["period"] == period) & (table["method"] == method) & (table["segment"] == ALL)]
        return rows.iloc[0] if len(rows) else None


def judge(
    paths: Paths,
    history: History,
    calls: pd.DataFrame | None = None,
    weights: Mapping[int, Mapping[str, float]] | None = None,
    notes: tuple[str, ...] = (),
    *,
    arithmetic: Collection[str] = (),
) -> Judgement:
    """Compare what people say of this quarter and the next with the simulation.

    Parameters
    ----------
    paths : Paths
    history : History
        As of the same day.
    calls : DataFrame, optional
        Judgements by deal (``history.deal_calls``); they overrule the rule.
    weights : mapping, optional
        By quarters ahead, of the methods in a blend (`blend_weights`). None: no blend.
    notes : tuple of str
        Of how the judgements were read.
    arithmetic : collection of str
        Segments with category arithmetic: those sold in volume, where conversion by category holds.
    """
    known = _known(paths, history)
    judged = _judged(known, calls if calls is not None else pd.DataFrame(columns=list(CALL_COLUMNS)))
    points = {"reps_commit": commit_forecast(known), **judged_forecasts(known)}
    points["category_arithmetic"] = arithmetic_forecast(known, arithmetic)
    error, shown = math.nan, calls is not None and not calls.empty
    if not shown:
        error, n_checked = past_error(known, history)
        shown = n_checked >= LEAST_RECORD and abs(error) <= MOST_OFF
        notes = (*notes, _say_record(error, n_checked))
    table = _side_by_side(paths, known, judged if shown else None, points, weights or {})
    return Judgement(table, judged, rep_biases(history, paths.calendar), notes)


def _side_by_side(
    paths: Paths,
    known: Known,
    judged: pd.DataFrame | None,
    points: Mapping[str, Floats],
    weights: Mapping[int, Mapping[str, float]],
) -> pd.DataFrame:
    """Return a row for each method with a number, by period and segment; no in-blood number without deals."""
    ours = add_total(paths.bookings_new(), paths.segments)
    booked = add_total(known.booked(), paths.segments)
    rows: list[dict[str, str | float]] = []
    for ahead, period in enumerate(paths.periods[: known.n_periods]):
        for place, name in enumerate(names_with_total(paths.segments)):
            low, middle, high = map(float, np.quantile(ours[:, ahead, place], QUANTILES))
            numbers = {method: (float(values[ahead, place]),) * 3 for method, values in points.items()}
            numbers[SIMULATION] = (low, middle, high)
            if judged is not None:
                deals = judged[judged["period"] == period]
                numbers["in_blood"] = _in_blood(deals, name, 0.0 if ahead else float(booked[place]))
            else:
                numbers.pop("in_blood", None)
            weight = _usable(weights.get(ahead, {}), numbers)
            if weight:
                numbers[BLEND] = (sum(weight[method] * numbers[method][1] for method in weight),) * 3
            rows += [
                {"period": period, "segment": name, "method": method}
                | {"number": numbers[method][1], "low": numbers[method][0], "high": numbers[method][2]}
                | {"weight": weight.get(method, np.nan)}
                for method in METHODS
                if method in numbers and np.isfinite(numbers[method][1])
            ]
    return pd.DataFrame(rows)


def past_error(known: Known, history: History) -> tuple[float, int]:
    """Return how far the rule was off in past quarters seen as early, and over how many.

    Sum of what it counted / sum of what was booked - 1: 0.1 where it counted a tenth too much.

    Parameters
    ----------
    known : Known
        As of today.
    history : History
        All that is known today.
    """
    day = (known.origin.as_of - first_of_month(known.calendar.first_month(known.origin.quarter))).days
    ended = np.sort(known.deals.loc[known.deals["outcome"] != OPEN, "ended"].to_numpy(np.float64))
    booked = bookings_by_quarter(known.deals, known.calendar, known.segments).sum(axis=1)
    counted, came, n = 0.0, 0.0, 0
    for quarter in range(known.origin.quarter - N_CHECKED, known.origin.quarter):
        as_of = first_of_month(known.calendar.first_month(quarter)) + dt.timedelta(days=day)
        if np.searchsorted(ended, day_number(as_of) + 1.0) < MIN_ENDED:
            continue
        origin = Origin(as_of, quarter, known.origin.week)
        then = know(knowable(history, as_of), origin, known.calendar, known.segments, 1)
        number = float(_judged_forecasts_in_blood(then)[0, -1])
        if np.isfinite(number):
            counted, came, n = counted + number, came + float(booked.get(quarter, 0.0)), n + 1
    return (counted / came - 1.0 if came > 0.0 else math.nan), n


def _say_record(error: float, n: int) -> str:
    listed = "no number is shown. The deals that it counts are listed"
    if n < LEAST_RECORD or not math.isfinite(error):
        few = f"{n} past quarters to check the rule against, fewer than {LEAST_RECORD}"
        return HowMade("in-blood", f"{few}: {listed}", MODEL)
    counted = f"{error:+.0%}".replace("-", "−")
    record = f"over {n} past quarters the rule counted {counted} against what was booked"
    off = "" if abs(error) <= MOST_OFF else f", more than {MOST_OFF:.0%} off: {listed}"
    return HowMade("in-blood", f"{record}{off}", MODEL)


def arithmetic_forecast(known: Known, segments: Collection[str]) -> Floats:
    """Return category arithmetic, shape (period, segment and total); NaN in segments not asked for.

    What is booked, open deals weighted by what their category won in past quarters seen from the same week,
    and of deals to be created what those of the last four quarters won in their own quarter.
    """
    out = stage_weighted(known)
    deals, calendar = known.deals, known.calendar
    born = calendar.quarter(months_of_days(deals["qualified"].to_numpy(np.float64)))
    won = (deals["outcome"] == WON).to_numpy()
    ended = np.full(len(deals), -1)
    ended[won] = calendar.quarter(months_of_days(deals["ended"].to_numpy(np.float64)[won]))
    at_once = (
        won & (ended == born) & (born >= known.origin.quarter - N_QUARTERS) & (born < known.origin.quarter)
    )
    amount = deals["amount"].fillna(0.0).to_numpy(np.float64)
    created = known.sums(deals.index.to_numpy()[at_once], amount[at_once]) / N_QUARTERS
    share = np.ones((known.n_periods, 1))
    share[0] = known.remaining_share
    out = out + add_total(created * share, known.segments)
    wanted = np.array([name in segments for name in known.segments])
    return np.where([*wanted, wanted.all()] if out.shape[1] > wanted.size else wanted, out, np.nan)


def blend_weights(scores: pd.DataFrame, week: int) -> dict[int, dict[str, float]]:
    """Return by quarters ahead how much each method has earned: weights as 1 / its squared error.

    Bates & Granger (1969), errors taken as independent: the mean absolute error of the total, from the week
    of the quarter nearest to this one. Methods with fewer than ``LEAST_RECORD`` past quarters get none.

    Parameters
    ----------
    scores : DataFrame
        As in ``Backtest.scores``: week, ahead, segment, method, n_quarters, absolute_error.
    week : int
        Whole weeks of the quarter that have passed.
    """
    found: dict[int, dict[str, float]] = {}
    table = scores[(scores["segment"] == ALL) & scores["method"].isin(METHODS)]
    table = table[(table["n_quarters"] >= LEAST_RECORD) & (table["absolute_error"] > 0)]
    for ahead, part in table.groupby("ahead"):
        nearest = min(set(part["week"]), key=lambda w: abs(w - week))
        errors = part[part["week"] == nearest].set_index("method")["absolute_error"].astype("float64")
        power = 1.0 / errors**2
        found[int(str(ahead))] = {str(name): float(share) for name, share in (power / power.sum()).items()}
    return found


def weeks_gone(paths: Paths) -> int:
    """Return how many whole weeks of the first quarter had passed by as_of."""
    start = float(month_start_day(paths.calendar.first_month(int(paths.quarters[0]))))
    return max(0, int((day_number(paths.as_of) + 1 - start) // 7))


def _known(paths: Paths, history: History) -> Known:
    origin = Origin(paths.as_of, int(paths.quarters[0]), weeks_gone(paths))
    return know(history, origin, paths.calendar, paths.segments, min(N_PERIODS, len(paths.periods)))


def _judged(known: Known, calls: pd.DataFrame) -> pd.DataFrame:
    """Return the deals judged for each period; one that counts in a period does not count in a later one."""
    deals = open_deals(known.history, known.states)
    ids = known.history.opportunities["opportunity_id"].to_numpy()[known.states.deal]
    usual = pd.Series(known.amount).groupby(ids).last()
    deals["amount"] = deals["amount"].fillna(deals["opportunity_id"].map(usual))
    tables: list[pd.DataFrame] = []
    for ahead in range(known.n_periods):
        table = judge_deals(deals, deadline_of(known, ahead), calls)
        table.insert(0, "period", known.calendar.quarter_label(known.origin.quarter + ahead))
        tables.append(table)
        deals = deals[~deals["opportunity_id"].isin(table.loc[table["counts"], "opportunity_id"])]
    return pd.concat(tables, ignore_index=True)


def _in_blood(deals: pd.DataFrame, segment: str, booked: float) -> tuple[float, float, float]:
    part = (
        deals if segment == ALL and ALL not in set(deals["segment"]) else deals[deals["segment"] == segment]
    )
    amount = part["amount"].fillna(0.0)
    number = booked + float(amount[part["counts"].to_numpy(bool)].sum())
    return number, number, number + float(amount[part["upside"].to_numpy(bool)].sum())


def _usable(
    weight: Mapping[str, float], numbers: Mapping[str, tuple[float, float, float]]
) -> dict[str, float]:
    """Return the weights of the methods that have a number, made to add up to 1."""
    there = {m: w for m, w in weight.items() if m in numbers and np.isfinite(numbers[m][1])}
    total = sum(there.values())
    return {method: w / total for method, w in there.items()} if total > 0 else {}


JUDGED = ("reps_commit_adjusted", "in_blood")
"""Names of the forecasts, as in the tables."""


def judged_forecasts(known: Known) -> dict[str, Floats]:
    """Return the forecasts by judgement, shape (period, segment and total); NaN where there is none.

    ``reps_commit_adjusted``: the reps' commit, each times what the rep has won for each unit called
    (`rep_biases`, of calls made as early in past quarters). ``in_blood``: what is booked and the deals that
    the rule of `in_blood` counts.
    """
    return dict(zip(JUDGED, (_adjusted(known), _judged_forecasts_in_blood(known)), strict=True))


def deadline_of(known: Known, ahead: int) -> Deadline:
    """Return a period this many quarters ahead as seen from the origin."""
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


def _judged_forecasts_in_blood(known: Known) -> Floats:
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
