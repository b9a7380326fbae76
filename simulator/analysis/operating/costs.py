"""What people and everything else cost, quarter by quarter on every path: heads × months × cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.arrays import Floats
from simulator.calibration.calibration import Calibration
from simulator.engine.paths import Paths
from simulator.engine.plan.demand import cost_per_sal
from simulator.engine.plan.roles import RepTerms, RoleTerms
from simulator.fiscal import day_number, month_start_day
from simulator.kernels.people.coverage import HEADS, N_OF_ROLE
from simulator.scenario.operating import Cost
from simulator.scenario.schema import Scenario

ACQUISITION, POST_SALE, OTHER = "acquisition", "post_sale", "other"
MONTHS_PER_YEAR = 12.0
BEFORE_THE_SALE = frozenset({"sdr", "specialist"})
"""Roles that help to win customers; every other one looks after them."""


@dataclass(frozen=True)
class CostLine:
    """One cost.

    Parameters
    ----------
    name : str
    kind : str
        ``acquisition``, ``post_sale`` or ``other``.
    amounts : ndarray of float64, shape (path, period)
        Unit: scenario currency.
    source : str
        Where its rates are from.
    """

    name: str
    kind: str
    amounts: Floats
    source: str


def cost_lines(
    paths: Paths,
    scenario: Scenario,
    calibration: Calibration | None,
    reps: Sequence[RepTerms],
    roles: Sequence[RoleTerms] = (),
) -> tuple[CostLine, ...]:
    """Return every cost but that of revenue itself.

    Parameters
    ----------
    paths : Paths
        With customers.
    scenario : Scenario
        Settled; its ``operating`` is used.
    calibration : Calibration, optional
        Tells what leads cost where the scenario does not.
    reps : sequence of RepTerms
        Account executives, by segment.
    roles : sequence of RoleTerms
        The people of every other role, by segment.
    """
    lines = [
        *_account_executives(paths, scenario, reps),
        *_roles(paths, scenario, roles),
        *_sdrs(paths, scenario),
        *_leads(paths, scenario, calibration),
        *_delivery(paths),
        *(_other(paths, item) for item in scenario.operating.other_costs),
    ]
    return tuple(line for line in lines if line.amounts.any())


def months_of_quarters(paths: Paths) -> Floats:
    """Return how many months of each quarter are simulated, the first one as far as it lies ahead."""
    place = (paths.months - paths.calendar.first_month(int(paths.quarters[0]))) // 3
    share = np.ones(paths.months.size)
    share[0] = first_month_share(paths)
    return np.bincount(place, share, len(paths.periods)).astype(np.float64)


def first_month_share(paths: Paths) -> float:
    """Return the share of the first month that lies after as_of."""
    first = int(paths.months[0])
    start, end = float(month_start_day(first)), float(month_start_day(first + 1))
    return float((end - (day_number(paths.as_of) + 1)) / (end - start))


def _head_months(paths: Paths, flow: str) -> Floats:
    """Return head-months, of a first month only what lies after as_of."""
    months = paths.flow(flow).copy()
    months[:, 0] *= months_of_quarters(paths)[0] / _whole_months(paths)[0]
    return months


def _account_executives(paths: Paths, scenario: Scenario, reps: Sequence[RepTerms]) -> list[CostLine]:
    if not reps:
        return []
    axis = {name: place for place, name in enumerate(paths.segments)}
    at = [axis[item.segment] for item in reps]
    overhead = scenario.operating.overhead / MONTHS_PER_YEAR
    monthly = np.array([item.base_per_month + item.ote * overhead for item in reps])
    salaries = (_head_months(paths, "rep_months")[..., at] * monthly).sum(axis=2)
    signed = paths.bookings_by_origin().sum(axis=-1)[..., at]
    commission = (signed * np.array([item.commission for item in reps])).sum(axis=2)
    hiring = np.zeros_like(salaries)
    for item in reps:
        for hire in scenario.reps.of(item.segment).hires or ():
            place = _period_of(paths, hire.month)
            if place is not None:
                hiring[:, place] += hire.count * item.hiring_cost
    source = "; ".join(dict.fromkeys(item.sources["ote"] for item in reps))
    return [
        CostLine("account executives, pay whatever is booked", ACQUISITION, salaries, source),
        CostLine("account executives, commission", ACQUISITION, commission, source),
        CostLine("hiring of account executives", ACQUISITION, hiring, "scenario"),
    ]


def _roles(paths: Paths, scenario: Scenario, roles: Sequence[RoleTerms]) -> list[CostLine]:
    """Return heads × months × cost of every role: at target pay, or on expansion where a quota is stated."""
    axis = {name: place for place, name in enumerate(paths.segments)}
    amounts: dict[str, Floats] = {}
    sources: dict[str, list[str]] = {}
    for item in roles:
        months = head_months(paths, scenario, item, axis[item.segment])
        fixed = item.cost_per_month
        variable = np.zeros_like(months)
        if np.isfinite(item.quota):
            fixed -= item.ote * item.variable_share / MONTHS_PER_YEAR
            signed = paths.arr_flow("bookings_expansion")[:, :, axis[item.segment]]
            variable = signed * item.ote * item.variable_share / item.quota
        cost = months * fixed + variable * (months > 0.0)
        for hire in scenario.roles[item.role].of(item.segment).hires or ():
            place = _period_of(paths, hire.month)
            if place is not None:
                cost[:, place] += hire.count * item.hiring_cost
        amounts[item.role] = amounts.get(item.role, 0.0) + cost
        sources.setdefault(item.role, []).append(item.sources["ote"])
    return [
        CostLine(
            name.replace("_", " "),
            ACQUISITION if name in BEFORE_THE_SALE else POST_SALE,
            cost,
            "; ".join(dict.fromkeys(sources[name])),
        )
        for name, cost in amounts.items()
    ]


def head_months(paths: Paths, scenario: Scenario, item: RoleTerms, segment: int) -> Floats:
    """Return head-months of a role in a segment, shape (path, period): as simulated, else as planned."""
    months = months_of_quarters(paths)
    if paths.people is not None and item.role in paths.roles:
        place = paths.roles.index(item.role) * N_OF_ROLE + HEADS
        heads = paths.people[:, :, segment, place].copy()
        heads[:, 0] *= months[0] / _whole_months(paths)[0]
        return np.asarray(heads)
    planned = np.full(paths.months.size, float(item.heads))
    for hire in scenario.roles[item.role].of(item.segment).hires or ():
        planned += hire.count * (paths.months >= hire.month)
    planned[0] *= first_month_share(paths)
    place_of = (paths.months - paths.calendar.first_month(int(paths.quarters[0]))) // 3
    return np.tile(np.bincount(place_of, planned, len(paths.periods)), (paths.n_paths, 1))


def _whole_months(paths: Paths) -> Floats:
    place = (paths.months - paths.calendar.first_month(int(paths.quarters[0]))) // 3
    return np.bincount(place, minlength=len(paths.periods)).astype(np.float64)


def _sdrs(paths: Paths, scenario: Scenario) -> list[CostLine]:
    cost = scenario.operating.sdr_cost
    n = sum((item.sdrs or 0.0) * len(item.segments) for item in scenario.demand)
    if cost is None or n == 0.0:
        return []
    amounts = np.tile(n * cost / MONTHS_PER_YEAR * months_of_quarters(paths), (paths.n_paths, 1))
    return [CostLine("sales development reps", ACQUISITION, amounts, "scenario")]


def _leads(paths: Paths, scenario: Scenario, calibration: Calibration | None) -> list[CostLine]:
    """Return what SALs cost to create: SALs of each segment × the mean cost of its sources."""
    if calibration is None:
        return []
    arrivals = calibration.arrivals
    usual = arrivals.shape / arrivals.rate
    amounts = np.zeros((paths.n_paths, len(paths.periods)))
    created = paths.flow("n_created")
    known = set()
    for place, name in enumerate(paths.segments):
        if name not in calibration.segments:
            continue
        mine = np.flatnonzero(arrivals.segment == calibration.segments.index(name))
        prices = [cost_per_sal(scenario, calibration, name, arrivals.source[i]) for i in mine]
        known |= {source for _, source in prices if source}
        total = usual[mine].sum()
        if total > 0.0:
            mean = float((np.nan_to_num([price for price, _ in prices]) * usual[mine]).sum() / total)
            amounts += created[:, :, place] * mean
    return [CostLine("leads", ACQUISITION, amounts, " and ".join(sorted(known)))]


def _delivery(paths: Paths) -> list[CostLine]:
    promised = paths.flow("delivery_cost").sum(axis=2)
    return [CostLine("delivery of what was promised at signing", POST_SALE, promised, "scenario")]


def _other(paths: Paths, item: Cost) -> CostLine:
    held = _share_in_force(paths, item)
    if item.of_revenue is not None:
        amounts = paths.arr_flow("revenue").sum(axis=2) * item.of_revenue
        amounts *= held / np.maximum(months_of_quarters(paths), 1e-9)
    else:
        amounts = np.tile((item.per_month or 0.0) * held, (paths.n_paths, 1))
    return CostLine(item.name, item.kind, amounts, "scenario")


def _share_in_force(paths: Paths, item: Cost) -> Floats:
    """Return the months of each quarter in which a cost is in force, shape (period,)."""
    first = item.from_month if item.from_month is not None else int(paths.months[0])
    last = item.until_month if item.until_month is not None else int(paths.months[-1])
    share = ((paths.months >= first) & (paths.months <= last)).astype(np.float64)
    share[0] *= first_month_share(paths)
    place = (paths.months - paths.calendar.first_month(int(paths.quarters[0]))) // 3
    return np.bincount(place, share, len(paths.periods)).astype(np.float64)


def _period_of(paths: Paths, month: int) -> int | None:
    place = int(paths.calendar.quarter(month)) - int(paths.quarters[0])
    return place if 0 <= place < len(paths.periods) else None


def without_hires(scenario: Scenario) -> Scenario | None:
    """Return the scenario without the hires it plans, of reps and of every role; None where it plans none."""
    bare = scenario.reps.without_hires()
    bare_roles = {name: role.without_hires() for name, role in scenario.roles.items()}
    if bare == scenario.reps and bare_roles == dict(scenario.roles):
        return None
    return scenario.replace(reps=bare, roles=bare_roles)
