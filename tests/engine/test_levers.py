"""What levers do to the hazards, the counts and the amounts, against what they promise."""

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest

from simulator.calibration.calibration import AGE_BINS
from simulator.engine.plan.deals import compile_scenario
from simulator.engine.plan.effects import lengthen
from simulator.engine.prepare import prepare
from simulator.engine.run.simulate import compile_worked_deals, listed_deals, simulate, simulate_compiled
from simulator.errors import InputError
from simulator.kernels.flows import ORIGINS
from simulator.scenario.levers import Lever
from simulator.scenario.load import load_scenario
from tests.small_companies import company, deal, run, segment, stay

ROOT = Path(__file__).parents[2]
OUTCOMES = ("n_won", "n_lost_competition", "n_lost_no_decision")
RATES = {"pipeline": stay(50, won=0.3, lost_competition=0.3, lost_no_decision=0.4)}
ONE = {"one": segment(sals_per_month=3, **RATES)}


def compiled(**more):
    scenario = company(ONE, [deal("a")], **more)
    return compile_scenario(scenario, None, listed_deals(scenario), scenario.as_of)


@pytest.mark.parametrize(
    ("lever", "columns"),
    [
        ("close_odds", [3]),
        ("competitive_losses", [4]),
        ("no_decision", [5]),
        ("velocity", [0, 1, 2, 3, 4, 5, 6]),
    ],
)
def test_a_lever_multiplies_its_hazards_and_no_other(lever, columns):
    base, turned = compiled().plan.hazard, compiled(levers={lever: 1.3}).plan.hazard
    others = [k for k in range(8) if k not in columns]
    assert np.allclose(turned[..., columns], 1.3 * base[..., columns])
    assert np.array_equal(turned[..., others], base[..., others])


def test_a_lever_for_some_months_goes_into_the_months():
    plan = compiled(levers={"close_odds": {"factor": 2, "from": "2027-02", "until": "2027-03"}}).plan
    assert np.array_equal(plan.month_effect[0, :, 3], [1, 2, 2] + [1] * 9)
    assert np.array_equal(plan.hazard, compiled().plan.hazard)


def test_more_slippage_multiplies_the_chance_not_to_end_in_the_month_due():
    plan, base = compiled(levers={"slippage": 1.25}).plan, compiled().plan
    shape = (-1, 1, 3, 2, len(AGE_BINS), 3, 3, 3, 8)
    # A draw, segment, category, stage and age; due in the last month of the quarter, never pushed.
    due = plan.hazard.reshape(shape)[0, 0, 0, 0, 0, 1, 2, 0]
    before = base.hazard.reshape(shape)[0, 0, 0, 0, 0, 1, 2, 0]
    days = 365.25 / 12
    assert np.exp(-due[3:6].sum() * days) == pytest.approx(1.25 * np.exp(-before[3:6].sum() * days))
    slower = due[3] / before[3]
    assert np.allclose(due[3:6] / before[3:6], slower)
    moved = before[[0, 1, 2, 6]] > 0
    assert np.allclose((due / np.where(before > 0, before, 1))[[0, 1, 2, 6]][moved], max(slower, 0.8))
    later = plan.hazard.reshape(shape)[:, :, :, :, :, [0, 2]]
    assert np.array_equal(later, base.hazard.reshape(shape)[:, :, :, :, :, [0, 2]])


LATE = {
    "pipeline": stay(120, best_case=0.6, lost_no_decision=0.4),
    "best_case": stay(90, won=0.6, lost_competition=0.4),
}
DUE = [deal(f"d{n}", close_date="2027-03-15") for n in range(40)]


def booked(paths):
    return sum(paths.flow(f"won_{origin}") for origin in ORIGINS).sum(axis=(1, 2))


@pytest.fixture(scope="module")
def turned():
    """Companies of forty deals due in the first quarter, by what their slippage is multiplied with."""
    return {
        factor: run({"one": segment(**LATE)}, DUE, levers={"slippage": factor}, simulation={"paths": 600})
        for factor in (0.0, 0.5, 0.8, 1.0)
    }


@pytest.mark.parametrize("factor", [0.0, 0.5, 0.8])
def test_less_slippage_leaves_that_share_of_the_due_deals_to_slip(turned, factor):
    slipped = {at: turned[at].flow("n_slipped")[:, 0, 0] for at in (factor, 1.0)}
    n_base = slipped[1.0].sum()
    assert n_base > 5000
    error = (factor * (1 - factor) / n_base) ** 0.5
    assert slipped[factor].sum() / n_base == pytest.approx(factor, abs=4 * error + 1e-12)


