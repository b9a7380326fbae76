"""Paths added in batches until the next quarter's P50 is as sure as asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simulator.analysis.precision import clusters, quantile_error
from simulator.calibration.posteriors import Z_HIGH
from simulator.engine.keys import key
from simulator.engine.paths import Paths
from simulator.engine.run.joined import joined, joined_draws
from simulator.scenario.schema import Simulation

FEWEST_REPLICATES = 20
"""From fewer the error itself is too unsure to stop at."""
MOST_GROWTH = 4
"""Times as many batches, at most, as an error was measured on."""


@dataclass(frozen=True)
class Steadiness:
    """How sure the next quarter's P50 is, and how many simulations that took.

    Parameters
    ----------
    period : str
    p50 : float
        New-business bookings. Unit: scenario currency.
    error : float
        Standard error over the independent replicates of the rate draws. Unit: scenario currency.
    asked : float
        As a share of the P50.
    n_paths, n_batches : int
    n_replicates : int
        Independent groups of paths that the error is measured on.
    """

    period: str
    p50: float
    error: float
    asked: float
    n_paths: int
    n_batches: int
    n_replicates: int

    @property
    def share(self) -> float:
        """The error as a share of the P50; not a number where that is 0."""
        return self.error / self.p50 if self.p50 > 0 else float("nan")

    @property
    def reached(self) -> bool:
        """Whether the error is as small as asked."""
        return self.n_replicates >= FEWEST_REPLICATES and self.share <= self.asked

    @property
    def interval(self) -> tuple[float, float]:
        """80 % simulation interval of the P50. Unit: scenario currency."""
        return self.p50 - Z_HIGH * self.error, self.p50 + Z_HIGH * self.error

    @property
    def batches_needed(self) -> int:
        """How many batches the error asked for takes; the error falls with their square root.

        Planned for an error one standard error of its own above: who stops at the first measurement that
        happens to be low states an error that is too small.
        """
        if self.reached or not np.isfinite(self.share):
            return self.n_batches
        planned = self.share * (1.0 + 1.0 / np.sqrt(2.0 * (self.n_replicates - 1)))
        for_error = self.n_batches * (planned / self.asked) ** 2
        for_replicates = self.n_batches * FEWEST_REPLICATES / self.n_replicates
        wanted = int(np.ceil(max(for_error, for_replicates)))
        return min(max(wanted, self.n_batches + 1), MOST_GROWTH * self.n_batches)

    @property
    def note(self) -> str:
        """What the reader should know: whether the figures are as sure as asked."""
        if self.reached:
            return f"{self}, as asked (± {self.asked:.2%})."
        if not np.isfinite(self.share):
            return f"{self}: no precision can be reached."
        return f"{self}; ± {self.asked:.2%} was asked for. Raise simulation.most_paths for more."

    def __str__(self) -> str:
        error = f"± {self.share:.2%}" if np.isfinite(self.share) else "unknown, because that is 0"
        return f"Simulation error of the P50 of {self.period}: {error} after {self.n_paths:,} simulations"


def steadiness(batches: list[Paths], settings: Simulation) -> Steadiness:
    """Measure how sure the P50 of the first whole quarter is after some batches."""
    first = batches[0]
    period = 1 if first.partial and len(first.periods) > 1 else 0
    bookings = np.concatenate([batch.bookings_new()[:, period].sum(axis=-1) for batch in batches])
    draw = joined_draws(batches, uncertain=settings.rate_uncertainty)
    return Steadiness(
        first.periods[period],
        float(np.median(bookings)),
        quantile_error(bookings, 0.5, draw),
        settings.precision or 0.0,
        len(bookings),
        len(batches),
        int(clusters(draw).max()) + 1,
    )


def batch_seed(seed: int, number: int) -> int:
    """Return the seed of a batch; that of the first is the scenario's own."""
    return seed if number == 0 else key(f"{seed} batch {number}", bits=62)


def simulate_until_steady(
    simulate: Callable[[int], Paths], settings: Simulation, say: Callable[[str], None]
) -> tuple[Paths, Steadiness]:
    """Simulate batches until the error asked for, or the most paths allowed, is reached.

    What is simulated depends on the seed alone: batches are whole, and how many are wanted follows from those
    before.

    Parameters
    ----------
    simulate : callable
        From the seed of a batch to its paths.
    settings : Simulation
    say : callable
        Called with a line after each measurement that asks for more.
    """
    batches = [simulate(settings.seed)]
    while True:
        found = steadiness(batches, settings)
        wanted = min(found.batches_needed, settings.most_paths // settings.paths)
        if wanted <= len(batches):
            return joined(batches, uncertain=settings.rate_uncertainty), found
        more = (wanted - len(batches)) * batches[0].n_paths
        say(f"{found}; simulating {more:,} more for {found.asked:.2%} …")
        batches += [simulate(batch_seed(settings.seed, k)) for k in range(len(batches), wanted)]
