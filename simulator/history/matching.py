"""Finding the rows of one table in another by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from simulator.arrays import Ints, Mask


def positions(names: pd.Series, among: pd.Series) -> Ints:
    """Return where each name stands in ``among`` (its first row), shape (name,); -1 where it does not."""
    found = pc.index_in(_arrow(names), value_set=_arrow(among), skip_nulls=True)
    return np.asarray(pc.fill_null(found, -1).to_numpy(), dtype=np.int64)


def occurs(names: pd.Series, among: pd.Series) -> Mask:
    """Return which names stand in ``among``, shape (name,); ``Series.isin`` takes seconds for large text."""
    return positions(names, among) >= 0


def _arrow(names: pd.Series) -> pa.Array:
    cells = pa.array(names, type=pa.large_string(), from_pandas=True)
    return cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
