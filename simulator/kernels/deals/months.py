"""A month of the deals in work: what happens to them, wins and losses, close dates that move."""

import numpy as np
from numba import njit

from simulator.kernels.batch import CLOSED, HELD, HIT, NOW, REDRAWN, draw_for, wait_for
from simulator.kernels.deals.clock import find_moment, winning_days
from simulator.kernels.deals.closing import slip
from simulator.kernels.deals.new_deals import plan_moves
from simulator.kernels.deals.plan import ADVANCE, DESTINATION_WON, N_CATEGORIES, STILL_OPEN
from simulator.kernels.deals.slippage import Standing, ending, ends_instead, leaves_quarter
from simulator.kernels.jit import CALLED, NONE, PART, at
from simulator.kernels.random import CLOSE_DATE, EVENT
from simulator.kernels.simd import fetch, weigh


@njit(**PART)
def set_factors(parameters, shock, speed, batch, month):
    """Note what a month, its levers and each concession make of the hazards.

    Deals that get less than full attention move and are won more slowly; they are lost as ever.
    """
    linearity = (month + parameters.first_month_of_quarter) % 3
    for concession in range(batch.now.shape[0]):
        for k in range(8):
            factor = shock if k == DESTINATION_WON else 1.0
            factor *= speed if k <= DESTINATION_WON or k == ADVANCE else 1.0
            if parameters.month_effect.shape[0] > 0:
                factor *= parameters.month_effect[parameters.segment, month, k]
            if parameters.concessions.asked_cdf.shape[0] > 0:
                factor *= parameters.concessions.factor[parameters.segment, concession, linearity, k]
            batch.now[concession, k] = factor


@njit(**PART)
def advance_month(parameters, luck, batch, month, n_now, n_held):
    """Simulate the deals of the month's work to the month's end or to their own.

    Returns
    -------
    n_held : int
        Deals on the list of those that reach the month's end, earlier ones included.
    n_closed : int
        Deals on the list of those that were won or lost.
    """
    n_closed = NONE
    while n_now > 0:
        n_now, n_held, n_closed = next_events(parameters, luck, batch, month, n_now, n_held, n_closed)
    return n_held, n_closed


@njit(**CALLED)
def next_events(parameters, luck, batch, month, n_now, n_held, n_closed):
    """Let what happens next in a month happen to each deal of its work; return how many the lists then hold.

    Those to which nothing happens reach the month's end; the others close, or have more of the month to go.
    """
    now, held, hit, closed = batch.lists[NOW], batch.lists[HELD], batch.lists[HIT], batch.lists[CLOSED]
    linearity = (month + parameters.first_month_of_quarter) % 3
    n_ages = parameters.age_bin[parameters.age_bin.shape[0] - 1] + 1
    first_cell = parameters.segment * N_CATEGORIES * 2 * n_ages * 27 + linearity * 3
    for number in range(n_now):
        cell = np.uint32(find_cell(parameters, batch.deal[now[number]], first_cell, n_ages, month))
        batch.cell[number] = cell
        fetch(parameters.hazard, cell)
    for number in range(n_now):
        deal, hazard = batch.deal[now[number]], parameters.hazard[batch.cell[number]]
        effect, factor = parameters.effect[deal.effect_row], batch.now[deal.concession]
        batch.total[number] = weigh(hazard, effect, factor, batch.hazard[number])
    n_hit = NONE
    for number in range(n_now):
        entry = now[number]
        won = batch.hazard[number, DESTINATION_WON]
        stays = spend(parameters, batch.deal[entry], batch.total[number], won, month)
        held[at(n_held)] = entry
        hit[at(n_hit)] = number
        n_held += stays
        n_hit += 1 - stays
    n_now, n_redrawn, redrawn = NONE, NONE, batch.lists[REDRAWN]
    for number in range(n_hit):
        place = hit[number]
        entry = now[place]
        deal = batch.deal[entry]
        closes = end_of_wait(parameters, deal, batch.hazard[place], batch.total[place], month)
        closed[at(n_closed)] = entry
        now[at(n_now)] = entry
        redrawn[at(n_redrawn)] = entry
        batch.occurrence[at(n_redrawn)] = np.uint64(deal.n_events >> 1)
        n_closed += closes
        n_now += 1 - closes
        n_redrawn += (1 - closes) & ((deal.n_events & 1) ^ 1)
    wait_for(batch, luck, redrawn, n_redrawn, EVENT)
    for number in range(n_redrawn):
        deal, uniform = batch.deal[redrawn[number]], batch.uniform
        deal.wait, deal.where = uniform[0, number], uniform[1, number]
        deal.next_wait, deal.next_where = uniform[2, number], uniform[3, number]
    return n_now, n_held, n_closed


@njit(**PART)
def find_cell(parameters, deal, first_cell, n_ages, month):
    """Return where the hazards of a deal stand in the month."""
    age = parameters.age_bin[at(min(month - deal.entered, parameters.age_bin.shape[0] - 1))]
    close_month = deal.close_month
    due = int(close_month == month) + 2 * int(close_month < month)
    return first_cell + ((deal.stage * n_ages + age) * 3 + due) * 9 + min(deal.pushes, 2)


