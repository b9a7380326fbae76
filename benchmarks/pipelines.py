"""Forecasts of pipelines that nobody here made, scored against simple methods.

Run: python benchmarks/pipelines.py FOLDER [--paths 300] [--jobs 2] [--work DIR]. FOLDER holds one folder a
set: meta.yaml (period, cuts, horizons, stages, units), deals.csv.gz, and where stages are logged
changes.csv.gz; and baselines_dev.csv, the scores of simple methods on the same cases. Every case is
imported and simulated by the command line alone, from what was known on its day; a case that was made
before is not made again. Writes results/pipelines.md.
"""

import argparse
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.pipeline_scores import report, score

COMMAND = [sys.executable, "-m", "simulator.cli.main"]
CURRENCIES = ("USD", "EUR", "CAD", "GBP")
MONTHS_A_PERIOD = {"quarter": 3, "month": 1}


def known(deals: pd.DataFrame, cut: str) -> pd.DataFrame:
    """Return the deals as they stood at the end of a day."""
    end = pd.Timestamp(cut) + pd.Timedelta(days=1)
    deals = deals[deals["created"] < end].copy()
    later = ~(deals["closed"] < end)
    deals.loc[later, ["closed", "outcome", "amount_won"]] = [pd.NaT, None, np.nan]
    return deals


def write_case(meta: dict, deals: pd.DataFrame, changes: pd.DataFrame | None, cut: str, folder: Path) -> list:
    """Write the files, the map and the scenario of one case; return the files to import."""
    deals = known(deals, cut)
    won = deals["outcome"].eq("won")
    open_amounts = bool(meta["amount_known_while_open"])
    amount = deals["amount_won"].where(won, deals["amount_open"] if open_amounts else np.nan)
    first_stage = next(iter(meta["stages"]))
    stage = deals["outcome"].map({"won": "Won", "lost": "Lost"})
    log = None
    if changes is not None:
        end = pd.Timestamp(cut) + pd.Timedelta(days=1)
        log = changes[(changes["at"] < end) & changes["id"].isin(deals["id"])].sort_values(
            "at", kind="stable"
        )
        stage = stage.fillna(deals["id"].map(log.groupby("id")["stage"].last()))
    table = pd.DataFrame(
        {
            "id": deals["id"],
            "segment": deals["segment"],
            "created": deals["created"].dt.strftime("%Y-%m-%d"),
            "closed": deals["closed"].dt.strftime("%Y-%m-%d"),
            "stage": stage.fillna(first_stage),
            "amount": amount.where(amount >= 0.0),
        }
    )
    extra = [c for c in ("owner", "source", "product") if c in deals and deals[c].notna().any()]
    table[extra] = deals[extra]
    table.to_csv(folder / "deals.csv", index=False)
    moved = open_amounts and bool((deals["amount_open"] - deals["amount_won"]).abs()[won].gt(0.01).any())
    files = [folder / "deals.csv"]
    if log is not None or moved:
        history_of(deals, log, first_stage, moved).to_csv(folder / "changes.csv", index=False)
        files.append(folder / "changes.csv")
    write_map(meta, cut, extra, folder, logged=len(files) > 1, moved=moved)
    return files


def history_of(deals: pd.DataFrame, log: pd.DataFrame | None, first_stage: str, moved: bool) -> pd.DataFrame:
    """Return the log of stages with every end in it; amounts too, where they moved."""
    ended = deals[deals["closed"].notna()]
    end = ended["closed"] + pd.Timedelta(hours=23, minutes=59)
    ends = pd.DataFrame(
        {"id": ended["id"], "at": end, "stage": ended["outcome"].map({"won": "Won", "lost": "Lost"})}
    )
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


