"""Who should own customers after the sale: the question asked, and its answer."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd

from simulator.analysis.headcount.simulation import HeadcountSimulation
from simulator.analysis.ownership import STATED, OwnershipFindings, weigh_ownership
from simulator.engine.plan.roles import gross_margin, reps_remedy
from simulator.engine.plan.service_coverage import Effect
from simulator.engine.prepare import Prepared
from simulator.errors import InputError
from simulator.report.answer import Answer, Provenance, draw_specs
from simulator.report.assumptions import people_assumptions
from simulator.report.forecast.summary import records
from simulator.report.headcount.results import PATHS, prepare_roles
from simulator.report.headcount.words import rests_on, sources_words
from simulator.report.money import format_money, format_share, join_words, source_line
from simulator.report.ownership.charts import OPTION_WORDS, map_spec, options_spec
from simulator.report.work import Source, Work

MAP_PATHS = 20
"""For each of the 64 runs of the map: enough to show large differences; small ones are called a tie."""
SAME = 0.005
NOTICED = 0.005
"""Share of new business below which it is said to be the same."""
SURVEY = (
    ("AE alone responsible: renewal / upsell / cross-sell", "22 % / 40 % / 57 %"),
    ("AE not involved: renewal / upsell / cross-sell", "78 % / 37 % / 26 %"),
    ("AE leads or is involved in upsell: contracts up to $50K / $51-100K / above $101K", "43 / 63 / 83 %"),
    ("AE leads or is involved in cross-sell, same sizes", "52 / 80 / 87 %"),
)
SURVEY_SIZES = (50_000.0, 100_000.0)
SIZE_WORDS = ("up to $50K", "$51-100K", "above $101K")
AE_INVOLVED = ((43, 63, 83), (52, 80, 87))
"""In upsell and in cross-sell, percent by size of contract; renewals are flat at 20 to 25 %."""
NO_DIFFERENCE = "no difference"
SURVEY_SOURCE = "Gainsight survey 2019, second-hand: what companies do, not what works best"


def ownership(
    scenario: Source,
    *,
    quarters: int | None = None,
    closing_years: float = 1.0,
    paths: int | None = None,
    work: Work | None = None,
) -> Answer:
    """Compare who owns customers after the sale, on the same simulations with the same people.

    Parameters
    ----------
    scenario : Scenario, Prepared, str or Path
        It must state ``roles``, ``ownership`` and ``reps`` of every segment.
    quarters : int, optional
        Fiscal quarters to look at; at least 8 without it.
    closing_years : float
        Years that the ARR at the end counts for.
    paths : int, optional
        Simulations.
    work : Work, optional
        Where progress is reported.

    Returns
    -------
    Answer
        Tables: ownership, ownership_work, ownership_map.

    Raises
    ------
    InputError
        The scenario is at fault.
    """
    work = work or Work()
    prepared = prepare_roles(scenario, quarters, work)
    _check_reps(prepared)
    work.compile(prepared)
    with work.step("compile scenario"):
        simulation = HeadcountSimulation(prepared, paths or PATHS)
    margin, few = gross_margin(simulation.scenario)[0], min(MAP_PATHS, simulation.n_paths)
    with work.step("ownership", "Trying every owner") as advance:
        found = weigh_ownership(simulation, margin, closing_years, few, advance)
    currency = prepared.scenario.currency
    footer = source_line(
        simulation.deals.horizon.as_of,
        "Gross margin on revenue and closing ARR less people",
        f"{found.n_paths:,} simulations of scenario “{prepared.scenario.name}”",
    )
    title = ownership_title(found, simulation.effects, currency)
    return Answer(
        question="ownership",
        currency=currency,
        provenance=Provenance.of(prepared, n_paths=found.n_paths),
        sentences=ownership_answers(found, simulation.effects, currency),
        tables={"ownership": found.table, "ownership_work": found.work, "ownership_map": found.map},
        draws=(
            *draw_specs(options_spec(whole(found), currency, title, footer)),
            *draw_specs(map_spec(found.map, _map_words(found), currency, footer)),
        ),
        figures=_figures(found) | {"effects": [asdict(effect) for effect in simulation.effects]},
        notes=prepared.notes,
        assumptions=tuple(people_assumptions(prepared)),
        found=found,
    )


def _check_reps(prepared: Prepared) -> None:
    scenario, rates = prepared.scenario, prepared.calibration
    silent = [name for name in scenario.segments if not scenario.reps.limits(name)]
    if silent:
        raise InputError.of(
            str(scenario.files[0]) if scenario.files else scenario.name,
            f"reps are not simulated in {', '.join(silent)}: sales as the owner cannot be tried there",
            reps_remedy(silent, rates.staffing if rates is not None else None),
        )


def _figures(found: OwnershipFindings) -> dict[str, object]:
    return {
        "figures_are": "over the horizon; contribution is gross margin on revenue and on the ARR at the end, "
        "less the cost of all people at target pay",
        "people_after_the_sale": found.people,
        "ownership": records(found.table),
        "map": records(found.map),
        "survey": [{"what": what, "share": share, "source": SURVEY_SOURCE} for what, share in SURVEY],
    }


def as_stated(found: OwnershipFindings) -> str:
    """Return the option that is what the scenario states; ``STATED`` where none is, to the cent."""
    rows = found.table[found.table["segment"] == "all"].set_index("option")["contribution"]
    same = [o for o in rows.index if o != STATED and abs(rows[o] - rows[STATED]) < SAME]
    return str(same[0]) if same else STATED


def whole(found: OwnershipFindings) -> pd.DataFrame:
    """Return the options over all segments, the best first."""
    rows = found.table[(found.table["segment"] == "all") & (found.table["option"] != STATED)]
    return rows.sort_values("contribution", ascending=False, kind="stable")


def option_word(found: OwnershipFindings, option: str) -> str:
    """Return the name of an option, and whether it is what is stated."""
    return OPTION_WORDS[option] + (" (as stated)" if option == as_stated(found) != STATED else "")


def ownership_title(found: OwnershipFindings, effects: tuple[Effect, ...], currency: str) -> str:
    """Return the answer as a headline; first, where it is so, that it rests on assumed effects."""
    given = f"{'On assumed effects, with' if rests_on(effects) else 'With'} the same people: "
    rows = whole(found)
    best = rows.iloc[0]
    tied = [option_word(found, o) for o in rows.loc[rows["tied"], "option"] if o != best["option"]]
    if tied:
        names = join_words([option_word(found, best["option"]), *tied])
        return f"{given}no measurable difference between {names}"
    ahead = format_money(float(rows.iloc[1]["behind"]), currency)
    second = option_word(found, rows.iloc[1]["option"])
    return f"{given}{option_word(found, best['option'])} is worth most, {ahead} more than {second}"


def ownership_answers(found: OwnershipFindings, effects: tuple[Effect, ...], currency: str) -> dict[str, str]:
    """Return the answer in a few sentences, by question."""
    texts = {"answer": ownership_title(found, effects, currency)}
    texts["same people"] = (
        f"Each option has the same {found.people} people after the sale, shared out by its work among the "
        "roles that do it and paid as these are; those who sell to new customers stay the same and give "
        "customers no time besides. "
        "Worth is gross margin on revenue and on the ARR at the end, less all people"
    )
    texts["as stated"] = _say_stated(found, currency)
    for _, row in whole(found).iterrows():
        texts[f"option {row['option']}"] = (
            f"{option_word(found, row['option'])}: "
            f"new business {format_money(row['bookings_new'], currency)}, "
            f"expansion {format_money(row['bookings_expansion'], currency)}, NRR {format_share(row['nrr'])}, "
            f"people {format_money(row['cost'], currency)}; "
            f"worth {format_money(row['contribution'], currency)}"
            + ("" if row["behind"] <= 0 else f", {format_money(row['behind'], currency)} behind")
        )
    texts["by segment"] = _by_segment(found)
    texts["map"] = _map_words(found)
    texts["nobody"] = _nobody(found)
    texts["nrr"] = _who_owns_nrr(found)
    texts["rests on"] = (
        "The rates of customers were earned with the owners of today: what another option changes rests on "
        "the skills, hand-offs and effects assumed, listed in summary.json with their sources"
    )
    texts["survey"] = _survey(found)
    texts["sources"] = sources_words(effects)
    return {key: text for key, text in texts.items() if text}


def _say_stated(found: OwnershipFindings, currency: str) -> str:
    """Return what today's owners and people are worth, which may be more people than an option has."""
    if as_stated(found) != STATED:
        return ""
    stated = found.table[(found.table["segment"] == "all") & (found.table["option"] == STATED)].iloc[0]
    ahead = format_money(abs(float(stated["behind"])), currency)
    more = "more" if stated["behind"] < 0 else "less"
    lost = float(whole(found).iloc[0]["bookings_new"] - stated["bookings_new"])
    price = "no new business, as no limit on their work is seen to be reached"
    if abs(lost) > NOTICED * float(stated["bookings_new"]):
        price = f"{format_money(lost, currency)} of new business"
    return (
        f"As stated, today's owners are worth {format_money(stated['contribution'], currency)}, {ahead} "
        f"{more} than the best option: account executives give customers up to the share of their time that "
        f"the scenario says, on top of the people whom each option has; here that costs {price}"
    )


