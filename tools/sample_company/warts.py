"""What goes wrong in every CRM, planted: skipped stages, zombies, serial slippers, missing reasons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.arrays import Mask


@dataclass(frozen=True)
class Warts:
    """Shares of the deals concerned that each wart befalls.

    Parameters
    ----------
    zombie : float
        Of lost deals: never closed in the CRM, left open with a date long past.
    skipped_stage : float
        Of first changes into a later stage: the one before was never recorded.
    no_reason : float
        Of lost deals: closed as lost without saying why.
    serial_slipper : float
        Of long-lived deals: the close date is moved on every month.
    edited_after_close : float
        Of closed deals: touched again weeks later.
    """

    zombie: float = 0.02
    skipped_stage: float = 0.03
    no_reason: float = 0.04
    serial_slipper: float = 0.01
    edited_after_close: float = 0.01


def add_warts(
    tables: dict[str, pd.DataFrame], warts: Warts, rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    """Return opportunities and stage changes with warts."""
    deals, changes = tables["opportunities"], tables["stage_changes"]
    lost = deals["outcome"].isin(["lost_no_decision", "lost_competition"]).to_numpy()
    no_decision = (deals["outcome"] == "lost_no_decision").to_numpy()
    zombie = no_decision & (rng.random(len(deals)) < warts.zombie)
    silent = lost & ~zombie & (rng.random(len(deals)) < warts.no_reason)
    edited = (
        deals["outcome"].notna().to_numpy() & ~zombie & (rng.random(len(deals)) < warts.edited_after_close)
    )
    deals, changes = _bury(deals, changes, zombie)
    deals = deals.assign(outcome=deals["outcome"].mask(silent, None))
    changes = _skip_stages(changes, warts.skipped_stage, rng)
    changes = _slip_on(deals, changes, warts.serial_slipper, rng)
    changes = _edit_later(deals[edited], changes, rng)
    changes = changes.sort_values(["opportunity_id", "changed_at"], kind="stable", ignore_index=True)
    return {"opportunities": deals, "stage_changes": changes}


def _bury(deals: pd.DataFrame, changes: pd.DataFrame, zombie: Mask) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave lost deals open as they stood before they were lost."""
    names = set(deals.loc[zombie, "opportunity_id"])
    closing = changes["opportunity_id"].isin(names) & (changes["stage"] == "Closed Lost")
    changes = changes[~closing]
    last = changes.groupby("opportunity_id").last()["close_date"]
    deals = deals.copy()
    deals.loc[zombie, ["outcome"]] = None
    deals.loc[zombie, ["closed_date"]] = pd.NaT
    deals.loc[zombie, "close_date"] = deals.loc[zombie, "opportunity_id"].map(last)
    return deals, changes


def _skip_stages(changes: pd.DataFrame, share: float, rng: np.random.Generator) -> pd.DataFrame:
    """Drop the record of a stage that was passed through."""
    same = changes["opportunity_id"].eq(changes["opportunity_id"].shift())
    passed = same & same.shift(-1, fill_value=False) & changes["stage"].ne(changes["stage"].shift(-1))
    open_stage = ~changes["stage"].isin(["Prospecting", "Understanding", "Closed Won", "Closed Lost"])
    dropped = passed & open_stage & (rng.random(len(changes)) < share)
    return changes[~dropped]


def _slip_on(
    deals: pd.DataFrame, changes: pd.DataFrame, share: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Move the close date of some long-lived deals on, month after month."""
    span = changes.groupby("opportunity_id")["changed_at"].agg(["min", "max"])
    long_lived = span[(span["max"] - span["min"]) > pd.Timedelta(days=180)]
    open_ids = set(deals["opportunity_id"])
    chosen = long_lived[rng.random(len(long_lived)) < 8 * share]
    rows = []
    for name, (start, end) in zip(chosen.index, chosen[["min", "max"]].to_numpy(), strict=True):
        own = changes[changes["opportunity_id"] == name]
        for day in pd.date_range(start, end, freq="ME").normalize() + pd.Timedelta(hours=17):
            standing = own[own["changed_at"] <= day]
            if name not in open_ids or standing.empty or standing["close_date"].isna().iloc[-1] or day >= end:
                continue
            row = standing.iloc[-1].to_dict()
            row.update(changed_at=day, close_date=(day + pd.Timedelta(days=28)).normalize())
            rows.append(row)
    return pd.concat(
        [changes, pd.DataFrame(rows, columns=changes.columns).astype(changes.dtypes)], ignore_index=True
    )


def _edit_later(closed: pd.DataFrame, changes: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Touch closed deals again some weeks later, with another amount."""
    last = changes.groupby("opportunity_id").tail(1)
    last = last[last["opportunity_id"].isin(closed["opportunity_id"])].copy()
    newest = changes["changed_at"].max()
    last["changed_at"] = last["changed_at"] + pd.to_timedelta(rng.integers(14, 60, len(last)), unit="D")
    last["amount"] = (last["amount"] * rng.uniform(0.9, 1.1, len(last))).round(2)
    known: pd.DataFrame = last[last["changed_at"] <= newest]
    return pd.concat([changes, known], ignore_index=True)
