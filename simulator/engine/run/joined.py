"""Several simulations of one scenario, each with draws of its own, put together to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from simulator.arrays import Ints
from simulator.engine.keys import STRATA
from simulator.engine.paths import Paths
from simulator.engine.run.result_buffer import Store

BY_PATH = ("flows", "monthly_bookings", "arr_flows", "monthly_customer_bookings", "people")


def joined(batches: Sequence[Paths], *, uncertain: bool) -> Paths:
    """Return simulations that differ in their seed alone as one.

    Parameters
    ----------
    batches : sequence of Paths
    uncertain : bool
        Whether the rates are: then each batch has draws, and so independent replicates, of its own.

    Raises
    ------
    InputError
        There is no room for all of them.
    """
    first = batches[0]
    if len(batches) == 1:
        return first
    n_paths = [batch.n_paths for batch in batches]
    names = [name for name in BY_PATH if getattr(first, name) is not None]
    store = Store([(sum(n_paths), *getattr(first, name).shape[1:]) for name in names])
    begins = np.cumsum([0, *n_paths])
    for batch, begin, n in zip(batches, begins, n_paths, strict=False):
        store.put(np.arange(begin, begin + n), [getattr(batch, name) for name in names])
    by_path: dict[str, Any] = dict(zip(names, store.arrays, strict=True))
    tallies = [batch.open_tally for batch in batches if batch.open_tally is not None]
    return replace(
        first,
        **by_path,
        rate_draw=joined_draws(batches, uncertain=uncertain),
        open_wins=np.sum([batch.open_wins for batch in batches], axis=0),
        open_tally=np.average(tallies, axis=0, weights=n_paths) if tallies else None,
        of_type={
            kind: joined([batch.of_type[kind] for batch in batches], uncertain=uncertain)
            for kind in first.of_type
        },
    )


def joined_draws(batches: Sequence[Paths], *, uncertain: bool) -> Ints:
    """Return the rate draw of each path of all batches: those of uncertain rates lie in other replicates."""
    apart = -(-(int(batches[0].rate_draw.max()) + 1) // STRATA) * STRATA if uncertain else 0
    return np.concatenate([batch.rate_draw + number * apart for number, batch in enumerate(batches)])
