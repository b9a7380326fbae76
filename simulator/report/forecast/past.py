"""What led up to a forecast: past quarters next to it, and the flow of deals in the last weeks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from simulator.analysis.backtest.backtest import TRACK_COLUMNS
from simulator.analysis.diagnose.due_deals import coverage_history, plans_known
from simulator.analysis.diagnose.qualified import qualified_deals, rate_window
from simulator.analysis.diagnose.track_record import created
from simulator.analysis.forecast.pacing import STEPS, Pacing, attainment, deal_flow, measure_pacing
from simulator.engine.paths import Paths
from simulator.engine.prepare import Prepared
from simulator.history.states import deal_states
from simulator.report.backtest.record import read_record
from simulator.report.charts.spec import ChartSpec, Series, figures, unit_of
from simulator.report.forecast.pipeline_specs import attainment_spec
from simulator.report.forecast.specs import Frame
from simulator.report.forecast.standing import pace_spec, track_spec
from simulator.report.money import money_scale
from simulator.report.output.tables import round_figures
from simulator.report.style import GREEN, MUTED, NAVY, ORANGE, SAND, SKY

FORECAST_TYPES = {"period": "str", "p10": "float64", "p50": "float64", "p90": "float64"}
WEEKS = 4
N_QUARTERS = 8
LOOKS = {
    "created": ("Created", SKY),
    "pulled_in": ("Pulled in", SKY),
    "raised": ("Raised", SKY),
    "cut": ("Cut", SAND),
    "slipped": ("Slipped out", SAND),
    "won": ("Won", GREEN),
    "lost": ("Lost", ORANGE),
}


@dataclass(frozen=True)
class Past:
    """What a history says of the time before a forecast.

    Parameters
    ----------
    since : datetime.date
        The day at whose end the flow begins.
    flow : DataFrame, optional
        Of `deal_flow`, for the first quarter of the forecast; None where close dates are not planned, so
        that no deal is known to be due.
    coverage : DataFrame
        Of `coverage_history`: past quarters, what was due at their start and what they booked.
    forecasts : DataFrame
        period, p10, p50, p90: what was forecast of past quarters at their start; empty without a backtest.
    created : DataFrame
        Of ``created``: pipeline that past quarters created.
    attainment : DataFrame
        Of ``attainment``: quota and bookings of each rep in the last four quarters.
    pacing : Pacing, optional
        How far the first quarter is, next to past quarters on the same day.
    track : DataFrame
        Of ``forecast_track``; empty where no backtest was asked for it.
    """

    since: dt.date
    flow: pd.DataFrame | None
    coverage: pd.DataFrame
    forecasts: pd.DataFrame
    created: pd.DataFrame
    attainment: pd.DataFrame
    pacing: Pacing | None
    track: pd.DataFrame

    def quarters(self) -> pd.DataFrame:
        """Return period, booked, basis, coverage, forecast and what was booked by today's day."""
        rows = self.coverage[self.coverage["segment"] == "all"].rename(columns={"quarter": "period"})
        rows = rows[["period", "booked", "basis", "coverage"]].merge(self.forecasts, on="period", how="left")
        if self.pacing is None:
            return rows
        return rows.merge(self.pacing.quarters[["period", "booked_by_now"]], on="period", how="left")


def look_back(
    prepared: Prepared, period: str, paths: Paths | None = None, since: dt.date | None = None
) -> Past | None:
    """Return what led up to a forecast that begins with a quarter; None without deals on record.

    Parameters
    ----------
    prepared : Prepared
    period : str
        The first quarter of the forecast.
    paths : Paths, optional
        The simulations, which the pace of the quarter is held against.
    since : datetime.date, optional
        The day at whose end the flow of deals begins, such as that of the last run; four weeks ago without.
    """
    history, scenario = prepared.history, prepared.scenario
    if history is None or history.opportunities.empty:
        return None
    states = deal_states(history)
    if not len(states.deal):
        return None
    calendar, deals = scenario.fiscal_calendar(), qualified_deals(history, states)
    window = rate_window(calendar, history.as_of, float(deals["qualified"].min()), N_QUARTERS)
    since = since or history.as_of - dt.timedelta(weeks=WEEKS)
    record = read_record(scenario.history, calendar, history.as_of) if scenario.history is not None else None
    said, track = (record.quarters, record.track) if record is not None else ((), ())
    return Past(
        since,
        deal_flow(history, states, calendar, int(calendar.parse_quarter(period)), since)
        if plans_known(states)
        else None,
        coverage_history(history, states, deals, window),
        pd.DataFrame(said, columns=["period", "p10", "p50", "p90"]).astype(FORECAST_TYPES),
        created(deals, window),
        attainment(history, window),
        measure_pacing(history, paths, window.quarters) if paths is not None else None,
        pd.DataFrame(track, columns=list(TRACK_COLUMNS)),
    )


def past_tables(past: Past) -> dict[str, pd.DataFrame]:
    """Return the tables of what led up to a forecast by name."""
    known = {
        "past_quarters": past.quarters(),
        "deal_flow": past.flow,
        "attainment": past.attainment if len(past.attainment) else None,
        "pacing": past.pacing.days if past.pacing is not None else None,
        "forecast_track": past.track if len(past.track) else None,
    }
    return {name: table for name, table in known.items() if table is not None}


