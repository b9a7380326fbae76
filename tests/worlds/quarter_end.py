"""A company that wins a good third of its quarter in the last ten days.

Prints how far off its forecast is ten days and a month before the quarter ends, and how far off it would be
if every day of a month counted alike:

    python -m tests.worlds.quarter_end
"""

import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from simulator.calibration.calibration import Calibration
from tests.worlds.daily import World
from tests.worlds.forecasts import bias_and_held, look, quarter_day

RUSH = World(
    win=lambda day, _: 0.006 * (3.0 if quarter_day(day) < 10 else 0.6),
    lose=lambda *_: 0.006,
    arrivals=lambda _: 1.5,
    amounts=lambda rng, n, _: np.exp(10.0 + 0.8 * rng.standard_normal(n)),
)
SEEDS = range(10)
AS_OF = ("2024-12-21", "2024-11-30")


def evenly(calibration: Calibration) -> Calibration:
    """Return the rates without a pace of winning inside the month."""
    assert calibration.clock is not None
    return replace(calibration, clock=None)


def found(
    as_of: str, seeds: range = SEEDS, changed: Callable[[Calibration], Calibration] = lambda found: found
) -> tuple[float, float]:
    """Return bias of the mean, and the share that P10 to P90 holds, of forecasts from a day."""
    days = ("2022-01-01", as_of, "2024-12-31")
    return bias_and_held([look(RUSH, seed, days, changed=changed) for seed in seeds])


def main() -> None:
    for as_of in AS_OF:
        for name, changed in (("pace of winning", lambda same: same), ("even days", evenly)):
            bias, held = found(as_of, changed=changed)
            sys.stdout.write(f"{as_of}, {name}: bias {bias:+.1%}, P10 to P90 holds {held:.0%}\n")


if __name__ == "__main__":
    main()
