"""Results folders of small runs, ordinary and hostile, for the tests of reports."""

import dataclasses
import datetime as dt
import json

import numpy as np
import pandas as pd

from simulator.analysis.forecast.outlook import look_ahead
from simulator.report.answer import write_parts
from simulator.report.charts.picture import draw_picture
from simulator.report.customers.specs import retention_spec, snowball_spec
from simulator.report.forecast.results import chart_jobs, forecast_tables
from simulator.report.forecast.specs import Frame
from simulator.report.forecast.summary import summarise
from simulator.report.output.manifest import write_manifest
from simulator.report.output.tables import write_paths
from tests.made_paths import SAMPLE_TARGETS, sample_paths

FORMULA = '=HYPERLINK("http://evil","x")'
MARKUP = "<script>alert(1)</script>&amp;"
HOSTILE_NAMES = (FORMULA, MARKUP, "שלום\u202e" + "x" * 300 + "\x07")
HOSTILE_SCENARIO = '"><img src=x onerror=alert(1)>\x00\x1b ' + "long " * 200


def write_figures(paths, outlook, summary, folder):
    """Write what the forecast alone of a run writes."""
    write_parts(forecast_tables(paths, outlook), summary, folder)
    write_paths(paths, folder / "paths.parquet")


def write_run(folder, *, segments=None, scenario="base", charts=True, arr=None):
    """Write what ``simulator run`` writes; return the folder."""
    paths = sample_paths(200)
    n_periods = len(paths.periods)
    names = ("D-1", "=D-2", "-D-3")
    wins = np.tile(np.array([[20], [50], [90]]), (1, n_periods)) // np.arange(2, 2 + n_periods)
    changes = {"segments": segments} if segments else {}
    paths = dataclasses.replace(paths, scenario=scenario, open_deals=names, open_wins=wins, **changes)
    outlook = look_ahead(
        paths,
        without_shock=dataclasses.replace(sample_paths(200, shock=0.0), **changes),
        targets=targets(paths),
    )
    assumptions = [
        {"name": "rates", "value": "history", "source": "calibrated"},
        {"name": f"segments.{paths.segments[0]}", "value": FORMULA, "source": "scenario"},
    ]
    summary = summarise(outlook, notes=["A note <b>of weight</b>."], assumptions=assumptions)
    folder.mkdir(parents=True)
    write_figures(paths, outlook, summary, folder)
    if arr is not None:
        arr.to_csv(folder / "tables" / "arr.csv", index=False)
    deals = pd.DataFrame(
        {
            "opportunity_id": ["D-1", "'=D-2", "'-D-3"],
            "segment": ["smb"] * 3,
            "owner": ["Ann", "'@SUM(A1)", ""],
            "category": ["commit"] * 3,
            "amount": [1000.0, 2500.5, np.nan],
            "close_month": ["2027-01", "", "2027-02"],
            "pushes": [0, 1, 2],
        }
    )
    deals.to_csv(folder / "tables" / "deals.csv", index=False)
    if charts:
        (folder / "charts").mkdir()
        for draw in chart_jobs(paths, outlook, folder / "charts"):
            draw()
    if charts and arr is not None:
        frame = Frame("USD", paths.periods, dt.date(2026, 11, 30), "200 simulations of scenario “base”")
        draw_picture(snowball_spec(arr, frame, "ARR grows over the horizon"), folder / "charts")
        draw_picture(retention_spec(arr, frame, "NRR stays where it is"), folder / "charts")
    write_manifest(folder, folder=folder, command="simulator run base.yaml", seed=7)
    return folder


def targets(paths):
    """Return the sample's targets; for smb only where there is such a segment."""
    if "smb" in paths.segments:
        return SAMPLE_TARGETS
    return {period: {"all": goals["all"]} for period, goals in SAMPLE_TARGETS.items()}


def arr_table():
    """Return an ARR table of one segment that foots."""
    rows, opening = [], 100e6
    for period in ("FY27Q4", "FY28Q1", "FY28Q2", "FY28Q3", "FY28Q4"):
        moves = {"new": 5e6, "expansion": 3e6, "contraction": 1e6, "churn": 2e6, "reactivation": 0.5e6}
        closing = opening + 5e6 + 3e6 - 1e6 - 2e6 + 0.5e6
        values = {"opening": opening, **moves, "closing": closing, "nrr": 1.02, "grr": 0.91}
        for segment in ("smb", "all"):
            rows += [(period, segment, name, x, x * 0.9, x, x * 1.1) for name, x in values.items()]
        opening = closing
    return pd.DataFrame(rows, columns=["period", "segment", "measure", "mean", "p10", "p50", "p90"])


def summary_of(folder):
    """Return summary.json."""
    return json.loads((folder / "summary.json").read_text())


def write_companions(folder, **changes):
    """Write what ``simulator hire``, ``headcount`` and ``backtest`` leave beside a run."""
    run = summary_of(folder)
    common = {key: run[key] for key in ("scenario", "as_of", "currency")} | changes
    hiring = pd.DataFrame(
        {
            "reps": [2, 3, 0],
            "smb": [2, 2, 0],
            "enterprise": [0, 1, 0],
            "gain_bookings": [900e3, 1100e3, 0.0],
            "gain_contribution": [310e3, 305e3, 0.0],
            "gain_contribution_p10": [-50e3, -80e3, 0.0],
            "gain_contribution_p90": [600e3, 700e3, 0.0],
            "error": [9e3, 10e3, 0.0],
            "p_best": [0.6, 0.35, 0.05],
            "tied": [1, 1, 0],
            "answer": [1, 0, 0],
        }
    )
    heads = [
        (role, segment, n, 90e3 * n, 10e3 * n, 20e3 * n, 0.01 * n, 120e3 * n, worth * n, worth * n - 9e3,
         worth * n + 9e3, worth, 0.7)
        for role, worth in (("csm", 50e3), ("ae", -20e3))
        for segment in ("smb", "enterprise")
        for n in (1, 2, 3)
    ]  # fmt: skip
    columns = (
        "role segment heads_added gain_arr gain_bookings_new gain_bookings_expansion gain_nrr cost npv "
        "npv_p10 npv_p90 marginal_npv p_roi_above_0"
    )
    scores = pd.DataFrame(
        {
            "week": [0, 0],
            "ahead": [0, 0],
            "segment": ["all", "all"],
            "method": ["simulation", "category_rates"],
            "n": [8, 8],
            "crps": [210e3, 320e3],
            "absolute_error": [300e3, 320e3],
            "bias": [0.02, -0.1],
            "inside": [0.75, np.nan],
        }
    )
    tables = {
        "base-hire": (
            "hiring",
            hiring,
            {"answers": {"a": "Two more reps go to smb", "b": "They pay back soon"}},
        ),
        "base-headcount": (
            "headcount",
            pd.DataFrame(heads, columns=columns.split()),
            {"answers": {"a": "The next head worth most is a CSM in smb: $50k of NPV"}},
        ),
        "backtest-history": (
            "backtest",
            scores,
            {"findings": ["Six of eight results fell inside the range"]},
        ),
    }
    for name, (table, rows, said) in tables.items():
        beside = folder.with_name(name)
        (beside / "tables").mkdir(parents=True)
        rows.to_csv(beside / "tables" / f"{table}.csv", index=False)
        (beside / "summary.json").write_text(json.dumps(common | said))
        write_manifest(beside, folder=beside, command=f"simulator {name}", seed=7)