def _by_segment(found: OwnershipFindings) -> str:
    rows = found.table[(found.table["segment"] != "all") & (found.table["option"] != STATED)]
    by_name = rows.assign(best=rows["behind"] <= 0).groupby("segment", sort=False)
    parts = [f"{name}: {_winner(part)}" for name, part in by_name]
    return "By segment the most is worth " + "; ".join(parts)


def _map_words(found: OwnershipFindings) -> str:
    """Return who is best in how many cells, and in the two corners where practice differs."""
    table = found.map
    cells = sorted(set(zip(table["cycle_months"].tolist(), table["sold_share"].tolist(), strict=True)))
    winners = {
        (cycle, share): _winner(table[(table["cycle_months"] == cycle) & (table["sold_share"] == share)])
        for cycle, share in cells
    }
    counts = pd.Series(list(winners.values())).value_counts()
    parts = [f"{words} in {n} of {len(winners)}" for words, n in counts.items()]
    corners = [
        f"with a cycle of {cycle:.0f} month{'s' if cycle > 1 else ''} and {share:.0%} of growth to be sold: "
        f"{winners[cycle, share]}"
        for cycle, share in (min(winners), max(winners))
    ]
    return (
        "Over sales cycles of 1 to 12 months and 10 % to 80 % of growth to be sold: "
        f"{join_words(parts)}. In the corners, {'; '.join(corners)}. Practice gives short cycles and more of "
        "the same to the CSM, long cycles and new solutions to sales"
    )


