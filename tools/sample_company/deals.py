"""The deals of a simulated history: opportunities and stage changes out of the kernels' stories."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.calibration.calibration import Calibration
from simulator.engine.plan.deals import CENTS, Compiled, compile_scenario
from simulator.fiscal import FiscalCalendar, day_number, month_start_day
from simulator.history.tables import OUTCOMES
from simulator.kernels.batch import open_batch
from simulator.kernels.deals.close_dates import NEVER
from simulator.kernels.deals.plan import DealPlan
from simulator.kernels.deals.trace import (
    TRACE_BORN,
    TRACE_CLOSED,
    TRACE_COLUMNS,
    TRACE_REDATED,
    count_deals,
    trace_deals,
)
from simulator.kernels.random import Luck
from simulator.scenario.levers import Lever
from simulator.scenario.schema import FiscalYear, Scenario, Simulation

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

STAGES = (
    ("Prospecting", "lead", "conversations"),
    ("Understanding", "pipeline", "conversations"),
    ("Building the case", "pipeline", "funded project"),
    ("Evaluating", "best_case", "funded project"),
    ("Short-listed", "best_case", "vendor of choice"),
    ("Negotiating", "commit", "vendor of choice"),
    ("Redlining", "commit", "vendor of choice"),
    ("Closed Won", "closed", "closed"),
    ("Closed Lost", "closed", "closed"),
)
OPEN_STAGES = tuple(name for name, category, _ in STAGES if category in ("pipeline", "best_case", "commit"))
HOURS_BEFORE_MIDNIGHT = 6.0


@dataclass(frozen=True)
class Stories:
    """What happened to every deal of one simulated past.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns ``deal`` and TRACE_COLUMNS; time is a day number, amounts in currency.
    deals : pandas.DataFrame
        One row per deal: segment, source, competitor, compelling_event, amount at SAL.
    """

    rows: pd.DataFrame
    deals: pd.DataFrame


def simulate_stories(
    truth: Calibration,
    first_day: dt.date,
    as_of: dt.date,
    calendar: FiscalCalendar,
    seed: int,
    *,
    drift: tuple[Lever, ...] = (),
) -> Stories:
    """Simulate the deals of a company from its first day to its as-of date.

    Parameters
    ----------
    truth : Calibration
        The rates; taken as certain.
    first_day : datetime.date
        First of a month; no deal is older.
    as_of : datetime.date
        Last day of the history.
    calendar : FiscalCalendar
    seed : int
    drift : tuple of Lever
        What changes the rates, and when.
    """
    scenario = _past(first_day, as_of, calendar, seed, drift)
    compiled = compile_scenario(scenario, truth, _no_deals(), first_day - dt.timedelta(days=1))
    rows, born = _traced(compiled.plan, Luck(np.uint64(seed), np.uint64(0), 0), scenario.horizon_quarters)
    rows["amount"] /= CENTS
    rows["time"] += day_number(first_day)
    rows = rows[rows["time"] < day_number(as_of) + 1.0].copy()
    close = rows["close_month"]
    rows["close_month"] = np.where(close >= NEVER, -1, close + compiled.plan.first_month)
    for name in ("kind", "category", "late", "close_month", "outcome"):
        rows[name] = rows[name].astype(np.int64)
    return Stories(rows, _deals(compiled, born))


def _past(
    first_day: dt.date, as_of: dt.date, calendar: FiscalCalendar, seed: int, drift: tuple[Lever, ...]
) -> Scenario:
    """Return the scenario of a past: as many quarters as it lasts, with certain rates."""
    quarters = int(calendar.quarter(as_of.year * 12 + as_of.month - 1))
    n_quarters = quarters - int(calendar.quarter(first_day.year * 12 + first_day.month - 1)) + 1
    return Scenario(
        name="past",
        as_of=first_day - dt.timedelta(days=1),
        fiscal_year=FiscalYear(start_month=calendar.start_month, label=calendar.label),
        horizon_quarters=n_quarters,
        simulation=Simulation(seed=seed, rate_uncertainty=False),
        levers=drift,
    )


def _traced(plan: DealPlan, luck: Luck, n_quarters: int) -> tuple[pd.DataFrame, Floats]:
    """Return every change of every deal, and what each deal began with."""
    shock = np.ones((n_quarters, 3))
    counts = count_deals(plan, luck, shock)
    batch = open_batch(1, plan.concessions.discount.size - 1, plan.stream_key.size)
    room = int(counts.sum()) * 16 + 1000
    while True:
        trace = np.empty((room, len(TRACE_COLUMNS)))
        deal_of_row = np.empty(room, dtype=np.int64)
        born = np.empty((int(counts.sum()), 4))
        n_rows = trace_deals(plan, luck, batch, shock, counts, trace, deal_of_row, born)
        if n_rows <= room:
            break
        room = n_rows
    rows = pd.DataFrame(trace[:n_rows], columns=list(TRACE_COLUMNS))
    rows.insert(0, "deal", deal_of_row[:n_rows])
    return rows, born


def _no_deals() -> pd.DataFrame:
    columns = ["opportunity_id", "segment", "category", "late", "entered", "close_month", "pushes", "amount"]
    return pd.DataFrame({name: pd.Series(dtype="float64") for name in columns})


def _deals(compiled: Compiled, born: Floats) -> pd.DataFrame:
    """Return what every deal is, from its stream and its row of the effect table."""
    truth = compiled.calibration
    stream = born[:, 0].astype(np.int64)
    table = pd.DataFrame(
        {
            "segment": np.array(truth.segments)[truth.arrivals.segment[stream]],
            "source": np.array(truth.arrivals.source)[stream],
            "amount": born[:, 2] / CENTS,
        }
    )
    rows = compiled.plan.stream_effect_row
    profile_of = {
        (s, int(row)): p for s in range(rows.shape[0]) for p in range(rows.shape[1]) for row in rows[s, p]
    }
    profile = np.array(
        [profile_of[s, r] for s, r in zip(stream, born[:, 3].astype(np.int64), strict=True)], dtype=np.int64
    )
    for place, name in enumerate(truth.profiles.names):
        levels = np.array(truth.effects[name].levels)
        table[name] = levels[truth.profiles.levels[profile, place]]
    return table


def deal_tables(
    stories: Stories, rng: np.random.Generator, as_of: dt.date
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the tables opportunities, stage_changes and stages of a simulated past.

    Pushes are dated to the evening of the month's last day; every other change to its minute.
    """
    rows, deals = stories.rows, stories.deals
    ids = np.array([f"OPP-{number:05d}" for number in range(1, len(deals) + 1)])
    seen = np.unique(rows["deal"].to_numpy())
    changes = _changes(rows, ids, rng)
    first = rows[rows["kind"] == TRACE_BORN].set_index("deal")
    closed = rows[rows["kind"] == TRACE_CLOSED].set_index("deal")
    last = changes.groupby("opportunity_id").last()
    table = deals.loc[seen].copy()
    table.insert(0, "opportunity_id", ids[seen])
    born = first["time"].reindex(seen).to_numpy()
    lead_days = np.where(rng.random(seen.size) < 0.6, rng.exponential(12.0, seen.size), 0.0)
    table["created_date"] = _days(np.maximum(born - lead_days, rows["time"].min()))
    table["qualified_date"] = _days(born)
    table["close_date"] = last["close_date"].reindex(table["opportunity_id"]).to_numpy()
    table["amount"] = last["amount"].reindex(table["opportunity_id"]).to_numpy()
    outcome = closed["outcome"].reindex(seen)
    names = np.array([*OUTCOMES, None], dtype=object)
    table["outcome"] = names[(outcome - 3).fillna(3).to_numpy(np.int64)]
    table["closed_date"] = _days(closed["time"].reindex(seen).to_numpy())
    signed = closed["amount"].reindex(seen).to_numpy()
    won = (table["outcome"] == "won").to_numpy()
    table.loc[won, "amount"] = signed[won]
    is_closed = table["outcome"].notna()
    table.loc[is_closed, "close_date"] = table.loc[is_closed, "closed_date"]
    stages = pd.DataFrame(list(STAGES), columns=["stage", "category", "phase"])
    return table.reset_index(drop=True), _with_prospecting(table, changes), stages


