"""A company's track record: everything that its closed and open deals say about how it sells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.analysis.diagnose.conversion import Incidence, accepted, conversion, incidence_of
from simulator.analysis.diagnose.due_deals import (
    coverage_history,
    due_deals,
    due_endings,
    n_past_due,
    plans_known,
)
from simulator.analysis.diagnose.movement import (
    dwell,
    pushes,
)
from simulator.analysis.diagnose.qualified import (
    DIMENSIONS,
    OPEN,
    Window,
    by_segment,
    qualified_deals,
    rate_window,
)
from simulator.analysis.diagnose.rates import (
    LEAK,
    MIN_DEALS,
    NO_AMOUNTS,
    TOO_FEW,
    WON,
    dimensions,
    rates,
)
from simulator.errors import InputError
from simulator.fiscal import FiscalCalendar
from simulator.history.deal_types import NEW, deal_types, deals_of_type, types_apart
from simulator.history.states import DealStates, deal_states
from simulator.history.tables import OUTCOMES, History


@dataclass(frozen=True)
class TrackRecord:
    """Rates, conversion, dwell, pushes, past coverage and pipeline created, over one window.

    Parameters
    ----------
    window : Window
        The whole fiscal quarters measured.
    n_deals, n_ended, n_open, n_past_due : int
        Qualified deals in all, those that ended in the window, those open at as_of, and those of them
        with a close date before as_of.
    incidence : Incidence
        Outcomes by days since SAL of deals accepted since the window began, by count.
    rates, conversion, dwell, pushes, due, coverage, created, cycles : DataFrame
        As described at the functions of these names (``due_endings``, ``coverage_history``).
    notes : tuple of str
        What this history could not tell, and why.
    """

    window: Window
    n_deals: int
    n_ended: int
    n_open: int
    n_past_due: int
    incidence: Incidence
    rates: pd.DataFrame
    conversion: pd.DataFrame
    dwell: pd.DataFrame
    pushes: pd.DataFrame
    due: pd.DataFrame
    coverage: pd.DataFrame
    created: pd.DataFrame
    cycles: pd.DataFrame
    notes: tuple[str, ...]


def track_record(history: History, calendar: FiscalCalendar, n_quarters: int = 8) -> TrackRecord:
    """Measure a history over its last whole fiscal quarters.

    All figures are of new business, but for the rates by type.

    Parameters
    ----------
    history : History
        As of the date that the record shall be drawn up for.
    calendar : FiscalCalendar
        Fiscal quarters.
    n_quarters : int
        How many to look back.

    Raises
    ------
    InputError
        The history has no qualified deal, or ``n_quarters`` is less than 1.
    """
    whole, history = history, deals_of_type(history, NEW)
    states = deal_states(history)
    if history.opportunities.empty:
        raise InputError.of(
            "opportunities",
            f"the history holds no new business by {history.as_of.isoformat()}, so there are no close "
            "rates to measure",
            "Choose a later --as-of, or add opportunities.csv (simulator import). Of customers alone, "
            "simulator run SCENARIO shows ARR, NRR and GRR.",
        )
    if not len(states.deal):
        raise InputError.of(
            "opportunities",
            f"no deal had been qualified by {history.as_of.isoformat()}, so there is nothing to measure",
            "Choose a later --as-of; or check that a stage maps to pipeline, best_case or commit, or give "
            "qualified_date.",
        )
    deals = qualified_deals(history, states)
    window = rate_window(calendar, history.as_of, float(deals["qualified"].min()), n_quarters)
    due = due_deals(states, deals, window)
    table = pd.concat([rates(deals, due, window), _rates_by_type(whole, window)], ignore_index=True)
    return TrackRecord(
        window=window,
        n_deals=len(deals),
        n_ended=int(window.holds(deals["ended"]).sum()),
        n_open=int((deals["outcome"] == OPEN).sum()),
        n_past_due=n_past_due(history, deals),
        incidence=incidence_of(accepted(deals, window)),
        rates=table,
        conversion=conversion(deals, window),
        dwell=dwell(states, deals, window),
        pushes=pushes(states, deals, due, window),
        due=due_endings(due),
        coverage=coverage_history(history, states, deals, window),
        created=created(deals, window),
        cycles=cycles(deals, window),
        notes=(*_notes(history, states, deals, table, window), *_type_notes(whole)),
    )


def _rates_by_type(whole: History, window: Window) -> pd.DataFrame | None:
    """Return the rates of each type of deals; None where all are new business."""
    if not any(types_apart(whole.opportunities)):
        return None
    states = deal_states(whole)
    deals = qualified_deals(whole, states)
    deals = deals.assign(type=deal_types(deals))
    table = rates(deals, due_deals(states, deals, window), window, by=("type",))
    return table[table["by"] == "type"]


def _type_notes(whole: History) -> list[str]:
    return [
        f"{n:,} {kind} deals count in the rates by type only; every other figure is of new business."
        for kind, n in types_apart(whole.opportunities)
    ]


def _notes(
    history: History, states: DealStates, deals: pd.DataFrame, table: pd.DataFrame, window: Window
) -> list[str]:
    split = {*dimensions(deals), *table["by"]}
    absent = ", ".join(name for name in DIMENSIONS if name not in split)
    leaks = ", ".join(sorted(set(table.loc[table["note"] == LEAK, "by"])))
    n_ended = int((deals["outcome"] != OPEN).sum())
    n_unqualified = int(history.opportunities["outcome"].notna().sum()) - n_ended
    said = {
        "The history covers no whole fiscal quarter: rates use all of it; slippage and past coverage need "
        "whole quarters.": not window.quarters,
        f"Not split by {absent}: not in the history, or the same for every deal.": bool(absent),
        f"No rates by {leaks}: filled in much more often for one outcome than for the others, so such a rate "
        "would only show who fills it in.": bool(leaks),
        "Amounts of lost (or won) deals are mostly missing, so rates by amount are left out.": bool(
            (table["note"] == NO_AMOUNTS).any()
        ),
        "Most deals have no planned close date: slippage and past coverage cannot be measured.": (
            not plans_known(states)
        ),
        "All deals are in one forecast category: time in each category and coverage by best case + commit "
        "need stage changes.": bool((states.category == states.category[0]).all()),
        f"{n_unqualified:,} deals ended without ever being qualified and are left out of every rate.": (
            n_unqualified > 0
        ),
        "No loss is put down to a competitor, so the win rate says nothing: record why deals are lost.": (
            n_ended > 0 and not (deals["outcome"] == OUTCOMES.index("lost_competition")).any()
        ),
    }
    return [text for text, holds in said.items() if holds]


CREATED_COLUMNS = ("quarter", "segment", "n", "amount", "n_without_amount", "partial")
CYCLE_COLUMNS = (
    "segment", "n_won", "mean_days", "median_days", "p80_days", "mean_won", "median_won",
    "n_lost", "mean_lost", "median_lost", "note",
)  # fmt: skip

MAX_UNKNOWN = 0.2
"""Largest share of deals without amount for which a sum of amounts still says something."""


def created(deals: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return deals qualified in each quarter of the window and in the running one, overall and by segment.

    Returns
    -------
    DataFrame
        Columns ``CREATED_COLUMNS``: n deals and their amount at SAL (first known amount), those
        without one, and whether the quarter is still running. Amounts are NaN where more than a fifth of
        the deals have none: what is known then comes from the deals that did well.
    """
    quarters = window.latest_quarters()
    begin = np.array([window.bounds(q)[0] for q in quarters])
    place = np.searchsorted(begin, deals["qualified"].to_numpy(), side="right") - 1
    parts = by_segment(deals.assign(place=place)[place >= 0])
    tables = [_by_quarter(part, window, quarters).assign(segment=name) for name, part in parts.items()]
    table = pd.concat(tables, ignore_index=True)[list(CREATED_COLUMNS)]
    unknown, n = (table.loc[table["segment"] == "all", k].sum() for k in ("n_without_amount", "n"))
    return table.assign(amount=np.nan) if unknown > MAX_UNKNOWN * n else table


