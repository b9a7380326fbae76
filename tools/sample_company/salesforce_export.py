"""A history as Salesforce would export it: report headings, its date format, its footer.

``Opportunity.csv`` is a report's details, ``OpportunityHistory.csv`` what the Data Loader gives.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from simulator.history.tables import History

DEALS, CHANGES = "Opportunity.csv", "OpportunityHistory.csv"
CATEGORIES = {
    "lead": "Omitted",
    "pipeline": "Pipeline",
    "best_case": "Best Case",
    "commit": "Commit",
    "closed": "Closed",
}
"""Forecast categories as Salesforce names them; deals that are only leads are left out of forecasts."""
TYPES = {"new": "New Business", "expansion": "Existing Business", "renewal": "Renewal"}
REASONS = {"lost_competition": "Lost to Competitor", "lost_no_decision": "No Decision / Non-Responsive"}
FOOTER = (
    "Opportunities with all fields",
    "Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved.",
    "Confidential Information - Do Not Distribute",
)


def write_salesforce_export(history: History, folder: Path) -> tuple[Path, Path]:
    """Write the deals of a history and their stage changes under the headings of Salesforce.

    Parameters
    ----------
    history : History
    folder : Path
        Made where it is missing.

    Returns
    -------
    tuple of Path
        The report of deals and the history of their stages.
    """
    folder.mkdir(parents=True, exist_ok=True)
    last = history.stage_changes.drop_duplicates("opportunity_id", keep="last")
    stage = last.set_index("opportunity_id")["stage"]
    category = history.stages.drop_duplicates("stage", keep="last").set_index("stage")["category"]
    deals = _report(history.opportunities, stage, category)
    changes = _data_loader(history.stage_changes, category)
    deals.to_csv(folder / DEALS, index=False, quoting=csv.QUOTE_ALL, na_rep="")
    with (folder / DEALS).open("a", encoding="utf-8") as file:
        file.write("\n\n" + "".join(f'"{line}"\n' for line in FOOTER))
    changes.to_csv(folder / CHANGES, index=False, na_rep="")
    return folder / DEALS, folder / CHANGES


def _report(deals: pd.DataFrame, stage: pd.Series, category: pd.Series) -> pd.DataFrame:
    """Return a report's details: month first, 1 for ticked boxes, the segment as people write it."""
    now = deals["opportunity_id"].map(stage)
    outcome = deals["outcome"].fillna("")
    return pd.DataFrame(
        {
            "Opportunity ID": deals["opportunity_id"].map(salesforce_id),
            "Opportunity Name": "Deal " + deals["opportunity_id"].str.removeprefix("OPP-"),
            "Opportunity Owner": deals["owner"].fillna("House Account"),
            "Owner Role": deals["team"],
            "Stage": now,
            "Forecast Category": _categories(now, category),
            "Amount": deals["amount"].map(lambda amount: f"{amount:.2f}", na_action="ignore"),
            "Close Date": _month_first(deals["close_date"]),
            "Created Date": _month_first(deals["created_date"]),
            "Closed": (outcome != "").astype(int),
            "Won": (outcome == "won").astype(int),
            "Type": deals["type"].map(lambda kind: TYPES.get(kind, "New Business")),
            "Lead Source": deals["source"].str.replace("_", " ").str.title(),
            "Main Competitor(s)": deals["competitor"].where(deals["competitor"] != "none"),
            "Loss Reason": outcome.map(REASONS),
            "Market Segment": deals["segment"].map(_segment_words),
        }
    )


def _data_loader(changes: pd.DataFrame, category: pd.Series) -> pd.DataFrame:
    """Return OpportunityHistory under the names of the API, times in UTC."""
    return pd.DataFrame(
        {
            "Id": [f"008Kx{place:010d}" for place in range(len(changes))],
            "OpportunityId": changes["opportunity_id"].map(salesforce_id),
            "CreatedDate": changes["changed_at"].dt.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "StageName": changes["stage"],
            "Amount": changes["amount"].map(lambda amount: f"{amount:.2f}", na_action="ignore"),
            "CloseDate": changes["close_date"].dt.strftime("%Y-%m-%d"),
            "ForecastCategory": _categories(changes["stage"], category).str.replace(" ", ""),
        }
    )


def salesforce_id(opportunity_id: str) -> str:
    """Return an id of fifteen characters that begins as those of opportunities do."""
    return f"006Kx{opportunity_id.removeprefix('OPP-'):>010}"


def _categories(stages: pd.Series, category: pd.Series) -> pd.Series:
    """Return the forecast category of each stage; Salesforce omits deals that are closed and lost."""
    names = {stage: CATEGORIES.get(ours, "Pipeline") for stage, ours in category.items()}
    names |= {stage: "Omitted" for stage in names if "Lost" in str(stage)}
    return stages.map(names)


def _segment_words(segment: str) -> str:
    words = segment.replace("_", " ").title()
    return words.replace("Amer", "AMER").replace("Emea", "EMEA").replace("Smb", "SMB")


def _month_first(days: pd.Series) -> pd.Series:
    """Return days as 3/31/2026, the way of Salesforce's American locale."""
    return days.map(lambda day: f"{day.month}/{day.day}/{day.year}", na_action="ignore")
