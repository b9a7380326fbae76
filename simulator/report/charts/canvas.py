"""A small SVG canvas: bars, lines and text with words on hover, in pixels."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from simulator.report.style import INK, MUTED, STONE

POINTS = 12.0
"""Size of text in pixels, at every width of a chart: it is read on a phone too."""
LETTER = 7.6
"""Pixels of a letter of that size, somewhat more than most take."""
LINE = 15.0


def text_width(text: str) -> float:
    """Return the pixels that a text takes at most."""
    return LETTER * max((len(line) for line in text.split("\n")), default=0)


def wrap_to(text: str, width: float) -> list[str]:
    """Return a text in lines that fit a width, broken at spaces only."""
    letters = max(int(width / LETTER), 4)
    lines = text.split("\n")
    return [part for line in lines for part in textwrap.wrap(line, letters, break_long_words=False) or [""]]


def nice_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Return round figures from ``low`` to ``high``, at most about ``most`` of them."""
    span = max(high - low, 1e-9)
    rough = span / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(at * step, 10) for at in range(first, math.floor(high / step + 1e-9) + 1)]


@dataclass
class Canvas:
    """What has been drawn so far on a picture of some width.

    Parameters
    ----------
    width : float
        In pixels.
    said : str
        As-of date and source, added to the words on hover.
    """

    width: float
    said: str = ""
    parts: list[str] = field(default_factory=list)

    def add(self, tag: str, hover: str = "", **attributes: Any) -> None:
        """Add a shape; ``hover`` is what it stands for."""
        words = " ".join(f'{key.replace("_", "-")}="{_short(value)}"' for key, value in attributes.items())
        inside = f"<title>{escape(hover)}{escape(self.said)}</title>" if hover else ""
        self.parts.append(f"<{tag} {words}>{inside}</{tag}>" if inside else f"<{tag} {words}/>")

    def bar(  # noqa: PLR0917 - a rectangle has four numbers
        self, x: float, y: float, width: float, height: float, colour: str, hover: str = "", **more: Any
    ) -> None:
        """Add a rectangle; a negative size reaches left or up."""
        left, top, tall = min(x, x + width), min(y, y + height), max(abs(height), 0.5)
        self.add("rect", hover, x=left, y=top, width=abs(width), height=tall, fill=colour, **more)

    def area(self, edge: Sequence[tuple[float, float]], colour: str, *, opacity: float = 1.0) -> None:
        """Fill the area inside an edge."""
        text = " ".join(f"{_short(x)},{_short(y)}" for x, y in edge)
        self.add("polygon", points=text, fill=colour, fill_opacity=opacity)

    def line(self, points: Sequence[tuple[float, float]], colour: str, hover: str = "", *, thick: float = 1.0,
             dashed: bool = False) -> None:  # fmt: skip
        """Add a line through points, left out where one is missing."""
        text = " ".join(
            f"{_short(x)},{_short(y)}" for x, y in points if math.isfinite(x) and math.isfinite(y)
        )
        dash = {"stroke_dasharray": "6 3"} if dashed else {}
        self.add("polyline", hover, points=text, fill="none", stroke=colour, stroke_width=thick, **dash)

    def write(self, x: float, y: float, text: str, *, colour: str = INK, bold: bool = False,
              anchor: str = "start") -> None:  # fmt: skip
        """Write lines of text, the first with its foot at ``y``."""
        weight = ' font-weight="600"' if bold else ""
        for at, line in enumerate(text.split("\n")):
            place = f'x="{_short(x)}" y="{_short(y + LINE * at)}" text-anchor="{anchor}"{weight}'
            self.parts.append(f'<text {place} fill="{colour}">{escape(line)}</text>')

    def legend(self, entries: Sequence[tuple[str, str]], y: float) -> float:
        """Name colours in lines that fit; return where the lines end."""
        x = 0.0
        for name, colour in entries:
            wide = text_width(name) + 26
            if x > 0 and x + wide > self.width:
                x, y = 0.0, y + LINE + 2
            self.bar(x, y + 3, 11, 11, colour, stroke=STONE, stroke_width=0.5)
            self.write(x + 16, y + 13, name, colour=MUTED)
            x += wide
        return y + LINE + 6 if entries else y

    def svg(self, height: float, css: str, title: str) -> str:
        """Return the picture; its figures are read out from the table below it."""
        return (
            f'<svg class="{css}" viewBox="0 0 {_short(self.width)} {_short(height)}" role="img" '
            f'aria-label="{escape(title, quote=True)}" font-size="{POINTS}">{"".join(self.parts)}</svg>'
        )


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return escape(str(value), quote=True)
