"""Where the next reps go: screening is exact, addition is exact, the answer is the one brute force finds."""

import itertools

import numpy as np
import pytest

from simulator.analysis.bottlenecks import constraints, relax
from simulator.analysis.forecast.out_of_reach import NO_TIME, REPS_FULL, TOO_FAR
from simulator.analysis.forecast.outlook import look_ahead, measure_capacity
from simulator.analysis.forecast.pipeline import factor_needed, pipeline_created, pipeline_needed
from simulator.analysis.hire.allocation import HiringSettings, allocate_reps
from simulator.analysis.hire.ladder import RepLadder, best_allocations, n_allocations
from simulator.analysis.hire.reps_for_target import reps_for_target
from simulator.engine.plan.roles import rep_terms
from simulator.engine.prepare import Prepared
from simulator.engine.run.simulate import run, simulate
from simulator.kernels.flows import REP_MONTHS
from simulator.report.forecast.pipeline_results import REASON_WORDS, say_limit
from tests.small_companies import company, deal, segment, stay

START = 2027 * 12 + 1
REPS = {
    "open_deals_per_rep": 6,
    "attrition": "10%",
    "quota": 600_000,
    "ote": 120_000,
    "self_sourced_sals_per_month": 0,
    "patience_days": 30,
}


def prepared(crowded=True, seed=7, heads=(2, 2, 3), paths=200, targets=None, **levels):
    """Return a company of three segments: one whose SALs wait, one that is starved, one that closes badly."""
    waiting = 30 if crowded else 2
    segments = {
        "waiting": segment(
            sals_per_month=waiting, amount={"fixed": 9_000}, pipeline=stay(30, won=0.4, lost_no_decision=0.6)
        ),
        "starved": segment(
            sals_per_month=3, amount={"fixed": 9_000}, pipeline=stay(30, won=0.4, lost_no_decision=0.6)
        ),
        "weak": segment(
            sals_per_month=18, amount={"fixed": 9_000}, pipeline=stay(30, won=0.15, lost_no_decision=0.85)
        ),
    }
    own = {
        name: {**REPS, "heads": n, **levels.get(name, {})} for name, n in zip(segments, heads, strict=True)
    }
    scenario = company(
        segments,
        horizon_quarters=8,
        targets=targets or {},
        reps={"ramp": [0.2, 0.6, 1.0], "gross_margin": 0.8, "segments": own},
        simulation={"paths": paths, "seed": seed},
    )
    return Prepared(scenario, None, None, (), ())


def test_every_allocation_is_screened():
    rng = np.random.default_rng(3)
    value = np.vstack([np.zeros(4), np.cumsum(rng.normal(size=(3, 4)), axis=0)])
    rows, totals = best_allocations(value, 3)
    every = [c for c in itertools.product(range(4), repeat=4) if sum(c) <= 3]
    assert len(rows) == len(every) == n_allocations(3, 4)
    expected = sorted((sum(value[k, s] for s, k in enumerate(c)) for c in every), reverse=True)
    np.testing.assert_allclose(totals, expected)
    cost = np.array([1.0, 2.0, 3.0, 4.0])
    within, _ = best_allocations(value, 3, cost, 5.0)
    assert sorted(map(tuple, within.tolist())) == sorted(
        c for c in every if sum(k * x for k, x in zip(c, cost, strict=True)) <= 5.0
    )


def test_futures_of_an_allocation_are_the_sum_of_its_segments_exactly():
    ladder = RepLadder(prepared(paths=60), START, 2)
    futures = ladder.simulate(60)
    counts = [2, 0, 1]
    direct = ladder.total_bookings(counts, START, 60)
    added = sum(futures.bookings[k, :, :, s] for s, k in enumerate(counts))
    np.testing.assert_allclose(direct, added + futures.other_bookings, rtol=0, atol=1e-6)


def test_more_futures_continue_the_first():
    ladder = RepLadder(prepared(paths=60), START, 1)
    whole, first = ladder.simulate(40), ladder.simulate(20)
    joined = first.joined(ladder.simulate(20, first_path=20))
    np.testing.assert_array_equal(whole.bookings, joined.bookings)
    np.testing.assert_allclose(whole.monthly_bookings, joined.monthly_bookings)


def brute_force(case: Prepared, n_reps: int, n_paths: int) -> dict[tuple[int, ...], float]:
    """Return the mean contribution gained of every allocation, each simulated by itself."""
    ladder = RepLadder(case, START, 0)
    scenario = case.scenario.with_simulation(paths=n_paths, seed=990_001)
    keep = np.array([0.8 - item.commission for item in ladder.terms])
    base = np.array([item.base_per_month for item in ladder.terms])

    def contribution(counts):
        outcome = run(ladder._with_hires(counts, START), scenario, None)
        bookings = outcome.flows[..., :4].sum(axis=(1, 3)).mean(axis=0)
        heads = outcome.flows[..., REP_MONTHS].sum(axis=1).mean(axis=0)
        return float(bookings @ keep - heads @ base)

    every = [c for c in itertools.product(range(n_reps + 1), repeat=3) if sum(c) <= n_reps]
    now = contribution((0, 0, 0))
    return {c: contribution(c) - now for c in every}