def past_specs(past: Past, frame: Frame) -> list[ChartSpec]:
    """Return the charts of what led up to a forecast."""
    found = [
        pace_spec(past.pacing, frame),
        track_spec(past.track, frame.as_of, frame.currency),
        None if past.flow is None else _flow_spec(past.since, past.flow, frame),
        attainment_spec(past.attainment, frame),
    ]
    return [spec for spec in found if spec is not None]


def _flow_spec(since: dt.date, flow: pd.DataFrame, frame: Frame) -> ChartSpec | None:
    """Return the flow of due deals as a waterfall whose figures add up as shown."""
    amounts = flow.set_index("step")["amount"]
    if not amounts[["opening", "closing"]].any():
        return None
    steps = [step for step in STEPS[1:-1] if amounts[step]]
    scale = money_scale([amounts["opening"], amounts["closing"]], frame.currency)
    start, end = (round(float(amounts[step]) / scale.step) * scale.step for step in ("opening", "closing"))
    rounded = scale.round_parts([float(amounts[step]) for step in steps], end - start)
    parts = {step: part for step, part in zip(steps, rounded, strict=True) if part}
    counts = flow.set_index("step")["n"]
    changed = f"went from {scale.format(start)} to {scale.format(end)}"
    if not parts:
        changed = f"is {scale.format(end)}: nothing was added, won, lost or moved"
    return ChartSpec(
        name="deal_flow",
        shape="bridge",
        title=f"Since {since}, pipeline due by {frame.periods[0]} {changed}",
        subtitle="Open amount of the deals planned to close by the end of the quarter, and what changed it",
        footer=frame.foot(frame.open_deals, simulated=False),
        unit=unit_of(scale),
        categories=(
            "Due then",
            *(f"{LOOKS[step][0]} ({counts[step]})" for step in parts),
            "Due now",
        ),
        series=(Series("amount", "Open amount", NAVY, (start, *parts.values(), end)),),
        colours=(NAVY, *(LOOKS[step][1] for step in parts), NAVY),
        floor=0.0,
    )


def with_past(spec: ChartSpec, past: Past) -> ChartSpec:
    """Return a chart of the forecast with past quarters in front, where it has any."""
    if spec.name == "bookings_fan":
        rows = round_figures(past.quarters()).rename(columns={"booked": "actual"})
        also = ", with what was forecast at their start" if np.isfinite(rows["p50"]).any() else ""
        return in_front(spec, rows, f"Before it: what the last {len(rows)} quarters booked{also}", "Booked")
    if spec.name == "pipeline_created":
        rows = past.created[(past.created["segment"] == "all") & ~past.created["partial"]]
        rows = round_figures(rows).rename(columns={"quarter": "period", "amount": "actual"})
        return in_front(spec, rows, f"Before it: what the last {len(rows)} quarters created", "Created")
    if spec.name == "coverage" and spec.levels and spec.series[-1].key == "best_case":
        rows = past.coverage[past.coverage["segment"] == "all"].rename(columns={"quarter": "period"})
        booked = rows["booked"].where(rows["booked"] > 0)
        due = rows[["commit", "best_case"]].div(booked, axis=0)
        due = due.assign(period=rows["period"], actual=due.sum(axis=1))
        return in_front(spec, due, "Past quarters: due at their start / booked")
    return spec


def in_front(spec: ChartSpec, rows: pd.DataFrame, said: str, result: str = "") -> ChartSpec:
    """Return a chart of the forecast with past quarters in front.

    Parameters
    ----------
    spec : ChartSpec
        Its categories are quarters.
    rows : DataFrame
        One row a past quarter, oldest first: period, ``actual`` (what happened; of a stack the whole) and a
        column for each series that has past figures.
    said : str
        What they are, for the line below the title.
    result : str
        What ``actual`` is called in a legend.
    """
    n = len(rows)
    if not n or not (rows["actual"] > 0).any():
        return spec
    gap = (float("nan"),) * n

    def longer(one: Series) -> Series:
        known = figures(rows[one.key]) if one.key in rows else gap
        low, high = ((*gap, *ends) if ends else () for ends in (one.low, one.high))
        return replace(one, values=(*known, *one.values), low=low, high=high)  # noqa: PD011 - of a chart

    series, ahead = tuple(map(longer, spec.series)), len(spec.categories)
    if spec.shape == "range":
        actual = (*figures(rows["actual"]), *(float("nan"),) * ahead)
        series = (*series, Series("actual", result, MUTED, actual))
    return replace(
        spec,
        subtitle=f"{spec.subtitle}. {said}",
        categories=(*map(str, rows["period"]), *spec.categories),
        series=series,
        levels=tuple(map(longer, spec.levels)),
        totals=(*figures(rows["actual"]), *spec.totals) if spec.totals else (),
        below=(*("",) * n, *spec.below) if spec.below else (),
        under_way=False,
        n_past=n,
    )
