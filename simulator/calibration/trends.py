"""How the hazards of deals and their SALs ran through the history: what of it holds now, and in words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np

from simulator.arrays import Floats, Ints
from simulator.calibration.calibration import DESTINATIONS, Clock, Drift
from simulator.calibration.clock import clock_days
from simulator.calibration.deals import DealRates
from simulator.calibration.drift import MIN_QUARTERS, Course, fit_course, steady_course
from simulator.calibration.exposure import DealMonths
from simulator.calibration.windows import DAYS_A_QUARTER, windows
from simulator.fiscal import FiscalCalendar, day_number, month_start_day
from simulator.history.tables import OUTCOMES
from simulator.notes import CALIBRATED, MODEL, HowMade

WON = DESTINATIONS.index("won")
WORTH_SAYING = 0.03
"""Change of a level below which a note says that it is steady."""


@dataclass(frozen=True)
class Courses:
    """The course of every destination, of SALs and of amounts."""

    deals: tuple[Course, ...]
    sals: Course
    amounts: Course

    @property
    def won(self) -> Course:
        """The course of winning, whose shock and season go on after as_of."""
        return self.deals[WON]

    def drift(self) -> Drift:
        """Return what the engine goes by."""
        return Drift(
            level=np.array([course.level for course in self.deals]),
            level_sd=np.sqrt([course.covariance[0, 0] for course in self.deals]),
            sals_growth=self.sals.growth,
            sals_covariance=self.sals.covariance,
            season_close=self.won.season,
            amounts=np.array([self.amounts.level, self.amounts.growth]),
            amounts_covariance=self.amounts.covariance,
        )

    def notes(self) -> list[str]:
        """Return shocks and drift in words."""
        said = [_shock_note("closing", self.won), _shock_note("demand", self.sals)]
        if self.won.n_quarters >= MIN_QUARTERS:
            said.append(_level_note(self.won))
        if self.sals.n_quarters >= MIN_QUARTERS:
            said.append(_growth_note(self.sals))
        return said


def deal_courses(
    months: DealMonths,
    rates: DealRates,
    profiles: tuple[Ints, Ints],
    clock: Clock | None,
    span: tuple[dt.date, FiscalCalendar],
) -> tuple[Course, ...]:
    """Compare the events of each quarter with what the fitted hazards lead to expect, by destination.

    Outcomes have a level that moves. Steps from one category to the next have none: how a team keeps its
    stages changes for reasons that say little of what it wins.

    Parameters
    ----------
    months : DealMonths
        The deals' months.
    rates : DealRates
        Fitted to them.
    profiles : tuple of ndarray of int64
        Profile of each opportunity, and the levels of each profile.
    clock : Clock, optional
        How winning is spread over the days of a month: a month of which only the first days are known had
        little of it.
    span : tuple of datetime.date and FiscalCalendar
        Last day of the history; fiscal quarters.
    """
    as_of, calendar = span
    now = day_number(as_of) + 1.0
    opening = float(month_start_day(int(months.month.min()))) if len(months.month) else now
    won = replace(months, days=clock_days(months, clock))
    courses = []
    for k, destination in enumerate(DESTINATIONS):
        if destination not in OUTCOMES:
            courses.append(steady_course())
            continue
        at_risk = won if k == WON else months
        expected = rates.expected_events(at_risk, *profiles, k)
        happened = (months.event == k).astype(np.float64)
        courses.append(_course(months.month, calendar, (opening, now), expected, happened))
    return tuple(courses)


def _course(
    month: Ints, calendar: FiscalCalendar, span: tuple[float, float], expected: Floats, happened: Floats
) -> Course:
    """Compare what happened with what was expected, by window."""
    now = span[1]
    middle = 0.5 * (month_start_day(month) + np.minimum(month_start_day(month + 1), now))
    parts = windows(month, calendar, span, float(happened.sum()))
    total, seen = parts.total(expected), parts.total(happened)
    when = parts.total(expected * (middle - now)) / np.maximum(total, 1e-12) / DAYS_A_QUARTER
    return fit_course(seen, total, when, season=parts.quarter % 4, quarter=parts.quarter)


def _shock_note(what: str, course: Course) -> str:
    if course.n_quarters < MIN_QUARTERS:
        value = f"{course.shock:.0%} is assumed; {_quarters(course)} too few to tell it from luck"
        return HowMade(f"shared shock on {what}", value, MODEL)
    span = f"80 % interval {course.shock_low:.0%} to {course.shock_high:.0%}"
    value = f"{course.shock:.0%} ({span}, from {_n_quarters(course)} quarters)"
    return HowMade(f"shared shock on {what}", value, CALIBRATED)


def _n_quarters(course: Course) -> int:
    """Return the quarters that the windows of a course span: months are windows where they hold enough."""
    return int(np.ceil(-course.quarters.min())) if len(course.quarters) else course.n_quarters


def _quarters(course: Course) -> str:
    return "one quarter is" if course.n_quarters == 1 else f"{course.n_quarters} quarters are"


def _level_note(course: Course) -> str:
    change = float(np.expm1(course.level))
    if abs(change) < WORTH_SAYING:
        stands = "deals are won about as readily now as over the whole history"
    else:
        stands = (
            f"deals are won {abs(change):.0%} {'more' if change > 0 else 'less'} readily now than on average"
        )
    return HowMade("drift of closing", f"{stands}{_scored(course)}", CALIBRATED)


def _growth_note(course: Course) -> str:
    change = float(np.expm1(4.0 * course.growth))
    if abs(change) < WORTH_SAYING:
        stands = "SALs neither grow nor shrink"
    else:
        stands = f"SALs {'grow' if change > 0 else 'shrink'} by {abs(change):.0%} a year, less and less ahead"
    return HowMade("drift of demand", f"{stands}{_scored(course)}", CALIBRATED)


def _scored(course: Course) -> str:
    better = "better" if course.step_score > 0 else "no better"
    return f"; a lasting step explains past quarters {better} than a steady level."
