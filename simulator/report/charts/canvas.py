"""A small SVG canvas: bars, lines and text with words on hover, in pixels."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from simulator.report.style import INK, MUTED, PAPER

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


@dataclass(frozen=True)
class Mark:
    """A shape or a text, in pixels from the left upper corner.

    Parameters
    ----------
    tag : str
        ``rect``, ``polyline``, ``polygon``, ``circle`` or ``text``.
    look : dict
        Its attributes as SVG names them, with underscores.
    points : tuple
        Of a line or an area.
    text : str
        Of a text.
    hover : str
        What it stands for.
    """

    tag: str
    look: dict[str, Any]
    points: tuple[tuple[float, float], ...] = ()
    text: str = ""
    hover: str = ""

    def svg(self, said: str) -> str:
        """Return the mark as SVG; ``said`` is added to the words on hover."""
        look = dict(self.look)
        if self.points:
            look["points"] = " ".join(f"{_short(x)},{_short(y)}" for x, y in self.points)
        words = " ".join(f'{key.replace("_", "-")}="{_short(value)}"' for key, value in look.items())
        inside = f"<title>{escape(self.hover + said)}</title>" if self.hover else escape(self.text)
        return f"<{self.tag} {words}>{inside}</{self.tag}>" if inside else f"<{self.tag} {words}/>"


@dataclass
class Canvas:
    """What has been drawn so far on a picture of some width in pixels."""

    width: float
    marks: list[Mark] = field(default_factory=list)

    def bar(  # noqa: PLR0917 - a rectangle has four numbers
        self, x: float, y: float, width: float, height: float, colour: str, hover: str = ""
    ) -> None:
        """Add a rectangle; a negative size reaches left or up."""
        left, top, tall = min(x, x + width), min(y, y + height), max(abs(height), 0.5)
        look = {"x": left, "y": top, "width": abs(width), "height": tall, "fill": colour}
        self.marks.append(Mark("rect", look, hover=hover))

    def area(self, edge: Sequence[tuple[float, float]], colour: str, *, opacity: float = 1.0) -> None:
        """Fill the area inside an edge."""
        if len(edge) > 2:
            self.marks.append(Mark("polygon", {"fill": colour, "fill_opacity": opacity}, tuple(edge)))

    def dot(self, x: float, y: float, radius: float, colour: str, hover: str = "") -> None:
        """Add a dot with a thin white edge."""
        look = {"cx": x, "cy": y, "r": radius, "fill": colour, "stroke": PAPER}
        self.marks.append(Mark("circle", look, hover=hover))

    def line(self, points: Sequence[tuple[float, float]], colour: str, hover: str = "", *, thick: float = 1.0,
             dashed: bool = False) -> None:  # fmt: skip
        """Add a line through points, left out where one is missing."""
        known = tuple((x, y) for x, y in points if math.isfinite(x) and math.isfinite(y))
        look = {"fill": "none", "stroke": colour, "stroke_width": thick}
        if len(known) > 1:
            self.marks.append(
                Mark("polyline", look | ({"stroke_dasharray": "6 3"} if dashed else {}), known, hover=hover)
            )

    def write(self, x: float, y: float, text: str, *, colour: str = INK, bold: bool = False,
              anchor: str = "start") -> None:  # fmt: skip
        """Write lines of text, the first with its foot at ``y``."""
        weight = {"font_weight": "600"} if bold else {}
        for at, line in enumerate(text.split("\n") if text else ()):
            look = {"x": x, "y": y + LINE * at, "text_anchor": anchor, "fill": colour} | weight
            self.marks.append(Mark("text", look, text=line))

    def legend(self, entries: Sequence[tuple[str, str]], y: float) -> float:
        """Name colours in lines that fit; return where the lines end."""
        x = 0.0
        for name, colour in entries:
            wide = text_width(name) + 26
            if x > 0 and x + wide > self.width:
                x, y = 0.0, y + LINE + 2
            self.bar(x, y + 3, 11, 11, colour)
            self.write(x + 16, y + 13, name, colour=MUTED)
            x += wide
        return y + LINE + 6 if entries else y

    def svg(self, height: float, css: str, title: str, said: str) -> str:
        """Return the picture; ``said`` is the as-of date and source, added to the words on hover."""
        return (
            f'<svg class="{css}" viewBox="0 0 {_short(self.width)} {_short(height)}" role="img" '
            f'aria-label="{escape(title, quote=True)}" font-size="{POINTS}">'
            f"{''.join(mark.svg(said) for mark in self.marks)}</svg>"
        )


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return escape(str(value), quote=True)