@njit(**PART)
def spend(parameters, deal, total, won, month):
    """Spend what a deal has left on the rest of the month; return 1 where it suffices, else 0."""
    end = parameters.month_end[month]
    wait, room = deal.wait, (end - deal.time) * total
    if parameters.clock.shape[0] > 0:
        pace = parameters.clock[(month + parameters.first_month_of_quarter) % 3]
        days = winning_days(parameters.clock_steps[month], pace, deal.time, end)
        room = (end - deal.time) * (total - won) + won * days
    stays = wait >= room
    deal.wait = wait - room if stays else wait
    return int(stays)


@njit(**PART)
def end_of_wait(parameters, deal, hazard, total, month):
    """Write what becomes of a deal to which something happens; return 1 if it closes, else 0.

    Without branches: what happens to a deal cannot be foreseen.
    """
    if parameters.clock.shape[0] > 0:
        pace = parameters.clock[(month + parameters.first_month_of_quarter) % 3]
        won, rest = hazard[DESTINATION_WON], total - hazard[DESTINATION_WON]
        deal.time, now = find_moment(parameters.clock_steps[month], pace, deal.time, deal.wait, rest, won)
        hazard[DESTINATION_WON] = won * now
        total = rest + won * now
    else:
        deal.time += deal.wait / total
    target = deal.where * total
    first, second = hazard[0], hazard[0] + hazard[1]
    moving = second + hazard[2]
    staying = moving + hazard[ADVANCE]
    moves, closes = int(target < moving), int(target >= staying)
    not_first, not_second = int(target >= first), int(target >= second)
    late = (
        int(target < hazard[0] * parameters.late_entry[0])
        | (not_first & int(target < first + hazard[1] * parameters.late_entry[1]))
        | (not_second & int(target < second + hazard[2] * parameters.late_entry[2]))
    )
    entering = 2 * (not_first + not_second) + late
    deal.stage = moves * entering + (1 - moves) * (deal.stage | 1)
    deal.entered += moves * (month - deal.entered)
    beyond = target - staying
    deal.outcome = DESTINATION_WON + int(beyond >= hazard[3]) + int(beyond >= hazard[3] + hazard[4])
    deal.n_events += 1
    deal.wait, deal.where = deal.next_wait, deal.next_where
    return closes


@njit(**PART)
def end_due_deals(parameters, luck, batch, month, n_held):
    """End some of the deals that would leave their quarter open; the others stay on the list of those held.

    Returns
    -------
    n_held, n_closed : int
        Deals on the lists of those that reach the month's end, and of those that were won or lost.
    """
    n_left, n_closed = NONE, NONE
    for number in range(n_held):
        entry = batch.lists[HELD, number]
        deal, outcome = batch.deal[entry], STILL_OPEN
        if leaves_quarter(
            deal.close_month, deal.move == month, deal.length, month, parameters.first_month_of_quarter
        ) and ends_instead(luck, batch.key[entry], month, parameters.slip_share):
            standing = Standing(deal.stage, deal.entered, deal.close_month, deal.pushes, deal.effect_row)
            outcome = ending(parameters, luck, batch.key[entry], standing, batch.now[deal.concession], month)
        if outcome != STILL_OPEN:
            deal.time, deal.outcome = parameters.month_end[month], outcome
            batch.lists[CLOSED, n_closed] = entry
            n_closed += 1
        else:
            batch.lists[HELD, n_left] = entry
            n_left += 1
    return n_left, n_closed


@njit(**CALLED)
def end_month(parameters, luck, batch, flows, month, n_held):
    """Move the close dates of deals that reach a month's end, and count those that leave their quarter."""
    linearity = (month + parameters.first_month_of_quarter) % 3
    moved = batch.lists[HIT]
    n_moved = NONE
    for number in range(n_held):
        entry = batch.lists[HELD, number]
        deal = batch.deal[entry]
        deal.time = parameters.month_end[month]
        moved[at(n_moved)] = entry
        moves = deal.move == month
        n_moved += int(moves)
        if linearity == 2 and not moves and month - 3 < deal.close_month <= month:
            slip(flows, parameters.segment, deal.amount, month)
    for number in range(n_moved):
        deal = batch.deal[moved[number]]
        left = max(deal.close_month, month)
        close_month = left + 1 + deal.length
        if (close_month + parameters.first_month_of_quarter) // 3 > (
            left + parameters.first_month_of_quarter
        ) // 3:
            slip(flows, parameters.segment, deal.amount, left)
        deal.close_month = close_month
        deal.pushes += 1
        deal.n_dates += 1
        batch.occurrence[number] = np.uint64(deal.n_dates)
    draw_for(batch, luck, moved, n_moved, CLOSE_DATE)
    plan_moves(parameters, batch, moved, n_moved, month + 1)
