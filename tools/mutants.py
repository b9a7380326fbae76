"""Plant faults in the sources and count those that the tests notice.

Run: ``python -m tools.mutants [--mutants 150] [--seed 1]``. Writes results/mutants.md.

Each mutant is one change of one expression: an operator, a comparison, a constant, a term that is dropped. It
is planted in a copy of the repository, and the tests that import the changed module run on it (all tests of
its layer, where none imports it). Which places are changed follows from the seed and the sources alone.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("calibration", "analysis", "engine", "scenario")
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".hypothesis", ".*_cache", "build", "dist", "results")
MARKS = "not slow and not shared and not notebook and not browser"
GOAL = 0.8
SECONDS_FOR_TESTS = 600
SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change of one expression.

    Parameters
    ----------
    path : Path
        Source file, relative to the repository.
    line : int
    start, end : int
        Bytes of the file that are replaced.
    old, new : str
    kind : str
        Operator, comparison, constant or dropped term.
    """

    path: Path
    line: int
    start: int
    end: int
    old: str
    new: str
    kind: str

    def plant(self, root: Path) -> None:
        """Write the changed file into a copy of the repository."""
        source = (ROOT / self.path).read_bytes()
        (root / self.path).write_bytes(source[: self.start] + self.new.encode() + source[self.end :])

    def remove(self, root: Path) -> None:
        """Write the file there as it is here."""
        (root / self.path).write_bytes((ROOT / self.path).read_bytes())


