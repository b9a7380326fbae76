"""One runner for the commands: adds common options, loads the scenario, writes and prints the answer."""

from __future__ import annotations

import inspect
import re
import shlex
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from simulator.cli.console import Console
from simulator.cli.options import Details, Json, NPaths, Out, Quiet, ScenarioFile, Seed, Set, Workers

if TYPE_CHECKING:
    from simulator.report.answer import Answer
    from simulator.report.work import Work
    from simulator.scenario.schema import Scenario

Print = Callable[[Console, "Answer"], None]
COMMON: dict[str, Any] = {
    "out": Out, "paths": NPaths, "seed": Seed, "set_": Set, "workers": Workers, "details": Details,
    "quiet": Quiet, "json": Json,
}  # fmt: skip
"""The options of every command that answers a question about a scenario."""


@dataclass(frozen=True)
class Asked:
    """What the common options ask for.

    Parameters
    ----------
    scenario : Scenario
        As loaded.
    file : Path
        Its file.
    overrides : list of str
        ``key=value`` of ``--set`` and ``--seed``, which are laid over the file.
    paths : int, optional
    work : Work
    """

    scenario: Scenario
    file: Path
    overrides: list[str]
    paths: int | None
    work: Work


def question(
    *, on_workers: bool = False, show: Print | None = None
) -> Callable[[Callable[..., Answer]], Callable[..., None]]:
    """Turn a function that answers a question about a scenario into a command.

    The function takes `Asked` and its own options; the command takes a scenario, these options, and those of
    `COMMON`. Its results go to ``results/<scenario>-<command>``.

    Parameters
    ----------
    on_workers : bool
        Whether it simulates where ``--workers`` says.
    show : callable, optional
        Prints the answer; `show_answer` without it.
    """
    common = {name: hint for name, hint in COMMON.items() if on_workers or name != "workers"}

    def decorate(ask: Callable[..., Answer]) -> Callable[..., None]:
        def command(scenario: Path, **options: Any) -> None:
            shared = {name: options.pop(name) for name in common}
            _answer_scenario(partial(ask, **options), ask.__name__, scenario, shared, show or show_answer)

        return _described_as(command, ask, common)

    return decorate


def _described_as(
    command: Callable[..., None], ask: Callable[..., Answer], common: dict[str, Any]
) -> Callable[..., None]:
    """Give a command the name, the words and all the options that typer reads."""
    # Answers are not imported before a command runs, and what is returned is no option.
    hints = get_type_hints(ask, localns={"Answer": object}, include_extras=True)
    own = list(inspect.signature(ask).parameters.values())[1:]
    given = [inspect.Parameter("scenario", inspect.Parameter.KEYWORD_ONLY, annotation=ScenarioFile)]
    given += [item.replace(annotation=hints[item.name], kind=inspect.Parameter.KEYWORD_ONLY) for item in own]
    for name, hint in common.items():
        default = False if name in {"details", "quiet", "json"} else None
        given.append(
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hint)
        )
    command.__signature__ = inspect.Signature(given)  # type: ignore[attr-defined]
    command.__annotations__ = {item.name: item.annotation for item in given}
    command.__name__, command.__doc__, command.__module__ = ask.__name__, ask.__doc__, ask.__module__
    return command


def _answer_scenario(
    ask: Callable[[Asked], Answer], name: str, file: Path, common: dict[str, Any], show: Print
) -> None:
    from simulator.scenario.load import load_scenario

    console = Console(quiet=common["quiet"], as_json=common["json"], details=common["details"])
    given = overrides(common["set_"], seed=common["seed"])
    scenario = load_scenario(file, given)
    folder = common["out"] or default_folder(f"{scenario.name}-{name}")

    def ask_for(work: Work) -> Answer:
        return ask(Asked(scenario, file, given, common["paths"], work))

    answer_into(folder, ask_for, console, common.get("workers"), show)


def answer_into(
    folder: Path,
    ask: Callable[..., Answer],
    console: Console,
    workers: str | None = None,
    show: Print | None = None,
) -> Answer:
    """Ask, write the answer into a folder that may be replaced, and print it for people or as JSON."""
    from simulator.report.output.folder import check_replaceable
    from simulator.report.work import Work

    check_replaceable(folder)
    work = Work(console, workers)
    answer = ask(work=work)
    answer.write(folder, command=command_line(), work=work)
    console.say()
    (show or show_answer)(console, answer)
    console.say(f"\nTables, charts and summary: {folder}")
    console.data({"folder": str(folder), **answer.summary})
    return answer


def show_answer(console: Console, answer: Answer) -> None:
    """Print the sentences of an answer, the first ones unless details are asked for."""
    console.brief(answer.said)


def show_notes(console: Console, notes: Iterable[str], elsewhere: str = "summary.json") -> None:
    """Print the notes to act on where details are asked for, else how many there are and where."""
    from simulator.report.answer import as_sentence, split_notes

    listed, _ = split_notes(notes)
    if not listed:
        return
    if not console.details:
        console.say(
            f"{len(listed)} {'notes' if len(listed) > 1 else 'note'} to act on: --details, {elsewhere}"
        )
        return
    console.say()
    for note in listed:
        console.say(f"Note: {as_sentence(note)}")


def command_line() -> str:
    """Return what the user typed."""
    return shlex.join(["simulator", *sys.argv[1:]])


def default_folder(name: str) -> Path:
    """Return where the results of a scenario go: ``results/`` and its name, safe as a folder name."""
    return Path("results") / (re.sub(r"[^\w.-]+", "-", name).strip(".-") or "scenario")


def overrides(set_: list[str] | None, *, paths: int | None = None, seed: int | None = None) -> list[str]:
    """Return what ``--set``, ``--paths`` and ``--seed`` lay over the scenario files."""
    given = {"simulation.paths": paths, "simulation.seed": seed}
    return [*(set_ or ()), *(f"{key}={value}" for key, value in given.items() if value is not None)]
