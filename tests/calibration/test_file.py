"""The calibration file: back to the very same numbers, and plain faults for anything else."""

import dataclasses
import datetime as dt
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.calibration.calibration import Calibration
from simulator.calibration.estimate import calibrate
from simulator.calibration.file import load_calibration, save_calibration
from simulator.calibration.posteriors import Beta
from simulator.calibration.rate_rows import Rate
from simulator.calibration.rates import gamma_estimate, log_estimate, rates_table
from simulator.calibration.validation import _tables, faults_of
from simulator.errors import InputError
from simulator.fiscal import FiscalCalendar
from tests.calibration.known_deals import KnownRates, simulate_history
from tests.calibration.made_states import made_history, made_opportunities


@pytest.fixture(scope="module")
def calibration():
    history = simulate_history(KnownRates(), dt.date(2024, 2, 1), dt.date(2026, 1, 20), seed=1)
    return calibrate(history, FiscalCalendar(2))


@pytest.fixture
def file(calibration, tmp_path):
    path = tmp_path / "rates.json"
    save_calibration(calibration, path)
    return path


def same(one, other) -> bool:
    """Whether two values are equal bit for bit, types and shapes included."""
    if type(one) is not type(other):
        return False
    if dataclasses.is_dataclass(one):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in dataclasses.fields(one))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[k], other[k]) for k in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    return one == other


def test_a_calibration_comes_back_bit_for_bit(calibration, file):
    assert same(load_calibration(file), calibration)


def test_a_calibration_of_one_deal_comes_back_too(tmp_path):
    deals = made_opportunities(1, created_date=[dt.datetime(2026, 1, 5)], amount=[100.0])
    tiny = calibrate(made_history("2026-03-31", deals), FiscalCalendar(1))
    save_calibration(tiny, tmp_path / "tiny.json")
    assert same(load_calibration(tmp_path / "tiny.json"), tiny)


def test_a_file_of_the_version_before_is_read_without_what_it_no_longer_needs(calibration, file, tmp_path):
    raw = json.loads(file.read_text())
    raw["model"]["drift"] |= {"walk_close": 0.05, "walk_demand": 0.02}
    raw["rates"] += [{"name": "walk_close", "value": 0.05}, {"name": "walk_demand", "value": 0.02}]
    old = tmp_path / "old.json"
    old.write_text(json.dumps(raw))
    save_calibration(load_calibration(old), tmp_path / "new.json")
    assert (tmp_path / "new.json").read_bytes() == file.read_bytes()


def test_same_calibration_same_bytes(calibration, file, tmp_path):
    again = tmp_path / "again.json"
    save_calibration(load_calibration(file), again)
    assert again.read_bytes() == file.read_bytes()


def test_one_rate_is_one_line(calibration, file):
    lines = file.read_text(encoding="utf-8").splitlines()
    records = [json.loads(line.strip().rstrip(",")) for line in lines if '"name":' in line]
    assert len(records) == len(rates_table(calibration))
    assert max(map(len, (line for line in lines if '"name":' in line))) < 400
    won = next(
        r
        for r in records
        if r["name"] == "hazard" and r["destination"] == "won" and r["category"] == "commit"
    )
    assert won["low"] < won["value"] < won["high"]
    assert {"events", "exposure", "unit", "source", "segment"} <= set(won)


def test_nothing_half_written_is_left_behind(calibration, tmp_path, monkeypatch):
    path = tmp_path / "rates.json"
    path.write_text("old", encoding="utf-8")

    def broken(_handle):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(OSError, match="No space"):
        save_calibration(calibration, path)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def edited(file, change):
    raw = json.loads(file.read_text(encoding="utf-8"))
    change(raw)
    file.write_text(json.dumps(raw), encoding="utf-8")
    return file


def faults_of_file(file) -> str:
    with pytest.raises(InputError) as caught:
        load_calibration(file)
    assert all(fault.remedy and str(file) in fault.where for fault in caught.value.faults)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda raw: raw.update(format="other"), "not a calibration file"),
        (lambda raw: raw.pop("model"), "not a calibration file"),
        (lambda raw: raw["model"].pop("redate"), "redate: missing"),
        (lambda raw: raw["model"].update(colour="blue"), "colour: unknown"),
        (lambda raw: raw["model"].update(shock_close="much"), 'shock_close: "much" is not a number'),
        (lambda raw: raw["model"].update(shock_close=True), "shock_close: true is not a number"),
        (lambda raw: raw["model"].update(shock_close=-1.0), "shock_close: must lie between"),
        (lambda raw: raw["model"].update(redate=[[1, 2], [3]]), "redate: .*even table"),
        (lambda raw: raw["model"].update(redate=[[1, 2, 3]]), "redate: its axes"),
        (lambda raw: raw["model"].update(redate=[[1, "inf"], [1, 1]]), "redate: every number must be finite"),
        (lambda raw: raw["model"]["hazards"]["rate"][0][0].__setitem__(3, 0.0), "hazards.rate"),
        (lambda raw: raw["model"]["hazards"]["shape"][0][0].__setitem__(3, -2.0), "hazards.shape"),
        (lambda raw: raw["model"]["amounts"][0].update(tail_shape=1.5), "amounts, a"),
        (lambda raw: raw["model"]["factors"].pop("age"), "factors.age: missing"),
        (lambda raw: raw.update(as_of="yesterday"), "as_of: .*not a date"),
        (lambda raw: raw.update(segments=["a", "a", "c"]), "a name occurs twice"),
        (lambda raw: raw["calendar"].update(label="middle"), "calendar.label: .*one of start, end"),
        (lambda raw: raw["rates"][0].update(value=0.5), "rates: hazard / a / pipeline .*says 0.5"),
        (lambda raw: raw["rates"].pop(), "rates: they do not belong"),
    ],
)
def test_what_is_wrong_is_said_plainly(file, change, said):
    import re

    assert re.search(said, faults_of_file(edited(file, change)))


