"""``simulator calibrate``: rates with intervals and counts from a history, in one readable file."""

from __future__ import annotations

import math
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.cli.console import Console
from simulator.cli.options import (
    AsOf,
    Details,
    FiscalLabel,
    FiscalStart,
    HistoryFolder,
    Json,
    Out,
    Quiet,
    read_calendar,
    read_day,
)
from simulator.cli.runner import show_notes
from simulator.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from simulator.calibration.calibration import Calibration
    from simulator.calibration.survival_table import SurvivalFit

DAYS_A_MONTH = 30.4375
SURVIVAL = ("renewal", "seen", "fitted", "80 % interval", "kept at this renewal")
MOST_SEGMENTS = 6
"""Named without ``--details``."""


def calibrate(
    history: HistoryFolder,
    *,
    as_of: AsOf = None,
    out: Out = None,
    fiscal_start: FiscalStart = "1",
    fiscal_label: FiscalLabel = "end",
    details: Details = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Estimate every rate from a history: value, 80 % interval, events, exposure and source of each.

    HISTORY may also be a CSV file that counts the customers left of a cohort after 0, 1, 2 … renewals: the
    distribution of renewals is fitted to it and projected.
    """
    from simulator.calibration.estimate import calibrate as estimate
    from simulator.calibration.file import save_calibration
    from simulator.calibration.rates import rates_table
    from simulator.history.load import load_history

    console = Console(quiet=quiet, as_json=json, details=details)
    if history.is_file() and history.name.lower().endswith((".csv", ".csv.gz")):
        _calibrate_survival_table(history, out, console)
        return
    path = out or Path("results") / f"rates-{history.resolve().name}.json"
    if path.is_dir():
        raise InputError.of("--out", f"{path} is a folder", "Name the file to write, such as rates.json.")
    loaded = load_history(history, read_day(as_of))
    calibration = estimate(loaded, read_calendar(fiscal_start, fiscal_label))
    rates = rates_table(calibration)
    save_calibration(calibration, path)
    _say(console, calibration, rates, (*calibration.notes, *loaded.notes), path)
    console.data(_answer(calibration, rates, path))


def _say(
    console: Console, calibration: Calibration, rates: pd.DataFrame, notes: tuple[str, ...], path: Path
) -> None:
    from simulator.report.answer import as_sentence

    console.say(
        f"Rates of {len(calibration.segments)} segments from {calibration.first_day} to {calibration.as_of}, "
        "with 80 % intervals."
    )
    if console.details:
        console.rows(("rate", "of", "value", "80 % interval", "source"), _excerpt(rates))
        for note in notes:
            console.say(f"Note: {as_sentence(note)}")
    else:
        for line in _brief(rates):
            console.say(line)
        show_notes(console, notes, path.name)
    console.say(f"All {len(rates)} rates: {path}")


def _brief(rates: pd.DataFrame) -> list[str]:
    """Return what each of the first segments gets and brings, and what the rates rest on, in a line each."""
    lines = []
    segments = [name for name in rates["segment"].unique() if name]
    for name in segments[:MOST_SEGMENTS]:
        own = rates[rates["segment"] == name]
        demand = own.loc[own["name"] == "sals", "value"].sum()
        brings = "".join(
            f", {row['value']:,.0f} a deal ({row['low']:,.0f} to {row['high']:,.0f})"
            for row in own[own["name"] == "amount"].head(1).to_dict("records")
        )
        lines.append(f"  {name}: {demand:,.1f} SALs a month{brings}")
    if len(segments) > MOST_SEGMENTS:
        lines.append(f"  and {len(segments) - MOST_SEGMENTS} more segments: --details")
    counts = ", ".join(f"{n} {source}" for source, n in rates["source"].value_counts().items())
    return [*lines, f"What the rates rest on: {counts}. More of them: --details"]


def _excerpt(rates: pd.DataFrame) -> list[tuple[str, str, str, str, str]]:
    """Return the rates that a forecast depends on most, as words: what, where, value, interval, source."""
    scales: dict[str, tuple[str, float, str]] = {
        "sals": ("SALs a month", 1.0, ",.1f"),
        "amount": ("amount, mean", 1.0, ",.0f"),
        "hazard": ("wins a month, per open deal", DAYS_A_MONTH, ".3f"),
        "redate": ("close date moved at month end", 1.0, ".0%"),
        "push_length": ("months a push adds beyond the next", 1.0, ".2f"),
    }
    rows = []
    main = (rates["name"] != "hazard") | (rates["destination"] == "won") & (rates["events"] > 0)
    for row in rates[rates["name"].isin(scales) & main].to_dict("records"):
        title, scale, form = scales[row["name"]]
        where = [row[key] for key in ("segment", "category", "level") if row[key]]
        value, low, high = (format(row[key] * scale, form) for key in ("value", "low", "high"))
        shown = f"{low} to {high}" if row["low"] == row["low"] else "unknown"
        rows.append((title, " · ".join(where), value, shown, row["source"]))
    return rows


def _answer(calibration: Calibration, rates: pd.DataFrame, path: Path) -> dict[str, Any]:
    records = rates.astype(object).where(rates.notna(), None).to_dict("records")
    return {
        "file": str(path),
        "as_of": calibration.as_of.isoformat(),
        "first_day": calibration.first_day.isoformat(),
        "segments": list(calibration.segments),
        "notes": list(calibration.notes),
        "rates": records,
    }


RENEWALS_AHEAD = 15
"""Renewals that a projection reaches to, at least; twice those of the table where that is more."""


def _calibrate_survival_table(path: Path, out: Path | None, console: Console) -> None:
    """Fit every cohort of a table, print the distributions and what they project, and write the projection.

    Raises
    ------
    InputError
        The table is at fault, or the file to write is a folder.
    """
    from simulator.calibration.survival_table import fit_survival_table, project_survival, read_survival_table

    target = out or Path("results") / f"survival-{path.name.removesuffix('.gz').removesuffix('.csv')}.csv"
    if target.is_dir():
        raise InputError.of("--out", f"{target} is a folder", "Name the file to write, such as survival.csv.")
    fits, projections = [], []
    for name, survivors in read_survival_table(path).items():
        fit = fit_survival_table(survivors, name)
        ahead = project_survival(fit, max(RENEWALS_AHEAD, 2 * (survivors.size - 1)))
        fits.append(fit)
        projections.append(ahead)
        console.say(_sentence(fit))
        if console.details:
            console.rows(SURVIVAL, map(_survival_cells, ahead.to_dict("records")))
        else:
            console.say(_brief_survival(ahead))
    _write_survival(target, fits, projections)
    console.say(f"The projection is in {target}.")
    console.data(_survival_answer(target, fits, projections))


def _sentence(fit: SurvivalFit) -> str:
    n, total = fit.survivors.size - 1, fit.survivors[0]
    churn = fit.alpha / (fit.alpha + fit.beta)
    fitted = f"alpha {fit.alpha:.4f}, beta {fit.beta:.4f}, mean churn {churn:.1%}"
    if not fit.converged:
        fitted = f"all customers alike, churn {churn:.1%} at every renewal"
    table = f"{n} renewals of {total:,.0f} customers"
    return f"\n{fit.cohort}: {table}; shifted-beta-geometric distribution: {fitted}"


def _survival_cells(row: dict[Hashable, Any]) -> tuple[str, ...]:
    seen, fitted, low, high, kept = (
        _percent(row[name]) for name in ("observed", "survival", "low", "high", "renewal_rate")
    )
    return f"{row['renewal']:.0f}", seen, fitted, f"{low} to {high}", kept


def _brief_survival(ahead: pd.DataFrame) -> str:
    """Return how many customers are left after the last renewal projected."""
    last = ahead.iloc[-1]
    left, low, high = (_percent(last[key]) for key in ("survival", "low", "high"))
    return f"  {left} left after {last['renewal']:.0f} renewals ({low} to {high}); each: --details"


def _percent(share: float) -> str:
    return "" if math.isnan(share) else f"{share:.1%}"


def _write_survival(path: Path, fits: list[SurvivalFit], projections: list[pd.DataFrame]) -> None:
    import pandas as pd

    parts = [ahead.assign(cohort=fit.cohort) for fit, ahead in zip(fits, projections, strict=True)]
    table = pd.concat(parts, ignore_index=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    first = ["cohort", "renewal", "observed", "survival", "low", "high", "renewal_rate"]
    table[first].round(6).to_csv(path, index=False, lineterminator="\n")


def _survival_answer(path: Path, fits: list[SurvivalFit], projections: list[pd.DataFrame]) -> dict[str, Any]:
    cohorts = [
        {
            "cohort": fit.cohort,
            "alpha": fit.alpha,
            "beta": fit.beta,
            "customers_differ": fit.converged,
            "projection": ahead.astype(object).where(ahead.notna(), None).to_dict("records"),
        }
        for fit, ahead in zip(fits, projections, strict=True)
    ]
    return {"file": str(path), "cohorts": cohorts}
