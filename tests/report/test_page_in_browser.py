"""The page in a real Chromium, from disk: sorting by keyboard, nothing fetched, nothing run by a name."""

import pytest

pytestmark = pytest.mark.browser


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
    wider = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.execute_script(wider) <= 0


def test_hostile_names_do_nothing(browser, hostile_folder):
    browser.get((hostile_folder / "report.html").as_uri())
    assert browser.execute_script("return document.scripts.length") == 1
    assert browser.execute_script("return document.querySelectorAll('img[src=x]').length") == 0
    wider = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.execute_script(wider) <= 0
    assert browser.get_log("browser") == []
