"""Compile the kernels into their cache, by simulating a single path of a company of one segment."""

from simulator.engine.run.simulate import simulate
from simulator.scenario.load import scenario_from_dict

ENDS = {"to": {"won": 0.5, "lost_no_decision": 0.5}, "median_days": 30}
COMPANY = {
    "as_of": "2026-10-31",
    "horizon_quarters": 1,
    "simulation": {"paths": 1, "rate_draws": 1, "threads": 1},
    "segments": {
        "one": {
            "motion": "smb",
            "sals_per_month": 1,
            "amount": {"fixed": 1000},
            "pipeline": ENDS,
            "best_case": ENDS,
            "commit": ENDS,
        }
    },
}

if __name__ == "__main__":
    simulate(scenario_from_dict(COMPANY), None, None)
