"""`Value`: an array that remembers how it was computed.

A Value is a node of the computation graph. It holds the array, and, unless it is a leaf, the operation that made it,
its parents, and the arrays that operation used. Python's operators (see `operators`) and NumPy's functions (see
`protocols`) end in `record`.
"""

from __future__ import annotations

import itertools
from _thread import RLock  # as functools does: threading takes 0.6 ms to import
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NoReturn, final

import numpy as np

from tinygrad_lab import refusals
from tinygrad_lab.calls.checked import Anything, Checked
from tinygrad_lab.calls.foreign import ARRAYS, FLOATING, MET, USUAL, operand, strictly
from tinygrad_lab.core.arrays import as_array, in_dtype_of, plain
from tinygrad_lab.core.backward import sweep
from tinygrad_lab.core.checks import fail_if_not_finite, fingerprints
from tinygrad_lab.core.modes import CHECK, ORIGIN, RECORD, caller, current
from tinygrad_lab.core.operators import GETITEM, NO_KEYWORDS, POSITIVE, Operators
from tinygrad_lab.core.outputs import settled
from tinygrad_lab.core.protocols import NumpyProtocols, call_plain
from tinygrad_lab.core.registry import ZERO, Op
from tinygrad_lab.core.watch import Hook, Watch
from tinygrad_lab.typing import Args, Array, ArrayLike, DTypeLike, Index, Keywords, Result

next_index = itertools.count().__next__  # numbers Values, and moments between them


