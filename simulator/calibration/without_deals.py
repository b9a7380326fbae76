"""A calibration without any deal: for scenarios that state their rates, and companies of customers alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np

from simulator.calibration.calibration import (
    DESTINATIONS,
    Arrivals,
    Calibration,
    Dirichlet,
    GammaRates,
    Profiles,
)
from simulator.fiscal import FiscalCalendar
from simulator.history.tables import CATEGORIES

N_OFFSETS = 37
"""Months to the first close date that are told apart."""


def without_deals(as_of: dt.date, calendar: FiscalCalendar, has_close_dates: bool = False) -> Calibration:
    """Return a calibration that knows no segment and no deal.

    Parameters
    ----------
    as_of : datetime.date
    calendar : FiscalCalendar
    has_close_dates : bool
        Whether deals that a scenario adds are planned to close on a date.
    """
    rates = np.zeros((0, len(CATEGORIES), len(DESTINATIONS)))
    return Calibration(
        segments=(),
        as_of=as_of,
        first_day=as_of,
        calendar=calendar,
        hazards=GammaRates(rates, rates, rates, rates),
        factors={},
        effects={},
        profiles=Profiles((), np.zeros((1, 0), dtype=np.int64), np.zeros((0, 1))),
        amounts=(),
        multiplier_new=(),
        multiplier_open=(),
        size_edges=np.zeros((0, 2)),
        offset=Dirichlet(np.zeros((0, N_OFFSETS)), np.zeros((0, N_OFFSETS))),
        push=Dirichlet(np.zeros((0, 1)), np.zeros((0, 1))),
        redate=np.array([[1.0, 0.0], [1.0, 0.0]]),
        early_push=np.zeros((0, 2)),
        entry=Dirichlet(np.zeros((0, 6)), np.zeros((0, 6))),
        arrivals=_no_arrivals(),
        shock_close=0.0,
        shock_demand=0.0,
        has_stages=True,
        has_close_dates=has_close_dates,
    )


def _no_arrivals() -> Arrivals:
    none = np.zeros(0)
    return Arrivals(
        segment=np.zeros(0, dtype=np.int64),
        source=(),
        shape=none,
        rate=none,
        dispersion=none,
        season=np.ones(12),
        season_log_sd=np.zeros(12),
        events=none,
        exposure_months=none,
    )


WON_PER_DAY = 24.0
NO_DEALS = (
    "There are no deals in the history. New customers are assumed to come as before: how many, and of what "
    "ARR, is taken from when the customers started. Their first ARR counts as new bookings."
)


def of_new_customers(found: Calibration) -> Calibration:
    """Return the rates of new customers, from those of the deals that stand for their starts.

    How many come, and of what ARR, is kept; each is signed within the hour.
    """
    shape = np.zeros_like(found.hazards.shape)
    shape[:, CATEGORIES.index("pipeline"), DESTINATIONS.index("won")] = np.inf
    certain = np.full_like(shape, np.inf)
    drift = found.drift
    return replace(
        found,
        hazards=GammaRates(shape, np.full_like(shape, WON_PER_DAY), found.hazards.events, certain),
        factors={},
        effects={},
        factor_covariance=None,
        effect_covariance=None,
        segment_ages=None,
        reps=None,
        clock=None,
        profiles=Profiles((), np.zeros((1, 0), dtype=np.int64), np.ones((len(found.segments), 1))),
        shock_close=0.0,
        evidence=None,
        drift=drift and replace(drift, season_close=np.zeros_like(drift.season_close)),
        notes=(NO_DEALS, *(n for n in found.notes if "demand" in n), *getattr(found.customers, "notes", ())),
    )
