"""``simulator ownership``: who should own customers after the sale, with the same people each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.cli.headcount import ClosingYears, Quarters
from simulator.cli.runner import Asked, question

if TYPE_CHECKING:
    from simulator.report.answer import Answer


@question()
def ownership(asked: Asked, *, quarters: Quarters = None, closing_years: ClosingYears = 1.0) -> Answer:
    """Who should own customers? All sales, split, all CSM or mirrored, with the same people each time."""
    from simulator.report.ownership import results

    return results.ownership(
        asked.scenario,
        quarters=quarters,
        closing_years=closing_years,
        paths=asked.paths,
        work=asked.work,
    )
