"""A workspace of the sample company, its page served, and hands for the browser."""

import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.keys import Keys

from simulator.app.words import lever_title
from simulator.scenario.levers import LEVERS

ROOT = Path(__file__).resolve().parents[2]
PATHS = 400
PATIENCE_SECONDS = 60
HOSTILE = '"><img src=x onerror="window.hacked=1">'


def make_workspace(folder):
    """Copy the sample company; with fewer simulations, so that the full answer comes soon."""
    folder.mkdir()
    shutil.copytree(ROOT / "scenarios" / "sample" / "history", folder / "sample" / "history")
    base = (ROOT / "scenarios" / "base.yaml").read_text()
    (folder / "base.yaml").write_text(base.replace("paths: 2000", f"paths: {PATHS}"))
    for name in ("less_slippage", "two_more_csms"):
        shutil.copy(ROOT / "scenarios" / f"{name}.yaml", folder)
    return folder


def address_of(server):
    """Return the address that a server prints; it may have something to say first."""
    said = []
    for line in server.stdout:
        said.append(line)
        if address := re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", line):
            return address[0]
    raise AssertionError("".join(said))


@contextmanager
def serving(folder):
    """Serve a workspace by the command; yield the address with its token, and the process."""
    command = [sys.executable, "-m", "simulator.cli.main", "app", str(folder), "--no-browser"]
    # NiceGUI serves another way where it finds that a test of pytest is running.
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment = {**own, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    server = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    try:
        yield address_of(server), server
    finally:
        server.terminate()
        server.wait(20)
        server.stdout.close()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return make_workspace(tmp_path_factory.mktemp("app") / "kestrel")


@pytest.fixture(scope="module")
def served(workspace):
    with serving(workspace) as (address, _):
        yield address


def label_of(lever):
    """Return what the slider of a lever is called on the page."""
    return f"{lever_title(lever)}: {LEVERS[lever].meaning}"


class Hands:
    """What a person does on the page, and reads from it."""

    def __init__(self, browser):
        self.browser = browser

    def wait(self, seen, what, seconds=PATIENCE_SECONDS):
        end = time.monotonic() + seconds
        while not seen():
            assert time.monotonic() < end, f"{what}: {self.text('main')}"
            time.sleep(0.03)

    def text(self, selector):
        return self.browser.execute_script(
            "const found = document.querySelector(arguments[0]); return found ? found.innerText : ''",
            selector,
        )

    def wait_for_answer(self, full=True, seconds=PATIENCE_SECONDS):
        said = f"full answer from {PATHS}" if full else "answer from"
        self.wait(lambda: said in (state := self.text(".state")) and ";" not in state, said, seconds)

    def has(self, selector):
        return self.browser.execute_script("return !!document.querySelector(arguments[0])", selector)

    def tick(self, label):
        """Press the box of a label."""
        script = (
            "[...document.querySelectorAll('main label')]"
            ".find(label => label.innerText.trim() === arguments[0]).click()"
        )
        self.browser.execute_script(script, label)

    def control(self, label, within="main"):
        """Return the control of a label."""
        script = (
            "return [...document.querySelectorAll(arguments[1] + ' label')]"
            ".filter(label => label.textContent.startsWith(arguments[0]))"
            ".map(l => l.querySelector('input, select'))[0]"
        )
        found = self.browser.execute_script(script, label, within)
        assert found is not None, label
        return found

    def value(self, label):
        """Return what the control of a label holds now, even while the page draws it anew."""
        script = (
            "return [...document.querySelectorAll('main label')]"
            ".find(label => label.textContent.startsWith(arguments[0]))?.control?.value"
        )
        return self.browser.execute_script(script, label)

    def drop(self, *files):
        """Give files to the control that people see; they are read at once."""
        box = self.browser.find_element("css selector", ".drop input")
        box.send_keys("\n".join(map(str, files)))

    def press(self, label):
        script = (
            "const found = [...document.querySelectorAll('main button')]"
            ".find(b => b.innerText.trim() === arguments[0]); found.click()"
        )
        self.browser.execute_script(script, label)

    def type(self, label, value):
        """Replace what an input holds, and leave it."""
        # The page may draw the input anew in between: it is there when it holds what was typed.
        self.wait(lambda: self._typed(label, value), f"'{value}' is typed")

    def _typed(self, label, value):
        try:
            control = self.control(label)
            control.send_keys(Keys.CONTROL, "a")
            control.send_keys(value, Keys.TAB)
            return control.get_attribute("value") == value
        except StaleElementReferenceException:
            return False

    def choose(self, label, value):
        script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))"
        self.browser.execute_script(script, self.control(label), value)

    def tab_to(self, name, most=200):
        """Press the Tab key until the control of a name has the focus, and return it."""
        script = (
            "const it = document.activeElement;"
            "return (it.labels?.[0]?.innerText || it.innerText || it.ariaLabel || '').trim()"
        )
        for _ in range(most):
            self.browser.switch_to.active_element.send_keys(Keys.TAB)
            if self.browser.execute_script(script).startswith(name):
                return self.browser.switch_to.active_element
        raise AssertionError(f"no key press leads to {name}")

    def open_details(self, title):
        script = (
            "for (const d of document.querySelectorAll('details'))"
            " if (d.querySelector('summary').innerText.startsWith(arguments[0])) d.open = true"
        )
        self.browser.execute_script(script, title)

    def table(self, caption):
        """Return the rows of a table: each cell's number to the last digit kept, else its text."""
        script = (
            "const table = [...document.querySelectorAll('table')].find("
            "table => table.caption && table.caption.textContent.startsWith(arguments[0]));"
            "return table && [...table.tBodies[0].rows].map(row => [...row.cells].map("
            "cell => cell.dataset.value || cell.textContent))"
        )
        return self.browser.execute_script(script, caption)


@pytest.fixture
def hands(browser, served):
    browser.set_window_size(1280, 900)
    browser.get(served)
    hands = Hands(browser)
    hands.wait_for_answer(seconds=500)  # the kernels may have to be compiled
    return hands
