"""An export is dropped, a stage corrected, and the scenario that comes of it is forecast."""

import json

import pandas as pd
import pytest

from simulator.app.importing import first_fit
from simulator.scenario.load import load_scenario
from tests.app.conftest import ROOT

pytestmark = pytest.mark.browser
FORECAST = "section[aria-label=Forecast]"
EXPORT = sorted((ROOT / "scenarios" / "sample" / "salesforce").glob("*.csv"))


def test_an_export_is_dropped_corrected_and_used(hands, browser, workspace):
    hands.press("Import")
    browser.find_element("css selector", "input[type=file]").send_keys("\n".join(map(str, EXPORT)))
    names = [file.name for file in EXPORT]
    hands.wait(lambda: hands.text("main").count("100.00%") > len(names), "the files are kept")
    hands.choose("The fiscal year begins in", "2")
    hands.press("See what is understood")
    hands.wait(lambda: "Understood as salesforce" in hands.text("main"), "it is understood")
    quarters = hands.table("By fiscal quarter")
    n_won = (pd.read_csv(EXPORT[0])["Stage"] == "Closed Won").sum()
    assert sum(float(row[1]) for row in quarters) == n_won > 0
    hands.choose("Currency", "EUR")
    hands.wait((workspace / "imports" / "corrections.yaml").exists, "the currency is corrected")
    hands.wait(lambda: "Amounts are in EUR" in hands.text("main"), "it is understood again")
    hands.choose("Building the case", "best_case")
    hands.wait(lambda: "decided by the map" in hands.text("main"), "the stage is corrected")
    hands.type("Call the scenario", "ours")
    hands.press("Use it")
    hands.wait((workspace / "ours.yaml").exists, "the scenario is written")
    assert load_scenario(workspace / "ours.yaml").currency == "EUR"
    about = json.loads((workspace / "ours-history" / "history.json").read_text())
    assert about["currency"] == "EUR"
    stages = pd.read_csv(workspace / "ours-history" / "stages.csv").set_index("stage")
    assert stages.loc["Building the case", "category"] == "best_case"
    assert "best_case" in (workspace / "ours.map.yaml").read_text()
    hands.wait(lambda: not (workspace / "imports").exists(), "what was dropped is let go")
    hands.press("Forecast")
    hands.wait(lambda: hands.value("Scenario") == "ours.yaml", "it is open")
    # The scenario that was open before is in dollars: euros are the new one's answer, quick and in full.
    hands.wait(lambda: "€" in hands.text(FORECAST), "it is forecast")
    hands.wait(lambda: "$" not in hands.text(FORECAST), "it is forecast in full")


def test_the_kind_is_found(tmp_path):
    assert first_fit(EXPORT, None)[0] == "salesforce"
