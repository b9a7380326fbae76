"""How every chart looks: colours that survive grey-scale and colour blindness, sentence titles, footers."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from simulator.report.money import format_money, format_share

INK = "#1f2933"
MUTED = "#5f6b76"
GRID = "#e3e7eb"
PAPER = "#ffffff"

NAVY = "#12355b"
BLUE = "#3f7cac"
SKY = "#95bfdf"
ICE = "#d6e6f2"
ORANGE = "#d1600a"
SAND = "#f2c48d"
GREEN = "#3a8f6f"
STONE = "#c3cad1"

SERIES = (NAVY, ORANGE, SKY, GREEN, SAND, MUTED)
"""Colours of unrelated series, in an order whose neighbours differ in lightness too."""

PARTS = {
    "booked": NAVY,
    "commit": BLUE,
    "best_case": SKY,
    "pipeline": ICE,
    "created": SAND,
}
"""Where bookings come from, dark to light with certainty; not yet created stands apart in hue."""

SIZE_INCHES = (10.0, 5.6)
DPI = 200
TITLE_WIDTH = 82

RC: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Arial", "Helvetica"],
    "font.size": 10.5,
    "text.color": INK,
    "axes.edgecolor": STONE,
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.prop_cycle": cycler(color=SERIES),
    "grid.color": GRID,
    "xtick.color": INK,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "hatch.linewidth": 0.8,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "simulator",
    "figure.facecolor": PAPER,
    "axes.unicode_minus": True,
    "axes.formatter.use_mathtext": False,
    "text.parse_math": False,
}


@contextmanager
def draw_chart(
    folder: Path,
    name: str,
    *,
    title: str,
    subtitle: str,
    footer: str,
    size_inches: tuple[float, float] = SIZE_INCHES,
) -> Iterator[Axes]:
    """Give axes to draw on, and save them as ``name.png`` (200 dpi) and ``name.svg``.

    Parameters
    ----------
    folder : Path
        Existing folder of the charts.
    name : str
        File name without its ending.
    title : str
        A sentence that says the finding.
    subtitle : str
        What is shown and in which unit.
    footer : str
        As-of date and source; see `source_line`.
    size_inches : tuple of float
        Width and height.

    Yields
    ------
    Axes
        With the house style, title, subtitle and footer in place.
    """
    with draw_panels(
        folder, name, title=title, subtitle=subtitle, footer=footer, size_inches=size_inches
    ) as panels:
        yield panels[0]


@contextmanager
def draw_panels(
    folder: Path,
    name: str,
    *,
    title: str,
    subtitle: str,
    footer: str,
    n_columns: int = 1,
    n_rows: int = 1,
    share_y: bool = False,
    size_inches: tuple[float, float] = SIZE_INCHES,
) -> Iterator[list[Axes]]:
    """Give several axes to draw on, row by row; otherwise as `draw_chart`."""
    with mpl.rc_context(RC):  # type: ignore[arg-type]
        figure = Figure(figsize=size_inches)
        FigureCanvasAgg(figure)
        top = _write_frame(figure, title, subtitle, footer)
        grid = figure.subplots(
            n_rows,
            n_columns,
            sharey=share_y,
            squeeze=False,
            gridspec_kw={
                "left": 0.085,
                "right": 0.965,
                "bottom": 0.135,
                "top": top,
                "wspace": 0.12 if share_y else 0.25,
                "hspace": 0.45,
            },
        )
        yield list(np.ravel(grid))
        _save(figure, folder / name, title)


def _write_frame(figure: Figure, title: str, subtitle: str, footer: str) -> float:
    """Write title, subtitle and footer; return the height (share of the figure) left for the axes."""
    height = figure.get_figheight()
    lines = textwrap.wrap(title, TITLE_WIDTH) or [""]
    edge = 0.035
    figure.text(
        edge,
        1 - 0.2 / height,
        "\n".join(lines),
        fontsize=15,
        fontweight="bold",
        va="top",
        linespacing=1.15,
    )
    below_title = 0.2 + 0.27 * len(lines) + 0.06
    figure.text(edge, 1 - below_title / height, subtitle, fontsize=10.5, color=MUTED, va="top")
    figure.text(edge, 0.12 / height, footer, fontsize=8.5, color=MUTED, va="bottom")
    return 1 - (below_title + 0.2 * (1 + subtitle.count("\n")) + 0.3) / height


def _save(figure: Figure, path: Path, title: str) -> None:
    figure.savefig(
        path.with_suffix(".png"),
        dpi=DPI,
        metadata={"Title": title, "Software": None},
        pil_kwargs={"compress_level": 3},
    )
    figure.savefig(path.with_suffix(".svg"), format="svg", metadata={"Title": title, "Date": None})


def source_line(as_of: dt.date, *parts: str) -> str:
    """Return the footer of a chart: the as-of date, then where the figures come from."""
    return " · ".join([f"As of {as_of:%d %B %Y}".replace("of 0", "of "), *(part for part in parts if part)])


def money_axis(axes: Axes, currency: str, which: str = "y") -> None:
    """Label an axis with short amounts, starting at zero, over a light grid."""
    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: format_money(value, currency)))
    axes.grid(axis="y" if which == "y" else "x")


def share_axis(axes: Axes, which: str = "y") -> None:
    """Label an axis with percentages from 0 to 100 % over a light grid."""
    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: format_share(value)))
    axes.grid(axis="y" if which == "y" else "x")
    (axes.set_ylim if which == "y" else axes.set_xlim)(0.0, 1.0)


def text_colour(background: str) -> str:
    """Return black or white ink, whichever reads better on a colour."""
    red, green, blue = mpl.colors.to_rgb(background)
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 0.58 else PAPER


def join_words(words: Sequence[str]) -> str:
    """Return words as a list in a sentence: ``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
