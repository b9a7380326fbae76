"""What a run says of the continuous-selling checklist: the answers, without what the gaps cost."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from simulator.analysis.terms.checklist import answer_checklist
from simulator.analysis.terms.checklist_cost import question_table
from simulator.report.forecast.summary import records
from simulator.report.money import format_money
from simulator.report.output.tables import write_table
from simulator.scenario.schema import Scenario


def checklist_summary(scenario: Scenario) -> dict[str, object]:
    """Return what summary.json of a run holds of the checklist; nothing where no ownership is stated."""
    if not scenario.ownership.stated:
        return {}
    table = question_table(answer_checklist(scenario))
    return {
        "checklist": records(table),
        "checklist_answers": checklist_answers(table, scenario.currency, ""),
    }


def write_checklist(scenario: Scenario, tables: Path) -> None:
    """Write checklist.csv where ownership is stated."""
    if scenario.ownership.stated:
        write_table(question_table(answer_checklist(scenario)), tables / "checklist.csv")


CLEAR = 1.96


def checklist_answers(table: pd.DataFrame, currency: str, until: str) -> dict[str, str]:
    """Return question, answer and the cost of each gap, by key.

    Parameters
    ----------
    table : DataFrame
        As ``question_table`` or ``cost_of_gaps`` returns it.
    currency : str
    until : str
        The last quarter simulated.
    """
    return {str(row["key"]): say_question(row, currency, until) for _, row in table.iterrows()}


def say_question(row: pd.Series, currency: str, until: str) -> str:
    """Return one question with its answer."""
    answer = str(row["answer"])
    text = f"{row['question']} {answer[:1].upper()}{answer[1:]}"
    if not row["gap"]:
        return text
    text = f"{text}. That is a gap"
    if "arr_change" not in row or pd.isna(row["arr_change"]):
        unknown = "its cost is not simulated here: that takes the roles, owners or terms that could mend it"
        return f"{text}; {unknown}" if "arr_change" in row else text
    low, high = (format_money(row[f"arr_change_{p}"], currency) for p in ("p10", "p90"))
    change = f"{format_money(row['arr_change'], currency)} (P10 {low} to P90 {high})"
    text = f"{text}. Mended ({row['mended_by']}), ARR at the end of {until} changes by {change}"
    if row["arr_change"] == 0.0 and row["arr_change_error"] == 0.0:
        return f"{text.split('. Mended')[0]}. Mended ({row['mended_by']}), it changes nothing"
    if abs(row["arr_change"]) < CLEAR * row["arr_change_error"]:
        return f"{text}, which so many futures cannot tell from nothing"
    points = f"{100 * row['nrr_change']:.1f}".replace("-", "−")
    text += (
        f", new-business bookings by {format_money(row['bookings_change'], currency)}, NRR by {points} points"
    )
    if row["key"] == "success_plan":
        text += "; what it returns over the years: simulator terms"
    return text
