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
)
"""``won_*``: signed amounts. ``won_open_amount``: what the won deals stood at before signing, so that
open + created - won_open_amount - lost_* = still open. ``slipped``: amount of deals whose close date
moved out of its fiscal quarter, in the quarter that it left."""

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
