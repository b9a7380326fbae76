"""The part of ``simulator calibrate`` for an aggregated survival table: the fit and its projection."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.cli.console import Console
from simulator.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from simulator.calibration.survival_table import SurvivalFit

RENEWALS_AHEAD = 15
"""Renewals that a projection reaches to, at least; twice those of the table where that is more."""


def calibrate_survival_table(path: Path, out: Path | None, console: Console) -> None:
    """Fit every cohort of a table, print the laws and what they project, and write the projection.

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
        console.table(_printed(ahead))
    _write(target, fits, projections)
    console.say(f"The projection is in {target}.")
    console.data(_answer(target, fits, projections))


def _sentence(fit: SurvivalFit) -> str:
    n, total = fit.survivors.size - 1, fit.survivors[0]
    law = f"alpha {fit.alpha:.4f}, beta {fit.beta:.4f}, mean churn {fit.alpha / (fit.alpha + fit.beta):.1%}"
    if not fit.converged:
        law = f"all customers alike, churn {fit.alpha / (fit.alpha + fit.beta):.1%} at every renewal"
    return f"\n{fit.cohort}: {n} renewals of {total:,.0f} customers; shifted-beta-geometric law: {law}"


def _printed(ahead: pd.DataFrame) -> Any:
    from rich.table import Table

    table = Table("renewal", "seen", "law", "80 % interval", "kept at this renewal", box=None)
    for row in ahead.to_dict("records"):
        table.add_row(
            f"{row['renewal']:.0f}",
            _percent(row["observed"]),
            _percent(row["survival"]),
            f"{_percent(row['low'])} to {_percent(row['high'])}",
            _percent(row["renewal_rate"]),
        )
    return table


def _percent(share: float) -> str:
    return "" if math.isnan(share) else f"{share:.1%}"


def _write(path: Path, fits: list[SurvivalFit], projections: list[pd.DataFrame]) -> None:
    import pandas as pd

    parts = [ahead.assign(cohort=fit.cohort) for fit, ahead in zip(fits, projections, strict=True)]
    table = pd.concat(parts, ignore_index=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    first = ["cohort", "renewal", "observed", "survival", "low", "high", "renewal_rate"]
    table[first].round(6).to_csv(path, index=False, lineterminator="\n")


def _answer(path: Path, fits: list[SurvivalFit], projections: list[pd.DataFrame]) -> dict[str, Any]:
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
