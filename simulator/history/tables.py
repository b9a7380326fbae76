"""The normalised tables of a company's history: their columns, types and meaning."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass, field, fields
from typing import Literal

import pandas as pd

CATEGORIES = ("pipeline", "best_case", "commit")
"""Forecast categories of an open deal, in order; their position is their code."""

OUTCOMES = ("won", "lost_competition", "lost_no_decision")
"""How a deal ends. ``lost`` without a reason is imported as lost_no_decision and reported."""

LOSSES = OUTCOMES[1:]

TYPES = ("new", "expansion", "renewal")
"""What a deal is for; deals that name none are new business."""

ONE_SEGMENT = "company"
"""Segment of everything where nothing divides it; "all" stands for the total of all segments."""

STAGE_CATEGORIES = ("lead", *CATEGORIES, "closed", "omitted")
"""What a stage may map to. Nothing before ``pipeline`` is a deal: its clock has not started."""

MOVEMENTS = ("new", "expansion", "contraction", "churn", "reactivation", "renewal")
"""ARR movements; ``arr_delta`` is signed (contraction, churn negative; renewal zero or the price change)."""

Kind = Literal["text", "date", "time", "month", "money", "count"]


@dataclass(frozen=True)
class Column:
    """One column of a normalised table: what it holds and whether it may be missing."""

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    values: tuple[str, ...] = ()
    signed: bool = False


def _required(name: str, kind: Kind, meaning: str, **more: object) -> Column:
    return Column(name, kind, meaning, required=True, **more)  # type: ignore[arg-type]


TABLES: dict[str, tuple[Column, ...]] = {
    "opportunities": (
        _required("opportunity_id", "text", "unique name of the deal"),
        _required("segment", "text", "segment of the market"),
        _required("amount", "money", "latest amount; empty where not known yet"),
        _required("created_date", "date", "first entered in the CRM"),
        Column("qualified_date", "date", "sales accepted (SAL): the clock of the deal starts"),
        Column("close_date", "date", "date the rep says the deal will close"),
        Column("outcome", "text", "how it ended; empty while open", values=OUTCOMES),
        Column("closed_date", "date", "when it ended"),
        Column("owner", "text", "rep_id of the owner"),
        Column("team", "text", "team of the owner"),
        Column("competitor", "text", "main competitor, 'none' where there is none"),
        Column("source", "text", "where the deal came from"),
        Column("product", "text", "what is being sold"),
        Column("type", "text", "new (also where empty), expansion or renewal", values=TYPES),
        Column("compelling_event", "text", "why now: budget, go_live, contract_end … or 'none'"),
    ),
    "stage_changes": (
        _required("opportunity_id", "text", "the deal"),
        _required("changed_at", "time", "when; the row is the state after the change"),
        _required("stage", "text", "stage after the change"),
        Column("amount", "money", "amount after the change"),
        Column("close_date", "date", "planned close date after the change"),
    ),
    "stages": (
        _required("stage", "text", "name of the stage"),
        _required("category", "text", "forecast category", values=STAGE_CATEGORIES),
        Column("phase", "text", "conversations, funded project, vendor of choice, closed"),
        Column("valid_from", "date", "first day this mapping holds; empty: always"),
        Column("outcome", "text", "of a closed stage: won or which loss", values=OUTCOMES),
    ),
    "customers": (
        _required("customer_id", "text", "unique name of the customer"),
        _required("segment", "text", "segment of the market"),
        _required("start_date", "date", "first day of the first contract"),
        Column("arr", "money", "annual recurring revenue at start_date, or now where no arr_changes exist"),
        Column("term_months", "count", "length of the contract"),
        Column("opportunity_id", "text", "the deal that won them"),
        Column("owner", "text", "rep_id"),
        Column("csm", "text", "rep_id of the customer success manager"),
    ),
    "arr_changes": (
        _required("customer_id", "text", "the customer"),
        _required("date", "date", "when the change takes effect"),
        _required("movement", "text", "kind of movement", values=MOVEMENTS),
        _required("arr_delta", "money", "signed change of ARR", signed=True),
        Column(
            "driver", "text", "price, consumption, seats_organic, seats_proactive, features, new_solution"
        ),
    ),
    "reps": (
        _required("rep_id", "text", "unique name of the person"),
        _required("role", "text", "ae, am, csm, renewals, se, sdr"),
        _required("segment", "text", "segment they work"),
        _required("start_date", "date", "hired"),
        Column("end_date", "date", "left; empty while employed"),
        Column("quota", "money", "per year"),
        Column("team", "text", "team"),
    ),
    "leads": (
        _required("month", "month", "first day of the month"),
        _required("segment", "text", "segment"),
        _required("source", "text", "source"),
        _required("leads", "count", "leads received"),
        _required("mqls", "count", "marketing qualified"),
        _required("sqls", "count", "sales qualified"),
        _required("sals", "count", "sales accepted"),
        Column("cost", "money", "spent on the source in the month"),
    ),
    "calls": (
        _required("rep_id", "text", "who called"),
        _required("period", "text", "fiscal quarter, such as FY27Q1"),
        _required("as_of", "date", "when the call was made"),
        _required("commit", "money", "what the rep commits to"),
        Column("best_case", "money", "what could close besides"),
    ),
    "assignments": (
        _required("customer_id", "text", "the customer"),
        _required("role", "text", "csm, account_manager …"),
        _required("person", "text", "rep_id of who looked after them"),
        _required("from", "date", "first day"),
        Column("to", "date", "first day on which they no longer did; empty while they do"),
    ),
}


def empty_table(name: str) -> pd.DataFrame:
    """Return a table without rows, with all its columns and types."""
    return _blank(name).copy()


@functools.cache
def _blank(name: str) -> pd.DataFrame:
    """Return the one that copies are taken of: pandas needs milliseconds to make it, and every load asks."""
    types = {"text": "str", "date": "datetime64[ns]", "time": "datetime64[ns]", "month": "datetime64[ns]"}
    return pd.DataFrame({c.name: pd.Series(dtype=types.get(c.kind, "float64")) for c in TABLES[name]})


@dataclass(frozen=True)
class History:
    """A company's past, as typed tables.

    Every table has all its columns (DESIGN: optional ones may be wholly empty): text as ``str``
    with missing values, dates and times as ``datetime64[ns]``, money and counts as ``float64``.
    Rows of stage_changes are in the order (opportunity_id, changed_at).

    Parameters
    ----------
    as_of : datetime.date
        The last day that the history knows of; nothing in the tables is dated later.
    notes : tuple of str
        What the reader should know of where it came from.
    orphan_changes : DataFrame
        Stage changes of opportunities that do not exist, set apart for the hygiene report.
    currency : str
        ISO code of every amount; empty where it is not known.
    """

    as_of: dt.date
    opportunities: pd.DataFrame
    stage_changes: pd.DataFrame = field(default_factory=lambda: empty_table("stage_changes"))
    stages: pd.DataFrame = field(default_factory=lambda: empty_table("stages"))
    customers: pd.DataFrame = field(default_factory=lambda: empty_table("customers"))
    arr_changes: pd.DataFrame = field(default_factory=lambda: empty_table("arr_changes"))
    reps: pd.DataFrame = field(default_factory=lambda: empty_table("reps"))
    leads: pd.DataFrame = field(default_factory=lambda: empty_table("leads"))
    calls: pd.DataFrame = field(default_factory=lambda: empty_table("calls"))
    assignments: pd.DataFrame = field(default_factory=lambda: empty_table("assignments"))
    notes: tuple[str, ...] = ()
    orphan_changes: pd.DataFrame = field(default_factory=lambda: empty_table("stage_changes"))
    currency: str = ""

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables by name, in the order of ``TABLES``."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name in TABLES}