def test_the_answer_is_the_one_that_brute_force_finds():
    case = prepared()
    hiring = allocate_reps(
        RepLadder(case, START, 2), HiringSettings(2, START, first_paths=200, most_paths=800)
    )
    truth = brute_force(case, 2, 400)
    best = max(truth.values())
    assert best > 0
    assert best - truth[tuple(hiring.allocation.tolist())] <= hiring.indifference
    assert hiring.allocation[0] > 0
    assert hiring.answer["gain_contribution"] == pytest.approx(
        truth[tuple(hiring.allocation.tolist())], rel=0.25
    )
    assert hiring.payback_month is not None
    assert hiring.allocations["p_best"].sum() == pytest.approx(1.0)
    monthly = hiring.monthly["gain_contribution"].sum()
    assert monthly == pytest.approx(hiring.answer["gain_contribution"], rel=1e-9)


@pytest.mark.slow
def test_the_answer_is_right_in_at_least_19_of_20_seeds():
    truth = brute_force(prepared(), 3, 4000)
    best, right = max(truth.values()), 0
    for seed in range(20):
        case = prepared(seed=1000 + seed)
        hiring = allocate_reps(
            RepLadder(case, START, 3), HiringSettings(3, START, first_paths=400, most_paths=3200)
        )
        right += best - truth[tuple(hiring.allocation.tolist())] <= hiring.indifference
    assert right >= 19


def test_no_one_is_hired_where_capacity_is_not_the_constraint():
    case = prepared(crowded=False)
    hiring = allocate_reps(
        RepLadder(case, START, 2), HiringSettings(2, START, first_paths=200, most_paths=200)
    )
    assert hiring.n_hired == 0
    assert hiring.payback_month is None


def test_a_budget_below_one_rep_hires_no_one():
    case = prepared()
    question = HiringSettings(2, START, budget=100_000, first_paths=100, most_paths=100)
    assert allocate_reps(RepLadder(case, START, 2), question).n_hired == 0


def test_what_binds_is_told():
    """A tenth more of each, where no history says what a better quarter is."""
    relaxed = relax(prepared(weak={"open_deals_per_rep": 12}), 400)
    table = constraints(relaxed, ("waiting", "starved", "weak")).set_index("segment")
    assert table.loc["waiting", "binding"] == "capacity"
    assert table.loc["starved", "binding"] == "pipeline"
    # Reps who are free close as much more of a tenth more deals.
    assert table.loc["weak", "binding"] == "pipeline"
    assert table.loc["weak", "conversion_worth"] > table.loc["weak", "capacity_worth"]
    assert table.loc["waiting", "waited_out"] > 0.1 > table.loc["starved", "waited_out"]


def test_more_reps_are_found_for_a_target_and_no_more_than_needed():
    ladder = RepLadder(prepared(), START, 4)
    futures = ladder.simulate(200)
    totals = futures.bookings[2, :, 7, 0] + futures.bookings[0, :, 7, 1:].sum(axis=1)
    target = float(np.quantile(totals, 0.15))
    found = reps_for_target(futures, booked=0.0, place=7, period="FY28Q4", target=target)
    assert found.reached
    assert found.p_hit >= 0.8 > found.p_hit_now
    assert 1 <= found.allocation.sum() <= 2
    far = reps_for_target(futures, booked=0.0, place=7, period="FY28Q4", target=1e12)
    assert not far.reached


def test_over_assignment_is_the_inverse_of_attainment():
    """Reps whose street quota is 125 % of the plan meet it at an attainment of 80 %."""
    scenario = company(
        {"one": segment(sals_per_month=5)},
        targets={"FY27Q1": 400_000},
        reps={"ramp": [1.0], "segments": {"one": {**REPS, "heads": 4, "quota": 500_000, "attrition": 0}}},
        simulation={"paths": 20},
    )
    scenario = scenario.replace(targets={"FY27Q1": {"all": 400_000.0, "one": 400_000.0}})
    paths = simulate(scenario, None, None)
    row = measure_capacity(paths, rep_terms(scenario, None), scenario.targets).iloc[0]
    assert row["street_quota"] == pytest.approx(500_000)
    assert row["over_assignment"] == pytest.approx(1.25)
    assert row["attainment_needed"] == pytest.approx(0.8)


def test_pipeline_created_leaves_out_who_gave_up_waiting():
    case = prepared(paths=50)
    paths = simulate(case.scenario, None, None)
    table = pipeline_created(paths).set_index(["period", "segment"])
    net = (paths.flow("created") - paths.flow("waited_out")).mean(axis=0)
    first = paths.periods[0]
    assert table.loc[(first, "waiting"), "mean"] == pytest.approx(net[0, 0])
    assert table.loc[(first, "all"), "mean"] == pytest.approx(net[0].sum())


