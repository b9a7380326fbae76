"""All that the deal kernels need to know of a scenario, as arrays."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.kernels.deals.concessions import ConcessionPlan

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

N_CATEGORIES = 3
DESTINATION_WON = 3
ADVANCE = 6
N_DESTINATIONS = 7
STILL_OPEN = -1
ORIGIN_CREATED = 3


class DealPlan(NamedTuple):
    """What happens to deals, and how often. ``draw`` is the axis of rate draws.

    Times are days since the midnight that ends ``as_of``; months count from the first simulated
    month, 0, and may be negative; destination axes are padded to 8.
    """

    month_end: Floats
    """(month,) day at which each month ends."""
    first_month: int
    """Month number of month 0."""
    first_month_of_quarter: int
    """Place of month 0 inside its fiscal quarter, 0 to 2."""
    hazard: Floats
    """(draw, cell, 8) per day; cell runs over (segment, category, late, age bin, due, linearity, pushes)."""
    age_bin: Ints
    """(month of age,) bin of each age; the last one holds from there on."""
    clock: Floats
    """(draw, month of quarter or 0, part of month) pace of winning; no rows: it is even."""
    clock_steps: Floats
    """(month, part - 1) days at which the pace of each month changes."""
    month_effect: Floats
    """(segment, month, 8) factor of levers that hold for some months only; no rows where there are none."""
    effect: Floats
    """(draw, effect row, 8) factor of what a deal is: source, competitor, compelling event, size."""
    offset_cdf: Floats
    """(draw, segment, months) first close date, months after the SAL; the last bin: none."""
    push_cdf: Floats
    """(draw, segment, months) months beyond the next that a push adds."""
    redate: Floats
    """(draw, 2) chance of a new close date at the end of a month: due this month, past due."""
    early_push: Floats
    """(draw, segment) chance a month that a deal due later is pushed."""
    slip_share: Floats
    """(segment,) of due deals that slip without a lever, how many still do."""
    entry_cdf: Floats
    """(draw, segment, 6) where deals start: category * 2 + late."""
    late_entry: Floats
    """(draw, 3) chance that a deal entering a category enters its late stage."""
    amount: Floats
    """(draw, segment, slice) cents; mean of each equal-probability slice of new deals' amounts."""
    multiplier_new: Floats
    """(draw, segment, slice) signed amount / amount at SAL."""
    multiplier_open: Floats
    """(draw, segment, slice) signed amount / open amount of a deal open at as_of."""
    open_entity: npt.NDArray[np.uint64]
    """(open deal,) key of its draws."""
    open_state: Ints
    """(open deal, 7) segment, category, late, entered month, close month, pushes, effect row."""
    open_amount: Floats
    """(open deal,) cents; negative where unknown: then drawn."""
    open_first: Ints
    """(segment + 1,) where each segment's open deals begin; they stand in the order of the segments."""
    stream_key: npt.NDArray[np.uint64]
    """(stream,) key of the draws of the deals that a stream of demand creates."""
    stream_segment: Ints
    """(stream,) its segment."""
    stream_sals: Floats
    """(draw, stream, month) expected SALs."""
    stream_rep_sals: Floats
    """(draw, stream, month) expected SALs besides, times ramped reps of the segment to a power."""
    stream_referrals: Floats
    """(draw, stream, month) expected SALs for each advocate of the stream's segment besides."""
    referral_stream: Ints
    """(segment,) the stream of what customers refer; -1: none."""
    stream_dispersion: Floats
    """(stream,) size of the negative binomial."""
    stream_profile_cdf: Floats
    """(stream, profile) what its deals are besides their size."""
    stream_effect_row: Ints
    """(stream, profile, 3) effect row by size band."""
    shock_sd: Floats
    """(2,) standard deviation of the log shock a quarter shares: closing, demand."""
    amount_level: Floats
    """(draw, month) factor of the amounts of new deals."""
    pull: Floats
    """(quarter or 0, 2) log factor of what is signed, and its standard deviation; no rows: none."""
    concessions: ConcessionPlan
    """What is conceded to which deals, and which need a success plan."""
