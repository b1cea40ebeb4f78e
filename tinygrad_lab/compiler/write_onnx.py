"""The writer for ONNX: a program of a forward pass as a graph of ONNX operators, in float32."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_lab.compiler.lines import name_of
from tinygrad_lab.compiler.open_batch import differing, one_row, pairs
from tinygrad_lab.compiler.program import Call, Program, Variable
from tinygrad_lab.compiler.traced import item_of
from tinygrad_lab.core.operators import getitem
from tinygrad_lab.core.protocols import astype
from tinygrad_lab.errors import CompileError
from tinygrad_lab.functional import gaussian, windows

OPSET = 18
_ELEMENTWISE = {
    np.add: "Add", np.subtract: "Sub", np.multiply: "Mul", np.divide: "Div", np.power: "Pow", np.maximum: "Max",
    np.minimum: "Min", np.negative: "Neg", np.exp: "Exp", np.log: "Log", np.tanh: "Tanh", np.sqrt: "Sqrt",
    np.absolute: "Abs", np.sign: "Sign", np.reciprocal: "Reciprocal", np.floor: "Floor", np.ceil: "Ceil",
    np.sin: "Sin", np.cos: "Cos", np.tan: "Tan", np.arcsin: "Asin", np.arccos: "Acos", np.arctan: "Atan",
    np.sinh: "Sinh", np.cosh: "Cosh", np.positive: "Identity", np.conjugate: "Identity", np.copy: "Identity",
    np.logical_and: "And", np.logical_or: "Or", np.bitwise_and: "And", np.bitwise_or: "Or", np.logical_not: "Not",
    np.invert: "Not",
}  # fmt: skip
_COMPARISONS = {
    np.less: "Less", np.less_equal: "LessOrEqual", np.greater: "Greater", np.greater_equal: "GreaterOrEqual",
    np.equal: "Equal",
}  # fmt: skip
_REDUCTIONS = {
    np.sum: "ReduceSum", np.mean: "ReduceMean", np.max: "ReduceMax", np.min: "ReduceMin", np.prod: "ReduceProd",
    np.amax: "ReduceMax", np.amin: "ReduceMin",
}  # fmt: skip


class Graph:
    """An ONNX graph under construction.

    Arguments:
        program: the program, traced for one batch size.
        other: the program for a batch of one more: whatever differs depends on the batch, and stays open.
    """

    def __init__(self, program: Program, other: Program) -> None:
        self.program = program
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self._batch = {v: differing(v.shape, w.shape) for v, w in pairs(program, other)}
        self._constants = {
            v: one_row(x, other.constants[w])
            for (v, x), w in zip(program.constants.items(), other.constants, strict=True)
        }
        self._known: dict[Any, str] = {}
        self._count = 0

    def model(self) -> Any:
        """Return the finished model, checked."""
        from onnx import checker, helper

        for call in self.program.calls:
            self._call(call)
        inputs = [self._info(v, v.name) for v in self.program.inputs]
        outputs = []
        for i, v in enumerate(self.program.outputs):
            name = f"output_{i}" if i else "output"
            self._add("Identity", [self._operand(v)], name)
            outputs.append(self._info(v, name))
        graph = helper.make_graph(self.nodes, self.program.name, inputs, outputs, self.initializers)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="tinygrad_lab")
        made.ir_version = 9  # which recent runtimes can read
        checker.check_model(made, full_check=True)
        return made

    def _info(self, v: Variable, name: str) -> Any:
        from onnx import helper

        shape = ["batch" if i in self._batch.get(v, ()) else n for i, n in enumerate(v.shape)]
        return helper.make_tensor_value_info(name, _type(v.dtype), shape)

    def _add(self, kind: str, inputs: Sequence[str], output: str = "", **attributes: Any) -> str:
        from onnx import helper

        if not output:
            self._count += 1
            output = f"{kind}:{self._count}"  # variables have no colon in their names
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def _constant(self, x: Any, dtype: Any = None) -> str:
        from onnx import numpy_helper

        array = np.asarray(x) if dtype is None else np.asarray(x, _plain(np.dtype(dtype)))
        array = array.astype(_plain(array.dtype))
        key = array.dtype, array.shape, array.tobytes()
        if key not in self._known:
            self._known[key] = f"constant_{len(self._known)}"
            self.initializers.append(numpy_helper.from_array(np.array(array, order="C"), self._known[key]))
        return self._known[key]

    def _operand(self, x: Any, dtype: Any = None) -> str:
        """Return the name of an operand, converted to a dtype where one is wanted."""
        if type(x) is not Variable:
            return self._constant(x, dtype)
        if x in self._constants:
            return self._constant(self._constants[x], dtype)
        name = x.name
        if dtype is not None and _plain(np.dtype(dtype)) != _plain(x.dtype):
            return self._add("Cast", [name], to=_type(np.dtype(dtype)))
        return name

    def _call(self, call: Call) -> None:
        function, out = call.function, call.outputs[0]
        if function in _ELEMENTWISE:
            names = [self._operand(x, out.dtype) for x in call.args]
            self._add(_ELEMENTWISE[function], names, out.name)
        elif function in _COMPARISONS:
            dtype = np.result_type(*(x.dtype if type(x) is Variable else x for x in call.args))
            self._add(_COMPARISONS[function], [self._operand(x, dtype) for x in call.args], out.name)
        elif function in _REDUCTIONS:
            x, axis, keepdims = _reduction(*call.args, **call.kwargs)
            axes = list(range(len(x.shape))) if axis is None else [int(i) for i in np.atleast_1d(axis)]
            inputs = [self._operand(x, out.dtype), self._constant(np.array(axes, np.int64))]
            self._add(_REDUCTIONS[function], inputs, out.name, keepdims=int(keepdims))
        elif function in _SPECIAL and len(call.outputs) == 1:
            made = _SPECIAL[function](self, call, *call.args, **call.kwargs)
            if self.nodes and self.nodes[-1].output[0] == made and ":" in made:
                self.nodes[-1].output[0] = out.name
            else:
                self._add("Identity", [made], out.name)
        elif function is gaussian.cdf_and_bell:
            self._normal(call, *call.args)
        else:
            raise CompileError(
                f"onnx: ONNX has no {name_of(function)}, which is called at {call.line}; "
                f"write it with other functions, or take it out of the model"
            )

    def _open_shape(self, v: Variable, open: int) -> str:
        """Return a variable's shape as a constant, with `open` in place of the batch."""
        sizes = [open if i in self._batch.get(v, ()) else n for i, n in enumerate(v.shape)]
        return self._constant(np.array(sizes, np.int64))

    # -- functions that take more than one node ------------------------------------------------------------------------

    def _reshaped(self, call: Call, x: Any, *_: Any, **__: Any) -> str:
        return self._add("Reshape", [self._operand(x), self._open_shape(call.output, -1)])

    def _transposed(self, call: Call, x: Any, *_: Any, **__: Any) -> str:
        places = np.reshape(np.arange(max(x.size, 1)), x.shape) if x.size else np.zeros(x.shape)
        moved = call.function(places, *call.args[1:], **call.kwargs)
        perm = _permutation(call, len(x.shape)) if moved.ndim == len(x.shape) else []
        return self._add("Transpose", [self._operand(x)], perm=perm)

    def _expanded(self, call: Call, x: Any, *_: Any, **__: Any) -> str:
        return self._add("Expand", [self._operand(x), self._open_shape(call.output, 1)])

    def _joined(self, call: Call, arrays: Any, axis: int = 0, **_: Any) -> str:
        return self._add("Concat", [self._operand(x, call.output.dtype) for x in arrays], axis=axis)

    def _stacked(self, call: Call, arrays: Any, axis: int = 0, **_: Any) -> str:
        place = self._constant(np.array([axis], np.int64))
        return self._add("Concat", [self._add("Unsqueeze", [self._operand(x), place]) for x in arrays], axis=axis)

    def _where(self, call: Call, condition: Any, a: Any, b: Any) -> str:
        dtype = call.output.dtype
        return self._add("Where", [self._operand(condition, bool), self._operand(a, dtype), self._operand(b, dtype)])

    def _clipped(self, call: Call, x: Any, low: Any = None, high: Any = None, **_: Any) -> str:
        dtype = call.output.dtype
        name = self._operand(x, dtype)
        for kind, bound in (("Max", low), ("Min", high)):
            name = name if bound is None else self._add(kind, [name, self._operand(bound, dtype)])
        return name

    def _taken(self, call: Call, x: Any, indices: Any, axis: int | None = None, **_: Any) -> str:
        name = self._operand(x) if axis is not None else self._add("Flatten", [self._operand(x)], axis=0)
        return self._add("Gather", [name, self._operand(indices, np.int64)], axis=axis or 0)

    def _indexed(self, call: Call, x: Any, index: Any) -> str:
        parts = list(index) if type(index) is tuple else [index]
        real = sum(part is not None and part is not Ellipsis for part in parts)
        if Ellipsis in [part for part in parts if part is None or part is Ellipsis or type(part) is slice]:
            i = next(i for i, part in enumerate(parts) if part is Ellipsis)
            parts[i : i + 1] = [slice(None)] * (len(x.shape) - real)
        name, axis = self._operand(x), 0
        for part in parts:
            if part is None:
                name = self._add("Unsqueeze", [name, self._constant(np.array([axis], np.int64))])
                axis += 1
            elif type(part) is slice:
                if part != slice(None):
                    name = self._sliced(name, axis, part)
                axis += 1
            else:
                name = self._add("Gather", [name, self._operand(part, np.int64)], axis=axis)
                axis += len(part.shape) if type(part) is Variable else np.ndim(part)
        return name

    def _sliced(self, name: str, axis: int, part: slice) -> str:
        step = 1 if part.step is None else part.step
        far = np.iinfo(np.int64).max
        start = part.start if part.start is not None else 0 if step > 0 else far
        stop = part.stop if part.stop is not None else far if step > 0 else -far
        numbers = (self._constant(np.array([n], np.int64)) for n in (start, stop, axis, step))
        return self._add("Slice", [name, *numbers])

    def _padded(self, call: Call, x: Any, width: Any, mode: str = "constant", constant_values: Any = 0) -> str:
        widths = np.broadcast_to(width, (len(x.shape), 2)).T.reshape(-1).astype(np.int64)
        modes = {"constant": "constant", "reflect": "reflect", "edge": "edge", "wrap": "wrap"}
        inputs = [self._operand(x), self._constant(widths)]
        inputs += [self._constant(constant_values, x.dtype)] if mode == "constant" else []
        return self._add("Pad", inputs, mode=modes[mode])

    def _windows(self, call: Call, x: Any, window_shape: Any, axis: Any = None, **_: Any) -> str:
        name, sizes = self._operand(x), np.atleast_1d(window_shape).tolist()
        ndim = len(x.shape)
        axes = range(ndim) if axis is None else [int(i) % ndim for i in np.atleast_1d(axis)]
        for place, size in zip(axes, sizes, strict=True):
            positions = np.arange(x.shape[place] - size + 1)[:, None] + np.arange(size)
            name = self._add("Gather", [name, self._constant(positions.astype(np.int64))], axis=place)
            ndim += 1  # the elements of a window come after its position, and move to the end
            name = self._add("Transpose", [name], perm=[i for i in range(ndim) if i != place + 1] + [place + 1])
        return name

    def _overlapped(self, call: Call, w: Any, shape: Any, stride: Any, dilation: Any) -> str:
        """As a product with a matrix of 0 and 1, which tells where each element of each window goes."""
        n = len(shape)
        inner = w.shape[-2 * n :]
        unit = np.eye(int(np.prod(inner))).reshape(-1, *inner)
        places = call.function(unit, shape=shape, stride=stride, dilation=dilation).reshape(len(unit), -1)
        lead = [-1 if i in self._batch.get(w, ()) else m for i, m in enumerate(w.shape[: -2 * n])]
        flat = self._constant(np.array([*lead, len(unit)], np.int64))
        made = self._add("MatMul", [self._add("Reshape", [self._operand(w), flat]), self._constant(places)])
        return self._add("Reshape", [made, self._open_shape(call.output, -1)])

    def _small(self, call: Call, x: Any) -> str:
        """One of expm1, log1p and square, by their definitions."""
        name, one = self._operand(x, call.output.dtype), self._constant(1, call.output.dtype)
        if call.function is np.square:
            return self._add("Mul", [name, name])
        if call.function is np.expm1:
            return self._add("Sub", [self._add("Exp", [name]), one])
        return self._add("Log", [self._add("Add", [name, one])])

    def _normal(self, call: Call, x: Any) -> None:
        """Φ(x) by ONNX's own error function; the exponential beside it is for gradients."""
        cdf, _ = call.outputs
        z = self._add("Mul", [self._operand(x), self._constant(np.sqrt(0.5), cdf.dtype)])
        twice = self._add("Add", [self._add("Erf", [z]), self._constant(1, cdf.dtype)])
        self._add("Mul", [twice, self._constant(0.5, cdf.dtype)], cdf.name)


