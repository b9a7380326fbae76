"""Where deals start: those open at as_of, a month's SALs, and what each draws when a rep takes it up."""

import math

import numpy as np
from numba import njit

from simulator.kernels.batch import FREE, QUEUE, TAKEN, draw_first, draw_for, note_first, wait_for
from simulator.kernels.deals.close_dates import NEVER, next_move
from simulator.kernels.deals.concessions import NOTHING, conceded
from simulator.kernels.deals.plan import ORIGIN_CREATED
from simulator.kernels.flows import CREATED, N_CREATED, N_REFERRED
from simulator.kernels.jit import CALLED, NONE, PART, at
from simulator.kernels.random import (
    BIRTH,
    CLOSE_DATE,
    EVENT,
    EVIDENCE,
    SALS,
    SHOCK,
    TERMS,
    block,
    negative_binomial,
    search_from,
    standard_normal,
    write_guide,
)


@njit(**PART)
def enter_segment(plan, draw, batch, segment):
    """Note what helps to look up how a segment's deals start; free all entries and return their number."""
    write_guide(plan.offset_cdf[draw, segment], batch.offset_guide)
    write_guide(plan.push_cdf[draw, segment], batch.push_guide)
    write_guide(plan.entry_cdf[draw, segment], batch.entry_guide)
    for stream in range(plan.stream_key.shape[0]):
        if plan.stream_segment[stream] == segment:
            write_guide(plan.stream_profile_cdf[stream], batch.profile_guide[stream])
    n_entries = batch.key.shape[0]
    for entry in range(n_entries):
        batch.lists[FREE, entry] = n_entries - 1 - entry
    return n_entries


@njit(**CALLED)
def lay_open_deals(plan, order, luck, batch, segment, slots, n_free):
    """Put a segment's open deals into the batch, on the list of those taken up or, beyond the slots, waiting.

    Returns (free entries, deals taken up, deals waiting); with fewer entries than deals nothing is done:
    (-1, 0, 0). ``order`` says who is served first.
    """
    first, n = plan.open_first[segment], plan.open_first[segment + 1] - plan.open_first[segment]
    if n > n_free:
        return -1, 0, 0
    n_taken = n if slots >= n else int(slots)
    for number in range(n):
        index = first + order[first + number]
        entry = batch.lists[FREE, n_free - 1 - number]
        if number < n_taken:
            batch.lists[TAKEN, number] = entry
        else:
            batch.lists[QUEUE, number - n_taken] = entry
        state, deal = plan.open_state[index], batch.deal[entry]
        batch.key[entry] = plan.open_entity[index]
        deal.stage, deal.entered, deal.close_month = state[1] * 2 + state[2], state[3], state[4]
        deal.pushes, deal.effect_row, deal.origin = state[5], state[6], state[1]
        deal.index, deal.referred, deal.born = index, 0, 0
        deal.time, deal.wait, deal.amount = 0.0, -1.0, plan.open_amount[index]
    draw_unknown_amounts(plan, luck, batch, segment, TAKEN, n_taken)
    draw_unknown_amounts(plan, luck, batch, segment, QUEUE, n - n_taken)
    return n_free - n, n_taken, n - n_taken


@njit(**PART)
def draw_unknown_amounts(plan, luck, batch, segment, which, n):
    """Draw the amounts that open deals of a list lack."""
    draw_first(batch, luck, batch.lists[which], n, BIRTH)
    n_slices = plan.amount.shape[2]
    for number in range(n):
        deal = batch.deal[batch.lists[which, number]]
        if deal.amount < 0.0:
            amount = plan.amount[luck.draw, segment, int(batch.uniform[0, number] * n_slices)]
            deal.amount = np.rint(amount * plan.amount_level[luck.draw, 0])