def write_map(meta: dict, cut: str, extra: list, folder: Path, *, logged: bool, moved: bool) -> None:
    """Write map.yaml and scenario.yaml."""
    unit = str(meta["unit"]).split()[0]
    currency = unit if unit in CURRENCIES else "USD"
    names = {
        "opportunity_id": "id",
        "segment": "segment",
        "created_date": "created",
        "closed_date": "closed",
        "stage": "stage",
        **{name: name for name in extra},
    }
    columns = dict(names)
    columns["amount"] = "amount" if meta["amount_known_while_open"] else {"column": "amount", "where": "won"}
    tables = {"opportunities": {"file": "deals", "columns": columns}}
    if logged:
        at = {
            "opportunity_id": "id",
            "changed_at": "at",
            "stage": "stage",
            **({"amount": "amount"} if moved else {}),
        }
        tables["stage_changes"] = {"file": "changes", "columns": at}
    files = {"deals": "deals.csv", **({"changes": "changes.csv"} if logged else {})}
    stages = {**meta["stages"], "Won": "won", "Lost": "lost_no_decision"}
    yaml = YAML()
    yaml.dump(
        {
            "currency": currency,
            "as_of": cut,
            "files": files,
            "tables": tables,
            "unqualified": "keep",
            "stages": stages,
        },
        folder / "map.yaml",
    )
    yaml.dump(
        {
            "name": str(meta["name"]),
            "currency": currency,
            "fiscal_year": {"start_month": 1, "label": "end"},
            "history": "history",
            "horizon_quarters": 2,
        },
        folder / "scenario.yaml",
    )


def one_case(meta: dict, tables: tuple, cut: str, work: Path, n_paths: int, options: list[str]) -> str:
    """Import and simulate a case, and keep the bookings of every path by horizon."""
    target = work / f"{meta['name']}_{cut}.json"
    if target.exists():
        return f"{target.stem}: kept"
    folder = work / target.stem
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = write_case(meta, *tables, cut, folder)
    to, scenario, out = folder / "history", folder / "scenario.yaml", folder / "out"
    steps = (
        ["import", "table", *map(str, files), "--map", str(folder / "map.yaml"), "--to", str(to)],
        ["run", str(scenario), "--monthly", "--paths", str(n_paths), "-o", str(out), "--quiet",
         "--set", "simulation.threads=1", *options],
    )  # fmt: skip
    for step in steps:
        done = subprocess.run([*COMMAND, *step], capture_output=True, text=True, check=False, cwd=ROOT)
        if done.returncode:
            return f"{target.stem}: FAILED: {(done.stderr or done.stdout)[-400:]}"
    samples = by_horizon(pd.read_parquet(out / "paths_monthly.parquet"), meta, cut)
    draft = target.with_suffix(".tmp")
    draft.write_text(json.dumps({"set": meta["name"], "cut": cut, "samples": samples}))
    draft.replace(target)
    shutil.rmtree(folder)
    return f"{target.stem}: done"


def by_horizon(monthly: pd.DataFrame, meta: dict, cut: str) -> dict[int, list[float]]:
    """Add the bookings of every path up by period after the cut."""
    size = MONTHS_A_PERIOD[meta["period"]]
    first = pd.Period(cut, "M") + 1
    ahead = (pd.PeriodIndex(monthly["month"], freq="M") - first).map(lambda gap: gap.n)
    period = np.asarray(ahead) // size + 1
    total = monthly.assign(period=period).groupby(["period", "path"])["bookings"].sum()
    return {int(h): total.loc[h].round(2).tolist() for h in meta["horizons"]}


def read_set(folder: Path) -> tuple[dict, tuple]:
    """Return the description of a set, and its deals and stage changes."""
    meta = YAML(typ="safe").load(folder / "meta.yaml")
    deals = pd.read_csv(folder / "deals.csv.gz", dtype={"id": str}, parse_dates=["created", "closed"])
    log = folder / "changes.csv.gz"
    changes = pd.read_csv(log, dtype={"id": str}, parse_dates=["at"]) if log.exists() else None
    return meta, (deals, changes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--paths", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--work", type=Path, default=Path("/tmp/pipelines"))
    parser.add_argument("--set", dest="options", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "pipelines.md")
    parser.add_argument("--cuts", type=int, default=0, help="at most so many cuts a set; 0: all")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    sets = [read_set(meta.parent) for meta in sorted(given.folder.glob("*/meta.yaml"))]
    options = [part for option in given.options for part in ("--set", option)]
    with ThreadPoolExecutor(given.jobs) as pool:
        todo = [
            pool.submit(one_case, meta, tables, str(cut), given.work, given.paths, options)
            for meta, tables in sets
            for cut in (meta["cuts"][-given.cuts :] if given.cuts else meta["cuts"])
        ]
        for job in todo:
            print(job.result(), flush=True)
    cases = [json.loads(file.read_text()) for file in sorted(given.work.glob("*.json"))]
    scores = score(cases, {meta["name"]: (meta, tables[0]) for meta, tables in sets})
    baselines = pd.read_csv(given.folder / "baselines_dev.csv")
    given.out.write_text(report(scores, baselines, given.paths, given.options))


if __name__ == "__main__":
    main()
