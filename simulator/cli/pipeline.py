"""``simulator pipeline``: what pipeline is created, and how much the targets need, by quarter and segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.cli.runner import Asked, question

if TYPE_CHECKING:
    from simulator.report.answer import Answer


@question(on_workers=True)
def pipeline(asked: Asked) -> Answer:
    """How much pipeline must be created by quarter and segment for the targets at 50, 80 and 90 %."""
    from simulator.report.forecast import pipeline_results as results

    return results.pipeline(asked.scenario, paths=asked.paths, work=asked.work)
