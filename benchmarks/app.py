"""The page for planners, driven in a headless Chromium: seconds from a change to its answer, and memory.

Run: python benchmarks/app.py [--changes 200]. Writes results/app.md.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from selenium import webdriver

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simulator.app.simulations import QUICK_PATHS
from simulator.app.words import lever_words
from simulator.scenario.levers import Lever
from tests.app.conftest import Hands, label_of, make_workspace, serving
from tests.conftest import FLAGS

FACTORS = [f"{percent}" for percent in range(-40, 45, 5) if percent]
LEVERS_MOVED = ("slippage", "close_odds", "velocity")
WARM_UP, FULL_EVERY = 12, 40
"""Changes before anything is counted; the full simulation is waited for once in this many."""
MOST_MEGABYTES = 50
TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid: int) -> float:
    """Return what all threads of a process have used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def megabytes(pid: int) -> float:
    """Return the memory that a process holds."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def change(hands: Hands, number: int) -> tuple[float, str]:
    """Move a lever in the browser; return the seconds until the page says what that changes."""
    name = LEVERS_MOVED[number % len(LEVERS_MOVED)]
    percent = FACTORS[number * 7 % len(FACTORS)]
    wanted = lever_words(Lever(name, round(1 + float(percent) / 100, 6)))
    began = time.perf_counter()
    hands.choose(label_of(name), percent)
    hands.wait(lambda: wanted in hands.text(".stays"), wanted)
    return time.perf_counter() - began, wanted


def measure(n_changes: int, folder: Path) -> list[str]:
    """Return the rows of the table."""
    options = webdriver.ChromeOptions()
    for flag in FLAGS:
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    seconds, used, held = [], [], []
    try:
        with serving(make_workspace(folder / "kestrel")) as (address, server):
            browser.get(address)
            hands = Hands(browser)
            hands.wait_for_answer(seconds=600)
            hands.press("What if")
            for number in range(WARM_UP):
                change(hands, number)
            hands.wait_for_answer()
            for number in range(WARM_UP, WARM_UP + n_changes):
                then = processor_seconds(server.pid)
                seconds.append(change(hands, number)[0])
                used.append(processor_seconds(server.pid) - then)
                held.append(megabytes(server.pid))
                assert not hands.text("[role=alert]"), hands.text("[role=alert]")
                if number % FULL_EVERY == 0:
                    hands.wait_for_answer()
            hands.wait_for_answer()
    finally:
        browser.quit()
    before, after = np.median(held[:FULL_EVERY]), np.median(held[-FULL_EVERY:])
    grown = after - before
    if grown > MOST_MEGABYTES:
        print(f"{grown:.0f} MB more: {MOST_MEGABYTES} were asked for", file=sys.stderr)
    return [
        f"| seconds from a change to its answer, median | {np.median(seconds):.2f} |",
        f"| the same, 95 % are below | {np.quantile(seconds, 0.95):.2f} |",
        f"| the same, the fastest tenth | {np.quantile(seconds, 0.1):.2f} |",
        f"| processor seconds of the server for an answer, median | {np.median(used):.2f} |",
        f"| the same, 95 % are below | {np.quantile(used, 0.95):.2f} |",
        f"| memory of the server, MB, median over the first {FULL_EVERY} changes | {before:.0f} |",
        f"| the same over the last {FULL_EVERY} of {n_changes} | {after:.0f} |",
        f"| growth, MB | {grown:.0f} |",
        f"| the most it ever held, MB | {max(held):.0f} |",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=200)
    settings = parser.parse_args()
    load = os.getloadavg()[2]
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(settings.changes, Path(folder))
    text = [
        "# The page for planners",
        "",
        f"`python benchmarks/app.py`: {settings.changes} changes of a lever of the sample company",
        f"in a row, in a headless Chromium. An answer is {QUICK_PATHS} simulations of four quarters with",
        "customers, people and deal terms, compared with the base.",
        f"{os.cpu_count()} processors, shared with other work: {load:.1f} processes wanted them on average",
        f"in the quarter of an hour before; priority {os.nice(0)}.",
        "",
        "| what | |",
        "| --- | --- |",
        *rows,
        "",
    ]
    (ROOT / "results" / "app.md").write_text("\n".join(text), encoding="utf-8")


if __name__ == "__main__":
    main()
