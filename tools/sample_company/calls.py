"""What reps commit to, drawn from what they could know on the day: their open deals, their habits, noise."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.fiscal import FiscalCalendar, first_of_month, month_numbers

GUT = {"commit": 0.62, "best_case": 0.28, "pipeline": 0.08}
"""Share of the amount due that reps expect to sign, by forecast category; the same for everyone."""

HABITS = (0.05, 0.25)
"""Mean and spread of a rep's own bias on the log scale; above 0 is happy ears."""
TEAM_SPREAD = 0.1
NOISE = 0.2
DAYS = (-1, 20)
"""Days of the quarter on which calls are made: the evening before it begins, and in its third week."""

DEAD_DAYS = 60
"""A deal whose close date lies so far back is one that its owner no longer counts on."""

QUARTERS_REMEMBERED = 4
WITHIN = {"enterprise": 0.1, "midmarket": 0.2, "smb": 0.45, "self_serve": 0.75}
"""Share of a quarter's bookings that is created inside the quarter, as reps know it from experience."""


@dataclass(frozen=True)
class _Book:
    """Everything on record, as looked up on the days of the calls."""

    deals: pd.DataFrame
    changes: pd.DataFrame
    category: dict[str, str]
    calendar: FiscalCalendar


def make_calls(
    records: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
    reps: pd.DataFrame,
    calendar: FiscalCalendar,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return what each rep committed to for each quarter, the evening before it and in its third week.

    A rep adds up what is signed so far, the open deals of their own that are due in the quarter at the
    usual shares, and what a quarter usually brings that is not there yet; the sum is then bent by their
    own and their team's bias, and noise. Nothing that happens after the day is looked at. The quarter after
    the last one with a new deal is called too.

    Parameters
    ----------
    records : tuple of pandas.DataFrame
        The normalised tables opportunities (with owners), stage_changes and stages.
    reps : pandas.DataFrame
        Normalised table.
    """
    deals, changes, stages = records
    own = rng.spawn(1)[0]
    habit = dict(zip(reps["rep_id"], rng.normal(*HABITS, len(reps)), strict=True))
    _use_up_draws(deals, calendar, rng)
    team = {str(name): float(own.normal(0.0, TEAM_SPREAD)) for name in sorted(set(reps["team"]))}
    book = _Book(deals, changes, dict(zip(stages["stage"], stages["category"], strict=True)), calendar)
    quarters = np.unique(calendar.quarter(month_numbers(_days(deals["qualified_date"]))))
    rows = []
    for number in range(int(quarters[0]) + 1, int(quarters[-1]) + 2):
        start, label = first_of_month(calendar.first_month(number)), calendar.quarter_label(number)
        for day in (start + dt.timedelta(days=shift) for shift in DAYS):
            evening = np.datetime64(day)
            there = reps[(reps["start_date"] <= evening) & ~(reps["end_date"] <= evening)]
            expected, besides = _expectations(book, there, number, day)
            for rep, side in zip(there["rep_id"], there["team"], strict=True):
                bent = float(np.exp(habit[rep] + team[side] + own.normal(0.0, NOISE)))
                sums = (round(each.get(rep, 0.0) * bent, -3) for each in (expected, besides))
                rows.append((rep, label, day, *sums))
    return _table(rows)


def _table(rows: list[tuple[str, str, dt.date, float, float]]) -> pd.DataFrame:
    """Return the calls of those who commit to anything, by rep and day."""
    table = pd.DataFrame(rows, columns=["rep_id", "period", "as_of", "commit", "best_case"])
    table["as_of"] = pd.to_datetime(table["as_of"]).astype("datetime64[ns]")
    table = table[table["commit"] > 0]
    return table.sort_values(["rep_id", "as_of"], kind="stable", ignore_index=True)


def _days(column: pd.Series) -> np.ndarray:
    return column.to_numpy().astype("datetime64[D]")


def _use_up_draws(deals: pd.DataFrame, calendar: FiscalCalendar, rng: np.random.Generator) -> None:
    """Take two draws for every rep's quarter with a win: what is drawn after the calls counts on them."""
    won = deals[deals["outcome"] == "won"]
    quarter = calendar.quarter(month_numbers(_days(won["closed_date"])))
    for _ in range(won.groupby(["owner", quarter]).ngroups):
        rng.normal()
        rng.uniform()


def _expectations(
    book: _Book, reps: pd.DataFrame, quarter: int, day: dt.date
) -> tuple[dict[str, float], dict[str, float]]:
    """Return by rep what they expect to sign in the quarter, and the best case deals due besides."""
    calendar = book.calendar
    evening = np.datetime64(day) + np.timedelta64(1, "D")
    standing = book.changes[book.changes["changed_at"] < evening].drop_duplicates(
        "opportunity_id", keep="last"
    )
    category = standing["stage"].map(book.category)
    due = (standing["close_date"] > evening - np.timedelta64(DEAD_DAYS, "D")) & category.isin(list(GUT))
    standing, category = standing[due], category[due]
    planned = calendar.quarter(month_numbers(_days(standing["close_date"])))
    in_time = np.maximum(planned, _quarter_of(day, calendar)) == quarter
    owner = standing["opportunity_id"].map(book.deals.set_index("opportunity_id")["owner"])[in_time]
    amount, category = standing["amount"][in_time].fillna(0.0), category[in_time]
    likely = (amount * category.map(GUT).astype("float64")).groupby(owner).sum()
    besides = amount[category == "best_case"].groupby(owner).sum()
    usual, signed = _usual(book, reps, quarter, day), _signed(book, quarter, evening)
    expected = likely.add(usual, fill_value=0.0).add(signed, fill_value=0.0)
    return expected.to_dict(), besides.to_dict()


def _quarter_of(day: dt.date, calendar: FiscalCalendar) -> int:
    return int(
        calendar.quarter((day + dt.timedelta(days=1)).year * 12 + (day + dt.timedelta(days=1)).month - 1)
    )


def _signed(book: _Book, quarter: int, evening: np.datetime64) -> pd.Series:
    won = book.deals[(book.deals["outcome"] == "won") & (book.deals["closed_date"] < evening)]
    inside = book.calendar.quarter(month_numbers(_days(won["closed_date"]))) == quarter
    return pd.Series(won[inside].groupby("owner")["amount"].sum())


def _usual(book: _Book, reps: pd.DataFrame, quarter: int, day: dt.date) -> pd.Series:
    """Return what the rest of a quarter usually brings each rep out of deals that are not there yet."""
    calendar = book.calendar
    won = book.deals[(book.deals["outcome"] == "won") & (book.deals["closed_date"] <= np.datetime64(day))]
    when = calendar.quarter(month_numbers(_days(won["closed_date"])))
    last = won[(when < quarter) & (when >= quarter - QUARTERS_REMEMBERED)]
    first = int(calendar.quarter(month_numbers(_days(book.deals["qualified_date"]))).min())
    n_quarters = max(1, min(QUARTERS_REMEMBERED, quarter - first))
    n_heads = reps.groupby("segment").size()
    share = pd.Series(
        {name: next(s for kind, s in WITHIN.items() if name.startswith(kind)) for name in n_heads.index}
    )
    start = first_of_month(calendar.first_month(quarter))
    left = 1.0 - max(0, (day - start).days + 1) / 91.0
    each = last.groupby("segment")["amount"].sum() / n_quarters / n_heads * share * left
    return pd.Series(reps.set_index("rep_id")["segment"].map(each).fillna(0.0))
