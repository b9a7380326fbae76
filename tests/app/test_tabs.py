"""Tabs, names and widths: no tab disturbs another, names do nothing, nothing is fetched or cut off."""

import pytest

from simulator.scenario.levers import LEVERS
from tests.app.conftest import HOSTILE, Hands, label_of, make_workspace, serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace in which owners, deals, files and scenarios are called what would be code in a page."""
    folder = make_workspace(tmp_path_factory.mktemp("tabs") / "<b>kestrel")
    deals = folder / "sample" / "history" / "opportunities.csv"
    quoted = HOSTILE.replace('"', '""')
    text = deals.read_text().replace(",AE-007,", f',"{quoted}",').replace("OPP-00400,", f'"{quoted}",', 1)
    deals.write_text(text)
    (folder / "<img src=x onerror=alert(1)>.yaml").write_text(
        f"extends: base.yaml\nname: plain\ndescription: '{HOSTILE}'\n"
    )
    return folder


def widest(browser):
    return browser.execute_script(
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


def test_names_are_shown_and_do_nothing(hands, browser):
    hands.type("Search deals", "img")
    hands.wait(lambda: HOSTILE in hands.text("main"), "the owner is found")
    hands.type("Save changes as", HOSTILE)
    hands.press("Save")
    hands.wait(lambda: "cannot name a folder" in hands.text("[role=alert]"), "the name is refused")
    hands.type("or type it", HOSTILE)
    hands.wait(lambda: "is not an amount" in hands.text("main"), "the target is refused")
    for name in ("What if", "Questions", "Import"):
        hands.press(name)
        assert widest(browser) <= 0
    assert browser.execute_script("return window.hacked === undefined")
    assert browser.execute_script("return document.querySelectorAll('img[src=x]').length") == 0
    origin = browser.execute_script("return location.origin")
    fetched = browser.execute_script(
        "return performance.getEntriesByType('resource').map(entry => entry.name)"
    )
    assert len(fetched) > 5
    assert [name for name in fetched if not name.startswith((origin, "data:"))] == []
    assert "token" not in browser.current_url


def test_two_tabs_do_not_disturb_each_other(hands, browser, served):
    first = browser.current_window_handle
    browser.switch_to.new_window("tab")
    browser.get(served)
    other = Hands(browser)
    other.wait_for_answer()
    other.press("What if")
    other.choose(label_of("close_odds"), "20")
    other.wait(lambda: "Win odds +20 %" in other.text(".stays"), "the other tab has its answer")
    browser.switch_to.window(first)
    hands.press("What if")
    hands.wait(lambda: "Nothing is changed yet" in hands.text(".stays"), "this tab has none")
    hands.choose(label_of("close_odds"), "-20")
    hands.wait(lambda: "Win odds −20 %" in hands.text(".stays"), "this tab has its own")
    browser.switch_to.window(browser.window_handles[-1])
    assert "Win odds +20 %" in other.text(".stays")
    browser.close()
    browser.switch_to.window(first)


def test_controls_have_names_and_the_page_fits_a_phone(hands, browser):
    unnamed = (
        "return [...document.querySelectorAll('main input, main select, main button')].filter(control =>"
        " control.type !== 'file' && control.offsetParent && !control.labels?.length"
        " && !control.innerText.trim() && !control.ariaLabel).map(control => control.outerHTML)"
    )
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        for name in ("Forecast", "What if", "Questions", "Import"):
            hands.press(name)
            assert widest(browser) <= 0, name
            assert browser.execute_script(unnamed) == [], name
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert browser.get_log("browser") == []


def test_every_lever_of_the_page_is_a_lever():
    from simulator.app.what_if import LEVER_GROUPS

    assert {name for names in LEVER_GROUPS.values() for name in names} <= LEVERS.keys()


def test_a_folder_that_is_none_is_refused_in_words(tmp_path):
    with pytest.raises(AssertionError, match="is not a folder"), serving(tmp_path / "nowhere"):
        pass
