"""Slides of people: where the next reps go, and what one more head is worth."""

from __future__ import annotations

import pandas as pd
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION

from simulator.report.deck_looks import categories_data, draw_line, finish_chart, label_values
from simulator.report.deck_slides import Deck
from simulator.report.finished import Finished
from simulator.report.number_codes import axis_code, short_money
from simulator.report.style import NAVY, SERIES
from simulator.report.view import View, show

MOST_ROWS, MOST_LINES = 6, 5


def draw_hiring(deck: Deck, run: Finished, view: View) -> None:
    """Show the best allocations of more reps in a table; the answer is the title."""
    found = run.companions["hiring"]
    slide = deck.add_slide(found.answers[0], "The best allocations of the next reps; means over the futures")
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


def draw_headcount(deck: Deck, run: Finished, view: View) -> None:
    """Draw the net present value of one, two … heads more, the most rewarding places first."""
    found = run.companions["headcount"]
    table = view.table
    best = table.groupby(["role", "segment"], sort=False)["npv"].max().sort_values(ascending=False)
    lines = {
        f"{role}, {segment}": table[(table["role"] == role) & (table["segment"] == segment)]
        for role, segment in list(best.index)[:MOST_LINES]
    }
    unshown = f"; the best {MOST_LINES} of {len(best)} places" if len(best) > MOST_LINES else ""
    slide = deck.add_slide(found.answers[0], f"Mean net present value by number of heads more{unshown}")
    counts = sorted(set(table["heads_added"]))
    columns = {
        name: rows.set_index("heads_added")["npv"].reindex(counts).reset_index(drop=True)
        for name, rows in lines.items()
    }
    code = short_money(run.currency, table["npv"].abs())
    chart = slide.add_chart(
        XL_CHART_TYPE.LINE_MARKERS, categories_data([f"{n:g} more" for n in counts], columns, code)
    )
    finish_chart(chart, axis_code(code))
    chart.value_axis.minimum_scale = None  # heads that lose money stay in sight
    for place, series in enumerate(chart.plots[0].series):
        draw_line(series, SERIES[place % len(SERIES)])
        if place == 0:
            label_values(series, code, XL_LABEL_POSITION.ABOVE, colour=NAVY)
