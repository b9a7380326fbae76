"""The forecasts that a company makes without a simulator, for the same quarters from the same days."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.analysis.backtest.origins import Origin
from simulator.analysis.diagnose.qualified import OPEN, qualified_deals, rate_window, states_at
from simulator.analysis.totals import add_total
from simulator.arrays import Floats, Ints
from simulator.fiscal import FiscalCalendar, day_number, month_start_day, months_of_days
from simulator.history.states import DealStates, deal_states
from simulator.history.tables import CATEGORIES, OUTCOMES, History

BASELINES = (
    "stage_weighted",
    "category_haircuts",
    "category_arithmetic",
    "run_rate",
    "same_quarter_last_year",
    "exponential_smoothing",
    "reps_commit",
)
"""Names of the forecasts, as in the tables."""

HAIRCUTS = np.array([0.20, 0.60, 0.925])
"""Midpoints of practitioners' bands by category: pipeline 10-30, best case 50-70, commit 90-95 %."""

ARITHMETIC = {"commit": 0.9, "best_case": 0.6, "pipeline": 0.3, "created": 0.3}
"""Shares of the top-down forecast of a small-business team."""

N_QUARTERS = 4
N_REFERENCES = 8
FEW_DATES = 0.1
WON = OUTCOMES.index("won")


def category_arithmetic(commit: float, best_case: float, pipeline: float, created: float) -> float:
    """Return 90 % of commit, 60 % of best case, 30 % of pipeline and 30 % of what the quarter creates."""
    parts = {"commit": commit, "best_case": best_case, "pipeline": pipeline, "created": created}
    return sum(ARITHMETIC[name] * amount for name, amount in parts.items())


@dataclass(frozen=True)
class Known:
    """What there is to forecast from at an origin.

    Parameters
    ----------
    history : History
        As of the origin.
    states : DealStates
        Of its deals.
    deals : DataFrame
        ``qualified_deals`` of both.
    segment : ndarray of int64, shape (opportunity,)
        Position in ``segments``, -1 for none of them.
    amount : ndarray of float64, shape (state,)
        Amount in each state; where unknown the mean of what the segment has won.
    """

    origin: Origin
    history: History
    calendar: FiscalCalendar
    segments: tuple[str, ...]
    states: DealStates
    deals: pd.DataFrame
    segment: Ints
    amount: Floats
    n_periods: int

    @property
    def remaining_share(self) -> float:
        """Share of the first quarter's days that are still to come."""
        first, end = quarter_bounds(self.calendar, self.origin.quarter)
        return float((end - day_number(self.origin.as_of) - 1) / (end - first))

    def sums(self, deal: Ints, values: Floats) -> Floats:
        """Add up values of deals by segment, shape (segment,)."""
        code = self.segment[deal]
        return np.bincount(code[code >= 0], values[code >= 0], minlength=len(self.segments)).astype(float)

    def booked(self) -> Floats:
        """Return what the first quarter has booked by the origin, shape (segment,)."""
        table = bookings_by_quarter(self.deals, self.calendar, self.segments)
        return np.asarray(table.reindex([self.origin.quarter], fill_value=0.0).to_numpy()[0])


def know(
    history: History, origin: Origin, calendar: FiscalCalendar, segments: tuple[str, ...], n_periods: int
) -> Known:
    """Gather what the baselines forecast from; the history is that of the origin (``knowable``)."""
    states = deal_states(history)
    deals = qualified_deals(history, states)
    segment = pd.Index(segments).get_indexer(pd.Index(history.opportunities["segment"].fillna("unknown")))
    won = deals[deals["outcome"] == WON]
    mean = won.groupby("segment")["amount"].mean().reindex(list(segments)).fillna(won["amount"].mean())
    filled = np.append(mean.to_numpy(np.float64), 0.0)[segment[states.deal]]
    amount = np.where(np.isnan(states.amount), filled, states.amount)
    return Known(
        origin, history, calendar, segments, states, deals, segment.astype(np.int64), amount, n_periods
    )


def baseline_forecasts(known: Known) -> dict[str, Floats]:
    """Return every baseline, shape (period, segment and total); NaN where a company could not make it."""
    forecasts = (
        stage_weighted(known),
        _weighted_categories(known, HAIRCUTS),
        arithmetic_forecast(known),
        *_by_past_quarters(known),
        commit_forecast(known),
    )
    return dict(zip(BASELINES, forecasts, strict=True))