@final
class Value(Operators, NumpyProtocols, Checked[Anything]):  # type: ignore[misc]  # NumPy's scalars have these names
    """A scalar or tensor that records the computations it takes part in and differentiates them in reverse.

    Arguments:
        data: a number, a nested list, or an array of any shape. Arrays of other libraries that speak NumPy's protocols
            are kept.
        dtype: a floating or complex dtype to convert the data to; without it, Python numbers, lists and integers become
            the default dtype, float64 unless `default_dtype` says otherwise, and arrays keep theirs.
        requires_grad: whether to differentiate with respect to this.
        name: shown by error messages, reprs and pictures.

    Attributes:
        data: the array (a NumPy scalar for a 0-d one). Assign a new array to change a leaf; never write into it.
        grad: the gradient that `backward` left here, with the shape and dtype of `data`, or None.
        op, parents: the operation that made this Value and what it was given; None and () for a leaf.

    Raises:
        ArgumentTypeError: for data that is no array of numbers.
        ArgumentError: for another dtype.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> x = tl.Value([1.0, 2.0, 3.0])
        >>> y = np.sum(x * x)
        >>> y.backward()
        >>> x.grad
        array([2., 4., 6.])
    """

    __slots__ = (
        "__weakref__", "call", "data", "grad", "index", "kwargs", "masked", "name",
        "op", "origin", "parents", "requires_grad", "saved", "trainable", "watch",
    )  # fmt: skip

    data: Any
    grad: Any
    name: str | None
    requires_grad: bool
    op: Op | None
    parents: tuple[Value | None, ...]
    saved: tuple[Any, ...]  # (result, *inputs): the arrays the rules need, whatever happens to the parents' data
    kwargs: dict[str, Any]
    index: int  # a running number, so that sorting by it is a topological order
    masked: bool  # whether a sweep from here follows which elements are reached
    watch: Watch | None
    origin: str | None  # the source line, in the modes that note it
    call: tuple[Any, int, Any] | None  # (the module call that returned it, `index` before it, the inner such call)
    at: ClassVar[Any]  # v.at[i].set(x), which the rules of indexing register
    graph: ClassVar[Callable[..., Any]]  # what draws: the package registers it, the engine knows no pictures
    _repr_mimebundle_: ClassVar[Callable[..., Any]]

    def __init__(
        self, data: ArrayLike, *, dtype: DTypeLike = None, requires_grad: bool = True, name: str | None = None
    ) -> None:
        self.data = as_array(data, dtype)
        _without_history(self)
        self.requires_grad = self.trainable = requires_grad
        self.name, self.index = name, next_index()
        self.grad = self.watch = self.origin = self.call = None

    def __init_subclass__(cls) -> NoReturn:
        raise refusals.arrays.subclass(cls.__name__)

    # -- the graph ---------------------------------------------------------------------------------------------------

    def backward(
        self, gradient: ArrayLike | None = None, *, create_graph: bool = False, retain_graph: bool = True
    ) -> None:
        """Add the gradient of this Value with respect to every leaf it depends on to that leaf's `grad`.

        Arguments:
            gradient: the gradient of the final result with respect to this Value, of its shape; 1 for a scalar.
            create_graph: record the sweep itself, so that the gradients are Values and can be differentiated again.
            retain_graph: keep the graph for a second sweep or a picture; otherwise the sweep frees on its way what each
                operation saved.

        Raises:
            GraphError: if this Value requires no gradient, if `gradient` is misshapen, or missing for a non-scalar, or
                if a part of the graph has been freed.

        Example:
            >>> import tinygrad_lab as tl
            >>> x = tl.Value(3.0, name="x")
            >>> (x ** 2).backward()
            >>> x.grad
            np.float64(6.0)
        """
        if not self.requires_grad:
            raise refusals.graph.no_graph()
        if gradient is None and self.data.shape != ():
            raise refusals.graph.no_seed(self.shape)
        if create_graph and not retain_graph:
            raise refusals.graph.needs_graph()
        found = sweep({self: cotangent(self, gradient, create_graph)}, None, create_graph, release=not retain_graph)
        with _accumulating:
            for leaf, g in found.items():
                leaf.grad = g if leaf.grad is None else leaf.grad + g

    def detach(self) -> Value:
        """Return a Value with the same data and no history."""
        return Value(self.data, requires_grad=False, name=self.name)

    def retain_grad(self) -> None:
        """Let `backward` store the gradient of this intermediate Value in its `grad` as well."""
        if self.op is not None:
            self._watched().retain = True

    def register_hook(self, hook: Hook) -> Callable[[], None]:
        """Call `hook(gradient)` when this Value's gradient is complete; what it returns, unless None, replaces it.

        Returns:
            A function that removes the hook.

        Example:
            >>> import tinygrad_lab as tl
            >>> x = tl.Value(2.0)
            >>> remove = x.register_hook(lambda g: 10 * g)
            >>> (3 * x).backward()
            >>> x.grad
            np.float64(30.0)
        """
        return self._watched().add(hook)

    def as_of(self, array: Array) -> Value:
        """Return this Value as it was when it held `array`: itself, or a node in its place if its data was rebound."""
        return self if self.data is array else alias(self, array)

    def release(self) -> None:
        """Forget how this Value was computed, and what that needed."""
        self.parents, self.saved, self.kwargs = (), self.saved[:1], NO_KEYWORDS

    def _watched(self) -> Watch:
        if self.watch is None:
            self.watch = Watch()
        return self.watch

    # -- recording ---------------------------------------------------------------------------------------------------

    def record(  # noqa: C901  one path, and calls cost
        self, op: Op, args: Args, kwargs: Keywords, canonical: bool = False
    ) -> Result:
        """Run `op` on arguments of which this is one, and record it as a node of the graph.

        `canonical`: the arguments stand as `binding` puts them.
        """
        rules = op.rules
        if (kwargs or len(args) > op.direct) and not canonical:
            if op.kind is ZERO:
                return call_plain(op, args, kwargs)
            args, kwargs = op.bind(args, kwargs)
        parents: list[Value | None] = []
        given: list[Any] = []
        required: bool | None = None  # None until an argument turns up that has a derivative
        masked, usual = op.masked, True
        for arg in args:
            if type(arg) is not Value:
                parents.append(None)
                if type(arg) not in USUAL:
                    arg, usual = operand(op.name, op.elementwise, arg), False
                given.append(arg)
            else:
                data = arg.data
                given.append(data)
                if type(data) not in ARRAYS:
                    usual = False
                    if type(data) is Value:  # somebody assigned it: the slot takes anything, and is read too often
                        raise refusals.arrays.hidden_values(op.name)
                if rules[len(parents)] is None:
                    parents.append(None)
                else:
                    parents.append(arg)
                    required = required or arg.requires_grad
                    masked = masked or arg.masked
        arrays = tuple(given)
        try:
            if usual and not kwargs:
                data = (op.body or op.forward)(*arrays)
            else:
                data = strictly(op.name, op.forward, arrays, kwargs) if MET else op.forward(*arrays, **kwargs)
        except (ValueError, IndexError) as error:
            raise refusals.arguments.refused(op.name, arrays, args, error)  # noqa: B904  which names the cause
        if required is None:  # as in np.where(v, 1, 0): a plain array, like any other zero derivative
            return data
        layout = None
        if type(data) not in ARRAYS or data.dtype not in FLOATING:
            if getattr(getattr(data, "dtype", None), "kind", "O") in "biu":  # integers have no derivative
                return data
            op, data, kwargs, layout = settled(op, data, kwargs)
        mode = current()
        result = _new(Value)
        result.data = data
        if required and mode & RECORD:
            result.op = op
            result.parents = tuple(parents)
            result.saved = (data,) + arrays  # noqa: RUF005  quicker
            result.kwargs = kwargs
            result.requires_grad = True
            result.masked = masked
        else:
            _without_history(result)
        result.index = next_index()
        result.grad = result.name = result.watch = result.origin = result.call = None
        if mode > RECORD:
            if mode & ORIGIN:
                result.origin = caller()
            if mode & CHECK:
                fail_if_not_finite(op.name, data, arrays, result.origin)
                result._watched().fingerprints = fingerprints(result.saved)
        return result if layout is None else layout.unpack(result)

    def __setitem__(self, index: Index, x: Any) -> NoReturn:
        raise refusals.arrays.in_place()

    def __getitem__(self, index: Index) -> Value:
        return self.record(GETITEM, (self,), {"index": index}, True)

    def __iter__(self) -> Iterator[Value]:
        return (self[i] for i in range(len(self)))

    __hash__ = object.__hash__  # identity: comparisons are elementwise, graph and dictionary keys are not

    def __reduce__(self) -> Result:
        if self.op is not None:
            raise refusals.graph.not_copied(self.op.name)
        kept = {"requires_grad": self.requires_grad, "trainable": getattr(self, "trainable", False), "grad": self.grad}
        return Value, (self.data,), (None, {"name": self.name, **kept})


