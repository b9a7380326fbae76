import datetime as dt

import numpy as np
import pandas as pd
import pytest

from simulator.analysis.backtest.backtest import Backtest
from simulator.analysis.backtest.origins import Origin
from simulator.analysis.backtest.past_forecasts import BacktestSettings
from simulator.analysis.backtest.scores import score_table
from simulator.fiscal import FiscalCalendar
from simulator.report.backtest.charts import backtest_specs
from simulator.report.backtest.results import backtest_answer
from simulator.report.backtest.words import backtest_findings, record_sentence
from simulator.report.charts.picture import draw_picture


def made(n_quarters, n_held, *, bias=0.0, others=("run_rate",)):
    """Return a backtest of ``n_quarters`` of which the range held ``n_held``; other methods err by 30."""
    rows = []
    for i in range(n_quarters):
        wobble = 3.0 * (-1) ** i
        label = {"as_of": dt.date(2020 + i // 4, 1 + 3 * (i % 4), 1), "week": 0, "ahead": 0, "quarter": i}
        label |= {"period": f"FY{20 + i // 4}Q{i % 4 + 1}", "segment": "all", "actual": 100.0}
        inside = float(i < n_held)
        ours = {"mean": 100 + bias + wobble, "p10": 80.0, "p50": 100 + bias, "p90": 120.0, "crps": 5.0}
        theirs = dict.fromkeys(("mean", "p10", "p50", "p90"), 130.0) | {"crps": 30.0 + wobble}
        loss = {f"pinball{q}": 3.0 for q in (10, 50, 90)}
        rows.append(
            label | {"method": "simulation"} | ours | loss | {"pit": (i + 0.5) / n_quarters, "inside": inside}
        )
        rows += [
            label | {"method": name} | theirs | dict.fromkeys(loss, 15.0) | {"pit": np.nan, "inside": np.nan}
            for name in others
        ]
    table = pd.DataFrame(rows)
    settings = BacktestSettings(FiscalCalendar())
    origins = tuple(Origin(row["as_of"], row["quarter"], 0) for row in rows)
    return Backtest(dt.date(2026, 1, 1), settings, origins, table, score_table(table), ("a note",))


def test_the_record_is_one_sentence():
    assert record_sentence(made(9, 7)) == "Your P10–P90 of the quarter ahead held 7 of 9 quarters"
    assert record_sentence(made(1, 0)).endswith("held 0 of 1 quarter: too narrow, they promise 8 of 10")


def test_ranges_are_called_too_wide_as_well_as_too_narrow():
    assert record_sentence(made(8, 8)).endswith("held 8 of 8 quarters: too wide, they promise 8 of 10")
    assert record_sentence(made(8, 3)).endswith("held 3 of 8 quarters: too narrow, they promise 8 of 10")
    assert record_sentence(made(40, 32)).endswith("held 32 of 40 quarters")


def test_few_quarters_are_said_to_be_few():
    assert "8 quarters are few" in " ".join(backtest_findings(made(8, 7)))
    assert "few" not in " ".join(backtest_findings(made(40, 32)))


@pytest.mark.parametrize(
    ("bias", "words"), [(0.0, "no more than luck"), (20.0, "20% above"), (20.0, "more than luck")]
)
def test_bias_is_told_from_luck(bias, words):
    assert words in backtest_findings(made(8, 7, bias=bias))[2]


def test_methods_are_named_by_whether_the_simulation_beats_them():
    assert "smaller than those of the run rate (83% less)" in backtest_findings(made(8, 7))[3]
    assert "No measurable difference over these quarters from the run" in backtest_findings(made(2, 2))[3]


def test_the_folder_holds_what_the_summary_says(tmp_path):
    result = made(8, 7)
    answer = backtest_answer(result, "USD")
    answer.write(tmp_path / "r", command="simulator backtest h")
    summary = answer.summary
    written = pd.read_csv(tmp_path / "r" / "tables" / "backtest.csv")
    assert written.loc[written["method"] == "simulation", "inside"].item() == pytest.approx(7 / 8)
    assert summary["record"] in summary["findings"][0]
    assert (tmp_path / "r" / "charts" / "reliability.png").stat().st_size > 10_000
    assert backtest_answer(result).summary["currency"] is None


def test_a_single_quarter_draws(tmp_path):
    for spec in backtest_specs(made(1, 1)):
        draw_picture(spec, tmp_path)
    assert (tmp_path / "reliability.svg").is_file()
