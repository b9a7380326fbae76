"""The continuous-selling checklist, answered from a scenario: questions, gaps, and how to fix them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulator.engine.plan.service_coverage import paid_for
from simulator.scenario.ownership import ACTIVITIES, AE, Ownership, OwnerTable
from simulator.scenario.schema import Scenario

RENEWAL = "renewal"
GROWTH = ("expansion_more_of_same", "expansion_new_sale")
COMMERCIAL = (RENEWAL, *GROWTH)
NOBODY = "nobody"
MOST = 0.5 + 1e-9
"""Who does more than half of an activity owns it."""


@dataclass(frozen=True)
class Question:
    """One question with its answer.

    Parameters
    ----------
    key, question, answer : str
    gap : bool
        Whether the answer is, somewhere, nobody or no.
    fixed : Scenario, optional
        The scenario with the gap fixed; None where there is none, or nothing that a simulation could fix.
    how : str
        How it was fixed.
    """

    key: str
    question: str
    answer: str
    gap: bool
    fixed: Scenario | None = None
    how: str = ""


def answer_checklist(scenario: Scenario) -> tuple[Question, ...]:
    """Return the five questions with their answers, and what would fix the gaps.

    Parameters
    ----------
    scenario : Scenario
        Settled: its segments are known.
    """
    return (
        _commercial(scenario),
        _paid(scenario),
        _common_book(scenario),
        _success_plan(scenario),
        _retention(scenario),
    )


def owners_of(table: OwnerTable | None, activity: str) -> Mapping[str, float]:
    """Return the share of each role in an activity; none where nothing is said of it."""
    return table.owners(activity) if table is not None else {}


def _by_segment(scenario: Scenario, answers: Mapping[str, str]) -> str:
    """Return answers by segment, said once where they are the same everywhere."""
    found: dict[str, list[str]] = {}
    for name in scenario.segments:
        found.setdefault(answers[name], []).append(name)
    if len(found) == 1:
        return next(iter(found))
    return "; ".join(f"{answer} ({', '.join(names)})" for answer, names in found.items())


def _named(owners: Mapping[str, float]) -> str:
    missing = 1.0 - sum(owners.values())
    parts = [*owners.items(), *([(NOBODY, missing)] if missing > 1e-9 else [])]
    if len(parts) == 1:
        return parts[0][0]
    return " and ".join(f"{role} {share:.0%}" for role, share in parts)


def _commercial(scenario: Scenario) -> Question:
    answers, gap = {}, False
    for name in scenario.segments:
        table = scenario.ownership.of(name)
        by_activity = {activity: _named(owners_of(table, activity)) for activity in COMMERCIAL}
        gap |= any(NOBODY in words for words in by_activity.values())
        words = [f"{activity}: {who}" for activity, who in by_activity.items()]
        answers[name] = by_activity[RENEWAL] if len(set(by_activity.values())) == 1 else ", ".join(words)
    question = "Who has commercial ownership after the signature?"
    fixed = _with_tables(scenario, _all_owned) if gap else None
    how = "what nobody does is done by whoever renews, else by the account executives"
    return Question("commercial_ownership", question, _by_segment(scenario, answers), gap, fixed, how)


def _all_owned(table: OwnerTable | None) -> OwnerTable:
    """Return a table in which every activity is done in whole."""
    whole = table if table is not None else OwnerTable()
    keeper = _first(owners_of(whole, RENEWAL)) or _first(dict.fromkeys(whole.roles, 1.0)) or AE
    for activity in ACTIVITIES:
        owners = dict(whole.owners(activity))
        missing = 1.0 - sum(owners.values())
        if missing > 1e-9:
            owners[keeper] = owners.get(keeper, 0.0) + missing
            whole = whole.model_copy(update={activity: owners})
    return whole


def _first(owners: Mapping[str, float]) -> str:
    return next((role for role in owners if role != AE), next(iter(owners), ""))


def _growers(scenario: Scenario, segment: str) -> tuple[str, ...]:
    """Return the roles that look after customers' growth or renewals in a segment, sellers apart."""
    table = scenario.ownership.of(segment)
    roles = table.roles if table is not None else ()
    return tuple(role for role in roles if role != AE)


def _unpaid(scenario: Scenario, role: str) -> tuple[str, ...]:
    """Return the activities of growth and renewal that a role owns and is not paid for."""
    tables = [scenario.ownership.of(name) for name in scenario.segments]
    owned = [a for a in COMMERCIAL if any(role in owners_of(table, a) for table in tables)]
    return tuple(activity for activity in owned if activity not in paid_for(scenario, role))


