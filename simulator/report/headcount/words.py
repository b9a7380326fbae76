"""What one more head is worth, in sentences: the answer first, then what it depends on."""

from __future__ import annotations

import pandas as pd

from simulator.analysis.headcount.headcount import Headcount
from simulator.engine.plan.service_coverage import TARGET_WORDS, Effect
from simulator.report.hire.words import month_words
from simulator.report.money import format_money, format_share
from simulator.report.simulation_error import OF_80, say_error_margin

ROLE_WORDS = {
    "ae": "account executive",
    "ae_existing": "account executive for existing customers",
    "account_manager": "account manager",
    "csm": "CSM",
    "renewals_rep": "renewals rep",
    "specialist": "specialist",
    "sdr": "SDR",
}
NAMED = 3


def role_word(role: str) -> str:
    """Return the name of a role as people write it."""
    return ROLE_WORDS.get(role, role)


OF_REPS = (
    "; cost is pay at target and NPV counts revenue as it is earned, so that the best segment "
    "may be another than hire's; payback counts what is signed less base pay and commission, as hire does"
)


def firsts(found: Headcount, segment: str | None) -> pd.DataFrame:
    """Return the rows of the first head added, the best first."""
    rows = found.table[found.table["heads_added"] == 1]
    if segment is not None:
        rows = rows[rows["segment"] == segment]
    return rows.sort_values("npv", ascending=False, kind="stable")


def headcount_title(
    found: Headcount, currency: str, segment: str | None = None, effects: tuple[Effect, ...] = ()
) -> str:
    """Return the answer as a headline; first, where it is so, that it rests on assumed effects."""
    rows = firsts(found, segment)
    if rows.empty:
        return "No head can be added anywhere"
    best = rows.iloc[0]
    word = role_word(best["role"])
    who = f"{'an' if word[0] in 'aeiouAEIOU' else 'a'} {word} in {best['segment']}"
    given = "On assumed effects of coverage: " if best["role"] != "ae" and rests_on(effects) else ""
    if best["npv"] <= 0:
        return f"{given}{'n' if given else 'N'}o next head earns its cost; the nearest to it is {who}"
    return (
        f"{given}{'w' if given else 'W'}orth most next: {who}, {format_money(best['npv'], currency)} of NPV"
    )


def rests_on(effects: tuple[Effect, ...]) -> list[Effect]:
    """Return the effects of coverage that neither the history nor the scenario's own sources show."""
    return [effect for effect in effects if effect.source not in {"calibrated", "scenario"}]


def headcount_answers(
    found: Headcount, effects: tuple[Effect, ...], currency: str, segment: str | None
) -> dict[str, str]:
    """Return the answer in a few sentences, by question."""
    rows = firsts(found, segment)
    texts = {"answer": headcount_title(found, currency, segment, effects), "sources": sources_words(effects)}
    for role in found.question.roles:
        own = rows[rows["role"] == role]
        if len(own):
            texts[f"best {role}"] = _say_head(own.iloc[0], found, currency)
            texts[f"how many {role}"] = _say_marginal(own.iloc[0], found, currency)
    texts["before or after"] = _before_or_after(rows, currency)
    if not found.breakeven.empty:
        texts |= _say_breakeven(found, rows)
        texts["depends on"] = _say_sensitivity(found, rows, currency)
    return {key: text for key, text in texts.items() if text}


def _say_head(row: pd.Series, found: Headcount, currency: str) -> str:
    money = {key: format_money(float(row[key]), currency) for key in ("gain_arr", "cost", "npv")}
    low, high = (format_money(float(row[f"npv_{p}"]), currency) for p in ("p10", "p90"))
    error = say_error_margin(row["npv_error"], currency)
    paid = row["payback_months"]
    when = f"paid back {paid:.0f} months after the start" if pd.notna(paid) else "not paid back by then"
    return (
        f"A first {role_word(row['role'])} more in {row['segment']} from {month_words(found.question.start)} "
        f"costs {money['cost']} until {found.periods[-1]} and leaves {money['gain_arr']} more ARR: NPV "
        f"{money['npv']} (P10 {low} to P90 {high}; {error}, {OF_80}), {when}; it pays in "
        f"{format_share(float(row['p_roi_above_0']))} of simulations{OF_REPS if row['role'] == 'ae' else ''}"
    )