def test_all_faults_come_at_once(file):
    def change(raw):
        raw["model"].pop("redate")
        raw["model"]["shock_close"] = "much"
        raw["as_of"] = 7

    text = faults_of_file(edited(file, change))
    assert "redate" in text
    assert "shock_close" in text
    assert "as_of" in text


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 1}', "[" * 100_000, "1e999", "NaN", '"x"'])
def test_no_text_makes_it_stumble(tmp_path, text):
    path = tmp_path / "bad.json"
    path.write_text(text, encoding="utf-8")
    faults_of_file(path)


def test_bytes_folders_and_missing_files_are_faults(tmp_path):
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "bytes.json", tmp_path, tmp_path / "none.json"):
        faults_of_file(path)


def paths_of(value, prefix=()):
    """Every place in a tree of JSON."""
    yield prefix
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths_of(item, (*prefix, key))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    where=st.integers(0, 10**9),
    junk=st.sampled_from([None, "x", -1, 0, 1e300, True, [], {}, [[1]], "inf", "nan", {"empty": [10**12]}]),
)
def test_any_damage_is_a_fault_or_harmless(tmp_path, tiny_text, where, junk):
    raw = json.loads(tiny_text())
    places = [place for place in paths_of(raw) if place]
    place = places[where % len(places)]
    parent = raw
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = junk
    path = tmp_path / "damaged.json"
    path.write_text(json.dumps(raw), encoding="utf-8")
    try:
        found = load_calibration(path)
    except InputError as error:
        assert error.faults
    else:
        assert isinstance(found, Calibration)
        assert np.isfinite(found.hazards.shape).all()


@pytest.fixture(scope="module")
def tiny_text(tmp_path_factory):
    deals = made_opportunities(1, created_date=[dt.datetime(2026, 1, 5)], amount=[100.0])
    path = tmp_path_factory.mktemp("tiny") / "tiny.json"
    save_calibration(calibrate(made_history("2026-03-31", deals), FiscalCalendar(1)), path)
    text = path.read_text(encoding="utf-8")
    return lambda: text


def test_the_table_has_an_interval_about_every_value(calibration):
    table = rates_table(calibration)
    known = table[table["low"].notna()]
    assert (known["low"] <= known["value"] + 1e-12).all()
    assert (known["value"] <= known["high"] + 1e-12).all()
    assert set(table["source"]) <= {"calibrated", "pooled", "prior"}
    assert (table["unit"] != "").all()
    assert {"hazard", "sals", "factor due", "effect source", "redate", "amount", "shock_close"} <= set(
        table["name"]
    )


@pytest.mark.parametrize("counts", [(5000.5, 0.5), (0.5, 5000.5), (3.0, 5.0)])
def test_an_interval_holds_its_value_where_events_are_all_or_none(counts):
    posterior = Beta({"segment": ("all",)}, np.array([counts]))
    (shown,) = Rate("a share", "share", posterior, np.ones(1), np.ones(1), "calibrated").rows()
    assert shown["low"] <= shown["value"] <= shown["high"]
    assert shown["value"] == pytest.approx(counts[0] / sum(counts))


def test_every_rule_holds_of_a_sound_calibration_and_its_bounds_are_looked_at(calibration):
    tables = list(_tables(calibration))
    assert {name for _, name, _, _ in tables} >= {
        "hazards.rate",
        "factors.age.log_sd",
        "drift.level",
        "redate",
    }
    assert faults_of(calibration, "rates.json") == []
    for rule, _, values, axes in tables:
        assert values.shape == axes and not rule.is_broken(values)
        if np.isfinite(rule.least):
            assert rule.is_broken(np.full(axes, rule.least - 1.0)) and rule.is_broken(np.full(axes, np.nan))
        if np.isfinite(rule.most):
            assert rule.is_broken(np.full(axes, 2.0 * rule.most + 1.0))


def test_intervals_have_their_closed_forms():
    assert gamma_estimate(1.0, 2.0) == pytest.approx((0.5, -np.log(0.9) / 2, -np.log(0.1) / 2))
    assert Beta({}, np.array([1.0, 1.0])).estimate() == pytest.approx((0.5, 0.1, 0.9))
    assert Beta({}, np.array([0.0, 3.0])).estimate() == (0.0, 0.0, 0.0)
    assert log_estimate(0.0, 1.0) == pytest.approx((1.0, np.exp(-1.2815515655), np.exp(1.2815515655)))