def test_the_multiple_of_sals_that_a_chance_needs():
    factors, chances = np.array([0.5, 1.0, 2.0]), np.array([0.1, 0.4, 0.8])
    assert factor_needed(factors, chances, 0.6) == pytest.approx(1.5)
    assert factor_needed(factors, chances, 0.05) == 0.5
    assert np.isnan(factor_needed(factors, chances, 0.9))


def test_targets_say_how_much_pipeline_they_need():
    free = company(
        {"one": segment(sals_per_month=40)},
        horizon_quarters=3,
        simulation={"paths": 300},
        targets={"FY27Q3": 70_000},
    )
    needed = pipeline_needed(Prepared(free, None, None, (), ()), 300)
    rows = needed.needed[needed.needed["segment"] == "all"]
    assert len(rows) == 3
    assert (rows["needed_p50"] < rows["needed_p80"]).all()
    assert set(rows["for_p80"]) == {"FY27Q3"}


@pytest.mark.parametrize(
    ("deals", "reps", "target", "reason", "mix"),
    [
        (segment(sals_per_month=1, pipeline=stay(400, won=0.5, lost_no_decision=0.5)), {}, 90_000,
         NO_TIME, "nor would three times the SALs with"),
        (segment(sals_per_month=400), {**REPS, "heads": 6}, 90_000,
         REPS_FULL, "the SALs of the plan with closing and slippage"),
        (segment(sals_per_month=40), {}, 900_000, TOO_FAR, "nor would three times the SALs with"),
    ],
)  # fmt: skip
def test_a_target_out_of_reach_of_pipeline_has_a_reason_and_a_mix_that_would_do(
    deals, reps, target, reason, mix
):
    stated = {"reps": {"ramp": [1.0], "gross_margin": 0.8, "segments": {"one": reps}}} if reps else {}
    case = company({"one": deals}, horizon_quarters=1, targets={"FY27Q1": target}, **stated)
    found = pipeline_needed(Prepared(case, None, None, (), ()), 60).limits
    assert found[["period", "chance", "reason"]].to_numpy().tolist() == [["FY27Q1", 0.5, reason]]
    said = say_limit(found.iloc[0])
    assert REASON_WORDS[reason] in said and mix in said
    assert said.endswith("would") == (found["p_hit"].iloc[0] >= 0.5)


def test_the_drivers_of_a_gain_are_told_apart():
    """Where reps source no deals, all they bring is attention; where none lacks it, nothing is."""
    question = HiringSettings(2, START, first_paths=200, most_paths=200, indifference=0.0)
    served = allocate_reps(RepLadder(prepared(), START, 2), question)
    assert served.gain_served == pytest.approx(served.answer["gain_bookings"], rel=1e-9)
    free = {"open_deals_per_rep": 500, "self_sourced_sals_per_month": 6}
    alone = RepLadder(prepared(starved=free), START, 1)
    whole = alone.simulate(200).gain_bookings()[1, :, 1].mean()
    assert whole > 0
    assert alone.gain_without_sourcing([0, 1, 0], 200)[1] == pytest.approx(0.0, abs=0.02 * whole)


def test_no_number_of_reps_adds_more_than_attention_for_every_deal():
    ladder = RepLadder(prepared(), START, 5)
    gain = ladder.simulate(200).gain_bookings()[5].mean(axis=0)
    assert (ladder.gain_of_full_attention([5, 5, 5], 200) >= gain - 1e-6).all()


def test_the_chance_to_be_the_best_is_the_same_within_five_points():
    """Simulations are added until its standard error is 2.5 points: two runs differ by 3.5, twice allowed."""
    question = HiringSettings(2, START, first_paths=200, most_paths=8000)
    found = [allocate_reps(RepLadder(prepared(seed=seed), START, 2), question) for seed in (1, 2)]
    for hiring in found:
        assert hiring.answer["p_best_error"] <= 0.025
    chance = [
        hiring.allocations.set_index(list(hiring.segments))["p_best"].get(tuple(found[0].allocation), 0.0)
        for hiring in found
    ]
    assert chance[0] == pytest.approx(chance[1], abs=0.07)


def test_coverage_is_also_of_the_quota_that_ramped_reps_carry():
    scenario = company(
        {"one": segment(best_case=stay(30, won=0.5, lost_no_decision=0.5))},
        [deal(f"d{n}", close_date="2027-02-15", category="best_case") for n in range(30)],
        reps={"ramp": [1.0], "segments": {"one": {**REPS, "heads": 4, "quota": 30_000, "attrition": 0}}},
        simulation={"paths": 20},
    )
    row = look_ahead(simulate(scenario, None, None), reps=rep_terms(scenario, None)).capacity.iloc[0]
    assert row["ramped_quota"] == pytest.approx(4 * 30_000 / 4)
    assert row["coverage"] == pytest.approx(30 * 1000 / 30_000)
