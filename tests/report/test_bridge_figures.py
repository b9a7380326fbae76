"""Sentence, table and chart of a bridge show the same figures: those of the table, each rounded by itself."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from simulator.report.charts.spec import labels_of_bridge
from simulator.report.compare.results import bridge_spec
from simulator.report.compare.words import say_bridge
from simulator.report.documents.companion_views import bridge_view

# Rounded so that they add up, the second change would be -1.62 in the chart and -1.63 everywhere else.
LEVELS = [5110489.98, 3286799.82, 1661459.90, 2982650.24, 4745990.58, 5036033.38]
LABELS = ["July", "days gone by", "won and lost", "new deals", "stages", "rates"]
CHANGES = ["−$1.82M", "−$1.63M", "+$1.32M", "+$1.76M", "+$0.29M"]


@pytest.fixture
def steps() -> pd.DataFrame:
    changes = np.diff(LEVELS, prepend=LEVELS[0])
    return pd.DataFrame({
        "period": "FY27Q4", "step": range(len(LEVELS)), "label": LABELS, "words": "",
        "p50": LEVELS, "change": changes, "error": np.where(changes != 0.0, 5e4, 0.0),
    })  # fmt: skip


def test_the_chart_shows_the_figures_of_the_table(steps):
    spec = bridge_spec(steps, name="October", file="b", footer="", currency="USD")
    assert labels_of_bridge(spec) == ["$5.11M", *CHANGES, "$5.04M"]
    drawn = next(iter(spec.series)).values  # noqa: PD011  no pandas
    np.testing.assert_allclose(drawn[1:-1], steps["change"][1:])
    assert sum(drawn[:-1]) == pytest.approx(drawn[-1])


def test_sentence_and_table_show_them_too(steps):
    said = say_bridge(steps, "USD")
    for label, figure in zip(LABELS[1:], [*CHANGES[:-1], "+$290k"], strict=True):
        assert f"{label}: {figure} (± $64k)" in said
    run = SimpleNamespace(companions={"bridge": SimpleNamespace(table=steps)}, summary={"currency": "USD"})
    np.testing.assert_array_equal(bridge_view(run).table["change"], steps["change"])
