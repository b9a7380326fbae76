"""``simulator run``: from a scenario to a results folder and an answer in plain words."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.cli.console import Console
from simulator.cli.options import Json, NPaths, Out, Quiet, ScenarioFile, Seed, Set, Workers
from simulator.cli.steps import (
    Timings,
    calibration_cache,
    compile_first,
    default_folder,
    executor_for,
    overrides,
)

FEWEST_CALM_PATHS = 500
PATHS_WITHOUT_HIRES = 400
MOST_NOTES = 8
FEWEST_PATHS_FOR_TWO = 1000
"""Fewer paths are simulated before a second process has started."""

if TYPE_CHECKING:
    from simulator.analysis.customers.arr import CustomerOutlook
    from simulator.analysis.forecast.outlook import Outlook
    from simulator.analysis.judgement.judgement import Judgement
    from simulator.analysis.operating.operating import OperatingView
    from simulator.engine.paths import Paths
    from simulator.engine.prepare import Prepared
    from simulator.report.output.second_process import Team
    from simulator.scenario.schema import Scenario


def run(
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
    """Simulate a scenario: what will be booked, how sure that is, and what the pipeline must hold for it."""
    from simulator.report.output.folder import check_replaceable, publish
    from simulator.report.output.second_process import all_done, second_process
    from simulator.scenario.load import load_scenario

    console, timings = Console(quiet=quiet, as_json=json), Timings()
    loaded = load_scenario(scenario, overrides(set_, paths=paths, seed=seed))
    folder = out or default_folder(loaded.name)
    check_replaceable(folder)
    with second_process(_is_large(loaded)) as team:
        prepared = _prepare(loaded, console, timings)
        compile_first(prepared, console, timings)
        with executor_for(workers, console):
            futures, calm = simulate_twice(prepared, console, timings)
        with publish(folder) as draft, all_done(team):
            console.note("Writing tables and drawing charts …")
            with timings.measure("analyse"):
                (draft / "charts").mkdir()
                findings = findings_of(prepared, futures, calm, draft / "charts", team)
            summary = _write(prepared, futures, findings, folder, draft=draft, team=team, timings=timings)
    _answer(console, findings, prepared, folder, record=summary["record"])
    console.data({"folder": str(folder), **summary})


def _is_large(scenario: Scenario) -> bool:
    """Return whether a run is worth a second process, and may have one."""
    settings = scenario.simulation
    return settings.threads != 1 and settings.paths >= FEWEST_PATHS_FOR_TWO


def _prepare(loaded: Scenario, console: Console, timings: Timings) -> Prepared:
    """Return the scenario with its history and rates; what they take is loaded beside the second process."""
    console.note("Reading the history and its rates …")
    with timings.measure("prepare"):
        from simulator.engine.prepare import prepare
        from simulator.report.judgement.results import check_judgement

        prepared = prepare(loaded, kept=calibration_cache(console))
        check_judgement(prepared)
    return prepared


@dataclass(frozen=True)
class Findings:
    """What a run has found: about bookings, customers where they are simulated, operations where planned."""

    outlook: Outlook
    customers: CustomerOutlook | None
    judgement: Judgement | None = None
    operating: OperatingView | None = None


def simulate_twice(prepared: Prepared, console: Console, timings: Timings) -> tuple[Paths, Paths | None]:
    """Return the futures, and the same without the shared shock where there is one."""
    from simulator.engine.run.simulate import (
        compile_worked_deals,
        complete_plan,
        simulate_compiled,
        without_shock,
    )

    scenario, calibration, history = prepared.scenario, prepared.calibration, prepared.history
    with timings.measure("compile scenario"):
        deals = compile_worked_deals(scenario, calibration, history)
        compiled = complete_plan(deals, scenario, history)
        # Customers who refer others, or take time of who sells, change new business: they cannot be left out.
        bare = compiled if scenario.simulates_roles or scenario.referrals.stated else deals
    with timings.measure("simulate"), console.progress("Simulating") as advance:
        futures = simulate_compiled(compiled, scenario, history, advance)
    if not prepared.has_shock:
        return futures, None
    with timings.measure("simulate without shock"), console.progress("Separating the shock") as advance:
        calm = simulate_compiled(without_shock(bare), _calm(scenario), history, advance)
    return futures, calm


def _calm(scenario: Scenario) -> Scenario:
    """Return the scenario without its shock; a fifth of the paths tell the spread apart well enough."""
    settings = scenario.simulation
    n_paths = max(FEWEST_CALM_PATHS, settings.paths // 5) if settings.luck else settings.paths
    return scenario.with_simulation(shared_shock=False, paths=min(n_paths, settings.paths))


def findings_of(prepared: Prepared, futures: Paths, calm: Paths | None, charts: Path, team: Team) -> Findings:
    """Return all that a run says of its futures; its charts begin while the next finding is looked for."""
    from simulator.report.customers.charts import customer_chart_jobs
    from simulator.report.forecast.results import chart_jobs
    from simulator.report.judgement.results import judgement_chart_jobs, look_at_judgement
    from simulator.report.operating.words import operating_chart_jobs

    outlook = outlook_of(prepared, futures, calm)
    team.begin(chart_jobs(futures, outlook, charts))
    customers = customers_of(prepared, futures)
    if customers is not None:
        team.begin(customer_chart_jobs(customers, outlook.forecast, charts))
    judgement = look_at_judgement(prepared, futures)
    if judgement is not None:
        team.begin(judgement_chart_jobs(judgement, outlook.forecast, charts))
    operating = _look_at_operations(prepared, futures)
    if operating is not None:
        team.begin(operating_chart_jobs(operating, outlook.forecast, charts))
    return Findings(outlook, customers, judgement, operating)


def outlook_of(prepared: Prepared, futures: Paths, calm: Paths | None) -> Outlook:
    """Return what the futures say of bookings, coverage and spread."""
    from simulator.analysis.diagnose.rates import (
        historical_rates,
    )
    from simulator.analysis.forecast.outlook import look_ahead
    from simulator.engine.plan.roles import rep_terms

    scenario, history = prepared.scenario, prepared.history
    return look_ahead(
        futures,
        without_shock=calm,
        targets=scenario.targets,
        motions={name: segment.motion for name, segment in scenario.segments.items()},
        rates=historical_rates(history, scenario.fiscal_calendar()) if history is not None else None,
        reps=rep_terms(scenario, prepared.calibration.staffing if prepared.calibration else None),
    )


def customers_of(prepared: Prepared, futures: Paths) -> CustomerOutlook | None:
    """Return what the futures say of customers, where they are simulated."""
    from simulator.analysis.customers.arr import look_at_customers

    rates = prepared.calibration.customers if prepared.calibration is not None else None
    return look_at_customers(futures, prepared.scenario, rates, prepared.history)


def _look_at_operations(prepared: Prepared, futures: Paths) -> OperatingView | None:
    """Return the operating plan and what its hires change on some futures; None where none is stated."""
    from simulator.analysis.operating.costs import without_hires
    from simulator.analysis.operating.operating import look_at_operations, operate
    from simulator.engine.plan.roles import rep_terms, role_terms
    from simulator.engine.run.simulate import simulate

    scenario, rates, history = prepared.scenario, prepared.calibration, prepared.history
    if not scenario.operating.stated:
        return None
    reps = rep_terms(scenario, rates.staffing if rates else None)
    roles = role_terms(scenario, history)
    bare, fewer = without_hires(scenario), None
    if bare is not None:
        bare = bare.with_simulation(paths=min(PATHS_WITHOUT_HIRES, scenario.simulation.paths))
        fewer = operate(simulate(bare, rates, history), bare, rates, reps, roles)
    return look_at_operations(
        futures, operate(futures, scenario, rates, reps, roles), scenario, without_hires=fewer
    )


def _write(
    prepared: Prepared,
    futures: Paths,
    findings: Findings,
    folder: Path,
    *,
    draft: Path,
    team: Team,
    timings: Timings,
) -> dict[str, object]:
    """Write the tables, the manifest and what people open beside the charts; return the summary."""
    from simulator.report.assumptions import list_assumptions
    from simulator.report.backtest.record import add_record
    from simulator.report.customers.tables import customer_summary
    from simulator.report.documents.exports import export_jobs
    from simulator.report.forecast.summary import summarise
    from simulator.report.judgement.results import with_judgement
    from simulator.report.operating.words import operating_summary
    from simulator.report.output.manifest import write_manifest
    from simulator.report.terms.checklist import checklist_summary

    outlook, customers = findings.outlook, findings.customers
    summary = summarise(outlook, notes=prepared.notes, assumptions=list_assumptions(prepared))
    summary = with_judgement(summary, findings.judgement)
    if customers is not None:
        summary |= customer_summary(customers)
    summary |= checklist_summary(prepared.scenario)
    plan = findings.operating
    if plan is not None:
        summary |= operating_summary(plan, prepared.scenario.currency)
    add_record(summary, prepared)
    with timings.measure("tables"):
        write_all_tables(prepared, futures, findings, summary, draft, earlier=folder)
    with timings.measure("charts"):
        team.finish()
    write_manifest(
        draft,
        folder=folder,
        command=shlex.join(["simulator", *sys.argv[1:]]),
        inputs=prepared.files,
        scenario=prepared.scenario.to_dict(),
        seed=prepared.scenario.simulation.seed,
        timings_seconds=timings.seconds,
    )
    team.begin(export_jobs(draft))
    team.finish()
    return summary


def write_all_tables(
    prepared: Prepared,
    futures: Paths,
    findings: Findings,
    summary: Mapping[str, object],
    draft: Path,
    *,
    earlier: Path | None = None,
) -> None:
    """Write every table, the paths and the summary: for a run, and for the reproduction held against it."""
    from simulator.report.forecast.results import write_background, write_deals, write_figures
    from simulator.report.judgement.results import write_judgement
    from simulator.report.operating.words import write_operating
    from simulator.report.output.tables import write_table
    from simulator.report.terms.checklist import checklist_table

    tables = draft / "tables"
    write_figures(futures, findings.outlook, summary, draft, findings.customers)
    write_background(prepared, tables)
    if prepared.scenario.ownership.stated:
        write_table(checklist_table(prepared.scenario), tables / "checklist.csv")
    if findings.operating is not None:
        write_operating(findings.operating, tables)
    write_deals(prepared, futures, tables, earlier=earlier)
    write_judgement(findings.judgement, tables)


def _answer(
    console: Console, findings: Findings, prepared: Prepared, folder: Path, *, record: object
) -> None:
    from simulator.report.customers.words import customer_answers
    from simulator.report.forecast.summary import answers
    from simulator.report.judgement.words import judgement_answers
    from simulator.report.operating.words import operating_answers

    console.say()
    sentences = answers(findings.outlook)
    if findings.customers is not None:
        sentences |= customer_answers(findings.customers.arr, findings.customers.lifetime)
    if findings.judgement is not None:
        forecast = findings.outlook.forecast
        sentences |= judgement_answers(findings.judgement, forecast.periods[0], forecast.currency)
    if findings.operating is not None:
        sentences |= operating_answers(findings.operating, prepared.scenario.currency)
    for sentence in sentences.values():
        console.say(f"{sentence}.")
    if record is not None:
        console.say(f"{record}.")
    _say_notes(console, prepared.notes)
    console.say(f"\nReport, workbook, slides, tables and charts are in {folder}.")


def _say_notes(console: Console, notes: Sequence[str]) -> None:
    """Print the first notes, the most important ones; the summary holds them all."""
    if notes:
        console.say()
    for note in notes[:MOST_NOTES]:
        console.say(f"Note: {note.rstrip('.')}.")
    if (n_more := len(notes) - MOST_NOTES) > 0:
        console.say(f"{n_more} more {'notes are' if n_more > 1 else 'note is'} on the page, report.html.")
