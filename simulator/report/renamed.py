"""Public functions that were called otherwise a version ago: the old form still works, and says so."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from simulator.analysis.backtest.backtest import backtest as backtest_history
from simulator.analysis.compare.comparison import compare as compare_paths
from simulator.analysis.compare.comparison import simulate_prepared
from simulator.engine.run.simulate import simulate as simulate_scenario
from simulator.history.tables import History
from simulator.report.backtest import results as backtests
from simulator.report.compare import results as comparisons
from simulator.scenario.schema import Scenario

T = TypeVar("T")


def _or_as_before(
    new: Callable[..., T], old: Callable[..., Any], kind: type | tuple[type, ...], words: str
) -> Callable[..., T]:
    """Return a function that calls ``old``, with a warning, where its first argument is of a kind."""

    @functools.wraps(new)
    def either(*given: Any, **options: Any) -> Any:
        if given and isinstance(given[0], kind):
            warnings.warn(words, DeprecationWarning, stacklevel=2)
            return old(*given, **options)
        return new(*given, **options)

    return either


compare = _or_as_before(
    comparisons.compare, compare_paths, (list, tuple), "compare(paths, targets) is now compare_paths"
)
backtest = _or_as_before(
    backtests.backtest, backtest_history, History, "backtest(History, settings) is now backtest_history"
)
simulate = _or_as_before(
    simulate_prepared,
    simulate_scenario,
    Scenario,
    "simulate takes what prepare() returns: simulate(prepared)",
)
