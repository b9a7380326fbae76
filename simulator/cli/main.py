"""The command line: commands by name, each loaded only when it is called, and what happens to errors."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from simulator.cli.console import (
    AnswerLostError,
    PartlyWrittenError,
    harmless,
    prepare_streams,
    print_faults,
    write_answer,
)
from simulator.errors import Fault, InputError
from simulator.garbage import look_seldom
from simulator.versions import version_of

DONE, BUG, USER_FAULT, STOPPED = 0, 1, 2, 130


def in_plain_words(params: list[Any]) -> list[Any]:
    """Return options whose help says N or TEXT for what they take, and nothing where they take nothing."""
    for param in params:
        if param.metavar is None:
            number = param.type_descriptor.annotation in {int, float}
            param.metavar = "" if getattr(param, "is_flag", False) else "N" if number else "TEXT"
    return params


class PlainCommand(TyperCommand):
    """A command whose help names no types of Python."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options, with what they take in words."""
        return in_plain_words(super().get_params(ctx))


@dataclass(frozen=True)
class Command:
    """A command: its name, what it does in a line, and the module and function that do it."""

    name: str
    help: str
    module: str
    function: str = ""

    def load(self) -> Any:
        """Import the command's function and return it as a command of typer."""
        module = importlib.import_module(f"simulator.cli.{self.module}")
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        run = getattr(module, self.function or self.name)
        app.command(self.name, cls=PlainCommand, short_help=self.help, no_args_is_help=False)(run)
        command = typer.main.get_command(app)
        command.name = self.name
        return command


COMMANDS = (
    Command("init", "Write a starter workspace: a sample history and scenarios.", "workspace"),
    Command("app", "Open a workspace in the browser: forecast, what-if, save scenarios.", "workspace"),
    Command("import", "Turn CRM exports into a normalised history.", "import_history", "import_history"),
    Command("audit", "Check a history: what is missing, odd or contradictory.", "audit"),
    Command("calibrate", "Estimate rates from a history, with intervals.", "calibrate"),
    Command("diagnose", "Show close, win and slippage rates, and what holds sales back.", "diagnose"),
    Command("validate", "Check a scenario: all faults at once, with line and remedy.", "workspace"),
    Command("schema", "Write the JSON Schema of scenario files, for editors.", "workspace"),
    Command("run", "Simulate a scenario: bookings, coverage, charts.", "run"),
    Command("compare", "Compare scenarios on the same random numbers; bridge their P50s.", "compare"),
    Command("open", "Open the page of a finished run in the browser.", "results", "open_results"),
    Command("report", "Write the page, workbook and slides of a finished run.", "results"),
    Command(
        "sensitivity", "Show what moves a figure most, and the lever that reaches a target.", "questions"
    ),
    Command("sweep", "Simulate a scenario at every setting of a grid of values.", "questions"),
    Command("hire", "Show where the next reps go, and what limits each segment.", "questions"),
    Command("terms", "Weigh concessions and success plans: bookings now, value later.", "questions"),
    Command("ownership", "Show which roles should own customers after the sale.", "questions"),
    Command("headcount", "Show what one more head of each role is worth.", "questions"),
    Command("checklist", "Show who owns the customer, and what the gaps cost.", "questions"),
    Command("reproduce", "Run again from a manifest; compare bit for bit.", "results"),
    Command("pipeline", "Show how much pipeline must be created for the targets.", "questions"),
    Command("backtest", "Forecast past quarters with what was known then, and score it.", "backtest"),
)
"""All commands, in the order of a user's work."""


class LazyGroup(TyperGroup):
    """A group that knows its commands by name and imports one only to run it."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.lazy = {command.name: command for command in COMMANDS}
        for command in self.lazy.values():
            self.add_command(TyperCommand(command.name, help=command.help))

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options, with what they take in words."""
        return in_plain_words(super().get_params(ctx))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the command that is called, imported."""
        name, stub, rest = super().resolve_command(ctx, args)
        return name, self.lazy[name].load() if name in self.lazy else stub, rest


app = typer.Typer(
    cls=LazyGroup,
    add_completion=True,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        write_answer(f"simulator {version_of('simulator')}\n")
        raise typer.Exit


@app.callback()
def _simulator(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Print it."),
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error."),
) -> None:
    """What will we book, and how sure are we? Start with: simulator run SCENARIO."""


def use_one_thread() -> None:
    """Let NumPy work on matrices with one thread, where nobody has set how many.

    Ours are small: threads wait for each other longer than they work, and add sums up in another order on
    other machines. To be called before NumPy is imported.
    """
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 2 the input is at fault, 1 a bug, 130 stopped."""
    look_seldom()
    prepare_streams()
    if args is None:
        use_one_thread()
    given = list(sys.argv[1:] if args is None else args)
    debug = "--debug" in given
    given = [arg for arg in given if arg != "--debug"]
    try:
        app(args=given, prog_name="simulator")
    except SystemExit as ending:
        if ending.code == STOPPED:
            sys.stderr.write("Stopped; nothing was written.\n")
        raise
    except PartlyWrittenError as stopped:
        sys.stderr.write(f"Stopped; written before: {stopped}.\n")
        sys.exit(STOPPED)
    except AnswerLostError as lost:
        remedy = "What the command writes to files is complete; print its answer to where there is room."
        print_faults([Fault("standard output", f"the answer could not be printed: {lost}", remedy)])
        sys.exit(USER_FAULT)
    except Exception as error:
        if debug:
            raise
        sys.exit(_report(error, as_json="--json" in given))


def _report(error: Exception, *, as_json: bool) -> int:
    if isinstance(error, InputError):
        print_faults(error.faults, as_json=as_json)
        return USER_FAULT
    if isinstance(error, OSError) and (error.filename is not None or error.errno in REMEDIES):
        print_faults([_file_fault(error)], as_json=as_json)
        return USER_FAULT
    sys.stderr.write(
        f"This is a bug of the simulator, not of your input: {harmless(_first_line(error))}\n"
        "Run the same command with --debug for the traceback, and please report it.\n"
    )
    return BUG


REMEDIES = {
    errno.ENOSPC: "The disk is full: free some space, or write elsewhere with -o.",
    errno.EACCES: "Check its permissions, or write elsewhere with -o.",
    errno.EPERM: "Check its permissions, or write elsewhere with -o.",
    errno.EROFS: "The disk is read-only: write elsewhere with -o.",
    errno.ENOENT: "Check the spelling.",
    errno.EISDIR: "Name a file, not a folder.",
    errno.ENOTDIR: "A part of the path is a file, not a folder.",
    errno.EEXIST: "Remove it, or write elsewhere with -o.",
    errno.ENAMETOOLONG: "Use a shorter name.",
}


def _file_fault(error: OSError) -> Fault:
    what = error.strerror or type(error).__name__
    return Fault(str(error.filename or ""), what[0].lower() + what[1:], REMEDIES.get(error.errno or 0, ""))


def _first_line(error: Exception) -> str:
    text = f"{type(error).__name__}: {error}"
    return text.splitlines()[0]


if __name__ == "__main__":
    main()
