"""The flows that a path adds up, in the order of the last axis of the kernels' output."""

ORIGINS = ("pipeline", "best_case", "commit", "created")
"""Where a booking was at as_of: an open deal's category, or not yet created."""

FLOWS = (
    "won_pipeline",
    "won_best_case",
    "won_commit",
    "won_created",
    "won_open_amount",
    "lost_competition",
    "lost_no_decision",
    "slipped",
    "created",
    "n_won",
    "n_lost_competition",
    "n_lost_no_decision",
    "n_slipped",
    "n_created",
    "waited_out",
    "n_waited_out",
    "n_taken_up",
    "n_waited",
    "waiting_days",
    "busy_days",
    "slot_days",
    "rep_months",
    "ramped_rep_months",
    "discount",
    "delivery_cost",
    "won_referred",
    "n_conceded",
    "n_gated",
    "n_referred",
)
"""``won_*``: signed amounts. ``won_open_amount``: what the won deals stood at before signing, so that
open + created - won_open_amount - lost_* = still open. ``slipped``: amount of deals whose close date
moved out of its fiscal quarter, in the quarter that it left. ``waited_out``: SALs that gave up waiting
for a rep, already counted in ``lost_no_decision``. ``n_waited``: those that
found no slot free. ``waiting_days``, ``busy_days``, ``slot_days``: deal-days
of SALs waiting, of deals worked and of slots there were to work them, in segments whose reps are
simulated; ``rep_months`` and ``ramped_rep_months``: reps employed there, and weighted by their ramp.
``discount``: what concessions took off the signed amounts (which are after it); ``delivery_cost``: what
the promises made at the signature cost to deliver; ``n_conceded``, ``n_gated``: signatures with a
concession, and with a success plan. ``n_referred``: SALs that customers referred, among those created;
``won_referred``: signed amounts of them, among those won."""

TIME_FLOWS = ("waiting_days", "busy_days", "slot_days", "rep_months", "ramped_rep_months")
"""Flows that are neither money nor deals."""

N_FLOWS = len(FLOWS)
N_ORIGINS = len(ORIGINS)
WON = 0
WON_OPEN_AMOUNT = FLOWS.index("won_open_amount")
LOST_COMPETITION = FLOWS.index("lost_competition")
LOST_NO_DECISION = FLOWS.index("lost_no_decision")
SLIPPED = FLOWS.index("slipped")
CREATED = FLOWS.index("created")
N_WON = FLOWS.index("n_won")
N_LOST_COMPETITION = FLOWS.index("n_lost_competition")
N_LOST_NO_DECISION = FLOWS.index("n_lost_no_decision")
N_SLIPPED = FLOWS.index("n_slipped")
N_CREATED = FLOWS.index("n_created")
WAITED_OUT = FLOWS.index("waited_out")
N_WAITED_OUT = FLOWS.index("n_waited_out")
N_TAKEN_UP = FLOWS.index("n_taken_up")
N_WAITED = FLOWS.index("n_waited")
WAITING_DAYS = FLOWS.index("waiting_days")
BUSY_DAYS = FLOWS.index("busy_days")
SLOT_DAYS = FLOWS.index("slot_days")
REP_MONTHS = FLOWS.index("rep_months")
RAMPED_REP_MONTHS = FLOWS.index("ramped_rep_months")
DISCOUNT = FLOWS.index("discount")
DELIVERY_COST = FLOWS.index("delivery_cost")
WON_REFERRED = FLOWS.index("won_referred")
N_CONCEDED = FLOWS.index("n_conceded")
N_GATED = FLOWS.index("n_gated")
N_REFERRED = FLOWS.index("n_referred")
