"""Factors that cells have of their own: worked out by hand, none without evidence, drawn and written down."""

import json
from dataclasses import replace

import numpy as np
import pytest

from simulator.calibration.calibration import AGE_LEVELS, DESTINATIONS, Calibration, OwnFactors
from simulator.calibration.exposure import DealMonths
from simulator.calibration.file import load_calibration, save_calibration
from simulator.calibration.own_factors import own_factors, own_notes, owners, rep_factors, segment_ages
from simulator.calibration.rates import rates_table
from simulator.calibration.without_deals import of_new_customers
from simulator.engine.draws.deals import draw_rates
from simulator.engine.plan.effects import effect_rows
from simulator.engine.plan.stated_rates import with_inline_rates
from simulator.errors import InputError
from tests.calibration.made_states import made_opportunities
from tests.small_companies import company, segment
from tools.sample_company.company import AS_OF, CALENDAR, FIRST_DAY, TRUTH

WON = DESTINATIONS.index("won")
N_QUARTERS = 8


def rows_of(wins: np.ndarray, expected: float) -> tuple[DealMonths, np.ndarray, np.ndarray]:
    """Return rows with this many wins of each cell and quarter, what was expected, and the cell of each row.

    Each cell and quarter has one row more, which nothing ends and which holds all that is expected.
    """
    cell, quarter = (part.ravel() for part in np.indices(wins.shape))
    cell, quarter = (
        np.append(cell, np.repeat(cell, wins.ravel())),
        np.append(quarter, np.repeat(quarter, wins.ravel())),
    )
    event = np.where(np.arange(len(cell)) < wins.size, -1, WON)
    none = np.zeros(len(cell), dtype=np.int64)
    months = DealMonths(
        deal=np.arange(len(cell)), segment=cell, month=2024 * 12 + 3 * quarter, start=none * 1.0,
        days=none + 30.0, place=none, category=none, late=none, age=none, due=none, linearity=none,
        pushes=none, event=event, close_month=none, open_at_month_end=none > 0, next_close_month=none,
        amount=none * 1.0,
    )  # fmt: skip
    fitted = np.zeros((len(cell), len(DESTINATIONS)))
    fitted[: wins.size, WON] = expected
    return months, fitted, cell


def steadily(*wins: int) -> np.ndarray:
    return np.repeat(np.array(wins)[:, None], N_QUARTERS, axis=1)


def test_what_differs_in_every_quarter_is_believed_but_for_five_events():
    months, fitted, cell = rows_of(steadily(20, 5), 12.5)
    found = own_factors(months, fitted, cell, (2,))
    # 160 and 40 wins where 100 were expected of each; the least strength, 5, predicts best.
    np.testing.assert_array_equal(found.events[:, WON], [160, 40])
    np.testing.assert_array_equal(found.shape[:, WON], [165, 45])
    np.testing.assert_array_equal(found.rate[:, WON], [105, 105])
    np.testing.assert_allclose(found.mean[:, WON], [165 / 105, 45 / 105])
    np.testing.assert_allclose(found.expected[:, WON], [100, 100])
    # Nothing else was expected or seen: five over five.
    assert (np.delete(found.mean, WON, axis=1) == 1.0).all()


@pytest.mark.parametrize("once", [0, 40])
def test_cells_that_are_alike_or_differ_once_have_none(once):
    wins = steadily(10, 10)
    wins[:, 3] += [once, 0]
    months, fitted, cell = rows_of(wins, 10.0)
    assert own_factors(months, fitted, cell, (2,)) is None
    assert segment_ages(months, fitted, 2) is None


@pytest.mark.parametrize("seed", range(3))
def test_the_luck_of_many_small_cells_is_not_taken_for_a_difference(seed):
    # Scored on the quarters that they were estimated from, 300 cells of some four wins would seem to differ.
    wins = np.random.default_rng(seed).poisson(0.5, (300, N_QUARTERS))
    assert own_factors(*rows_of(wins, 0.5), (300,)) is None


def test_ages_of_two_segments_lie_in_their_own_cells_and_the_one_that_differs_most_is_named():
    months, fitted, _ = rows_of(steadily(20, 9), 12.5)
    months = replace(months, age=months.age + 2, category=months.category + 1)
    found = segment_ages(months, fitted, 2)
    np.testing.assert_array_equal(found.events[:, 1, 2, WON], [160, 72])
    assert found.events.sum() == 232
    note = next(own_notes(found, None, ("east", "west"), 9))
    assert str(note).endswith("as they grow older differs by segment, most in east.")
    assert segment_ages(replace(months, segment=0 * months.segment), fitted, 1) is None


def deals_of(months: DealMonths, cell: np.ndarray, names: list[str | None]):
    """Return the deal of each row, with its owner."""
    n = len(cell)
    outcome = [None if event < 0 else "won" for event in months.event]
    return made_opportunities(n, owner=[names[c] for c in cell], outcome=outcome)


