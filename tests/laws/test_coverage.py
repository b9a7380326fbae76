"""People after the sale on simulated paths: exact edges of coverage, work that is conserved, known laws."""

from itertools import pairwise

import numpy as np
import pytest

from simulator.engine.prepare import prepare
from simulator.engine.run.simulate import compile_plan
from simulator.kernels.people.coverage import ASKED, DONE, HEADS, N_OF_ROLE, RAMPED
from tests.small_companies import company, deal, run, segment, stay
from tests.small_customers import GROWING, book, customer

MIXED = [
    customer(
        f"c{i}",
        segment=("one", "two")[i % 2],
        arr=100 + 37 * i,
        start_date=f"20{20 + i % 7}-{1 + i % 12:02d}-{1 + i % 28:02d}",
        term_months=(1, 12, 24, 36)[i % 4],
    )
    for i in range(80)
]
DEALS = segment(sals_per_month=5, pipeline=stay(30, won=0.5, lost_no_decision=0.5), customers=GROWING)
SEGMENTS = {"one": DEALS, "two": {"customers": GROWING}}
OPEN = [deal(f"d{i}", age_months=i % 5) for i in range(20)]
REPS = {
    "all": {"heads": 6, "open_deals_per_rep": 8, "quota": "900k", "attrition": 0, "patience_days": 30,
            "self_sourced_sals_per_month": 0},
}  # fmt: skip
BEST = dict.fromkeys(("adoption", "renewal", "expansion_more_of_same", "expansion_new_sale"), 1)
PERFECT = {"hand_off_per_cycle_month": 0, "neglect_of_unpaid": 0}
EFFECTS = {
    **PERFECT,
    "observed_coverage": "full",
    "adoption": {"churn": 2.5, "time_to_value": 2},
    "renewal": {"churn": 1.5},
    "expansion_more_of_same": {"expansion": 0.5},
    "expansion_new_sale": {"expansion_sold": 0.25},
}
NO_EFFECTS = {
    "adoption": {"churn": 1},
    "renewal": {"churn": 1},
    "expansion_more_of_same": {"expansion": 1},
    "expansion_new_sale": {"expansion_sold": 1},
}
IDLE = {"hours_per_account": 0}
WORK = {
    "adoption": {"hours_per_account": 2, "hours_per_new_account": 10},
    "renewal": {"hours_per_renewal": 12},
    "expansion_more_of_same": {"hours_per_account": 0.5},
    "expansion_new_sale": {"hours_per_deal": 20},
}


def csm(heads, **more):
    return {"csm": {"all": {"heads": heads, "attrition": 0, "hours_per_month": 100}, "skill": BEST, **more}}


def lived(people, ownership="all_csm", effects=EFFECTS, **more):
    """Simulate the mixed company with people after the sale."""
    settings = {"roles": people, "ownership": ownership, "effects": effects, "activities": WORK, **more}
    return run(
        SEGMENTS,
        OPEN,
        customers={"existing": MIXED},
        horizon_quarters=settings.pop("quarters", 8),
        **settings,
    )


def plain(**more):
    return run(SEGMENTS, OPEN, customers={"existing": MIXED}, horizon_quarters=8, **more)


def same(a, b):
    names = ("flows", "arr_flows", "monthly_bookings", "monthly_customer_bookings", "open_wins")
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in names)


def measures(paths, role):
    """Return heads, ramped heads, hours asked and done of a role, shape (path, period, segment, 4)."""
    first = paths.roles.index(role) * N_OF_ROLE
    return paths.people[..., first : first + N_OF_ROLE]


def activities(paths):
    """Return hours asked, done and effective, shape (path, period, segment, activity, 3)."""
    rest = paths.people[..., len(paths.roles) * N_OF_ROLE :]
    return rest.reshape(*rest.shape[:-1], 4, 3)


@pytest.mark.parametrize("reps", [{}, REPS], ids=["free", "reps"])
def test_full_coverage_is_the_plain_customer_model_bit_for_bit(reps):
    more = {"reps": reps} if reps else {}
    assert same(lived(csm(500), **more), plain(**more))


@pytest.mark.parametrize("levers", [{}, {"churn": {"factor": 2, "from": "2027-06"}, "expansion": 0.8}])
def test_full_coverage_is_the_plain_model_with_levers_too(levers):
    assert same(lived(csm(500), levers=levers), plain(levers=levers))
    assert not same(lived(csm(0), levers=levers), plain(levers=levers)), "coverage must matter here"


def test_no_heads_is_the_worst_exactly():
    worst = {**NO_EFFECTS, "adoption": {"churn": 2.5, "time_to_value": 2}}
    effects = {**PERFECT, "observed_coverage": "full", **worst}
    assert same(lived(csm(0), effects=effects), plain(levers={"churn": 2.5, "time_to_value": 2}))
    nobody = lived(csm(500), ownership={"like": "all_csm", "adoption": "nobody"}, effects=effects)
    assert same(nobody, plain(levers={"churn": 2.5, "time_to_value": 2}))


