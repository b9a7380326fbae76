"""What to do with a forecast: the largest levers, the deals that decide, where to hire, what changed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from simulator.analysis.totals import ALL
from simulator.report.documents.finished import Finished
from simulator.report.documents.headline import headline_row
from simulator.report.documents.views import views
from simulator.report.forecast.earlier import CHANGES, PREVIOUS, say_previous
from simulator.report.money import capitalise, format_money, format_share
from simulator.report.sensitivity.words import say_lever
from simulator.report.simulation_error import CLEAR_ERRORS, OF_80, say_error_margin

NO_BACKTEST = "No backtest yet: it is not known how well past forecasts of this history performed."
SAFE = 0.8
"""The chance that a plan should have."""
MOST_LEVERS, MOST_DEALS = 3, 5
MANY_PUSHES = 2
ENDS = {"won", "lost", "new", "gone"}
"""What became of a deal as a whole; other changes are of something that it has."""
LEAST_WEIGHT = 0.01
"""Share of the mean below which the heaviest open deal decides nothing."""


@dataclass(frozen=True)
class Advice:
    """Sentences by question, and the command that answers what has not been asked yet.

    Parameters
    ----------
    plan, levers, deals, hiring, changed, trust : tuple of str
        Sentences, the most important first; empty where nothing is known.
    to_run : dict of str
        Command by question, where there is no answer yet.
    """

    plan: tuple[str, ...]
    levers: tuple[str, ...]
    deals: tuple[str, ...]
    hiring: tuple[str, ...]
    changed: tuple[str, ...]
    trust: tuple[str, ...]
    to_run: dict[str, str]


def advice(run: Finished) -> Advice:
    """Return what a finished run and what stands next to it advise."""
    levers, hiring = say_levers(_pulled(run), run.currency), _answers(run, "hiring", 2)
    trust = _answers(run, "backtest", 3) or (
        (f"{run.summary['record']}.",) if run.summary.get("record") else ()
    )
    command = str(run.manifest["command"])
    scenario = next((word for word in command.split() if word.endswith((".yaml", ".yml"))), "SCENARIO")
    asked = {
        "levers": f"simulator sensitivity {scenario}",
        "hiring": f"simulator hire {scenario} --reps 5",
        "trust": "simulator backtest HISTORY",
        "changed": f"simulator compare {scenario} {_since(run)}",
    }
    known = {"levers": levers, "hiring": hiring, "trust": trust, "changed": "bridge" in run.companions}
    return Advice(
        _plan(run),
        levers,
        _deals(run),
        hiring,
        _changed(run),
        trust,
        {key: words for key, words in asked.items() if not known[key]},
    )


def _answers(run: Finished, name: str, most: int) -> tuple[str, ...]:
    found = run.companions.get(name)
    return tuple(f"{text.removesuffix('.')}." for text in found.answers[:most]) if found else ()


def _plan(run: Finished) -> tuple[str, ...]:
    """Say what an 80% chance takes, what to plan on instead, and what of the pipeline counts nowhere."""
    row = headline_row(run.tables["bookings"], run.periods)
    period, said = row["period"], []
    rows, curve = (table[(table["period"] == period) & (table["segment"] == ALL)]
                   for table in (run.tables["coverage"], run.tables["exceedance"]))  # fmt: skip
    short = float(rows["short_p80"].iloc[0]) if "short_p80" in rows and len(rows) else math.nan
    safe = float(curve.loc[(curve["probability"] - SAFE).abs() < 1e-9, "amount"].max())
    if short > 0:
        target, safe_amount, more = (format_money(x, run.currency) for x in (row["target"], safe, short))
        said.append(
            f"For an 80% chance of the {target} target of {period}, {more} more of deals like today's must "
            f"be due in it. With today's deals, there is an 80% chance of {safe_amount} or more."
        )
    late = float(rows["past_due"].iloc[0]) if "past_due" in rows and len(rows) else 0.0
    if late > 0:
        amount = format_money(late, run.currency)
        said.append(
            f"{amount} of open best case and commit is past its close date. These deals are in the forecast "
            "already, as such deals closed before, but in no coverage: a new date alone adds coverage, not a "
            "sale. Confirm each with the buyer, or close it."
        )
    return tuple(said)


def say_levers(table: pd.DataFrame, currency: str) -> tuple[str, ...]:
    """Say what the largest clear levers bring at the end that helps, each with its 80% interval.

    Parameters
    ----------
    table : DataFrame
        name, period, factor, gain and error of each lever, the most helpful first.
    currency : str
        ISO code.
    """
    said = []
    for _, row in table[table["gain"] > CLEAR_ERRORS * table["error"]].iterrows():
        lever, factor = capitalise(say_lever(row["name"])), f"{row['factor'] - 1:+.0%}".replace("-", "−")
        said.append(
            f"{lever} {factor}: {format_money(row['gain'], currency)} more new bookings over {row['period']} "
            f"({say_error_margin(row['error'], currency)}, {OF_80}), cost not counted."
        )
    if not said and len(table):
        return (f"No measurable difference with {table['name'].map(say_lever).str.cat(sep=', ')}.",)
    return tuple(said[:MOST_LEVERS])


def _pulled(run: Finished) -> pd.DataFrame:
    """Return what each lever brings at the end that helps: all levers if they were asked for, else a few."""
    found = run.companions.get("sensitivity")
    if found is None or not str(found.table["measure"].iloc[0]).startswith(("p50", "mean")):
        return run.tables.get("levers", pd.DataFrame(columns=["name", "factor", "gain", "error", "period"]))
    table = found.table[found.table.get("kind", "lever") == "lever"]
    ends = pd.concat(
        table[["name", "period", end, f"change_{end}", f"error_{end}"]].set_axis(
            ["name", "period", "factor", "gain", "error"], axis=1
        )
        for end in ("low", "high")
    )
    return ends.sort_values("gain", ascending=False, kind="stable").drop_duplicates("name")


def _deals(run: Finished) -> tuple[str, ...]:
    """Say which deals weigh most in the first quarter."""
    view = views(run).get("deals")
    if view is None or "weight" not in view.table:
        return ()
    rows = view.table.head(MOST_DEALS)
    mean = float(headline_row(run.tables["bookings"], run.periods[:1])["mean"])  # as weights are
    heaviest, total = float(rows["weight"].max()), float(view.table["weight"].head(10).sum())
    if 0 < heaviest < LEAST_WEIGHT * mean:
        return (
            f"No single deal decides it: the heaviest of {len(view.table):,} open deals is under "
            f"{LEAST_WEIGHT:.0%} of what the quarter books in the mean.",
        )
    share = f"The ten heaviest are {format_share(total / mean)} of the mean." if 0 < total < mean else ""
    said = [_say_deal(row, run) for _, row in rows.iterrows() if row["weight"] > 0]
    return (*(f"{deal}." for deal in said), *filter(None, (share if said else "",)))


def _say_deal(row: pd.Series, run: Finished) -> str:
    """Return a deal with its chance, and what speaks against it: a date that has passed, or moved often."""
    against = []
    if row["close_month"] and row["close_month"] < str(run.summary["as_of"])[: len("YYYY-MM")]:
        against.append("its close date has passed")
    if row.get("pushes", 0) >= MANY_PUSHES:
        against.append(f"moved {int(row['pushes'])} times")
    text = (
        f"{row['opportunity_id']} ({row['segment']}, {str(row['category']).replace('_', ' ')}): "
        f"{_amount(row['amount'], run.currency)} at {format_share(row['first'])}"
    )
    return f"{text}; {', '.join(against)}" if against else text


def _amount(amount: float, currency: str) -> str:
    return "no amount" if pd.isna(amount) else format_money(amount, currency)


def _changed(run: Finished) -> tuple[str, ...]:
    """Say what the last run forecast next to today's, what moved it, and how many open deals changed."""
    previous, changes = (run.tables.get(name, pd.DataFrame()) for name in (PREVIOUS, CHANGES))
    said = (*say_previous(previous, run.currency), *_answers(run, "bridge", 1))
    if changes.empty or changes["since"].iloc[0] == run.summary["as_of"]:
        return said
    counts = changes["change"].str.split(", ").explode().value_counts()
    listed = ", ".join(
        f"{n} {word if word in ENDS else f'with another {word}'}" for word, n in counts.items()
    )
    return (*said, f"Since {changes['since'].iloc[0]}: {len(changes)} open deals changed ({listed}).")


def _since(run: Finished) -> str:
    """Return the options that ask what moved the forecast since the one before, with as many simulations."""
    previous = run.tables.get(PREVIOUS, pd.DataFrame())
    day = previous["since"].iloc[0] if len(previous) else run.summary.get("flow_since", "DATE")
    return f"--since {day} --paths {run.summary['n_paths']}"
