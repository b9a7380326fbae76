"""What each source of demand brings and costs, by segment."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.engine.capacity_plan import with_reps
from simulator.engine.demand_plan import cost_per_sal
from simulator.engine.prepare import Prepared
from simulator.engine.simulate import compile_deals


def demand_sources(prepared: Prepared) -> pd.DataFrame:
    """Return the expected SALs of every source and segment over the horizon, and what they cost.

    Returns
    -------
    DataFrame
        segment, source, sals_per_month (expected, mean over the draws of the rates and the months),
        of_reps (whether ramped reps source them), cost_per_sal and cost_per_month (scenario currency;
        missing where neither the scenario nor the history tells), cost_source.
    """
    scenario = prepared.scenario
    deals = compile_deals(scenario, prepared.calibration, prepared.history)
    compiled = with_reps(deals, scenario, prepared.history)
    plan, arrivals = compiled.plan, compiled.calibration.arrivals
    months = float(compiled.horizon.month_share.sum())
    by_itself = plan.stream_sals.mean(axis=0).sum(axis=1) / months
    heads = np.bincount(compiled.capacity.seat_segment, minlength=len(compiled.segments))
    of_reps = plan.stream_rep_sals.mean(axis=0).sum(axis=1) / months * heads[plan.stream_segment]
    rows = []
    for place, source in enumerate(arrivals.source):
        segment = compiled.segments[int(arrivals.segment[place])]
        cost, told = cost_per_sal(scenario, compiled.calibration, segment, source)
        sals = float(by_itself[place] + of_reps[place])
        rows.append(
            {
                "segment": segment,
                "source": source,
                "sals_per_month": sals,
                "of_reps": bool(of_reps[place] > 0.0),
                "cost_per_sal": cost,
                "cost_per_month": cost * sals,
                "cost_source": told,
            }
        )
    return pd.DataFrame(rows)
