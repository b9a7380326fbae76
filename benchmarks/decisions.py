"""Decisions on companies whose truth is known, by generators that share nothing with the engine.

Run: python benchmarks/decisions.py [--seeds 20] [--only NAME]. Writes results/decisions.md, one section for
each question; a section that is not asked for stays as it is. Answers given before, with the same code, are
taken from .cache/decisions, so that a run that was stopped goes on where it was.
"""

import argparse
import functools
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simulator.calibration.posteriors import Z_HIGH
from simulator.report.hire.results import hire
from simulator.scenario.load import scenario_from_dict
from tests.worlds import reps as worlds
from tests.worlds.test_csm import found as effect_found

PAGE = ROOT / "results" / "decisions.md"
CACHE = ROOT / ".cache" / "decisions"
TITLE = "# Decisions on companies whose truth is known\n\nMade by `python benchmarks/decisions.py`.\n"
N_REPS, N_PATHS, N_DRAWS, TRUE_RUNS = 5, 400, 100, 200
QUOTA, OTE, MARGIN = 800_000.0, 160_000.0, 0.8
MONTHS_EMPLOYED = 23
CSM_SEEDS = 5
"""Times as many companies as histories: how often an interval holds takes many, and each takes a moment."""
RIGHT, HELD = 0.9, (0.7, 0.9)


@dataclass(frozen=True)
class Case:
    """A company, how its CRM keeps SALs that wait, and the reps hired a year and a half before as_of."""

    name: str
    company: worlds.Company
    record: str
    hired: dict[str, int]


CASES = (
    Case("short of reps, waiting SALs have no owner", worlds.SHORT, "unowned", {"alpha": 2}),
    Case("short of reps, every SAL has an owner", worlds.SHORT, "owned", {"alpha": 2}),
    Case("short of reps, SALs entered when taken up", worlds.SHORT, "taken_up", {"alpha": 2}),
    Case("enough reps", worlds.ENOUGH, "owned", {"alpha": 2}),
    Case("short of pipeline", worlds.THIN, "owned", {"alpha": 2}),
    Case("closes badly", worlds.BAD_AT_CLOSING, "owned", {"alpha": 2}),
    Case("reps source deals, the more the fewer each", worlds.SATURATING, "owned", {"alpha": 4, "beta": 2}),
)


def true_gains(company: worlds.Company, n_runs: int = TRUE_RUNS) -> pd.DataFrame:
    """Return the mean bookings that 0 … N_REPS added reps bring in each segment (columns)."""
    table = {}
    for name in company.segments:
        booked = [
            worlds.true_bookings(company, name, 4_711, extra=extra, n_runs=n_runs).mean()
            for extra in range(N_REPS + 1)
        ]
        table[name] = np.array(booked) - booked[0]
    return pd.DataFrame(table)


def contribution(gains: pd.DataFrame, counts: dict[str, int]) -> tuple[float, float]:
    """Return the true gain of an allocation: in bookings, and in contribution."""
    bookings = float(sum(gains[name][count] for name, count in counts.items()))
    pay = sum(counts.values()) * MONTHS_EMPLOYED * OTE / 2 / 12
    return bookings, bookings * (MARGIN - OTE / 2 / QUOTA) - pay


def best_of(gains: pd.DataFrame) -> float:
    """Return the contribution of the truly best allocation of at most N_REPS; none brings 0."""
    best = {0: 0.0}
    for name in gains:
        grown: dict[int, float] = {}
        for spent, value in best.items():
            for count in range(N_REPS - spent + 1):
                total = value + contribution(gains, {name: count})[1]
                grown[spent + count] = max(grown.get(spent + count, -np.inf), total)
        best = grown
    return max(best.values())


def asked(
    case: Case, seed: int, n_paths: int = N_PATHS, stated: dict[str, object] | None = None
) -> dict[str, object]:
    """Ask where the next reps go on one history of a company; return what was said.

    ``stated``: what the scenario says of reps by segment besides.
    """
    with tempfile.TemporaryDirectory() as folder:
        history = worlds.write_history(case.company, Path(folder) / "history", seed, case.record, case.hired)
        reps = {
            "gross_margin": MARGIN,
            "ramp": list(case.company.ramp),
            "all": {"attrition": 0, "ote": OTE, "quota": QUOTA, "variable_share": 0.5},
            "segments": stated or {},
        }
        scenario = scenario_from_dict(
            {
                "name": "decision",
                "as_of": worlds.AS_OF.isoformat(),
                "history": str(history),
                "simulation": {"rate_draws": N_DRAWS, "seed": seed},
                "reps": reps,
            }
        )
        answer = hire(scenario, reps=N_REPS, paths=n_paths)
    found = answer.found
    row = found.answer
    return {
        "counts": dict(zip(found.segments, found.allocation.tolist(), strict=True)),
        "gain": float(row["gain_bookings"]),
        "low": float(row["gain_bookings_low"]),
        "high": float(row["gain_bookings_high"]),
        "cannot_tell": bool(found.unseen),
    }


def remembered(name: str, work: Callable[[], Any]) -> Any:
    """Return what a piece of work gave before with this code, else do it and keep what it gives."""
    file = CACHE / f"{code()}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    known = dict(json.loads(line) for line in file.read_text().splitlines()) if file.exists() else {}
    if name not in known:
        known[name] = work()
        with file.open("a") as lines:
            lines.write(json.dumps([name, known[name]]) + "\n")
    return known[name]


