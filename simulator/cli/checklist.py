"""``simulator checklist``: who owns the customer after the signature, and what the gaps cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.cli.runner import Asked, question

if TYPE_CHECKING:
    from simulator.report.answer import Answer


@question()
def checklist(asked: Asked) -> Answer:
    """Who owns the customer after the signature? Five questions, their gaps, and what each gap costs."""
    from simulator.report.terms import checklist as results

    return results.checklist(asked.scenario, paths=asked.paths, work=asked.work)
