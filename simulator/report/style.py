"""How every chart looks: colours that survive grey-scale and colour blindness, sentence titles."""

from __future__ import annotations

from typing import Any

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

RC: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Arial", "Helvetica"],
    "svg.fonttype": "none",
    "svg.hashsalt": "simulator",
    "figure.facecolor": PAPER,
    "text.parse_math": False,
}
"""Settings of matplotlib: the font, text as text, the same bytes each time."""


def text_colour(background: str) -> str:
    """Return black or white ink, whichever reads better on a colour."""
    red, green, blue = (int(background[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 0.58 else PAPER
