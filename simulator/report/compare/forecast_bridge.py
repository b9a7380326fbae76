"""The results folder of ``simulator compare`` between two days: what happened to the P50 in between."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from simulator.analysis.totals import ALL, HALF_CENT
from simulator.report.compare.results import draw_bridge
from simulator.report.compare.words import bridge_title, say_bridge
from simulator.report.documents.finished import read_finished
from simulator.report.forecast.summary import records
from simulator.report.money import source_line
from simulator.report.output.manifest import write_json
from simulator.report.output.tables import write_table

FIGURES_ARE = (
    "P50 of new-business bookings, what is booked included; each step changes one thing on the same random "
    "numbers, and all of them add up to the change"
)
RESTATED = "history restated"
RESTATED_WORDS = "what the earlier run said, against the same day played again from the history as it is now"
PROGRAM = "other settings"
PROGRAM_WORDS = "what the later run said, against playing it again here"


@dataclass(frozen=True)
class PassageResults:
    """What happened to the P50 between two days.

    Parameters
    ----------
    scenarios : tuple of str
    days : tuple of datetime.date
    currency : str
    period : str
        What the words and the chart speak of.
    n_paths : int
    steps : DataFrame
        Of ``attribute``.
    notes : tuple of str
    """

    scenarios: tuple[str, str]
    days: tuple[dt.date, dt.date]
    currency: str
    period: str
    n_paths: int
    steps: pd.DataFrame
    notes: tuple[str, ...] = ()

    def spoken(self) -> pd.DataFrame:
        """Return the steps of the period spoken of, those that change nothing left out."""
        rows = self.steps[self.steps["period"] == self.period]
        moved = (rows["step"] == 0) | (rows["change"].abs() >= HALF_CENT)
        return rows[moved].reset_index(drop=True)

    def answer(self) -> str:
        """Return what happened in two sentences."""
        rows = self.spoken()
        labels = {"base": str(rows["label"].iloc[0]), "name": self.days[1].isoformat()}
        text = f"{bridge_title(rows, labels, self.currency)}."
        return f"{text} {say_bridge(rows, self.currency)}." if len(rows) > 1 else text

    def summary(self) -> dict[str, object]:
        """Return the content of summary.json."""
        return {
            "scenarios": list(self.scenarios),
            "as_of": [day.isoformat() for day in self.days],
            "currency": self.currency,
            "figures_are": FIGURES_ARE,
            "n_paths": self.n_paths,
            "period": self.period,
            "answer": self.answer(),
            "bridge": records(self.steps),
            "notes": list(self.notes),
        }


def said_then(steps: pd.DataFrame, folders: tuple[Path, Path]) -> pd.DataFrame:
    """Return the steps between what two finished runs said, where each said something of a period.

    What a run said is in its bookings.csv. The earlier day may look different when it is played again (the
    history was corrected since, other paths): that difference is the first step. Where a run said nothing of
    a period, the P50 played again stands.
    """
    said = [_medians(folder) for folder in folders]
    rows: list[tuple[str, str, str, float]] = []
    for name, part in steps.groupby("period", sort=False):
        period, p50 = str(name), part["p50"].to_numpy(np.float64)
        head = str(part["label"].iloc[0])
        rows.append((period, head, "", said[0].get(period, float(p50[0]))))
        rows.append((period, RESTATED, RESTATED_WORDS, float(p50[0])))
        for label, words, value in zip(part["label"][1:], part["words"][1:], p50[1:], strict=True):
            rows.append((period, str(label), str(words), float(value)))
        rows.append((period, PROGRAM, PROGRAM_WORDS, said[1].get(period, float(p50[-1]))))
    table = pd.DataFrame(rows, columns=["period", "label", "words", "p50"])
    table.insert(1, "step", table.groupby("period", sort=False).cumcount())
    change = table.groupby("period", sort=False)["p50"].diff().fillna(0.0)
    return table.assign(change=change)


def _medians(folder: Path) -> dict[str, float]:
    table = read_finished(folder).tables["bookings"]
    total = table[(table["segment"] == ALL) & (table["kind"] == "new")]
    return dict(zip(total["period"].astype(str), total["p50"].astype(float), strict=True))


def write_passage(results: PassageResults, draft: Path) -> None:
    """Write tables/bridge.csv, the bridge chart and summary.json into a folder that `publish` gave."""
    tables, charts = draft / "tables", draft / "charts"
    tables.mkdir()
    charts.mkdir()
    write_table(results.steps, tables / "bridge.csv")
    write_json(results.summary(), draft / "summary.json")
    draw_bridge(
        results.spoken(),
        charts,
        name=results.days[1].isoformat(),
        file="bridge_days",
        footer=source_line(
            results.days[1], "Bookings, new business", f"{results.n_paths:,} simulated futures of each step"
        ),
        currency=results.currency,
    )
