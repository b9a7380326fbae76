"""Charts of how customers stay and what they are worth: survival, cohorts, lifetime value."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import MaxNLocator

from simulator.analysis.customers.arr import Arr, CustomerOutlook
from simulator.analysis.customers.lifetime import Lifetime
from simulator.analysis.forecast.forecast import Forecast
from simulator.report.charts.picture import draw_picture
from simulator.report.charts.spec import ChartSpec
from simulator.report.customers.specs import kinds_spec, retention_spec, snowball_spec
from simulator.report.customers.tables import customer_tables
from simulator.report.customers.words import (
    cohorts_title,
    lifetime_title,
    retention_title,
    snowball_title,
    survival_title,
)
from simulator.report.forecast.specs import Frame
from simulator.report.money import format_money, format_multiple, format_share, source_line
from simulator.report.output.second_process import Job
from simulator.report.output.tables import round_figures
from simulator.report.style import (
    BLUE,
    INK,
    NAVY,
    ORANGE,
    PAPER,
    SAND,
    SKY,
    draw_chart,
    draw_panels,
    share_axis,
)

Floats = npt.NDArray[np.float64]

TERM_WORDS = {
    "monthly": "monthly contracts",
    "annual": "annual contracts",
    "multi_year": "multi-year contracts",
}
HEAT = LinearSegmentedColormap.from_list("kept", [ORANGE, SAND, PAPER, SKY, NAVY])


def customer_chart_jobs(customers: CustomerOutlook, forecast: Forecast, folder: Path) -> list[Job]:
    """Return what draws each chart of customers, as PNG and SVG."""
    arr = customers.arr
    jobs: list[Job] = [partial(draw_picture, spec, folder) for spec in customer_specs(customers, forecast)]
    if customers.lifetime is not None and not customers.lifetime.new.empty:
        jobs.append(partial(draw_lifetime, customers.lifetime, arr, folder))
    if customers.retention is not None:
        jobs.append(partial(draw_survival, customers.retention.survival, arr, folder))
        jobs.append(partial(draw_cohorts, customers.retention.cohorts, arr, folder))
    return jobs


def customer_specs(customers: CustomerOutlook, forecast: Forecast) -> list[ChartSpec]:
    """Return the charts that slides and sheets draw too: the snowball, NRR and GRR, bookings by kind."""
    arr, table = customers.arr, customer_tables(customers)["arr"]

    def frame(*words: str) -> Frame:
        return Frame(arr.currency, arr.periods, source_line(arr.as_of, *words), forecast.partial)

    return [
        snowball_spec(table, frame(f"ARR in {arr.currency}: not bookings, not revenue"), snowball_title(arr)),
        retention_spec(table, frame("ARR of existing customers, new ones left out"), retention_title(arr)),
        kinds_spec(
            round_figures(forecast.bookings),
            frame(
                f"Bookings in {forecast.currency}: not ARR, not revenue",
                "What was signed before as-of is in the first quarter" if forecast.partial else "",
            ),
        ),
    ]


def draw_survival(survival: pd.DataFrame, arr: Arr, folder: Path) -> None:
    """Draw who stayed through each renewal against the law that the future is simulated with."""
    terms = [term for term in TERM_WORDS if (survival["term"] == term).any()]
    if not terms:
        return
    main = max(terms, key=lambda term: float(survival.loc[survival["term"] == term, "at_risk"].max()))
    main = "annual" if "annual" in terms else main
    with draw_panels(
        folder,
        "survival",
        title=survival_title(survival[survival["term"] == main]),
        subtitle=(
            "Share of customers left after each renewal: seen so far (dots, where ten or more came to it), "
            "and by the law of the forecast (line; band: 80 % interval)"
        ),
        footer=source_line(arr.as_of, f"The title speaks of {TERM_WORDS[main]}" if len(terms) > 1 else ""),
        n_columns=len(terms),
        share_y=True,
    ) as panels:
        for axes, term in zip(panels, terms, strict=True):
            rows = survival[survival["term"] == term]
            axes.fill_between(rows["renewal"], rows["low"], rows["high"], color=SKY, alpha=0.5, linewidth=0)
            axes.plot(rows["renewal"], rows["law"], color=NAVY, linewidth=2)
            axes.plot(
                rows["renewal"], rows["observed"], "o", color=ORANGE, markersize=5, clip_on=False, zorder=3
            )
            axes.set_title(TERM_WORDS[term])
            axes.set_xlabel("renewals")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            share_axis(axes)


def draw_cohorts(cohorts: pd.DataFrame, arr: Arr, folder: Path) -> None:
    """Draw the heat map of ARR kept by the quarter in which customers started."""
    if cohorts.empty or cohorts["quarter"].max() < 1:
        return
    grid = cohorts.pivot_table(index="cohort", columns="quarter", values="arr_share", sort=False)
    grid = grid[sorted(grid.columns)]
    share = grid.to_numpy(np.float64)
    height = max(4.6, 1.7 + 0.3 * len(grid))
    with draw_chart(
        folder,
        "cohorts",
        title=cohorts_title(cohorts),
        subtitle="ARR at the end of each quarter / at the end of the first, in percent, by quarter of start",
        footer=source_line(arr.as_of, "100% is where a cohort began; blue has grown, orange has shrunk"),
        bottom_inches=0.85,
        size_inches=(10.0, height),
    ) as axes:
        axes.imshow(share, cmap=HEAT, vmin=0.5, vmax=1.5, aspect="auto")
        for (row, column), value in np.ndenumerate(share):
            if math.isfinite(value):
                red, green, blue, _ = HEAT(value - 0.5)
                dark = 0.299 * red + 0.587 * green + 0.114 * blue <= 0.58
                colour = PAPER if dark else INK
                axes.text(
                    column, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=8.5, color=colour
                )
        axes.set_xticks(range(share.shape[1]), [str(q) for q in grid.columns])
        n = cohorts.drop_duplicates("cohort").set_index("cohort")["n_customers"]
        names = [f"{name} ({n[name]:.0f})" for name in grid.index]
        axes.set_yticks(range(len(grid)), names, fontsize=9)
        _make_room(axes, names)
        axes.set_xlabel("quarters since the start (customers who started in brackets)")
        for spine in axes.spines.values():
            spine.set_visible(False)


def _make_room(axes: Axes, names: list[str]) -> None:
    """Move the left edge of the axes so that the longest name beside it fits."""
    box = axes.get_position()
    left = min(0.4, 0.045 + 0.0083 * max(len(name) for name in names))
    if left > box.x0:
        axes.set_position((left, box.y0, box.x1 - left, box.height))


def draw_lifetime(lifetime: Lifetime, arr: Arr, folder: Path) -> None:
    """Draw what a new customer of each segment brings in five years, first year and later."""
    table = lifetime.new.sort_values("value_per_arr")
    with draw_chart(
        folder,
        "lifetime_value",
        title=lifetime_title(lifetime, arr.currency),
        subtitle=(
            f"Revenue of a new customer over {lifetime.years} years, in multiples of the ARR it signs, not "
            "discounted; mean of simulated customers"
        ),
        footer=source_line(arr.as_of, f"Revenue in {arr.currency}: ARR month by month, not bookings"),
    ) as axes:
        y = [float(place) for place in range(len(table))]
        first = (table["first_year"] / table["arr"]).to_numpy(np.float64)
        later = (table["later_years"] / table["arr"]).to_numpy(np.float64)
        axes.barh(y, first, color=NAVY, height=0.62)
        axes.barh(y, later, left=first, color=SKY, height=0.62)
        for place, (_, row) in enumerate(table.iterrows()):
            at = y[place]
            axes.text(
                first[place] / 2,
                at,
                format_share(row["first_year_share"]),
                ha="center",
                va="center",
                color=PAPER,
            )
            axes.text(
                first[place] + later[place] / 2,
                at,
                f"{format_share(1 - row['first_year_share'])} later",
                ha="center",
                va="center",
            )
            value = format_money(row["value"], arr.currency)
            axes.text(
                first[place] + later[place],
                at,
                f"  {value}, {format_multiple(row['value_per_arr'])} its ARR",
                va="center",
                fontweight="bold",
            )
        axes.set_yticks(y, table["segment"])
        _make_room(axes, list(table["segment"]))
        axes.set_xlim(0, 1.32 * max(float((first + later).max()), 0.1))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}×")
        axes.grid(axis="x")
        axes.text(0, len(table) - 0.55, "first year", color=NAVY, fontweight="bold", va="bottom")
        axes.text(
            float(first[-1]) + 0.05,
            len(table) - 0.55,
            "later years",
            color=BLUE,
            fontweight="bold",
            va="bottom",
        )
