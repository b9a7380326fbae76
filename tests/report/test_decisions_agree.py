"""Commands that state the same figure state the same figure: one company asked everything."""

import re
from functools import cached_property

import pytest

import simulator as sim
from simulator.analysis.bottlenecks import counterfactuals, relax
from simulator.report.compare.results import compare
from tests.analysis.test_headcount import BOOK, DEALS, REPS, STRONG
from tests.laws.test_coverage import WORK, csm
from tests.small_companies import company

PATHS = 24
FIRST, LATER = "FY27Q1", "FY27Q3"
SHORT = {
    **REPS,
    "ramp": [1],
    "all": {**REPS["all"], "heads": 1, "open_deals_per_rep": 1, "ote": "60k", "hiring_cost": "3k"},
}
TERMS = {"concessions": [{"name": "discount", "deals": "30%", "win_odds": 1.5, "discount": "10%"}]}


class Asked:
    """A company short of reps, and what each command answers of it."""

    def __init__(self):
        self.scenario = company(
            {"one": DEALS, "two": DEALS},
            customers={"existing": BOOK},
            horizon_quarters=8,
            roles=csm(1),
            ownership="all_csm",
            effects=STRONG,
            activities=WORK,
            reps=SHORT,
            terms=TERMS,
            targets={FIRST: 40_000, LATER: 60_000},
            simulation={"paths": PATHS},
        )

    @cached_property
    def run(self):
        return sim.run(self.scenario)

    @cached_property
    def bookings(self):
        return self.run.forecast.bookings.set_index(["kind", "segment", "period"]).sort_index()

    @cached_property
    def hiring(self):
        return sim.hire(self.scenario, paths=PATHS, reps=1)

    @property
    def hire(self):
        return self.hiring.tables

    @cached_property
    def headcount(self):
        table = sim.headcount(self.scenario, paths=PATHS, roles=["ae"], up_to=1).tables["headcount"]
        return table.set_index("segment")

    def payback_of_hire(self):
        """Return where hire puts its rep, and after how many months the rep has paid back."""
        found = self.hiring.found
        return found.segments[found.allocation.argmax()], found.payback_month - found.question.start

    @cached_property
    def ownership(self):
        table = sim.ownership(self.scenario, paths=PATHS).tables["ownership"]
        return table[table["segment"] == "all"].set_index("option")

    @cached_property
    def terms(self):
        return sim.terms(self.scenario, paths=PATHS).tables["terms"].set_index("policy")

    @cached_property
    def pipeline(self):
        return sim.pipeline(self.scenario, paths=PATHS).tables

    @cached_property
    def counterfactuals(self):
        ready = sim.prepare(self.scenario)
        return counterfactuals(relax(ready, PATHS), ready.scenario.targets)

    @property
    def bottlenecks(self):
        """What diagnose says that each thing as in better quarters adds over the horizon, by kind."""
        table = self.counterfactuals
        return table[table["period"] == table["period"].iloc[-1]].set_index("kind")["mean_change"]

    @cached_property
    def sensitivity(self):
        return sim.sensitivity(self.scenario, paths=PATHS).tables["sensitivity"]

    @cached_property
    def compared(self):
        table = compare(self.scenario, self.scenario.replace(name="again")).tables["compare"]
        return table.set_index(["measure", "segment", "period"]).sort_index()

    def booked(self, kind, segment="all"):
        """Return the mean bookings of the horizon that ``run`` states."""
        return self.bookings.loc[(kind, segment), "mean"].sum()


PAIRS = {
    "ownership as stated, run: new business": lambda of: (
        of.ownership.loc["as stated", "bookings_new"], of.booked("new")),
    "ownership as stated, run: expansion": lambda of: (
        of.ownership.loc["as stated", "bookings_expansion"], of.booked("expansion")),
    "ownership as stated, ownership all CSM: the same people": lambda of: (
        of.ownership.loc["as stated", "contribution"], of.ownership.loc["all_csm", "contribution"]),
    "terms as stated, run: new business": lambda of: (
        of.terms.loc["as stated", "bookings"], of.booked("new")),
    "hire constraints, run: new business of a segment": lambda of: (
        of.hire["constraints"].set_index("segment").loc["one", "bookings"], of.booked("new", "one")),
    "hire constraints, diagnose: what better closing adds": lambda of: (
        of.hire["constraints"]["conversion_worth"].sum(), of.bottlenecks["closing"]),
    "hire constraints, diagnose: what more pipeline adds": lambda of: (
        of.hire["constraints"]["pipeline_worth"].sum(), of.bottlenecks["pipeline"]),
    "hire, headcount: what a rep books": lambda of: (
        of.hire["hiring_marginal"].set_index("segment").loc["one", "gain_bookings"],
        of.headcount.loc["one", "gain_bookings_new"]),
    "hire, headcount: when a rep pays back": lambda of: (
        of.payback_of_hire()[1], of.headcount.loc[of.payback_of_hire()[0], "payback_months"]),
    "compare, run: the P50": lambda of: (
        of.compared.loc[("bookings_new", "all", LATER), "base_p50"],
        of.bookings.loc[("new", "all", LATER), "p50"]),
    "compare, run: the chance of a target": lambda of: (
        of.compared.loc[("bookings_new", "all", LATER), "base_p_hit"],
        of.bookings.loc[("new", "all", LATER), "p_hit"]),
    "pipeline, run: the chance of a target": lambda of: (
        of.pipeline["pipeline_chances"].set_index(["factor", "period"]).loc[(1.0, LATER), "p_hit"],
        of.bookings.loc[("new", "all", LATER), "p_hit"]),
    "hire, run: the chance of the last target, in whole percent": lambda of: (
        float(re.search(r"(\d+)% as things stand", of.hiring.sentences["target"])[1]),
        round(100 * of.bookings.loc[("new", "all", LATER), "p_hit"])),
    "diagnose, run: the chance of a target": lambda of: (
        of.counterfactuals.set_index(["kind", "period"]).loc[("closing", LATER), "base_p_hit"],
        of.bookings.loc[("new", "all", LATER), "p_hit"]),
    "pipeline, run: pipeline created": lambda of: (
        of.pipeline["pipeline_created"].set_index(["period", "segment"]).loc[(FIRST, "all"), "mean"],
        of.run.outlook.created.set_index(["period", "segment"]).loc[(FIRST, "all"), "mean"]),
    "sensitivity, run: the P50 that inputs move": lambda of: (
        float(of.sensitivity.iloc[0]["value_low"]) - float(of.sensitivity.iloc[0]["change_low"]),
        of.run.forecast.horizon.set_index(["kind", "segment"]).loc[("new", "all"), "p50"].item()),
    "capacity, bookings: new business of a segment": lambda of: (
        of.run.outlook.capacity.set_index(["segment", "period"]).loc[("one", FIRST), "bookings"],
        of.bookings.loc[("new", "one", FIRST), "mean"]),
}  # fmt: skip
"""Two statements of one figure, by the commands that make them."""


@pytest.fixture(scope="module")
def asked():
    return Asked()


@pytest.mark.parametrize("pair", list(PAIRS))
def test_two_statements_of_one_figure_are_the_same(asked, pair):
    one, other = PAIRS[pair](asked)
    assert one == pytest.approx(other, rel=1e-9)
    assert one != 0