def _by_quarter(rows: pd.DataFrame, window: Window, quarters: tuple[int, ...]) -> pd.DataFrame:
    size = len(quarters)
    place, amount = rows["place"].to_numpy(dtype=np.int64), rows["first_amount"]
    return pd.DataFrame(
        {
            "quarter": [window.calendar.quarter_label(q) for q in quarters],
            "n": np.bincount(place, minlength=size),
            "amount": np.bincount(place, weights=amount.fillna(0.0), minlength=size),
            "n_without_amount": np.bincount(place, weights=amount.isna(), minlength=size).astype(np.int64),
            "partial": [window.bounds(q)[1] > window.now for q in quarters],
        }
    )


def cycles(deals: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return days from SAL to signature of the deals won in the window, and amounts won and lost.

    Returns
    -------
    DataFrame
        Columns ``CYCLE_COLUMNS``, one row per segment and ``all``. Days leave out deals still open: they
        describe wins, the conversion table says how long deals take. Amounts: of deals that have one.
    """
    parts = by_segment(deals[window.holds(deals["ended"])])
    return pd.DataFrame([_cycle(name, rows) for name, rows in parts.items()], columns=list(CYCLE_COLUMNS))


def _cycle(segment: str, rows: pd.DataFrame) -> tuple[object, ...]:
    won = rows["outcome"] == WON
    days = (rows["ended"] - rows["qualified"])[won]
    money = rows["amount"].where(rows["amount"] > 0)
    figures = [days.mean(), days.median(), days.quantile(0.8), money[won].mean(), money[won].median()]
    lost = [money[~won].mean(), money[~won].median()]
    few = segment != "all" and int(won.sum()) < MIN_DEALS
    figures = [np.nan] * len(figures) if few else figures
    return (segment, int(won.sum()), *figures, int((~won).sum()), *lost, TOO_FEW if few else "")
