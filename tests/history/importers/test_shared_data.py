"""Third-party data, each as a company never seen, by the maps next to the tests."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulator.history.importers.importer import Imported, import_files
from simulator.history.load import load_history
from simulator.history.save import save_history
from simulator.history.states import deal_states, open_deals

MAPS = Path(__file__).resolve().parents[2] / "data_maps"
KINDS = {
    "bc_major_projects": "snapshots",
    "nyc_capital_projects": "snapshots",
    "salesforce_seeds": "salesforce",
}
FILES = {
    "maven_crm": ("sales_pipeline_asof_2017-09-30.csv.gz", "sales_teams.csv"),
    "bpic2012": ("events_asof_2012-01-01.csv.gz", "cases_asof_2012-01-01.csv.gz"),
    "bc_major_projects": ("snapshots_asof_2021-06-01.csv.gz",),
    "nyc_capital_projects": ("forecasts_asof_2017-12-31.csv.gz",),
    "salesforce_seeds": ("sf_opportunity_data.csv", "sf_opportunity_history_data.csv"),
    "complyflow": (
        *("opportunities.csv.gz", "leads.csv.gz", "accounts.csv.gz"),
        *("subscriptions.csv", "revenue_events.csv", "sales_reps.csv"),
    ),
    "ravenstack": (
        *("ravenstack_accounts.csv", "ravenstack_subscriptions.csv.gz", "ravenstack_churn_events.csv"),
    ),
}


def imported(data: Path, name: str) -> Imported:
    paths = [data / name / file for file in FILES[name]]
    map_path = MAPS / f"{name}.yaml"
    return import_files(KINDS.get(name, "table"), paths, map_path if map_path.is_file() else None)


def raw(data: Path, name: str, which: int = 0) -> pd.DataFrame:
    return pd.read_csv(data / name / FILES[name][which], low_memory=False)


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_set_imports_and_survives_saving(shared_data: Path, tmp_path: Path, name: str) -> None:
    got = imported(shared_data, name)
    save_history(got.history, tmp_path / name)
    again = load_history(tmp_path / name)
    assert again.as_of == got.history.as_of
    for table, frame in got.history.tables().items():
        pd.testing.assert_frame_equal(again.tables()[table], frame)
    assert got.understanding.tables


def test_maven_deals_are_all_there(shared_data: Path) -> None:
    rows = raw(shared_data, "maven_crm")
    deals = imported(shared_data, "maven_crm").history.opportunities
    assert deals["outcome"].fillna("open").value_counts().to_dict() == {
        "won": int((rows["deal_stage"] == "Won").sum()),
        "open": int((rows["deal_stage"] == "Engaging").sum()),
        "lost_no_decision": int((rows["deal_stage"] == "Lost").sum()),
    }
    assert deals["amount"].sum() == rows.loc[rows["deal_stage"] == "Won", "close_value"].sum()
    assert deals.loc[deals["outcome"] != "won", "amount"].isna().all()
    assert set(deals["segment"]) == {"Central", "East", "West"}
    assert "GTX Pro" in set(deals["product"])
    assert "GTXPro" not in set(deals["product"])
    assert deals["close_date"].isna().all()


def test_loan_applications_become_qualified_deals(shared_data: Path) -> None:
    events = raw(shared_data, "bpic2012")
    got = imported(shared_data, "bpic2012")
    by_case = events.groupby("activity")["case_id"].agg(set)
    history = got.history
    won = set(
        history.opportunities.loc[history.opportunities["outcome"] == "won", "opportunity_id"].astype(int)
    )
    assert won == by_case["A_APPROVED"]
    declined = by_case["A_DECLINED"] - by_case["A_PREACCEPTED"]
    cancelled = by_case["A_CANCELLED"] - by_case["A_PREACCEPTED"] - declined
    dropped = {d.table: d.rows for d in got.understanding.dropped}
    assert dropped["opportunities"] == len(declined | cancelled)
    assert len(history.opportunities) == events["case_id"].nunique() - dropped["opportunities"]
    states = deal_states(history)
    assert set(np.unique(states.category)) == {0, 1, 2}
    still_open = open_deals(history, states)
    qualified = (
        by_case["A_PREACCEPTED"] - by_case["A_APPROVED"] - by_case["A_DECLINED"] - by_case["A_CANCELLED"]
    )
    assert set(still_open["opportunity_id"].astype(int)) == qualified


def test_projects_in_snapshots(shared_data: Path) -> None:
    rows = raw(shared_data, "bc_major_projects")
    history = imported(shared_data, "bc_major_projects").history
    over = rows["project_status"].isin(["Construction started", "Completed"])
    first = rows["snapshot_date"] == rows["snapshot_date"].min()
    old = set(rows.loc[over & first, "project_id"])
    started = set(rows.loc[over, "project_id"]) - old
    deals = history.opportunities.set_index(history.opportunities["opportunity_id"].astype(int))
    assert set(deals.index) == set(rows["project_id"]) - old
    assert set(deals.index[deals["outcome"] == "won"]) <= started
    last = (
        rows.sort_values("snapshot_date").drop_duplicates("project_id", keep="last").set_index("project_id")
    )
    expected = last["estimated_cost_cad_m"].reindex(deals.index) * 1e6
    np.testing.assert_allclose(deals["amount"], expected)


def test_forecast_completions_slip(shared_data: Path) -> None:
    history = imported(shared_data, "nyc_capital_projects").history
    assert len(history.opportunities) == 169
    assert history.opportunities["outcome"].isna().all()
    assert history.as_of.isoformat() == "2017-12-31"
    states = deal_states(history)
    assert states.pushes.max() >= 3
    assert (states.pushes > 0).mean() > 0.3


def test_seeds_of_salesforce_need_no_map(shared_data: Path) -> None:
    got = imported(shared_data, "salesforce_seeds")
    deals = got.history.opportunities
    assert len(deals) == 10
    assert deals["outcome"].fillna("open").value_counts().to_dict() == {
        "won": 5,
        "lost_no_decision": 4,
        "open": 1,
    }
    assert (deals["closed_date"].dropna() <= pd.Timestamp("2018-12-31")).all()
    assert any("GUESSED" in stage.decided_by for stage in got.understanding.stages)


def test_a_company_from_leads_to_revenue(shared_data: Path) -> None:
    got = imported(shared_data, "complyflow")
    history = got.history
    assert history.leads[["leads", "sals"]].sum().tolist() == [6500, 1061]
    revenue = raw(shared_data, "complyflow", 4)
    assert history.arr_changes["arr_delta"].sum() == pytest.approx(12 * revenue["amount"].sum(), abs=1)
    balance = history.arr_changes.groupby("customer_id")["arr_delta"].sum()
    assert (balance > -0.01).all()
    assert len(history.customers) == revenue["account_id"].nunique()
    assert history.reps["quota"].min() == 600_000
    closed = history.opportunities["outcome"].notna()
    assert history.opportunities.loc[closed, "close_date"].isna().all()
    assert history.opportunities.loc[~closed, "close_date"].notna().all()


def test_contradictions_of_a_dirty_set_are_told(shared_data: Path) -> None:
    got = imported(shared_data, "ravenstack")
    assert len(got.history.opportunities) == 0
    assert len(got.history.customers) == 500
    assert any("have a churn event" in note for note in got.history.notes)
    odd = {finding.check: finding.n for finding in got.oddities}
    assert odd["revenue that ends without a churn event"] > 300
    assert odd["churn events without an end of revenue"] > 400
    assert odd["start dates that are not those of the first revenue"] > 400
