"""Who should own the customer: each option on the same simulations, with the same people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.analysis.headcount.simulation import HeadcountPaths, HeadcountSimulation
from simulator.analysis.more_heads import HIGH, LOW, SEPARATE_ERRORS
from simulator.analysis.precision import mean_error
from simulator.analysis.steps import Progress
from simulator.arrays import Floats, Ints
from simulator.engine.plan.roles import HOURS_PER_MONTH, OTE, OTHER_OTE, rep_terms
from simulator.engine.plan.service_coverage import WORK_SHARE
from simulator.kernels.people.coverage import N_ACTIVITIES, N_OF_ACTIVITY, N_OF_ROLE
from simulator.scenario.levers import Lever
from simulator.scenario.ownership import ACTIVITIES, AE, OPTIONS, Ownership, OwnerTable
from simulator.scenario.people import Reps, Role, SegmentRole
from simulator.scenario.schema import Scenario

STATED = "as stated"
CYCLES_MONTHS = (1.0, 3.0, 6.0, 12.0)
SOLD_SHARES = (0.1, 0.3, 0.5, 0.8)


@dataclass(frozen=True)
class OwnershipFindings:
    """The options side by side.

    Parameters
    ----------
    table : DataFrame
        One row for each option and segment, and for all: option, segment, bookings_new,
        bookings_expansion, arr_end, nrr, cost, contribution, contribution_p10, _p90, behind (mean less than
        the best's), behind_error, p_best, tied.
    work : DataFrame
        option, segment, activity, owners, hours_asked, share_done, share_effective, nobody.
    map : DataFrame
        cycle_months, sold_share, option, contribution, behind, behind_error, best, tied.
    people : int
        How many there are after the sale, as many in each option.
    n_paths : int
    arr_per_account : float
        Mean ARR of a customer at as_of. Unit: currency.
    """

    table: pd.DataFrame
    work: pd.DataFrame
    map: pd.DataFrame
    people: int
    n_paths: int
    arr_per_account: float = 0.0


@dataclass(frozen=True)
class Staffed:
    """A scenario, and what of its account executives is there for customers.

    Parameters
    ----------
    scenario : Scenario
    after_sale : ndarray of float64, shape (segment, 2), optional
        See `HeadcountSimulation.compiled`; None: as the scenario says.
    """

    scenario: Scenario
    after_sale: Floats | None = None

    def simulate(self, ladder: HeadcountSimulation) -> HeadcountPaths:
        """Simulate it as long as the ladder is."""
        compiled = ladder.compiled(self.scenario, after_sale=self.after_sale)
        return ladder.simulate_compiled(compiled, self.scenario)


def option_scenarios(ladder: HeadcountSimulation) -> dict[str, Staffed]:
    """Return the scenario under each option, with the people after the sale shared out anew.

    Equal people for equal work: as many as are there after the sale of a segment work in the roles of the
    option, account executives among them, by the hours that it gives each, at the pay of the role; a head
    may work a part of its time. Those who sell to new customers are the same in each option, and give
    customers no time besides.
    """
    return {
        STATED: Staffed(ladder.scenario),
        **{option: _under(ladder, OwnerTable(like=option)) for option in OPTIONS},
    }


def people_by_segment(ladder: HeadcountSimulation) -> dict[str, int]:
    """Return how many people there are after the sale at as_of, whatever they own today."""
    people = dict.fromkeys(ladder.segments, 0)
    for item in ladder.costs.terms:
        people[item.segment] += item.heads
    return people


def _under(ladder: HeadcountSimulation, table: OwnerTable) -> Staffed:
    scenario = ladder.scenario
    weights = {
        role: sum(WORK_SHARE[a] * table.owners(name).get(role, 0.0) for a, name in enumerate(ACTIVITIES))
        for role in table.roles
    }
    whole, for_reps = sum(weights.values()), weights.pop(AE, 0.0)
    roles = {
        name: _without_people(role, ladder.segments) for name, role in scenario.roles.items() if name != AE
    }
    if AE in scenario.roles:
        roles[AE] = scenario.roles[AE]
    reps = scenario.reps
    known = {(item.role, item.segment): item for item in ladder.costs.terms}
    after_sale, levers = np.tile([0.0, 1.0], (len(ladder.segments), 1)), scenario.levers
    for place, (segment, people) in enumerate(people_by_segment(ladder).items()):
        for role, weight in weights.items():
            own = known.get((role, segment))
            pay = own.ote if own is not None else OTE.get(role, OTHER_OTE)
            stated = scenario.roles[role] if role in scenario.roles else Role()
            part = people * weight / whole
            roles[role] = _staffed(roles.get(role, Role()), stated, segment, part, pay)
        if for_reps and reps.limits(segment):
            reps, after_sale[place] = _more_reps(ladder, reps, segment, people * for_reps / whole)
            time, sources = after_sale[place].tolist()
            if time < 1.0:
                levers += (Lever("open_deals_per_rep", sources / (1.0 - time), (segment,)),)
    changed = {"ownership": Ownership(all=table), "roles": roles, "reps": reps, "levers": levers}
    return Staffed(scenario.replace(**changed), after_sale)


def _without_people(role: Role, segments: tuple[str, ...]) -> Role:
    nobody = {s: role.of(s).model_copy(update={"heads": 0, "hires": ()}) for s in segments}
    return role.model_copy(update={"segments": nobody})


def _staffed(role: Role, stated: Role, segment: str, wanted: float, pay: float) -> Role:
    """Return a role with this many heads in a segment, the last of whom may work part of the time."""
    heads = int(np.ceil(wanted - 1e-9))
    own = stated.of(segment)
    part = wanted / heads if heads else 1.0
    changes: dict[str, object] = {"heads": heads, "hires": (), "ote": pay * part}
    if abs(part - 1.0) > 1e-9:
        if own.book is not None:
            book = own.book
            changes["book"] = book.model_copy(
                update={k: v * part for k in ("accounts", "arr") if (v := getattr(book, k)) is not None}
            )
        else:
            changes["hours_per_month"] = (own.hours_per_month or HOURS_PER_MONTH[0]) * part
    people: SegmentRole = own.model_copy(update=changes)
    return role.model_copy(update={"segments": {**role.segments, segment: people}})


def _more_reps(
    ladder: HeadcountSimulation, reps: Reps, segment: str, wanted: float
) -> tuple[Reps, tuple[float, float]]:
    """Return reps with this many more, the share of all that these are, and that of the others.

    The last may be there in part: those who sell to new customers are as many as before.
    """
    calibration = ladder.prepared.calibration
    staffing = calibration.staffing if calibration is not None else None
    item = next(t for t in rep_terms(ladder.scenario, staffing) if t.segment == segment)
    heads = item.heads + int(np.ceil(wanted - 1e-9))
    if not heads:
        return reps, (0.0, 1.0)
    pay = item.ote * (item.heads + wanted) / heads
    return reps.with_people(segment, heads=heads, ote=pay), (wanted / heads, item.heads / heads)


def weigh_ownership(
    ladder: HeadcountSimulation,
    margin: float,
    closing_years: float,
    few_paths: int,
    progress: Progress | None = None,
) -> OwnershipFindings:
    """Simulate every option, then each at other sales cycles and shares of growth that must be sold.

    Parameters
    ----------
    ladder : HeadcountSimulation
    margin : float
        Gross margin on revenue.
    closing_years : float
        Years of gross margin that the ARR at the end counts for.
    few_paths : int
        For the map.
    progress : callable, optional
        Called with (steps done, steps in all).
    """
    scenarios = option_scenarios(ladder)
    cells = [(cycle, share) for cycle in CYCLES_MONTHS for share in SOLD_SHARES]
    n_steps, done = len(scenarios) + len(cells), 0
    simulated: dict[str, HeadcountPaths] = {}
    for option, scenario in scenarios.items():
        simulated[option] = scenario.simulate(ladder)
        done += 1
        if progress is not None:
            progress(done, n_steps)
    worth = {option: _worth(f, margin, closing_years) for option, f in simulated.items()}
    chart = []
    for cycle, share in cells:
        chart += _cell(ladder, scenarios, (cycle, share), (margin, closing_years), few_paths)
        done += 1
        if progress is not None:
            progress(done, n_steps)
    return OwnershipFindings(
        table=_table(ladder, simulated, worth),
        work=_work(ladder, scenarios, simulated),
        map=pd.DataFrame(chart),
        people=sum(people_by_segment(ladder).values()),
        n_paths=ladder.n_paths,
        arr_per_account=_arr_per_account(ladder),
    )


def _arr_per_account(ladder: HeadcountSimulation) -> float:
    n = float(ladder.whole.n_customers.sum())
    return float(ladder.whole.opening.sum()) / 100.0 / n if n > 0.0 else 0.0


def _worth(paths: HeadcountPaths, margin: float, closing_years: float) -> Floats:
    """Return gross margin on revenue and on the closing ARR less the cost of all people, (path, segment)."""
    closing = paths.arr_closing[:, -1] * margin * closing_years
    return np.asarray((paths.revenue * margin - paths.cost).sum(axis=1) + closing)


def _cell(
    ladder: HeadcountSimulation,
    scenarios: dict[str, Staffed],
    where: tuple[float, float],
    terms: tuple[float, float],
    n_paths: int,
) -> list[dict[str, object]]:
    cycles = np.full(len(ladder.segments), where[0])
    worth = {}
    for option, staffed in scenarios.items():
        if option == STATED:
            continue
        compiled = ladder.compiled(
            staffed.scenario, cycle_months=cycles, sold_share=where[1], after_sale=staffed.after_sale
        )
        paths = ladder.simulate_compiled(compiled, staffed.scenario, n_paths)
        worth[option] = _worth(paths, *terms).sum(axis=1)
    rows = ranked(worth, paths.rate_draw)
    return [{"cycle_months": where[0], "sold_share": where[1], **row} for row in rows]


def ranked(worth: dict[str, Floats], draw: Ints) -> list[dict[str, object]]:
    """Return each option's mean, how far it is behind the best, and whether that is more than chance."""
    best = max(worth, key=lambda option: float(worth[option].mean()))
    draws = np.unique(draw)
    means = {o: np.array([w[draw == d].mean() for d in draws]) for o, w in worth.items()}
    top = np.max(np.stack(list(means.values())), axis=0)
    rows: list[dict[str, object]] = []
    for option, values in worth.items():
        behind = worth[best] - values
        error = mean_error(behind, draw) if option != best else 0.0
        rows.append(
            {
                "option": option,
                "contribution": float(values.mean()),
                "behind": float(behind.mean()),
                "behind_error": error,
                "p_best": float((means[option] >= top).mean()),
                "best": option == best,
                "tied": bool(behind.mean() <= SEPARATE_ERRORS * error),
            }
        )
    return rows


def _with_stated(worth: dict[str, Floats], draw: Ints) -> list[dict[str, object]]:
    """Return the options as `ranked`, and what is stated against the best of them: its people are others."""
    options = {option: values for option, values in worth.items() if option != STATED}
    rows = ranked(options, draw)
    lead = options[str(next(row["option"] for row in rows if row["best"]))] - worth[STATED]
    stated = {
        "option": STATED,
        "contribution": float(worth[STATED].mean()),
        "behind": float(lead.mean()),
        "behind_error": mean_error(lead, draw),
        "p_best": np.nan,
        "tied": False,
    }
    return [stated, *rows]


def _table(
    ladder: HeadcountSimulation, simulated: dict[str, HeadcountPaths], worth: dict[str, Floats]
) -> pd.DataFrame:
    rows = []
    for place in [None, *range(len(ladder.segments))]:
        pick = slice(None) if place is None else slice(place, place + 1)
        name = "all" if place is None else ladder.segments[place]
        of = {option: w[:, pick].sum(axis=1) for option, w in worth.items()}
        for row in _with_stated(of, simulated[STATED].rate_draw):
            option = str(row["option"])
            f = simulated[option]
            base, now = f.cohort_base[:, -1, pick].sum(axis=1), f.cohort_arr[:, -1, pick].sum(axis=1)
            low, high = np.quantile(of[option], [LOW, HIGH])
            rows.append(
                {
                    "option": option,
                    "segment": name,
                    "bookings_new": f.bookings_new[:, :, pick].sum(axis=(1, 2)).mean(),
                    "bookings_expansion": f.bookings_expansion[:, :, pick].sum(axis=(1, 2)).mean(),
                    "arr_end": f.arr_closing[:, -1, pick].sum(axis=1).mean(),
                    "nrr": now.mean() / base.mean() if base.mean() > 0 else np.nan,
                    "cost": f.cost[:, :, pick].sum(axis=(1, 2)).mean(),
                    "contribution": row["contribution"],
                    "contribution_p10": low,
                    "contribution_p90": high,
                    "behind": row["behind"],
                    "behind_error": row["behind_error"],
                    "p_best": row["p_best"],
                    "tied": row["tied"],
                }
            )
    return pd.DataFrame(rows)


def _work(
    ladder: HeadcountSimulation, scenarios: dict[str, Staffed], simulated: dict[str, HeadcountPaths]
) -> pd.DataFrame:
    rows = []
    for option, paths in simulated.items():
        n_roles = (paths.people.shape[-1] - N_ACTIVITIES * N_OF_ACTIVITY) // N_OF_ROLE
        hours = paths.people[..., n_roles * N_OF_ROLE :].sum(axis=1).mean(axis=0)
        hours = hours.reshape(len(ladder.segments), N_ACTIVITIES, N_OF_ACTIVITY)
        for place, segment in enumerate(ladder.segments):
            table = scenarios[option].scenario.ownership.of(segment)
            for number, activity in enumerate(ACTIVITIES):
                owners = table.owners(activity) if table is not None else {}
                asked, done, effective = hours[place, number]
                rows.append(
                    {
                        "option": option,
                        "segment": segment,
                        "activity": activity,
                        "owners": " + ".join(f"{r} {s:.0%}" if s < 1 else r for r, s in owners.items())
                        or "nobody",
                        "hours_asked": asked,
                        "share_done": done / asked if asked > 0 else np.nan,
                        "share_effective": effective / asked if asked > 0 else np.nan,
                        "share_nobody": max(0.0, 1.0 - sum(owners.values())),
                    }
                )
    return pd.DataFrame(rows)
