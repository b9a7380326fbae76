"""How commands talk: answers to standard output, progress and faults to standard error.

``--quiet`` leaves out everything but faults; ``--json`` prints one JSON value and nothing else.
The streams may have any encoding, be closed, or be full.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import logging
import os
import re
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TextIO

from simulator.errors import Fault

Advance = Callable[[int, int], None]
"""Called with (done, total) as work goes on."""

SECONDS_BETWEEN_LINES = 5.0
COLUMNS, MOST_LINES = 80, 12
"""What an answer takes of a terminal at most, unless ``--details`` asks for all of it."""
HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What could move a terminal's cursor, hide text, retitle the window, or turn the direction of writing."""


def harmless(text: str) -> str:
    """Return text without control characters and direction overrides."""
    return HARMFUL.sub("?", text)


def _wrapped(line: str) -> str:
    """Return a line broken at spaces where a terminal shows it, further lines indented like the first."""
    if not (sys.stdout.isatty() or "COLUMNS" in os.environ):
        return line
    width, margin = shutil.get_terminal_size().columns, " " * (len(line) - len(line.lstrip(" •")))
    return textwrap.fill(
        line, max(width, 20), subsequent_indent=margin, break_long_words=False, break_on_hyphens=False,
        replace_whitespace=False, drop_whitespace=True,
    ) or line  # fmt: skip


class Console:
    """Where a command says what it has to say.

    Parameters
    ----------
    quiet : bool
        Say nothing but faults.
    as_json : bool
        Say nothing but one JSON value.
    details : bool
        Say all of an answer, not only what comes first.
    """

    def __init__(self, *, quiet: bool = False, as_json: bool = False, details: bool = False) -> None:
        self.quiet = quiet
        self.as_json = as_json
        self.details = details
        logging.getLogger("simulator").setLevel(logging.WARNING if self.talks else logging.ERROR)

    @property
    def talks(self) -> bool:
        """Whether words for people are wanted."""
        return not (self.quiet or self.as_json)

    def say(self, text: str = "") -> None:
        """Print words for people to standard output, in lines that fit the terminal."""
        if self.talks:
            write_answer("\n".join(map(_wrapped, harmless(text).split("\n"))) + "\n")

    def brief(self, sentences: Iterable[str]) -> None:
        """Print the sentences that fit a few lines, and how many more there are; all with ``--details``.

        Room is left for a line before them, the notes, and where the results are.
        """
        listed, room = list(sentences), MOST_LINES - 4
        for at, sentence in enumerate(listed):
            room -= -(-len(sentence) // COLUMNS)
            if at > 0 and room < 0 and not self.details:
                n_more = len(listed) - at
                self.say(f"{n_more} more {'sentences' if n_more > 1 else 'sentence'}: --details")
                return
            self.say(sentence)

    def table(self, table: Any) -> None:
        """Print a rich table (or anything that rich prints) to standard output."""
        if self.talks:
            from rich.console import Console as RichConsole
            from rich.segment import Segment, Segments

            # Brackets and colons in a name are what they are, no markup and no emoji.
            screen = RichConsole(file=sys.stdout, highlight=False, soft_wrap=False, markup=False, emoji=False)
            # Names are cleaned before colours are put round them: afterwards they look alike.
            drawn = [Segment(harmless(part.text), part.style) for part in screen.render(table)]
            with screen.capture() as printed:
                screen.print(Segments(drawn), end="")
            write_answer(printed.get())

    def rows(
        self,
        headings: Sequence[str],
        cells: Iterable[Sequence[str]],
        *,
        fold: bool = False,
        right: bool = False,
    ) -> None:
        """Print rows of cells: ``fold`` breaks long ones, ``right`` aligns all but the first column."""
        if self.talks:
            from rich.table import Table

            table = Table(box=None, header_style="" if fold else "table.header")
            for at, heading in enumerate(headings):
                justify: Literal["right", "left"] = "right" if right and at else "left"
                table.add_column(heading, overflow="fold" if fold else "ellipsis", justify=justify)
            for row in cells:
                table.add_row(*row)
            self.table(table)

    def note(self, text: str) -> None:
        """Print what goes on at the moment to standard error."""
        if self.talks:
            sys.stderr.write(harmless(text) + "\n")
            sys.stderr.flush()

    def data(self, value: Any) -> None:
        """Print one JSON value to standard output, where ``--json`` asks for it."""
        if self.as_json:
            write_answer(json_text(value))

    @contextmanager
    def progress(self, title: str) -> Iterator[Advance]:
        """Show how far work has come, with an estimate of the time left, on standard error.

        A bar on a terminal; a line every few seconds elsewhere; nothing when quiet.
        """
        if not self.talks:
            yield _nothing
        elif sys.stderr.isatty():
            with _bar(title) as advance:
                yield advance
        else:
            yield _lines(title)


def _nothing(done: int, total: int) -> None:
    """Show nothing."""


@contextmanager
def _bar(title: str) -> Iterator[Advance]:
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=RichConsole(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None)

        def advance(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield advance


def _lines(title: str) -> Advance:
    began = time.monotonic()
    last = began

    def advance(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES and 0 < done < total:
            last = now
            left = (now - began) * (total - done) / done
            sys.stderr.write(f"{title}: {100 * done // total} %, about {left:.0f} s left\n")
            sys.stderr.flush()

    return advance


def print_faults(faults: Iterable[Fault], *, as_json: bool = False) -> None:
    """Print faults: words to standard error, or with ``as_json`` one JSON value to standard output."""
    found = list(faults)
    if as_json:
        rows = [{"where": fault.where, "what": fault.what, "remedy": fault.remedy} for fault in found]
        write_answer(json_text({"faults": rows}))
        return
    for fault in found:
        sys.stderr.write(harmless(f"{fault}\n"))
    if len(found) > 1:
        sys.stderr.write(f"{len(found)} faults.\n")


PLAIN = {
    "…": "...",
    "–": "-",
    "—": "-",
    "−": "-",
    "×": "x",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
    "·": "-",
    "•": "*",
    "\u2018": "'",
    "\u2019": "'",
    "“": '"',
    "”": '"',
    "€": "EUR ",
    "£": "GBP ",
    "¥": "JPY ",
}
"""What stands for a character in an encoding that lacks it; for any other, a question mark."""
HANDLER = "simulator.plain"


class AnswerLostError(Exception):
    """Standard output did not take the answer; what the command wrote to files is complete."""


class PartlyWrittenError(Exception):
    """A command was stopped when it had written some of its files."""


def _in_plain_characters(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(PLAIN.get(character, "?") for character in missing), error.end


def prepare_streams() -> None:
    """Let standard output and error take any character, and be absent."""
    codecs.register_error(HANDLER, _in_plain_characters)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=HANDLER)


def write_answer(text: str) -> None:
    """Write to standard output.

    Raises
    ------
    AnswerLostError
        The disk is full, for instance.
    BrokenPipeError
        Who reads has enough.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _forget(sys.stdout)
        raise AnswerLostError(error.strerror or type(error).__name__) from error


def json_text(value: Any) -> str:
    """Return JSON that standard output can hold, letter for letter or escaped."""
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    return json.dumps(value, indent=2, ensure_ascii=not unicode, allow_nan=False) + "\n"


def _forget(stream: TextIO) -> None:
    """Send what a stream still holds nowhere, so that the end of the process does not fail at it."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, stream.fileno())
        finally:
            os.close(nowhere)
