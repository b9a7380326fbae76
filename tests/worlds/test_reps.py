"""Where do the next reps go? On companies whose truth is known, in three ways of keeping a CRM."""

import re

import numpy as np
import pytest
import ruamel.yaml

from benchmarks import decisions
from simulator.calibration.staffing import calibrate_staffing
from simulator.errors import InputError
from simulator.history.load import load_history
from simulator.history.states import deal_states
from simulator.report.hire.results import hire
from simulator.scenario.load import scenario_from_dict
from tests.worlds import reps as worlds


def capacity_of(company, folder, record, seed=1, **hired):
    history = load_history(worlds.write_history(company, folder / record, seed, record, hired))
    return calibrate_staffing(history, deal_states(history), tuple(company.segments)).capacity


@pytest.mark.parametrize("record", ["owned", "unowned"])
def test_twelve_deals_of_full_attention_are_recovered(tmp_path, record):
    found = capacity_of(worlds.SHORT, tmp_path, record, alpha=2)
    assert found.first_come
    assert found.verdict == ("limit", "no limit seen", "no limit seen")
    assert found.per_rep[0, 0] == pytest.approx(12, rel=0.1)
    assert found.patience_days[0] == pytest.approx(60, rel=0.25)
    assert (found.unowned[0] > 20) == (record == "unowned")


def test_places_that_come_free_within_a_step_are_nobodys_attention_before(tmp_path):
    """Six in a hundred places come free in a week: on average the number found is not that much too high."""
    found = [
        capacity_of(worlds.SHORT, tmp_path / str(s), "owned", s, alpha=2).per_rep[0, 0] for s in range(4)
    ]
    assert np.mean(found) == pytest.approx(12, rel=0.03)


def test_a_crm_that_knows_deals_once_they_are_taken_up_does_not_show_who_waits(tmp_path):
    found = capacity_of(worlds.SHORT, tmp_path, "taken_up")
    assert found.verdict[0] == "not identified"
    assert found.usual_load[0] == pytest.approx(12, abs=0.5)
    assert found.per_rep[0, 0] == 0.0


@pytest.mark.parametrize("seed", range(4))
def test_nor_does_it_where_reps_were_hired_meanwhile(tmp_path, seed):
    found = capacity_of(worlds.SHORT, tmp_path, "taken_up", seed=seed, alpha=2)
    assert found.verdict == ("not identified", "no limit seen", "no limit seen")


def test_reps_who_are_never_full_show_no_limit(tmp_path):
    found = capacity_of(worlds.ENOUGH, tmp_path, "owned")
    assert found.verdict == ("no limit seen",) * 3
    assert (found.per_rep == 0.0).all()
    assert (found.most_load < 12).all()


@pytest.mark.parametrize("case", decisions.CASES[:2], ids=lambda case: case.record)
def test_the_reps_go_where_deals_wait(case):
    said = decisions.asked(case, seed=3, n_paths=200)
    gains = decisions.true_gains(case.company, n_runs=40)
    bookings, value = decisions.contribution(gains, said["counts"])
    assert said["counts"]["alpha"] >= 4
    assert value >= 0.9 * decisions.best_of(gains)
    assert said["low"] <= bookings <= said["high"]
    assert not said["cannot_tell"]


def test_where_waiting_does_not_show_the_answer_says_so():
    said = decisions.asked(decisions.CASES[2], seed=3, n_paths=200)
    assert said["cannot_tell"]


def test_the_remedy_that_it_names_lets_it_tell():
    """About sixty SALs of alpha wait; told so, it hires there."""
    said = decisions.asked(decisions.CASES[2], seed=3, n_paths=200, stated={"alpha": {"waiting_sals": 60}})
    assert not said["cannot_tell"]
    assert said["counts"]["alpha"] >= 3
    assert said["gain"] > 2e6


def test_owners_are_enough_for_the_remedy_of_hire(tmp_path):
    """'reps: {all: {patience_days: 60}}' takes the rest from a history without a table of reps."""
    folder = worlds.write_history(worlds.ENOUGH, tmp_path / "history", 1, "owned")
    (folder / "reps.csv").unlink()
    scenario = {"name": "x", "as_of": worlds.AS_OF.isoformat(), "history": str(folder)}
    with pytest.raises(InputError) as refused:
        hire(scenario_from_dict(scenario))
    remedy = ruamel.yaml.YAML(typ="safe").load(re.search(r"'(reps: .*?\}\})'", str(refused.value)).group(1))
    scenario |= {**remedy, "simulation": {"rate_draws": 10}}
    answer = hire(scenario_from_dict(scenario), reps=1, paths=50)
    assert len(answer.tables["constraints"]) == 3


def test_no_one_is_hired_where_reps_are_enough():
    said = decisions.asked(decisions.CASES[3], seed=3, n_paths=200)
    assert not any(said["counts"].values())
    assert not said["cannot_tell"]


def test_the_generator_is_what_it_says():
    """Half of those that wait give up within 60 days, and nobody works more than twelve deals."""
    deals = worlds.simulate(worlds.SHORT, "alpha", 5)
    waited = np.isnan(deals.taken) & ~np.isnan(deals.ended)
    assert 0.3 < waited.sum() / (~np.isnan(deals.ended)).sum() < 0.6
    for day in (400.0, 900.0, 1300.0):
        working = (deals.taken <= day) & ~(deals.ended <= day)
        assert working.sum() <= 6 * 12
