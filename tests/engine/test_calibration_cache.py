"""Rates are estimated once per history, day, calendar and program, and come back to the last bit."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os

import numpy as np
import pytest

from simulator.calibration.calibration import Calibration
from simulator.engine import calibration_cache
from simulator.engine.calibration_cache import CalibrationCache
from simulator.engine.prepare import prepare
from simulator.scenario.load import load_scenario
from tests.engine.test_prepare import write_history

SAMPLE = "scenarios/base.yaml"


class Keeper:
    """Prepares a scenario again and again with one cache folder, and counts when rates were taken over."""

    def __init__(self, workspace) -> None:
        self.workspace, self.folder, self.n_taken = workspace, workspace / "cache" / "rates", 0

    def rates(self, text: str = "history: history\nas_of: 2025-12-31\n") -> Calibration:
        """Return the rates of a scenario."""
        (self.workspace / "base.yaml").write_text(text)
        kept = CalibrationCache(self._count, folder=self.folder)
        calibration = prepare(load_scenario(self.workspace / "base.yaml"), kept=kept).calibration
        assert calibration is not None
        return calibration

    def _count(self) -> None:
        self.n_taken += 1

    def files(self):
        """Return what is kept, drafts included."""
        return sorted(self.folder.iterdir()) if self.folder.is_dir() else []


@pytest.fixture
def keeper(tmp_path):
    write_history(tmp_path / "history")
    return Keeper(tmp_path)


def same_bits(one, other) -> bool:
    """Return whether two values are the same in type, shape, order in memory and every bit."""
    if dataclasses.is_dataclass(one):
        names = [field.name for field in dataclasses.fields(one)]
        return type(one) is type(other) and all(same_bits(getattr(one, n), getattr(other, n)) for n in names)
    if isinstance(one, np.ndarray):
        alike = one.dtype == other.dtype and one.shape == other.shape and one.strides == other.strides
        return alike and one.tobytes() == other.tobytes()
    if isinstance(one, dict):
        return list(one) == list(other) and all(same_bits(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same_bits, one, other))
    return type(one) is type(other) and repr(one) == repr(other)


def test_the_second_time_the_same_bits_are_taken_over(keeper):
    first, second = keeper.rates(), keeper.rates()
    assert keeper.n_taken == 1
    assert same_bits(first, second)
    assert len(keeper.files()) == 1


def test_the_rates_of_the_sample_company_come_back_to_the_last_bit(tmp_path):
    scenario, kept = load_scenario(SAMPLE), CalibrationCache(folder=tmp_path)
    estimated = prepare(scenario, kept=kept).calibration
    assert same_bits(estimated, prepare(scenario, kept=kept).calibration)


def test_two_numbers_a_bit_apart_are_told_apart():
    assert not same_bits(np.array([1.0]), np.array([np.nextafter(1.0, 2.0)]))
    assert not same_bits(np.zeros((2, 3)), np.zeros((3, 2)).T)


def test_any_byte_of_any_input_makes_the_rates_anew(keeper):
    keeper.rates()
    table = keeper.workspace / "history" / "opportunities.csv"
    table.write_text(table.read_text() + "\n")
    keeper.rates()
    (keeper.workspace / "history" / "history.json").write_text('{"as_of": "2026-01-10"}')
    keeper.rates()
    assert keeper.n_taken == 0
    assert len(keeper.files()) == 3


@pytest.mark.parametrize(
    "text",
    [
        "history: history\nas_of: 2025-11-30\n",
        "history: history\nas_of: 2025-12-31\nfiscal_year: {start_month: 2}\n",
    ],
)
def test_another_day_or_calendar_makes_the_rates_anew(keeper, text):
    keeper.rates()
    other = keeper.rates(text)
    assert keeper.n_taken == 0
    assert not same_bits(other, keeper.rates())


def test_what_the_rates_do_not_depend_on_leaves_them_alone(keeper):
    keeper.rates()
    keeper.rates("history: history\nas_of: 2025-12-31\nname: other\nsimulation: {seed: 9}\n")
    assert keeper.n_taken == 1


def test_other_sources_or_versions_make_the_rates_anew(keeper, monkeypatch):
    keeper.rates()
    monkeypatch.setattr(calibration_cache, "build", lambda *_: ("another program",))
    keeper.rates()
    assert keeper.n_taken == 0


@pytest.mark.parametrize("damage", ["empty", "cut", "digit", "foreign"])
def test_a_damaged_file_is_passed_over_and_written_again(keeper, damage):
    whole = keeper.rates()
    (file,) = keeper.files()
    content = file.read_bytes()
    at = content.index(b"0.") + 2
    digit = content[:at] + (b"1" if content[at : at + 1] != b"1" else b"2") + content[at + 1 :]
    broken = {"empty": b"", "cut": content[:500], "digit": digit, "foreign": b'{"model": {}}'}
    file.write_bytes(broken[damage])
    assert same_bits(keeper.rates(), whole)
    assert keeper.n_taken == 0
    assert [path.read_bytes() for path in keeper.files()] == [content]
    keeper.rates()
    assert keeper.n_taken == 1


def test_a_folder_that_cannot_be_made_is_no_obstacle(keeper):
    keeper.folder.parent.write_text("a file where the folder should be")
    assert same_bits(keeper.rates(), keeper.rates())
    assert keeper.n_taken == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_folder_is_no_obstacle(keeper):
    keeper.folder.mkdir(parents=True)
    keeper.folder.chmod(0o500)
    assert same_bits(keeper.rates(), keeper.rates())
    assert keeper.files() == []


def test_a_full_disk_is_no_obstacle_and_leaves_nothing_half_written(keeper, monkeypatch):
    def full(calibration, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(calibration_cache, "save_calibration", full)
    keeper.rates()
    assert keeper.files() == []


def test_a_read_only_file_is_taken_over_all_the_same(keeper, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    keeper.rates()
    monkeypatch.setattr("simulator.cache.os.utime", refuse)
    keeper.rates()
    assert keeper.n_taken == 1


def test_without_a_place_to_keep_them_rates_are_estimated(keeper, monkeypatch):
    monkeypatch.setattr(CalibrationCache, "recall", lambda *_: pytest.fail("nobody asked for kept rates"))
    (keeper.workspace / "base.yaml").write_text("history: history\n")
    prepared = prepare(load_scenario(keeper.workspace / "base.yaml"))
    assert prepared.calibration is not None
    assert prepared.calibration.as_of > dt.date(2025, 1, 1)
