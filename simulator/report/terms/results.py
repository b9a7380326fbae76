"""What deal terms cost: bookings now against the customers' value later, by policy of the deal desk."""

from __future__ import annotations

from simulator.analysis.terms.policies import TermsLab
from simulator.analysis.terms.terms import DealTerms, compare_terms
from simulator.engine.prepare import Prepared
from simulator.report.answer import Answer, Provenance, draw_specs
from simulator.report.assumptions import list_assumptions
from simulator.report.forecast.summary import records
from simulator.report.money import source_line
from simulator.report.terms.charts import crossing_spec, policies_spec
from simulator.report.terms.words import terms_answers
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
