"""What a simulation returns: arrays by path, period, segment and flow, in this axis order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from simulator.arrays import Floats, Ints
from simulator.fiscal import FiscalCalendar
from simulator.kernels.customers.flows import ARR_FLOWS
from simulator.kernels.flows import FLOWS, ORIGINS

QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Paths:
    """Simulations of one scenario.

    Parameters
    ----------
    scenario : str
        Name of the scenario.
    currency : str
        ISO code of every amount.
    as_of : datetime.date
        Last day known; paths begin the day after.
    calendar : FiscalCalendar
        Fiscal calendar of the periods.
    months : ndarray of int64, shape (month,)
        Month numbers simulated; the first may be what is left of a month.
    quarters : ndarray of int64, shape (period,)
        Quarter numbers; the first may be partial.
    partial : bool
        Whether the first period had begun by ``as_of``.
    segments : tuple of str
        Names, in axis order.
    flows : ndarray of float64, shape (path, period, segment, flow)
        Simulated from the day after ``as_of``; names of the last axis in ``FLOWS``. Unit: scenario
        currency, or deals where the name starts with ``n_``.
    monthly_bookings : ndarray of float64, shape (path, month, segment)
        New-business bookings signed in each month. Unit: scenario currency.
    booked : ndarray of float64, shape (segment,)
        Signed in the first period up to and including ``as_of`` (0 unless partial).
    n_booked : ndarray of float64, shape (segment,)
        How many deals that was.
    open_amount : ndarray of float64, shape (category, segment)
        Amount of the open deals at ``as_of``; unknown amounts at their segment's mean.
    due_amount : ndarray of float64, shape (period, category, segment)
        The part of it whose close date lies in each period; what is past due lies in none.
    n_open : ndarray of int64, shape (category, segment)
        How many deals that is.
    rate_draw : ndarray of int64, shape (path,)
        The draw of the rates that each path used.
    open_deals : tuple of str
        Ids of the open deals, in axis order.
    open_wins : ndarray of int64, shape (open deal, period)
        In how many simulations each open deal is won in each period.
    open_tally : ndarray of float64, shape (open deal, period, 3), optional
        Means over all simulations: what is signed of each open deal in each period; that times what all
        segments sign in the period (the latter in steps of some 1/4096 of the open pipeline); days from
        ``as_of`` to the signature, counted 0 where it is not won.
    roles : tuple of str
        People after the sale whose work is simulated, account executives first; empty: none.
    people : ndarray of float64, shape (path, period, segment, measure), optional
        Of each role head-months, ramped head-months, hours asked of it and hours done; then of each
        activity after the signature hours asked, done, and done weighted by how well.
    n_averaged : int
        Simulations that each path is the mean of: 1, unless luck is switched off.
    due_by_month : ndarray of float64, shape (month, segment), optional
        As `due_amount`, by month and all categories together.
    past_due_amount, n_past_due : ndarray, shape (category, segment), optional
        The part of the open amount whose close date lies before ``as_of``, and how many deals that is.
    arr_flows : ndarray of float64, shape (path, period, segment, flow), optional
        Movements of ARR and what else customers add up; names of the last axis in ``ARR_FLOWS``. None:
        no customers are simulated. Unit: scenario currency, or customers where the name starts with ``n_``.
    arr_opening, n_customers : ndarray of float64, shape (segment,), optional
        ARR and number of customers at ``as_of``.
    booked_by_customers : ndarray of float64, shape (segment, 2), optional
        Expansion and renewal bookings of the first period up to and including ``as_of``.
    monthly_customer_bookings : ndarray of float64, shape (path, month, segment, 2), optional
        Expansion and renewal bookings signed in each month. Unit: scenario currency.
    of_type : mapping of str to Paths
        Renewal and expansion deals simulated on their own; none where customers are simulated.
    """

    scenario: str
    currency: str
    as_of: dt.date
    calendar: FiscalCalendar
    months: Ints
    quarters: Ints
    partial: bool
    segments: tuple[str, ...]
    flows: Floats
    monthly_bookings: Floats
    booked: Floats
    n_booked: Floats
    open_amount: Floats
    due_amount: Floats
    n_open: Ints
    rate_draw: Ints
    open_deals: tuple[str, ...]
    open_wins: Ints
    due_by_month: Floats | None = None
    past_due_amount: Floats | None = None
    n_past_due: Ints | None = None
    arr_flows: Floats | None = None
    arr_opening: Floats | None = None
    n_customers: Floats | None = None
    booked_by_customers: Floats | None = None
    monthly_customer_bookings: Floats | None = None
    open_tally: Floats | None = None
    n_averaged: int = 1
    roles: tuple[str, ...] = ()
    people: Floats | None = None
    of_type: Mapping[str, Paths] = field(default_factory=dict)

    @property
    def periods(self) -> tuple[str, ...]:
        """Names of the fiscal quarters, such as ``FY27Q1``."""
        return tuple(self.calendar.quarter_label(int(q)) for q in self.quarters)

    @property
    def n_paths(self) -> int:
        """Number of simulated paths."""
        return int(self.flows.shape[0])

    def flow(self, name: str) -> Floats:
        """Return one flow, shape (path, period, segment).

        Raises
        ------
        ValueError
            No flow has that name.
        """
        return np.asarray(self.flows[..., FLOWS.index(name)])

    def arr_flow(self, name: str) -> Floats:
        """Return one flow of the customers, shape (path, period, segment).

        Raises
        ------
        ValueError
            No flow has that name, or no customers are simulated.
        """
        if self.arr_flows is None:
            raise ValueError("no customers are simulated")
        return np.asarray(self.arr_flows[..., ARR_FLOWS.index(name)])

    def bookings_by_origin(self) -> Floats:
        """Return new-business bookings, shape (path, period, segment, origin), simulated part only."""
        first = FLOWS.index("won_" + ORIGINS[0])
        return np.asarray(self.flows[..., first : first + len(ORIGINS)])

    def bookings_new(self) -> Floats:
        """Return new-business bookings, shape (path, period, segment), what is already booked included."""
        bookings: Floats = self.bookings_by_origin().sum(axis=-1)
        bookings[:, 0, :] += self.booked
        return bookings

    def bookings_by_kind(self) -> dict[str, Floats]:
        """Return bookings by kind, shape (path, period, segment), what is already booked included.

        ``new``; ``expansion`` and ``renewal`` where customers, or deals of that type, are simulated.
        """
        kinds = {"new": self.bookings_new()}
        for place, kind in enumerate(("expansion", "renewal")):
            if kind in self.of_type:
                kinds[kind] = self.of_type[kind].bookings_new()
            elif self.arr_flows is not None:
                kinds[kind] = self.arr_flow(f"bookings_{kind}").copy()
                if self.booked_by_customers is not None:
                    kinds[kind][:, 0, :] += self.booked_by_customers[:, place]
        return kinds

    def booked_by_kind(self) -> dict[str, Floats]:
        """Return what was signed in the first period up to and including ``as_of``, shape (segment,)."""
        kinds = {"new": self.booked}
        if self.booked_by_customers is not None:
            kinds |= dict(zip(("expansion", "renewal"), self.booked_by_customers.T, strict=True))
        return kinds | {kind: own.booked for kind, own in self.of_type.items()}

    def monthly_by_kind(self) -> dict[str, Floats]:
        """Return what is signed in each month after ``as_of``, shape (path, month, segment)."""
        kinds = {"new": self.monthly_bookings}
        if self.monthly_customer_bookings is not None:
            monthly = np.moveaxis(self.monthly_customer_bookings, -1, 0)
            kinds |= dict(zip(("expansion", "renewal"), monthly, strict=True))
        return kinds | {kind: own.monthly_bookings for kind, own in self.of_type.items()}
