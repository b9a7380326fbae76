"""``simulator pipeline``: what pipeline is created, and how much the targets need, by quarter and segment."""

from __future__ import annotations

from simulator.cli.console import Console
from simulator.cli.hire import FIRST_PATHS
from simulator.cli.options import Json, NPaths, Out, Quiet, ScenarioFile, Seed, Set, Workers
from simulator.cli.steps import (
    Timings,
    calibration_cache,
    compile_first,
    default_folder,
    executor_for,
    overrides,
    results_of,
)


def pipeline(
    scenario: ScenarioFile,
    *,
    out: Out = None,
    paths: NPaths = None,
    seed: Seed = None,
    set_: Set = None,
    workers: Workers = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """How much pipeline must be created by quarter and segment for the targets at 50, 80 and 90 %."""
    from simulator.analysis.forecast.pipeline import demand_sources, pipeline_needed
    from simulator.engine.prepare import prepare
    from simulator.report.forecast.pipeline_words import pipeline_answers, pipeline_summary
    from simulator.report.output.folder import check_replaceable
    from simulator.report.output.manifest import write_json
    from simulator.report.output.tables import write_table
    from simulator.scenario.load import load_scenario

    console, timings = Console(quiet=quiet, as_json=json), Timings()
    loaded = load_scenario(scenario, overrides(set_, seed=seed))
    folder = out or default_folder(f"{loaded.name}-pipeline")
    check_replaceable(folder)
    console.note("Reading the history and its rates …")
    with timings.measure("prepare"):
        prepared = prepare(loaded, kept=calibration_cache(console))
    compile_first(prepared, console, timings)
    with (
        executor_for(workers, console),
        timings.measure("simulate"),
        console.progress("Trying more and fewer SALs") as advance,
    ):
        needed = pipeline_needed(prepared, paths or FIRST_PATHS, advance)
    currency = prepared.scenario.currency
    answers = pipeline_answers(needed, currency)
    with results_of(prepared, folder, timings) as draft:
        (draft / "tables").mkdir()
        write_table(demand_sources(prepared), draft / "tables" / "demand_sources.csv")
        write_table(needed.created, draft / "tables" / "pipeline_created.csv")
        write_table(needed.chances, draft / "tables" / "pipeline_chances.csv")
        write_table(needed.needed, draft / "tables" / "pipeline_needed.csv")
        summary = pipeline_summary(needed, prepared.scenario.name, currency, answers)
        write_json(summary, draft / "summary.json")
    console.say()
    for sentence in answers:
        console.say(f"{sentence}.")
    console.say(f"\nTables and summary are in {folder}.")
    console.data({"folder": str(folder), **summary})
