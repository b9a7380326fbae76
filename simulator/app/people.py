"""Who is hired: people by role, segment and month, as tables to type into."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from nicegui import ui

from simulator.app.edits import hires_in
from simulator.app.parts import button, entry, grid, text
from simulator.app.session import Session
from simulator.app.words import plural
from simulator.engine.plan.roles import rep_terms, role_terms
from simulator.engine.prepare import Prepared
from simulator.fiscal import month_number
from simulator.scenario.numbers import month_text
from simulator.scenario.ownership import AE
from simulator.scenario.schema import Scenario

MOST_MONTHS = 12
NO_CUSTOMERS = (
    "The history has no customers, so churn and expansion are not simulated. Add customers.csv and "
    "arr_changes.csv to its folder: `simulator import` makes them of what a billing system exports."
)


def offer_people(
    session: Session, base: Prepared, scenario: Scenario, simulate_reps: Callable[[], Any]
) -> None:
    """Show how many people there are by role and segment, and how many start in each month."""
    if not base.scenario.reps.stated:
        with ui.element("details").props("open"):
            text("summary", plural(AE))
            offer_reps(base, simulate_reps)
    for role, heads in _heads(base).items():
        with ui.element("details"):
            text("summary", f"{plural(role)} by segment and month")
            months = _months(base)
            _, body = grid(f"{plural(role)} to hire", ("Segment", "Now", *map(month_text, months)))
            with body:
                for segment, n_heads in heads.items():
                    with ui.element("tr"):
                        text("th", segment).props["scope"] = "row"
                        text("td", f"{n_heads:g}", "number")
                        for month in months:
                            n_hired = hires_in(scenario, role, segment, month)
                            _offer_hires(partial(_hire, session), (role, segment, month), n_hired)


def offer_reps(base: Prepared, simulate_reps: Callable[[], Any]) -> None:
    """Say why no reps can be hired, and offer to simulate those whom the history knows."""
    staffing = base.calibration.staffing if base.calibration is not None else None
    n_reps = 0 if staffing is None else int(staffing.heads.sum())
    if not n_reps:
        text("p", "The history names no owners of deals: state 'reps' in the file to plan hires.")
        return
    text(
        "p",
        f"{n_reps} account executives own deals in the history. The scenario does not simulate them yet: "
        "each deal is worked at once, and a hire would change nothing.",
    )
    with ui.element("div").classes("offer"):
        button("Simulate account executives", simulate_reps)


def _offer_hires(hire: Callable[..., None], place: tuple[str, str, int], n_hired: int) -> None:
    role, segment, month = place
    with ui.element("td"):
        entry(
            f"{plural(role)} hired, {segment}, {month_text(month)}", partial(hire, *place), hidden_label=True,
            type="number", min=0, max=999, value=n_hired or "", inputmode="numeric",
        )  # fmt: skip


def _hire(session: Session, role: str, segment: str, month: int, value: str) -> None:
    count = int(value) if value.strip().isdecimal() else 0
    if session.edits is not None:
        session.edits.hire(role, segment, month, count)
        session.change()


def has_customers(base: Prepared) -> bool:
    """Return whether churn and expansion are simulated: customers are on record, or stated."""
    return base.calibration is None or base.calibration.customers is not None


def _heads(base: Prepared) -> dict[str, dict[str, float]]:
    """Return how many people there are now, by role that is simulated and segment."""
    staffing = base.calibration.staffing if base.calibration is not None else None
    found: dict[str, dict[str, float]] = {}
    for terms in rep_terms(base.scenario, staffing):
        found.setdefault(AE, {})[terms.segment] = terms.heads
    for role in role_terms(base.scenario, base.history) if base.scenario.simulates_roles else ():
        found.setdefault(role.role, {})[role.segment] = role.heads
    return found


def _months(base: Prepared) -> range:
    """Return the months of the horizon that people can still start in."""
    scenario = base.scenario
    if scenario.as_of is None:
        raise ValueError("the as-of date is not known yet")
    return range(
        first := month_number(scenario.as_of) + 1, first + min(MOST_MONTHS, 3 * scenario.horizon_quarters)
    )
