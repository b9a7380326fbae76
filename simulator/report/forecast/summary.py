"""summary.json: the figures of the tables, the answers in words, notes and assumptions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from simulator.analysis.forecast.outlook import Outlook
from simulator.notes import HowMade
from simulator.report.forecast.findings import (
    headline_period,
    say_coverage,
    say_headline,
    say_hit,
    say_parts,
    say_spread,
)
from simulator.report.money import capitalise, shorten_amounts
from simulator.report.output.tables import round_figures

FIGURES_ARE = "bookings: value signed in the period; not ARR, not revenue"
PERCENTILES_ARE = "percentiles are of the outcome: P10 is the low case, 10% of simulations are below it"


def summarise(
    outlook: Outlook, *, notes: Sequence[str] = (), assumptions: Sequence[dict[str, str]] = ()
) -> dict[str, object]:
    """Return the content of summary.json, free of NaN: what is missing is null.

    Parameters
    ----------
    outlook : Outlook
        What the run found.
    notes : sequence of str
        What the reader should know of the input.
    assumptions : sequence of dict
        name, value, source.
    """
    forecast = outlook.forecast
    return {
        "scenario": forecast.scenario,
        "as_of": forecast.as_of.isoformat(),
        "currency": forecast.currency,
        "figures_are": FIGURES_ARE,
        "percentiles_are": PERCENTILES_ARE,
        "n_paths": forecast.n_paths,
        "n_rate_draws": forecast.n_rate_draws,
        "periods": list(forecast.periods),
        "partial_period": forecast.periods[0] if forecast.partial else None,
        "answers": answers(outlook),
        "bookings": records(forecast.bookings),
        "horizon": records(forecast.horizon),
        "p50_composition": records(outlook.composition_table),
        "spread": records(outlook.spread),
        "coverage": records(outlook.coverage_table),
        "waterfall": records(outlook.waterfall),
        "slipped": records(forecast.slipped),
        "pipeline_created": records(outlook.created),
        "capacity": records(outlook.capacity),
        "monte_carlo_error": records(forecast.precision),
        "notes": [
            note if isinstance(note, HowMade) else shorten_amounts(note, forecast.currency)
            for note in (*notes, *outlook.coverage.notes)
        ],
        "assumptions": list(assumptions),
    }


def records(table: pd.DataFrame) -> list[dict[str, object]]:
    """Return a table as one mapping a row, with the decimals of the files and null for what is missing."""
    rows = round_figures(table).to_dict("records")
    return [{str(key): _plain(value) for key, value in row.items()} for row in rows]


def _plain(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def answers(outlook: Outlook) -> dict[str, str]:
    """Return the answer of a run in a few plain sentences, by question."""
    forecast = outlook.forecast
    period = headline_period(forecast)
    hit = say_hit(forecast, period)
    texts = {"bookings": say_headline(forecast, period)}
    if hit:
        texts["target"] = capitalise(hit)
    texts["coverage"] = f"Coverage of {period}: {say_coverage(outlook.coverage, period)}"
    texts["p50"] = f"The P50 of {period} is made of {say_parts(forecast, period)}"
    texts["spread"] = f"Spread of {period}: {say_spread(outlook.spread, period, forecast.currency)}"
    return texts
