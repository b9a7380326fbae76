"""``simulator run``: from a scenario to a results folder and an answer in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from simulator.cli.console import COLUMNS, MOST_LINES, Console
from simulator.cli.options import Details, Json, Monthly, NPaths, Out, Quiet, ScenarioFile, Seed, Set, Workers
from simulator.cli.runner import command_line, default_folder, overrides, show_notes

if TYPE_CHECKING:
    from simulator.report.documents.headline import KeyFigure
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
    record = [f"{found.summary['record']}."] if found.summary["record"] is not None else []
    levers = say_levers(found.levers, scenario.currency)[:1] if found.levers is not None else ()
    said = [*record, *(f"Largest lever: {sentence}" for sentence in levers)]
    for line in answer_lines(found.answer.said[0], figures, said, whole=console.details):
        console.say(line)
    if console.details:
        console.say()
        for sentence in found.answer.said[1:]:
            console.say(sentence)


def answer_lines(
    headline: str, figures: Sequence[KeyFigure], said: Iterable[str], *, whole: bool = False
) -> list[str]:
    """Return the answer of a run: its figures a line each, then the sentences that there is room for.

    Room is left for the notes and where the results are; ``whole``: nothing is left out.
    """
    name, value = (max(len(getattr(one, part)) for one in figures) for part in ("name", "value"))
    lines = [headline]
    for one in figures:
        begin = f"  {one.name:<{name}}  {one.value:>{value}}  "
        parts = one.range.split("; ")
        while len(parts) > 1 and len(begin + "; ".join(parts)) > COLUMNS and not whole:
            parts.pop()
        first, *more = wrap("; ".join(parts), COLUMNS - len(begin)) or [""]
        lines += [begin + first, *(" " * len(begin) + line for line in more)]
    for sentence in said:
        taken = sum(-(-len(line) // COLUMNS) for line in (*lines, sentence))
        if whole or taken <= MOST_LINES - 2:
            lines.append(sentence)
    return lines


def _is_large(scenario: Scenario) -> bool:
    """Return whether a run is worth a second process, and may have one."""
    settings = scenario.simulation
    return settings.threads != 1 and settings.paths >= FEWEST_PATHS_FOR_TWO
