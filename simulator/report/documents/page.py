"""report.html: one file that holds everything, the answer first."""

from __future__ import annotations

import base64
import hashlib
import math
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from simulator.analysis.totals import ALL
from simulator.report.documents.definitions import DEFINITIONS
from simulator.report.documents.finished import Chart, Finished
from simulator.report.documents.view import Kind, View, show
from simulator.report.documents.views import views

PAGE = "page"
LONG_TABLE_ROWS = 150
CHART_ORDER = (
    "bookings_fan", "probability_of_hitting", "coverage", "p50_composition", "spread", "pipeline_waterfall",
    "bookings_by_kind", "arr_snowball", "nrr_grr", "capacity",
)  # fmt: skip
"""The order in which charts are read; others follow."""
CHART_WORDS = {
    "bookings_fan": "P10, P50 and P90 of bookings by quarter against the target",
    "probability_of_hitting": "The chance of reaching each number",
    "coverage": "Coverage by category and the coverage needed",
    "p50_composition": "What the P50 of each quarter is made of",
    "spread": "The spread from P10 to P90 by source",
    "pipeline_waterfall": "Open pipeline: opening, created, won, lost, closing",
    "arr_snowball": "ARR: opening, movements, closing",
    "nrr_grr": "Net and gross revenue retention by quarter",
    "capacity": "Sales capacity by quarter",
}
BEHIND = {
    "bookings_fan": "headline",
    "probability_of_hitting": "headline",
    "p50_composition": "parts",
    "pipeline_waterfall": "pipeline",
    "bookings_by_kind": "bookings",
    "arr_snowball": "arr",
    "nrr_grr": "arr",
}
"""The table that holds the figures of a chart, where it has another name."""
SIZE = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


@dataclass(frozen=True)
class _Cell:
    text: str
    kind: Kind
    value: str


@dataclass(frozen=True)
class _Row:
    cells: tuple[_Cell, ...]
    total: bool


@dataclass(frozen=True)
class _Picture:
    name: str
    uri: str
    alt: str
    width: int
    height: int


def render_page(run: Finished) -> str:
    """Return the page of a finished run: self-contained, no network, all text escaped.

    Parameters
    ----------
    run : Finished
        What `read_finished` read.
    """
    shown = views(run)
    style, script = _asset("report.css"), _asset("report.js")
    tables = [view for name, view in shown.items() if name not in {"headline", "chances"}]
    return (
        _templates()
        .get_template("report.html.j2")
        .render(
            run=run,
            answers=list(run.summary["answers"].values()),
            notes=run.summary["notes"],
            headline=shown["headline"],
            tables=tables,
            charts=[_picture(chart, shown) for chart in in_reading_order(run.charts)],
            definitions=DEFINITIONS,
            long=LONG_TABLE_ROWS,
            show_table=lambda view: _show_table(view, run.currency),
            style=Markup(style),  # noqa: S704 - a file of this package
            script=Markup(script),  # noqa: S704 - a file of this package
            style_hash=_source_hash(style),
            script_hash=_source_hash(script),
        )
    )


def in_reading_order(charts: tuple[Chart, ...]) -> list[Chart]:
    """Return charts in the order of `CHART_ORDER`, the others after them by name."""
    places = {name: at for at, name in enumerate(CHART_ORDER)}
    return sorted(charts, key=lambda chart: (places.get(chart.name, len(places)), chart.name))


def _show_table(view: View, currency: str) -> Markup:
    rows = [_row(values, view, currency) for values in view.table.to_dict("records")]
    html = _templates().get_template("table.html.j2").render(view=view, rows=rows)
    return Markup(html)  # noqa: S704 - the template has escaped every cell


def _row(values: dict[object, object], view: View, currency: str) -> _Row:
    cells = tuple(
        _Cell(show(values[c.key], c.kind, currency), c.kind, _number(values[c.key])) for c in view.columns
    )
    return _Row(cells, values.get("segment") == ALL and view.name != "headline")


def _number(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, int | float) and math.isfinite(value) else ""


def _picture(chart: Chart, shown: dict[str, View]) -> _Picture:
    size = SIZE.search(chart.svg[:2000].decode("utf-8", errors="replace"))
    width, height = (round(float(x)) for x in size.groups()) if size else (720, 403)
    table = shown.get(BEHIND.get(chart.name, chart.name))
    where = f" The figures are in the table “{table.title}”." if table is not None else ""
    words = CHART_WORDS.get(chart.name, chart.name.replace("_", " "))
    uri = f"data:image/svg+xml;base64,{base64.b64encode(chart.svg).decode('ascii')}"
    return _Picture(chart.name, uri, f"Chart: {chart.title}. {words}.{where}", width, height)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("simulator.report", PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


@cache
def _asset(name: str) -> str:
    return files("simulator.report").joinpath(PAGE, name).read_text(encoding="utf-8")


def _source_hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
