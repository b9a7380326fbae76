"""Deals that close: wins signed, with what was conceded for them, and losses counted."""

import numpy as np
from numba import njit

from simulator.kernels.batch import CLOSED, LOST, WON, draw_first
from simulator.kernels.deals.concessions import NOTHING
from simulator.kernels.deals.plan import DESTINATION_WON, ORIGIN_CREATED
from simulator.kernels.flows import (
    DELIVERY_COST,
    DISCOUNT,
    LOST_COMPETITION,
    LOST_NO_DECISION,
    N_CONCEDED,
    N_GATED,
    N_LOST_COMPETITION,
    N_LOST_NO_DECISION,
    N_SLIPPED,
    N_WON,
    SLIPPED,
    WON_OPEN_AMOUNT,
)
from simulator.kernels.flows import WON as SIGNED
from simulator.kernels.jit import CALLED, NONE, PART, at
from simulator.kernels.random import SIGNATURE


@njit(**PART)
def slip(flows, segment, amount, month):
    """Add a deal that left its quarter to the flows of the month given."""
    if 0 <= month < flows.shape[0]:
        flows[month, segment, SLIPPED] += amount
        flows[month, segment, N_SLIPPED] += 1.0


@njit(**CALLED)
def close_deals(parameters, luck, batch, flows, month, n_closed, n_won):
    """Count wins and losses; return how many are on the lists of the same names, earlier wins included.

    Where a win waits for its success plan, its time is that of the signature.
    """
    lost, won = batch.lists[LOST], batch.lists[WON]
    n_lost, n_before = NONE, n_won
    amounts_competition, amounts_no_decision, n_no_decision = 0.0, 0.0, 0
    for number in range(n_closed):
        entry = batch.lists[CLOSED, number]
        outcome, amount = batch.deal[entry].outcome, batch.deal[entry].amount
        lost[at(n_lost)], won[at(n_won)] = entry, entry
        wins = int(outcome == DESTINATION_WON)
        n_won += wins
        n_lost += 1 - wins
        undecided = outcome == DESTINATION_WON + 2
        amounts_no_decision += amount if undecided else 0.0
        amounts_competition += amount if outcome == DESTINATION_WON + 1 else 0.0
        n_no_decision += int(undecided)
    row = flows[month, parameters.segment]
    row[LOST_COMPETITION] += amounts_competition
    row[LOST_NO_DECISION] += amounts_no_decision
    row[N_LOST_COMPETITION] += n_lost - n_no_decision
    row[N_LOST_NO_DECISION] += n_no_decision
    n_new, new, uniform = n_won - n_before, won[n_before:], batch.uniform
    draw_first(batch, luck, new, n_new, SIGNATURE)
    for number in range(n_new):
        sign(parameters, batch.deal[new[number]], flows, month, uniform[0, number])
    return n_lost, n_won


@njit(**PART)
def sign(parameters, deal, flows, month, u):
    """Sign a deal that was won, once its success plan is agreed where it needs one.

    ``move`` then holds the month of the signature: that after the last one where the horizon ends first.
    """
    linearity = (month + parameters.first_month_of_quarter) % 3
    amount = deal.amount
    if parameters.concessions.in_force[deal.concession, linearity] == 0:
        deal.concession = NOTHING
    signing = month
    if deal.gated == 1:
        deal.time, signing = wait_for_plan(parameters, amount, deal.close_month, deal.time, month, flows)
    deal.move, deal.signed = signing, 0.0
    if signing < parameters.month_end.shape[0]:
        multipliers = (
            parameters.multiplier_new if deal.origin == ORIGIN_CREATED else parameters.multiplier_open
        )
        money = amount * parameters.shock[(signing + parameters.first_month_of_quarter) // 3, 2]
        signed = signed_amount(
            multipliers, parameters.concessions, parameters.segment, money, deal.concession, u
        )
        row = flows[signing, parameters.segment]
        count_win(parameters.concessions, row, deal.origin, amount, signed, deal.concession, deal.gated)
        deal.signed = signed


@njit(**PART)
def wait_for_plan(parameters, amount, close_month, time, month, flows):
    """Return (time, month) of a signature that waits for a success plan to be agreed.

    The quarter that the deal leaves meanwhile counts it as slipped. The month is that after the last one
    where the horizon ends first.
    """
    month_end = parameters.month_end
    time += parameters.concessions.gate_days
    while month < month_end.shape[0] and time >= month_end[month]:
        last_of_quarter = (month + parameters.first_month_of_quarter) % 3 == 2
        if last_of_quarter and month - 3 < close_month <= month:
            slip(flows, parameters.segment, amount, month)
        month += 1
    return time, month


@njit(**PART)
def signed_amount(multipliers, concessions, segment, amount, concession, u):
    """Return what is signed of a won deal, in cents; ``multipliers`` by slice."""
    signed = np.rint(amount * multipliers[at(u * multipliers.shape[0])])
    if concessions.asked_cdf.shape[0] > 0:
        signed = np.rint(signed * concessions.price[segment, concession])
    return signed


@njit(**PART)
def count_win(concessions, flows, origin, amount, signed, concession, gated):
    """Add a signature to the flows (flow,) of its month and segment."""
    if concession != NOTHING:
        flows[DISCOUNT] += np.rint(signed * concessions.discount[concession])
        flows[DELIVERY_COST] += np.rint(signed * concessions.delivery[concession])
        flows[N_CONCEDED] += 1.0
    flows[N_GATED] += gated
    flows[SIGNED + origin] += signed
    flows[WON_OPEN_AMOUNT] += amount
    flows[N_WON] += 1.0
