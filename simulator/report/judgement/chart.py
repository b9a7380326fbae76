"""The forecasts by judgement next to the simulation, and who calls high or low, as charts."""

from __future__ import annotations

import numpy as np

from simulator.analysis.forecast.forecast import Forecast
from simulator.analysis.judgement.judgement import METHODS, SIMULATION, Judgement
from simulator.analysis.judgement.rep_calls import COMPANY, UNTOLD
from simulator.analysis.totals import ALL
from simulator.report.charts.spec import MULTIPLE, ChartSpec, banded, money_unit
from simulator.report.judgement.words import METHOD_LABELS, named_reps, say_habits, title
from simulator.report.money import source_line
from simulator.report.style import BLUE, MUTED, NAVY, ORANGE

MOST_REPS = 24


def judgement_spec(judgement: Judgement, forecast: Forecast) -> ChartSpec:
    """Return what each method forecasts for the first quarter, with the simulation's range."""
    table = judgement.table[judgement.table["segment"] == ALL]
    table = judgement.table if table.empty else table
    period = str(table["period"].iloc[0])
    rows = table[table["period"] == period].drop_duplicates("method").set_index("method")
    rows = rows.reindex([method for method in METHODS if method in rows.index])
    target = float(forecast.total(period)["target"])
    return ChartSpec(
        name="judgement",
        shape="dots",
        title=title(judgement, period, forecast.currency),
        subtitle=f"Forecasts of new bookings of {period} by method; of the simulation P10 to P90, of the "
        "in-blood number the upside that it leaves out",
        footer=source_line(
            forecast.as_of, "calls, open deals and the simulation", f"scenario {forecast.scenario}"
        ),
        unit=money_unit(rows["high"], forecast.currency),
        categories=tuple(METHOD_LABELS[str(method)] for method in rows.index),
        series=(banded("number", "Forecast", NAVY, rows, ("low", "number", "high")),),
        colours=tuple(NAVY if method == SIMULATION else BLUE for method in rows.index),
        mark=target,
        mark_word="Target",
    )


def habits_spec(judgement: Judgement, forecast: Forecast) -> ChartSpec | None:
    """Return what a rep is expected to win for each unit called; those whom the sentence names are shown."""
    reps = judgement.reps[judgement.reps["rep_id"] != COMPANY]
    if reps.empty:
        return None
    far = np.log(reps["bias"]).abs()
    rank = far + np.where(reps["rep_id"].isin(named_reps(judgement)), 1e3, 0.0)
    shown = reps.loc[rank.sort_values(ascending=False, kind="stable").index[:MOST_REPS]]
    shown = shown.sort_values("bias", kind="stable")
    left_out = len(reps) - len(shown)
    more = f"; {left_out} reps nearer to 1 are in the table" if left_out else ""
    return ChartSpec(
        name="rep_calls",
        shape="dots",
        title=say_habits(judgement).split(";")[0],
        subtitle="What we expect a rep to win for each unit called, with 80% interval; next to each name, "
        "what was won / called. They differ where a few deals decide: the less a rep called, the more the "
        f"estimate rests on team and company{more}",
        footer=source_line(forecast.as_of, "calls and won deals of past quarters"),
        unit=MULTIPLE,
        categories=tuple(f"{row['rep_id']} ({row['segment']})" for _, row in shown.iterrows()),
        series=(banded("bias", "Expected per called", NAVY, shown, ("bias_low", "bias", "bias_high")),),
        below=tuple(f"won {MULTIPLE.write(row['won_per_called'])} of calls" for _, row in shown.iterrows()),
        colours=tuple(
            MUTED if row["verdict"] == UNTOLD else ORANGE if row["bias"] < 1 else NAVY
            for _, row in shown.iterrows()
        ),
        mark=1.0,
        mark_word="As called:",
    )
