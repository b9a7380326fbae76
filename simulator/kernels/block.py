"""Several paths one after the other: their months added up to quarters, and what they sign of open deals."""

import numpy as np
from numba import njit

from simulator.kernels.customers.books import close_books
from simulator.kernels.deals.new_deals import draw_shocks
from simulator.kernels.flows import N_FLOWS, N_ORIGINS, WON
from simulator.kernels.jit import PART, WHOLE
from simulator.kernels.path import simulate_path
from simulator.kernels.random import Luck


@njit(**PART)
def scale(values, factor):
    """Multiply an array of three axes in place.

    A plain loop: array expressions bring in seconds of compilation for messages about shapes.
    """
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            for k in range(values.shape[2]):
                values[i, j, k] *= factor


@njit(**PART)
def add_up(plan, monthly, flows, bookings):
    """Add the months of a path up to its quarters, and its bookings over where they came from."""
    # Not by scaling: what an array was made with may be no number, which zero times is none either.
    for quarter in range(flows.shape[0]):
        for segment in range(flows.shape[1]):
            for flow in range(N_FLOWS):
                flows[quarter, segment, flow] = 0.0
    for month in range(monthly.shape[0]):
        quarter = (month + plan.first_month_of_quarter) // 3
        for segment in range(monthly.shape[1]):
            for flow in range(N_FLOWS):
                flows[quarter, segment, flow] += monthly[month, segment, flow]
            bookings[month, segment, 0] = 0.0
            for origin in range(N_ORIGINS):
                bookings[month, segment, 0] += monthly[month, segment, WON + origin]


@njit(**PART)
def add_open_wins(open_won, open_sum, open_tally):
    """Add what a simulation signs of each open deal to the sums of its path, and clear it."""
    for deal in range(open_won.shape[0]):
        won = open_won[deal]
        if won[0] != 0.0:
            quarter = int(won[1])
            open_sum[deal, quarter] += won[0]
            open_tally[deal, quarter, 2] += int(won[2])
            won[0] = 0.0


@njit(**PART)
def tally_open_deals(open_sum, open_tally, grain, flows, n_averaged):
    """Add what a path signs of each open deal to the sums, and clear the space.

    The product with all that the quarter books says how much of the spread depends on the deal.
    """
    for quarter in range(open_sum.shape[1]):
        total = 0.0
        for segment in range(flows.shape[1]):
            for origin in range(N_ORIGINS):
                total += flows[quarter, segment, WON + origin]
        grains = int(np.rint(total / grain))
        for deal in range(open_sum.shape[0]):
            won = open_sum[deal, quarter]
            if won != 0.0:
                open_tally[deal, quarter, 0] += int(won)
                open_tally[deal, quarter, 1] += int(np.rint(won / (100.0 * n_averaged))) * grains
                open_sum[deal, quarter] = 0.0


@njit(**WHOLE)
def simulate_block(plans, workspace, seed, paths, n_averaged, draws, opening, out):
    """Simulate several paths; return whether there was room for all deals and customers.

    Where there was not, the workspace and what is filled are of no use.

    Parameters
    ----------
    plans : Plans
    workspace : Workspace
        As ``open_workspace`` returns them; the wins of the open deals are added to.
    seed : uint64
    paths : ndarray of int64, shape (path,)
        Their numbers.
    n_averaged : int
        1, or how many simulations, the same for every path, each path is the mean of: what luck does is
        then the same everywhere, and paths differ by their rates and shocks only.
    draws : ndarray of int64, shape (path,)
        Draw of the rates that each path uses.
    opening : ndarray of float64, shape (segment,)
        ARR at as_of. Unit: cents.
    out : tuple of ndarray of float64
        Filled: flows (path, quarter, segment, flow), ARR flows (path, quarter or 0, segment, flow),
        bookings (path, month, segment, 3): new, expansion, renewal, and measures of roles and activities
        (path, quarter, segment, measure). Unit: cents, deals, customers, or head-months and hours.
    """
    flows, arr_flows, bookings, measures = out
    plan, has_customers = plans.deals, arr_flows.shape[1] > 0
    for row in range(draws.shape[0]):
        scale(workspace.flows, 0.0)
        scale(workspace.arr_flows, 0.0)
        scale(workspace.cohort, 0.0)
        scale(workspace.people, 0.0)
        draw_shocks(plan, np.uint64(seed), np.uint64(paths[row]), workspace.shock)
        for again in range(n_averaged):
            path = paths[row] if n_averaged == 1 else again
            luck = Luck(np.uint64(seed), np.uint64(path), draws[row])
            if not simulate_path(plans, luck, workspace):
                return False
            add_open_wins(workspace.open_won, workspace.open_sum, workspace.open_tally)
        if n_averaged > 1:
            scale(workspace.flows, 1.0 / n_averaged)
            scale(workspace.arr_flows, 1.0 / n_averaged)
            scale(workspace.cohort, 1.0 / n_averaged)
            scale(workspace.people, 1.0 / n_averaged)
        for quarter in range(workspace.people.shape[0]):
            for segment in range(workspace.people.shape[1]):
                for measure in range(workspace.people.shape[2]):
                    measures[row, quarter, segment, measure] = workspace.people[quarter, segment, measure]
        add_up(plan, workspace.flows, flows[row], bookings[row])
        tally_open_deals(workspace.open_sum, workspace.open_tally, workspace.grain, flows[row], n_averaged)
        if has_customers:
            close_books(
                plans.customers,
                opening,
                workspace.arr_flows,
                workspace.cohort,
                arr_flows[row],
                bookings[row, :, :, 1:],
            )
    return True
