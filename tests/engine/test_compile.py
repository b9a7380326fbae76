"""The hazard table against the product that it stands for, and a plan that is used twice."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from simulator.calibration.calibration import FACTOR_LEVELS
from simulator.engine.draws.deals import RateDraws
from simulator.engine.plan.deals import hazard_table
from simulator.engine.plan.effects import LeverEffects, size_of_parts
from simulator.engine.run.simulate import compile_plan, simulate, simulate_compiled, without_shock
from simulator.errors import InputError
from tests.small_companies import company, deal, segment, stay

AXES = ("stage", "age", "due", "linearity", "pushes")
LENGTHS = [len(FACTOR_LEVELS[name]) for name in AXES]


def made_rates(rng, own_ages):
    factors = {
        name: rng.uniform(0.5, 2, (2, 3, len(FACTOR_LEVELS[name]), 7)) for name in AXES if name != "due"
    }
    others = dict.fromkeys(RateDraws.__dataclass_fields__)
    ages = rng.uniform(0.5, 2, (2, 2, 3, LENGTHS[1], 7)) if own_ages else None
    made = {"hazards": rng.uniform(0, 0.1, (2, 2, 3, 7)), "factors": factors, "segment_ages": ages}
    return RateDraws(**{**others, **made})


def made_levers(rng):
    ones = np.ones(2)
    hazard = rng.uniform(0.5, 2, (2, 7))
    return LeverEffects(hazard, np.ones((0, 1, 8)), np.ones((1, 1)), *(ones,) * 5)


@pytest.mark.parametrize("own_ages", [False, True])
def test_a_cell_is_the_product_of_its_factors_but_where_the_scenario_states_the_rate(own_ages):
    rng = np.random.default_rng(4)
    rates, levers = made_rates(rng, own_ages), made_levers(rng)
    stated = np.array([[False, True, False], [False, False, True]])
    table = hazard_table(rates, stated, levers).reshape(2, 2, 3, *LENGTHS, 8)
    for draw, s, c, k in product(range(2), range(2), range(3), range(7)):
        for cell in zip(*(rng.integers(0, n, 5) for n in LENGTHS), strict=True):
            expected = rates.hazards[draw, s, c, k] * levers.hazard[s, k]
            for name, level in zip(AXES, cell, strict=True):
                if name in rates.factors and not stated[s, c]:
                    expected *= rates.factors[name][draw, c, level, k]
            if own_ages and not stated[s, c]:
                expected *= rates.segment_ages[draw, s, c, cell[1], k]
            if k == 6 and cell[0] == 1:
                expected = 0.0
            assert table[(draw, s, c, *cell, k)] == pytest.approx(expected, rel=1e-12)
    assert not table[..., 7].any()


def test_a_compiled_plan_without_its_shock_is_the_scenario_without_shock():
    rates = {"pipeline": stay(40, won=0.5, lost_no_decision=0.5)}
    one = {"one": segment(sals_per_month=5, evidence_deals=30, **rates)}
    stated = company(one, [deal("a"), deal("b")])
    compiled = compile_plan(stated, None, None)
    shaken = compiled.plan._replace(shock_sd=np.array([0.3, 0.3]))
    shaken = replace(compiled, plan=shaken)
    off = stated.with_simulation(shared_shock=False)
    expected = simulate(off, None, None).flows
    assert np.array_equal(simulate_compiled(without_shock(shaken), off, None).flows, expected)
    assert not np.array_equal(simulate_compiled(shaken, off, None).flows, expected)


def test_more_sals_than_can_be_told_apart_are_refused():
    few = {"one": segment(sals_per_month=79_000)}
    assert simulate(company(few, simulation={"paths": 1}, horizon_quarters=1), None, None).n_paths == 1
    many = {"one": segment(sals_per_month=81_000)}
    with pytest.raises(InputError, match=r"81,000 SALs are expected .* cannot be distinguished"):
        simulate(company(many), None, None)


def test_parts_of_the_amounts_fall_into_their_size_bands():
    assert np.bincount(size_of_parts(7)).tolist() == [10, 10, 10, 10, 5, 3, 2]
    assert size_of_parts(3).tolist() == [0, 1, 2]
    assert size_of_parts(1).tolist() == [0]
