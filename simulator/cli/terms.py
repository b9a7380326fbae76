"""``simulator terms``: bookings now against the customers' value later, by policy of the deal desk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from simulator.analysis.terms.terms import DealTerms
    from simulator.engine.prepare import Prepared
    from simulator.report.terms.results import (
        TermsResults,
    )

PATHS = 600
SCREENS = 6
"""One future in so many tells the assumptions apart well enough: they change the same futures."""


def terms(
    scenario: ScenarioFile,
    *,
    out: Out = None,
    paths: NPaths = None,
    seed: Seed = None,
    set_: Set = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """What do deal terms cost? Bookings now against customers' value later, by policy of the deal desk."""
    from simulator.analysis.terms.policies import TermsLab
    from simulator.analysis.terms.terms import compare_terms
    from simulator.engine.prepare import prepare
    from simulator.report.output.folder import check_replaceable
    from simulator.report.terms.results import (
        TermsResults,
        terms_summary,
    )
    from simulator.report.terms.words import (
        terms_answers,
    )
    from simulator.scenario.load import load_scenario

    console, timings = Console(quiet=quiet, as_json=json), Timings()
    loaded = load_scenario(scenario, overrides(set_, seed=seed))
    folder = out or default_folder(f"{loaded.name}-terms")
    check_replaceable(folder)
    console.note("Reading the history and its rates …")
    with timings.measure("prepare"):
        prepared = prepare(loaded, kept=calibration_cache(console))
        lab = TermsLab(prepared)
    compile_first(prepared, console, timings)
    n_paths = paths or min(PATHS, prepared.scenario.simulation.paths)
    with timings.measure("terms"), console.progress("Trying the policies of the deal desk") as advance:
        found = compare_terms(lab, n_paths, max(n_paths // SCREENS, 1), advance)
    results = TermsResults(
        scenario=prepared.scenario.name,
        as_of=lab.compiled.horizon.as_of,
        currency=prepared.scenario.currency,
        terms=found,
        answers=terms_answers(found, prepared.scenario.currency, prepared.scenario.terms.value_years),
        notes=prepared.notes,
        assumptions=_assumptions(prepared, found),
    )
    _write(results, prepared, folder, timings, console)
    _answer(console, results, folder)
    console.data({"folder": str(folder), **terms_summary(results)})


def _assumptions(prepared: Prepared, found: DealTerms) -> tuple[dict[str, str], ...]:
    from simulator.report.assumptions import list_assumptions

    margin = {
        "name": "gross margin on revenue",
        "value": f"{found.margin:.0%}",
        "source": found.margin_source,
    }
    return (*list_assumptions(prepared), margin)


def _write(
    results: TermsResults, prepared: Prepared, folder: Path, timings: Timings, console: Console
) -> None:
    from simulator.report.terms.results import (
        write_terms,
    )

    with results_of(prepared, folder, timings) as draft:
        console.note("Writing tables and drawing charts …")
        with timings.measure("report"):
            write_terms(results, draft)


def _answer(console: Console, results: TermsResults, folder: Path) -> None:
    console.say()
    for sentence in results.answers.values():
        console.say(f"{sentence}.")
    console.say(f"\nTables, charts and summary are in {folder}.")