def test_less_slippage_brings_outcomes_forward_and_leaves_their_odds_alone(turned):
    """All forty end in the quarter, with the odds of the chain: 0.6 × 0.6."""
    at_once = turned[0.0]
    assert (at_once.flow("n_won") + at_once.flow("n_lost_competition") + at_once.flow("n_lost_no_decision"))[
        :, 0
    ].mean() == pytest.approx(40)
    error = (0.36 * 0.64 / (40 * at_once.n_paths)) ** 0.5
    assert at_once.flow("n_won").sum(axis=(1, 2)).mean() / 40 == pytest.approx(0.36, abs=4 * error)


def test_less_slippage_never_books_less(turned):
    def gain(less, more):
        change = booked(turned[less]) - booked(turned[more])
        return change.mean() / (change.std() / len(change) ** 0.5)

    assert all(gain(*pair) > -2 for pair in ((0.0, 0.5), (0.5, 0.8), (0.8, 1.0)))
    assert gain(0.0, 1.0) > 4


NEAR = {
    "pipeline": stay(60, best_case=0.5, lost_no_decision=0.3, won=0.2),
    "best_case": stay(40, won=0.6, lost_competition=0.4),
}
AB = ("a", "b")
MORE = (1.0, 1.1, 1.25, 1.5, 2.0)


@pytest.fixture(scope="module")
def slower():
    """Companies that bring deals of two months on and on, by what their slippage is multiplied with."""
    due = [deal(f"d{n}", close_date=f"2027-0{1 + n % 3}-15") for n in range(90)]
    return {
        factor: run(
            {"one": segment(sals_per_month=10, **NEAR)},
            due,
            levers={"slippage": factor},
            simulation={"paths": 400},
        )
        for factor in MORE
    }


def slipping(paths):
    """Return the share of due deals that slip in the first two quarters, by segment."""
    flows = {name: paths.flow(name)[:, :2].sum(axis=(0, 1)) for name in ("n_slipped", *OUTCOMES)}
    return flows["n_slipped"] / sum(flows.values())


SURE_WITHIN = 0.04
"""Three standard errors of a share of one in two among the 5,000 due deals of the pilots that reach it."""


@pytest.mark.parametrize("factor", [1.1, 1.25, 1.5])
def test_more_slippage_lets_as_many_more_of_the_due_deals_slip_as_it_says(slower, factor):
    assert slipping(slower[factor]) / slipping(slower[1.0]) == pytest.approx(factor, rel=SURE_WITHIN)


@pytest.mark.parametrize("less", [0.0, 0.5])
def test_one_segment_may_slip_less_while_another_slips_more(less):
    days = [f"2027-0{1 + n % 3}-15" for n in range(90)]
    due = [deal(f"{name}{n}", segment=name, close_date=day) for name in AB for n, day in enumerate(days)]
    rates = dict.fromkeys(AB, segment(sals_per_month=10, **NEAR))
    levers = {"slippage": [{"factor": less, "segments": ["a"]}, {"factor": 1.25, "segments": ["b"]}]}
    base, other = (run(rates, due, simulation={"paths": 400}, levers=by) for by in ({}, levers))
    slipped = other.flow("n_slipped")[:, 0, 0].sum() / base.flow("n_slipped")[:, 0, 0].sum()
    error = (less * (1 - less) / base.flow("n_slipped")[:, 0, 0].sum()) ** 0.5
    assert slipped == pytest.approx(less, abs=4 * error)
    assert slipping(other)[1] / slipping(base)[1] == pytest.approx(1.25, rel=SURE_WITHIN)


@pytest.mark.slow
def test_a_quarter_more_of_the_deals_of_the_sample_company_slip():
    prepared = prepare(load_scenario(ROOT / "scenarios" / "base.yaml"))
    less, more = (
        simulate(
            prepared.scenario.of_deals_alone().with_levers(*levers).with_simulation(paths=400),
            prepared.calibration,
            prepared.history,
        )
        for levers in ((), (Lever("slippage", 1.25),))
    )
    assert slipping(more) / slipping(less) == pytest.approx(np.full(6, 1.25), rel=SURE_WITHIN)


def test_more_slippage_books_less_the_more_of_it(slower):
    total = [booked(slower[factor]) for factor in MORE]
    for less, more in itertools.pairwise(total):
        change = more - less
        assert change.mean() < -2 * change.std() / len(change) ** 0.5


PULLED = (0.5, 1.0, 1.25, 2.0)


