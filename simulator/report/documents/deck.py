"""board.pptx: five to eight slides whose titles say the finding, with native charts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd

from simulator.report.charts.slide import add_chart_slide
from simulator.report.documents.charts import headcount_spec, run_specs
from simulator.report.documents.deck_slides import Deck, open_deck, shorten_line
from simulator.report.documents.finished import Finished
from simulator.report.documents.view import View, show
from simulator.report.documents.views import views

NOT_FOR_THE_BOARD = ("judgement", "calls")
"""Answers left to the page and the workbook: they name single reps, and would run off the slide."""

MOST_ASSUMPTIONS = 9
LONGEST_CELL = 150
MOST_ROWS = 6


def write_deck(run: Finished, path: Path, template: Path | None = None) -> None:
    """Write the slides of a finished run: the same figures and the same sentences as its charts.

    Eight at most: slides of people take the place of what the P50 is made of and of retention.

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
    shown = views(run)
    _name_deck(deck, run)
    _add_answer(deck, run, shown["headline"])
    specs = run_specs(run)
    n_of_people = len({"hiring", "headcount"} & set(shown))
    named = ["bookings_fan", "probability_of_hitting"]
    named += ["p50_composition"] if n_of_people == 0 else []
    named += ["coverage"]
    named += ["arr_snowball"] if "arr" in shown else ["pipeline_waterfall"]
    named += ["nrr_grr"] if n_of_people <= 1 else []
    for name in named:
        if name in specs:
            add_chart_slide(deck, specs[name])
    if "hiring" in shown:
        _add_hiring(deck, run, shown["hiring"])
    if "headcount" in shown:
        add_chart_slide(deck, headcount_spec(run, shown["headcount"]))
    _add_assumptions(deck, run)
    deck.file.save(str(path))


def _name_deck(deck: Deck, run: Finished) -> None:
    as_of = dt.date.fromisoformat(run.summary["as_of"])
    properties = deck.file.core_properties
    properties.title = f"Forecast of scenario {run.summary['scenario']}"[:200]
    properties.subject = run.source_line()[:200]
    properties.author = "simulator"
    properties.created = properties.modified = dt.datetime(as_of.year, as_of.month, as_of.day)


def _add_answer(deck: Deck, run: Finished, headline: View) -> None:
    told = run.summary["answers"].items()
    answers = [f"{sentence}." for name, sentence in told if name not in NOT_FOR_THE_BOARD]
    slide = deck.add_slide(answers[0].removesuffix("."), "New bookings of all segments together")
    kept = [c for c in headline.columns if c.key != "booked" or (headline.table["booked"] > 0).any()]
    rows = [
        [show(value[c.key], c.kind, run.currency) for c in kept]
        for value in headline.table.to_dict("records")
    ]
    height = slide.add_table([c.label for c in kept], rows, top=0.0, height=0.4)
    slide.add_text(answers[1:], top=height + 0.05)


def _add_assumptions(deck: Deck, run: Finished) -> None:
    """List what the figures rest on: what a reader may doubt first, the rest by number."""
    listed = run.summary["assumptions"]
    telling = [a for a in listed if not a["name"].startswith("reps of ")]
    telling = [a for a in telling if not a["value"].startswith("motion: ")][:MOST_ASSUMPTIONS]
    n_calibrated = sum(a["source"] == "calibrated" for a in listed)
    title = f"The figures rest on {len(listed)} assumptions, {n_calibrated} of them from the history"
    slide = deck.add_slide(title, "The first ones; all of them are in the workbook and on the page")
    rows = [[shorten_line(a[key], LONGEST_CELL) for key in ("name", "value", "source")] for a in telling]
    slide.add_table(["Assumption", "Value", "Source"], rows, top=0.0, height=0.85, widths=(0.32, 0.48, 0.2))


def _add_hiring(deck: Deck, run: Finished, view: View) -> None:
    """Show the best allocations of more reps in a table; the answer is the title."""
    found = run.companions["hiring"]
    slide = deck.add_slide(
        found.answers[0], "The best allocations of the next reps; means over the simulations"
    )
    kept = [c for c in view.columns if not c.key.endswith(("_p10", "_p90")) and _is_told(view, c.key)]
    rows = [
        [show(row[c.key], c.kind, run.currency) for c in kept]
        for row in view.table.head(MOST_ROWS).to_dict("records")
    ]
    height = slide.add_table([c.label for c in kept], rows, top=0.0, height=0.5)
    slide.add_text([f"{sentence}." for sentence in found.answers[1:4]], top=height + 0.05)


def _is_told(view: View, key: str) -> bool:
    """Return whether a column says anything: segments that no allocation hires for are left out."""
    values = view.table[key].head(MOST_ROWS)
    return key == "reps" or not pd.api.types.is_numeric_dtype(values) or bool((values != 0).any())
