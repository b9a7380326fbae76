"""Paths are handed out as tasks: each of them once, those near by of one draw of the rates side by side."""

import numpy as np
import pytest

from simulator.engine.run.batches import NEAR, Job
from simulator.engine.run.simulate import compile_plan
from tests.small_companies import company, segment, stay

N_DRAWS = 7


@pytest.fixture(scope="module")
def job():
    uncertain = segment(evidence_deals=40, pipeline=stay(40, won=0.6, lost_no_decision=0.4))
    scenario = company({"one": uncertain}, simulation={"rate_draws": N_DRAWS})
    return Job.of(compile_plan(scenario, None, None), 1, 1)


@pytest.mark.parametrize(
    ("first", "n_paths", "size"), [(0, 1, 100), (0, 203, 10), (35, 100, 37), (3, 500, 1)]
)
def test_tasks_hold_each_future_once(job, first, n_paths, size):
    tasks = job.tasks(first, n_paths, size)
    assert sorted(np.concatenate(tasks)) == list(range(first, first + n_paths))
    assert all(paths.size == size for paths in tasks[:-1])
    assert 0 < tasks[-1].size <= size


def test_futures_of_one_draw_follow_each_other_and_are_near(job):
    paths = np.concatenate(job.tasks(0, 10 * N_DRAWS * NEAR, 9))
    changes = np.count_nonzero(np.diff(job.draws(paths)))
    assert changes == paths.size / NEAR - 1
    assert np.abs(paths - np.arange(paths.size)).max() < N_DRAWS * NEAR