def _with_prospecting(deals: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """Add the time before qualification for deals that were entered in the CRM earlier."""
    early = deals[deals["created_date"] < deals["qualified_date"]]
    rows = pd.DataFrame(
        {
            "opportunity_id": early["opportunity_id"],
            "changed_at": early["created_date"] + pd.Timedelta(hours=10),
            "stage": STAGES[0][0],
            "amount": np.nan,
            "close_date": pd.NaT,
        }
    )
    both = pd.concat([rows, changes], ignore_index=True)
    return both.sort_values(["opportunity_id", "changed_at"], kind="stable", ignore_index=True)


def _changes(rows: pd.DataFrame, ids: npt.NDArray[np.str_], rng: np.random.Generator) -> pd.DataFrame:
    """Return the state after each change, as a CRM keeps it."""
    open_stage = rows["category"].to_numpy() * 2 + rows["late"].to_numpy()
    closed = (rows["kind"] == TRACE_CLOSED).to_numpy()
    won = closed & (rows["outcome"] == 3).to_numpy()
    stage = np.where(
        closed, np.where(won, "Closed Won", "Closed Lost"), np.array(OPEN_STAGES)[np.minimum(open_stage, 5)]
    )
    redated = (rows["kind"] == TRACE_REDATED).to_numpy()
    time = rows["time"].to_numpy() - np.where(redated, HOURS_BEFORE_MIDNIGHT / 24.0, 0.0)
    amount = rows["amount"].to_numpy().copy()
    # A lost deal is closed at the amount it stood at.
    stood = rows.groupby("deal")["amount"].transform("first").to_numpy()
    amount[closed & ~won] = stood[closed & ~won]
    planned = _planned_dates(rows, rng)
    planned[closed] = np.floor(time[closed])
    return pd.DataFrame(
        {
            "opportunity_id": ids[rows["deal"].to_numpy()],
            "changed_at": _minutes(time),
            "stage": stage,
            "amount": amount,
            "close_date": _days(planned),
        }
    )


def _planned_dates(rows: pd.DataFrame, rng: np.random.Generator) -> Floats:
    """Return the planned close date of every row, NaN where there is none; a plan keeps its day."""
    month = rows["close_month"].to_numpy()
    new = np.ones(len(rows), dtype=bool)
    deal = rows["deal"].to_numpy()
    new[1:] = (deal[1:] != deal[:-1]) | (month[1:] != month[:-1])
    group = np.cumsum(new) - 1
    # Reps like the last week of a month; early days are rarer.
    place = rng.beta(2.5, 1.0, int(new.sum()))[group]
    known = np.where(month < 0, 24000, month)
    start = month_start_day(known)
    length = month_start_day(known + 1) - start
    day = np.floor(start + place * (length - 1e-9))
    # In the first month, a planned day never precedes the deal itself.
    day = np.maximum(day, np.floor(rows.groupby(group)["time"].transform("first").to_numpy() + 0.0))
    day = np.minimum(day, start + length - 1)
    return np.where(month < 0, np.nan, day)


def _days(days: Floats) -> npt.NDArray[np.datetime64]:
    whole = np.floor(np.nan_to_num(days, nan=0.0)).astype(np.int64).astype("datetime64[D]")
    out = whole.astype("datetime64[ns]")
    out[np.isnan(days)] = np.datetime64("NaT")
    return out


def _minutes(days: Floats) -> npt.NDArray[np.datetime64]:
    return np.floor(days * 1440.0).astype(np.int64).astype("datetime64[m]").astype("datetime64[ns]")
