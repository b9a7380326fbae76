"""Standard output and error, whatever they are: any encoding, closed, or full."""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any, TextIO

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
