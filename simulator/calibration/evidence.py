"""Top-down evidence: what simple methods forecast for the next months, with ranges from their own errors."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from simulator.arrays import Floats, Ints, Mask
from simulator.calibration.calibration import DESTINATIONS
from simulator.calibration.close_dates import first_rows
from simulator.calibration.damped_trend import damped_trend
from simulator.calibration.drift import Course, fit_level
from simulator.calibration.pull import Evidence
from simulator.calibration.windows import DAYS_A_QUARTER
from simulator.fiscal import FiscalCalendar, day_number, month_start_day, months_of_days
from simulator.history.opening import reliable_opening
from simulator.history.states import DealStates
from simulator.history.tables import History

WON = DESTINATIONS.index("won")
METHODS = ("mean of the last four", "damped trend", "yield of the open deals")
TREND = METHODS.index("damped trend")
QUARTERS_AHEAD = 4
WINS_A_MONTH = 20.0
"""Wins a month from which windows are months; with fewer a window is a quarter."""
MOST_ORIGINS = 24
YIELD_ORIGINS = 8
ERRORS = 12
SEASON_QUARTERS = 12
"""Whole quarters known with fewer of which methods are shown no season."""
FEW_ERRORS = 4
OFFSET = 0.1
"""Share of the usual level added to both sides of a ratio, so that a window without wins has a logarithm."""
NO_RECORD_SD = 0.7
LEAST_SD = 0.02


@dataclass(frozen=True)
class _Deals:
    """What the methods look at: the life of every deal and its money."""

    start: Floats
    end: Floats
    won: Mask
    money: Floats
    open_money: Floats
    first_day: float


def simple_methods(
    history: History,
    states: DealStates,
    segment: Ints,
    calendar: FiscalCalendar,
    *,
    open_amounts: bool = True,
    course: Course | None = None,
) -> Evidence | None:
    """Return what simple methods forecast (see ``top_down``).

    Open deals have a yield by stage; where all are in one, by segment.
    """
    group = 2 * states.category + states.late
    if np.ptp(group) == 0:
        group = segment[states.deal]
    amount = history.opportunities["amount"].to_numpy(np.float64)
    return top_down(states, amount, group, history.as_of, calendar, open_amounts=open_amounts, course=course)


def top_down(
    states: DealStates,
    amount: Floats,
    group: Ints,
    as_of: dt.date,
    calendar: FiscalCalendar,
    *,
    open_amounts: bool = True,
    course: Course | None = None,
) -> Evidence | None:
    """Forecast the coming windows by three simple methods, and average them.

    The mean of the last four windows; a damped trend (exponential smoothing of logarithms); and the share
    of the open money that was won so far ahead in the past, plus what new deals brought. Averages of the past
    know of no step: the first and the last are shown what would have been signed at today's level of winning.

    Parameters
    ----------
    states : DealStates
    amount : ndarray of float64, shape (opportunity,)
        Latest amount of each deal.
    group : ndarray of int64, shape (state,)
        Kind of open deal that has a yield of its own: its category, or its segment.
    as_of : datetime.date
        Last day known.
    calendar : FiscalCalendar
    open_amounts : bool
        Whether amounts are known before a deal is won; if not, open deals count by number.
    course : Course, optional
        How the level of winning ran; by default it was always today's.

    Returns
    -------
    Evidence, or None where fewer than four windows are known.
    """
    deals = _deals(states, amount, open_amounts)
    cut = day_number(as_of) + 1.0
    size = _months_a_window(deals, cut)
    season = np.exp(_season(deals, cut, calendar))
    deals = replace(deals, money=deals.money / season[_quarters(deals.end, calendar) % 4])
    edges = _edges(cut, calendar, size)
    origins = _origins(edges, size, deals.first_day)
    if len(origins) < FEW_ERRORS + 1:
        return None
    seen = _seen(deals, origins)
    level = float(seen[1:9, 0].mean())
    if level <= 0.0:
        return None
    today = replace(deals, money=deals.money * np.exp(-_level_then(deals.end, cut, course)))
    at_today = _seen(today, origins)
    points = _points(today, states, group, origins, at_today)
    points[TREND] = _trends(seen, OFFSET * level)
    compared = np.stack([seen if method == TREND else at_today for method in range(len(METHODS))])
    centre, log_sd, n = _pooled(points, compared, level)
    centre *= season[_quarters(edges[1:] - 1.0, calendar) % 4]
    n_windows = origins.shape[1] - 1
    return Evidence(np.full(n_windows, size, dtype=np.int64), centre, log_sd, level, n)


def _months_a_window(deals: _Deals, cut: float) -> int:
    """Return one month where enough is won in each, else a quarter's three."""
    recent = deals.won & (deals.end >= cut - 365.0)
    span = min(cut - deals.first_day, 365.0) / 30.4
    return 1 if recent.sum() / max(span, 1.0) >= WINS_A_MONTH else 3


