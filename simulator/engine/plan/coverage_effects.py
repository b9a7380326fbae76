"""What the history tells of the effect of coverage: renewals in months of fuller and of thinner coverage.

Who has a CSM today says little: those who left have none. What does tell is how churn moved within a
segment while heads per account moved.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from simulator.calibration.contracts import Book, customer_book
from simulator.calibration.coverage_effects import churn_per_coverage
from simulator.engine.plan.service_coverage import ASSUMED, BOOK_OF_CSM, Effect
from simulator.fiscal import month_numbers
from simulator.history.tables import History
from simulator.scenario.schema import Scenario

Floats = npt.NDArray[np.float64]
CSM = "csm"
LEAST_LEARNT = 0.85
"""An effect counts as calibrated once its spread has fallen to this share of what was assumed."""


def calibrated_effects(
    scenario: Scenario, history: History | None
) -> Mapping[tuple[str, str], Effect] | None:
    """Return the effects that a history with CSMs over time tells, beside what is assumed of them.

    Parameters
    ----------
    scenario : Scenario
        Settled; its segments are used.
    history : History, optional
    """
    if history is None or history.customers.empty or history.arr_changes.empty or history.reps.empty:
        return None
    table = history.reps
    csms = table[table["role"].str.lower() == CSM]
    if csms.empty or CSM not in scenario.roles:
        return None
    segments = tuple(scenario.segments)
    book = customer_book(history, segments)
    months, coverage = coverage_over_time(scenario, history, book)
    assumed = ASSUMED["adoption", "churn"]
    found = churn_per_coverage(book, months, coverage, (assumed.value, *assumed.interval))
    if found is None or found.sd > LEAST_LEARNT * found.prior_sd:
        return None
    low, middle, high = (float(np.exp(max(found.mean + z * found.sd, 0.0))) for z in (-1.2816, 0.0, 1.2816))
    return {("adoption", "churn"): Effect("adoption", "churn", middle, low, high, "calibrated")}


def coverage_over_time(scenario: Scenario, history: History, book: Book) -> tuple[Floats, Floats]:
    """Return month numbers and the CSMs' coverage in each, shape (month,) and (segment, month).

    Heads × book / what there was to look after, at most 1; the book as the scenario states it, else the
    published one.
    """
    segments = tuple(scenario.segments)
    contracts = book.contracts
    first = int(np.floor(contracts.seen_from.min()))
    months = np.arange(first, int(np.ceil(contracts.as_of)), dtype=np.float64)
    csms = history.reps[history.reps["role"].str.lower() == CSM]
    start = month_numbers(csms["start_date"].to_numpy().astype("datetime64[D]"))
    end = np.where(
        csms["end_date"].isna(), 1 << 40, month_numbers(csms["end_date"].to_numpy().astype("datetime64[D]"))
    )
    coverage = np.zeros((len(segments), months.size))
    for place, segment in enumerate(segments):
        own = (csms["segment"] == segment).to_numpy()
        heads = ((start[own, None] <= months) & (end[own, None] > months)).sum(axis=0)
        mine = contracts.segment == place
        begun = contracts.seen_from[mine][:, None] <= months
        accounts = (begun & (contracts.churned[mine][:, None] > months)).sum(axis=0).astype(np.float64)
        stated = scenario.roles[CSM].of(segment).book
        if stated is not None and stated.accounts is not None:
            able = heads * stated.accounts
        else:
            arr = contracts.arr[mine]
            mean = float(arr[arr > 0].mean()) if (arr > 0).any() else 1.0
            able = heads * (stated.arr if stated is not None and stated.arr else BOOK_OF_CSM) / mean
        coverage[place] = np.where(accounts > 0, np.minimum(1.0, able / np.maximum(accounts, 1.0)), 1.0)
    return months, coverage
