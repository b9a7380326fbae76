"""Where creation begins: stray early rows are found, quiet beginnings are not."""

from __future__ import annotations

import numpy as np

from simulator.history.opening import reliable_opening

STEADY = np.arange(0.0, 1096.0, 0.75)
"""Some 40 deals a month for three years, the first on day 0."""


def test_a_row_a_year_too_early_is_left_out():
    assert reliable_opening(np.append(STEADY, -365.0)) == (0.0, 1)


def test_several_strays_are_left_out_together():
    assert reliable_opening(np.append(STEADY, [-900.0, -365.0, -364.0])) == (0.0, 3)


def test_without_a_stray_nothing_is_left_out():
    assert reliable_opening(STEADY) == (0.0, 0)


def test_a_gap_that_chance_explains_is_kept():
    # Ten deals a year: half a year without one is nothing unusual.
    thin = np.arange(0.0, 3650.0, 36.5)
    assert reliable_opening(np.append(thin, -180.0)) == (-180.0, 0)


def test_more_early_rows_than_strays_are_a_beginning():
    early = -365.0 + np.arange(12.0)
    assert reliable_opening(np.append(STEADY, early)) == (-365.0, 0)
