"""One company in which all kernels have work, and a digest of its simulations; played here or on workers.

``python -m tests.engine.several_lives ADDRESS N_PATHS KILLED`` plays it on workers, kills one of them without
warning when a third is done where KILLED is yes, and prints the digest and how often paths were reported.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys

import numpy as np

from simulator.engine.paths import Paths
from simulator.engine.run.simulate import Progress, simulate
from tests.small_companies import company, deal, segment, stay
from tests.small_customers import GROWING, book

RATES = {
    "pipeline": stay(40, best_case=0.6, lost_no_decision=0.4),
    "best_case": stay(30, commit=0.7, lost_competition=0.3),
    "commit": stay(20, won=0.8, lost_competition=0.2),
}
DEALS = [deal(f"d{i}", category=name) for i, name in enumerate([*RATES] * 5)]


def simulations(n_paths: int, progress: Progress | None = None, **settings: int) -> Paths:
    """Return the simulations of the company."""
    segments = {
        "one": segment(sals_per_month=6, close_in_days=45, evidence_deals=40, customers=GROWING, **RATES),
        "two": segment(sals_per_month=9, evidence_deals=40, **RATES),
    }
    scenario = company(
        segments, DEALS, customers={"existing": book(30)}, simulation={"paths": n_paths, **settings}
    )
    return simulate(scenario, None, None, progress=progress)


def digest(paths: Paths) -> str:
    """Return a text that changes with any bit of the simulations."""
    arrays = (paths.flows, paths.monthly_bookings, paths.open_wins, paths.arr_flows, paths.open_tally)
    content = hashlib.sha256()
    for array in arrays:
        assert array is not None
        content.update(np.ascontiguousarray(array).tobytes())
    return content.hexdigest()


def main(address: str, n_paths: str, killed: str) -> None:
    """Play on workers, and lose one of them on the way."""
    from simulator.engine.run.dask import workers_at
    from simulator.engine.run.executor import working

    with workers_at(address) as workers, working(workers):
        victims = list(workers.client.run(os.getpid).values()) if killed == "yes" else []
        reported = 0

        def progress(done: int, total: int) -> None:
            nonlocal reported
            reported += 1
            if victims and done >= total // 3:
                os.kill(victims.pop(), signal.SIGKILL)
                victims.clear()

        sys.stdout.write(f"{digest(simulations(int(n_paths), progress))} {reported}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
