"""Which lever the spread of a figure comes from, when all move at once over their intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import qmc

from simulator.analysis.compare.comparison import simulate_prepared
from simulator.analysis.compare.measures import Measure
from simulator.analysis.sensitivity.inputs import Input
from simulator.analysis.steps import Progress
from simulator.arrays import Floats
from simulator.engine.prepare import Prepared

N_RESAMPLES = 200
LOW, HIGH = 0.1, 0.9
SETTINGS_PER_INPUT = 6
"""Settings for each thing that is moved: three times as many as the curve fitted through them has terms."""


@dataclass(frozen=True)
class MainEffects:
    """Shares of the variance of a figure over settings of everything that may move.

    Parameters
    ----------
    measure : Measure
    table : DataFrame
        One row an input, largest share first: name, kind, low, high (factors), share (of the variance that
        this thing alone explains, its first-order Sobol' index), share_low, share_high (80 % interval).
    together : float
        What is left: explained only by things moving together, or by sharper bends than were fitted.
    mean, sd : float
        Of the figure over the settings.
    n_settings, n_paths : int
    """

    measure: Measure
    table: pd.DataFrame
    together: float
    mean: float
    sd: float
    n_settings: int
    n_paths: int


def measure_main_effects(
    prepared: Prepared,
    inputs: tuple[Input, ...],
    measure: Measure,
    *,
    n_settings: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> MainEffects:
    """Move everything at once, at settings that fill the intervals evenly, and share out the variance.

    Settings are a Latin hypercube, each thing even on the scale of its factor's logarithm (of the factor,
    where the interval begins at nothing). All settings are simulated on the same random numbers, so that the
    figure is a smooth function of them. First-order Sobol' indices Var(E[Y | Xᵢ]) / Var(Y) are taken from
    an additive fit with a curve of second degree in each thing (Saltelli et al., Global Sensitivity Analysis,
    2008, chapter 5), their intervals from resampled settings.

    Parameters
    ----------
    prepared : Prepared
    inputs : tuple of Input
        At least one; those that cannot move (low equal to high) get no share.
    measure : Measure
    n_settings : int, optional
        Six for each input where it is left out.
    seed : int
        Of the design.
    progress : callable, optional
        Called with (settings done, settings in all).
    """
    n = n_settings if n_settings is not None else max(2 * len(inputs) + 8, SETTINGS_PER_INPUT * len(inputs))
    design = qmc.LatinHypercube(len(inputs), rng=np.random.default_rng(seed)).random(n)
    figures = np.empty(n)
    n_paths = 0
    for setting, places in enumerate(design):
        moved = prepared
        for one, place in zip(inputs, places, strict=True):
            moved = one.apply(moved, factor_at(one, float(place)))
        paths = simulate_prepared(moved)
        figures[setting], n_paths = float(measure.of(measure.sample(paths))), paths.n_paths
        if progress is not None:
            progress(setting + 1, n)
    shares = variance_shares(design, figures)
    rng = np.random.default_rng(seed)
    picks = rng.integers(n, size=(N_RESAMPLES, n))
    low, high = np.nanquantile([variance_shares(design[p], figures[p]) for p in picks], (LOW, HIGH), axis=0)
    columns = {"name": [t.name for t in inputs], "kind": [t.kind for t in inputs]}
    factors = {"low": [t.low for t in inputs], "high": [t.high for t in inputs]}
    table = pd.DataFrame({**columns, **factors, "share": shares, "share_low": low, "share_high": high})
    table = table.sort_values("share", ascending=False, kind="stable", ignore_index=True)
    together = max(0.0, 1.0 - float(shares.sum())) if figures.std() > 0 else 0.0
    return MainEffects(measure, table, together, float(figures.mean()), float(figures.std()), n, n_paths)


def factor_at(one: Input, place: float) -> float:
    """Return the factor at a place between 0 (the low end) and 1 (the high end)."""
    if one.low <= 0:
        return one.low + place * (one.high - one.low)
    return float(one.low * (one.high / one.low) ** place)


def variance_shares(places: Floats, figures: Floats) -> Floats:
    """Return the share of the variance that each column explains by itself, from an additive fit.

    Parameters
    ----------
    places : ndarray of float64, shape (setting, column)
        Even over 0 to 1.
    figures : ndarray of float64, shape (setting,)

    Returns
    -------
    ndarray of float64, shape (column,)
        Zero or more, adding up to 1 at most; all 0 where the figure does not move.
    """
    n, n_columns = places.shape
    if float(np.ptp(figures)) <= 0:
        return np.zeros(n_columns)
    centred = 2 * places - 1
    # Legendre's polynomials are orthogonal over an even interval: their coefficients squared are variances.
    terms = np.hstack([np.ones((n, 1)), centred, 1.5 * centred**2 - 0.5])
    fitted = np.linalg.lstsq(terms, figures, rcond=None)[0]
    line, bend = fitted[1 : n_columns + 1], fitted[n_columns + 1 :]
    residual = figures - terms @ fitted
    variance = line**2 / 3 + bend**2 / 5
    left = max(float(residual @ residual) / max(n - terms.shape[1], 1), 0.0)
    # A coefficient estimated with error is too large when squared: its own variance is taken off.
    spread = np.linalg.pinv(terms.T @ terms).diagonal() * left
    variance = variance - spread[1 : n_columns + 1] / 3 - spread[n_columns + 1 :] / 5
    variance = np.maximum(variance, 0.0)
    return np.asarray(variance / (float(variance.sum()) + left))
