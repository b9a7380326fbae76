"""How every chart looks: colours that survive grey-scale and colour blindness, sentence titles."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from simulator.report.money import format_share, money_scale

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

PART_COLOURS = {
    "booked": NAVY,
    "commit": BLUE,
    "best_case": SKY,
    "pipeline": ICE,
    "created": SAND,
}
"""Where bookings come from, dark to light with certainty; not yet created stands apart in hue."""

SIZE_INCHES = (10.0, 5.6)
DPI = 200
TITLE_POINTS = 14
SUBTITLE_POINTS = 10.5
TITLE_WIDTH = 80
SUBTITLE_WIDTH = 124
"""Characters to a line that fit the width for sure."""

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
    bottom_inches: float = 0.75,
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
    bottom_inches : float
        Room below the axes for tick labels and the footer.
    size_inches : tuple of float
        Width and height.

    Yields
    ------
    Axes
        With the house style, title, subtitle and footer in place.
    """
    with draw_panels(
        folder,
        name,
        title=title,
        subtitle=subtitle,
        footer=footer,
        bottom_inches=bottom_inches,
        size_inches=size_inches,
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
    bottom_inches: float = 0.75,
    top_inches: float = 0.36,
    size_inches: tuple[float, float] = SIZE_INCHES,
) -> Iterator[list[Axes]]:
    """Give several axes to draw on, row by row; otherwise as `draw_chart`.

    ``top_inches`` is the room between the subtitle and the axes, for their titles or a legend.
    """
    with mpl.rc_context(RC):  # type: ignore[arg-type]
        figure = Figure(figsize=size_inches)
        FigureCanvasAgg(figure)
        frame_inches = _write_frame(figure, title, subtitle, footer)
        grid = figure.subplots(
            n_rows,
            n_columns,
            sharey=share_y,
            squeeze=False,
            gridspec_kw={
                "left": 0.085,
                "right": 0.965,
                "bottom": bottom_inches / size_inches[1],
                "top": 1 - (frame_inches + top_inches) / size_inches[1],
                "wspace": 0.17 if share_y else 0.25,
                "hspace": 0.5,
            },
        )
        yield list(np.ravel(grid))
        _save(figure, folder / name, title)


def _write_frame(figure: Figure, title: str, subtitle: str, footer: str) -> float:
    """Write title, subtitle and footer; return the inches that title and subtitle take up."""
    height = figure.get_figheight()
    titles = textwrap.wrap(title, TITLE_WIDTH) or [""]
    subtitles = textwrap.wrap(subtitle, SUBTITLE_WIDTH) or [""]
    below_title = 0.28 + 0.25 * len(titles)
    for y_inches, text, points, weight, colour in (
        (0.2, "\n".join(titles), TITLE_POINTS, "bold", INK),
        (below_title, "\n".join(subtitles), SUBTITLE_POINTS, "normal", MUTED),
    ):
        figure.text(
            0.035, 1 - y_inches / height, text, va="top", linespacing=1.2, fontsize=points,
            fontweight=weight, color=colour,
        )  # fmt: skip
    figure.text(0.035, 0.12 / height, footer, fontsize=8.5, color=MUTED, va="bottom")
    return below_title + 0.19 * len(subtitles)


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


def money_axis(axes: Axes, currency: str, which: Literal["x", "y"] = "y") -> None:
    """Label an axis with short amounts, all in one unit, over a light grid; call it once limits are set."""
    axis = axes.yaxis if which == "y" else axes.xaxis
    scale = money_scale(axis.get_view_interval(), currency)
    axis.set_major_formatter(FuncFormatter(lambda value, _: scale.format_short(value)))
    axes.grid(axis=which)


def share_axis(axes: Axes, which: str = "y") -> None:
    """Label an axis with percentages from 0 to 100 % over a light grid."""
    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: format_share(value)))
    axes.grid(axis="y" if which == "y" else "x")
    (axes.set_ylim if which == "y" else axes.set_xlim)(0.0, 1.0)


def legend_above(axes: Axes) -> None:
    """Name the series in one line between the subtitle and the axes."""
    axes.legend(
        loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=5, fontsize=9.5, handlelength=1.2,
        columnspacing=1.3, borderaxespad=0.2,
    )  # fmt: skip


def text_colour(background: str) -> str:
    """Return black or white ink, whichever reads better on a colour."""
    red, green, blue = mpl.colors.to_rgb(background)
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 0.58 else PAPER
