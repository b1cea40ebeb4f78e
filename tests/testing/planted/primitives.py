"""Wrong rules of this package's primitives."""

import numpy as np

import tinygrad_lab as tl
from tests.testing.planted.planting import ONE, TWO, planting

plant = planting("own primitive")


def primitive(name, drawn=ONE):
    return plant.of("own", name, drawn)


@primitive("second order alone: by 1.01")
def _():

    @tl.primitive(lambda g, y, x: -1.01 * g * np.sin(x), elementwise=True)
    def cosine(x):
        return np.cos(x)

    @tl.primitive(lambda g, y, x: g * cosine(x), elementwise=True)
    def sine(x):
        return np.sin(x)

    return sine


@primitive("second order alone: sign where negative")
def _():

    @tl.primitive(lambda g, y, x: g * -np.abs(np.sin(x)), elementwise=True)
    def cosine(x):
        return np.cos(x)

    @tl.primitive(lambda g, y, x: g * cosine(x), elementwise=True)
    def sine(x):
        return np.sin(x)

    return sine


@primitive("second order alone: mixed derivative", TWO)
def _():

    @tl.primitive(lambda g, y, a, b: g * b, lambda g, y, a, b: 1.01 * g * a, elementwise=True)
    def product(a, b):
        return a * b

    @tl.primitive(lambda g, y, a, b: product(g, b), lambda g, y, a, b: product(g, a), elementwise=True)
    def times(a, b):
        return a * b

    return times


@primitive("second order alone: g detached")
def _():
    plain = lambda g: g.data if hasattr(g, "requires_grad") else g

    @tl.primitive(lambda g, y, x: plain(g) * np.cos(x), elementwise=True)
    def sine(x):
        return np.sin(x)

    return sine


@primitive("second order alone: y detached")
def _():
    plain = lambda y: y.data if hasattr(y, "requires_grad") else y

    @tl.primitive(lambda g, y, x: g * plain(y), elementwise=True)
    def exponential(x):
        return np.exp(x)

    return lambda x: exponential(np.tanh(x))


@primitive("keyword's default alone")
def _():

    @tl.primitive(lambda g, y, x, p=2: g * p * x ** (p - 1) * (1.01 if p == 2 else 1))
    def power(x, p=2):
        return x**p

    return power


@primitive("second result's rule")
def _():

    @tl.primitive(lambda g, y, x: g[0] * np.cos(x) + g[1] * np.sin(x))
    def both(x):
        return (np.sin(x), np.cos(x))

    return both


@primitive("value is another when it is recorded")
def _():

    def f(x):
        return np.sin(x) * (1.001 if getattr(x, "requires_grad", False) else 1)

    return f


@primitive("an argument is constant when the other is differentiated", TWO)
def _():

    def f(a, b):
        return a * (b.data if getattr(b, "requires_grad", False) and getattr(a, "requires_grad", False) else b)

    return f


@primitive("detached normaliser")
def _():
    return lambda x: x / (1 + np.sum(np.abs(x.data if hasattr(x, "requires_grad") else x)))


@primitive("a closed-over Value updated at each call")
def _():
    state = [np.float64(1.0)]

    def f(x):
        state[0] = state[0] * 1.001
        return x * state[0]

    return f


@primitive("a list argument's second array")
def _():

    @tl.primitive(lambda g, y, a, b: g * b, lambda g, y, a, b: g * b)
    def product(a, b):
        return a * b

    return lambda x: product(x, 2 * x)


@primitive("rule branches on g's size")
def _():

    @tl.primitive(lambda g, y, x: g * np.cos(x) * (1.01 if np.size(g) == 1 else 1), elementwise=True)
    def sine(x):
        return np.sin(x)

    return sine


@primitive("loop one step short in reverse")
def _():

    @tl.primitive(lambda g, y, x: g * 2**2, elementwise=True)
    def doubled(x):
        for _ in range(3):
            x = 2 * x
        return x

    return doubled


@primitive("inside a composition of twenty")
def _():

    @tl.primitive(lambda g, y, x: g * (1 - 1.001 * y * y), elementwise=True)
    def squashed(x):
        return np.tanh(x)

    def f(x):
        for _ in range(10):
            x = squashed(x + 0.1)
        return x

    return f


@primitive("second order: .data")
def _():

    @tl.primitive(lambda g, y, x: g * np.cos(x.data if hasattr(x, "requires_grad") else x))
    def s(x):
        return np.sin(x)

    return s


@primitive("second order: rule right, its own primitive wrong")
def _():

    @tl.primitive(lambda g, y, x: g * np.sin(x))
    def c(x):
        return np.cos(x)

    @tl.primitive(lambda g, y, x: g * c(x))
    def s(x):
        return np.sin(x)

    return s


@primitive("second order: no_grad in the rule")
def _():

    def r(g, y, x):
        with tl.no_grad():
            d = np.cos(x)
        return g * d

    @tl.primitive(r)
    def s(x):
        return np.sin(x)

    return s


@primitive("detach in the middle")
def _():
    return lambda x: x * np.tanh(tl.Value(x.data, requires_grad=False) if hasattr(x, "requires_grad") else x)


@primitive("primitive caches last x")
def _():
    st = {}

    @tl.primitive(lambda g, y, x: g * np.cos(st["x"]))
    def s(x):
        st["x"] = np.array(x)
        return np.sin(x)

    return s


@primitive("float() in the middle")
def _():
    return lambda x: x * float(np.sum(np.asarray(getattr(x, "data", x))))


@primitive("rng in forward")
def _():
    rng = np.random.default_rng(0)
    return lambda x: x * rng.uniform(0.5, 1.5)
