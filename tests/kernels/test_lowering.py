"""Functions that only kernels call are compiled in their callers: forced ones put in place, others called."""

import re

import numpy as np
import pytest
from numba import config, njit

from simulator.kernels.jit import CALLED, COMMON, PART

pytestmark = pytest.mark.skipif(config.DISABLE_JIT, reason="nothing is compiled")


@njit(**PART)
def doubled(value):
    return 2.0 * value


@njit(**CALLED)
def add_up(values):
    total = 0.0
    for value in values:
        total += doubled(value)
    return total


@njit(**PART)
def mean(values):
    return add_up(values) / len(values)


@njit(**COMMON)
def outermost(values):
    return doubled(mean(values)) + add_up(values)


def test_what_is_called_is_one_function_and_parts_are_gone():
    values = np.array([1.0, 2.5, 4.0])
    assert outermost(values) == 10.0 + 15.0
    (code,) = outermost.inspect_llvm().values()
    defined = re.findall(r"define [^@]*@\w*?test_lowering\d+(doubled|add_up|mean|outermost)", code)
    # Next to the function there is the wrapper that Python calls.
    assert sorted(set(defined)) == ["add_up", "outermost"]
    # Also where a part calls it, though Numba hands to it what it is not told.
    assert len(re.findall(r"call [^@]*@\w*?test_lowering\d+add_up", code)) == 2


@njit(**COMMON, forceinline=True)
def tripled(value):
    return 3.0 * value


@njit(**COMMON)
def six_times(value):
    return tripled(doubled(value))


def test_no_machine_code_is_made_of_parts_alone():
    assert six_times(2.0) == 12.0
    # Numba by itself compiles what it puts in place once more, for nobody.
    for part, alone in ((doubled, False), (tripled, True)):
        (compiled,) = part.overloads.values()
        engine = compiled.library.codegen._engine
        assert engine.is_symbol_defined(compiled.fndesc.llvm_func_name) == alone