def changes_of(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Give what an expression can be changed to, each with the kind of the change."""
    match node:
        case ast.BinOp(left=left, op=operator, right=right):
            if type(operator) in SWAPPED and not _is_text(left) and not _is_text(right):
                yield "operator", ast.BinOp(left, SWAPPED[type(operator)](), right)  # type: ignore[arg-type]
                yield "dropped term", left
        case ast.BoolOp(op=operator, values=values):
            yield "operator", ast.BoolOp(SWAPPED[type(operator)](), values)  # type: ignore[arg-type]
            yield "dropped term", values[0]
        case ast.Compare(left=left, ops=[operator], comparators=right):
            if type(operator) in SWAPPED:
                yield "comparison", ast.Compare(left, [SWAPPED[type(operator)]()], right)  # type: ignore[list-item]
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield "operator", operand
        case ast.Constant(value=bool(value)):
            yield "constant", ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield "constant", ast.Constant(value + 1)
        case ast.Constant(value=float(value)):
            yield "constant", ast.Constant(2.0 * value + (value == 0.0))


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def executed(tree: ast.AST) -> Iterator[ast.AST]:
    """Give the nodes that decide figures: no annotations, no messages, no defaults of docstrings."""
    for field, value in ast.iter_fields(tree):
        if field in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.AST) and not isinstance(node, ast.JoinedStr | ast.Raise):
                yield node
                yield from executed(node)


def mutants_of(path: Path) -> list[Mutant]:
    """Return every change of a file."""
    source = (ROOT / path).read_bytes()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    for node in executed(ast.parse(source)):
        for kind, changed in changes_of(node):
            assert isinstance(node, ast.expr) and node.end_lineno is not None  # noqa: S101
            start = starts[node.lineno - 1] + node.col_offset
            end = starts[node.end_lineno - 1] + (node.end_col_offset or 0)
            new = f"({ast.unparse(changed)})"
            found.append(Mutant(path, node.lineno, start, end, source[start:end].decode(), new, kind))
    return found


def choose(n: int, seed: int) -> list[Mutant]:
    """Return this many mutants, spread over the layers as their sources are."""
    files = sorted(p for layer in LAYERS for p in (ROOT / "simulator" / layer).rglob("*.py"))
    every = [mutant for path in files for mutant in mutants_of(path.relative_to(ROOT))]
    return sorted(random.Random(seed).sample(every, n), key=lambda m: (m.path, m.line, m.start, m.new))  # noqa: S311


def tests_of(path: Path) -> tuple[str, ...]:
    """Return the test files that import a module, or the tests of its layer; that of its name first."""
    module = ".".join(path.with_suffix("").parts)
    layer = path.parts[1]
    tests = sorted((ROOT / "tests").rglob("test_*.py"))
    own = [test for test in tests if f"from {module} import" in test.read_text(encoding="utf-8")]
    chosen = own or [t for t in tests if t.parent == ROOT / "tests" / layer]
    chosen.sort(key=lambda test: test.stem != f"test_{path.stem}")
    return tuple(str(t.relative_to(ROOT)) for t in chosen)


def passes(root: Path, tests: tuple[str, ...]) -> bool:
    """Return whether tests pass in a copy of the repository; those that hang do not."""
    environment = {**os.environ, "PYTHONPATH": str(root), "XDG_CACHE_HOME": str(root / "build" / "cache")}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", MARKS, *tests]
    try:
        done = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, timeout=SECONDS_FOR_TESTS, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def page(results: list[tuple[Mutant, bool]], seed: int, seconds: float) -> str:
    """Return the page: how many were killed by layer and kind, and each survivor."""
    killed = sum(dead for _, dead in results)
    lines = [
        "# Faults that the tests notice",
        "",
        f"{len(results)} changes of one expression each, drawn with seed {seed} from the sources of "
        f"{', '.join(LAYERS)}.",
        f"Tests that import the changed module noticed **{killed} of {len(results)} "
        f"({killed / len(results):.0%})**; the goal is {GOAL:.0%}.",
        "",
        "| | mutants | killed | share |",
        "| --- | ---: | ---: | ---: |",
    ]
    for group in ([m.path.parts[1] for m, _ in results], [m.kind for m, _ in results]):
        for name in sorted(set(group)):
            found = [dead for (_, dead), own in zip(results, group, strict=True) if own == name]
            lines.append(f"| {name} | {len(found)} | {sum(found)} | {sum(found) / len(found):.0%} |")
    lines += ["", "## Survivors", "", "| place | kind | was | became |", "| --- | --- | --- | --- |"]
    for m, dead in results:
        if not dead:
            lines.append(f"| {m.path}:{m.line} | {m.kind} | `{_cell(m.old)}` | `{_cell(m.new)}` |")
    command = f"python -m tools.mutants --mutants {len(results)} --seed {seed}"
    return "\n".join([*lines, "", f"Run by `{command}` in {seconds / 60:.0f} minutes.", ""])


def _cell(text: str) -> str:
    """Return an expression as it fits into a cell of a table."""
    one = " ".join(text.split()).replace("|", "\\|")
    return one if len(one) <= 60 else one[:57] + "..."


def try_all(mutants: list[Mutant], root: Path) -> Iterator[tuple[Mutant, bool]]:
    """Plant one mutant after the other in a copy of the repository; give each with whether it is noticed."""
    shutil.copytree(ROOT, root, ignore=LEFT_OUT)
    sound: set[tuple[str, ...]] = set()
    for mutant in mutants:
        tests = tests_of(mutant.path)
        if tests not in sound and not passes(root, tests):
            raise SystemExit(f"The tests fail without any fault: {' '.join(tests)}")
        sound.add(tests)
        mutant.plant(root)
        yield mutant, not passes(root, tests)
        mutant.remove(root)


def main() -> int:
    """Plant the mutants, print each, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--mutants", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "mutants.md")
    given = parser.parse_args()
    began, results = time.monotonic(), []
    with tempfile.TemporaryDirectory() as folder:
        for mutant, dead in try_all(choose(given.mutants, given.seed), Path(folder) / "copy"):
            results.append((mutant, dead))
            verdict = "killed  " if dead else "SURVIVED"
            sys.stdout.write(
                f"{verdict} {mutant.path}:{mutant.line} {_cell(mutant.old)} → {_cell(mutant.new)}\n"
            )
            sys.stdout.flush()
            given.out.write_text(page(results, given.seed, time.monotonic() - began), encoding="utf-8")
    return 0 if sum(dead for _, dead in results) >= GOAL * len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
