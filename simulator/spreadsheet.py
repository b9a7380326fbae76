"""Text in CSV cells that people open in a spreadsheet: none may be taken for a formula."""

from __future__ import annotations

import re

FORMULA_SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001
"""In Japanese and Chinese spreadsheets the wide forms begin a formula too."""
LINE_BREAKS = re.compile(r"[\t\r\n\v\f]+")


def escape_formula(cell: object) -> object:
    """Return a cell that no spreadsheet takes for a formula, on one line."""
    if not isinstance(cell, str):
        return cell
    text = LINE_BREAKS.sub(" ", cell).strip()
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def as_typed(cell: str) -> str:
    """Return text as it was before `escape_formula`."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_SIGNS) else cell
