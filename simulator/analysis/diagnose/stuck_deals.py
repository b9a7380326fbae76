"""Where deals die or wait: ends by category, slippage by who and how often, commits at risk, dead deals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.analysis.diagnose.due_deals import (
    SLIPPED,
    due_deals,
)
from simulator.analysis.diagnose.movement import spells
from simulator.analysis.diagnose.qualified import OPEN, Window, deal_bounds, qualified_deals, states_at
from simulator.analysis.diagnose.rates import (
    MIN_DEALS,
)
from simulator.analysis.judgement.in_blood import COMMIT, Deadline
from simulator.analysis.precision import share_interval
from simulator.arrays import Ints
from simulator.fiscal import month_number
from simulator.history.deal_types import NEW, deals_of_type
from simulator.history.states import DealStates, deal_states
from simulator.history.tables import CATEGORIES, OUTCOMES, History
from simulator.scenario.numbers import month_text

PUSH_LEVELS = ("0", "1", "2", "3+")
LONG_PAST_MONTHS = 3
"""A close date that lies a quarter back is one that nobody keeps up."""
QUIET_DAYS = 90.0
UNKEPT_DAYS = 30.0
OLDEST_WON = 0.95
"""A deal older in its category than this share of those that were won from it is older than deals get."""

PAST_DUE = "its close date lies a quarter or more back, and nothing moved for 30 days"
OLD_AND_QUIET = "older in its category than 95% of won deals, and nothing moved for 90 days"


@dataclass(frozen=True)
class StuckDeals:
    """Where a history's deals die or wait.

    Parameters
    ----------
    ends : DataFrame
        category, outcome, n, amount, share (of all that ended in the window, by count), share_of_losses.
    slippage : DataFrame
        by (owner, pushes, category), group, n (deals due, once a quarter), n_slipped, value, low, high: the
        share that slipped out of the quarter, 80 % Jeffreys interval; groups of ``MIN_DEALS`` or more.
    commits : DataFrame
        Open commit deals due this quarter that are not in the late stage of commit: opportunity_id, segment,
        owner, amount, close_month, pushes, weeks_left.
    dead : DataFrame
        Open deals that look dead: opportunity_id, segment, owner, category, amount, days_in_category,
        days_quiet, close_month, reason.
    close_rates : DataFrame
        segment (and ``all``), n_ended, n_won, close_rate, n_dead, close_rate_cleaned: with the dead counted
        as lost to no decision.
    has_late_stages : bool
        Whether commit has an early and a late stage; if not nobody is known to be in contracts.
    """

    ends: pd.DataFrame
    slippage: pd.DataFrame
    commits: pd.DataFrame
    dead: pd.DataFrame
    close_rates: pd.DataFrame
    has_late_stages: bool


def find_stuck_deals(history: History, window: Window) -> StuckDeals:
    """Return where deals die or wait.

    Parameters
    ----------
    history : History
    window : Window
        Whole quarters that rates are measured over.
    """
    history = deals_of_type(history, NEW)
    states = deal_states(history)
    deals = qualified_deals(history, states)
    open_now = states_at(states, window.now)
    dead = _dead(states, deals, open_now, window)
    commit = states.category == COMMIT
    return StuckDeals(
        ends=_ends(states, deals, window),
        slippage=_slippage(due_deals(states, deals, window)),
        commits=_commits(states, deals, open_now, window),
        dead=dead,
        close_rates=_close_rates(deals, dead, window),
        has_late_stages=bool(states.late[commit].any() and (states.late[commit] == 0).any()),
    )


def _ends(states: DealStates, deals: pd.DataFrame, window: Window) -> pd.DataFrame:
    _, last = deal_bounds(states)
    ended = deals["ended"].to_numpy(np.float64)
    inside = (ended >= window.start) & (ended < window.end)
    table = pd.DataFrame(
        {
            "category": np.array(CATEGORIES)[states.category[last][inside]],
            "outcome": np.array(OUTCOMES)[deals["outcome"].to_numpy(np.int64)[inside]],
            "amount": deals["amount"].fillna(0.0).to_numpy(np.float64)[inside],
        }
    )
    index = pd.MultiIndex.from_product([CATEGORIES, OUTCOMES], names=["category", "outcome"])
    groups = table.groupby(["category", "outcome"])["amount"]
    found: pd.DataFrame = groups.agg(n="size", amount="sum").reindex(index, fill_value=0).reset_index()
    lost = found["outcome"] != "won"
    n_all, n_lost = max(1, int(found["n"].sum())), max(1, int(found.loc[lost, "n"].sum()))
    found["share"] = found["n"] / n_all
    found["share_of_losses"] = (found["n"] / n_lost).where(lost)
    return found


def _slippage(due: pd.DataFrame) -> pd.DataFrame:
    groups = {
        "owner": due["owner"],
        "pushes": pd.Series(
            np.array(PUSH_LEVELS)[due["due_pushes"].clip(upper=3).to_numpy(np.int64)], due.index
        ),
        "category": pd.Series(np.array(CATEGORIES)[due["due_category"].to_numpy(np.int64)], due.index),
    }
    slipped = (due["ending"] == SLIPPED).to_numpy()
    tables = []
    for by, group in groups.items():
        rows = pd.DataFrame({"group": group.to_numpy(dtype=object), "slipped": slipped}).dropna()
        counts = rows.groupby("group")["slipped"].agg(n="size", n_slipped="sum")
        counts = counts[counts["n"] >= MIN_DEALS]
        low, high = share_interval(counts["n_slipped"].to_numpy(), counts["n"].to_numpy())
        value = counts["n_slipped"] / counts["n"]
        tables.append(counts.assign(by=by, value=value, low=low, high=high).reset_index())
    columns = ["by", "group", "n", "n_slipped", "value", "low", "high"]
    found: pd.DataFrame = pd.concat(tables, ignore_index=True)[columns]
    return found


def _named(states: DealStates, deals: pd.DataFrame, state: Ints) -> pd.DataFrame:
    """Return what is known of the deals in some states."""
    rows: pd.DataFrame = deals.loc[states.deal[state], ["opportunity_id", "segment", "owner"]]
    rows = rows.reset_index(drop=True)
    month = states.close_month[state]
    return rows.assign(
        owner=rows["owner"].fillna(""),
        category=np.array(CATEGORIES)[states.category[state]],
        amount=states.amount[state],
        close_month=[month_text(m) if m >= 0 else "" for m in month.tolist()],
        pushes=states.pushes[state],
    )


def this_quarter(window: Window) -> Deadline:
    """Return the quarter of the day after as_of, as seen from it."""
    tomorrow = pd.Timestamp(window.as_of) + pd.Timedelta(days=1)
    month = month_number(tomorrow.date())
    quarter = int(window.calendar.quarter(month))
    first = window.calendar.first_month(quarter)
    return Deadline(first, first + 2, month, (window.bounds(quarter)[1] - window.now) / 7.0)


def _commits(states: DealStates, deals: pd.DataFrame, open_now: Ints, window: Window) -> pd.DataFrame:
    deadline = this_quarter(window)
    due = deadline.due(states.close_month[open_now])
    early = (states.category[open_now] == COMMIT) & (states.late[open_now] == 0)
    table = _named(states, deals, open_now[due & early]).drop(columns="category")
    table = table.assign(weeks_left=deadline.weeks_left)
    return table.sort_values("amount", ascending=False, kind="stable", ignore_index=True)


def _dead(states: DealStates, deals: pd.DataFrame, open_now: Ints, window: Window) -> pd.DataFrame:
    stays = spells(states, deals)
    won = stays[(stays["exit"] == len(CATEGORIES)) | (stays["outcome"] == 0)]
    oldest = won.groupby("category")["days"].quantile(OLDEST_WON).reindex(range(len(CATEGORIES)))
    table = _named(states, deals, open_now)
    category = states.category[open_now]
    table["days_in_category"] = window.now - states.entered[open_now]
    table["days_quiet"] = window.now - states.start[open_now]
    month = states.close_month[open_now]
    quiet = table["days_quiet"].to_numpy()
    past = (quiet > UNKEPT_DAYS) & (month >= 0) & (month <= this_quarter(window).now_month - LONG_PAST_MONTHS)
    limit = np.nan_to_num(oldest.to_numpy(np.float64), nan=np.inf)[category]
    old = (table["days_in_category"].to_numpy() > limit) & (quiet > QUIET_DAYS)
    table["reason"] = np.select([past, old], [PAST_DUE, OLD_AND_QUIET], "")
    found: pd.DataFrame = table[past | old].drop(columns="pushes")
    return found.sort_values("amount", ascending=False, kind="stable", ignore_index=True)


def _close_rates(deals: pd.DataFrame, dead: pd.DataFrame, window: Window) -> pd.DataFrame:
    inside = deals[window.holds(deals["ended"]) & (deals["outcome"] != OPEN)]
    segments = sorted(set(deals["segment"].dropna()))
    rows = []
    for name in [*segments, "all"] if segments != ["all"] else segments:
        part = inside if name == "all" else inside[inside["segment"] == name]
        n_dead = len(dead) if name == "all" else int((dead["segment"] == name).sum())
        n, n_won = len(part), int((part["outcome"] == 0).sum())
        rate = n_won / n if n else np.nan
        cleaned = n_won / (n + n_dead) if n + n_dead else np.nan
        rows.append((name, n, n_won, rate, n_dead, cleaned))
    columns = ["segment", "n_ended", "n_won", "close_rate", "n_dead", "close_rate_cleaned"]
    return pd.DataFrame(rows, columns=columns)
