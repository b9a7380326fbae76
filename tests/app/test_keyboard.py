"""By keyboard alone, and as a screen reader has it: everything can be reached and has a name."""

from itertools import pairwise

import pytest
from selenium.webdriver.common.keys import Keys

from tests.app.conftest import label_of
from tests.report.test_page_in_browser import OPEN_ALL, SERIOUS, WIDER, axe  # noqa: F401

pytestmark = pytest.mark.browser
SECTIONS = ("Forecast", "What if", "Questions", "Import")
CONTROLS = {"button", "slider", "textbox", "combobox", "checkbox", "spinbutton", "searchbox", "link"}


def nodes(browser):
    """Return role and name of all that Chromium tells a screen reader of."""
    tree = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    return [
        (node["role"]["value"], node.get("name", {}).get("value", "").strip(), node)
        for node in tree
        if not node.get("ignored") and "role" in node
    ]


def test_a_scenario_is_changed_and_saved_by_keyboard_alone(hands, browser, workspace):
    hands.tab_to("What if").send_keys(Keys.ENTER)
    hands.tab_to(label_of("slippage")).send_keys(*[Keys.ARROW_LEFT] * 2)
    hands.wait(lambda: "Slippage −10 %" in hands.text(".stays"), "the lever is an answer")
    hands.tab_to("Account executives by segment").send_keys(Keys.ENTER)
    hands.tab_to("Account executives hired, smb, 2026-12").send_keys("1")
    hands.tab_to("Account executives hired, smb, 2027-01")
    hands.wait(lambda: "1 from 2026-12" in hands.text(".stays"), "the hire is an answer")
    name = hands.tab_to("Save changes as", most=600)
    name.send_keys(Keys.CONTROL, "a")
    name.send_keys("by_keyboard")
    hands.tab_to("Save").send_keys(Keys.ENTER)
    hands.wait((workspace / "by_keyboard.yaml").exists, "it is saved")
    text = (workspace / "by_keyboard.yaml").read_text()
    assert "factor: 0.9" in text and "count: 1" in text


@pytest.mark.parametrize("section", SECTIONS)
def test_every_control_has_a_role_and_a_name(hands, browser, section):
    hands.press(section)
    hands.open_details("")
    found = nodes(browser)
    controls = [(role, name) for role, name, _ in found if role in CONTROLS]
    assert len(controls) >= len(SECTIONS) + 3
    assert [control for control in controls if not control[1]] == []
    regions = {name for role, name, _ in found if role == "region"}
    assert section in regions
    assert not {other for other in SECTIONS if other != section} & regions
    headings = [
        next(item["value"]["value"] for item in node["properties"] if item["name"] == "level")
        for role, _, node in found
        if role == "heading"
    ]
    assert headings[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))
    assert {"main", "navigation", "status", "alert"} <= {role for role, *_ in found}


def test_a_control_without_a_name_is_found(hands, browser):
    browser.execute_script("document.querySelector('main').append(document.createElement('input'))")
    assert ("textbox", "") in [(role, name) for role, name, _ in nodes(browser)]


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_serious(hands, browser, axe, width):  # noqa: F811
    metrics = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        browser.execute_script(axe)
        for section in SECTIONS:
            hands.press(section)
            hands.wait(lambda name=section: hands.has(f"[aria-label='{name}']:not(.hidden)"), "it is shown")
            browser.execute_script(OPEN_ALL)
            assert browser.execute_async_script(SERIOUS) == [], section
            assert browser.execute_script(WIDER) <= 0, section
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