def test_a_worst_of_nothing_sold_sells_its_share():
    rates = {"annual_churn": 0, "expansion": {"features": {"events_per_year": 3, "size": "1%"}}}
    segments = {"one": {"customers": rates}}
    effects = {**PERFECT, "observed_coverage": "full", "expansion_new_sale": {"expansion_sold": 0.25}}
    customers = {"existing": book(200, start_date="2020-01-01")}
    more = {"customers": customers, "activities": WORK, "ownership": "all_csm", "effects": effects}
    full = run(segments, roles=csm(500), **more).arr_flow("n_expansions").sum(axis=(1, 2))
    none = run(segments, roles=csm(0), **more).arr_flow("n_expansions").sum(axis=(1, 2))
    thinned = none - 0.25 * full
    # Given all deals, those left are binomial.
    error = np.sqrt((full * 0.25 * 0.75).mean() / full.size)
    assert abs(thinned.mean()) < 4 * error
    assert abs((none - 0.3 * full).mean()) > 4 * error
    assert np.all(none <= full), "every deal signed with less coverage is signed with more"


def test_effects_of_nothing_change_nothing_at_any_coverage():
    assert same(lived(csm(1), effects={**PERFECT, **NO_EFFECTS}), plain())


def test_rates_earned_at_the_coverage_of_as_of_hold_while_it_lasts():
    """A book that does not change keeps its coverage, so rates earned there are what is simulated."""
    rates = {"annual_churn": 0, "expansion": {"features": {"events_per_year": 3, "size": "1%"}}}
    segments = {"one": {"customers": rates}}
    effects = {**EFFECTS, "observed_coverage": "as_of"}
    work = {**dict.fromkeys(NO_EFFECTS, IDLE), "expansion_new_sale": {"hours_per_account": 2}}
    more = {"customers": {"existing": book(200, start_date="2020-01-01")}, "ownership": "all_csm"}
    here = run(segments, roles=csm(2), effects=effects, activities=work, **more)
    asked, done, _ = np.moveaxis(activities(here)[:, :, 0, 3], -1, 0)
    assert np.allclose(done / asked, 0.5)
    signed, usual = here.arr_flow("n_expansions").sum(axis=(1, 2)), 200 * 3
    assert abs(signed.mean() - usual) < 4 * np.sqrt(usual / signed.size)
    worse = run(segments, roles=csm(2), effects=EFFECTS, activities=work, **more)
    halved = worse.arr_flow("n_expansions").sum(axis=(1, 2))
    assert abs(halved.mean() - usual * 0.5) < 4 * np.sqrt(usual * 0.5 / signed.size), "0.25 ** (1 - 1/2)"


def test_more_heads_never_lower_their_own_coverage():
    shares = []
    for heads in range(5):
        asked, done = np.moveaxis(measures(lived(csm(heads)), "csm")[..., ASKED : DONE + 1], -1, 0)
        shares.append(np.where(asked > 0, done / np.maximum(asked, 1e-9), 1.0))
    for fewer, more in pairwise(shares):
        assert np.all(more >= fewer - 1e-12)
    assert shares[1].mean() < shares[3].mean()


def test_more_heads_lose_fewer_customers_on_the_same_futures():
    churned = [lived(csm(heads)).arr_flow("n_churned").sum(axis=(1, 2)) for heads in (0, 1, 4)]
    assert np.mean(churned[0]) > np.mean(churned[1]) > np.mean(churned[2])


@pytest.mark.parametrize("option", ["all_sales", "split", "all_csm", "mirrored"])
def test_every_option_does_all_work_or_counts_it_as_not_done(option):
    people = {**csm(1), "account_manager": {"all": {"heads": 1, "hours_per_month": 100}}}
    paths = lived(people, ownership=option, reps=REPS)
    by_activity = activities(paths)
    roles = np.stack([measures(paths, role) for role in paths.roles], axis=-2)
    assert np.allclose(by_activity[..., 0].sum(axis=-1), roles[..., ASKED].sum(axis=-1))
    assert np.allclose(by_activity[..., 1].sum(axis=-1), roles[..., DONE].sum(axis=-1))
    assert np.all(by_activity[..., 1] <= by_activity[..., 0] + 1e-9)
    assert np.all(by_activity[..., 2] <= by_activity[..., 1] + 1e-9)
    assert by_activity[..., 0].min(axis=(0, 1)).max() > 0


def test_what_nobody_owns_is_asked_of_no_one():
    paths = lived(csm(5), ownership={"like": "all_csm", "renewal": {"csm": "25%"}})
    asked = activities(paths)[..., 0]
    assert np.allclose(measures(paths, "csm")[..., ASKED], asked.sum(axis=-1) - 0.75 * asked[..., 1])


def test_hours_asked_are_those_of_the_book():
    rates = {"annual_churn": 0}
    paths = run(
        {"one": {"customers": rates}},
        customers={"existing": book(10, start_date="2026-04-10")},
        roles=csm(1),
        ownership="all_csm",
        activities=WORK,
        effects=EFFECTS,
    )
    asked = activities(paths)[0, :, 0, :, 0]
    assert asked[:, 0].tolist() == [60, 60, 60, 60]
    assert asked[:, 1].tolist() == [0, 120, 0, 0], "all contracts are due in April"
    assert measures(paths, "csm")[0, :, 0, HEADS].tolist() == [3, 3, 3, 3]


