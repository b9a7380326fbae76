"""The page in a real Chromium, from disk: sorting by keyboard, nothing fetched, nothing run by a name."""

import base64
import os
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
AXE = Path(__file__).parents[2] / "build" / "node_modules" / "axe-core" / "axe.min.js"
"""Installed by ``make test``."""
WIDER = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
OPEN_ALL = "document.querySelectorAll('details').forEach(d => { d.open = true; })"
SERIOUS = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ['violations']}).then(found => done(found.violations
  .filter(one => ['serious', 'critical'].includes(one.impact))
  .map(one => one.id + ': ' + one.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' | '))));
"""


@pytest.fixture
def sized(browser):
    """Give a function that sets the width of the screen, and put it back."""

    def resize(width):
        metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    yield resize
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.fixture(scope="module")
def axe():
    """Return the source of axe-core; its tests are skipped where it could not be installed."""
    if not AXE.is_file():
        reason = "axe-core is not installed: make test installs it where npm is there"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return AXE.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, sized, axe, accompanied_folder, width, scheme):
    sized(width)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    browser.get((accompanied_folder / "report.html").as_uri())
    browser.execute_script(OPEN_ALL)
    browser.execute_script(axe)
    assert browser.execute_async_script(SERIOUS) == []
    assert browser.execute_script(WIDER) <= 0
    browser.execute_script(
        "document.querySelector('h1').style.color = '#eeeeee'; "
        "document.querySelector('h1').style.background = '#ffffff'"
    )
    assert any("color-contrast" in one for one in browser.execute_async_script(SERIOUS)), "a fault is found"
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def column(browser, title, at):
    script = (
        "const tables = [...document.querySelectorAll('table')];"
        "const table = tables.find(t => t.caption.textContent.startsWith(arguments[0]));"
        "return [...table.tBodies[0].rows].map(row => row.cells[arguments[1]].textContent);"
    )
    return browser.execute_script(script, title, at)


def test_the_page_is_read_sorted_by_keyboard_and_printed_whole(browser, finished_folder):
    from selenium.webdriver.common.keys import Keys

    browser.get((finished_folder / "report.html").as_uri())
    drawn = "return [...document.querySelectorAll('.chart')].filter(c => c.querySelector('svg')).length"
    assert browser.execute_script(drawn) >= 6
    requests = (
        "return performance.getEntriesByType('resource').filter(r => !r.name.startsWith('data:')).length"
    )
    assert browser.execute_script(requests) == 0
    assert browser.get_log("browser") == []
    title = "New bookings by quarter"
    browser.execute_script("document.getElementById('bookings-section').open = true")
    before = column(browser, title, 2)
    button = browser.find_elements("css selector", "#table-headline thead button")[2]
    button.send_keys(Keys.ENTER)
    rising = column(browser, title, 2)
    assert rising == sorted(before, key=lambda text: float(text.strip("$M")))
    assert browser.find_elements("css selector", "#table-headline th[aria-sort=ascending]")
    button.send_keys(Keys.ENTER)
    assert column(browser, title, 2) == rising[::-1]
    assert len(browser.print_page()) > 10_000
    assert browser.execute_script(WIDER) <= 0


def test_hostile_names_do_nothing(browser, hostile_folder):
    browser.get((hostile_folder / "report.html").as_uri())
    assert browser.execute_script("return document.scripts.length") == 1
    assert browser.execute_script("return document.querySelectorAll('img[src=x]').length") == 0
    assert browser.execute_script(WIDER) <= 0
    assert browser.get_log("browser") == []


def test_it_fits_a_phone_and_twelve_printed_pages(browser, sized, accompanied_folder):
    browser.get((accompanied_folder / "report.html").as_uri())
    shown = (
        "return [...document.querySelectorAll('svg.narrow')].filter(s => s.getClientRects().length).length"
    )
    assert browser.execute_script(shown) == 0
    sized(390)
    browser.execute_script(OPEN_ALL)
    assert browser.execute_script(WIDER) <= 0
    assert browser.execute_script(shown) >= 6
    letters = (
        "return Math.min(...[...document.querySelectorAll('svg.narrow text')]"
        ".filter(t => t.getClientRects().length).map(t => t.getBoundingClientRect().height))"
    )
    assert browser.execute_script(letters) >= 11
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"]
    pages = len(re.findall(rb"/Type\s*/Page\b", base64.b64decode(printed)))
    assert 2 <= pages <= 12


def test_deals_are_sorted_by_weight_searched_and_filtered(browser, finished_folder):
    browser.get((finished_folder / "report.html").as_uri())
    browser.execute_script("document.getElementById('deals-section').open = true")
    rows = (
        "return [...document.querySelectorAll('#table-deals tbody tr')].filter(r => !r.hidden)"
        ".map(r => r.cells[0].textContent)"
    )
    everything = browser.execute_script(rows)
    assert len(everything) == 3
    weights = [float(cell.strip("$k") or 0) for cell in column(browser, "Open deals by their weight", 7)[:2]]
    assert weights == sorted(weights, reverse=True)
    search = browser.find_element("css selector", "form.filters input")
    search.send_keys("D-2")
    assert browser.execute_script(rows) == ["=D-2"]
    search.clear()
    browser.execute_script(
        "const s = document.querySelector('form.filters select[name=Owner]'); s.value = 'Ann';"
        "s.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    assert browser.execute_script(rows) == ["D-1"]
    assert "1 of 1 deals" in browser.find_element("css selector", "form.filters output").text