def _deals(states: DealStates, amount: Floats, open_amounts: bool) -> _Deals:
    first = first_rows(states.deal)
    last = np.append(first[1:], len(states.deal)) - 1
    won = states.exit[last] == WON
    money = np.nan_to_num(amount[states.deal[last]])
    open_money = np.nan_to_num(states.amount) if open_amounts else np.ones(len(states.deal))
    return _Deals(
        states.start[first], states.end[last], won, np.where(won, money, 0.0), open_money,
        reliable_opening(states.start[first])[0],
    )  # fmt: skip


def _quarters(day: Floats, calendar: FiscalCalendar) -> Ints:
    return np.asarray(calendar.quarter(months_of_days(day)))


def _season(deals: _Deals, cut: float, calendar: FiscalCalendar) -> Floats:
    """Return the log factor of each quarter of the year in what is signed, as far as past years agree on it.

    The methods do not know of seasons: they are shown what would have been signed without.
    """
    first, last = (int(q) for q in _quarters(np.array([deals.first_day - 1.0, cut]), calendar))
    first, n = first + 1, last - first - 1
    if n < SEASON_QUARTERS:
        return np.zeros(4)
    won = deals.won & (deals.end < cut)
    place = _quarters(deals.end[won], calendar) - first
    signed = np.bincount(place[place >= 0], deals.money[won][place >= 0], n)[:n][-MOST_ORIGINS:]
    if not signed.any():
        return np.zeros(4)
    when = np.arange(-len(signed), 0, dtype=np.float64) + 0.5
    codes = np.arange(last - len(signed), last) % 4
    logs = np.log(signed + OFFSET * signed.mean())
    return fit_level(logs, np.zeros(len(signed)), when, grows=True, season=codes).season


def _level_then(day: Floats, cut: float, course: Course | None) -> Floats:
    """Return the log of the level of winning on each day over the level now."""
    if course is None or not len(course.path):
        return np.zeros(len(day))
    middle = course.quarters[1:] - 0.5 * np.diff(course.quarters)
    return np.asarray(course.path[np.searchsorted(middle, (day - cut) / DAYS_A_QUARTER)])


def _edges(cut: float, calendar: FiscalCalendar, size: int) -> Floats:
    """Return the day on which the coming windows begin and end, the first one begins at the cut."""
    month = int(months_of_days(np.array(cut)))
    first = month if size == 1 else calendar.first_month(int(calendar.quarter(month)))
    n = QUARTERS_AHEAD * 3 // size
    ends = month_start_day(first + size * np.arange(1, n + 1))
    return np.concatenate([[cut], ends])


def _origins(edges: Floats, size: int, first_day: float) -> Floats:
    """Return the same edges as seen from now and this many windows before, shape (origin, edge)."""
    ends = months_of_days(edges[1:])
    rest = edges[1] - edges[0]
    rows = []
    for back in range(MOST_ORIGINS + 1):
        moved = month_start_day(ends - size * back)
        begin = max(moved[0] - rest, month_start_day(int(ends[0]) - size * (back + 1)))
        if begin < first_day:
            break
        rows.append(np.concatenate([[begin], moved]))
    return np.array(rows).reshape(-1, len(edges))


def _seen(deals: _Deals, origins: Floats) -> Floats:
    """Return what was won in each window of each origin, shape (origin, window); NaN where not ended."""
    order = np.argsort(deals.end[deals.won], kind="stable")
    days = deals.end[deals.won][order]
    total = np.append(0.0, np.cumsum(deals.money[deals.won][order]))
    upto = total[np.searchsorted(days, origins, side="left")]
    seen = np.diff(upto, axis=1)
    return np.where(origins[:, 1:] <= origins[0, 0], seen, np.nan)


def _points(deals: _Deals, states: DealStates, group: Ints, origins: Floats, seen: Floats) -> Floats:
    """Return the forecast of each method, shape (method, origin, window); NaN for the trend."""
    n_origins, n_windows = seen.shape
    points = np.full((len(METHODS), n_origins, n_windows), np.nan)
    won, opened, created = _yields(deals, states, group, origins)
    for origin in range(n_origins):
        for window in range(n_windows):
            like = _like(seen, window, origin)
            if not len(like):
                continue
            points[0, origin, window] = like[:4].mean()
            past = slice(origin + window + 1, origin + window + 1 + YIELD_ORIGINS)
            money, held = won[past, window].sum(axis=0), opened[past].sum(axis=0)
            if not held.sum() > 0.0:
                continue
            share = np.where(held > 0.0, money / np.maximum(held, 1e-9), money.sum() / held.sum())
            run = created[past, window][:4]
            points[2, origin, window] = share @ opened[origin] + run.mean()
    return points


