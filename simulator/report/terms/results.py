"""What deal terms cost: bookings now against the customers' value later, by policy of the deal desk."""

from __future__ import annotations

from simulator.analysis.terms.policies import NONE, TermsLab
from simulator.analysis.terms.terms import DealTerms, compare_terms
from simulator.engine.prepare import Prepared
from simulator.report.answer import Answer, Provenance, draw_specs
from simulator.report.assumptions import list_assumptions
from simulator.report.charts.spec import ChartSpec, Series, banded, figures, money_unit
from simulator.report.forecast.summary import records
from simulator.report.money import capitalise, source_line
from simulator.report.style import BLUE, GREEN, MUTED, NAVY, ORANGE, SKY
from simulator.report.terms.words import is_clear, policy_words, terms_answers, terms_title
from simulator.report.work import Source, Work, load

PATHS = 600
SCREENS = 6
"""A sixth of the simulations is enough for the assumptions: each is tried on the same ones."""


def terms(scenario: Source, *, paths: int | None = None, work: Work | None = None) -> Answer:
    """Compare the policies of the deal desk: bookings now, and the customers' value later.

    Parameters
    ----------
    scenario : Scenario, Prepared, str or Path
        It must state ``terms``.
    paths : int, optional
        Simulations; 600 without it.
    work : Work, optional
        Where progress is reported.

    Returns
    -------
    Answer
        Tables: terms, terms_curve, terms_prices, terms_assumptions.

    Raises
    ------
    InputError
        The scenario is at fault.
    """
    work = work or Work()
    prepared = work.prepare(*load(scenario))
    with work.step("prepare"):
        lab = TermsLab(prepared)
    work.compile(prepared)
    n_paths = paths or min(PATHS, prepared.scenario.simulation.paths)
    with work.step("terms", "Trying the policies of the deal desk") as advance:
        found = compare_terms(lab, n_paths, max(n_paths // SCREENS, 1), advance)
    full = prepared.scenario
    footer = source_line(
        lab.compiled.horizon.as_of,
        f"Gross margin of {found.margin:.0%} on revenue less cost of delivery; effects of terms assumed",
        f"{found.n_paths:,} simulations of scenario “{full.name}”",
    )
    return Answer(
        question="terms",
        currency=full.currency,
        provenance=Provenance.of(prepared, n_paths=found.n_paths),
        sentences=terms_answers(found, full.currency, full.terms.value_years),
        tables={
            "terms": found.table,
            "terms_curve": found.curve,
            "terms_prices": found.prices,
            "terms_assumptions": found.assumptions,
        },
        draws=draw_specs(
            policies_spec(found, full.currency, footer), crossing_spec(found, full.currency, footer)
        ),
        figures=_figures(found),
        notes=prepared.notes,
        assumptions=_assumptions(prepared, found),
        found=found,
    )


def _figures(found: DealTerms) -> dict[str, object]:
    driven_by = records(found.assumptions)
    return {
        "figures_are": "new-business bookings signed in the window; value is gross margin on the revenue of "
        "the customers signed, less the cost of what was promised, to the end of the run-off",
        "window": list(found.window),
        "until": found.periods[-1],
        "policies": records(found.table),
        "prices": records(found.prices),
        "success_plan": dict(found.gate),
        "driven_by": driven_by,
        "hangs_on": driven_by,  # the old key, for one version
    }


def _assumptions(prepared: Prepared, found: DealTerms) -> tuple[dict[str, str], ...]:
    margin = {
        "name": "gross margin on revenue", "value": f"{found.margin:.0%}", "source": found.margin_source,
    }  # fmt: skip
    return (*list_assumptions(prepared), margin)


LINES = (NAVY, ORANGE, SKY, MUTED, GREEN)


def policies_spec(found: DealTerms, currency: str, footer: str) -> ChartSpec:
    """Return what each policy changes in bookings now and in value later."""
    rows = found.table[found.table["policy"] != NONE]
    window = f"{found.window[0]} to {found.window[-1]}"
    looks = {
        "bookings_change": (f"Bookings of {window}", BLUE),
        "value_change": (f"Customers' value until {found.periods[-1]}", NAVY),
    }
    ends = [rows[f"{key}_{end}"].abs().max() for key in looks for end in ("p10", "p90")]
    return ChartSpec(
        name="terms_policies",
        shape="bars",
        title=terms_title(found),
        subtitle="Change against no concessions: mean (bar) and P10 to P90 (line) of the difference, "
        "simulation by simulation",
        footer=footer,
        unit=money_unit(ends, currency),
        categories=tuple(policy_words(name) for name in rows["policy"]),
        series=tuple(
            banded(key, name, colour, rows, (f"{key}_p10", key, f"{key}_p90"))
            for key, (name, colour) in looks.items()
        ),
    )  # fmt: skip


def crossing_spec(found: DealTerms, currency: str, footer: str) -> ChartSpec:
    """Return the cumulated value of each policy against no concessions, quarter by quarter."""
    names = [name for name in found.table["policy"] if name != NONE]
    finals = found.table.set_index("policy")["value_change"]
    outer = {finals[names].idxmin(), finals[names].idxmax()}
    series = []
    for at, name in enumerate(names):
        rows = found.curve[found.curve["policy"] == name]
        band = [figures(rows[f"value_change_{end}"]) if name in outer else () for end in ("p10", "p90")]
        label, colour = policy_words(name), LINES[at % len(LINES)]
        series.append(
            Series(str(name), label, colour, figures(rows["value_change"]), low=band[0], high=band[1])
        )
    return ChartSpec(
        name="terms_crossing",
        shape="lines",
        title=crossing_title(found),
        subtitle="Cumulated margin on the customers signed less delivery, against no "
        "concessions: mean, and for "
        f"the outermost lines P10 to P90; new demand ends with {found.window[-1]}, customers are followed on",
        footer=footer,
        unit=money_unit(found.curve["value_change"].abs(), currency),
        categories=tuple(found.periods),
        series=tuple(series),
        mark=0.0,
        mark_word="No concessions:",
    )


def crossing_title(found: DealTerms) -> str:
    """Return when which policy has paid, as a sentence."""
    rows = found.table[found.table["policy"] != NONE]
    rows = rows[[is_clear(row) for _, row in rows.iterrows()]]
    if rows.empty:
        return "No measurable difference in value between the policies and no concessions"
    lost = rows[(rows["crosses"] != "") & (rows["value_change"] < 0)]
    if len(lost):
        row = lost.iloc[int(lost["value_change"].to_numpy().argmin())]
        return f"From {row['crosses']} on, {policy_words(row['policy'])} costs more than it has brought"
    won = rows[(rows["crosses"] != "") & (rows["value_change"] > 0)]
    if len(won):
        row = won.iloc[int(won["value_change"].to_numpy().argmax())]
        return f"{capitalise(policy_words(row['policy']))} has paid for itself by {row['crosses']}"
    best = rows.iloc[int(rows["value_change"].to_numpy().argmax())]
    return f"Value never crosses: {policy_words(best['policy'])} is ahead by most until {found.periods[-1]}"
