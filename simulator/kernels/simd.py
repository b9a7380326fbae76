"""Eight numbers at a time: the hazards of a deal's destinations in one register, where the processor has one.

A plain loop over eight numbers stays a loop in numba, which cannot know that arrays do not overlap. So the
instruction is stated; a processor without such registers gets the same sums from smaller ones.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import config, types
from numba.extending import intrinsic

from simulator.arrays import Floats

WIDTH = 8
IN_PYTHON: bool = config.DISABLE_JIT  # type: ignore[attr-defined]
"""Whether kernels are not compiled: NUMBA_DISABLE_JIT=1, to step through them."""
LINE_BYTES = 64
"""What a processor reads from memory at once: eight numbers, if they do not straddle two lines."""
PREFETCH = "llvm.prefetch.p0i8"


def aligned(shape: tuple[int, ...], dtype: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
    """Return an array of zeros that begins where a line of memory does."""
    n_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
    space = np.zeros(n_bytes + LINE_BYTES, dtype=np.uint8)
    first = -space.ctypes.data % LINE_BYTES
    array = space[first : first + n_bytes].view(dtype).reshape(shape)
    return array.view(np.recarray) if IN_PYTHON and array.dtype.names else array


def in_lines(array: Floats) -> Floats:
    """Return an array that begins where a line of memory does: itself, or a copy."""
    if array.ctypes.data % LINE_BYTES == 0:
        return array
    copy = aligned(array.shape)
    copy[...] = array
    return copy


def _weigh(typingctx: Any, values: Any, factors: Any, more: Any, out: Any) -> Any:
    """Write values × factors × more, of eight numbers each, to ``out`` and return their sum.

    The sum adds opposite halves until one number is left: ((0+4) + (2+6)) + ((1+5) + (3+7)).
    """
    signature = types.float64(values, factors, more, out)
    eight, number = ir.VectorType(ir.DoubleType(), WIDTH), ir.IntType(32)

    def codegen(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
        def place(at: int) -> Any:
            array = context.make_array(kinds.args[at])(context, builder, arguments[at])
            return builder.bitcast(array.data, eight.as_pointer())

        def load(at: int) -> Any:
            return builder.load(place(at), align=8)

        product = builder.fmul(builder.fmul(load(0), load(1)), load(2))
        builder.store(product, place(3), align=8)
        half = WIDTH
        while half > 1:
            half //= 2
            low, high = (
                ir.Constant(ir.VectorType(number, half), [first + at for at in range(half)])
                for first in (0, half)
            )
            nothing = ir.Constant(product.type, ir.Undefined)
            product = builder.fadd(
                builder.shuffle_vector(product, nothing, low), builder.shuffle_vector(product, nothing, high)
            )
        return builder.extract_element(product, ir.Constant(number, 0))

    return signature, codegen


def _weigh_in_python(values: Any, factors: Any, more: Any, out: Any) -> Any:
    """Do the same, number by number."""
    out[:] = values * factors * more
    w = out
    return ((w[0] + w[4]) + (w[2] + w[6])) + ((w[1] + w[5]) + (w[3] + w[7]))


weigh: Any = _weigh_in_python if IN_PYTHON else intrinsic(_weigh)


def _fetch(typingctx: Any, rows: Any, row: Any) -> Any:
    """Ask for a row of eight numbers to be brought near, so that it is there when it is read."""
    signature = types.void(rows, row)

    def codegen(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
        array = context.make_array(kinds.args[0])(context, builder, arguments[0])
        first = builder.mul(builder.zext(arguments[1], ir.IntType(64)), ir.Constant(ir.IntType(64), WIDTH))
        place = builder.bitcast(builder.gep(array.data, [first]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        ask = builder.module.globals.get(PREFETCH) or ir.Function(builder.module, kind, PREFETCH)
        builder.call(ask, [place, *(ir.Constant(number, value) for value in (0, 3, 1))])
        return context.get_dummy_value()

    return signature, codegen


def _fetch_in_python(rows: Any, row: Any) -> None:
    """Leave it: there is nothing to bring near."""


fetch: Any = _fetch_in_python if IN_PYTHON else intrinsic(_fetch)
