"""Measures of efficiency against figures worked out by hand."""

import pandas as pd
import pytest

from simulator.analysis.operating.efficiency import efficiency

LINES = {
    "revenue": (100.0, 120.0), "gross profit": (80.0, 96.0), "acquisition cost": (30.0, 34.0),
    "post-sale cost": (10.0, 10.0), "operating result": (-20.0, -24.0), "cash at the end": (500.0, 470.0),
}  # fmt: skip
ARR = {"opening": (400.0, 440.0), "new": (50.0, 50.0), "closing": (440.0, 484.0)}


def long(figures, name):
    return pd.DataFrame(
        [(key, mean, "all") for key, means in figures.items() for mean in means],
        columns=[name, "mean", "segment"],
    )


def tables(lines=LINES):
    return {
        "operating": long(lines, "line"),
        "arr": long(ARR, "measure"),
        "lifetime": pd.DataFrame({"segment": ["smb", "ent"], "value": [10.0, 100.0]}),
        "customers": pd.DataFrame(
            [("n_new", "smb", 2.0), ("n_new", "smb", 3.0), ("n_new", "ent", 1.0), ("n_left", "ent", 9.0)],
            columns=["measure", "segment", "mean"],
        ),
    }


def measured(**changes):
    return {one.name: one.value for one in efficiency(tables(LINES | changes))}


def test_each_measure_is_what_its_definition_says():
    found = measured()
    assert found["CAC payback (months)"] == pytest.approx(12 * 64 / (100 * 0.8))
    assert found["LTV : CAC"] == pytest.approx(0.8 * (5 * 10 + 1 * 100) / 64)
    assert found["Magic number"] == pytest.approx(4 * (120 - 100) / (30 + 10))
    assert found["Burn multiple"] == pytest.approx((500 - 470) / (484 - 440))
    # 484 from 400 in half a year is 1.21 squared in a year; 44 lost on 220 of revenue.
    assert found["Rule of 40"] == pytest.approx(1.21**2 - 1 - 0.2)


def test_a_company_that_gains_cash_burns_none():
    assert measured(**{"cash at the end": (500.0, 510.0)})["Burn multiple"] == 0.0


def test_what_a_run_lacks_has_no_measure():
    few = tables()
    del few["lifetime"]
    assert "LTV : CAC" not in {one.name for one in efficiency(few)}
    assert efficiency({"arr": few["arr"]}) == ()
    without = {name: means for name, means in LINES.items() if name != "post-sale cost"}
    assert efficiency(tables(without)) == ()


def test_a_loss_is_written_with_a_minus():
    (rule,) = (one for one in efficiency(tables()) if one.name == "Rule of 40")
    assert "operating margin (−20%)" in rule.meaning
