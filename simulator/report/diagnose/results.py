"""The second half of a diagnosis: its tables, charts and sentences beside those of the track record."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from simulator.analysis.diagnose.stuck_deals import StuckDeals
from simulator.analysis.diagnose.track_record import TrackRecord
from simulator.report.diagnose.words import say_curve, stuck_findings, what_holds_back
from simulator.report.forecast.summary import records
from simulator.report.money import source_line
from simulator.report.output.tables import write_table


@dataclass(frozen=True)
class WhatIf:
    """What a scenario adds to a diagnosis: each constraint relaxed, and the coverage needed.

    Parameters
    ----------
    scenario : str
    currency : str
    as_of : datetime.date
    n_paths : int
    remedies : DataFrame
        Of ``counterfactuals``.
    curve : DataFrame
        Of ``coverage_curve``.
    """

    scenario: str
    currency: str
    as_of: dt.date
    n_paths: int
    remedies: pd.DataFrame
    curve: pd.DataFrame

    def sentences(self) -> tuple[str, ...]:
        """Return what holds the company back, and the coverage of the first quarter with a target."""
        said = list(what_holds_back(self.remedies, self.currency))
        if len(self.curve):
            said.append(f"{say_curve(self.curve, str(self.curve['period'].iloc[0]))}.")
        return tuple(said)


@dataclass(frozen=True)
class Diagnosis:
    """Where deals die or wait, and with a scenario what each remedy is worth."""

    stuck: StuckDeals
    what_if: WhatIf | None

    def findings(self, currency: str) -> tuple[str, ...]:
        """Return all sentences, what holds the company back first."""
        said = self.what_if.sentences() if self.what_if is not None else ()
        return (*said, *stuck_findings(self.stuck, currency))

    def summary(self, currency: str) -> dict[str, object]:
        """Return the sentences and the main figures as values that JSON can hold."""
        found: dict[str, object] = {
            "diagnosis": list(self.findings(currency)),
            "where_deals_end": records(self.stuck.ends),
            "close_rates_without_dead_deals": records(self.stuck.close_rates),
        }
        if self.what_if is not None:
            found["counterfactuals"] = records(self.what_if.remedies)
        return found


def write_diagnosis(diagnosis: Diagnosis, record: TrackRecord, draft: Path, currency: str) -> None:
    """Write tables and charts into a folder that holds tables/ and charts/."""
    from simulator.report.diagnose.charts import draw_curve, draw_deaths, draw_remedies

    stuck, what_if = diagnosis.stuck, diagnosis.what_if
    tables, charts = draft / "tables", draft / "charts"
    write_table(stuck.ends, tables / "where_deals_end.csv")
    write_table(stuck.slippage, tables / "slippage_by.csv")
    write_table(stuck.commits, tables / "commits_not_in_contracts.csv")
    write_table(stuck.dead, tables / "dead_deals.csv")
    write_table(stuck.close_rates, tables / "close_rates_without_dead_deals.csv")
    footer = source_line(record.window.as_of, record.window.name, f"{record.n_deals:,} qualified deals")
    draw_deaths(stuck, charts, footer, currency)
    if what_if is None:
        return
    write_table(what_if.remedies, tables / "counterfactuals.csv")
    write_table(what_if.curve, tables / "coverage_curve.csv")
    footer = source_line(
        what_if.as_of, f"{what_if.n_paths:,} simulated futures of scenario {what_if.scenario}"
    )
    draw_remedies(what_if.remedies, charts, footer, what_if.currency)
    draw_curve(what_if.curve, charts, what_if.as_of, what_if.scenario)