@pytest.fixture(scope="module")
def pulled():
    """Companies of two hundred deals due in the last month of the second quarter, by their pull-ins."""
    due = [deal(f"d{n}", close_date="2027-06-15") for n in range(200)]
    rates = {"one": segment(pipeline=stay(365, won=0.4, lost_competition=0.3, lost_no_decision=0.3))}
    return {
        factor: run(rates, due, horizon_quarters=3, levers={"pull_ins": factor}, simulation={"paths": 400})
        for factor in PULLED
    }


@pytest.mark.parametrize("factor", PULLED)
def test_as_many_more_deals_close_in_a_month_before_they_are_due_as_pull_ins_say(pulled, factor):
    monthly = factor * (1 - 0.5 ** (1 / 12))
    ended = sum(pulled[factor].flow(name) for name in OUTCOMES)[:, 0, 0]
    share, n = ended.mean() / 200, 200 * len(ended)
    assert share == pytest.approx(1 - (1 - monthly) ** 3, abs=4 * (share * (1 - share) / n) ** 0.5 + 1e-3)
    won = pulled[factor].flow("n_won")[:, 0, 0].sum() / ended.sum()
    assert won == pytest.approx(0.4, abs=4 * (0.24 / ended.sum()) ** 0.5)


def test_deals_that_close_early_are_further_on():
    shape = (-1, 1, 3, 2, len(AGE_BINS), 3, 3, 3, 8)
    scenario = {
        name: company({"one": segment(**LATE)}, DUE, levers=by)
        for name, by in (("as", {}), ("x", {"pull_ins": 1.5}))
    }
    tables = {
        name: compile_scenario(own, None, listed_deals(own), own.as_of).plan.hazard.reshape(shape)
        for name, own in scenario.items()
    }
    later, due = (np.index_exp[0, 0, 0, 0, 0, at] for at in (0, 1))
    base = tables["as"][later]
    assert np.array_equal(tables["x"][due], tables["as"][due])
    ratio = tables["x"][later][base > 0] / base[base > 0]
    assert np.allclose(ratio, ratio[0]) and 1.5 < ratio[0] < 1.6


def test_more_pull_ins_book_no_less_the_more_of_them(pulled):
    for fewer, more in itertools.pairwise(PULLED):
        change = booked(pulled[more]) - booked(pulled[fewer])
        assert change.mean() > 2 * change.std() / len(change) ** 0.5


@pytest.mark.parametrize("months", [3, 6, 8])
def test_deals_that_are_put_off_further_slip_less_often(months):
    """Nothing is ever decided, each date moves when it is due: each deal slips once in this many months."""
    scenario = company(
        {"one": segment(pipeline=stay(1e6, won=1.0))},
        [deal(f"d{n}", close_date="2027-02-15") for n in range(20)],
        horizon_quarters=8,
        levers={"push_length": months},
        simulation={"paths": 10},
    )
    whole = compile_worked_deals(scenario, None, None)
    always = whole.plan._replace(redate=np.ones_like(whole.plan.redate))
    paths = simulate_compiled(dataclasses.replace(whole, plan=always), scenario, None)
    assert paths.flow("n_slipped").sum() == 10 * 20 * 24 / months


@pytest.mark.parametrize("factor", [1.0, 1.5, 2.0])
def test_pushes_last_as_much_longer_as_the_lever_says(factor):
    push = np.array([[[0.2, 0.3, 0.5]]])
    longer = lengthen(push, np.array([factor]))[0, 0]
    assert ((1 + np.arange(longer.size)) * longer).sum() == pytest.approx(2.3 * factor)


def test_amounts_scale_and_stay_whole_cents():
    plan = compiled(levers={"amount": 1.1, "close_multiplier": 0.9}).plan
    assert np.all(plan.amount == 110_000)
    assert np.allclose(plan.multiplier_new, 0.9)


def test_push_lengths_stretch_in_the_mean():
    push = np.array([[[0.5, 0.3, 0.2]]])
    longer = lengthen(push, np.array([1.5]))
    assert longer.sum() == pytest.approx(1)
    assert ((1 + np.arange(longer.shape[2])) * longer[0, 0]).sum() == pytest.approx(1.7 * 1.5)


def test_levers_that_do_nothing_are_refused_all_at_once():
    with pytest.raises(InputError) as caught:
        compiled(
            levers={"sals": {"factor": 2, "source": "fairs"}, "velocity": {"factor": 2, "from": "2031-01"}}
        )
    text = str(caught.value)
    assert "fairs" in text
    assert "horizon" in text


def test_more_sals_book_more_in_proportion():
    base = run(ONE, simulation={"paths": 2000})
    more = run(ONE, simulation={"paths": 2000}, levers={"sals": 2})
    assert more.flow("n_created").mean() / base.flow("n_created").mean() == pytest.approx(2, abs=0.05)
