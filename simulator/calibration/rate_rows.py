"""A rate as rows of the table of rates: one for each cell of its posterior."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.arrays import Floats, Mask
from simulator.calibration.posteriors import Index, Posterior

Row = dict[str, Any]
Texts = npt.NDArray[np.str_]

TEXTS = ("segment", "category", "destination", "level")
"""Columns that say which cell of a rate a row is."""
OWN_EVENTS = 3.0
"""Events of its own from which on a rate of customers or reps counts as calibrated, not pooled."""
OWN_SHARE = 0.5
"""Share of a posterior that its own events must make up for a rate of deals to count as calibrated."""


@dataclass(frozen=True)
class Rate:
    """A posterior with its name, its unit and the evidence it rests on.

    Parameters
    ----------
    name, unit : str
    posterior : Posterior
    events, exposure : Floats
        Counts behind each cell.
    source : ndarray of str, or str
        calibrated, pooled, prior or assumption.
    shown : ndarray of bool, optional
        Cells that have a row; None: all.
    labels : callable, optional
        Columns of a cell, where they are not the labels of the axes.
    """

    name: str
    unit: str
    posterior: Posterior
    events: Floats
    exposure: Floats
    source: Texts | str
    shown: Mask | None = None
    labels: Callable[[Index], dict[str, str]] | None = None

    def rows(self) -> Iterator[Row]:
        """Yield one row for each cell that is shown."""
        labels = self.labels or self.posterior.labels
        for cell in self.posterior.cells(self.shown):
            source = self.source if isinstance(self.source, str) else str(self.source[cell])
            counts = {"events": float(self.events[cell]), "exposure": float(self.exposure[cell])}
            yield row(self.name, self.unit, source, self.posterior.estimate(cell), **labels(cell), **counts)


def row(name: str, unit: str, source: str, estimate: Iterable[float], **more: Any) -> Row:
    """Return one row: value, low and high of a rate, with empty text where no column is given."""
    value, low, high = (float(x) for x in estimate)
    # The mean of a very skewed distribution lies outside its P10 to P90: what is shown holds it.
    low, high = min(low, value), max(high, value)
    found = {"name": name, "value": value, "low": low, "high": high, "unit": unit, "source": source}
    return {**dict.fromkeys(TEXTS, ""), **found, **more}


def by_first_axis(*rates: Rate) -> Iterator[Row]:
    """Yield the rows of rates that share their first axis, all of its first label first."""
    found = [each for rate in rates for each in rate.rows()]
    first = next(iter(rates[0].posterior.axes.items()))
    place = {label: i for i, label in enumerate(first[1])}
    yield from sorted(found, key=lambda each: place[each[first[0]]])


def source_by_events(own: Floats, total: Floats) -> Texts:
    """Return where rates come from: enough events of their own, some anywhere, or none."""
    return np.where(own >= OWN_EVENTS, "calibrated", np.where(np.asarray(total) > 0.0, "pooled", "prior"))


def source_by_share(own: Floats, total: Floats, weight: Floats) -> Texts:
    """Return where rates come from, by the share of their posterior's weight that is their own events."""
    enough = (own > 0.0) & (own >= OWN_SHARE * weight)
    return np.where(enough, "calibrated", np.where(total > 0.0, "pooled", "prior"))
