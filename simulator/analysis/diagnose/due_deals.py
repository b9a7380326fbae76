"""Deals due in a quarter: planned to close in it at its start, or created into it; what became of them.

And what stood in the pipeline on the first day of past quarters, against what was then booked.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.analysis.diagnose.qualified import OPEN, UNKNOWN, Window, deal_bounds, states_at, won_deals
from simulator.analysis.precision import effective_trials, share_interval
from simulator.arrays import Floats, Ints, Mask
from simulator.history.deal_lifecycle import past_due
from simulator.history.states import DealStates
from simulator.history.tables import CATEGORIES, OUTCOMES, History

SLIPPED = OPEN
"""Outcome code, within the quarter, of a due deal that neither was won nor lost in it."""

ENDINGS_COLUMNS = ("category", "basis", "ending", "n", "share", "low", "high")

MIN_PLANNED = 0.5
"""Least share of deals with a planned close date for slippage to be told."""


def due_deals(states: DealStates, deals: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return one row per deal and whole quarter of the window in which it was due.

    A deal is due in a quarter if its close date at the quarter's first moment lies in it, or if it was
    qualified during the quarter with a close date in it. It slipped if it was still open when the
    quarter ended, whether somebody moved the date or not. No rows where ``plans_known`` says no.

    Parameters
    ----------
    states : DealStates
        All deals' states.
    deals : DataFrame
        Of ``qualified_deals``.
    window : Window
        Which quarters.

    Returns
    -------
    DataFrame
        The columns of ``deals`` plus ``quarter`` (int64), ``ending`` (int64: outcome code within the
        quarter, ``SLIPPED`` otherwise), and as of the moment it was due ``due_amount`` (float64),
        ``due_category`` (int64 code), ``due_pushes`` (int64) and ``carried`` (bool: open at the start of
        the quarter).
    """
    quarters = window.quarters if plans_known(states) else ()
    parts = [_due_in(states, deals, window, quarter) for quarter in quarters]
    none = np.empty(0, dtype=np.int64)
    return (
        pd.concat(parts)
        if parts
        else _rows(states, deals, none, quarter=0, end=0.0, carried=none.astype(bool))
    )


def plans_known(states: DealStates) -> bool:
    """Return whether most deals, and most of those that ended, had a planned close date.

    Where only the deals still open have one, everything that was due would seem to have slipped.
    """
    _, last = deal_bounds(states)
    planned, ended = states.close_month[last] >= 0, states.exit[last] >= len(CATEGORIES)
    return all(
        bool(planned[part].mean() >= MIN_PLANNED) for part in (slice(None), ended) if planned[part].size
    )


def _due_in(states: DealStates, deals: pd.DataFrame, window: Window, quarter: int) -> pd.DataFrame:
    start, end = window.bounds(quarter)
    carried = states_at(states, start)
    first, _ = deal_bounds(states)
    created = first[(states.start[first] > start) & (states.start[first] < end)]
    state = np.concatenate([carried, created])
    due = (states.close_month[state] >= 0) & (window.calendar.quarter(states.close_month[state]) == quarter)
    was_carried = (np.arange(len(state)) < len(carried))[due]
    return _rows(states, deals, state[due], quarter=quarter, end=end, carried=was_carried)


def _rows(
    states: DealStates,
    deals: pd.DataFrame,
    state: Ints,
    *,
    quarter: int,
    end: float,
    carried: Mask,
) -> pd.DataFrame:
    rows = deals.loc[states.deal[state]]
    ended = rows["ended"].to_numpy() < end
    return rows.assign(
        quarter=quarter,
        ending=np.where(ended, rows["outcome"].to_numpy(), SLIPPED).astype(np.int64),
        due_amount=states.amount[state],
        due_category=states.category[state],
        due_pushes=states.pushes[state],
        carried=carried,
    )


def due_endings(due: pd.DataFrame) -> pd.DataFrame:
    """Return what became, within the quarter, of deals due at its start, by the category they were in then.

    Parameters
    ----------
    due : DataFrame
        Of ``due_deals``.

    Returns
    -------
    DataFrame
        Columns ``ENDINGS_COLUMNS``: n deals of the category over all quarters of the window, and the share
        of them (basis "count") or of their amount that day ("amount") with each ending, with 80 % interval.
    """
    carried = due[due["carried"]]
    lines: list[tuple[object, ...]] = []
    for code, category in enumerate(CATEGORIES):
        rows = carried[carried["due_category"] == code]
        money = rows["due_amount"].to_numpy()
        for basis, weight in (("count", np.ones(len(rows))), ("amount", np.where(money > 0, money, 0.0))):
            ending = rows["ending"].to_numpy()
            for outcome, name in enumerate((*OUTCOMES, "slipped")):
                met = ending == (outcome if outcome < len(OUTCOMES) else SLIPPED)
                if weight.sum() > 0:
                    lines.append((category, basis, name, int((weight > 0).sum()), *_share(weight, met)))
    return pd.DataFrame(lines, columns=list(ENDINGS_COLUMNS))


def _share(weight: Floats, met: Mask) -> tuple[float, float, float]:
    part, part2 = weight[met].sum(), (weight[met] ** 2).sum()
    share = part / weight.sum()
    trials = effective_trials(weight.sum(), (weight**2).sum(), part, part2)
    low, high = share_interval(share * trials, trials)
    return float(share), float(low), float(high)


