"""The flows that customers add up, in the order of the last axis of the kernels' output."""

DRIVERS = ("price", "consumption", "seats_organic", "seats_proactive", "features", "new_solution")
"""What makes a customer's ARR grow. The first three grow by themselves; the others must be sold."""

FIRST_SOLD = DRIVERS.index("seats_proactive")

ARR_FLOWS = (
    "new",
    *DRIVERS,
    "contraction",
    "churn",
    "reactivation",
    "bookings_expansion",
    "bookings_renewal",
    "due",
    "revenue",
    "cohort_base",
    "cohort_arr",
    "cohort_kept",
    "n_cohort",
    "n_cohort_kept",
    "n_new",
    "n_due",
    "n_churned",
    "n_reactivated",
    "n_expansions",
)
"""Movements of ARR as positive amounts, so that opening + new + drivers + reactivation - contraction
- churn = closing. ``bookings_expansion``: annual value signed on top of what was under contract, by
expansion deals when they are signed, by growth of its own and price rises when a renewal puts them in
writing. ``bookings_renewal``: annual value that was under contract and is signed again (a term shorter
than a year counts for its part of one), returning customers included. ``due``: ARR whose term ends.
``revenue``: ARR / 12 for each month, at the mean of the month's opening and closing. ``cohort_*`` belong
to the end of the quarter: ``cohort_base`` the ARR of 12 months before, ``cohort_arr`` the ARR now of the
customers who had some then (NRR = arr / base), ``cohort_kept`` the same, no customer above its ARR then
(GRR = kept / base); ``n_cohort`` and ``n_cohort_kept`` the customers who had some, and who still have."""

N_ARR_FLOWS = len(ARR_FLOWS)
NEW = ARR_FLOWS.index("new")
FIRST_DRIVER = ARR_FLOWS.index(DRIVERS[0])
CONTRACTION = ARR_FLOWS.index("contraction")
CHURN = ARR_FLOWS.index("churn")
REACTIVATION = ARR_FLOWS.index("reactivation")
BOOKINGS_EXPANSION = ARR_FLOWS.index("bookings_expansion")
BOOKINGS_RENEWAL = ARR_FLOWS.index("bookings_renewal")
DUE = ARR_FLOWS.index("due")
REVENUE = ARR_FLOWS.index("revenue")
COHORT = ARR_FLOWS.index("cohort_base")
N_COHORT_FLOWS = 5
N_NEW = ARR_FLOWS.index("n_new")
N_DUE = ARR_FLOWS.index("n_due")
N_CHURNED = ARR_FLOWS.index("n_churned")
N_REACTIVATED = ARR_FLOWS.index("n_reactivated")
N_EXPANSIONS = ARR_FLOWS.index("n_expansions")
