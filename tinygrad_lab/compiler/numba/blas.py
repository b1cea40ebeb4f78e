"""Products of matrices by BLAS, at addresses.

`np.dot` in Numba ends in one function of its C library, which calls the BLAS that SciPy brings. It is called directly:
compiling `np.dot` for every layout takes most of a second each.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from tinygrad_lab.compiler.numba.intrinsics import intrinsic

_INT64, _CHAR, _POINTER = ir.IntType(64), ir.IntType(8), ir.IntType(8).as_pointer()
_GEMM = ir.FunctionType(
    ir.IntType(32),
    # which dtype; whether each is turned; m, n, k; alpha; a and its rows' distance; b; beta; c
    [_CHAR] * 3 + [_INT64] * 3 + [_POINTER, _POINTER, _INT64, _POINTER, _INT64, _POINTER, _POINTER, _INT64],
)


@functools.cache
def product(dtype: str, a_turned: bool = False, b_turned: bool = False) -> Callable[..., Any]:
    """Return a compiled function `(c, a, b, m, n, k)` that writes a·b at c; turned operands lie by columns."""
    real = ir.DoubleType() if dtype == "float64" else ir.FloatType()

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        c, a, b, m, n, k = arguments
        one, zero = (cgutils.alloca_once_value(builder, real(x)) for x in (1.0, 0.0))
        gemm = cgutils.get_or_insert_function(builder.module, _GEMM, "numba_xxgemm")
        pointers = [builder.inttoptr(x, _POINTER) for x in (c, a, b)]
        # BLAS counts by columns: what it calls aᵀ lies by rows, and cᵀ = bᵀ aᵀ.
        builder.call(
            gemm,
            [
                _CHAR(ord(np.dtype(dtype).char)) if dtype == "float64" else _CHAR(ord("s")),
                _CHAR(ord("t" if b_turned else "n")),
                _CHAR(ord("t" if a_turned else "n")),
                *(n, m, k),
                builder.bitcast(one, _POINTER),
                *(pointers[2], k if b_turned else n),
                *(pointers[1], m if a_turned else k),
                builder.bitcast(zero, _POINTER),
                *(pointers[0], n),
            ],
        )
        return context.get_dummy_value()

    numbers = (types.int64,) * 6
    return intrinsic(lambda typing_context, c, a, b, m, n, k: (types.void(*numbers), generate))
