"""``simulator checklist``: who owns the customer after the signature, and what the gaps cost."""

from __future__ import annotations

from simulator.cli.console import Console
from simulator.cli.options import Json, NPaths, Out, Quiet, ScenarioFile, Seed, Set
from simulator.cli.steps import (
    Timings,
    calibration_cache,
    compile_first,
    default_folder,
    overrides,
    results_of,
)

PATHS = 400


def checklist(
    scenario: ScenarioFile,
    *,
    out: Out = None,
    paths: NPaths = None,
    seed: Seed = None,
    set_: Set = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Who owns the customer after the signature? Five questions, their gaps, and what each gap costs."""
    from simulator.analysis.terms.checklist import answer_checklist
    from simulator.analysis.terms.checklist_cost import cost_of_gaps
    from simulator.engine.prepare import prepare
    from simulator.report.forecast.summary import records
    from simulator.report.output.folder import check_replaceable
    from simulator.report.output.manifest import write_json
    from simulator.report.output.tables import write_table
    from simulator.report.terms.checklist import checklist_answers
    from simulator.scenario.load import load_scenario
    from simulator.scenario.settled import horizon

    console, timings = Console(quiet=quiet, as_json=json), Timings()
    loaded = load_scenario(scenario, overrides(set_, seed=seed))
    folder = out or default_folder(f"{loaded.name}-checklist")
    check_replaceable(folder)
    console.note("Reading the history and its rates …")
    with timings.measure("prepare"):
        prepared = prepare(loaded, kept=calibration_cache(console))
    compile_first(prepared, console, timings)
    full = prepared.scenario
    n_paths = paths or min(PATHS, full.simulation.paths)
    with timings.measure("checklist"), console.progress("Mending the gaps") as advance:
        table = cost_of_gaps(prepared, answer_checklist(full), n_paths, advance)
    until = str(full.fiscal_calendar().quarter_label(horizon(full)[-1]))
    answers = checklist_answers(table, full.currency, until)
    summary: dict[str, object] = {
        "scenario": full.name,
        "as_of": full.as_of.isoformat() if full.as_of else None,
        "currency": full.currency,
        "n_paths": n_paths,
        "until": until,
        "answers": answers,
        "checklist": records(table),
        "notes": list(prepared.notes),
    }
    with results_of(prepared, folder, timings) as draft:
        (draft / "tables").mkdir()
        write_table(table, draft / "tables" / "checklist.csv")
        write_json(summary, draft / "summary.json")
    console.say()
    for sentence in answers.values():
        console.say(f"{sentence}.")
    console.say(f"\nThe table and the summary are in {folder}.")
    console.data({"folder": str(folder), **summary})