_new = Value.__new__
_accumulating = RLock()  # threads that share a leaf read its `grad` and write it back one at a time


def _without_history(value: Value) -> None:
    value.op, value.parents, value.saved = None, (), ()
    value.kwargs, value.requires_grad, value.masked = NO_KEYWORDS, False, False


def alias(value: ArrayLike, array: Array) -> Value:
    """Return a new node that holds `array` and passes its gradient on to `value`, if that is a Value."""
    result = Value(0.0)
    result.data, result.op, result.saved = array, POSITIVE, (array, array)
    result.parents, result.masked = (value if type(value) is Value else None,), getattr(value, "masked", False)
    return result


def cotangent(value: Value, seed: Any, recorded: bool) -> Array:
    """Return the gradient that a sweep starts with: ones, or the given one in the Value's dtype."""
    data: Any = value.data
    if seed is None:
        seed = type(data)(1) if isinstance(data, np.generic) else np.ones_like(data)[()]
    elif np.shape(plain(seed)) != data.shape:
        raise refusals.graph.misshapen_seed(data.shape, np.shape(plain(seed)))
    else:
        seed = in_dtype_of(data, seed if recorded and type(seed) is Value else as_array(plain(seed)))
    return Value(seed, requires_grad=False) if recorded and type(seed) is not Value else seed
