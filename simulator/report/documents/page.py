"""report.html: one file that holds everything, the answer first."""

from __future__ import annotations

import base64
import hashlib
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from simulator.analysis.totals import ALL
from simulator.report.charts.inline import draw_inline, figure_table
from simulator.report.charts.spec import ChartSpec
from simulator.report.documents.advice import advice
from simulator.report.documents.definitions import DEFINITIONS
from simulator.report.documents.finished import Finished
from simulator.report.documents.headline import key_figures
from simulator.report.documents.view import Kind, View, show
from simulator.report.documents.views import QUESTIONS, views

PAGE = "page"
PRINTED_ROWS = 10
PRINTED_VIEWS = ("headline", "deals", "coverage", "efficiency", "assumptions")
"""Rows and tables that are printed; all of them are on the screen and in the workbook."""


OPENING = ("bookings_fan", "pacing", "forecast_track", "bridge_days", "deal_flow", "tornado", "reliability")
"""Charts of the answer itself."""


CHARTS_OF = {asked.view: asked.charts for asked in QUESTIONS}


@dataclass(frozen=True)
class Section:
    """A part of the page that opens: tables by name, with the charts that go with them and others."""

    name: str
    title: str
    views: tuple[str, ...]
    others: tuple[str, ...] = ()

    @property
    def charts(self) -> tuple[str, ...]:
        """Names of its charts, without those of the answer."""
        own = (name for view in self.views for name in CHARTS_OF[view])
        return (*self.others, *(name for name in own if name not in OPENING))

    @property
    def is_printed(self) -> bool:
        """Whether paper shows it: charts of the run, or a table that is printed."""
        return self.name != "charts-section" and bool(self.charts or {*self.views} & {*PRINTED_VIEWS})


SECTIONS = (
    Section("bookings-section", "Bookings by quarter", ("headline", "bookings", "pacing", "spread"),
            ("probability_of_hitting",)),
    Section("deals-section", "Which deals it comes from", ("deals", "parts")),
    Section("pipeline-section", "Pipeline and coverage", ("coverage", "pipeline")),
    Section("customers-section", "Customers: ARR, retention, lifetime value", ("arr", "lifetime")),
    Section("cash-section", "Cash, costs and efficiency", ("efficiency", "operating")),
    Section("people-section", "People and capacity", ("capacity", "hiring", "headcount")),
    Section("judgement-section", "What people say, next to the simulation", ("judgement", "calls")),
    Section("record-section", "How past forecasts did, method by method", ("record",)),
    Section("assumptions-section", "Assumptions and the history's state", ("assumptions", "hygiene")),
)  # fmt: skip
"""In reading order; the charts of the answer stand above them."""


@dataclass(frozen=True)
class _Cell:
    text: str
    kind: Kind
    value: str


@dataclass(frozen=True)
class _Row:
    cells: tuple[_Cell, ...]
    total: bool


def render_page(run: Finished) -> str:
    """Return the page of a finished run: self-contained, no network, all text escaped.

    Parameters
    ----------
    run : Finished
        What `read_finished` read.
    """
    shown, specs = views(run), run.specs
    style, script = asset("report.css"), asset("report.js")
    return (
        _templates()
        .get_template("report.html.j2")
        .render(
            run=run,
            answers=list(run.summary["answers"].values()),
            notes=run.summary["notes"],
            figures=key_figures(run.tables, run.periods, run.currency, run.cash_today),
            advice=advice(run),
            shown=shown,
            printed=PRINTED_VIEWS,
            sections=_sections(shown, specs),
            definitions=DEFINITIONS,
            chart=lambda name: show_chart(specs[name]) if name in specs else "",
            table=lambda name: _table_of(shown[name], run) if name in shown else "",
            style=Markup(style),  # noqa: S704 - a file of this package
            script=Markup(script),  # noqa: S704 - a file of this package
            style_hash=_source_hash(style),
            script_hash=_source_hash(script),
        )
    )


def _sections(shown: dict[str, View], specs: dict[str, ChartSpec]) -> list[Section]:
    """Return the sections that have something to show; what no section names comes at the end."""
    named = {name for section in SECTIONS for name in section.charts} | set(OPENING)
    rest = tuple(spec for spec in specs if spec not in named)
    found = [*SECTIONS, Section("charts-section", "More charts", (), rest)]
    return [s for s in found if {*s.charts} & {*specs} or {*s.views} & {*shown}]


def show_chart(spec: ChartSpec) -> Markup:
    """Return a chart with its figures in a table, every text escaped."""
    headings, rows = figure_table(spec)
    template = _templates().get_template("chart.html.j2")
    picture = Markup(draw_inline(spec))  # noqa: S704 - the canvas escapes every text
    html = template.render(spec=spec, picture=picture, headings=headings, rows=rows)
    return Markup(html)  # noqa: S704 - the template has escaped every cell


def _table_of(view: View, run: Finished) -> Markup:
    words = f"amounts in {run.currency}, as of {run.summary['as_of']}, from {view.file}"
    return show_table(view, run.currency, words)


def show_table(view: View, currency: str, words: str) -> Markup:
    """Return a view as an HTML table, every text escaped; ``words`` say where its figures are from."""
    rows = [_row(values, view, currency) for values in view.table.to_dict("records")]
    html = (
        _templates()
        .get_template("table.html.j2")
        .render(view=view, rows=rows, words=words, printed=PRINTED_ROWS)
    )
    return Markup(html)  # noqa: S704 - the template has escaped every cell


def _row(values: dict[object, object], view: View, currency: str) -> _Row:
    cells = tuple(
        _Cell(show(values[c.key], c.kind, currency), c.kind, _number(values[c.key])) for c in view.columns
    )
    return _Row(cells, values.get("segment") == ALL and view.name != "headline")


def _number(value: object) -> str:
    return f"{value:.12g}" if isinstance(value, int | float) and math.isfinite(value) else ""


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("simulator.report", PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def asset(name: str) -> str:
    """Return a file of the page: its style or its script."""
    return files("simulator.report").joinpath(PAGE, name).read_text(encoding="utf-8")


def _source_hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
