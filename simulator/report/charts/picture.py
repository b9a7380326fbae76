"""Charts as files: the drawing of the page, painted by matplotlib as PNG and SVG."""

from __future__ import annotations

import textwrap
import warnings
from pathlib import Path
from typing import Literal

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Polygon, Rectangle
from matplotlib.text import Text

from simulator.report.charts.canvas import POINTS, Mark
from simulator.report.charts.inline import WIDE, draw
from simulator.report.charts.spec import ChartSpec
from simulator.report.style import INK, MUTED, PAPER, RC

INCHES, DPI = 10.0, 200
MARGIN = 30.0
"""Pixels of the paper on either side of the drawing."""
PIXELS_PER_INCH = (WIDE + 2 * MARGIN) / INCHES
TITLE_PIXELS, SUBTITLE_PIXELS, FOOTER_PIXELS = 17.0, 13.0, 10.5
TITLE_LETTERS, SUBTITLE_LETTERS, FOOTER_LETTERS = 76, 110, 150
"""Characters to a line that fit the width for sure."""
ALIGNED = {"start": "left", "middle": "center", "end": "right"}


def draw_picture(spec: ChartSpec, folder: Path) -> None:
    """Draw a chart as ``NAME.png`` and ``NAME.svg`` into an existing folder, its figures as ``NAME.json``."""
    spec.save(folder)
    canvas, height = draw(spec, WIDE)
    texts = [
        (textwrap.wrap(spec.title, TITLE_LETTERS) or [""], TITLE_PIXELS, INK, "bold"),
        (textwrap.wrap(spec.subtitle, SUBTITLE_LETTERS), SUBTITLE_PIXELS, MUTED, "normal"),
    ]
    top = 14.0 + sum(1.35 * size * len(lines) + 5 for lines, size, _, _ in texts)
    total = top + height + 44.0
    with mpl.rc_context(RC):  # type: ignore[arg-type]
        figure = Figure(figsize=(INCHES, total / PIXELS_PER_INCH))
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, WIDE + 2 * MARGIN), ylim=(total, 0))
        axes.set_axis_off()
        y = 14.0
        for lines, size, colour, weight in texts:
            for line in lines:
                y += 1.35 * size
                axes.text(MARGIN, y, line, fontsize=_points(size), color=colour, fontweight=weight)
            y += 5
        for order, mark in enumerate(canvas.marks, start=1):
            axes.add_artist(_artist(mark, top)).set_zorder(order)
        footer = textwrap.shorten(spec.footer, FOOTER_LETTERS, placeholder=" …")
        axes.text(MARGIN, total - 12, footer, fontsize=_points(FOOTER_PIXELS), color=MUTED)
        _save(figure, folder / spec.name, spec.title)


def _points(pixels: float) -> float:
    return 72.0 * pixels / PIXELS_PER_INCH


def _artist(mark: Mark, top: float) -> Artist:
    """Return a mark below ``top`` as matplotlib draws it; axes are in pixels, and y grows downwards."""
    look = mark.look
    points = [(MARGIN + x, top + y) for x, y in mark.points]
    if mark.tag == "rect":
        corner = (MARGIN + look["x"], top + look["y"])
        return Rectangle(corner, look["width"], look["height"], facecolor=look["fill"], linewidth=0)
    if mark.tag == "circle":
        centre = (MARGIN + look["cx"], top + look["cy"])
        return Circle(centre, look["r"], facecolor=look["fill"], edgecolor=PAPER, linewidth=0.6)
    if mark.tag == "polygon":
        return Polygon(points, facecolor=look["fill"], alpha=look["fill_opacity"], linewidth=0)
    if mark.tag == "polyline":
        style: Literal["--", "-"] = "--" if "stroke_dasharray" in look else "-"
        xs, ys = zip(*points, strict=True)
        return Line2D(xs, ys, color=look["stroke"], linewidth=_points(look["stroke_width"]), linestyle=style)
    place = (MARGIN + look["x"], top + look["y"])
    weight = "bold" if "font_weight" in look else "normal"
    size, align = _points(POINTS), ALIGNED[look["text_anchor"]]
    return Text(*place, mark.text, ha=align, color=look["fill"], fontsize=size, fontweight=weight)


def _save(figure: Figure, path: Path, title: str) -> None:
    with warnings.catch_warnings():
        # Letters that the font lacks are boxes in the picture; the SVG takes them from the reader's fonts.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        figure.savefig(
            path.with_suffix(".png"),
            dpi=DPI,
            metadata={"Title": title, "Software": None},
            pil_kwargs={"compress_level": 1},
        )
        figure.savefig(path.with_suffix(".svg"), format="svg", metadata={"Title": title, "Date": None})
