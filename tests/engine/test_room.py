"""More draws than memory and more paths than disk are refused before any of it is taken."""

import numpy as np
import pytest

from simulator.engine import room
from simulator.engine.plan import deals
from simulator.engine.run import result_buffer
from simulator.engine.run.simulate import simulate
from simulator.errors import InputError
from tests.small_companies import company, segment


def test_what_is_free_is_known_here():
    assert 1e8 < room.free_memory() < 1e14
    assert 1e6 < room.free_disk(room.Path("/nowhere/at/all")) < 1e18


def test_the_number_that_fits_is_named_and_fits():
    with pytest.raises(
        InputError, match=r"simulation\.paths: 1,000 need 2\.0 GB of disk; 1\.0 GB are free"
    ) as no:
        room.check_room("simulation.paths", 1000, 2e9, 1e9, "disk")
    assert "at most 400," in str(no.value)
    room.check_room("simulation.paths", 400, 0.8e9, 1e9, "disk")
    with pytest.raises(InputError):
        room.check_room("simulation.paths", 401, 0.802e9, 1e9, "disk")


def test_draws_that_do_not_fit_are_refused_before_the_table_is_made(monkeypatch):
    monkeypatch.setattr(deals, "free_memory", lambda: 100.0)
    monkeypatch.setattr(deals, "aligned", lambda shape: pytest.fail("it took the memory"))
    with pytest.raises(InputError, match=r"simulation\.rate_draws: .* GB of memory"):
        simulate(company({"one": segment()}), None, None)


def test_paths_that_do_not_fit_are_refused(monkeypatch):
    monkeypatch.setattr(result_buffer, "MOST_IN_MEMORY", 1000)
    result_buffer.Store([(1000, 4)]).put(np.arange(2), [np.zeros((2, 4))])
    monkeypatch.setattr(result_buffer, "free_memory", lambda: 10_000.0)
    monkeypatch.setattr(result_buffer, "free_disk", lambda folder: 20_000.0)
    with pytest.raises(InputError, match=r"simulation\.paths: 1,000 need"):
        result_buffer.Store([(1000, 4)])
