"""Quick and full answers: the same random numbers, nothing simulated twice, and work that is stopped."""

import numpy as np
import pytest

from simulator.app import simulations
from simulator.app.simulations import (
    QUICK_PATHS,
    Memory,
    RememberingWork,
    Stopped,
    Watch,
    full_reply,
    quick_reply,
)
from simulator.app.workspace import Workspace
from simulator.engine.run import simulate as run
from simulator.scenario.levers import Lever
from tests.app.conftest import PATHS, make_workspace


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Changes of the sample company's scenario, and what it rests on."""
    edits = Workspace.at(make_workspace(tmp_path_factory.mktemp("replies") / "kestrel")).open("base.yaml")
    edits.set_lever(Lever("slippage", 0.7))
    return edits, RememberingWork(Memory(), Watch()).prepare(edits.base)


@pytest.fixture(scope="module")
def replies(opened):
    edits, base = opened
    work = RememberingWork(Memory(), Watch())
    return [make(base, edits.scenario(), work) for make in (quick_reply, full_reply)]


def test_a_quick_answer_is_the_beginning_of_the_full_one(replies):
    quick, full = replies
    assert (quick.forecast.n_paths, full.forecast.n_paths) == (QUICK_PATHS, PATHS)
    assert quick.quick and not full.quick
    own, first = (reply.paths.bookings_new()[:QUICK_PATHS].sum(axis=(1, 2)) for reply in replies)
    # Means over the draws of the rates are over fewer: a customer's wait may end in another month.
    assert (np.abs(own / first - 1) < 1e-9).mean() > 0.9
    assert (np.abs(own / np.roll(first, 1) - 1) < 1e-9).mean() < 0.1


def test_the_error_of_few_simulations_covers_what_all_of_them_say(replies):
    few, every = (
        table[(table["segment"] == "all") & (table["measure"] == "bookings_new")]
        for table in (reply.comparison.table for reply in replies)
    )
    width = few["mean_change_high"] - few["mean_change_low"]
    assert (width > every["mean_change_high"] - every["mean_change_low"]).all()
    assert ((few["mean_change"] - every["mean_change"]).abs() < width).all()


@pytest.mark.parametrize(("most", "times"), [(10 * QUICK_PATHS, 1), (1.5 * QUICK_PATHS, 2)])
def test_nothing_is_simulated_twice_where_there_is_room(opened, monkeypatch, most, times):
    edits, base = opened
    monkeypatch.setattr(simulations, "MOST_SIMULATIONS", most)
    memory, made = Memory(), []
    simulate = RememberingWork.__mro__[1].simulate
    monkeypatch.setattr(
        RememberingWork.__mro__[1],
        "simulate",
        lambda *args: made.append(args[1].scenario.name) or simulate(*args),
    )
    before = edits.scenario()
    for target in (5e6, 6e6):
        edits.set(("targets", "FY27Q4", "all"), target)
        reply = quick_reply(base, edits.scenario(), RememberingWork(memory, Watch()))
        assert reply.forecast.total("FY27Q4")["target"] == target
    assert made == times * ["base", before.name]


def test_a_stopped_answer_is_given_up(opened):
    edits, base = opened
    watch = Watch()
    watch.stopped.set()
    with pytest.raises(Stopped):
        quick_reply(base, edits.scenario(), RememberingWork(Memory(), watch))


def test_kernels_that_are_compiled_are_said_to_be(opened, monkeypatch):
    edits, base = opened
    watch, said = Watch(), []
    simulate = run.simulate
    monkeypatch.setattr(run, "kernels_are_compiled", lambda: False)
    monkeypatch.setattr(run, "simulate", lambda *args: said.append(watch.text) or simulate(*args))
    quick_reply(base, edits.scenario(), RememberingWork(Memory(), watch))
    assert said == [run.compilation_note()]
