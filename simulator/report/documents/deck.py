"""board.pptx: the slides that a board wants, each with one message and native charts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from simulator.report.charts.slide import add_chart_slide, add_two_charts
from simulator.report.documents.advice import NO_BACKTEST, advice
from simulator.report.documents.deck_slides import Deck, open_deck, shorten_line
from simulator.report.documents.finished import Finished
from simulator.report.documents.headline import KeyFigure, headline_row, key_figures
from simulator.report.documents.view import Column, View, show
from simulator.report.documents.views import views
from simulator.report.forecast.earlier import PREVIOUS, say_previous

MOST_SLIDES = 10
MOST_ASSUMPTIONS = 5
MOST_DEALS = 10
MOST_ALLOCATIONS = 5
LONGEST_CELL = 240
DEAL_COLUMNS = ("opportunity_id", "segment", "category", "close_month", "amount", "first", "weight")
FOR_THE_BOARD = {
    "rates of deals, amounts, close dates and demand": "Deals move as they did",
    "level of bookings": "Level of the forecast",
    "drift of closing": "Trend of win rates",
    "shared shock on closing": "Swing of win rates in a good or bad quarter",
    "ramp of new reps": "New reps",
    "gross margin on bookings": "Gross margin on bookings",
}
"""Assumptions that a board may doubt first, by name, in its words."""
PERCENTILES = "P50: the middle outcome; one simulation in ten ends below P10, one in ten above P90"
SMALLER_POINTS = 14


@dataclass(frozen=True)
class _Part:
    """A slide that a deck may have: what it shows, and how soon it is left out of a long deck (first: 9)."""

    name: str
    order: int


PARTS = (
    _Part("answer", 0),
    _Part("reliability", 2),
    _Part("bookings_fan", 0),
    _Part("probability_of_hitting", 9),
    _Part("deals", 2),
    _Part("p50_composition", 8),
    _Part("coverage", 1),
    _Part("pipeline_waterfall", 9),
    _Part("segment_chances", 5),
    _Part("arr_snowball", 2),
    _Part("cash", 3),
    _Part("hiring", 4),
    _Part("headcount", 5),
    _Part("deal_flow", 3),
    _Part("bridge_days", 6),
    _Part("assumptions", 1),
)
"""In the order of the deck: promise and result, the number, where it comes from, customers, cash, people."""
PAIRS = {"deal_flow": ("pacing", "deal_flow"), "arr_snowball": ("arr_snowball", "nrr_grr")}
"""Slides of two charts."""
PAIRED_WHEN_LONG = ("cash", "segment_chances")
"""Two that share a slide where each of its own would leave another out."""


def write_deck(run: Finished, path: Path, template: Path | None = None) -> None:
    """Write the slides of a finished run: the same figures and the same sentences as its charts.

    Ten at most; what a board asks for least is left out first.

    Parameters
    ----------
    run : Finished
        What `read_finished` read.
    path : Path
        The file to write.
    template : Path, optional
        A .pptx whose look the slides take over; its own slides are left out.

    Raises
    ------
    InputError
        The template cannot be read, or has no layout with a title.
    """
    deck = open_deck(run.source_line(), template)
    _name_deck(deck, run)
    shown = views(run)
    makers: dict[str, Callable[[], None]] = {
        "answer": lambda: _add_answer(deck, run),
        "assumptions": lambda: _add_assumptions(deck, run),
    }
    if "deals" in shown and "weight" in shown["deals"].table:
        makers["deals"] = lambda: _add_deals(deck, run, shown["deals"])
    if "hiring" in shown:
        makers["hiring"] = lambda: _add_hiring(deck, run, shown["hiring"])
    wanted = [part for part in PARTS if part.name in makers or part.name in run.specs]
    pairs, (left, right) = dict(PAIRS), PAIRED_WHEN_LONG
    if len(wanted) > MOST_SLIDES and {left, right} <= set(run.specs):
        pairs[left] = PAIRED_WHEN_LONG
        wanted = [part for part in wanted if part.name != right]
    for name, pair in pairs.items():
        if set(pair) <= set(run.specs):
            makers[name] = partial(_add_pair, deck, run, *pair)
    kept = {part.name for part in sorted(wanted, key=lambda part: part.order)[:MOST_SLIDES]}
    for part in wanted:
        if part.name in makers and part.name in kept:
            makers[part.name]()
        elif part.name in kept:
            add_chart_slide(deck, run.specs[part.name])
    deck.file.save(str(path))


def _add_pair(deck: Deck, run: Finished, left: str, right: str) -> None:
    """Show two charts next to each other, each below its own finding; the slide says what both are of."""
    title, subtitle = run.specs[left].title, ""
    if left == "pacing":
        title = f"Where {run.periods[0]} stands, and what changed"
        subtitle = " ".join(_previous(run))
    add_two_charts(deck, title, subtitle, (run.specs[left], run.specs[right]))


def _name_deck(deck: Deck, run: Finished) -> None:
    as_of = dt.date.fromisoformat(run.summary["as_of"])
    properties = deck.file.core_properties
    properties.title = f"Forecast of {run.company}, scenario {run.summary['scenario']}"[:200]
    properties.subject = run.source_line()[:200]
    properties.author = "simulator"
    properties.created = properties.modified = dt.datetime(as_of.year, as_of.month, as_of.day)


def _add_answer(deck: Deck, run: Finished) -> None:
    """Show the headline figures with their ranges, what changed and what to do."""
    answers = list(run.summary["answers"].values())
    slide = deck.add_slide(answers[0], f"{shorten_line(run.company, 40)} · {PERCENTILES}")
    rows = [[one.name, one.value, one.range] for one in _figures(run)]
    height = slide.add_table(
        ["", "Figure", "Range, or what to compare"], rows, top=0.0, height=0.54, widths=(0.4, 0.18, 0.42)
    )
    found = advice(run)
    trust = () if "reliability" in run.specs else found.trust[:1] or (NO_BACKTEST,)
    levers = [f"Largest lever: {sentence}" for sentence in found.levers[:1]]
    said = [*found.plan[:1], *_previous(run)[-1:], *trust, *levers, *found.hiring[:1]]
    if len(said) == len(trust):
        said = [*(f"{answer}." for answer in answers[1:3]), *trust]
    slide.add_text(said, top=height + 0.06, points=SMALLER_POINTS)


def _previous(run: Finished) -> tuple[str, ...]:
    return say_previous(run.tables.get(PREVIOUS, pd.DataFrame()), run.currency)


def _figures(run: Finished) -> tuple[KeyFigure, ...]:
    return key_figures(run.tables, run.periods, run.currency, run.cash_today)


def _add_deals(deck: Deck, run: Finished, view: View) -> None:
    """List the deals that weigh most in the first quarter."""
    rows = view.table.head(MOST_DEALS)
    mean = headline_row(run.tables["bookings"], run.periods[:1])["mean"]
    share, whole = (show(float(amount), "money", run.currency) for amount in (rows["weight"].sum(), mean))
    title = f"{len(rows)} deals bring {share} of the {whole} that {run.periods[0]} books in the mean"
    slide = deck.add_slide(title, f"Open deals by weight: open amount × chance to be won in {run.periods[0]}")
    kept = [c for c in view.columns if c.key in DEAL_COLUMNS]
    cells = [
        [shorten_line(show(row[c.key], c.kind, run.currency), 30) for c in kept]
        for row in rows.to_dict("records")
    ]
    slide.add_table([c.label for c in kept], cells, top=0.0, height=0.9, texts=_texts(kept))


def _add_assumptions(deck: Deck, run: Finished) -> None:
    """List the assumptions that a board may doubt first."""
    listed = run.summary["assumptions"]
    asked = [
        {**a, "name": words, "value": a["value"].split("; ")[0]}
        for name, words in FOR_THE_BOARD.items()
        for a in listed
        if a["name"].lower() == name  # runs of the version before begin it with a capital
    ]
    rows = [
        [shorten_line(a[key], LONGEST_CELL) for key in ("name", "value", "source")]
        for a in (asked or listed)[:MOST_ASSUMPTIONS]
    ]
    slide = deck.add_slide(
        "What the figures assume, and where each assumption comes from",
        f"{len(rows)} assumptions that matter most; all {len(listed)} are in the workbook and on the page",
    )
    height = slide.add_table(
        ["Assumption", "Value", "Source"], rows, top=0.0, height=0.7, widths=(0.3, 0.52, 0.18)
    )
    if not advice(run).trust:
        slide.add_text([NO_BACKTEST], top=height + 0.1)


def _add_hiring(deck: Deck, run: Finished, view: View) -> None:
    """Show the best allocations of more reps in a table; the answer is the title."""
    found = run.companions["hiring"]
    source = f"{run.source_line()} · allocations: {found.summary.get('n_paths', 0):,} simulations"
    slide = deck.add_slide(found.answers[0], "The best allocations of the next reps; means", source)
    kept = [c for c in view.columns if not c.key.endswith(("_p10", "_p90")) and _says_something(view, c.key)]
    rows = [
        [show(row[c.key], c.kind, run.currency) for c in kept]
        for row in view.table.head(MOST_ALLOCATIONS).to_dict("records")
    ]
    height = slide.add_table([c.label for c in kept], rows, top=0.0, height=0.5, texts=_texts(kept))
    slide.add_text([f"{sentence.removesuffix('.')}." for sentence in found.answers[1:3]], top=height + 0.12)


def _texts(columns: Sequence[Column]) -> set[int]:
    """Return which columns of a table hold text."""
    return {at for at, column in enumerate(columns) if column.kind == "text"}


def _says_something(view: View, key: str) -> bool:
    """Return whether a column says anything: segments that no allocation hires for are left out."""
    values = view.table[key].head(MOST_ALLOCATIONS)
    return key == "reps" or not pd.api.types.is_numeric_dtype(values) or bool((values != 0).any())
