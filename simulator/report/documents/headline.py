"""The figures that a reader looks for first: the same on the page, the slides, the sheet and the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from simulator.analysis.totals import ALL
from simulator.report.money import format_money, format_multiple, format_share

Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class KeyFigure:
    """A figure with its range and what it means.

    Parameters
    ----------
    key : str
        Short name.
    name : str
        What it is, with its quarter.
    value : str
        As it is written everywhere.
    range : str
        Its range, or what to hold it against.
    meaning : str
        Its definition in a sentence.
    source : str
        The file of the results that holds it.
    """

    key: str
    name: str
    value: str
    range: str
    meaning: str
    source: str


def key_figures(
    tables: Tables, periods: Sequence[str], currency: str, cash_today: float | None = None
) -> tuple[KeyFigure, ...]:
    """Return bookings, the chance of the target, coverage, ARR, NRR and cash, as far as they are known.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Of a run, by name.
    periods : sequence of str
        Fiscal quarters of the horizon.
    currency : str
        ISO code.
    cash_today : float, optional
        Cash at the as-of date, where the scenario states it.
    """
    row = headline_row(tables["bookings"], periods)
    found = [_bookings(row, currency)]
    if math.isfinite(row["target"]):
        found.append(_chance(row, currency))
    found += _coverage(tables["coverage"], str(row["period"]))
    found += _customers(tables.get("arr", pd.DataFrame()), periods, currency)
    found += _cash(tables, currency, cash_today)
    return tuple(found)


def headline_row(bookings: pd.DataFrame, periods: Sequence[str]) -> pd.Series:
    """Return the quarter that is spoken of first: the first with a target, else the first."""
    total = bookings[(bookings["segment"] == ALL) & (bookings["kind"] == "new")]
    total = total[total["period"].isin(list(periods))]
    planned = total[total["target"].notna()]
    return (total if planned.empty else planned).iloc[0]


def _between(row: pd.Series, currency: str) -> str:
    low, high = (format_money(row[name], currency) for name in ("p10", "p90"))
    return f"{low} to {high}"


def _bookings(row: pd.Series, currency: str) -> KeyFigure:
    return KeyFigure(
        "bookings",
        f"New bookings {row['period']}",
        format_money(row["p50"], currency),
        _between(row, currency),
        "Value of new contracts signed in the quarter: the middle outcome (P50), and the range "
        "that holds 80% of simulations (P10 to P90).",
        "tables/bookings.csv",
    )


def _chance(row: pd.Series, currency: str) -> KeyFigure:
    gap = float(row["p50"] - row["target"])
    side = "above" if gap >= 0 else "below"
    return KeyFigure(
        "chance",
        f"Chance of the {format_money(row['target'], currency)} target",
        format_share(float(row["p_hit"])),
        f"P50 is {format_money(abs(gap), currency)} {side} it",
        "Share of simulations whose new bookings of the quarter reach the target.",
        "tables/bookings.csv",
    )


def _coverage(table: pd.DataFrame, period: str) -> list[KeyFigure]:
    rows = table[(table["period"] == period) & (table["segment"] == ALL)]
    if rows.empty or not math.isfinite(rows["coverage"].iloc[0]):
        return []
    row = rows.iloc[0]
    needed = float(row["needed_p80"])
    return [
        KeyFigure(
            "coverage",
            f"Pipeline coverage {period}",
            format_multiple(row["coverage"]),
            f"{format_multiple(needed)} needed for an 80% chance"
            if math.isfinite(needed)
            else str(row["note"]),
            "Best case, commit and closed deals due in the quarter, divided by its target (for high-volume "
            "motions pipeline and deals still to come count too).",
            "tables/coverage.csv",
        )
    ]


def _customers(arr: pd.DataFrame, periods: Sequence[str], currency: str) -> list[KeyFigure]:
    if arr.empty:
        return []
    total, last = arr[arr["segment"] == ALL], str(periods[-1])
    rows = {str(row["measure"]): row for _, row in total[total["period"] == last].iterrows()}
    today = total.loc[(total["period"] == periods[0]) & (total["measure"] == "opening"), "mean"].max()
    closing, found = rows["closing"], []
    found.append(
        KeyFigure(
            "arr",
            f"ARR end of {last}",
            format_money(closing["p50"], currency),
            f"{_between(closing, currency)}; {format_money(today, currency)} today",
            "Annualised recurring revenue of all customers at the end of the horizon; not bookings.",
            "tables/arr.csv",
        )
    )
    for measure, name in (("nrr", "Net revenue retention"), ("grr", "Gross revenue retention")):
        if measure in rows and math.isfinite(rows[measure]["p50"]):
            row = rows[measure]
            found.append(
                KeyFigure(
                    measure,
                    f"{name} {last}",
                    format_share(row["p50"]),
                    f"{format_share(row['p10'])} to {format_share(row['p90'])}",
                    "ARR today of the customers of 12 months ago, divided by their ARR then"
                    + ("." if measure == "nrr" else ", growth left out."),
                    "tables/arr.csv",
                )
            )
    return found


def _cash(tables: Tables, currency: str, today: float | None) -> list[KeyFigure]:
    table = tables.get("operating", pd.DataFrame())
    rows = table[table["line"] == "cash at the end"] if len(table) else table
    if rows.empty:
        return []
    row = rows.iloc[-1]
    run_out = tables.get("operating_run_out", pd.DataFrame())
    chance = float(run_out["p_run_out"].iloc[-1]) if len(run_out) else 0.0
    now = f"; {format_money(today, currency)} today" if today is not None else ""
    how = f"in {format_share(1.0 - chance)} of simulations" if chance > 0 else "in every simulation"
    words = f"{now}; lasts through {row['period']} {how}"
    return [
        KeyFigure(
            "cash",
            f"Cash end of {row['period']}",
            format_money(row["p50"], currency),
            _between(row, currency) + words,
            "Cash after what customers pay and everything that the plan spends.",
            "tables/operating.csv",
        )
    ]
