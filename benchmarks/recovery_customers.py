"""How often the 80 % intervals of calibrated rates of customers cover the truth, on many small histories.

Run: python benchmarks/recovery_customers.py [--histories 240]. Writes results/recovery_customers.md.
"""

import argparse
import datetime as dt
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simulator.calibration.customer_rates import customer_rates
from simulator.calibration.customers import calibrate_customers
from tests.calibration.known_customers import known_history

AIM = (0.75, 0.85)
SEGMENTS = ("north", "south", "east", "west")
DRIVERS = ("consumption", "seats_organic", "features")
CYCLE_DAYS = 2 * 365.25 / 12
FIRST_START, FIRST_DAY = dt.date(2017, 1, 1), dt.date(2022, 7, 1)
MIN_EVENTS = 5
SIZE_LOG_SD = 0.35
Rates = dict[str, dict]


def random_truth(rng: np.random.Generator) -> Rates:
    """Draw a company: segments differ from one another, and companies more so."""
    centre = {
        "churn": rng.normal(-2.0, 0.5),
        "alike": rng.normal(np.log(6.0), 0.5),
        "value": rng.normal(np.log(3.0), 0.5),
        "contraction": rng.normal(-2.3, 0.5),
        "price_rise": rng.normal(-0.5, 0.8),
        "returns": rng.normal(np.log(0.12), 0.4),
        **{name: rng.normal(np.log(0.5), 0.4) for name in DRIVERS},
        **{f"size {name}": rng.normal(np.log(0.1), 0.3) for name in (*DRIVERS, "contraction", "price_rise")},
    }

    def near(name: str, spread: float = 0.3) -> float:
        return float(centre[name] + rng.normal(0.0, spread))

    def share(name: str) -> float:
        return float(1 / (1 + np.exp(-near(name))))

    def size(name: str) -> float:
        return float(np.exp(near(f"size {name}", 0.2)))

    return {
        segment: {
            "annual_churn": share("churn"),
            "alike": float(np.exp(near("alike"))),
            "expansion": {
                name: {"events_per_year": float(np.exp(near(name))), "size": size(name)} for name in DRIVERS
            },
            "contraction": {"share": share("contraction"), "size": min(size("contraction"), 0.5)},
            "price_rise": {"share": share("price_rise"), "size": size("price_rise")},
            "time_to_value_months": float(np.exp(near("value"))),
            "cycle_days": CYCLE_DAYS,
            "reactivation": {"per_year": float(min(0.6, np.exp(near("returns")))), "size": 0.8},
        }
        for segment in SEGMENTS
    }


def true_values(rates: Rates) -> dict[tuple[str, str, str], float]:
    """Return the truth by (name, segment, level) of the table of rates."""
    values = {}
    for segment, law in rates.items():
        values["churn, first renewal", segment, "annual"] = law["annual_churn"]
        values["churn, alpha + beta", segment, "annual"] = law["alike"]
        values["contraction", segment, "annual"] = law["contraction"]["share"]
        values["price_rise", segment, "annual"] = law["price_rise"]["share"]
        values["contraction size", segment, ""] = law["contraction"]["size"]
        values["price_rise size", segment, ""] = law["price_rise"]["size"]
        values["time_to_value", segment, ""] = law["time_to_value_months"]
        values["reactivation", segment, ""] = -np.log(1 - law["reactivation"]["per_year"]) / 12
        for name, growth in law["expansion"].items():
            values["growth", segment, name] = growth["events_per_year"] / 12
            values[f"growth size, {name}", segment, ""] = growth["size"]
    return values


def hits(rates: Rates, n_customers: int, seed: int) -> list[tuple[str, bool, float]]:
    """Return the kind of every rate with events, whether its interval covers the truth, and its events."""
    history = known_history(
        rates, n_customers, seed, first_start=FIRST_START, first_day=FIRST_DAY, size_log_sd=SIZE_LOG_SD
    )
    found = calibrate_customers(history, SEGMENTS)
    truth = true_values(rates)
    rows = []
    for row in customer_rates(found):
        key = (row["name"], row["segment"], row["level"])
        if key in truth and row["events"] >= MIN_EVENTS:
            rows.append((row["name"], row["low"] <= truth[key] <= row["high"], row["events"]))
    return rows


def report(table: pd.DataFrame, n_histories: int, seconds: float) -> str:
    """Return the page of results."""
    lines = [
        "# Coverage of the calibrated 80 % intervals of customers",
        "",
        f"{n_histories} simulated companies of {len(SEGMENTS)} segments and 150 to 900 customers each, four "
        "years of record before which most customers had started (left truncation), rates drawn anew "
        "for each; share of intervals that hold the truth, among rates with "
        f"{MIN_EVENTS} events or more. Aim: {AIM[0]:.0%} to {AIM[1]:.0%}.",
        "",
        f"Made by `python benchmarks/recovery_customers.py` in {seconds:.0f} seconds.",
        "",
        "| rate | intervals | median events | covered | standard error |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, rows in table.groupby("rate"):
        share = rows["covered"].mean()
        # Segments of one history share its pooling: the error is that of the histories.
        by_history = rows.groupby("history")["covered"].mean()
        error = by_history.std(ddof=1) / np.sqrt(len(by_history))
        lines.append(f"| {name} | {len(rows)} | {rows['events'].median():.0f} | {share:.1%} | {error:.1%} |")
    share = table["covered"].mean()
    lines += ["", f"All rates together: {share:.1%} of {len(table)} intervals."]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=240)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "recovery_customers.md")
    options = parser.parse_args()
    began = time.perf_counter()
    rows = []
    for number in range(options.histories):
        rng = np.random.default_rng([20260101, number])
        n_customers = int(rng.integers(150, 900))
        found = hits(random_truth(rng), n_customers, number)
        rows += [(number, *row) for row in found]
        print(f"{number + 1} of {options.histories}", end="\r", flush=True)
    table = pd.DataFrame(rows, columns=["history", "rate", "covered", "events"])
    text = report(table, options.histories, time.perf_counter() - began)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