def bookings_by_quarter(
    deals: pd.DataFrame, calendar: FiscalCalendar, segments: tuple[str, ...]
) -> pd.DataFrame:
    """Return what was won: a row a quarter number, a column a segment; quarters without wins are absent."""
    won = deals[deals["outcome"] == WON]
    quarter = calendar.quarter(months_of_days(won["ended"].to_numpy(np.float64)))
    table = won.assign(quarter=quarter, segment=won["segment"].fillna("unknown"))
    by = table.pivot_table(index="quarter", columns="segment", values="amount", aggfunc="sum", fill_value=0.0)
    return by.reindex(columns=list(segments), fill_value=0.0).astype("float64")


def quarter_bounds(calendar: FiscalCalendar, quarter: int) -> tuple[float, float]:
    """Return the day numbers at which a quarter begins and ends."""
    month = calendar.first_month(quarter)
    return float(month_start_day(month)), float(month_start_day(month + 3))


def _due(known: Known, rows: Ints, quarter: int, ahead: int) -> Ints:
    """Return the states among ``rows`` whose close date lies this many quarters ahead; past due: at once."""
    close = known.states.close_month[rows]
    place = np.maximum(known.calendar.quarter(close) - quarter, 0)
    return np.asarray(rows[(close >= 0) & (place == ahead)])


def _judged(known: Known, rows: Ints, quarter: int, ahead: int) -> Ints:
    """Return the open deals that a forecast weights: those due, and for later quarters all of them."""
    return _due(known, rows, quarter, ahead) if ahead == 0 and _has_dates(known, rows) else rows


def _has_dates(known: Known, rows: Ints) -> bool:
    return bool(rows.size) and float((known.states.close_month[rows] >= 0).mean()) >= FEW_DATES


def _open_rows(known: Known) -> Ints:
    return states_at(known.states, day_number(known.origin.as_of) + 1)


def stage_weighted(known: Known) -> Floats:
    """Weight open deals by what their category won in past quarters seen from the same week."""
    rows = _open_rows(known)
    out = np.full((known.n_periods, len(known.segments)), np.nan)
    for ahead in range(known.n_periods):
        share = _past_conversion(known, ahead)
        if share is None:
            continue
        due = _judged(known, rows, known.origin.quarter, ahead)
        weighted = share[known.states.category[due]] * known.amount[due]
        out[ahead] = known.sums(known.states.deal[due], weighted)
    return _with_booked(known, out)


def _past_conversion(known: Known, ahead: int) -> Floats | None:
    """Return the share of each category's amount that was won in the quarter, over past quarters."""
    states, calendar = known.states, known.calendar
    ended = known.deals["ended"].reindex(range(len(known.history.opportunities))).to_numpy(np.float64)
    outcome = known.deals["outcome"].reindex(range(len(ended)), fill_value=OPEN).to_numpy()
    began = float(states.start.min()) if len(states.start) else np.inf
    total, won = np.zeros(len(CATEGORIES)), np.zeros(len(CATEGORIES))
    for back in range(ahead + 1, ahead + 1 + N_REFERENCES):
        quarter = known.origin.quarter - back
        day = quarter_bounds(calendar, quarter)[0] + 7.0 * known.origin.week
        first, end = quarter_bounds(calendar, quarter + ahead)
        if day <= began:
            break
        rows = _judged(known, states_at(states, day), quarter, ahead)
        deal = states.deal[rows]
        hit = (outcome[deal] == WON) & (ended[deal] >= max(first, day)) & (ended[deal] < end)
        total += np.bincount(states.category[rows], known.amount[rows], minlength=len(CATEGORIES))
        won += np.bincount(states.category[rows], known.amount[rows] * hit, minlength=len(CATEGORIES))
    return np.divide(won, total, out=np.zeros(len(CATEGORIES)), where=total > 0) if total.any() else None


def _weighted_categories(known: Known, weight: Floats) -> Floats:
    rows = _open_rows(known)
    out = np.full((known.n_periods, len(known.segments)), np.nan)
    if _has_dates(known, rows):
        for ahead in range(known.n_periods):
            due = _due(known, rows, known.origin.quarter, ahead)
            weighted = weight[known.states.category[due]] * known.amount[due]
            out[ahead] = known.sums(known.states.deal[due], weighted)
    return _with_booked(known, out)


