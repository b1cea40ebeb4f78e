"""`Module`: an object that holds parameters and other modules, and computes something with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import numpy as np

from tinygrad_lab import refusals, tree
from tinygrad_lab.calls import foreign
from tinygrad_lab.core.value import Value, next_index
from tinygrad_lab.errors import OperationError, UndefinedMethodError
from tinygrad_lab.generators import is_generator
from tinygrad_lab.nn import described, states
from tinygrad_lab.nn.buffer import Buffer
from tinygrad_lab.nn.copies import StandIns, copied, walk, without_graph
from tinygrad_lab.refusals import making
from tinygrad_lab.typing import ArrayLike, DTypeLike, NDArray, Result

_ARRAYS = frozenset({Value, np.ndarray})


class Module:
    """Base class of layers and models: write `__init__` and `forward`, and call the instance.

    Attributes that are leaf Values requiring a gradient, or frozen since, are its parameters, those that are Modules
    its children; both are found inside lists, tuples, dicts and dataclasses too. Their names come from the attribute
    path: `encoder.0.weight`. Other Values, such as a result that `forward` keeps, are neither trained nor saved; a
    `Buffer` is saved.

    Attributes:
        training: whether layers such as `Dropout` behave as in training; set by `train()` and `eval()`.

    Raises:
        OperationError: on a call whose shapes do not fit; the text names the path of the layer that refused.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> class Scale(tl.nn.Module):
        ...     def __init__(self, factor):
        ...         self.factor = tl.Value(factor)
        ...
        ...     def forward(self, x):
        ...         return self.factor * x
        >>> model = Scale(3.0)
        >>> model(np.array([1.0, 2.0])).data
        array([3., 6.])
        >>> model.state_dict()
        {'factor': array(3.)}
    """

    training: bool = True
    operation: str = ""  # the name of the operation that the module is, if it is one: errors then name the module only
    _stand_ins: StandIns | tuple[()] = ()  # what a copy made by `tree_flatten` holds in place of the parameters
    _repr_mimebundle_ = Value._repr_mimebundle_

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        making.tell(cls)

    def __dir__(self) -> list[str]:
        return refusals.names.present(self, super().__dir__())

    def forward(self, *inputs: Any, **options: Any) -> Result:
        """Compute the output; every subclass defines it."""
        name = type(self).__name__
        raise UndefinedMethodError(f"{name}: has no forward method; write def forward(self, x)")

    def __call__(self, *inputs: Any, **options: Any) -> Result:
        """Return `forward` of the same arguments."""
        start = next_index()
        for x in inputs:
            if type(x) not in _ARRAYS:
                inputs = self._without_tables(inputs)
                break
        try:
            result = self.forward(*inputs, **options) if options else self.forward(*inputs)
        except OperationError as error:
            if error.layer is None:  # this is the innermost module
                error.layer, error.operation = self, self.operation
            path = next((path for path, module in self.named_modules() if module is error.layer), "")
            error.where = f"{type(error.layer).__name__}" + (f' at "{path}"' if path else "")
            raise
        if type(result) is Value:
            if result.index > start:  # and was not there before
                result.call = self, start, result.call
        elif isinstance(result, list | tuple | dict):
            self._sign(result, start)
        return result

    def _without_tables(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return pandas' tables as arrays, unless the forward is the user's own, who may want the columns by name."""
        if not type(self).forward.__module__.startswith(__name__.rpartition(".")[0]):
            return inputs
        return tuple(foreign.table(x) if foreign.is_table(x) else x for x in inputs)

    def _sign(self, results: Any, start: int) -> None:
        """Let what this call returned know it: so pictures show modules, whoever called them, and long after."""
        for value in tree.flatten(results)[0]:
            if type(value) is Value and value.index > start:
                value.call = self, start, value.call

    def __getstate__(self) -> dict[str, Any]:
        """Return what copies and pickles hold: a result that `forward` kept stays, without the graph that made it."""
        detached: dict[int, Any] = {}
        return {name: without_graph(item, detached) for name, item in vars(self).items()}

    # -- what it holds -------------------------------------------------------------------------------------------------

    def _attributes(self) -> Iterator[tuple[Any, Any]]:
        """Yield what the names of parameters and children are built from."""
        yield from vars(self).items()

    def named_children(self) -> list[tuple[str, Module]]:
        """Return the modules held directly, each once, with their names."""
        found: dict[int, tuple[str, Module]] = {}
        for name, item in walk("", self._attributes()):
            if isinstance(item, Module):
                found.setdefault(id(item), (name, item))
        return list(found.values())

    def children(self) -> list[Module]:
        """Return the modules held directly, each once."""
        return [child for _, child in self.named_children()]

    def named_modules(self) -> list[tuple[str, Module]]:
        """Return this module, named "", and all below it, each once, a parent before its children."""
        found: dict[int, tuple[str, Module]] = {}

        def visit(path: str, module: Module) -> None:
            if id(module) not in found:
                found[id(module)] = path, module
                for name, child in module.named_children():
                    visit(f"{path}.{name}" if path else name, child)

        visit("", self)
        return list(found.values())

    def modules(self) -> list[Module]:
        """Return this module and all below it, each once."""
        return [module for _, module in self.named_modules()]

    def _below(self, wanted: Callable[[Module, Any], bool]) -> list[tuple[str, Any]]:
        """Return what this module and all below it hold, if wanted, with its path; what is shared counts once."""
        found: dict[int, tuple[str, Any]] = {}
        for path, module in self.named_modules():
            for name, item in walk(path, module._attributes()):
                if id(item) not in found and wanted(module, item):
                    found[id(item)] = name, item
        return list(found.values())

    def named_parameters(self) -> list[tuple[str, Value]]:
        """Return the parameters of this module and all below it with their paths; a shared one counts once."""
        return self._below(lambda module, item: type(item) is Value and module._is_parameter(item))

    def _is_parameter(self, value: Value) -> bool:
        trained = value.op is None and (value.requires_grad or getattr(value, "trainable", False))
        return trained or value in self._stand_ins

    def named_buffers(self) -> list[tuple[str, Buffer]]:
        """Return the buffers of this module and all below it with their paths; a shared one counts once."""
        return self._below(lambda _, item: type(item) is Buffer)

    def named_generators(self) -> list[tuple[str, Any]]:
        """Return the random generators of this module and all below it, such as Dropout's, with their paths, each once.

        `tinygrad_lab.save` keeps their states beside `state_dict()`, so that a training goes on as if never stopped.

        Example:
            >>> import numpy as np, tinygrad_lab as tl
            >>> [name for name, rng in tl.nn.Dropout(0.5, rng=np.random.default_rng(0)).named_generators()]
            ['rng']
        """
        return self._below(lambda _, item: is_generator(item))

    def parameters(self) -> list[Value]:
        """Return the parameters of this module and all below it, each once.

        Example:
            >>> import tinygrad_lab as tl
            >>> [p.shape for p in tl.nn.Linear(3, 2).parameters()]
            [(2, 3), (2,)]
        """
        return [parameter for _, parameter in self.named_parameters()]

    # -- states --------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, NDArray]:
        """Return copies of the arrays of parameters and buffers by name."""
        return {name: np.array(held.data) for name, held in states.by_name(self).items()}

    def load_state_dict(self, state: Mapping[str, ArrayLike]) -> None:
        """Give every parameter and buffer a copy of the array of its name, in the dtype that it has.

        Arguments:
            state: arrays by name, as from `state_dict()`.

        Raises:
            ArgumentError: if names are missing or unexpected or shapes differ; all of them are listed, and nothing
                is changed.

        Example:
            >>> import tinygrad_lab as tl
            >>> a, b = tl.nn.Linear(3, 2), tl.nn.Linear(3, 2)
            >>> b.load_state_dict(a.state_dict())
        """
        states.load(self, state)

    def _saved(self) -> states.Saved:
        return [*self.named_parameters(), *self.named_buffers()]

    def apply(self, function: Callable[[Module], object]) -> Self:
        """Call a function with every module below this one, then with this one, and return it: to set first weights."""
        for child in self.children():
            child.apply(function)
        function(self)
        return self

    def train(self, mode: bool = True) -> Self:
        """Put this module and all below it into training mode, and return it."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Put this module and all below it into evaluation mode, and return it."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Freeze all parameters, or unfreeze them, and return this module; frozen ones are still saved.

        Example:
            >>> import numpy as np, tinygrad_lab as tl
            >>> body, head = tl.nn.Linear(2, 2).requires_grad_(False), tl.nn.Linear(2, 1)
            >>> np.sum(head(body(np.ones((3, 2))))).backward()
            >>> body.weight.grad is None, head.weight.grad is None, list(body.state_dict())
            (True, False, ['weight', 'bias'])
        """
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def astype(self, dtype: DTypeLike) -> Self:
        """Convert all parameters, their gradients, and the buffers of floating numbers, in place; return this module.

        Do so before making an optimizer: its state keeps the dtype of the gradients that it has seen.

        Arguments:
            dtype: a floating dtype.

        Raises:
            ArgumentError: for any other dtype.

        Example:
            >>> import numpy as np, tinygrad_lab as tl
            >>> model = tl.nn.Linear(2, 1).astype("float32")
            >>> model(np.ones((3, 2), np.float32)).dtype
            dtype('float32')
        """
        states.convert(self._saved(), dtype)
        return self

    def zero_grad(self) -> None:
        """Set the gradients of all parameters to None."""
        for parameter in self.parameters():
            parameter.grad = None

    def tree_flatten(self) -> tuple[list[Value], Callable[[list[Any]], Any]]:
        """Return parameters, and a function from as many arrays or Values to a module that holds those instead.

        Frozen ones are no part of it. Everything else is shared with the copy. So transforms take a module wherever
        they take arrays:

        Example:
            >>> import numpy as np, tinygrad_lab as tl
            >>> model, x = tl.nn.Linear(2, 1, init="zeros"), np.array([[1.0, 2.0]])
            >>> gradient = tl.grad(lambda model, x: np.sum(model(x)))(model, x)
            >>> gradient.weight.data, gradient.bias.data
            (array([[1., 2.]]), array([1.]))
        """
        parameters = [p for p in self.parameters() if p.requires_grad or not getattr(p, "trainable", False)]

        def rebuild(leaves: list[Any]) -> Result:
            if any(isinstance(leaf, Module) for leaf in leaves):
                raise refusals.transforms.modules_in_module(type(self).__name__)
            values = [leaf if type(leaf) is Value else Value(leaf, requires_grad=False) for leaf in leaves]
            return copied(Module, self, dict(zip(map(id, parameters), values, strict=True)), StandIns(values))

        return list(parameters), rebuild

    def extra_repr(self) -> str:
        """Return the arguments to show between the parentheses of the repr."""
        return ""

    def __repr__(self) -> str:
        return described.text(self)


refusals.names.tell_modules(Module)
