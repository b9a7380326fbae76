"""What a simulated scenario shows, worked out when it is first asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from simulator.analysis.compare.measures import Measure
from simulator.analysis.customers.arr import CustomerOutlook, look_at_customers
from simulator.analysis.diagnose.rates import historical_rates
from simulator.analysis.forecast.coverage import Coverage
from simulator.analysis.forecast.forecast import Forecast
from simulator.analysis.forecast.outlook import Outlook, look_ahead
from simulator.analysis.forecast.steady import Steadiness
from simulator.analysis.judgement.judgement import Judgement
from simulator.analysis.operating.costs import without_hires
from simulator.analysis.operating.operating import OperatingView, look_at_operations, operate
from simulator.analysis.totals import names_with_horizon
from simulator.engine.paths import Paths
from simulator.engine.plan.roles import rep_terms, role_terms
from simulator.engine.prepare import Prepared
from simulator.engine.run.simulate import simulate
from simulator.report.answer import Answer, Chart, Provenance, write_provenance
from simulator.report.output.folder import publish
from simulator.report.output.second_process import Alone, Job, Team, all_done
from simulator.report.work import Work

if TYPE_CHECKING:
    from simulator.report.forecast.earlier import Earlier
    from simulator.report.forecast.past import Past

PATHS_WITHOUT_HIRES = 400
LEVER_PATHS = 500
"""Simulations that levers are compared on, as ``simulator sensitivity`` does."""


class Run:
    """A simulated scenario; what it shows is worked out when it is first asked for.

    Parameters
    ----------
    prepared : Prepared
        The scenario with its history and rates.
    paths : Paths
        The simulations.
    calm : Paths, optional
        The same without the shock that all deals of a quarter share.
    steadiness : Steadiness, optional
        What the precision that the scenario asks for took.

    Attributes
    ----------
    levers : DataFrame, optional
        What `pull_levers` found, as soon as it has.
    """

    def __init__(
        self,
        prepared: Prepared,
        paths: Paths,
        calm: Paths | None = None,
        steadiness: Steadiness | None = None,
    ) -> None:
        self.prepared = prepared
        self.paths = paths
        self.calm = calm
        self.steadiness = steadiness
        self.levers: pd.DataFrame | None = None
        self._since: dt.date | None = None

    @cached_property
    def outlook(self) -> Outlook:
        """Bookings, coverage and spread."""
        scenario, history = self.prepared.scenario, self.prepared.history
        return look_ahead(
            self.paths,
            without_shock=self.calm,
            targets=scenario.targets,
            type_targets={str(kind): own for kind, own in scenario.type_targets.items()},
            motions={name: segment.motion for name, segment in scenario.segments.items()},
            rates=historical_rates(history, scenario.fiscal_calendar()) if history is not None else None,
            reps=rep_terms(scenario, self._staffing),
        )

    @cached_property
    def past(self) -> Past | None:
        """Past quarters and the flow of deals in the last weeks; None without deals on record."""
        from simulator.report.forecast.past import look_back

        return look_back(self.prepared, self.forecast.periods[0], self.paths, self._since)

    def look_back_to(self, day: dt.date) -> None:
        """Let the flow of deals begin at the end of a day, such as that of the last run."""
        self._since = day
        for known in ("past", "answer"):
            self.__dict__.pop(known, None)

    @property
    def forecast(self) -> Forecast:
        """Bookings by period, segment and kind."""
        return self.outlook.forecast

    @property
    def coverage(self) -> Coverage:
        """Pipeline coverage, and what the targets need."""
        return self.outlook.coverage

    @property
    def spread(self) -> pd.DataFrame:
        """What the spread between P10 and P90 comes from."""
        return self.outlook.spread

    @cached_property
    def customers(self) -> CustomerOutlook | None:
        """ARR, retention and lifetime value; None where customers are not simulated."""
        rates = self.prepared.calibration.customers if self.prepared.calibration is not None else None
        return look_at_customers(self.paths, self.prepared.scenario, rates, self.prepared.history)

    @cached_property
    def judgement(self) -> Judgement | None:
        """Forecasts by judgement next to the simulation; None without deals on record."""
        from simulator.report.judgement.results import look_at_judgement

        return look_at_judgement(self.prepared, self.paths)

    @cached_property
    def operating(self) -> OperatingView | None:
        """The operating plan, and what its hires change; None where none is stated."""
        scenario, rates, history = self.prepared.scenario, self.prepared.calibration, self.prepared.history
        if not scenario.operating.stated:
            return None
        reps, roles = rep_terms(scenario, self._staffing), role_terms(scenario, history)
        bare, fewer = without_hires(scenario), None
        if bare is not None:
            bare = bare.with_simulation(paths=min(PATHS_WITHOUT_HIRES, scenario.simulation.paths))
            fewer = operate(simulate(bare, rates, history), bare, rates, reps, roles)
        view = operate(self.paths, scenario, rates, reps, roles)
        return look_at_operations(self.paths, view, scenario, without_hires=fewer)

    def pull_levers(self, work: Work | None = None) -> pd.DataFrame | None:
        """Return what a few levers bring over the horizon; None where the simulations are too few to show it.

        Columns: those of `measure_levers`. The figures are those of ``simulator sensitivity``.
        """
        from simulator.analysis.sensitivity.sensitivity import measure_levers, without_customers

        scenario = self.prepared.scenario
        if scenario.simulation.paths < LEVER_PATHS:
            return None
        few = replace(self.prepared, scenario=scenario.with_simulation(paths=LEVER_PATHS))
        measure = Measure("p50", names_with_horizon(self.forecast.periods)[-1])
        with (work or Work()).step("levers", "Pulling the levers of sales") as advance:
            self.levers = measure_levers(without_customers(few), measure, advance)
        return self.levers

    @property
    def _staffing(self) -> Any:
        return self.prepared.calibration.staffing if self.prepared.calibration is not None else None

    @cached_property
    def answer(self) -> Answer:
        """All of it, in the shape that every question is answered in."""
        from simulator.report.forecast.results import run_sentences, run_summary, run_tables

        summary = run_summary(self)
        notes, assumptions, said = (summary.pop(key) for key in ("notes", "assumptions", "answers"))
        return Answer(
            question="run",
            currency=self.prepared.scenario.currency,
            provenance=Provenance.of(self.prepared, n_paths=self.forecast.n_paths),
            sentences=run_sentences(self, said.get("record")),
            tables=run_tables(self),
            draws=tuple(partial(_draw, jobs) for jobs in self._chart_jobs()),
            figures=summary,
            notes=tuple(notes),
            assumptions=tuple(assumptions),
            found=self.outlook,
        )

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """By name, as in ``tables/`` of the results folder."""
        return self.answer.tables

    @property
    def sentences(self) -> Mapping[str, str]:
        """The answer in words, by topic."""
        return self.answer.sentences

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader should know of the input."""
        return self.answer.notes

    @property
    def assumptions(self) -> tuple[dict[str, str], ...]:
        """Every assumption in use: name, value, source."""
        return self.answer.assumptions

    @property
    def provenance(self) -> Provenance:
        """Simulations, draws of the rates, seed, as-of date and inputs."""
        return self.answer.provenance

    @property
    def summary(self) -> dict[str, object]:
        """The content of summary.json."""
        return self.answer.summary

    @property
    def charts(self) -> dict[str, Chart]:
        """The charts by name, drawn when they are first asked for."""
        return self.answer.charts

    def _repr_html_(self) -> str:
        return self.answer._repr_html_()

    def _chart_jobs(self) -> Iterator[Callable[[Path], Sequence[Job]]]:
        """Yield what returns the jobs of some charts, each as soon as what it draws is known."""
        from simulator.report.customers.charts import customer_chart_jobs
        from simulator.report.forecast.results import chart_jobs
        from simulator.report.judgement.results import judgement_chart_jobs
        from simulator.report.operating.words import operating_chart_jobs

        yield partial(chart_jobs, self.paths, self.outlook, past=self.past)
        if self.customers is not None:
            yield partial(customer_chart_jobs, self.customers, self.forecast)
        if self.judgement is not None:
            yield partial(judgement_chart_jobs, self.judgement, self.forecast)
        if self.operating is not None:
            yield partial(operating_chart_jobs, self.operating, self.forecast)

    def write(
        self,
        folder: Path | str,
        *,
        command: str = "",
        monthly: bool = False,
        work: Work | None = None,
        team: Team | None = None,
    ) -> Path:
        """Write tables, paths, charts, page, workbook and slides; the folder appears whole or not at all.

        Parameters
        ----------
        folder : Path or str
            Where the results shall be. What changed since the run that it replaces is told too: the flow of
            deals begins on its day, previous_forecast.csv and deal_changes.csv hold it next to this run.
        command : str
            What the user typed.
        monthly : bool
            Whether to write paths_monthly.parquet too.
        work : Work, optional
            Where progress is reported, and whose seconds are recorded.
        team : Team, optional
            Who draws the charts; this process without it.

        Raises
        ------
        InputError
            The place is taken by something else, or cannot be written.
        """
        from simulator.report.documents.exports import export_jobs
        from simulator.report.forecast.earlier import read_earlier
        from simulator.report.output.tables import write_monthly_paths

        target, work, team = Path(folder), work or Work(), team or Alone()
        earlier = read_earlier(target, self.paths.scenario, self.paths.as_of)
        if earlier is not None and earlier.since is not None:
            self.look_back_to(earlier.since)
        with publish(target) as draft, all_done(team):
            work.note("Writing tables and drawing charts …")
            (draft / "charts").mkdir()
            with work.step("analyse"):
                for jobs in self._chart_jobs():
                    team.begin(jobs(draft / "charts"))
            with work.step("tables"):
                self.write_tables(draft, earlier=earlier, work=work)
                if monthly:
                    write_monthly_paths(self.paths, draft / "paths_monthly.parquet")
            with work.step("charts"):
                team.finish()
            write_provenance(self.provenance, draft, target, command=command, work=work)
            team.begin(export_jobs(draft, target))
        return target

    def write_tables(self, draft: Path, *, earlier: Earlier | None = None, work: Work | None = None) -> None:
        """Write tables/, paths.parquet and summary.json into a new folder.

        Parameters
        ----------
        draft : Path
        earlier : Earlier, optional
            A run of the same scenario to be compared with.
        work : Work, optional
            Where progress is reported.
        """
        from simulator.report.forecast.results import write_run_tables

        write_run_tables(self, draft, earlier, work)

    def hire(self, **options: Any) -> Answer:
        """Return where the next reps go; see ``simulator.hire``."""
        from simulator.report.hire.results import hire

        return hire(self.prepared, **options)

    def headcount(self, **options: Any) -> Answer:
        """Return what one more head of each role is worth; see ``simulator.headcount``."""
        from simulator.report.headcount.results import headcount

        return headcount(self.prepared, **options)

    def ownership(self, **options: Any) -> Answer:
        """Return who should own customers after the sale; see ``simulator.ownership``."""
        from simulator.report.ownership.results import ownership

        return ownership(self.prepared, **options)

    def terms(self, **options: Any) -> Answer:
        """Return what deal terms cost; see ``simulator.terms``."""
        from simulator.report.terms.results import terms

        return terms(self.prepared, **options)

    def sensitivity(self, **options: Any) -> Answer:
        """Return what moves a figure most; see ``simulator.sensitivity``."""
        from simulator.report.sensitivity.results import sensitivity

        return sensitivity(self.prepared, **options)

    def pipeline(self, **options: Any) -> Answer:
        """Return how much pipeline the targets need; see ``simulator.pipeline``."""
        from simulator.report.forecast.pipeline_results import pipeline

        return pipeline(self.prepared, **options)

    def checklist(self, **options: Any) -> Answer:
        """Return who owns the customer, and what the gaps cost; see ``simulator.checklist``."""
        from simulator.report.terms.checklist import checklist

        return checklist(self.prepared, **options)


def _draw(jobs: Callable[[Path], Sequence[Job]], charts: Path) -> None:
    for job in jobs(charts):
        job()
