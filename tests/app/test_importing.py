"""An export is dropped, a stage corrected, and the scenario that comes of it is forecast."""

import json

import pandas as pd
import pytest

from simulator.app.importing import first_fit
from simulator.scenario.load import load_scenario
from tests.app.conftest import HOSTILE, ROOT

pytestmark = pytest.mark.browser
FORECAST = "section[aria-label=Forecast]"
EXPORT = sorted((ROOT / "scenarios" / "sample" / "salesforce").glob("*.csv"))


def drop(hands, *files):
    """Drop files on the page; they are read at once."""
    hands.drop(*files)
    hands.wait(lambda: "Understood as" in hands.text("main"), "the files are understood")


def test_an_export_is_dropped_corrected_and_used(hands, workspace):
    hands.press("Import")
    drop(hands, *EXPORT)
    assert "Understood as Salesforce" in hands.text("main")
    assert all(path.name in hands.text("section[aria-label=Import]") for path in EXPORT)
    assert hands.table("By fiscal quarter")[-1][0] == "FY27Q3"
    hands.choose("The fiscal year begins in", "2")
    hands.wait(lambda: hands.table("By fiscal quarter")[-1][0] == "FY28Q3", "the quarters are others")
    n_won = (pd.read_csv(EXPORT[0])["Stage"] == "Closed Won").sum()
    assert sum(float(row[1]) for row in hands.table("By fiscal quarter")) == n_won > 0
    hands.choose("Currency", "EUR")
    hands.wait((workspace / "imports" / "corrections.yaml").exists, "the currency is corrected")
    hands.wait(lambda: "Amounts are in EUR" in hands.text("main"), "it is understood again")
    hands.choose("Building the case", "best_case")
    hands.wait(lambda: "your choice" in hands.text("main"), "the stage is corrected")
    hands.type("Call the scenario", "base")
    hands.press("Make the forecast")
    hands.wait(lambda: "base.yaml: is there already" in hands.text("[role=alert].problem"), "it is refused")
    hands.type("Call the scenario", "ours")
    hands.press("Make the forecast")
    hands.wait((workspace / "ours.yaml").exists, "the scenario is written")
    assert load_scenario(workspace / "ours.yaml").currency == "EUR"
    about = json.loads((workspace / "ours-history" / "history.json").read_text())
    assert about["currency"] == "EUR"
    stages = pd.read_csv(workspace / "ours-history" / "stages.csv").set_index("stage")
    assert stages.loc["Building the case", "category"] == "best_case"
    assert "best_case" in (workspace / "ours.map.yaml").read_text()
    hands.wait(lambda: not (workspace / "imports").exists(), "what was dropped is let go")
    hands.wait(lambda: "€" in hands.text(FORECAST), "its forecast is shown, without another press")
    assert hands.value("Scenario") == "ours.yaml"
    # Figures of the scenario that was open before are gone, not only overwritten one by one.
    assert "$" not in hands.text(FORECAST)

    hands.wait(lambda: "full answer" in hands.text(".state"), "the deals are known")
    hands.choose("Type of deals", "")
    hands.choose("Add up by", "type")
    hands.wait(lambda: hands.table("Open deals by type"), "they are added up")
    rows = {row[0]: [float(cell) for cell in row[1:]] for row in hands.table("Open deals by type")}
    deals = pd.read_csv(workspace / "ours-history" / "opportunities.csv")
    still_open = deals[deals["outcome"].isna() & (deals["type"] != "new")].groupby("type")["amount"]
    for kind, amounts in still_open:
        n, amount, weight, weight_in_all = rows[kind]
        assert (n, amount) == (len(amounts), pytest.approx(amounts.sum(), abs=0.01))
        assert 0 < weight < weight_in_all < amount
    assert set(rows) == {"new", "expansion", "renewal"}
    kinds = [row[1] for row in hands.table("Bookings by quarter, kind and segment")]
    assert set(kinds) == {"new", "expansion", "renewal", "all"}

    hands.press("Questions")
    hands.press("What is one more CSM worth?")
    hands.wait(lambda: "The history has no customers" in hands.text("main"), "it cannot be said")
    hands.press("Where do the next five reps go?")
    hands.wait(lambda: hands.has("section[aria-label=Questions] .offer button"), "what is missing is offered")
    hands.press("What if")
    hands.wait(lambda: "50 account executives own deals in the history" in hands.text("main"), "offered")
    hands.press("Simulate account executives")
    hands.wait(lambda: hands.has("table.grid"), "reps can be hired")
    assert load_scenario(workspace / "ours.yaml").reps.stated
    hands.open_details("Account executives")
    hands.type("Account executives hired, SMB, 2026-12", "2")
    hands.wait(
        lambda: "account executives hired in SMB: none → 2 from 2026-12" in hands.text(".stays"), "hired"
    )


def test_names_in_an_export_are_shown_and_do_nothing(hands, tmp_path):
    table = pd.read_csv(EXPORT[0], dtype=str)
    table["Stage"] = table["Stage"].replace("Building the case", HOSTILE)
    table = table.rename(columns={"Lead Source": f"Lead Source {HOSTILE}"})
    (tmp_path / "<img src=x onerror=alert(1)>.csv").write_text(table.to_csv(index=False))
    hands.press("Import")
    drop(hands, tmp_path / "<img src=x onerror=alert(1)>.csv")
    assert HOSTILE in hands.text("main")
    hands.open_details("Columns")
    hands.type("Call the scenario", HOSTILE)
    hands.press("Make the forecast")
    hands.wait(lambda: "cannot name a folder" in hands.text("[role=alert].problem"), "the name is refused")
    assert hands.browser.execute_script("return window.hacked === undefined")
    assert not hands.has("img[src=x]")


def test_a_file_that_is_no_export_is_refused_in_words(hands, tmp_path):
    (tmp_path / "song.csv").write_text("verse,chorus\n1,2\n")
    hands.press("Import")
    hands.drop(tmp_path / "song.csv")
    hands.wait(lambda: "song.csv" in hands.text("[aria-label=Import] [role=alert]"), "it is refused")
    assert str(tmp_path) not in hands.text("main")


def test_the_kind_is_found(tmp_path):
    assert first_fit(EXPORT, None)[0] == "salesforce"