def test_reps_who_look_after_customers_have_fewer_slots_for_new_ones():
    people = {"csm": {"all": {"heads": 0}}, "ae": {"customer_time": 1, "skill": BEST}}
    split = lived(people, ownership="all_sales", reps=REPS)
    without = plain(reps=REPS)
    taken = without.flow("slot_days").sum(axis=1) - split.flow("slot_days").sum(axis=1)
    hours = measures(split, "ae")[..., DONE].sum(axis=1)
    # An hour of 130 a month takes 8 / 130 slots for a month of 30.4 days.
    expected = hours * 8 / 130 * 365.25 / 12
    assert np.allclose(taken.mean(axis=0), expected.mean(axis=0), rtol=0.03)
    assert split.flow("n_taken_up")[..., 0].mean() <= without.flow("n_taken_up")[..., 0].mean()


HEAVY = {**WORK, "adoption": {"hours_per_account": 100}}


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_account_executives_give_customers_no_more_time_than_stated(share):
    """With more work than they can do, ``customer_time`` of six reps' 130 hours a month goes to it."""
    owned = {"like": "all_sales", "adoption": {"ae": 1}}
    paths = lived(
        {"csm": {"all": {"heads": 0}}, "ae": {"customer_time": share}},
        ownership=owned,
        reps=REPS,
        activities=HEAVY,
    )
    asked, done = np.moveaxis(measures(paths, "ae")[..., ASKED : DONE + 1], -1, 0)
    assert np.all(asked > done)
    assert np.allclose(done, 6 * 3 * 130 * share)


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_slots_calibrated_with_customers_are_those_of_the_time_left(share):
    """Reps whose open deals were counted while customers took ``customer_time`` would work 1 / (1 - it)."""
    scenario = company(
        SEGMENTS,
        OPEN,
        customers={"existing": MIXED},
        horizon_quarters=2,
        roles={"ae": {"customer_time": share}},
        ownership={"like": "all_sales", "adoption": {"ae": 1}},
        effects={**EFFECTS, "observed_coverage": "as_of"},
        activities=HEAVY,
        reps=REPS,
    )
    prepared = prepare(scenario)
    compiled = compile_plan(prepared.scenario, prepared.calibration, prepared.history)
    assert np.allclose(compiled.capacity.slots_per_rep, 8 / (1 - share))


def test_a_head_more_changes_no_draw_of_the_others():
    """One CSM more in a segment leaves every other segment's simulations as they were."""
    more = {"csm": {**csm(1)["csm"], "segments": {"two": {"heads": 2}}}}
    one, two = lived(csm(1)), lived(more)
    assert np.array_equal(one.arr_flows[:, :, 0], two.arr_flows[:, :, 0])
    assert not np.array_equal(one.arr_flows[:, :, 1], two.arr_flows[:, :, 1])


def test_hires_start_in_their_month_and_leavers_are_replaced():
    hires = [{"month": "2027-04", "count": 3}]
    people = {
        "csm": {"all": {"heads": 0, "attrition": 0}, "segments": {"one": {"hires": hires}}, "ramp": [1]}
    }
    heads = measures(lived(people), "csm")[..., HEADS]
    assert heads[0, :, 0].tolist() == [0, 9, 9, 9, 9, 9, 9, 9]
    assert not heads[..., 1].any()
    leaving = {"csm": {"all": {"heads": 50, "attrition": 0.5, "backfill_months": 2}}}
    months = measures(lived(leaving), "csm")[..., HEADS].sum(axis=(1, 2)) / (2 * 50 * 24)
    leave = 1 - 0.5 ** (1 / 12)
    # In balance a seat is filled for 1 / leave months and empty for 2; it begins filled.
    assert 1 / leave / (1 / leave + 2) < months.mean() < 1


def test_reps_must_be_simulated_where_they_own_customers():
    from simulator.engine.run.simulate import simulate
    from simulator.errors import InputError

    scenario = company(
        SEGMENTS, OPEN, customers={"existing": MIXED}, roles=csm(1), ownership="split", activities=WORK
    )
    with pytest.raises(InputError, match="reps are not simulated"):
        simulate(scenario, None, None)


def test_levers_of_people_reach_every_role():
    """Leavers and the ramp of CSMs answer to the same levers as those of account executives."""
    hires = [{"month": "2027-01", "count": 2}]
    people = {
        "csm": {"all": {"heads": 4, "attrition": 0.3, "backfill_months": 3, "hires": hires}, "ramp": [0, 1]}
    }

    def months(measure, **levers):
        return measures(lived(people, levers=levers), "csm")[..., measure].sum(axis=(1, 2)).mean()

    assert months(HEADS, attrition=0) == 2 * 6 * 24
    assert months(HEADS, attrition=2) < months(HEADS) < 2 * 6 * 24
    assert months(RAMPED, ramp=6, attrition=0) < months(RAMPED, attrition=0)
    assert months(RAMPED, ramp=0, attrition=0) == 2 * 6 * 24
