"""Who owns the customer after the signature: five questions, their gaps, and what each gap costs."""

from __future__ import annotations

import re

import pandas as pd

from simulator.analysis.terms.checklist import answer_checklist
from simulator.analysis.terms.checklist_cost import cost_of_gaps, question_table
from simulator.report.answer import Answer, Provenance
from simulator.report.forecast.summary import records
from simulator.report.money import capitalise, format_money
from simulator.report.work import Source, Work, load
from simulator.scenario.schema import Scenario
from simulator.scenario.settled import horizon

PATHS = 400


def checklist(scenario: Source, *, paths: int | None = None, work: Work | None = None) -> Answer:
    """Answer the checklist of continuous selling, and simulate what each gap costs.

    Parameters
    ----------
    scenario : Scenario, Prepared, str or Path
    paths : int, optional
        Simulations; 400 without it.
    work : Work, optional
        Where progress is reported.

    Returns
    -------
    Answer
        Table: checklist.

    Raises
    ------
    InputError
        The scenario is at fault.
    """
    work = work or Work()
    prepared = work.prepare(*load(scenario))
    work.compile(prepared)
    full = prepared.scenario
    n_paths = paths or min(PATHS, full.simulation.paths)
    with work.step("checklist", "Closing the gaps") as advance:
        table = cost_of_gaps(prepared, answer_checklist(full), n_paths, advance)
    until = str(full.fiscal_calendar().quarter_label(horizon(full)[-1]))
    return Answer(
        question="checklist",
        currency=full.currency,
        provenance=Provenance.of(prepared, n_paths=n_paths),
        sentences=checklist_answers(table, full.currency, until),
        tables={"checklist": table},
        figures={"until": until, "checklist": records(table)},
        notes=prepared.notes,
    )


def checklist_summary(scenario: Scenario) -> dict[str, object]:
    """Return what summary.json of a run holds of the checklist; nothing where no ownership is stated."""
    if not scenario.ownership.stated:
        return {}
    table = checklist_table(scenario)
    return {
        "checklist": records(table),
        "checklist_answers": checklist_answers(table, scenario.currency, ""),
    }


def checklist_table(scenario: Scenario) -> pd.DataFrame:
    """Return the questions and answers, without what the gaps cost."""
    return question_table(answer_checklist(scenario))


CLEAR = 1.96
SHORT_NAMES = re.compile(r"\b(csm|ae|am)\b")
ASSUMED_FIRST = "By assumption, for no history shows these skills, hand-offs and effects, closing it"


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
    answer = SHORT_NAMES.sub(lambda found: found[0].upper(), str(row["answer"])).replace("_", " ")
    text = f"{row['question']} {capitalise(answer)}"
    if not row["gap"]:
        return text
    text = f"{text}. That is a gap"
    if "arr_change" not in row or pd.isna(row["arr_change"]):
        unknown = "its cost is not simulated here: that needs the roles, owners or terms that could close it"
        return f"{text}; {unknown}" if "arr_change" in row else text
    low, high = (format_money(row[f"arr_change_{p}"], currency) for p in ("p10", "p90"))
    change = f"{format_money(row['arr_change'], currency)} (P10 {low} to P90 {high})"
    closed = f"{text}. {ASSUMED_FIRST if row['key'] == 'nrr_owner' else 'Closing it'} ({row['fixed_by']})"
    if row["arr_change"] == 0.0 and row["arr_change_error"] == 0.0:
        return f"{closed} changes nothing"
    text = f"{closed} changes ARR at the end of {until} by {change}"
    if abs(row["arr_change"]) < CLEAR * row["arr_change_error"]:
        return f"{text}: no measurable difference"
    if row["key"] == "nrr_owner" and row["arr_change"] < 0.0:
        text += "; practice has one owner for net revenue retention"
    if row["key"] == "success_plan":
        text += "; what it returns over the years: simulator terms"
    return text
