"""The page in a real Chromium: a scenario is changed and saved, with the figures of the commands."""

import re

import pandas as pd
import pytest
from selenium.webdriver.common.keys import Keys

from tests.app.conftest import PATHS, label_of
from tests.cli.test_run import simulator

pytestmark = pytest.mark.browser
SAVED = """\
# Saved by `simulator app`: only what differs from base.yaml.
extends: base.yaml
name: it
levers:
  slippage:
  - factor: 0.8
reps:
  segments:
    smb:
      hires:
      - month: 2027-01
        count: 2
"""


def numbers(row):
    return [float(cell) for cell in row if re.fullmatch(r"-?[\d.]+(e[+-]?\d+)?", cell)]


def read(folder, name):
    return pd.read_csv(folder / "tables" / f"{name}.csv")


def test_a_scenario_is_changed_saved_and_gives_the_figures_of_the_commands(hands, workspace):
    base = simulator("run", "base.yaml", "-o", "results/cli-base", cwd=workspace)
    assert base.returncode == 0, base.stderr
    bookings = read(workspace / "results" / "cli-base", "bookings")
    total = bookings[(bookings["segment"] == "all") & (bookings["kind"] == "new")]
    shown = hands.table("New bookings by quarter")
    for row, (_, expected) in zip(shown, total.iterrows(), strict=True):
        keys = ["p10", "p50", "p90", "mean", "target", "p_hit", "booked"]
        assert numbers(row) == pytest.approx(expected[keys].tolist(), abs=0.006)

    hands.press("What if")
    slippage = hands.control(label_of("slippage"))
    slippage.send_keys(*[Keys.ARROW_LEFT] * 4)
    hands.open_details("Account executives")
    hands.type("Account executives hired, smb, 2027-01", "2")
    hands.wait(lambda: "reps.segments.smb.hires" in hands.text("main"), "the hires are an answer")
    hands.wait_for_answer()
    assert "lever slippage x0.8" in hands.text("main")

    hands.type("Save changes as", "it")
    hands.press("Save")
    hands.wait((workspace / "it.yaml").exists, "saved")
    hands.wait(lambda: "It books" in hands.text("main"), "the name is the new one")
    assert (workspace / "it.yaml").read_text() == SAVED
    hands.wait_for_answer()

    compared = simulator(
        "compare", "base.yaml", "it.yaml", "--details", "-o", "results/cli-it", cwd=workspace
    )
    assert compared.returncode == 0, compared.stderr
    assert f"{PATHS} simulations" in compared.stdout
    table = read(workspace / "results" / "cli-it", "compare")
    rows = table[(table["segment"] == "all") & (table["measure"] == "bookings_new")]
    keys = [
        "base_p50",
        "p50",
        "mean_change",
        "mean_change_low",
        "mean_change_high",
        "p_more",
        "base_p_hit",
        "p_hit",
    ]
    for row, (_, expected) in zip(hands.table("New bookings against the base"), rows.iterrows(), strict=True):
        assert numbers(row) == pytest.approx(expected[keys].dropna().tolist(), rel=1e-6, abs=0.006)
    sentence = f"{compared.stdout.strip().splitlines()[0].rstrip('.')}"
    assert sentence.casefold() in hands.text("main").casefold()