def _like(seen: Floats, window: int, origin: int = -1) -> Floats:
    """Return what windows of the same length brought that had ended by an origin, latest first.

    The first window may be cut short; the others are whole, and the last whole one ended two origins before.
    """
    column = min(window, 1)
    past = seen[origin + 1 + column :, column]
    return past[np.isfinite(past)]


def _trends(seen: Floats, added: float) -> Floats:
    """Return what a damped trend of logarithms forecasts, shape (origin, window)."""
    points = np.full(seen.shape, np.nan)
    for column, windows in ((0, slice(0, 1)), (1, slice(1, None))):
        series = np.log(np.maximum(_like(seen, column)[::-1], 0.0) + added)
        # What is known after this many windows is the forecast of the origin that follows them.
        logs = damped_trend(series, seen.shape[1])
        points[: len(series), windows] = np.exp(logs[::-1, windows]) - added
    return points


def _yields(deals: _Deals, states: DealStates, group: Ints, origins: Floats) -> tuple[Floats, Floats, Floats]:
    """Return won and open money of what was open at each origin, and what new deals brought.

    Returns
    -------
    won : ndarray of float64, shape (origin, window, group)
    opened : ndarray of float64, shape (origin, group)
    created : ndarray of float64, shape (origin, window)
    """
    n_groups, n_windows = int(group.max()) + 1, origins.shape[1] - 1
    won = np.zeros((len(origins), n_windows, n_groups))
    opened = np.zeros((len(origins), n_groups))
    created = np.zeros((len(origins), n_windows))
    place = np.unique(states.deal, return_inverse=True)[1]
    for row, edges in enumerate(origins):
        at = (states.start < edges[0]) & (states.end >= edges[0])
        # The state that a deal is in, the last one where two meet on the day.
        which = np.flatnonzero(at)
        which = which[np.append(place[which][1:] != place[which][:-1], True)] if len(which) else which
        opened[row] = np.bincount(group[which], deals.open_money[which], n_groups)
        deal = place[which]
        new = deals.won & (deals.start >= edges[0])
        for window in range(n_windows):
            low, high = edges[window], edges[window + 1]
            hit = deals.won[deal] & (deals.end[deal] >= low) & (deals.end[deal] < high)
            won[row, window] = np.bincount(group[which][hit], deals.money[deal[hit]], n_groups)
            created[row, window] = deals.money[new & (deals.end >= low) & (deals.end < high)].sum()
    return won, opened, created


def _pooled(points: Floats, seen: Floats, level: float) -> tuple[Floats, Floats, int]:
    """Average the methods: medians and spreads on the log scale, each spread from the method's own errors.

    Both have shape (method, origin, window): what a method forecast, and what came, as it is shown it.
    """
    added = OFFSET * level
    n_methods, _, n_windows = points.shape
    centre, sd = np.zeros(n_windows), np.zeros(n_windows)
    most = 0
    for window in range(n_windows):
        logs = np.log(np.maximum(points[:, :, window], 0.0) + added)
        errors = np.log(seen[:, :, window] + added) - logs
        spreads = []
        for method in range(n_methods):
            past = errors[method, 1:][np.isfinite(errors[method, 1:])][:ERRORS]
            most = max(most, len(past))
            spreads.append(error_spread(past))
        known = np.isfinite(logs[:, 0])
        centre[window] = max(np.exp(logs[known, 0].mean()) - added, 0.0)
        sd[window] = float(np.mean(np.array(spreads)[known]))
    return centre, sd, most


def error_spread(errors: Floats) -> float:
    """Return the standard deviation of a normal as wide, between P10 and P90, as the t of so few errors.

    Parameters
    ----------
    errors : ndarray of float64, shape (n,)
        Logs of what was seen over what was forecast, at the same horizon; with fewer than four the rest
        are taken to be of 0.7.
    """
    n = len(errors)
    squares = float((errors**2).sum()) + max(FEW_ERRORS - n, 0) * NO_RECORD_SD**2
    n = max(n, FEW_ERRORS)
    sd = max(float(np.sqrt(squares / n)), LEAST_SD)
    return sd * float(special.stdtrit(n, 0.9) / special.ndtri(0.9))
