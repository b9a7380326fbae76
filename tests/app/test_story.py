"""The page in a real Chromium: a scenario is changed and saved, with the figures of the commands."""

import re
from statistics import NormalDist

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


def same_changes(shown, compared, measure):
    """Hold a table of changes on the page against what the command wrote, to the cent."""
    rows = compared[(compared["segment"] == "all") & (compared["measure"] == measure)]
    keys = ["base_p50", "p50", "mean_change", "mean_change_low", "mean_change_high", "p_more"]
    keys += ["base_p_hit", "p_hit"] if measure == "bookings_new" else []
    assert rows["mean_change"].abs().sum() > 0
    for row, (_, expected) in zip(shown, rows.iterrows(), strict=True):
        assert numbers(row) == pytest.approx(expected[keys].dropna().tolist(), rel=0, abs=0.006)


def same_steps(shown, bridge):
    """Hold what moves the P50 on the page, and how sure that is, against what the command wrote."""
    rows = bridge[(bridge["period"] == bridge["period"].iloc[-1]) & (bridge["step"] > 0)]
    assert (rows["error"] > 0).any()
    for row, (_, expected) in zip(shown, rows.iterrows(), strict=True):
        margin = NormalDist().inv_cdf(0.9) * expected["error"]
        wanted = [expected["change"], margin, expected["p50"]]
        assert numbers(row) == pytest.approx(wanted, rel=0, abs=0.006)


@pytest.fixture(scope="module")
def base_run(workspace):
    """The folder that the command writes for the base."""
    done = simulator("run", "base.yaml", "-o", "results/cli-base", cwd=workspace)
    assert done.returncode == 0, done.stderr
    return workspace / "results" / "cli-base"


def test_a_scenario_is_changed_saved_and_gives_the_figures_of_the_commands(hands, workspace, base_run):
    bookings = read(base_run, "bookings")
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
    hired = "account executives hired in smb: none → 2 from 2027-01"
    hands.wait(lambda: hired in hands.text("main"), "the hires are an answer")
    hands.wait_for_answer()
    assert "Slippage −20 %" in hands.text("main")

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
    same_changes(hands.table("New bookings against the base"), table, "bookings_new")
    same_steps(hands.table("What moves the P50"), read(workspace / "results" / "cli-it", "bridge"))
    sentence = f"{compared.stdout.strip().splitlines()[0].rstrip('.')}"
    assert sentence.casefold() in hands.text("main").casefold()


def test_a_saved_scenario_is_opened_again(hands, workspace):
    hands.choose("Scenario", "two_more_csms.yaml")
    hands.wait(lambda: hands.value("Save changes as") == "two_more_csms", "it is open")
    hands.press("What if")
    hands.wait_for_answer()
    folder = "results/cli-csms"
    done = simulator("compare", "base.yaml", "two_more_csms.yaml", "-o", folder, cwd=workspace)
    first = done.stdout.strip().splitlines()[0]
    assert first.rstrip(".").casefold() in hands.text("main").casefold()
    for measure, title in (("bookings_expansion", "Expansion bookings"), ("arr_closing", "ARR at the end")):
        same_changes(hands.table(f"{title} against the base"), read(workspace / folder, "compare"), measure)
    assert "ARR at the end changes by $" in hands.text(".stays")
    for segment in ("enterprise_amer", "midmarket_amer"):
        assert f"CSMs hired in {segment}: none → 1 from 2027-01" in hands.text(".stays")
    hands.choose("Scenario", "less_slippage.yaml")
    hands.wait(lambda: hands.value("Save changes as") == "less_slippage", "another is open")
    assert float(hands.value(label_of("slippage"))) < 0


def test_a_target_is_dragged_and_its_odds_are_those_of_the_command(hands, workspace):
    hands.choose("Quarter", "FY28Q1")
    hands.wait(lambda: "FY28Q1: $5.5M" in hands.text(".odds"), "the quarter's own target is shown")
    slider = hands.control("Target")
    slider.send_keys(*[Keys.ARROW_RIGHT] * 7)
    target = float(slider.get_attribute("value"))
    assert target > 5.5e6
    hands.wait(lambda: f"FY28Q1: ${target / 1e6:.4g}M" in hands.text(".odds"), "its odds are said")
    done = simulator(
        "run", "base.yaml", "--set", f"targets.FY28Q1={target:.0f}", "-o", "results/target", cwd=workspace
    )
    assert done.returncode == 0, done.stderr
    rows = read(workspace / "results" / "target", "bookings").set_index(["period", "segment", "kind"])
    p_hit = rows.loc[("FY28Q1", "all", "new"), "p_hit"]
    hands.wait(lambda: f"hit in {p_hit:.0%}" in hands.text(".odds"), f"{p_hit:.0%}")
    hands.wait_for_answer()
    assert f"hit in {p_hit:.0%}" in hands.text(".odds")
    shown = {row[0]: row for row in hands.table("New bookings by quarter")}
    assert float(shown["FY28Q1"][-2]) == pytest.approx(p_hit, abs=1e-9)


@pytest.mark.parametrize("group", ["segment", "owner", "category", "type"])
def test_open_deals_are_searched_and_added_up(hands, base_run, group):
    deals = read(base_run, "deals").assign(type="new")
    deals["category"] = deals["category"].str.replace("_", " ")
    hands.choose("Add up by", group)
    caption = f"Open deals by {group}"
    hands.wait(lambda: hands.table(caption), "they are added up")
    expected = deals.groupby(group)["amount"]
    rows = hands.table(caption)
    assert {row[0]: int(row[1]) for row in rows} == expected.size().to_dict()
    assert {row[0]: float(row[2]) for row in rows} == pytest.approx(expected.sum().to_dict(), abs=0.006)
    one = deals.iloc[0]
    hands.type("Search deals", f"{one['segment']} {one['owner']}")
    mine = deals[(deals["segment"] == one["segment"]) & (deals["owner"] == one["owner"])]
    hands.wait(lambda: f"{len(mine):,} of {len(deals):,} open deals" in hands.text("main"), "found")
    assert sum(float(row[2]) for row in hands.table(caption)) == pytest.approx(mine["amount"].sum())