def n_past_due(history: History, deals: pd.DataFrame) -> int:
    """Return how many of the qualified deals are open and carry a close date before as_of."""
    is_open = np.zeros(len(history.opportunities), dtype=bool)
    is_open[deals.index[deals["outcome"] == OPEN]] = True
    return int(past_due(history, is_open).sum())


COLUMNS = (
    "quarter", "segment", *CATEGORIES, *(f"n_{name}" for name in CATEGORIES), "n_without_amount",
    "basis", "basis_with_pipeline", "booked", "n_booked", "booked_from_basis", "booked_from_pipeline",
    "booked_from_other", "booked_created", "coverage", "coverage_with_pipeline", "conversion",
)  # fmt: skip

OTHER, CREATED = len(CATEGORIES), len(CATEGORIES) + 1
"""Places of a deal on the first day besides the categories of what is due: open otherwise, not there yet."""


def coverage_history(
    history: History, states: DealStates, deals: pd.DataFrame, window: Window
) -> pd.DataFrame:
    """Return the open amounts due in each whole quarter at its first moment, and its bookings.

    Strictly as of the quarter's first midnight: category, close date and amount of every deal as they
    stood then; nothing of the quarter is closed yet at that moment.

    Parameters
    ----------
    history : History
        Its won deals are the bookings, qualified or not.
    states : DealStates
        All deals' states.
    deals : DataFrame
        Of ``qualified_deals``.
    window : Window
        Which quarters.

    Returns
    -------
    DataFrame
        Columns ``COLUMNS``, money in the history's currency. ``basis`` = best_case + commit with a close
        date in the quarter; ``basis_with_pipeline`` adds pipeline. ``booked`` is split into what came from
        the basis, from pipeline due in the quarter, from other deals open at its start, and
        from deals created (or first qualified) in it. ``coverage`` = basis / booked, ``conversion`` =
        booked_from_basis / basis.
    """
    names = sorted(set(deals["segment"].fillna(UNKNOWN)))
    whose = history.opportunities["segment"].fillna(UNKNOWN).to_numpy(dtype=object)
    segment = np.asarray(pd.Index(names, dtype=object).get_indexer(whose), dtype=np.int64)
    won = won_deals(history).rename_axis("deal").fillna({"amount": 0.0}).reset_index()
    tables = [_quarter(states, segment, won, window, quarter) for quarter in window.quarters]
    if not tables:
        return pd.DataFrame(columns=list(COLUMNS))
    groups = ["all", *names] if len(names) > 1 else ["all"]
    table = pd.concat([t.iloc[: len(groups)].assign(segment=groups) for t in tables], ignore_index=True)
    return _with_ratios(table, plans_known(states))[list(COLUMNS)]


def _quarter(
    states: DealStates, segment: Ints, won: pd.DataFrame, window: Window, quarter: int
) -> pd.DataFrame:
    """Return the row of all and a row for each segment."""
    start, end = window.bounds(quarter)
    at = states_at(states, start)
    due = (states.close_month[at] >= 0) & (window.calendar.quarter(states.close_month[at]) == quarter)
    place = np.full(len(segment), CREATED)
    place[states.deal[at]] = np.where(due, states.category[at], OTHER)
    signed = won[(won["closed"] >= start) & (won["closed"] < end)]
    n, amount = int(segment.max()) + 1, states.amount[at]

    def total(deal: Ints, value: Floats) -> Floats:
        return _by_place(segment[deal], place[deal], value, n)

    opened = total(states.deal[at], np.nan_to_num(amount))
    counts = total(states.deal[at], np.ones(len(at)))
    unknown = total(states.deal[at], np.isnan(amount).astype(np.float64))
    booked = total(signed["deal"].to_numpy(), signed["amount"].to_numpy())
    n_booked = total(signed["deal"].to_numpy(), np.ones(len(signed)))
    return pd.DataFrame(
        {name: opened[:, k] for k, name in enumerate(CATEGORIES)}
        | {f"n_{name}": counts[:, k].astype(np.int64) for k, name in enumerate(CATEGORIES)}
        | {
            "n_without_amount": unknown[:, :OTHER].sum(axis=1).astype(np.int64),
            "booked": booked.sum(axis=1),
            "n_booked": n_booked.sum(axis=1).astype(np.int64),
            "booked_from_basis": booked[:, 1] + booked[:, 2],
            "booked_from_pipeline": booked[:, 0],
            "booked_from_other": booked[:, OTHER],
            "booked_created": booked[:, CREATED],
        }
    ).assign(quarter=window.calendar.quarter_label(quarter))


def _by_place(segment: Ints, place: Ints, value: Floats, n: int) -> Floats:
    """Sum values by segment and place; row 0 is the total of all."""
    total = np.zeros((n + 1, CREATED + 1))
    np.add.at(total, (segment + 1, place), np.where(segment >= 0, value, 0.0))
    total[0] = np.bincount(place, weights=value, minlength=CREATED + 1)
    return total


def _with_ratios(table: pd.DataFrame, known: bool) -> pd.DataFrame:
    """Add what depends on the due amounts; NaN where plans are not known or no quarter had any."""
    basis = table["best_case"] + table["commit"]
    whole = basis + table["pipeline"]
    basis = basis if known and (basis > 0).any() else basis * np.nan
    whole = whole if known and (whole > 0).any() else whole * np.nan
    booked = table["booked"].where(table["booked"] > 0)
    return table.assign(
        basis=basis,
        basis_with_pipeline=whole,
        coverage=basis / booked,
        coverage_with_pipeline=whole / booked,
        conversion=table["booked_from_basis"] / basis.where(basis > 0),
    )
