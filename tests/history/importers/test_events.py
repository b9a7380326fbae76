from pathlib import Path

import pytest

from tests.history.importers.exports import import_texts

MAP = """
tables:
  events:
    file: log.csv
    drop: [{column: lifecycle, other_than: COMPLETE}]
    TAKE
    columns: {opportunity_id: case, activity: activity, timestamp: time}
stages:
  {submit: lead, accept: pipeline, offer: best_case, back: commit, approve: won, decline: lost_competition}
"""
LOG = """case,activity,lifecycle,time
1,submit,COMPLETE,2024-01-01T08:00:00Z
1,call,COMPLETE,2024-01-01T09:00:00Z
1,accept,START,2024-01-01T10:00:00Z
1,accept,COMPLETE,2024-01-02T08:00:00Z
1,offer,COMPLETE,2024-01-03T08:00:00Z
1,back,COMPLETE,2024-01-04T08:00:00Z
1,offer,COMPLETE,2024-01-05T08:00:00Z
1,approve,COMPLETE,2024-01-06T08:00:00Z
1,decline,COMPLETE,2024-01-07T08:00:00Z
2,submit,COMPLETE,2024-01-01T08:00:00Z
2,decline,COMPLETE,2024-01-01T08:00:05Z
3,submit,COMPLETE,2024-01-01T08:00:00Z
4,submit,COMPLETE,2024-01-01T08:00:00Z
4,approve,COMPLETE,2024-01-02T08:00:00Z
"""


@pytest.mark.parametrize(
    ("take", "stages"),
    [
        ("", ["submit", "accept", "offer", "back", "offer", "approve"]),
        ("take: {offer: first}", ["submit", "accept", "offer", "back", "approve"]),
        ("take: {Offer: last}", ["submit", "accept", "back", "offer", "approve"]),
    ],
)
def test_events_become_changes_up_to_the_first_end(tmp_path: Path, take: str, stages: list[str]) -> None:
    got = import_texts(tmp_path, "table", MAP.replace("TAKE", take), log_csv=LOG, accept=True)
    changes = got.history.stage_changes
    assert changes.loc[changes["opportunity_id"] == "1", "stage"].tolist() == stages
    outcomes = got.history.opportunities.set_index("opportunity_id")["outcome"].fillna("open")
    assert outcomes.to_dict() == {"1": "won", "3": "open", "4": "won"}
    dropped = {d.reason: d.rows for d in got.understanding.dropped}
    assert dropped["events after the first end of their case"] == 1
    assert dropped["activities that are no stage in the map"] == 1
    assert dropped["'lifecycle' is not COMPLETE"] == 1
    assert dropped["lost before they were qualified: no deals (unqualified: keep imports them)"] == 1


def test_declined_leads_are_kept_if_the_map_says_so(tmp_path: Path) -> None:
    got = import_texts(
        tmp_path, "table", "unqualified: keep" + MAP.replace("TAKE", ""), log_csv=LOG, accept=True
    ).history
    assert len(got.opportunities) == 4
