"""What is known of a rate: a distribution for each cell of a table with named axes.

A posterior knows its mean, its interval and how to draw itself. Cells of a table are drawn apart from
each other, each by a key made of the table's name and the labels of the cell, so that no draw depends
on which other rates there are. Randomness comes in as uniforms: nothing here has a seed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import betaincinv, expit, gammaincinv, ndtr, ndtri

from simulator.arrays import Floats, Mask

Index = tuple[int, ...]
Axes = dict[str, tuple[str, ...]]
"""Name of each axis (a column of the table of rates) and the labels along it."""

LOW, HIGH = 0.1, 0.9
"""Ends of the interval that is shown of a rate."""
Z_HIGH = float(ndtri(HIGH))
"""Standard deviations of a normal from its middle to these ends."""
CERTAIN_TRIALS = 1e9
"""Beta parameters that sum to this or more are taken as a certain share."""
TABLE_NODES = 4097
TINY = 1e-300


@dataclass(frozen=True)
class Draws:
    """How many draws, and the uniforms behind them.

    Parameters
    ----------
    n : int
    uniforms : callable, optional
        From a key and a number of values to uniforms of shape (draw, value); None: every draw is the
        point estimate.
    """

    n: int
    uniforms: Callable[[str, int], Floats] | None

    def normals(self, key: str, n_values: int) -> Floats:
        """Return standard normal scores, shape (draw, value); zero where nothing is uncertain."""
        if self.uniforms is None:
            return np.zeros((self.n, n_values))
        return np.asarray(ndtri(self.uniforms(key, n_values)), dtype=np.float64)


@dataclass(frozen=True)
class Posterior(ABC):
    """A table of distributions, one for each cell."""

    axes: Axes

    @property
    @abstractmethod
    def point(self) -> Floats:
        """Point estimate of each cell: the mean, or the median where the scale is logarithmic."""

    @property
    @abstractmethod
    def uncertain(self) -> Mask:
        """Cells that are drawn; the others are their point estimate in every draw."""

    @abstractmethod
    def quantile(self, cell: Index, chance: Floats) -> Floats:
        """Return quantiles of one cell, as its draws use them."""

    def interval(self, cell: Index) -> tuple[float, float]:
        """Return the ends of the 80 % interval of one cell."""
        if not self.uncertain[cell]:
            return float(self.point[cell]), float(self.point[cell])
        low, high = self.quantile(cell, np.array([LOW, HIGH]))
        return float(low), float(high)

    def estimate(self, cell: Index = ()) -> tuple[float, float, float]:
        """Return the point estimate of one cell and the ends of its interval."""
        return (float(self.point[cell]), *self.interval(cell))

    def labels(self, cell: Index) -> dict[str, str]:
        """Return the label of one cell along each axis."""
        return {name: labels[i] for (name, labels), i in zip(self.axes.items(), cell, strict=False)}

    def draw(self, key: str, draws: Draws) -> Floats:
        """Return draws of every cell, shape (draw, *axes), keyed ``key/label/label``."""
        out = np.empty((draws.n, *self.point.shape))
        out[:] = self.point
        if draws.uniforms is not None:
            for cell in self.cells(self.uncertain):
                name = "/".join((key, *self.labels(cell).values()))
                at: tuple[int | slice, ...] = (slice(None), *cell)
                out[at] = self.quantile(cell, draws.uniforms(name, 1)[:, 0])
        return out

    def cells(self, where: Mask | None = None) -> Iterator[Index]:
        """Yield the index of each cell, of those alone that ``where`` marks."""
        for cell in np.ndindex(*self.point.shape):
            if where is None or where[cell]:
                yield cell

    def check(self) -> None:
        """Raise ValueError where the table does not have the lengths of its axes."""
        lengths = tuple(map(len, self.axes.values()))
        if self.point.shape != lengths:
            raise ValueError(f"its axes are {self.point.shape}, not {lengths}")


@dataclass(frozen=True)
class Gamma(Posterior):
    """Rates: Gamma(shape, rate), mean shape / rate.

    Shape 0 is a rate of exactly zero; an infinite shape is certain and ``rate`` then its value. Cells
    that ``certain`` marks are their mean in every draw.
    """

    shape: Floats
    rate: Floats
    certain: Mask | None = None

    @cached_property
    def point(self) -> Floats:
        out = np.zeros(self.shape.shape)
        finite = (self.shape > 0.0) & np.isfinite(self.shape)
        np.divide(self.shape, self.rate, out=out, where=finite)
        return np.where(np.isinf(self.shape), self.rate, out)

    @cached_property
    def uncertain(self) -> Mask:
        drawn = (self.shape > 0.0) & np.isfinite(self.shape)
        return np.asarray(drawn if self.certain is None else drawn & ~self.certain)

    def quantile(self, cell: Index, chance: Floats) -> Floats:
        shape = np.full(chance.shape, float(self.shape[cell]))
        return np.asarray(gamma_quantile(chance, shape) / float(self.rate[cell]))

    def interval(self, cell: Index) -> tuple[float, float]:
        if not 0.0 < self.shape[cell] < np.inf:
            return float(self.point[cell]), float(self.point[cell])
        low, high = gammaincinv(float(self.shape[cell]), [LOW, HIGH]) / float(self.rate[cell])
        return float(low), float(high)


@dataclass(frozen=True)
class Beta(Posterior):
    """Shares: Beta(a, b), ``counts`` of shape (*axes, 2); a or b of 0 is exactly 0 or 1."""

    counts: Floats

    @cached_property
    def point(self) -> Floats:
        a, total = self.counts[..., 0], self.counts.sum(axis=-1)
        return np.asarray(np.divide(a, total, out=np.zeros(a.shape), where=total > 0.0))

    @cached_property
    def uncertain(self) -> Mask:
        return np.asarray((self.counts > 0.0).all(axis=-1) & (self.counts.sum(axis=-1) < CERTAIN_TRIALS))

    def quantile(self, cell: Index, chance: Floats) -> Floats:
        a, b = self.counts[cell].tolist()
        return np.asarray(betaincinv(a, b, chance), dtype=np.float64)


@dataclass(frozen=True)
class Normal(Posterior):
    """Values, or logarithms of medians: Normal(mean, sd)."""

    mean: Floats
    sd: Floats

    @property
    def point(self) -> Floats:
        return self.mean

    @cached_property
    def uncertain(self) -> Mask:
        return np.asarray(self.sd > 0.0)

    def quantile(self, cell: Index, chance: Floats) -> Floats:
        return np.asarray(float(self.mean[cell]) + float(self.sd[cell]) * ndtri(chance), dtype=np.float64)


@dataclass(frozen=True)
class LogNormal(Normal):
    """Multipliers, by mean and standard deviation of their logs.

    ``point`` and ``interval`` are the median and quantiles of exp(Normal). Draws have the mean
    exp(mean), not the median: uncertainty must not raise rates by itself.
    """

    @cached_property
    def point(self) -> Floats:
        return np.asarray(np.exp(self.mean))

    def quantile(self, cell: Index, chance: Floats) -> Floats:
        mean, sd = float(self.mean[cell]), float(self.sd[cell])
        return np.asarray(np.exp(mean + sd * ndtri(chance) - 0.5 * sd**2), dtype=np.float64)

    def interval(self, cell: Index) -> tuple[float, float]:
        low, high = (float(np.exp(self.mean[cell] + z * self.sd[cell])) for z in ndtri([LOW, HIGH]))
        return low, high


@dataclass(frozen=True)
class LogMedian(LogNormal):
    """Medians known on the log scale; their draws are exp(Normal), without a correction of the mean."""

    def quantile(self, cell: Index, chance: Floats) -> Floats:
        return np.asarray(np.exp(Normal.quantile(self, cell, chance)), dtype=np.float64)


@dataclass(frozen=True)
class Logistic(Normal):
    """Shares whose log odds are normal."""

    @cached_property
    def point(self) -> Floats:
        return np.asarray(expit(self.mean))

    def quantile(self, cell: Index, chance: Floats) -> Floats:
        return np.asarray(expit(Normal.quantile(self, cell, chance)), dtype=np.float64)


@dataclass(frozen=True)
class Shares(Posterior):
    """Discrete distributions along the last axis: Dirichlet(concentration)."""

    concentration: Floats

    @cached_property
    def point(self) -> Floats:
        total = self.concentration.sum(axis=-1, keepdims=True)
        out = np.zeros(self.concentration.shape)
        return np.asarray(np.divide(self.concentration, total, out=out, where=total > 0.0))

    @cached_property
    def uncertain(self) -> Mask:
        return np.asarray(self.concentration > 0.0)

    def quantile(self, cell: Index, chance: Floats) -> Floats:
        a, total = float(self.concentration[cell]), float(self.concentration[cell[:-1]].sum())
        return np.asarray(betaincinv(a, total - a, chance) if total > a else np.ones(chance.shape))

    def draw(self, key: str, draws: Draws) -> Floats:
        """Return draws of the shares, shape (draw, *axes); each row of shares has one key."""
        out = np.empty((draws.n, *self.point.shape))
        out[:] = self.point
        if draws.uniforms is None:
            return out
        for row in np.ndindex(*self.concentration.shape[:-1]):
            positive = self.uncertain[row]
            if positive.any():
                u = draws.uniforms("/".join((key, *self.labels(row).values())), positive.size)
                drawn = np.zeros(u.shape)
                drawn[:, positive] = gamma_quantile(u[:, positive], self.concentration[row][positive])
                out[:, *row] = drawn / drawn.sum(axis=1, keepdims=True)
        return out


@dataclass(frozen=True)
class JointNormal:
    """Values that are estimated together: Normal(mean, covariance), drawn with one key.

    ``symmetric`` says which root of the covariance draws use: the symmetric one, which exists for a
    singular covariance too, or the lower triangular one.
    """

    mean: Floats
    covariance: Floats
    symmetric: bool = True

    def draw(self, key: str, draws: Draws) -> Floats:
        """Return draws, shape (draw, value)."""
        if draws.uniforms is None or not self.covariance.any():
            return np.tile(self.mean, (draws.n, 1))
        root = root_of(self.covariance) if self.symmetric else np.linalg.cholesky(self.covariance).T
        return np.asarray(self.mean + draws.normals(key, len(self.mean)) @ root, dtype=np.float64)


@dataclass(frozen=True)
class JointLogNormal:
    """Multipliers with a joint covariance of their logs, each with a key of its own.

    A covariance of None: each is uncertain by itself, with ``log_sd``.
    """

    names: tuple[str, ...]
    log_mean: Floats
    log_sd: Floats
    covariance: Floats | None

    def draw(self, key: str, draws: Draws) -> Floats:
        """Return draws with mean exp(log_mean), shape (draw, multiplier)."""
        if self.covariance is None or draws.uniforms is None or not (self.log_sd > 0.0).any():
            return LogNormal({"name": self.names}, self.log_mean, self.log_sd).draw(key, draws)
        normals = [draws.normals(f"{key}/{name}", 1) for name in self.names]
        logs = np.concatenate(normals, axis=1) @ root_of(self.covariance)
        return np.asarray(np.exp(self.log_mean + logs - 0.5 * np.diag(self.covariance)))


def root_of(covariance: Floats) -> Floats:
    """Return the symmetric square root of a covariance, which may be singular."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T, dtype=np.float64)


def gamma_quantile(u: Floats, shape: Floats) -> Floats:
    """Return Gamma(shape, 1) quantiles.

    A shape of 1 is exponential. Where many quantiles share a few shapes, they are read off a table of
    the logarithm over normal scores, good to six digits: draws need no more.
    """
    if np.allclose(shape, 1.0):
        return np.asarray(-np.log1p(-u), dtype=np.float64)
    distinct = np.unique(shape)
    if u.size < TABLE_NODES * distinct.size:
        return np.asarray(np.maximum(gammaincinv(shape, u), TINY), dtype=np.float64)
    scores, out = ndtri(u), np.empty(u.shape)
    nodes = np.linspace(-6.5, 6.5, TABLE_NODES)
    chances = ndtr(nodes)
    for value in distinct:
        log_quantile = np.log(np.maximum(gammaincinv(value, chances), TINY))
        # Shapes lie along the last axis, so that whole columns share one.
        held = ... if distinct.size == 1 else (..., shape == value)
        out[held] = np.exp(np.interp(scores[held], nodes, log_quantile))
    return out
