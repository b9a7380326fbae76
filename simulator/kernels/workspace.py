"""What the kernels read of a scenario, what a path adds up, and the space it works in."""

from typing import NamedTuple

import numpy as np

from simulator.arrays import Floats, Ints
from simulator.kernels.batch import Batch, open_batch
from simulator.kernels.customers.accounts import N_TARGETS, Accounts, open_accounts
from simulator.kernels.customers.customer import CustomerPlan
from simulator.kernels.customers.flows import N_ARR_FLOWS, N_COHORT_FLOWS
from simulator.kernels.deals.plan import DealPlan
from simulator.kernels.deals.queue import N_MOMENTS
from simulator.kernels.flows import N_FLOWS
from simulator.kernels.people.capacity import CapacityPlan
from simulator.kernels.people.coverage import N_ACTIVITIES, PeoplePlan, n_measures


class Plans(NamedTuple):
    """All that the kernels need to know of a scenario."""

    deals: DealPlan
    capacity: CapacityPlan
    customers: CustomerPlan
    people: PeoplePlan


class Workspace(NamedTuple):
    """What a path adds up, and the space it works in. Money in cents."""

    flows: Floats
    """(month, segment, flow) of deals."""
    arr_flows: Floats
    """(month, segment, flow) of customers."""
    cohort: Floats
    """(segment, 5, quarter) of customers."""
    batch: Batch
    """Room for the deals of one segment."""
    accounts: Accounts
    """Room for the customers of one segment."""
    cover: Floats
    """(segment or 0, month, 4) what coverage does to customers."""
    hours: Floats
    """(activity,) space: hours asked in a month."""
    reached: Floats
    """(activity,) space: share of them that is done, weighted by how well."""
    people: Floats
    """(quarter, segment, measure) of roles and activities."""
    role_heads: Floats
    """(cell, month) heads of roles."""
    role_ramped: Floats
    """(cell, month) the same weighted by ramp."""
    open_wins: Ints
    """(open deal, quarter) paths on which each open deal is won."""
    open_won: Floats
    """(open deal, 3) what the path signs of each: cents, quarter, day; nothing where it is not won."""
    open_sum: Floats
    """(open deal, quarter) the same added up over the simulations that a path is the mean of."""
    open_tally: Ints
    """(open deal, quarter, 3) sums over paths, whole so that their order does not matter: signed cents,
    signed units of currency times the grains of the quarter's bookings, days to the signature."""
    grain: float
    """Cents in which the quarter's bookings are counted for the second sum."""
    shock: Floats
    """(quarter, 3) factors on closing, on demand and on what is signed."""
    heads: Floats
    """(segment, month) reps employed."""
    ramped: Floats
    """(segment, month) the same weighted by ramp."""
    sourcing: Floats
    """(segment, month) ramped reps to the power that the SALs which they source grow with."""
    slots: Floats
    """(month,) space for one segment's slots."""
    ends: Floats
    """(deal, 2) heap of when deals end that are worked, in one month."""
    arrivals: Floats
    """(SAL, 2) one month's arrivals, latest first: time, entry."""
    sorting: Floats
    """(SAL, 3) space to sort them."""
    moments: Ints
    """(N_MOMENTS,) space: who comes and who ends in each part of a month."""
    advocates: Floats
    """(segment, month + 1) change of the number of advocates; no rows: nobody asks."""


def open_workspace(plans: Plans, open_wins: Ints, n_entries: int, n_accounts: int) -> Workspace:
    """Return a workspace for the plans of a scenario (not compiled: kernels do not allocate).

    Parameters
    ----------
    plans : Plans
    open_wins : ndarray of int64, shape (open deal, quarter)
        Will be added to; its ``open_tally`` begins at 0.
    n_entries : int
        Deals that a segment has room for at once.
    n_accounts : int
        Customers that a segment has room for over the horizon.
    """
    plan, people, customers = plans.deals, plans.people, plans.customers
    n_months, n_quarters = plan.month_end.shape[0], open_wins.shape[1]
    n_segments, n_open = plan.open_first.size - 1, open_wins.shape[0]
    n_cells = people.kind.size if people.worst.size else 0
    refer = (plan.referral_stream >= 0).any()
    return Workspace(
        flows=np.zeros((n_months, n_segments, N_FLOWS)),
        arr_flows=np.zeros((n_months, n_segments, N_ARR_FLOWS)),
        cohort=np.zeros((n_segments, N_COHORT_FLOWS, n_quarters)),
        batch=open_batch(n_entries, plan.concessions.discount.size - 1, plan.stream_key.size),
        accounts=open_accounts(n_accounts if customers.terms.size else 0, n_quarters),
        cover=np.ones((n_segments if n_cells else 0, n_months, N_TARGETS)),
        hours=np.zeros(N_ACTIVITIES),
        reached=np.zeros(N_ACTIVITIES),
        people=np.zeros((n_quarters, n_segments, n_measures(people.kind.shape[0] if n_cells else 0))),
        role_heads=np.zeros((n_cells, n_months)),
        role_ramped=np.zeros((n_cells, n_months)),
        open_wins=open_wins,
        open_won=np.zeros((n_open, 3)),
        open_sum=np.zeros((n_open, n_quarters)),
        open_tally=np.zeros((n_open, n_quarters, 3), dtype=np.int64),
        grain=grain_of(plan),
        shock=np.ones((n_quarters, 3)),
        heads=np.zeros((n_segments, n_months)),
        ramped=np.zeros((n_segments, n_months)),
        sourcing=np.zeros((n_segments, n_months)),
        slots=np.zeros(n_months),
        ends=np.zeros((n_entries, 2)),
        arrivals=np.zeros((n_entries, 2)),
        sorting=np.zeros((n_entries, 3)),
        moments=np.zeros(N_MOMENTS, dtype=np.int64),
        advocates=np.zeros((n_segments if refer else 0, n_months + 1)),
    )


def grain_of(plan: DealPlan) -> float:
    """Return the cents in which bookings are counted next to those of one deal: 12 bits of all open deals.

    Coarse enough for whole sums over a million paths to stay exact, fine enough for a spread of a few
    per cent of the pipeline to span hundreds of grains.
    """
    total = float(np.maximum(plan.open_amount, 0.0).sum())
    return float(2.0 ** max(np.floor(np.log2(max(total, 1.0))) - 12.0, 0.0))
