from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.scenario.load import load_scenario
from simulator.scenario.schema import Scenario

INLINE = """\
as_of: 2026-10-31
fiscal_year: {start_month: 2, label: end}
segments:
  enterprise:
    sals_per_month: 5
    amount: 100k
    pipeline: {to: {won: 25%, lost_competition: 25%, lost_no_decision: 50%}, median_days: 90}
  smb:
    motion: smb
    sals_per_month: 40
    sals_dispersion: 20
    amount: {median: 12k, mean: 18k}
    close_in_days: 90
    evidence_deals: 50
    pipeline: {to: {best_case: 45%, lost_competition: 15%, lost_no_decision: 40%}, median_days: 60}
    best_case: {to: {commit: 50%, pipeline: 10%, lost_no_decision: 40%}, median_days: 30}
    commit: {to: {won: 80%, lost_no_decision: 20%}, median_days: 20}
targets:
  FY27Q4: 12M
  FY28Q1: {all: 13M, smb: 2M}
open_deals:
  - {id: A-1, segment: smb, category: commit, amount: 40k, close_date: 2026-12-15, age_months: 2, pushes: 1}
levers:
  close_odds: 1.1
  sals: [{factor: +20%, source: outbound}, x0.9]
  slippage: x0.9
  no_decision: {factor: 0.8, segments: [enterprise], from: 2027-01, until: 2027-06}
"""


@pytest.fixture
def inline(tmp_path: Path) -> Path:
    path = tmp_path / "inline.yaml"
    path.write_text(INLINE, encoding="utf-8")
    return path


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Scenario]:
    """Write YAML text to a file and load it, on top of the inline scenario unless told otherwise."""

    def write_and_load(text: str, overrides=(), *, on_inline: bool = True) -> Scenario:
        (tmp_path / "inline.yaml").write_text(INLINE, encoding="utf-8")
        path = tmp_path / "case.yaml"
        path.write_text(("extends: inline.yaml\n" if on_inline else "") + text, encoding="utf-8")
        return load_scenario(path, overrides)

    return write_and_load