def test_reps_are_known_by_name_and_deals_without_one_are_those_of_one_more():
    months, fitted, cell = rows_of(steadily(20, 5), 12.5)
    deals = deals_of(months, cell, ["Zoe", "Ann"])
    everyone = np.ones(len(cell), dtype=bool)
    found = rep_factors(months, fitted, deals, everyone)
    assert found.names == ("Ann", "Zoe")
    np.testing.assert_array_equal(found.events[:, WON], [40, 160])
    assert owners(deals_of(months, cell, ["Zoe", None]))[:2].tolist() == ["Zoe", "Zoe"]
    assert set(owners(deals_of(months, cell, ["Zoe", None]))) == {"Zoe", "unknown"}
    assert str(*own_notes(None, found, (), 7)).endswith("owner (2 reps, 7 deals), new ones alike.")
    # Owners of won deals alone, filled in afterwards, say who won and nothing of how well.
    late = deals.assign(owner=deals["owner"].where(deals["outcome"].notna()))
    assert rep_factors(months, fitted, late.iloc[:40], everyone[:40]) is None


def with_own_factors() -> Calibration:
    """Return the rates of the sample with ages of its first segment and two reps."""
    truth = TRUTH.calibration(AS_OF, FIRST_DAY, CALENDAR)
    n = len(truth.segments)
    ages, reps = np.full((n, 3, len(AGE_LEVELS), 7), 40.0), np.full((2, 7), 20.0)
    ages[0], reps[1, WON] = 80.0, 30.0
    return replace(
        truth,
        segment_ages=OwnFactors(ages, np.full_like(ages, 40.0), ages - 30.0),
        reps=OwnFactors(reps, np.full_like(reps, 20.0), reps - 10.0, ("Ann", "Zoe")),
    )


def test_a_file_holds_them_and_one_of_the_version_before_has_none(tmp_path):
    calibration, path = with_own_factors(), tmp_path / "rates.json"
    save_calibration(calibration, path)
    again = load_calibration(path)
    np.testing.assert_array_equal(again.segment_ages.shape, calibration.segment_ages.shape)
    assert again.reps.names == ("Ann", "Zoe")
    rates = rates_table(again)
    zoe = rates[(rates["name"] == "rep") & (rates["level"] == "Zoe") & (rates["destination"] == "won")].iloc[
        0
    ]
    assert (zoe["value"], zoe["events"], zoe["exposure"]) == (1.5, 20.0, 10.0)
    assert zoe["low"] < 1.5 < zoe["high"]
    raw = json.loads(path.read_text())
    raw["rates"] = [rate for rate in raw["rates"] if rate["name"] not in ("rep", "age of segment")]
    for name in ("segment_ages", "reps"):
        raw["model"].pop(name)
    path.write_text(json.dumps(raw))
    before = load_calibration(path)
    assert before.reps is before.segment_ages is None


def test_a_file_with_a_rep_too_few_is_refused(tmp_path):
    path = tmp_path / "rates.json"
    save_calibration(with_own_factors(), path)
    raw = json.loads(path.read_text())
    raw["model"]["reps"]["names"] = ["Ann"]
    path.write_text(json.dumps(raw))
    with pytest.raises(InputError, match=r"reps.shape: its axes are \(2, 7\), not \(1, 7\)"):
        load_calibration(path)


def test_a_segment_that_only_the_scenario_knows_ages_like_all():
    calibration = with_own_factors()
    full, _ = with_inline_rates(company({"new": segment()}), calibration)
    rates = draw_rates(full, 5, 20, True)
    assert (rates.segment_ages[:, -1] == 1.0).all()
    np.testing.assert_array_equal(
        rates.segment_ages[:, :-1], draw_rates(calibration, 5, 20, True).segment_ages
    )
    assert rates.segment_ages[:, 0].mean() == pytest.approx(2.0, rel=0.02)
    assert rates.reps[:, 1, WON].mean() == pytest.approx(1.5, rel=0.05)


def test_open_deals_have_the_factor_of_their_rep_and_new_deals_none():
    calibration = with_own_factors()
    rates = draw_rates(calibration, 5, 20, True)
    names = ["Zoe", "Ann", "Eve", None]
    deals = made_opportunities(4, owner=names, segment=[calibration.segments[0]] * 4, amount=[np.nan] * 4)
    rows, plain = (
        effect_rows(calibration, rates, deals),
        effect_rows(replace(calibration, reps=None), replace(rates, reps=None), deals),
    )
    factor = (rows.effect[:, rows.open_row] / plain.effect[:, plain.open_row])[..., :7]
    np.testing.assert_allclose(factor[:, 0], rates.reps[:, 1])
    np.testing.assert_allclose(factor[:, 1], rates.reps[:, 0])
    np.testing.assert_allclose(factor[:, 2:], 1.0)
    new = rows.effect[:, rows.stream_row.ravel()], plain.effect[:, plain.stream_row.ravel()]
    np.testing.assert_array_equal(*new)


def test_customers_without_deals_have_none():
    bare = of_new_customers(with_own_factors())
    assert bare.reps is bare.segment_ages is None