def _paid(scenario: Scenario) -> Question:
    roles = dict.fromkeys(role for name in scenario.segments for role in _growers(scenario, name))
    unpaid = {role: _unpaid(scenario, role) for role in roles}
    not_for_growth = [
        role for role in roles if not set(GROWTH) & set(paid_for(scenario, role)) and not unpaid[role]
    ]
    parts = [f"{role} is not paid for {', '.join(acts)}" for role, acts in unpaid.items() if acts]
    parts += [f"{role} is not paid for growth" for role in not_for_growth]
    gap = bool(parts) or not roles
    if not roles:
        answer = "there is no role but the account executives"
    else:
        answer = "; ".join(parts) if parts else f"yes: {', '.join(roles)}"
    fixed = None
    if parts:
        paid = {
            role: scenario.roles[role].model_copy(
                update={"paid_for": tuple(dict.fromkeys((*paid_for(scenario, role), *COMMERCIAL)))}
            )
            for role in roles
        }
        fixed = scenario.replace(roles={**scenario.roles, **paid})
    question = "Are the roles on both sides of the signature paid for growth?"
    how = "every role that looks after customers is paid for renewals and growth"
    return Question("paid_for_growth", question, answer, gap, fixed, how)


def _common_book(scenario: Scenario) -> Question:
    answers, gap = {}, False
    for name in scenario.segments:
        table = scenario.ownership.of(name)
        if table is None:
            answers[name] = NOBODY + " has a book"
        elif len(table.roles) < 2:
            answers[name] = "one role has it alone"
        else:
            apart = f"no: {', '.join(table.roles)} have books of their own"
            answers[name] = "yes" if table.shares_book else apart
        gap |= table is None or (len(table.roles) >= 2 and not table.shares_book)
    question = "Do the roles that share customers share one book of accounts?"
    fixed = _with_tables(scenario, _sharing) if gap else None
    how = "the roles of a segment share one book"
    return Question("common_book", question, _by_segment(scenario, answers), gap, fixed, how)


def _sharing(table: OwnerTable | None) -> OwnerTable | None:
    return table.model_copy(update={"common_book": True}) if table is not None else None


def _success_plan(scenario: Scenario) -> Question:
    plan = scenario.terms.success_plan
    share = plan.deals if plan is not None else 0.0
    answer = "yes, before every one" if share == 1.0 else f"in {share:.0%} of deals" if share else "no"
    fixed = None
    if plan is not None and share < 1.0:
        every = scenario.terms.model_copy(update={"success_plan": plan.model_copy(update={"deals": 1.0})})
        fixed = scenario.replace(terms=every)
    question = "Must a success plan be agreed before closed-won?"
    how = "a plan before every signature, with the days and effects of terms.success_plan"
    return Question("success_plan", question, answer, share < 1.0, fixed, how)


def retention_owner(table: OwnerTable | None) -> str:
    """Return who owns net revenue retention: who does most of renewals and of all growth.

    Roles on one common book own it together where they do all of it between them.
    """
    if table is None:
        return NOBODY
    for role in table.roles:
        if all(owners_of(table, activity).get(role, 0.0) >= MOST for activity in COMMERCIAL):
            return role
    roles = dict.fromkeys(role for activity in COMMERCIAL for role in owners_of(table, activity))
    whole = all(sum(owners_of(table, activity).values()) > 1.0 - 1e-9 for activity in COMMERCIAL)
    return " and ".join(roles) + " together" if whole and table.shares_book else NOBODY


def _retention(scenario: Scenario) -> Question:
    answers = {name: retention_owner(scenario.ownership.of(name)) for name in scenario.segments}
    gap = NOBODY in answers.values()
    question = "Who owns net revenue retention?"
    fixed = _with_tables(scenario, _one_owner) if gap else None
    how = "whoever renews most does all renewals and growth"
    return Question("nrr_owner", question, _by_segment(scenario, answers), gap, fixed, how)


def _one_owner(table: OwnerTable | None) -> OwnerTable:
    whole = _all_owned(table)
    if retention_owner(whole) != NOBODY:
        return whole
    renewing = whole.owners(RENEWAL)
    owner = max(renewing, key=lambda role: renewing[role])
    return whole.model_copy(update={activity: {owner: 1.0} for activity in COMMERCIAL})


def _with_tables(scenario: Scenario, change: Callable[[OwnerTable | None], OwnerTable | None]) -> Scenario:
    """Return the scenario with the ownership of every segment changed."""
    segments = {}
    for name in scenario.segments:
        table = change(scenario.ownership.of(name))
        if table is not None:
            segments[name] = table
    return scenario.replace(ownership=Ownership.model_construct(all=None, segments=segments))
