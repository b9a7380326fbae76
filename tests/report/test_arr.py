"""Tables, sentences and charts of customers: they foot as printed, and hold in the odd cases too."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulator.analysis.customers.arr import look_at_customers
from simulator.analysis.forecast.forecast import forecast_bookings
from simulator.report.customers.charts import customer_chart_jobs
from simulator.report.customers.tables import customer_summary, customer_tables, write_customer_tables
from simulator.report.customers.words import customer_answers, foot_snowball, say_snowball, snowball_title
from simulator.report.money import format_money
from simulator.report.output.tables import write_paths
from simulator.scenario.load import scenario_from_dict
from tests.small_companies import company, segment, stay
from tests.small_customers import GROWING, book, customer, keep

DEALS = segment(
    sals_per_month=5,
    amount={"fixed": 40_000},
    pipeline=stay(30, won=0.5, lost_no_decision=0.5),
    customers=GROWING,
)
CUSTOMERS = [
    customer(f"c{i}", start_date=f"20{21 + i % 5}-0{1 + i % 9}-11", arr=50_000 + 777 * i) for i in range(30)
]


def outlook_of(paths, rates, customers):
    scenario = company({"one": {"customers": rates}}, customers={"existing": customers})
    return look_at_customers(paths, scenario, None, None)


@pytest.fixture(scope="module")
def grown():
    paths = keep(GROWING, CUSTOMERS, segments={"one": DEALS}, horizon_quarters=4)
    return paths, outlook_of(paths, GROWING, CUSTOMERS)


def amounts(text: str) -> list[float]:
    scale = {"": 1.0, "k": 1e3, "M": 1e6}
    return [
        float(n.replace(",", "")) * scale[u] for n, u in re.findall(r"\$([\d,.]+?)([kM]?)(?=[ :,)]|$)", text)
    ]


def test_the_snowball_adds_up_as_it_is_printed(grown):
    _, customers = grown
    scale, opening, parts, closing = foot_snowball(customers.arr.table, customers.arr.currency)
    shown = [amounts(scale.format(abs(part)))[0] * np.sign(part) if part else 0.0 for part in parts.values()]
    start, end = (amounts(scale.format(x))[0] for x in (opening, closing))
    assert start + sum(shown) == pytest.approx(end, abs=scale.step / 1e3)
    arr = customers.arr
    begin, gained, lost, finish = amounts(say_snowball(arr.table, arr.currency))
    assert begin + gained - lost == pytest.approx(finish, abs=scale.step / 1e3)


def test_the_title_has_the_p50_with_its_range_and_no_mean(grown):
    arr = grown[1].arr
    total = arr.table[(arr.table["segment"] == "all") & (arr.table["measure"] == "closing")].iloc[-1]
    low, middle, high = (format_money(total[p], arr.currency) for p in ("p10", "p50", "p90"))
    assert snowball_title(arr).startswith(
        f"ARR at the end of {arr.periods[-1]}: P50\u00a0{middle}, most likely {low} to {high} (P10 to P90); "
    )


def test_tables_have_the_columns_that_people_rely_on(grown, tmp_path):
    paths, customers = grown
    write_customer_tables(customers, tmp_path)
    arr = pd.read_csv(tmp_path / "arr.csv")
    assert arr.columns.tolist() == ["period", "segment", "measure", "mean", "p10", "p50", "p90"]
    measures = [
        "opening",
        "new",
        "expansion",
        "contraction",
        "churn",
        "reactivation",
        "closing",
        "nrr",
        "grr",
    ]
    assert arr["measure"].tolist()[:9] == measures
    assert arr["segment"].unique().tolist() == ["one", "all"]
    nrr = arr[arr["measure"] == "nrr"]["mean"]
    assert (nrr != nrr.round(2)).any(), "shares keep their decimals"
    assert {path.stem for path in tmp_path.iterdir()} == set(customer_tables(customers))
    write_paths(paths, tmp_path / "paths.parquet")
    rows = pd.read_parquet(tmp_path / "paths.parquet")
    moved = rows["arr_new"] + rows["arr_expansion"] - rows["arr_contraction"] - rows["arr_churn"]
    assert np.allclose(rows["arr_opening"] + moved + rows["arr_reactivation"], rows["arr_closing"], atol=1e-6)
    summed = rows.groupby("period", sort=False)["bookings_renewal"].sum() / paths.n_paths
    table = forecast_bookings(paths).bookings
    kept = table[(table["segment"] == "all") & (table["kind"] == "renewal")]["mean"]
    assert np.allclose(summed, kept)


def test_the_summary_is_plain_json(grown):
    text = json.dumps(customer_summary(grown[1]), allow_nan=False)
    assert "Cohort method" in text
    assert json.loads(text)["arr"][0]["measure"] == "opening"


def test_answers_name_the_method_and_the_range(grown):
    answers = customer_answers(grown[1].arr, grown[1].lifetime)
    assert "P10 to P90" in answers["arr"]
    assert "cohort method" in answers["retention"]
    assert "5 years" in answers["lifetime"]


@pytest.mark.parametrize(
    ("rates", "customers"),
    [
        (GROWING, CUSTOMERS),
        ({"annual_churn": 0}, book(3)),
        ({"annual_churn": 1}, book(2)),
        ({"annual_churn": "10%"}, book(1, arr=3e9, start_date="2026-12-30")),
        (GROWING, []),
    ],
)
def test_charts_are_drawn_in_every_case(rates, customers, tmp_path):
    paths = keep(rates, customers, segments={"one": {"customers": rates}}, horizon_quarters=3)
    outlook = outlook_of(paths, rates, customers)
    for draw in customer_chart_jobs(outlook, forecast_bookings(paths), tmp_path):
        draw()
    drawn = {path.name for path in tmp_path.iterdir()}
    assert {"arr_snowball.png", "arr_snowball.svg", "nrr_grr.svg", "bookings_by_kind.svg"} <= drawn
    texts = [path.read_text() for path in tmp_path.glob("*.svg")]
    assert not any("nan" in re.sub(r"<[^>]*>", "", text).lower().split() for text in texts)
    if customers:
        assert customer_answers(outlook.arr, outlook.lifetime)


def test_the_scenario_in_the_documents_is_read():
    page = (Path(__file__).resolve().parents[2] / "docs" / "customers.md").read_text(encoding="utf-8")
    from ruamel.yaml import YAML

    text = re.search(r"```yaml\n(.*?)```", page, re.S)
    assert text is not None
    values = YAML(typ="safe", pure=True).load(text.group(1))
    scenario = scenario_from_dict({"as_of": "2026-10-31", **values})
    rates = scenario.segments["smb"].customers
    assert rates is not None
    assert rates.annual_churn == 0.15
    assert len(scenario.levers) == 5
