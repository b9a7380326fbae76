import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from simulator.analysis.forecast.forecast import forecast_bookings
from simulator.analysis.forecast.outlook import look_ahead
from simulator.report.forecast.results import forecast_tables
from simulator.report.forecast.summary import summarise
from simulator.report.output.tables import (
    open_deals_table,
    write_paths,
    write_table,
)
from simulator.spreadsheet import as_typed, escape_formula
from tests.made_paths import SAMPLE_TARGETS, make_paths, sample_paths
from tests.report.finished_runs import write_figures

SEGMENTS = sample_paths(1).segments
COLUMNS = {
    "bookings": "period,segment,kind,mean,p10,p50,p90,target,p_hit,partial,booked",
    "bookings_monthly": "month,segment,kind,mean,p10,p50,p90,partial",
    "coverage": "period,segment,basis,coverage,needed_p50,needed_p80,needed_p90,rule_of_thumb,amount,target,"
    "note,past_due,short_p80",
    "exceedance": "period,segment,probability,amount",
    "p50_composition": "period,segment,part,amount,share",
    "pipeline_created": "period,segment,mean,p10,p50,p90,n_mean",
    "slipped": "period,segment,mean,p10,p50,p90,n_mean",
    "spread": "period,source,variance_share,sd,width",
    "waterfall": "period,segment,opening,created,won,lost_competition,lost_no_decision,closing,slipped,"
    "closing_p10,closing_p50,closing_p90",
    "open_deals": "opportunity_id,period,p_win",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    paths = sample_paths(300)
    outlook = look_ahead(paths, without_shock=sample_paths(300, shock=0.0), targets=SAMPLE_TARGETS)
    draft = tmp_path_factory.mktemp("results")
    write_figures(paths, outlook, summarise(outlook), draft)
    return draft


@pytest.mark.parametrize(("name", "columns"), COLUMNS.items())
def test_columns_are_fixed(folder, name, columns):
    assert (folder / "tables" / f"{name}.csv").read_text().splitlines()[0] == columns


def test_no_table_is_missing_from_the_list(folder):
    assert {path.stem for path in (folder / "tables").iterdir()} == set(COLUMNS)


@pytest.mark.parametrize("words", [("new", "expansion", "renewal"), ("FY28Q1", "total", "year")])
def test_segments_named_like_words_of_ours_have_the_figures_of_any_other(words):
    def tables(names):
        called = dict(zip(SEGMENTS, names, strict=True))
        targets = {
            period: {called.get(name, name): amount for name, amount in own.items()}
            for period, own in SAMPLE_TARGETS.items()
        }
        calm, paths = (replace(sample_paths(200, shock=sd), segments=names) for sd in (0.0, 0.15))
        return forecast_tables(paths, look_ahead(paths, without_shock=calm, targets=targets))

    plain, ours = tables(SEGMENTS), tables(words)
    assert plain.keys() == ours.keys()
    for name, table in plain.items():
        if "segment" in table:
            table["segment"] = table["segment"].replace(dict(zip(SEGMENTS, words, strict=True)))
        pd.testing.assert_frame_equal(table, ours[name], check_dtype=False)
        assert "segment" not in table or {*words, "all"} >= set(table["segment"]), name


@pytest.mark.parametrize("cell", ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_text_that_looks_like_a_formula_is_disarmed(tmp_path, cell):
    write_table(pd.DataFrame({"segment": [cell], "amount": [-5.0]}), tmp_path / "t.csv")
    back = pd.read_csv(tmp_path / "t.csv")
    assert back["segment"][0].startswith("'")
    assert back["amount"][0] == -5.0
    assert back["amount"].dtype == np.float64


def test_ordinary_text_and_numbers_are_left_alone():
    assert escape_formula("smb") == "smb"
    for sign in "＝＋－＠":  # noqa: RUF001
        assert escape_formula(f"{sign}1+1") == f"'{sign}1+1"
        assert as_typed(f"'{sign}1+1") == f"{sign}1+1"
    assert escape_formula("\t=1+1") == "'=1+1"
    assert as_typed("'quoted") == "'quoted"
    assert escape_formula(-3.5) == -3.5


def test_figures_have_fixed_decimals_and_no_negative_zero(tmp_path):
    table = pd.DataFrame({"mean": [1 / 3, -0.0001, np.nan], "p_hit": [1 / 3, 0.0, np.nan]})
    write_table(table, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "mean,p_hit\n0.33,0.333333\n0.0,0.0\n,\n"


def test_paths_hold_what_the_tables_say(tmp_path):
    paths = sample_paths(200)
    write_paths(paths, tmp_path / "paths.parquet")
    table = pd.read_parquet(tmp_path / "paths.parquet")
    assert list(table.columns) == ["path", "period", "segment", "bookings_new", "slipped_amount"]
    order = table[["path", "period", "segment"]]
    assert order.equals(order.sort_values(["path", "period", "segment"], ignore_index=True))
    assert len(table) == 200 * 5 * 3
    joint = table.pivot_table(index="period", columns="path", values="bookings_new", aggfunc="sum")
    bookings = (
        forecast_bookings(paths).bookings.query("segment == 'all' and kind == 'all'").set_index("period")
    )
    for quantile, column in ((0.1, "p10"), (0.5, "p50"), (0.9, "p90")):
        np.testing.assert_allclose(joint.quantile(quantile, axis=1), bookings[column].loc[joint.index])


def test_paths_of_a_one_segment_company(tmp_path):
    write_paths(make_paths({"won_commit": 2.0, "slipped": 1.0}, n_paths=2), tmp_path / "p.parquet")
    table = pd.read_parquet(tmp_path / "p.parquet")
    assert table["bookings_new"].tolist() == [2.0, 2.0]
    assert table["slipped_amount"].tolist() == [1.0, 1.0]


def test_chances_of_open_deals_count_every_future(tmp_path):
    wins = np.array([[30, 10], [0, 40]])
    more = {"n_periods": 2, "open_deals": ("=A-1", "B"), "open_wins": wins, "n_averaged": 10}
    write_table(open_deals_table(make_paths(n_paths=4, **more)), tmp_path / "open_deals.csv")
    table = pd.read_csv(tmp_path / "open_deals.csv")
    assert table["opportunity_id"].tolist() == ["'=A-1", "'=A-1", "B", "B"]
    assert table["p_win"].tolist() == [0.75, 0.25, 0.0, 1.0]


def test_the_same_run_writes_the_same_bytes(folder, tmp_path):
    paths = sample_paths(300)
    outlook = look_ahead(paths, without_shock=sample_paths(300, shock=0.0), targets=SAMPLE_TARGETS)
    write_figures(paths, outlook, summarise(outlook), tmp_path)
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        assert file.read_bytes() == (tmp_path / file.relative_to(folder)).read_bytes(), file.name


def test_csv_reads_back_as_numbers(folder):
    text = (folder / "tables" / "bookings.csv").read_text()
    back = pd.read_csv(io.StringIO(text))
    assert back[["mean", "p10", "p50", "p90", "target", "p_hit", "booked"]].dtypes.eq(np.float64).all()
    assert back["partial"].dtype == bool
