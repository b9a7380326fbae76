"""``simulator terms``: bookings now against the customers' value later, by policy of the deal desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.cli.runner import Asked, question

if TYPE_CHECKING:
    from simulator.report.answer import Answer


@question()
def terms(asked: Asked) -> Answer:
    """What do deal terms cost? Bookings now against customers' value later, by policy of the deal desk."""
    from simulator.report.terms import results

    return results.terms(asked.scenario, paths=asked.paths, work=asked.work)
