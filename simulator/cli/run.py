"""``simulator run``: from a scenario to a results folder and an answer in plain words."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from simulator.cli.console import COLUMNS, Console
from simulator.cli.options import Details, Json, Monthly, NPaths, Out, Quiet, ScenarioFile, Seed, Set, Workers
from simulator.cli.runner import command_line, default_folder, overrides, show_notes

if TYPE_CHECKING:
    from simulator.report.run import Run
    from simulator.scenario.schema import Scenario

FEWEST_PATHS_FOR_TWO = 1000
"""Fewer paths are simulated before a second process has started."""


def run(
    scenario: ScenarioFile,
    *,
    out: Out = None,
    paths: NPaths = None,
    seed: Seed = None,
    set_: Set = None,
    workers: Workers = None,
    monthly: Monthly = False,
    details: Details = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Simulate a scenario: what will be booked, how sure that is, and what pipeline it needs."""
    from simulator.report.output.folder import check_replaceable
    from simulator.report.output.second_process import second_process
    from simulator.scenario.load import load_scenario

    console = Console(quiet=quiet, as_json=json, details=details)
    loaded = load_scenario(scenario, overrides(set_, paths=paths, seed=seed))
    folder = out or default_folder(loaded.name)
    check_replaceable(folder)
    with second_process(_is_large(loaded)) as team:
        # Imported only now: where it is not shared, at the same time as the second process imports its part.
        from simulator.report import simulation
        from simulator.report.work import Work

        work = Work(console, workers)
        found = simulation.run(loaded, work=work)
        found.write(folder, command=command_line(), monthly=monthly, work=work, team=team)
    _show(console, found)
    show_notes(console, found.notes, "report.html")
    console.say(f"Report, workbook, slides, tables and charts: {folder}")
    console.data({"folder": str(folder), **found.summary})


def _show(console: Console, found: Run) -> None:
    """Print the headline figures with their ranges; with details the answer in sentences too."""
    from simulator.report.documents.advice import say_levers
    from simulator.report.documents.headline import key_figures

    scenario = found.prepared.scenario
    figures = key_figures(
        found.tables, found.forecast.periods, scenario.currency, scenario.operating.opening_cash
    )
    console.say(f"{found.answer.said[0]}")
    name, value = (max(len(getattr(one, part)) for one in figures) for part in ("name", "value"))
    for one in figures:
        room = COLUMNS - name - value - 6
        begin, *more = wrap(one.range, room) or [""]
        console.say(f"  {one.name:<{name}}  {one.value:>{value}}  {begin}")
        for line in more:
            console.say(f"{'':{name + value + 6}}{line}")
    for sentence in say_levers(found.levers, scenario.currency)[:1] if found.levers is not None else ():
        console.say(f"Largest lever: {sentence}")
    if found.summary["record"] is not None:
        console.say(f"{found.summary['record']}.")
    if console.details:
        console.say()
        for sentence in found.answer.said[1:]:
            console.say(sentence)


def _is_large(scenario: Scenario) -> bool:
    """Return whether a run is worth a second process, and may have one."""
    settings = scenario.simulation
    return settings.threads != 1 and settings.paths >= FEWEST_PATHS_FOR_TWO
