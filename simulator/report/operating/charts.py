"""Charts of the operating plan: costs, cash or contribution by quarter, and what is spent after the sale."""

from __future__ import annotations

import numpy as np

from simulator.analysis.operating.operating import POST_SALE_SHARE, OperatingView
from simulator.report.charts.spec import SHARE, ChartSpec, Series, banded, figures, money_unit
from simulator.report.forecast.specs import Frame
from simulator.report.money import format_money, format_share
from simulator.report.operating.words import operating_title, say_post_sale
from simulator.report.style import BLUE, NAVY, SAND, SKY, STONE

COSTS = (
    ("cost of revenue", STONE),
    ("acquisition cost", BLUE),
    ("post-sale cost", SKY),
    ("other costs", SAND),
)
PUBLISHED_SHARE = 0.10
"""Post-sale share of sales expense above which two thirds of cloud vendors lie (Alexander Group 2016)."""


def operating_specs(view: OperatingView, frame: Frame) -> list[ChartSpec]:
    """Return revenue over its costs, cash (contribution without opening cash), and the post-sale share."""
    return [_costs_spec(view, frame), _cash_spec(view, frame), _post_sale_spec(view, frame)]


def _costs_spec(view: OperatingView, frame: Frame) -> ChartSpec:
    lines = {name: (colour, figures(view.line(name)["mean"])) for name, colour in COSTS}
    lines = {name: look for name, look in lines.items() if any(look[1])} or dict(list(lines.items())[:1])
    totals = tuple(float(sum(values)) for values in zip(*(look[1] for look in lines.values()), strict=True))
    revenue = figures(view.line("revenue")["mean"])
    last = view.periods[-1]
    money = [format_money(amount, frame.currency) for amount in (revenue[-1], totals[-1])]
    return ChartSpec(
        name="operating",
        shape="stack",
        title=f"Revenue of {money[0]} in {last} against costs of {money[1]}",
        subtitle="Costs by fiscal quarter (columns) and revenue (line), means"
        + ("; the first quarter from the as-of date on" if view.partial else ""),
        footer=frame.foot(f"Revenue and costs in {frame.currency}"),
        unit=money_unit([*totals, *revenue], frame.currency),
        categories=tuple(view.periods),
        series=tuple(Series(name, name.capitalize(), *look) for name, look in lines.items()),
        totals=totals,
        levels=(Series("revenue", "Revenue", NAVY, revenue),),
        total_word="Costs ",
    )


def _cash_spec(view: OperatingView, frame: Frame) -> ChartSpec:
    has_cash = bool(np.isfinite(view.chance))
    name = "cash at the end" if has_cash else "contribution"
    rows = view.line(name)
    chances = [float(p) for p in view.run_out["p_run_out"]] if has_cash else []
    return ChartSpec(
        name="cash",
        shape="lines",
        title=operating_title(view, frame.currency),
        subtitle=f"{'Cash at the end of each quarter' if has_cash else 'Contribution of each quarter'}: P50, "
        "band: P10 to P90",
        footer=frame.foot(f"{'Cash' if has_cash else 'Contribution'} in {frame.currency}"),
        unit=money_unit(rows["p90"], frame.currency),
        categories=tuple(view.periods),
        series=(
            banded(name, name.capitalize(), NAVY, rows, ("p10", "p50", "p90")),
        ),
        below=tuple(f"run out: {format_share(p)}" if p > 0 else "" for p in chances),
        mark=0.0 if float(rows["p10"].min()) < 0 else float("nan"),
        mark_word="Nothing left:",
    )  # fmt: skip


def _post_sale_spec(view: OperatingView, frame: Frame) -> ChartSpec:
    return ChartSpec(
        name="post_sale_share",
        shape="lines",
        title=say_post_sale(view).split(";")[0],
        subtitle="Post-sale people and costs / all sales expense, mean; dashed: two thirds of "
        "cloud vendors lie above 10% (Alexander Group 2016)",
        footer=frame.foot("Share of sales expense"),
        unit=SHARE,
        categories=tuple(view.periods),
        series=(Series("share", "Post-sale share", NAVY, figures(view.line(POST_SALE_SHARE)["mean"])),),
        mark=PUBLISHED_SHARE,
        mark_word="Published:",
    )
