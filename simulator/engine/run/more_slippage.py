"""More slippage: by how much due deals must end more slowly for as many more to slip as a lever says.

How often deals slip follows from all that they do in a quarter, dates that move inside it included: no
formula says by which factor of their rates a quarter more of them do. Pilots find it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simulator.arrays import Floats
from simulator.kernels.flows import FLOWS
from simulator.scenario.levers import Lever
from simulator.scenario.schema import Scenario

SLIPPAGE = "slippage"
SLIPPED = FLOWS.index("n_slipped")
ENDED = [FLOWS.index(name) for name in ("n_won", "n_lost_competition", "n_lost_no_decision")]
PILOT = {"paths": 100, "rate_draws": 25, "luck": True, "precision": None}
QUARTERS = 2
"""That a pilot counts: later ones hold deals which slipped into them."""
N_PILOTS = 3
MOST = 50.0
"""More than that changes nothing: next to none of the rate to end in the month due is left."""


def reach_slippage(
    scenario: Scenario, segments: tuple[str, ...], flows_of: Callable[[Scenario], Floats]
) -> Scenario:
    """Return a scenario whose slippage levers above x1 raise the share of due deals that slip by as much.

    Parameters
    ----------
    scenario : Scenario
    segments : tuple of str
        In axis order.
    flows_of : callable
        From a scenario to its simulated flows, shape (path, quarter, segment, flow).

    Returns
    -------
    Scenario
        With one slippage lever for each segment; the same scenario where none is above x1.
    """
    asked = np.ones(len(segments))
    for lever in scenario.levers:
        if lever.name == SLIPPAGE:
            held = [lever.segments is None or name in lever.segments for name in segments]
            asked *= np.where(held, lever.factor, 1.0)
    more = asked > 1.0
    if not more.any():
        return scenario
    others = tuple(lever for lever in scenario.levers if lever.name != SLIPPAGE)

    def with_slippage(factors: Floats) -> Scenario:
        pairs = zip(segments, factors.tolist(), strict=True)
        return scenario.replace(levers=others + tuple(Lever(SLIPPAGE, by, (name,)) for name, by in pairs))

    def share(factors: Floats) -> Floats:
        pilot = with_slippage(factors).of_deals_alone().with_simulation(**PILOT)
        seen = flows_of(pilot)[:, :QUARTERS].sum(axis=(0, 1))
        return np.asarray(seen[:, SLIPPED] / np.maximum(seen[:, SLIPPED] + seen[:, ENDED].sum(axis=1), 1.0))

    base, slower, wanted = share(np.minimum(asked, 1.0)), asked.copy(), np.log(asked[more])
    for _ in range(N_PILOTS):
        reached = np.log(np.maximum(share(slower), 1e-9) / np.maximum(base, 1e-9))[more]
        step = wanted / np.maximum(reached, wanted / 4.0 + 1e-9)
        slower[more] = np.minimum(slower[more] ** step, MOST)
    return with_slippage(slower)
