"""How customers have stayed so far: survival by renewal against the law, and ARR kept by cohort."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from simulator.arrays import Floats
from simulator.calibration.contracts import Book, arr_at, customer_book
from simulator.calibration.customers import CustomerCalibration
from simulator.calibration.renewals import TERM_CLASSES, renewal_counts, survival
from simulator.fiscal import FiscalCalendar
from simulator.history.tables import History

FEWEST_AT_RISK = 10
MOST_RENEWALS = 60
RENEWALS_SHOWN = {"monthly": 36, "annual": 8, "multi_year": 4}
N_DRAWS = 400
LOW, HIGH = 0.1, 0.9
MOST_COHORTS = 16
MOST_QUARTERS = 8
MONTHS_PER_YEAR = 12.0


@dataclass(frozen=True)
class Retention:
    """Survival and cohorts of the past.

    Parameters
    ----------
    survival : DataFrame
        term (class), renewal, at_risk, churned, observed (share kept so far, product of one less churn /
        at risk; missing where fewer than ten came to it), law, low, high (80 % interval).
    cohorts : DataFrame
        cohort (fiscal quarter of the start), quarter (quarters since), n_customers, arr_share (ARR at the end
        of that quarter / at the end of the first), logo_share.
    quarters : DataFrame
        period, nrr, grr at the end of past quarters, by the cohort method of the forecast.
    """

    survival: pd.DataFrame
    cohorts: pd.DataFrame
    quarters: pd.DataFrame


def look_back(history: History, calibration: CustomerCalibration, calendar: FiscalCalendar) -> Retention:
    """Return how the customers of a history have stayed.

    Parameters
    ----------
    history : History
    calibration : CustomerCalibration
        Estimated from it: its laws are drawn next to what was seen.
    calendar : FiscalCalendar
    """
    book = customer_book(history, calibration.segments)
    return Retention(
        survival_table(book, calibration), cohort_table(book, calendar), past_retention(book, calendar)
    )


def survival_table(book: Book, calibration: CustomerCalibration) -> pd.DataFrame:
    """Return survival by class of term, all segments together, against the laws that were estimated."""
    laws = calibration.churn
    counts = renewal_counts(book.contracts, len(calibration.segments), laws.at_any_time)
    rows = []
    for place, term in enumerate(TERM_CLASSES):
        at_risk, churned = counts.at_risk[:, place].sum(axis=0), counts.churned[:, place].sum(axis=0)
        if not at_risk.any():
            continue
        shown = RENEWALS_SHOWN["monthly" if laws.at_any_time[place] else term]
        weight = counts.at_risk[:, place, 0] + 1e-9
        behind = np.arange(shown + 1) ** laws.duration[:, place, None]
        law, low, high = _law(laws.mean[:, place], laws.covariance[:, place], weight, behind)
        observed = _observed(at_risk, churned, shown)
        for n in range(shown + 1):
            seen = 0 < n <= at_risk.size
            rows.append(
                {
                    "term": term,
                    "renewal": n,
                    "at_risk": at_risk[n - 1] if seen else 0.0,
                    "churned": churned[n - 1] if seen else 0.0,
                    "observed": observed[n],
                    "law": law[n],
                    "low": low[n],
                    "high": high[n],
                }
            )
    columns = ["term", "renewal", "at_risk", "churned", "observed", "law", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def _observed(at_risk: Floats, churned: Floats, n_renewals: int) -> Floats:
    """Kaplan and Meier: the product of the shares kept, as long as enough customers came to a renewal."""
    out = np.full(n_renewals + 1, np.nan)
    out[0] = 1.0
    for n in range(min(n_renewals, at_risk.size)):
        if at_risk[n] < FEWEST_AT_RISK:
            break
        out[n + 1] = out[n] * (1.0 - churned[n] / at_risk[n])
    return out


def _law(mean: Floats, covariance: Floats, weight: Floats, n: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the survival of the mix of segments, and its interval over draws of the laws.

    ``n``, shape (segment, renewal), counts renewals to the power of the exponent.
    """
    rng = np.random.default_rng(0)
    point = _survival(mean[None], n)[0]
    draws = np.stack(
        [rng.multivariate_normal(m, c, N_DRAWS) for m, c in zip(mean, covariance, strict=True)], axis=1
    )
    share = weight / weight.sum()
    drawn = np.einsum("dsn,s->dn", _survival(draws, n), share)
    low, high = np.quantile(drawn, [LOW, HIGH], axis=0)
    return share @ point, low, high


def _survival(points: Floats, n: Floats) -> Floats:
    """Return survival, shape (draw, segment, renewal), of laws given as (logit of churn, log of α + β)."""
    churn, size = special.expit(points[..., 0]), np.exp(points[..., 1])
    return survival((churn * size)[..., None], ((1.0 - churn) * size)[..., None], n)


def cohort_table(book: Book, calendar: FiscalCalendar) -> pd.DataFrame:
    """Return ARR and customers kept by the fiscal quarter in which they started, quarter by quarter."""
    c = book.contracts
    start = calendar.quarter(np.floor(c.start).astype(np.int64))
    seen = c.seen_from <= c.start + 1e-9
    complete = _last_complete(book, calendar)
    quarters = np.arange(
        max(int(start[seen].min(initial=complete)), complete - MOST_COHORTS + 1), complete + 1
    )
    arr = {int(q): arr_at(c, book.movements, float(calendar.first_month(int(q) + 1))) for q in quarters}
    rows = []
    for q in quarters.tolist():
        own = seen & (start == q)
        first = float(arr[q][own].sum())
        n = float(own.sum())
        if not first > 0.0:
            continue
        for later in range(q, complete + 1):
            held = arr[later][own]
            rows.append(
                {
                    "cohort": calendar.quarter_label(q),
                    "quarter": later - q,
                    "n_customers": n,
                    "arr_share": float(held.sum()) / first,
                    "logo_share": float((held > 0.0).sum()) / n,
                }
            )
    return pd.DataFrame(rows, columns=["cohort", "quarter", "n_customers", "arr_share", "logo_share"])


def past_retention(book: Book, calendar: FiscalCalendar) -> pd.DataFrame:
    """Return NRR and GRR at the end of the last whole quarters, of all segments together.

    Of the customers on record 12 months before: their ARR at the end of the quarter / their ARR then; for GRR
    no customer counts for more than then. Quarters that the record does not reach back from are left out.
    """
    c, last = book.contracts, _last_complete(book, calendar)
    rows = []
    for quarter in range(last - MOST_QUARTERS + 1, last + 1):
        end = float(calendar.first_month(quarter + 1))
        seen = c.seen_from < end - MONTHS_PER_YEAR + 1e-9
        then, now = (arr_at(c, book.movements, time)[seen] for time in (end - MONTHS_PER_YEAR, end))
        whole, kept = float(then.sum()), now * (then > 0.0)
        if whole > 0.0:
            label = calendar.quarter_label(quarter)
            rows.append((label, float(kept.sum()) / whole, float(np.minimum(kept, then).sum()) / whole))
    return pd.DataFrame(rows, columns=["period", "nrr", "grr"])


def _last_complete(book: Book, calendar: FiscalCalendar) -> int:
    """Return the last quarter that is over."""
    as_of = book.contracts.as_of
    last = int(calendar.quarter(int(np.floor(as_of - 1e-9))))
    return last if calendar.first_month(last + 1) <= as_of + 1e-9 else last - 1