@njit(**CALLED)
def arrive(plan, luck, workspace, segment, month, n_advocates, n_queue, n_free):
    """Put a month's SALs of a segment at the end of the queue; return (free entries, SALs).

    With fewer entries than SALs nothing more is done: (-1, 0).
    """
    n, batch = NONE, workspace.batch
    queue = batch.lists[QUEUE]
    for stream in range(plan.stream_key.shape[0]):
        if plan.stream_segment[stream] != segment:
            continue
        count = count_sals(plan, luck, workspace.shock, workspace.sourcing, n_advocates, stream, month)
        count = min(count, MOST_SALS)
        if n + count > n_free:
            return -1, 0
        first = new_deal_entity(plan, stream, month, 0)
        for index in range(count):
            entry = batch.lists[FREE, at(n_free - 1 - n)]
            queue[at(n_queue + n)] = entry
            batch.lists[TAKEN, at(n)] = entry
            batch.key[entry] = first | np.uint64(index)
            batch.deal[entry].stream = stream
            n += 1
    draw_first(batch, luck, batch.lists[TAKEN], n, BIRTH)
    created, n_referred = 0.0, 0
    for number in range(n):
        entry = batch.lists[TAKEN, number]
        created += draw_new_deal(plan, luck.draw, batch, entry, number, segment, month)
        n_referred += batch.deal[entry].referred
    flows = workspace.flows[month, segment]
    flows[CREATED] += created
    flows[N_CREATED] += n
    flows[N_REFERRED] += n_referred
    return n_free - n, n


@njit(**PART)
def draw_new_deal(plan, draw, batch, entry, number, segment, month):
    """Write a new deal's size, date and kind at a uniform moment of its month; return its amount."""
    deal = batch.deal[entry]
    stream = deal.stream
    u_amount, u_offset = batch.uniform[0, number], batch.uniform[1, number]
    u_place, u_time = batch.uniform[2, number], batch.uniform[3, number]
    start = 0.0 if month == 0 else plan.month_end[month - 1]
    offset = search_from(plan.offset_cdf[draw, segment], batch.offset_guide, u_offset)
    entry_cdf = plan.entry_cdf[draw, segment]
    stage = search_from(entry_cdf, batch.entry_guide, u_place)
    # What is left of the uniform inside the place that it chose is uniform again.
    below = entry_cdf[stage - 1] if stage > 0 else 0.0
    u_profile = (u_place - below) / (entry_cdf[stage] - below)
    profile = search_from(plan.stream_profile_cdf[stream], batch.profile_guide[stream], u_profile)
    deal.stage, deal.born, deal.entered, deal.pushes = stage, month, month, 0
    deal.close_month = NEVER if offset == plan.offset_cdf.shape[2] - 1 else month + offset
    deal.effect_row = plan.stream_effect_row[stream, profile, at(u_amount * plan.stream_effect_row.shape[2])]
    deal.origin, deal.index = ORIGIN_CREATED, -1
    deal.referred = stream == plan.referral_stream[segment]
    deal.time, deal.wait = start + u_time * (plan.month_end[month] - start), -1.0
    amount = plan.amount[draw, segment, at(u_amount * plan.amount.shape[2])]
    deal.amount = np.rint(amount * plan.amount_level[draw, month])
    return deal.amount


@njit(**CALLED)
def assign_to_rep(parameters, luck, batch, month, n):
    """Begin to work the deals on the list of those taken up.

    A deal qualified in an earlier month starts afresh: all its plans move by as many months.
    """
    taken = batch.lists[TAKEN]
    note_first(batch, n)
    wait_for(batch, luck, taken, n, EVENT)
    for number in range(n):
        deal = batch.deal[taken[number]]
        deal.wait, deal.where = batch.uniform[0, number], batch.uniform[1, number]
        deal.next_wait, deal.next_where = batch.uniform[2, number], batch.uniform[3, number]
        late = month - deal.born
        if late > 0:
            deal.entered = month
            if deal.close_month < NEVER:
                deal.close_month += late
        deal.n_events, deal.n_dates, deal.concession, deal.gated = 0, 0, NOTHING, 0
    draw_for(batch, luck, taken, n, CLOSE_DATE)
    plan_moves(parameters, batch, taken, n, month)
    if parameters.concessions.asked_cdf.shape[0] > 0:
        draw_for(batch, luck, taken, n, TERMS)
        for number in range(n):
            deal, uniform = batch.deal[taken[number]], batch.uniform
            deal.concession, deal.gated = conceded(
                parameters.concessions,
                parameters.segment,
                uniform[0, number],
                uniform[1, number],
                uniform[2, number],
            )


