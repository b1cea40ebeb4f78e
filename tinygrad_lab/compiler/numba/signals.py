"""Ctrl-C while compiled code loops: Python notes a signal, and handles it only when it is asked to."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from tinygrad_lab.compiler.numba.intrinsics import Typed, intrinsic

_BETWEEN_LOOKS = 1 << 16  # numbers that are computed, about: some ten microseconds, and a look takes a few nanoseconds


def rounds_between_looks(numbers: int) -> int:
    """Return how many rounds of so many numbers each are made from one look to the next: a power of 2."""
    return 1 << max(_BETWEEN_LOOKS // max(numbers, 1), 1).bit_length() - 1


@intrinsic
def handle_signals(typing_context: Any) -> Typed:
    """Let Python handle the signals that have arrived; leave with the exception that this raises, if any."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(32), [])
        function = cgutils.get_or_insert_function(builder.module, kind, "PyErr_CheckSignals")
        raised = builder.icmp_signed("!=", builder.call(function, []), ir.IntType(32)(0))
        with cgutils.if_unlikely(builder, raised):
            context.call_conv.return_exc(builder)
        return context.get_dummy_value()

    return types.void(), generate
