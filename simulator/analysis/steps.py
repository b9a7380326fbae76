"""Progress of an analysis that simulates several times, as one count of paths."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]


def of_step(progress: Progress | None, step: int, n_steps: int) -> Progress | None:
    """Return the progress of one of several equal steps, reported as part of them all."""
    if progress is None:
        return None
    return lambda done, total: progress(step * total + done, n_steps * total)
