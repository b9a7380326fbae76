"""One set of pipelines at one cut: what was known then, as the files, map and scenario of a user."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

CURRENCIES = ("USD", "EUR", "CAD", "GBP")
ENDED = {"won": "Won", "lost": "Lost"}
A_CENT = 0.01


@dataclass(frozen=True)
class PipelineSet:
    """One folder of the benchmark: its description, its deals, and stage changes where they are logged."""

    meta: dict[str, Any]
    deals: pd.DataFrame
    changes: pd.DataFrame | None

    @property
    def name(self) -> str:
        """Code of the set."""
        return str(self.meta["name"])

    @property
    def open_amounts(self) -> bool:
        """Whether amounts are known before a deal is won."""
        return bool(self.meta["amount_known_while_open"])

    def cuts(self, every: int = 1) -> list[str]:
        """Return every n-th cut, counted from the last one."""
        return [str(cut) for cut in self.meta["cuts"]][::-1][::every][::-1]


def read_sets(folder: Path, names: list[str] | None = None) -> list[PipelineSet]:
    """Read the sets of a folder, all or those named."""
    found = [_read_set(meta.parent) for meta in sorted(folder.glob("*/meta.yaml"))]
    known = [one.name for one in found]
    if unknown := set(names or []) - set(known):
        raise SystemExit(f"{folder}: no set {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    if not found:
        raise SystemExit(f"{folder}: no folder in it has a meta.yaml")
    return [one for one in found if not names or one.name in names]


def _read_set(folder: Path) -> PipelineSet:
    meta = YAML(typ="safe").load(folder / "meta.yaml")
    deals = pd.read_csv(folder / "deals.csv.gz", dtype={"id": str}, parse_dates=["created", "closed"])
    log = folder / "changes.csv.gz"
    changes = pd.read_csv(log, dtype={"id": str}, parse_dates=["at"]) if log.exists() else None
    return PipelineSet(meta, deals, changes)


def write_case(pipelines: PipelineSet, cut: str, folder: Path) -> list[Path]:
    """Write the exports, map.yaml and scenario.yaml of one case; return the exports."""
    deals = known(pipelines.deals, cut)
    stage, log = _stages(pipelines, deals, cut)
    extra = [c for c in ("owner", "source", "product") if c in deals and deals[c].notna().any()]
    table = _deal_table(pipelines, deals, stage)
    table[extra] = deals[extra]
    files = [folder / "deals.csv"]
    table.to_csv(files[0], index=False)
    difference = (deals["amount_open"] - deals["amount_won"]).abs()[deals["outcome"].eq("won")]
    moved = pipelines.open_amounts and bool((difference > A_CENT).any())
    if log is not None or moved:
        files.append(folder / "changes.csv")
        first_stage = next(iter(pipelines.meta["stages"]))
        _history_of(deals, log, first_stage, moved).to_csv(files[1], index=False)
    _write_map(pipelines, cut, extra, folder, logged=len(files) > 1, moved=moved)
    _write_scenario(pipelines.meta, folder)
    return files


def known(deals: pd.DataFrame, cut: str) -> pd.DataFrame:
    """Return the deals as they stood at the end of a day."""
    end = pd.Timestamp(cut) + pd.Timedelta(days=1)
    deals = deals[deals["created"] < end].copy()
    later = ~(deals["closed"] < end)
    deals.loc[later, ["closed", "outcome", "amount_won"]] = [pd.NaT, None, np.nan]
    return deals


def _stages(pipelines: PipelineSet, deals: pd.DataFrame, cut: str) -> tuple[pd.Series, pd.DataFrame | None]:
    """Return the stage of each deal at the cut, and the changes known by then."""
    stage = deals["outcome"].map(ENDED)
    log = None
    if pipelines.changes is not None:
        changes = pipelines.changes
        by_then = changes["at"] < pd.Timestamp(cut) + pd.Timedelta(days=1)
        log = changes[by_then & changes["id"].isin(deals["id"])].sort_values("at", kind="stable")
        stage = stage.fillna(deals["id"].map(log.groupby("id")["stage"].last()))
    return stage.fillna(next(iter(pipelines.meta["stages"]))), log


def _deal_table(pipelines: PipelineSet, deals: pd.DataFrame, stage: pd.Series) -> pd.DataFrame:
    won = deals["outcome"].eq("won")
    amount = deals["amount_won"].where(won, deals["amount_open"] if pipelines.open_amounts else np.nan)
    return pd.DataFrame(
        {
            "id": deals["id"],
            "segment": deals["segment"],
            "created": deals["created"].dt.strftime("%Y-%m-%d"),
            "closed": deals["closed"].dt.strftime("%Y-%m-%d"),
            "stage": stage,
            "amount": amount.where(amount >= 0.0),
        }
    )


def _history_of(deals: pd.DataFrame, log: pd.DataFrame | None, first_stage: str, moved: bool) -> pd.DataFrame:
    """Return the log of stages with every end in it; amounts too, where they moved."""
    ended = deals[deals["closed"].notna()]
    end = ended["closed"] + pd.Timedelta(hours=23, minutes=59)
    ends = pd.DataFrame({"id": ended["id"], "at": end, "stage": ended["outcome"].map(ENDED)})
    ends["amount"] = ended["amount_won"].where(ended["outcome"].eq("won"), ended["amount_open"])
    if log is None:
        log = pd.DataFrame({"id": deals["id"], "at": deals["created"], "stage": first_stage})
    else:
        # A stage entered after the end is no stage.
        shut = deals.set_index("id")["closed"].reindex(log["id"]).to_numpy()
        log = log[~(log["at"].to_numpy() >= shut + np.timedelta64(1, "D"))]
    log = log.assign(amount=log["id"].map(deals.set_index("id")["amount_open"]))
    whole = pd.concat([log, ends])
    whole["at"] = whole["at"].dt.strftime("%Y-%m-%d %H:%M:%S")
    return whole[["id", "at", "stage", *(["amount"] if moved else [])]]


def _currency(meta: dict[str, Any]) -> str:
    unit = str(meta["unit"]).split()[0]
    return unit if unit in CURRENCIES else "USD"


def _write_map(
    pipelines: PipelineSet, cut: str, extra: list[str], folder: Path, *, logged: bool, moved: bool
) -> None:
    columns: dict[str, Any] = {
        "opportunity_id": "id",
        "segment": "segment",
        "created_date": "created",
        "closed_date": "closed",
        "stage": "stage",
        **{name: name for name in extra},
        "amount": "amount" if pipelines.open_amounts else {"column": "amount", "where": "won"},
    }
    tables: dict[str, Any] = {"opportunities": {"file": "deals", "columns": columns}}
    files = {"deals": "deals.csv"}
    if logged:
        files["changes"] = "changes.csv"
        at = {"opportunity_id": "id", "changed_at": "at", "stage": "stage"}
        tables["stage_changes"] = {"file": "changes", "columns": at | ({"amount": "amount"} if moved else {})}
    whole = {
        "currency": _currency(pipelines.meta),
        "as_of": cut,
        "files": files,
        "tables": tables,
        "unqualified": "keep",
        "stages": {**pipelines.meta["stages"], "Won": "won", "Lost": "lost_no_decision"},
    }
    YAML().dump(whole, folder / "map.yaml")


def _write_scenario(meta: dict[str, Any], folder: Path) -> None:
    whole = {
        "name": str(meta["name"]),
        "currency": _currency(meta),
        "fiscal_year": {"start_month": 1, "label": "end"},
        "history": "history",
        "horizon_quarters": 2,
    }
    YAML().dump(whole, folder / "scenario.yaml")
