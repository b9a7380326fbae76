"""What a run says of the continuous-selling checklist: the answers, without what the gaps cost."""

from __future__ import annotations

from pathlib import Path

from simulator.analysis.checklist import answer_checklist
from simulator.analysis.checklist_cost import question_table
from simulator.report.checklist_words import checklist_answers
from simulator.report.summary import records
from simulator.report.tables import write_table
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