def _winner(rows: pd.DataFrame) -> str:
    """Return who is best in a segment or a cell of the map, or that nobody clearly is."""
    if (rows["tied"] & ~rows["best"]).any():
        return NO_DIFFERENCE
    return OPTION_WORDS[str(rows[rows["best"]].iloc[0]["option"])]


def _survey(found: OwnershipFindings) -> str:
    """Return what companies with contracts of this size do."""
    size = found.arr_per_account
    place = int(np.searchsorted(SURVEY_SIZES, size))
    upsell, cross_sell = (rates[place] for rates in AE_INVOLVED)
    return (
        f"For context, {SURVEY[0][0]}: {SURVEY[0][1]}; with contracts as here ({SIZE_WORDS[place]}) "
        f"AEs lead or are involved in {upsell} % of upsells and {cross_sell} % of cross-sells "
        f"({SURVEY_SOURCE})"
    )


def _nobody(found: OwnershipFindings) -> str:
    rows = found.work[(found.work["option"] == STATED) & (found.work["share_nobody"] > 0)]
    thin = found.work[(found.work["option"] == STATED) & (found.work["share_done"] < 0.005)]
    if rows.empty and thin.empty:
        return "As stated every activity after the signature has an owner with people for it"
    parts = [f"{row['activity']} in {row['segment']}" for _, row in rows.iterrows()]
    text = f"Nobody owns {join_words(parts)}" if parts else "Every activity has an owner"
    empty = [
        f"{row['activity']} in {row['segment']}" for _, row in thin.iterrows() if row["share_nobody"] == 0
    ]
    return text + (f"; owned, but without people: {join_words(empty)}" if empty else "")


def _who_owns_nrr(found: OwnershipFindings) -> str:
    rows = found.work[found.work["option"] == STATED]
    owners = {a: set(rows.loc[rows["activity"] == a, "owners"]) for a in ("renewal", "expansion_new_sale")}
    if owners["renewal"] == owners["expansion_new_sale"] and len(owners["renewal"]) == 1:
        return f"{next(iter(owners['renewal']))} owns net revenue retention as stated: renewals and expansion"
    kept, sold = (join_words(sorted(owners[a])) for a in ("renewal", "expansion_new_sale"))
    return (
        f"No one role owns net revenue retention as stated: renewals are with {kept}, new sales with {sold}"
    )
