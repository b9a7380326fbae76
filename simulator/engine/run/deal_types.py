"""Renewal and expansion deals where no customers are simulated: each type by its own rates, on its own."""

from __future__ import annotations

from dataclasses import replace

from simulator.engine.paths import Paths
from simulator.engine.prepare import DealsOfType, Prepared
from simulator.engine.run.simulate import simulate
from simulator.scenario.customers import Customers
from simulator.scenario.schema import Scenario
from simulator.scenario.settled import settled


def with_types(paths: Paths, prepared: Prepared) -> Paths:
    """Return simulations of new business with those of the other types of deals.

    Random numbers are keyed by path, so that path p is the same world for all types. Levers, reps and
    demand of the scenario are of new business and act on it alone.
    """
    found = {kind: _simulated(paths, prepared.scenario, own) for kind, own in prepared.of_type.items()}
    return replace(paths, of_type=found) if found else paths


def _simulated(paths: Paths, scenario: Scenario, own: DealsOfType) -> Paths:
    bare = Scenario(
        name=scenario.name,
        currency=scenario.currency,
        fiscal_year=scenario.fiscal_year,
        horizon_quarters=scenario.horizon_quarters,
        simulation=scenario.simulation,
        forecast=scenario.forecast,
        customers=Customers(simulate=False),
    )
    made = simulate(settled(bare, paths.segments, scenario.as_of), own.calibration, own.history)
    place = [made.segments.index(name) for name in paths.segments]
    return replace(
        made,
        segments=paths.segments,
        flows=made.flows[:, :, place],
        monthly_bookings=made.monthly_bookings[..., place],
        booked=made.booked[place],
        n_booked=made.n_booked[place],
        open_amount=made.open_amount[:, place],
        due_amount=made.due_amount[..., place],
        due_by_month=None if made.due_by_month is None else made.due_by_month[:, place],
        past_due_amount=None if made.past_due_amount is None else made.past_due_amount[:, place],
        n_past_due=None if made.n_past_due is None else made.n_past_due[:, place],
        n_open=made.n_open[:, place],
    )