@njit(**CALLED)
def plan_moves(parameters, batch, chosen, n, month):
    """Decide when and how far the close dates of a list of deals move next, from a month on."""
    for number in range(n):
        deal, uniform = batch.deal[chosen[number]], batch.uniform
        deal.length = search_from(parameters.push_cdf, batch.push_guide, uniform[1, number])
        deal.move = next_move(
            parameters.chances, month, deal.close_month, uniform[0, number], uniform[2, number]
        )


_MONTH_SHIFT = np.uint64(17)
MOST_SALS = (1 << 17) - 1
"""Of one stream in one month: their keys have 17 bits."""
_STREAM_SHIFT = np.uint64(32)
_NEW_DEAL = np.uint64(1) << np.uint64(55)


@njit(**PART)
def draw_shocks(plan, seed, path, shock):
    """Fill the factors of a path's quarters on closing, demand and what is signed, shape (quarter, 3).

    The first two have mean 1.
    """
    first = (plan.first_month - plan.first_month_of_quarter) // 3
    for quarter in range(shock.shape[0]):
        u1, u2, u3, u4 = block(seed, path, np.uint64(first + quarter), np.uint64(0), SHOCK)
        for kind in range(2):
            sd = plan.shock_sd[kind]
            normal = standard_normal(u1, u2) if kind == 0 else standard_normal(u3, u4)
            shock[quarter, kind] = math.exp(sd * normal - 0.5 * sd * sd)
    follow_evidence(plan, seed, path, shock)


@njit(**PART)
def follow_evidence(plan, seed, path, shock):
    """Write the factor on what is signed, which draws levels towards simple methods."""
    u1, u2, _, _ = block(seed, path, np.uint64(0), np.uint64(0), EVIDENCE)
    normal = standard_normal(u1, u2)
    for quarter in range(shock.shape[0]):
        shock[quarter, 2] = 1.0
        if plan.pull.shape[0] > 0:
            shock[quarter, 2] = math.exp(plan.pull[quarter, 0] + plan.pull[quarter, 1] * normal)


@njit(**PART)
def new_deal_entity(plan, stream, month, index):
    """Return the key of the index-th SAL of a stream in a month; the same in every scenario."""
    calendar_month = np.uint64(plan.first_month + month)
    return (
        _NEW_DEAL
        | (plan.stream_key[stream] << _STREAM_SHIFT)
        | (calendar_month << _MONTH_SHIFT)
        | np.uint64(index)
    )


@njit(**PART)
def count_sals(plan, luck, shock, sourcing, n_advocates, stream, month):
    """Return how many SALs a stream creates in a month.

    Parameters
    ----------
    plan : DealPlan
    luck : Luck
    shock : ndarray of float64, shape (quarter, 3)
    sourcing : ndarray of float64, shape (segment, month)
        Ramped reps to the power that what they source grows with.
    n_advocates : float
        Advocates of the stream's segment when the month begins, for what they refer.
    stream, month : int
    """
    quarter = (month + plan.first_month_of_quarter) // 3
    mean = plan.stream_sals[luck.draw, stream, month]
    mean += plan.stream_rep_sals[luck.draw, stream, month] * sourcing[plan.stream_segment[stream], month]
    mean += plan.stream_referrals[luck.draw, stream, month] * n_advocates
    entity = new_deal_entity(plan, stream, month, 0)
    u, _, _, _ = block(luck.seed, luck.path, entity, np.uint64(0), SALS)
    return negative_binomial(u, mean * shock[quarter, 1], plan.stream_dispersion[stream])
