"""Forecast categories and ends, by the words that CRMs and people have for them."""

from __future__ import annotations

import functools
import re
from typing import Any

import pandas as pd

from simulator.history.importers.fields.cells import map_unique
from simulator.history.importers.fields.words import folded, meaning, phrases
from simulator.history.importers.import_log import ImportLog, listed
from simulator.history.importers.readers.sheet import plain
from simulator.history.tables import OUTCOMES as DEAL_OUTCOMES

PREFIX = re.compile(r"^\W*\d*\s*[.)\-–—:]?\s*|^[a-z]\d?[.)]\s*")
APART = re.compile(r"[\[\](){}/|:;,–—\uff08\uff09\u3010\u3011]|\s-\s")
NEXT = r"(?=$|\s*[-–—:/(\[\]),;|\uff08\uff09])"
NOT_YET = (
    r"\b(not|nicht|non|nao|niet|ikke|inte|verbal(ly|e|mente|ement)?|technical(ly)?|tech|soft|mundlich|oral)\b"
)
"""Words that make of a won stage one that is not: "Verbally won" waits for its signature."""
NO_WIN = re.compile(
    r"(\b(no|pas|ne|nie|nem|не|competitor|konkurrent|konkurrenz|concurrent|likely|almost|nearly|to be|soon|if"
    r"|fast|quasi|casi|quase|presque)\s+|[未没])$"
)
"""What stands before a word for won where the deal is not won: "No ganado", "Competitor won", 未受注."""
OUTCOMES = {"won": "won", "won_alone": "won", "lost": "lost_no_decision", "lost_alone": "lost_no_decision"}


def category_words(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Return the forecast categories of a CRM as ours; words that are not known are missing."""
    return map_unique(cells, category_word).astype("str")


def category_word(cell: str) -> str | None:
    """Return the forecast category of ours that a word of a CRM means, or None."""
    return meaning("category", _apart(str(cell))) or meaning("category", cell)


def _apart(name: str) -> str:
    """Return a name such as BestCase or MostLikely as words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def end_by_name(stage: str) -> str | None:
    """Return the outcome that the name of a stage says, or None.

    The words must end the name, or stand before a mark: "Closed Won - PO" is an end, "NDA signed" none.
    """
    name = folded(_apart(stage)).replace("_", " ")
    name = PREFIX.sub("", name, count=1).rstrip("!. ")
    whole = phrases("ends").get(name.replace("-", " ")) or phrases("ends").get(name)
    if whole is not None:
        return OUTCOMES[whole]
    if re.search(NOT_YET, name):
        return None
    parts = [part.strip() for part in APART.split(name) if part.strip()]
    ends = {end for part in parts if (end := phrases("ends").get(part)) in ("won", "lost")}
    ends |= {outcome for outcome in ("lost", "won") if _ends(outcome).search(name)}
    if "won" in ends and any(NO_WIN.search(name[: found.start()]) for found in _ends("won").finditer(name)):
        ends.remove("won")
    if ends:
        return OUTCOMES[ends.pop()] if len(ends) == 1 else None
    if "closedwon" in name:
        return "won"
    return "lost_no_decision" if "closedlost" in name or "lost to" in name else None


@functools.cache
def _ends(outcome: str) -> re.Pattern[str]:
    known = sorted((p for p, end in phrases("ends").items() if end == outcome), key=len, reverse=True)
    spaced = [rf"(?<!\w){re.escape(p)}" if p.isascii() else re.escape(p) for p in known]
    return re.compile(rf"(?:{'|'.join(spaced)}){NEXT}")


def note_most_likely(cells: pd.Series[Any], log: ImportLog) -> None:
    """Say that "Most Likely" counts as best case, where a CRM uses it, and which words were not known."""
    words = cells.dropna().unique()
    if any(folded(_apart(w)) in ("most likely", "likely") for w in words):
        log.note("Forecast category Most Likely counts as best_case.")
    unknown = [word for word in words if category_word(word) is None]
    if unknown:
        log.note(f"Forecast categories that are not known and were passed over: {listed(unknown, 6)}.")


def outcome_word(cell: str) -> str | None:
    """Return the outcome that a word such as Won, Closed Lost or In Progress stands for, or None."""
    if plain(cell) in DEAL_OUTCOMES:
        return plain(cell)
    known = meaning("outcome", cell)
    if known is not None:
        return known
    by_name = end_by_name(cell)
    return "lost" if by_name == "lost_no_decision" else by_name