_G = Graph
_SPECIAL: dict[Any, Callable[..., str]] = {
    np.reshape: _G._reshaped, np.ravel: _G._reshaped, np.squeeze: _G._reshaped, np.expand_dims: _G._reshaped,
    np.transpose: _G._transposed, np.swapaxes: _G._transposed, np.moveaxis: _G._transposed,
    np.broadcast_to: _G._expanded, np.concatenate: _G._joined, np.stack: _G._stacked, np.where: _G._where,
    np.clip: _G._clipped, np.take: _G._taken, getitem: _G._indexed, np.pad: _G._padded,
    np.lib.stride_tricks.sliding_window_view: _G._windows, windows.overlap_add: _G._overlapped,
    np.expm1: _G._small, np.log1p: _G._small, np.square: _G._small,
    np.matmul: lambda graph, call, a, b: graph._add("MatMul", [graph._operand(a, call.output.dtype),
                                                               graph._operand(b, call.output.dtype)]),
    np.einsum: lambda graph, call, equation, *arrays, **_: graph._add(
        "Einsum", [graph._operand(x) for x in arrays], equation=equation),
    np.not_equal: lambda graph, call, a, b: graph._add("Not", [graph._add("Equal", [
        graph._operand(a), graph._operand(b, a.dtype if type(a) is Variable else None)])]),
    np.isfinite: lambda graph, call, x: graph._add("Less", [
        graph._add("Abs", [graph._operand(x)]), graph._constant(np.inf, x.dtype)]),
    np.isnan: lambda graph, call, x: graph._add("IsNaN", [graph._operand(x)]),
    np.argmax: lambda graph, call, x, axis=None, keepdims=False: graph._add(
        "ArgMax", [graph._operand(x)], axis=axis, keepdims=int(keepdims)),
    astype: lambda graph, call, x, dtype: graph._operand(x, dtype),
    item_of: lambda graph, call, x: graph._operand(x),
}  # fmt: skip


def _permutation(call: Call, n: int) -> list[int]:
    """Return the axes of a call that permutes them, found by permuting a shape whose sizes all differ."""
    probe = np.empty(tuple(range(2, n + 2)))
    return [size - 2 for size in call.function(probe, *call.args[1:], **call.kwargs).shape]


def _reduction(x: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **_: Any) -> Any:
    return x, axis, keepdims is True


def _plain(dtype: np.dtype[Any]) -> np.dtype[Any]:
    kinds = {"f": np.float32, "i": np.int64, "u": np.int64, "b": np.bool_}
    if dtype.kind not in kinds:
        raise CompileError(f"onnx: cannot write arrays of {dtype}; convert them to real numbers, integers or bools")
    return np.dtype(kinds[dtype.kind])


def _type(dtype: np.dtype[Any]) -> int:
    from onnx import helper

    return int(helper.np_dtype_to_tensor_dtype(_plain(dtype)))
