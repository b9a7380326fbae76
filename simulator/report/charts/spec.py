"""A chart as data: built once by the question that it answers, drawn as a picture, on a slide, on a sheet."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from simulator.arrays import Floats
from simulator.errors import InputError
from simulator.report.money import MoneyScale, axis_code, format_multiple, money_code, money_scale

Shape = Literal["range", "curves", "stack", "columns", "bridge", "lines", "bars", "dots", "heat"]
SHARE_CODE = "0.0%"
WHOLE_SHARE_CODE = "0%"
COUNT_CODE = "#,##0.0"
HEAT_COLOURS = ("#f2c48d", "#fbeedd", "#ffffff", "#d6e6f2", "#95bfdf", "#3f7cac")
"""Of a heat map, from little to much."""
MOST_DECIMALS = 4
"""Of the percentages of an axis."""
HIGH_SHARE = 0.5
"""Lines of shares that all lie above this are read against 100%: their axis begins near them, and says so."""
MULTIPLE_CODE = '[>=0.995]0.0"×";0.00"×"'


@dataclass(frozen=True)
class Unit:
    """How figures of a chart are written: the same text in Python and in the codes of Office.

    Parameters
    ----------
    code : str
        Number format of labels in PowerPoint and Excel.
    scale : MoneyScale, optional
        One unit for all amounts of a chart; None for shares and multiples.
    """

    code: str
    scale: MoneyScale | None = None

    def write(self, value: float) -> str:
        """Return a figure as a label: ``$4.86M``, ``101.2%``, ``1.3×``; nothing where it is missing."""
        if not math.isfinite(value):
            return ""
        if self.scale is not None:
            return self.scale.format(value)
        if self.is_share:
            return f"{value:.1%}" if self.code == SHARE_CODE else f"{value:.0%}"
        return f"{value:,.1f}".removesuffix(".0") if self.code == COUNT_CODE else format_multiple(value)

    def write_ticks(self, ticks: Sequence[float]) -> list[str]:
        """Return the figures of an axis, shares with the decimals that their step has."""
        if not self.is_share:
            return [self.write_tick(tick) for tick in ticks]
        exact = (n for n in range(MOST_DECIMALS) if all(abs(round(x, n + 2) - x) < 1e-9 for x in ticks))
        decimals = next(exact, MOST_DECIMALS)
        return [f"{tick:.{decimals}%}" for tick in ticks]

    def write_tick(self, value: float) -> str:
        """Return a figure as an axis has it: without needless decimals."""
        if self.scale is not None:
            return self.scale.format_short(value)
        return f"{value:.0%}" if self.is_share else f"{value:g}" + ("×" if self.code == MULTIPLE_CODE else "")

    @property
    def is_share(self) -> bool:
        """Whether figures are shares of a whole."""
        return self.code in {SHARE_CODE, WHOLE_SHARE_CODE}

    @property
    def axis_code(self) -> str:
        """Number format of an axis: fewer decimals."""
        return "0%" if self.is_share else axis_code(self.code)


SHARE, WHOLE_SHARE, MULTIPLE, COUNT = map(Unit, (SHARE_CODE, WHOLE_SHARE_CODE, MULTIPLE_CODE, COUNT_CODE))


def money_unit(amounts: Iterable[float], currency: str) -> Unit:
    """Return the unit in which the largest of the amounts has three digits."""
    return unit_of(money_scale((float(amount) for amount in amounts), currency))


def unit_of(scale: MoneyScale) -> Unit:
    """Return the unit of a scale."""
    return Unit(money_code(scale), scale)


@dataclass(frozen=True)
class Series:
    """One line, one colour of columns, or one curve.

    Parameters
    ----------
    key : str
        Column of the table behind the chart.
    name : str
        As the legend says.
    colour : str
        Such as ``#12355b``.
    values : tuple of float
        One a category, NaN where there is none; of a curve its heights.
    low, high : tuple of float
        Ends of a band around a line, where it has one.
    x : tuple of float
        Of a curve: where its heights stand.
    marks : tuple
        Of a curve: points named on it, as key, x and height.
    """

    key: str
    name: str
    colour: str
    values: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    x: tuple[float, ...] = ()
    marks: tuple[tuple[str, float, float], ...] = ()


def banded(key: str, name: str, colour: str, rows: Any, columns: Sequence[str]) -> Series:
    """Return a series with its band: ``rows`` holds figures by name, ``columns`` are low, middle and high."""
    low, middle, high = (figures(rows[column]) for column in columns)
    return Series(key, name, colour, middle, low=low, high=high)


@dataclass(frozen=True)
class ChartSpec:
    """A chart before it is drawn.

    Parameters
    ----------
    name : str
        File name of the picture without its ending.
    shape : str
        ``range`` (P10, P50, P90, target), ``curves``, ``stack``, ``columns``, ``bridge``, ``lines``, ``bars``
        (horizontal), ``dots`` (horizontal, with intervals) or ``heat`` (a row a series).
    title : str
        A sentence that says the finding.
    subtitle : str
        What is shown and in which unit.
    footer : str
        As-of date and source.
    unit : Unit
        How labels are written; of curves: their x axis, the heights being shares.
    categories : tuple of str
        Quarters, or the steps of a bridge; empty for curves.
    series : tuple of Series
        In the order of the legend; a stack from the bottom up.
    below : tuple of str
        A line or two below each category; of horizontal charts: said next to its name.
    colours : tuple of str
        Of a bridge, of bars and of dots: one a category, instead of the series' colour.
    totals : tuple of float
        Of a stack: the figure over each column; bars with totals are stacked too.
    total_word : str
        Said before that figure.
    under_way : bool
        The first category is a quarter that has begun.
    floor : float
        Where the axis of a bridge begins.
    levels : tuple of Series
        Of a stack: lines across its columns, such as what is needed.
    mark : float
        A line across the figures, such as a target, at this figure; NaN: none.
    mark_word : str
        What that line is.
    words : tuple of tuple of str
        Of a heat map: said in its cells instead of their figures, a row a series.
    n_past : int
        How many of the first categories are past quarters.
    """

    name: str
    shape: Shape
    title: str
    subtitle: str
    footer: str
    unit: Unit
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    below: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    totals: tuple[float, ...] = ()
    total_word: str = ""
    under_way: bool = False
    floor: float = 0.0
    levels: tuple[Series, ...] = ()
    mark: float = math.nan
    mark_word: str = ""
    words: tuple[tuple[str, ...], ...] = ()
    n_past: int = 0

    def __getitem__(self, key: str) -> Series:
        """Return a series by its key."""
        return next(one for one in self.series if one.key == key)

    @property
    def native(self) -> tuple[Series, ...]:
        """Series that Office draws: what is booked lies inside the range, and only the picture shows it."""
        return tuple(one for one in self.series if self.shape != "range" or one.key != "booked")

    def labels(self, key: str) -> list[str]:
        """Return the figures of a series as every artefact writes them."""
        at = [one.key for one in self.series].index(key)
        return list(self.words[at]) if self.words else [self.unit.write(x) for x in self.series[at].values]

    def cell_colour(self, value: float) -> str:
        """Return the colour of a cell of a heat map."""
        if self.words:
            return self.colours[int(value)]
        known = self.finite()
        share = (value - min(known)) / ((max(known) - min(known)) or 1.0) if max(known) > min(known) else 0.5
        return HEAT_COLOURS[min(int(share * len(HEAT_COLOURS)), len(HEAT_COLOURS) - 1)]

    def finite(self) -> list[float]:
        """Return every figure that is there, with bands, totals, levels and the mark."""
        rows = [row for one in (*self.series, *self.levels) for row in (one.values, one.low, one.high)]
        return [value for row in (*rows, self.totals, (self.mark,)) for value in row if math.isfinite(value)]

    @property
    def begins_at_zero(self) -> bool:
        """Whether the axis of lines begins at zero: all do but those of high shares, and of losses."""
        lowest = min(self.finite(), default=0.0)
        return lowest >= 0 and not (self.unit.is_share and lowest > HIGH_SHARE)

    @property
    def is_empty(self) -> bool:
        """Whether there is no figure to draw."""
        return not any(math.isfinite(value) for one in self.series for value in one.values)

    def save(self, folder: Path) -> None:
        """Write the figures that are drawn as ``NAME.json``: what pages, slides and sheets draw again."""
        text = json.dumps(_plain(asdict(self)), ensure_ascii=False, allow_nan=False)
        (folder / f"{self.name}.json").write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, file: Path) -> ChartSpec:
        """Read what `save` has written.

        Raises
        ------
        InputError
            The file is damaged.
        """
        try:
            found = _tupled(json.loads(file.read_text(encoding="utf-8")))
            scale = found["unit"]["scale"]
            found["unit"] = Unit(found["unit"]["code"], MoneyScale(**scale) if scale else None)
            for key in ("series", "levels"):
                found[key] = tuple(Series(**one) for one in found[key])
            return cls(**found)
        except (ValueError, TypeError, KeyError) as error:
            what = "is damaged: it does not hold the figures of a chart"
            raise InputError.of(str(file), what, "Run the scenario again.") from error


def load_specs(folder: Path) -> tuple[ChartSpec, ...]:
    """Read the figures of every chart of a results folder."""
    return tuple(ChartSpec.load(file) for file in sorted((folder / "charts").glob("*.json")))


def _plain(value: Any) -> Any:
    """Return what JSON can hold: null where there is no figure."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _tupled(value: Any) -> Any:
    """Return lists as tuples, and missing figures in them as NaN."""
    if isinstance(value, dict):
        return {
            key: math.nan if key == "mark" and item is None else _tupled(item) for key, item in value.items()
        }
    return (
        tuple(math.nan if item is None else _tupled(item) for item in value)
        if isinstance(value, list)
        else value
    )


def bars_of_bridge(spec: ChartSpec) -> tuple[Floats, Floats, Floats]:
    """Return where each bar of a bridge begins, how high it is, and the level that it leaves behind.

    The first and the last figure stand on the axis; those between float on the level that they change.
    """
    amounts = np.array(spec.series[0].values)
    levels = np.cumsum(amounts[:-1])
    before = np.concatenate([[spec.floor], levels[:-1]])
    bottoms = np.append(np.minimum(before, levels), spec.floor)
    heights = np.append(np.abs(levels - before), amounts[-1] - spec.floor)
    return bottoms, heights, np.append(levels, amounts[-1])


def labels_of_bridge(spec: ChartSpec, plus: str = "+") -> list[str]:
    """Return the figures of a bridge as they are written: a step up has a sign, its two ends have none."""
    amounts = spec.series[0].values
    return [
        f"{plus if 0 < at < len(amounts) - 1 and amount > 0 else ''}{spec.unit.write(amount)}"
        for at, amount in enumerate(amounts)
    ]


def figures(values: Iterable[float]) -> tuple[float, ...]:
    """Return figures to the cent, as the tables keep them, so that no artefact rounds another number."""
    return tuple(round(float(value), 6) for value in values)