def arithmetic_forecast(known: Known) -> Floats:
    """Return the top-down forecast of every segment; what a quarter creates is as in the last four."""
    weight = np.array([ARITHMETIC[name] for name in CATEGORIES])
    out = _weighted_categories(known, weight)
    deals = known.deals
    quarter = known.calendar.quarter(months_of_days(deals["qualified"].to_numpy(np.float64)))
    last = (quarter < known.origin.quarter) & (quarter >= known.origin.quarter - N_QUARTERS)
    amount = deals["first_amount"].fillna(deals["amount"]).fillna(0.0).to_numpy(np.float64)
    n_quarters = max(1, len(np.unique(quarter[last])))
    created = known.sums(deals.index.to_numpy()[last], amount[last]) / n_quarters
    share = np.ones((known.n_periods, 1))
    share[0] = known.remaining_share
    return out + add_total(ARITHMETIC["created"] * created * share, known.segments)


def _by_past_quarters(known: Known) -> tuple[Floats, Floats, Floats]:
    """Return run rate, same quarter last year and exponential smoothing."""
    first_day = float(known.states.start.min())
    window = rate_window(known.calendar, known.origin.as_of, first_day, 400)
    table = bookings_by_quarter(known.deals, known.calendar, known.segments)
    past = table.reindex(list(window.quarters), fill_value=0.0).to_numpy()
    past = add_total(past.reshape(len(window.quarters), len(known.segments)), known.segments)
    nothing = np.full(past.shape[1], np.nan)
    rate = past[-N_QUARTERS:].mean(axis=0) if len(past) else nothing
    smooth = np.array([_smoothed(series) for series in past.T])
    row = {quarter: past[i] for i, quarter in enumerate(window.quarters)}
    ahead = range(known.origin.quarter, known.origin.quarter + known.n_periods)
    last_year = np.stack([row.get(quarter - 4, nothing) for quarter in ahead])
    whole = [np.tile(values, (known.n_periods, 1)) for values in (rate, smooth)]
    rates, smoothed = (_with_rest(known, values) for values in whole)
    return rates, _with_rest(known, last_year), smoothed


def _smoothed(series: Floats) -> float:
    """Return the level of simple exponential smoothing, its weight by least squares."""
    from statsmodels.tsa.holtwinters import SimpleExpSmoothing

    if series.size < N_QUARTERS or np.ptp(series) == 0.0:
        return float(series.mean()) if series.size else np.nan
    scale = float(np.abs(series).mean())
    with warnings.catch_warnings():
        # A flat optimum is no fault: any weight near it forecasts the same.
        warnings.simplefilter("ignore")
        fitted = SimpleExpSmoothing(series / scale, initialization_method="estimated").fit()
    return float(fitted.forecast(1)[0]) * scale


def _with_rest(known: Known, whole: Floats) -> Floats:
    """Return forecasts of whole quarters as what is booked and the rest of the first one."""
    out = whole.copy()
    out[0] = whole[0] * known.remaining_share + add_total(known.booked(), known.segments)
    return out


def _with_booked(known: Known, out: Floats) -> Floats:
    out[0] += known.booked()
    return add_total(out, known.segments)


def last_calls(history: History, period: str) -> pd.DataFrame:
    """Return the last call that each rep gave for a quarter."""
    calls = history.calls[history.calls["period"] == period].sort_values("as_of", kind="stable")
    return calls.drop_duplicates("rep_id", keep="last")


def commit_forecast(known: Known) -> Floats:
    """Add up the last commit that each rep gave for each quarter."""
    out = np.full((known.n_periods, len(known.segments)), np.nan)
    segment = known.history.reps.drop_duplicates("rep_id").set_index("rep_id")["segment"]
    for ahead in range(known.n_periods):
        label = known.calendar.quarter_label(known.origin.quarter + ahead)
        last = last_calls(known.history, label)
        sums = last["commit"].groupby(last["rep_id"].map(segment)).sum()
        out[ahead] = sums.reindex(list(known.segments)).to_numpy(np.float64)
    total = np.where(np.isnan(out).all(axis=1), np.nan, np.nansum(out, axis=1))
    return out if known.segments == ("all",) else np.column_stack([out, total])
