"""A few inputs of each kind; ``make validate`` tries ten thousand and more."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from tests.fuzzing.targets import FATES, TARGETS, VALID, sound_futures

EXAMPLES = {"scenarios": 60, "plans": 60, "maps": 60, "histories": 25}


@pytest.mark.parametrize("kind", TARGETS)
def test_no_input_gives_a_traceback_or_nonsense(kind):
    FATES.clear()
    few = settings(
        max_examples=EXAMPLES[kind],
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    few(TARGETS[kind])()
    fates = {name.split(": ")[1]: n for name, n in FATES.items()}
    assert sum(fates.values()) >= EXAMPLES[kind] - 1
    assert len(fates) > 1, f"all had the same fate, which shows little: {fates}"


def test_nonsense_would_be_seen():
    """The negative control: figures that are not sound do not pass."""
    from tests.fuzzing.targets import sound_numbers

    sound_numbers([0.0, 1.0], "x")
    for bad in ([float("nan")], [float("inf")], [-1.0]):
        with pytest.raises(AssertionError):
            sound_numbers(bad, "x")


def test_the_unchanged_scenario_is_played():
    from simulator.scenario.load import scenario_from_dict
    from simulator.scenario.settled import settled

    sound_futures(settled(scenario_from_dict(VALID)))
