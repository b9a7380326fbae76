"""Files that somebody writes to while they are read are refused: half of them would be old."""

import shutil
from pathlib import Path

import pytest

from simulator.engine import prepare as home
from simulator.errors import InputError
from simulator.scenario.load import scenario_from_dict

SAMPLE = Path(__file__).parents[2] / "scenarios" / "sample"


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "rates.json"
    shutil.copy(SAMPLE / "truth.json", file)
    scenario = scenario_from_dict({"calibration": str(file), "fiscal_year": {"start_month": 2}})
    assert home.prepare(scenario).calibration is not None
    load = home.load_calibration

    def load_and_grow(path):
        with path.open("a") as growing:
            growing.write("\n")
        return load(path)

    monkeypatch.setattr(home, "load_calibration", load_and_grow)
    with pytest.raises(InputError, match="changed while it was read") as refused:
        home.prepare(scenario)
    assert refused.value.faults[0].where == str(file)
