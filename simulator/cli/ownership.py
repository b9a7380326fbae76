"""``simulator ownership``: who should own customers after the sale, on the same futures and money."""

from __future__ import annotations

from simulator.cli.console import Console
from simulator.cli.headcount import PATHS, ClosingYears, Quarters, prepare_roles
from simulator.cli.options import Json, NPaths, Out, Quiet, ScenarioFile, Seed, Set
from simulator.cli.steps import (
    Timings,
    compile_first,
    default_folder,
    overrides,
    results_of,
)

MAP_PATHS = 20
"""For each of the 64 runs of the map: enough to tell what is far apart; what is near is named a tie."""


def ownership(
    scenario: ScenarioFile,
    *,
    quarters: Quarters = None,
    closing_years: ClosingYears = 1.0,
    out: Out = None,
    paths: NPaths = None,
    seed: Seed = None,
    set_: Set = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Who should own customers? All sales, split, all CSM or mirrored, on the same futures and money."""
    from simulator.analysis.headcount.simulation import HeadcountSimulation
    from simulator.analysis.ownership import weigh_ownership
    from simulator.engine.plan.reps import gross_margin
    from simulator.errors import InputError
    from simulator.report.assumptions import people_assumptions
    from simulator.report.output.folder import check_replaceable
    from simulator.report.ownership.results import (
        OwnershipResults,
        ownership_answers,
        ownership_summary,
        write_ownership,
    )

    console, timings = Console(quiet=quiet, as_json=json), Timings()
    prepared = prepare_roles(scenario, overrides(set_, seed=seed), quarters, console, timings)
    silent = [name for name in prepared.scenario.segments if not prepared.scenario.reps.limits(name)]
    if silent:
        raise InputError.of(
            str(scenario),
            f"reps are not simulated in {', '.join(silent)}: that sales owns customers cannot be tried there",
            "State them: 'reps: {all: {patience_days: 60}}'.",
        )
    folder = out or default_folder(f"{prepared.scenario.name}-ownership")
    check_replaceable(folder)
    compile_first(prepared, console, timings)
    with timings.measure("compile scenario"):
        futures = HeadcountSimulation(prepared, paths or PATHS)
    margin = gross_margin(futures.scenario)[0]
    few = min(MAP_PATHS, futures.n_paths)
    with timings.measure("ownership"), console.progress("Trying every owner") as advance:
        found = weigh_ownership(futures, margin, closing_years, few, advance)
    results = OwnershipResults(
        prepared.scenario.name,
        futures.deals.horizon.as_of,
        prepared.scenario.currency,
        found,
        futures.effects,
        ownership_answers(found, futures.effects, prepared.scenario.currency),
        prepared.notes,
        tuple(people_assumptions(prepared)),
    )
    with results_of(prepared, folder, timings) as draft:
        console.note("Writing tables and drawing charts …")
        with timings.measure("report"):
            write_ownership(results, draft)
    console.say()
    for sentence in results.answers.values():
        console.say(f"{sentence}.")
    console.say(f"\nTables, charts and summary are in {folder}.")
    console.data({"folder": str(folder), **ownership_summary(results)})
