"""What lists of wrong gradients are written with: `plant = planting(kind)`, then `plant(name, function, vjp, drawn)`.

`drawn` says what the checks draw: domains, one for each argument, or `shaped(...)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lab.testing import Domain, adapters, strategies
from tinygrad_lab.testing.extra import st

REAL, POSITIVE, NONZERO, UNIT = Domain(), Domain(low=0), Domain(without=(0.0,)), Domain(0, 1)
MODEST, INVERTIBLE = Domain(-20, 20), Domain(matrices="invertible")
ONE, TWO, THREE = (REAL,), (REAL, REAL), (REAL, REAL, REAL)


class Shaped(NamedTuple):
    """Arguments of fixed shapes, each from a domain."""

    shapes: tuple[tuple[int, ...], ...]
    domains: tuple[Domain, ...]
    dtype: Any = None

    @property
    def strategy(self) -> Any:
        dtypes = strategies.dtypes() if self.dtype is None else self.dtype
        pairs = list(zip(self.shapes, self.domains, strict=True))
        return st.tuples(*(strategies.tensors(shape, domain, dtypes) for shape, domain in pairs))


def shaped(*shapes: tuple[int, ...], domain: Any = REAL, dtype: Any = None) -> Shaped:
    """Return what draws arrays of these shapes: from one domain, or a tuple with one for each."""
    return Shaped(shapes, domain if isinstance(domain, tuple) else (domain,) * len(shapes), dtype)


FOUR = shaped((4,))


class Planted(NamedTuple):
    """One wrong gradient.

    Attributes:
        kind: what it is about, for counts.
        name: in a few words.
        make: makes what is checked, anew for each test, for some remember their calls.
        drawn: domains, or `shaped(...)`, or a strategy.
        pair: makes the function and its vjp, of NumPy, where it is such a pair.
        system: whose function it is.
    """

    kind: str
    name: str
    make: Callable[[], Any]
    drawn: Any
    pair: Callable[[], tuple[Any, Any]] | None = None
    system: str = "numpy"

    def inputs(self, rng: np.random.Generator) -> tuple[Any, ...]:
        """Return arrays as somebody would choose them for a test: normal, of usual shapes, inside of the domains.

        Of a strategy there are none: it draws axes and indices as well.
        """
        if not isinstance(self.drawn, tuple):
            return ()
        shapes, domains = [(2, 3)] * 3, self.drawn
        if isinstance(self.drawn, Shaped):
            shapes, domains = self.drawn.shapes, self.drawn.domains
        dtype = float if getattr(self.drawn, "dtype", None) is None else complex
        return tuple(_inside(rng, shape, domain, dtype) for shape, domain in zip(shapes, domains, strict=False))


def _inside(rng: np.random.Generator, shape: tuple[int, ...], domain: Domain, dtype: Any) -> Any:
    if domain.low > -np.inf and domain.high < np.inf:
        return (
            np.clip(rng.normal(size=shape), domain.low, domain.high)
            if domain.low < -1
            else rng.uniform(0.1, 0.9, shape)
        )
    x = rng.normal(size=shape)
    x = x + 1j * rng.normal(size=shape) if np.dtype(dtype).kind == "c" else x
    return domain.low + np.abs(x) + 0.1 if domain.low > -np.inf else x


PLANTED: list[Planted] = []


class planting:
    """Plants errors of one kind."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __call__(self, name: str, function: Any, vjp: Any, drawn: Any = ONE) -> None:
        """Plant a NumPy function with a wrong vjp."""
        self.remembering(name, lambda: (function, vjp), drawn)

    def remembering(self, name: str, make: Callable[[], tuple[Any, Any]], drawn: Any = ONE) -> None:
        """Plant what `make` makes anew for each test: a function and its vjp."""
        PLANTED.append(Planted(self.kind, name, lambda: adapters.pair(*make(), "planted"), drawn, make))

    def factor(self, name: str, condition: Any, drawn: Any = ONE, by: float = 1.01) -> None:
        """Plant a gradient of sin that is off by a factor where a condition on x holds."""
        self(name, np.sin, lambda g, x: g * np.cos(x) * np.asarray(np.where(condition(x), by, 1), x.dtype), drawn)

    def cotangent(self, name: str, condition: Any, drawn: Any = ONE, by: float = 1.01) -> None:
        """Plant a gradient of sin that is off by a factor where a condition on g holds."""
        self(name, np.sin, lambda g, x: g * np.cos(x) * np.asarray(np.where(condition(g), by, 1), x.dtype), drawn)

    def of(self, system: str, name: str, drawn: Any = ONE) -> Callable[[Any], Any]:
        """Decorate what makes a function of another system."""

        def decorate(make: Callable[[], Any]) -> Any:
            PLANTED.append(Planted(self.kind, name, make, drawn, None, system))
            return make

        return decorate


def unbroadcast(g: Any, x: Any) -> Any:
    """Sum a gradient over the axes along which its argument was broadcast."""
    g = np.asarray(g)
    g = np.sum(g, tuple(range(g.ndim - np.ndim(x))))
    stretched = tuple(i for i in range(np.ndim(x)) if np.shape(x)[i] == 1 != g.shape[i])
    return np.sum(g, stretched, keepdims=True) if stretched else g


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def products(first: Any, second: Any) -> tuple[Any, Any]:
    """Return a product and its gradients, off by factors that depend on both arguments."""

    def vjp(g: Any, a: Any, b: Any) -> Any:
        return unbroadcast(g * b, a) * a.dtype.type(first(a, b)), unbroadcast(g * a, b) * b.dtype.type(second(a, b))

    return np.multiply, vjp


def no(a: Any, b: Any) -> int:
    """Leave a gradient as it is."""
    return 1
