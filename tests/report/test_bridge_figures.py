"""Sentence, table and chart of a bridge show the same figures, and those add up."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from simulator.report.charts.spec import labels_of_bridge
from simulator.report.compare.results import bridge_spec
from simulator.report.compare.steps import axis_floor, footed
from simulator.report.compare.words import say_bridge
from simulator.report.documents.companion_views import bridge_view

# Rounded one by one they would be 5.11 - 1.82 - 1.63 + 1.32 + 0.14 + 1.76 + 0.15 = 5.03, not 5.04.
LEVELS = [5110489.98, 3286799.82, 1661459.90, 2982650.24, 3120571.24, 4883979.44, 5036033.38]
LABELS = ["July", "days gone by", "won and lost", "new deals", "close dates", "stages", "rates"]


def bridge(levels: list[float]) -> pd.DataFrame:
    changes = np.diff(levels, prepend=levels[0])
    return pd.DataFrame({
        "period": "FY27Q4", "step": range(len(levels)), "label": LABELS[: len(levels)], "words": "",
        "p50": levels, "change": changes, "error": np.where(changes != 0.0, 5e4, 0.0),
    })  # fmt: skip


def test_all_show_the_same_and_it_adds_up():
    steps = bridge(LEVELS)
    _, amounts = footed(steps, "USD")
    assert sum(amounts[:-1]) == pytest.approx(amounts[-1])
    assert amounts == pytest.approx([5.11e6, -1.82e6, -1.62e6, 1.32e6, 0.14e6, 1.76e6, 0.15e6, 5.04e6])
    spec = bridge_spec(steps, name="October", file="b", footer="", currency="USD")
    drawn = labels_of_bridge(spec)
    said = say_bridge(steps, "USD")
    for label, figure in zip(LABELS[1:], drawn[1:-1], strict=True):
        assert f"{label}: {figure} (± $64k)" in said
    companion = SimpleNamespace(table=steps)
    run = SimpleNamespace(companions={"bridge": companion}, summary={"currency": "USD"})
    np.testing.assert_allclose(bridge_view(run).table["change"], [0.0, *amounts[1:-1]])


def test_far_above_zero_the_axis_begins_later_and_changes_have_a_digit_more():
    steps = bridge([20.01e6, 20.43e6, 20.39e6])
    assert axis_floor(steps) == pytest.approx(19.8e6)
    scale, amounts = footed(steps, "USD")
    assert [scale.format(amount) for amount in amounts] == ["$20.01M", "$0.42M", "−$0.04M", "$20.39M"]
    assert axis_floor(bridge(LEVELS)) == 0.0


def test_a_bridge_of_no_step_says_nothing():
    steps = bridge([1e6])
    assert footed(steps, "USD")[1] == [1e6, 1e6]
    assert say_bridge(steps, "USD") == ""