def _say_marginal(best: pd.Series, found: Headcount, currency: str) -> str:
    rows = found.table[(found.table["role"] == best["role"]) & (found.table["segment"] == best["segment"])]
    paying = rows[rows["marginal_npv"] > 0]
    if paying.empty or not best["npv"] > 0:
        return ""
    last = int(paying["heads_added"].max())
    more = (
        "none of them earns less than it costs" if last == found.question.up_to else "a further one does not"
    )
    return (
        f"Of up to {found.question.up_to} there the last that earns its cost is number {last}, which adds "
        f"{format_money(float(rows.set_index('heads_added').loc[last, 'marginal_npv']), currency)}; {more}"
    )


def _before_or_after(rows: pd.DataFrame, currency: str) -> str:
    before, after = rows[rows["role"] == "ae"], rows[rows["role"] != "ae"]
    if before.empty or after.empty:
        return ""
    a, b = after.iloc[0], before.iloc[0]
    difference = float(a["npv"] - b["npv"])
    error = float((a["npv_error"] ** 2 + b["npv_error"] ** 2) ** 0.5)
    money = format_money(abs(difference), currency)
    if abs(difference) < 2 * error:
        return f"Before or after the sale: no measurable difference ({money} apart)"
    side = "after the sale" if difference > 0 else "before the sale"
    return f"The next head is better {side}: {money} more NPV than the best on the other side"


def _say_breakeven(found: Headcount, rows: pd.DataFrame) -> dict[str, str]:
    texts = {}
    for role in dict.fromkeys(found.breakeven["role"]):
        own = rows[rows["role"] == role]
        if own.empty:
            continue
        segment = own.iloc[0]["segment"]
        at = found.breakeven[(found.breakeven["role"] == role) & (found.breakeven["segment"] == segment)]
        who = f"A {role_word(role)} in {segment}"
        if at["scale"].isna().all():
            texts[f"break-even {role}"] = f"{who} does not break even at three times the effects assumed"
            continue
        parts = [
            f"{effect_words(name)} {value:.2f}× rather than {assumed:.2f}×"
            for name, value, assumed in zip(at["effect"], at["breakeven"], at["assumed"], strict=True)
        ]
        texts[f"break-even {role}"] = f"{who} breaks even where no coverage means {', '.join(parts[:NAMED])}"
    return texts


def _say_sensitivity(found: Headcount, rows: pd.DataFrame, currency: str) -> str:
    after = rows[rows["role"] != "ae"]
    if after.empty:
        return ""
    best = after.iloc[0]
    table = found.sensitivity
    own = table[(table["role"] == best["role"]) & (table["segment"] == best["segment"])]
    parts = [
        f"{effect_words(row['assumption'])} ({row['low']:.3g} to {row['high']:.3g}, {row['source']}): "
        f"{format_money(row['npv_low'], currency)} to {format_money(row['npv_high'], currency)}"
        for _, row in own.head(NAMED).iterrows()
    ]
    return f"The NPV of that {role_word(best['role'])} depends most on " + "; ".join(parts)


def effect_words(name: str) -> str:
    """Return an effect of coverage by its key, such as: odds to churn without adoption."""
    activity, _, target = name.partition(".")
    if not target:
        return name
    return f"{TARGET_WORDS[target]} without {activity.replace('_', ' ')}"


def sources_words(effects: tuple[Effect, ...]) -> str:
    """Return which effects of coverage are not from the reader's data, and which are."""
    assumed = rests_on(effects)
    told = [e for e in effects if e.source == "calibrated"]
    if not assumed:
        return ""
    text = f"{len(assumed)} of {len(effects)} effects of coverage are not from your data ("
    text += ", ".join(f"{effect_words(e.name)} {e.value:g}: {e.source}" for e in assumed) + ")"
    return text + (f"; from your history: {', '.join(effect_words(e.name) for e in told)}" if told else "")
