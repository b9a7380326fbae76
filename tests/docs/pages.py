"""What the documentation shows, taken out of its pages and run in a scratch folder.

A fenced block is run as what it says it is: ``console`` line by line (those that begin with ``$``),
``python`` as one program, all blocks of a page one after the other; ``yaml`` whose first line is a comment
that names a file becomes that file. ``<!-- not run: why -->`` over a block leaves it out.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator.cli.main import COMMANDS, main

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md"), ROOT / "scenarios" / "README.md"])
BLOCK = re.compile(r"(<!-- not run: [^\n]+ -->\n)?^```(console|python|yaml)\n(.*?)^```", re.S | re.M)
FILE_NAME = re.compile(r"# ([\w./-]+\.yaml)\n")
FEW_PATHS, FEW_RATES = "60", "simulation.rate_draws=8"
"""Simulations and draws of the rates where a command shown names none: enough to run, too few to believe."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line of the page on which it begins."""

    language: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page that are to be run."""
    text = page.read_text(encoding="utf-8")
    found = [match for match in BLOCK.finditer(text) if match[1] is None]
    return [Block(m[2], m[3], text.count("\n", 0, m.start()) + 1) for m in found]


def shows_commands(page: Path) -> bool:
    """Return whether a page shows commands or programs."""
    return any(block.language != "yaml" for block in blocks(page))


def run_page(page: Path) -> int:
    """Run what a page shows in the present folder; return how many commands and programs that were."""
    names: dict[str, object] = {"__name__": "__page__"}
    n_run = 0
    for block in blocks(page):
        place = f"{page.name}:{block.line}"
        if block.language == "yaml":
            if named := FILE_NAME.match(block.text):
                Path(named[1]).write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            exec(compile(block.text, place, "exec"), names)
            n_run += 1
        else:
            lines = [line for line in block.text.splitlines() if line.startswith("$ ")]
            for line in lines:
                run_command(shlex.split(line[2:], comments=True), place)
            n_run += len(lines)
    return n_run


def run_command(words: list[str], place: str) -> None:
    """Run one command of a console block; what it prints is nobody's business here."""
    match words:
        case ["cd", folder]:
            os.chdir(folder)
        case [".venv/bin/simulator" | "simulator", *arguments]:
            with pytest.raises(SystemExit) as ended:
                main(with_few_paths(arguments))
            assert not ended.value.code, f"{place}: {shlex.join(words)} ends with {ended.value.code}"
        case ["python", "-m", *_]:
            done = subprocess.run([sys.executable, *words[1:]], capture_output=True, text=True, check=False)
            assert not done.returncode, f"{place}: {shlex.join(words)}: {done.stderr}"
        case _:
            pytest.fail(f"{place}: the test cannot run '{shlex.join(words)}'; say why it is not run")


def with_few_paths(arguments: list[str]) -> list[str]:
    """Return the arguments of a command with few simulations, where it simulates and names no number."""
    command = next((c for c in COMMANDS if arguments and c.name == arguments[0]), None)
    if command is None or "--paths" in arguments or {"-h", "--help"} & set(arguments):
        return arguments
    options = {option for parameter in command.load().params for option in parameter.opts}
    few = ["--paths", FEW_PATHS] if "--paths" in options else []
    return [*arguments, *few, *(["--set", FEW_RATES] if "--set" in options else [])]
