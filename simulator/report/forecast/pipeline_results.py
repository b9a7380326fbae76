"""Pipeline created, and what the targets need: the question asked, and its answer."""

from __future__ import annotations

import math

import pandas as pd

from simulator.analysis.forecast.out_of_reach import NO_TIME, REPS_FULL, TOO_FAR
from simulator.analysis.forecast.pipeline import PipelineNeeded, demand_sources, pipeline_needed
from simulator.analysis.totals import ALL
from simulator.report.answer import Answer, Provenance
from simulator.report.forecast.summary import records
from simulator.report.money import format_money, format_share, join_words
from simulator.report.work import Source, Work, load

PIPELINE_PATHS = 1000


def pipeline(scenario: Source, *, paths: int | None = None, work: Work | None = None) -> Answer:
    """Find how much pipeline must be created for the targets, by quarter and segment.

    Parameters
    ----------
    scenario : Scenario, Prepared, str or Path
    paths : int, optional
        Simulations; 1,000 without it.
    work : Work, optional
        Where progress is reported, and which workers simulate.

    Returns
    -------
    Answer
        Tables: demand_sources, pipeline_created, pipeline_chances, pipeline_needed, pipeline_limits.

    Raises
    ------
    InputError
        The scenario is at fault.
    """
    work = work or Work()
    prepared = work.prepare(*load(scenario))
    work.compile(prepared)
    n_paths, full = paths or PIPELINE_PATHS, prepared.scenario
    with work.executor(), work.step("simulate", "Trying more and fewer SALs") as advance:
        needed = pipeline_needed(prepared, n_paths, advance)
    tables = {
        "pipeline_created": needed.created,
        "pipeline_chances": needed.chances,
        "pipeline_needed": needed.needed,
        "pipeline_limits": needed.limits,
    }
    sentences = pipeline_answers(needed, full.currency)
    return Answer(
        question="pipeline",
        currency=full.currency,
        provenance=Provenance.of(prepared, n_paths=n_paths),
        sentences={str(number): sentence for number, sentence in enumerate(sentences)},
        tables={"demand_sources": demand_sources(prepared), **tables},
        figures={
            "figures_are": FIGURES_ARE,
            "answers": sentences,
            **{name: records(table) for name, table in tables.items()},
        },
        notes=prepared.notes,
        found=needed,
    )


REASON_WORDS = {
    NO_TIME: "deals that are still to be created hardly close by then",
    REPS_FULL: "reps have all the deals that they can work, and more SALs only wait",
    TOO_FAR: "three times the SALs, the most that was tried, are too few",
}
FIGURES_ARE = "qualified pipeline created: amounts at SAL, those that gave up waiting for a rep taken off"


def pipeline_answers(needed: PipelineNeeded, currency: str) -> list[str]:
    """Return what is created in each quarter, and what the targets ask for, a sentence each."""
    created = needed.created[needed.created["segment"] == ALL]
    asked = needed.needed
    rows = asked[asked["segment"] == ALL].set_index("period") if len(asked) else asked
    sentences = []
    for _, row in created.iterrows():
        period = str(row["period"])
        low, middle, high = (format_money(row[p], currency) for p in ("p10", "p50", "p90"))
        text = f"{period}: {middle} of qualified pipeline is created ({low} to {high})"
        if period in rows.index:
            text += f"; {_needs(rows[rows.index == period].iloc[0], currency)}"
        sentences.append(text)
    sentences += [say_limit(row) for _, row in needed.limits.iterrows()]
    if not len(rows):
        sentences.append("No target is stated for all segments, so none says how much is needed")
    return sentences


def say_limit(row: pd.Series) -> str:
    """Return why no pipeline suffices for a target, and which mix would."""
    period, chance = row["period"], format_share(float(row["chance"]))
    text = f"{period}: {REASON_WORDS[str(row['reason'])]}, so no pipeline brings its target to {chance}"
    mix = "closing and slippage as in the company's better quarters and reps enough for every deal"
    if math.isnan(row["mix"]):
        return f"{text}; nor would three times the SALs with {mix} ({format_share(float(row['p_hit']))})"
    factor = float(row["mix"])
    more = "the SALs of the plan" if factor == 1.0 else f"{factor:g} times the SALs"
    return f"{text}; {more} with {mix} would"


def _needs(row: pd.Series, currency: str) -> str:
    """Return what a 50, 80 and 90% chance takes, and of which target where it is a later one."""
    parts, beyond = [], []
    for chance in (50, 80, 90):
        amount, target = row[f"needed_p{chance}"], row[f"for_p{chance}"]
        if math.isnan(amount):
            beyond.append(f"{chance}%")
            continue
        later = f" (of the {target} target)" if target != row.name else ""
        parts.append(f"{format_money(amount, currency)} for {chance}%{later}")
    text = f"this and later targets take {join_words(parts)}" if parts else ""
    out = f"{join_words(beyond)} cannot be reached by more pipeline" if beyond else ""
    return "; ".join(filter(None, (text, out)))
