"""The in-blood number: the deal-by-deal call, and the upside that it leaves out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.arrays import Ints, Mask
from simulator.history.tables import CATEGORIES

BEST_CASE, COMMIT = CATEGORIES.index("best_case"), CATEGORIES.index("commit")

SERIAL_PUSHES = 3
"""A commit deal moved so often is at risk in time."""
WEEKS_TO_SIGN = 4.0
"""A commit deal that is not redlining yet needs so long from here to a signature."""
WEEKS_TO_DECIDE = 8.0
"""A best case deal that is short-listed needs so long."""

RULE = (
    f"a commit deal counts unless its close date has passed, it was moved {SERIAL_PUSHES} times or more, or "
    f"it is not in the late stage of commit with less than {WEEKS_TO_SIGN:.0f} weeks to go; a best case deal "
    f"counts if it is in its late stage, was never moved, and has {WEEKS_TO_DECIDE:.0f} weeks or more to go; "
    "a pipeline deal never counts"
)
"""What is done where nobody has judged, in words."""

REASONS = (
    "counts",
    "its close date has passed",
    "its close date was moved again and again",
    "not in contracts yet, with too few weeks to go",
    "best case, not short-listed yet",
    "best case whose close date was moved",
    "best case with too few weeks to go",
    "pipeline",
)


@dataclass(frozen=True)
class Standing:
    """Where open deals stand on a day; arrays of int64, shape (deal,).

    Parameters
    ----------
    category, late, close_month, pushes
        As in ``history.states``: close_month is -1 where there is none.
    """

    category: Ints
    late: Ints
    close_month: Ints
    pushes: Ints


@dataclass(frozen=True)
class Deadline:
    """A period as seen from a day: its months, the month of tomorrow, and the weeks to its end."""

    first_month: int
    last_month: int
    now_month: int
    weeks_left: float

    def due(self, close_month: Ints) -> Mask:
        """Return which deals are due in the period; a date that has passed is due at once."""
        planned = np.maximum(close_month, self.now_month)
        return np.asarray((close_month >= 0) & (planned >= self.first_month) & (planned <= self.last_month))


def reason_codes(deals: Standing, deadline: Deadline) -> Ints:
    """Return the position in ``REASONS`` of what the rule says of each deal, by order of the reasons."""
    commit, best = deals.category == COMMIT, deals.category == BEST_CASE
    tests = (
        (commit & (deals.close_month < deadline.now_month), 1),
        (commit & (deals.pushes >= SERIAL_PUSHES), 2),
        (commit & (deals.late == 0) & (deadline.weeks_left < WEEKS_TO_SIGN), 3),
        (best & (deals.late == 0), 4),
        (best & ((deals.pushes > 0) | (deals.close_month < deadline.now_month)), 5),
        (best & (deadline.weeks_left < WEEKS_TO_DECIDE), 6),
        (~commit & ~best, 7),
    )
    return np.select([test for test, _ in tests], [code for _, code in tests], 0).astype(np.int64)


def judge_deals(deals: pd.DataFrame, deadline: Deadline, calls: pd.DataFrame) -> pd.DataFrame:
    """Return every deal that is due in the period, or judged, and whether it counts.

    Parameters
    ----------
    deals : DataFrame
        Of ``open_deals``: opportunity_id, segment, owner, category (code), late, close_month, pushes, amount.
    deadline : Deadline
    calls : DataFrame
        opportunity_id, call (include or exclude), reason. A call overrules the rule: a deal included counts
        even where its date says otherwise.

    Returns
    -------
    DataFrame
        opportunity_id, segment, owner, category (name), amount, counts (bool), upside (bool: left out and
        commit or best case), judged_by ("rule" or "call"), reason.
    """
    columns = ("category", "late", "close_month", "pushes")
    standing = Standing(*(deals[name].to_numpy(np.int64) for name in columns))
    code = reason_codes(standing, deadline)
    called = calls.set_index("opportunity_id")
    call = deals["opportunity_id"].map(called["call"]).astype(object)
    reason = deals["opportunity_id"].map(called["reason"]).astype(object)
    has_call = call.notna().to_numpy()
    counts = np.where(has_call, (call == "include").to_numpy(), code == 0).astype(bool)
    table = pd.DataFrame(
        {
            "opportunity_id": deals["opportunity_id"].to_numpy(),
            "segment": deals["segment"].to_numpy(),
            "owner": deals["owner"].fillna("").to_numpy(),
            "category": np.array(CATEGORIES)[standing.category],
            "amount": deals["amount"].to_numpy(np.float64),
            "counts": counts,
            "upside": ~counts & (standing.category >= BEST_CASE),
            "judged_by": np.where(has_call, "call", "rule"),
            "reason": np.where(has_call, reason.fillna(""), np.array(REASONS)[code]),
        }
    )
    due = deadline.due(standing.close_month)
    kept = (due & (has_call | (standing.category >= BEST_CASE))) | (has_call & counts)
    found: pd.DataFrame = table[kept].reset_index(drop=True)
    return found