@functools.cache
def code() -> str:
    """Return the name of the tree of everything that answers rest on."""
    command = ["git", "-C", str(ROOT), "rev-parse", "HEAD:simulator", "HEAD:tests/worlds"]
    trees = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return "-".join(tree[:8] for tree in trees)


def judged(case: Case, n_seeds: int, say: Callable[[str], None] = print) -> dict[str, object]:
    """Return how good the answers on this many histories of a company were."""
    true_of = remembered(f"truth of {case.name}", lambda: true_gains(case.company).to_dict("list"))
    gains = pd.DataFrame(true_of)
    best = best_of(gains)
    right, held, told, said, true, width = [], [], 0, [], [], []
    for seed in range(n_seeds):
        answer = remembered(f"{case.name} {seed}", partial(asked, case, seed))
        counts = answer["counts"]
        bookings, value = contribution(gains, counts)
        told += bool(answer["cannot_tell"])
        right.append(bool(answer["cannot_tell"]) or value >= RIGHT * best)
        if sum(counts.values()):
            held.append(answer["low"] <= bookings <= answer["high"])
            said.append(answer["gain"])
            width.append((answer["high"] - answer["low"]) / 2 / Z_HIGH)
            true.append(bookings)
        say(f"{case.name} {seed}: {answer}, true {bookings:,.0f} and {value:,.0f} of {best:,.0f}")
    return {
        "company": case.name,
        "best": best,
        "right": np.mean(right),
        "cannot tell": told,
        "none": n_seeds - len(said),
        "gain said": np.mean(said) if said else np.nan,
        "true gain": np.mean(true) if true else np.nan,
        "scatter": np.std(said, ddof=1) if len(said) > 1 else np.nan,
        "stated": np.mean(width) if width else np.nan,
        "holds": np.mean(held) if held else np.nan,
    }


def hiring_section(n_seeds: int) -> str:
    """Return the section on where the next reps go."""
    rows = [judged(case, n_seeds) for case in CASES]
    lines = [
        f"{n_seeds} histories of each company; up to {N_REPS} reps over eight quarters. An answer is right "
        f"where its true contribution is at least {RIGHT:.0%} of that of the best allocation, or where it "
        "says that the history cannot tell. Gains: mean bookings, of the answers that hire; asked of their "
        f"80 % interval: to hold the true mean in {HELD[0]:.0%} to {HELD[1]:.0%}. Scatter: standard "
        "deviation of the gain said between the histories; stated: what the interval stands for. These "
        "companies never change, which a history cannot know: a level that may step or grow, and how far "
        "reps run out of accounts to call, widen what is stated.",
        "",
        "| company | best contribution | right | cannot tell | hires no one | gain said | true gain "
        "| scatter | stated | interval holds |",
        f"| --- |{' ---: |' * 9}",
    ]
    for row in rows:
        shown = [
            row["company"], money(row["best"]), f"{row['right']:.0%}", str(row["cannot tell"]),
            str(row["none"]), money(row["gain said"]), money(row["true gain"]),
            money(row["scatter"]), money(row["stated"]),
            "" if np.isnan(row["holds"]) else f"{row['holds']:.0%}",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(shown)} |")
    return "\n".join(lines)


def csm_section(n_seeds: int) -> str:
    """Return the section on the effect of CSMs on churn."""
    n_seeds *= CSM_SEEDS
    cases: list[tuple[str, float, dict[str, Any]]] = [
        ("churn rises for other reasons, heads fixed", 1.0, {"trend_per_year": 0.2, "fixed": True}),
        *(
            (f"true effect x{factor:g}, {record}", factor, {"factor": factor, "assigned": assigned})
            for factor in (1.0, 1.5, 3.0)
            for assigned, record in ((False, "heads alone known"), (True, "assignments known"))
        ),
    ]
    lines = [
        f"{n_seeds} companies each, seven years of heads that move. An effect is called calibrated where the "
        "history shows it and a placebo does not; else it stays an assumption. Asked for: at most 10 % "
        "calibrated where there is none and heads are fixed, and 70 % to 90 % of intervals that hold a true "
        "effect of x3.",
        "",
        "| company | called calibrated | P10–P90 holds the truth |",
        "| --- | ---: | ---: |",
    ]
    for name, factor, settings in cases:
        claims = [effect_found(seed, **settings) for seed in range(n_seeds)]
        said = [claim for claim in claims if claim is not None]
        held = sum(claim.low <= factor <= claim.high for claim in said)
        lines.append(f"| {name} | {len(said)} of {n_seeds} | {f'{held} of {len(said)}' if said else ''} |")
    return "\n".join(lines)


def money(value: float) -> str:
    return "" if np.isnan(value) else f"${value / 1e6:.2f}M"


SECTIONS: dict[str, tuple[str, Callable[[int], str]]] = {
    "csm": ("What is a CSM worth?", csm_section),
    "hire": ("Where do the next reps go?", hiring_section),
}
"""By name: heading, and what writes the section for this many seeds."""


def write(name: str, text: str) -> None:
    """Put a section on the page, in place of the one that stands there."""
    heading = f"## {SECTIONS[name][0]}\n"
    page = PAGE.read_text() if PAGE.exists() else TITLE
    parts = page.split("\n## ")
    others = [f"## {part}" for part in parts[1:] if not f"## {part}".startswith(heading)]
    sections = [*(part.strip() for part in others), f"{heading}\n{text}"]
    PAGE.write_text("\n\n".join([parts[0].strip(), *sections]) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", choices=list(SECTIONS))
    options = parser.parse_args()
    for name, (_, section) in SECTIONS.items():
        if options.only in (None, name):
            write(name, section(options.seeds))


if __name__ == "__main__":
    main()
