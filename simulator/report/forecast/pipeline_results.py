"""Pipeline created, and what the targets need: the question asked, and its answer."""

from __future__ import annotations

from simulator.analysis.forecast.pipeline import demand_sources, pipeline_needed
from simulator.report.answer import Answer, Provenance
from simulator.report.forecast.pipeline_words import FIGURES_ARE, pipeline_answers
from simulator.report.forecast.summary import records
from simulator.report.work import Source, Work, load

PIPELINE_PATHS = 1000


def pipeline(scenario: Source, *, paths: int | None = None, work: Work | None = None) -> Answer:
    """Find how much pipeline must be created for the targets, by quarter and segment.

    Parameters
    ----------
    scenario : Scenario, Prepared, str or Path
    paths : int, optional
        Simulations; 1,000 without it.
    work : Work, optional
        Where progress is reported, and which workers simulate.

    Returns
    -------
    Answer
        Tables: demand_sources, pipeline_created, pipeline_chances, pipeline_needed, pipeline_limits.

    Raises
    ------
    InputError
        The scenario is at fault.
    """
    work = work or Work()
    prepared = work.prepare(*load(scenario))
    work.compile(prepared)
    n_paths, full = paths or PIPELINE_PATHS, prepared.scenario
    with work.executor(), work.step("simulate", "Trying more and fewer SALs") as advance:
        needed = pipeline_needed(prepared, n_paths, advance)
    tables = {
        "pipeline_created": needed.created,
        "pipeline_chances": needed.chances,
        "pipeline_needed": needed.needed,
        "pipeline_limits": needed.limits,
    }
    sentences = pipeline_answers(needed, full.currency)
    return Answer(
        question="pipeline",
        currency=full.currency,
        provenance=Provenance.of(prepared, n_paths=n_paths),
        sentences={str(number): sentence for number, sentence in enumerate(sentences)},
        tables={"demand_sources": demand_sources(prepared), **tables},
        figures={
            "figures_are": FIGURES_ARE,
            "answers": sentences,
            **{name: records(table) for name, table in tables.items()},
        },
        notes=prepared.notes,
        found=needed,
    )
