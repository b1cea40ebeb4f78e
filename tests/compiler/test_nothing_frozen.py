"""Programs as users write them, some of which cannot be compiled: each is what it was, or is refused, in every call.

Each maker returns what to compile, its state, and what happens before every call; a twin of it runs uncompiled.
"""

from __future__ import annotations

import collections
import contextvars
import dataclasses
import functools
import itertools
import random
import types

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.compiler.holders import Holders
from tinygrad_lab.errors import CompileError

ONES = np.ones(3)


def nothing(i):
    pass


def setting(where, key, at=lambda i: 1.0 + i):
    """Assign another number before every call."""
    return lambda i: where.__setitem__(key, at(i)) if hasattr(where, "__setitem__") else setattr(where, key, at(i))


def scaled_by(holder, get, key, at=lambda i: 1.0 + i):
    return lambda x: x * get(), (), setting(holder, key, at)


@dataclasses.dataclass
class Pair:
    x: object
    scale: float = 1.0


class Scale:
    shared = 1.0

    def __init__(self):
        self.own, self.calls = 1.0, 0

    def __call__(self, x):
        return x * self.own

    def counting(self, x):
        self.calls += 1
        return x * self.calls


def by_class():
    kind = type("Kind", (), {"scale": 1.0})
    kind.__module__ = __name__
    return scaled_by(kind, lambda: kind.scale, "scale")


def by_default(array=None):
    array = np.ones(3)

    def step(x, weights=array, *, more=array):
        return x * weights + more

    return step, (), setting(array, 1)


def by_function_attribute():
    def step(x):
        return x * step.scale

    step.scale = 1.0
    return step, (), lambda i: setattr(step, "scale", 1.0 + i)


def by_function_in_list():
    number = [1.0]
    functions = [lambda x: x * number[0]]
    return lambda x: functions[0](x), (), setting(number, 0)


def by_partial():
    array = np.ones(3)
    return functools.partial(np.multiply, array), (), setting(array, 0)


def by_module():
    module = types.ModuleType("of_a_user")
    module.scale = 1.0
    return lambda x: x * module.scale, (), lambda i: setattr(module, "scale", 1.0 + i)


def by_context():
    variable = contextvars.ContextVar("scale", default=1.0)
    return lambda x: x * variable.get(), (), lambda i: variable.set(1.0 + i)


def by_kind(kind, change):
    holder = kind()
    return lambda x: x * (len(holder) + sum(map(float, holder))), (), lambda i: change(holder, i)


def by_method():
    scale = Scale()
    return scale.counting, (), nothing


def by_schedule():
    number, w = [0.1], tl.Value(np.ones(3))
    optimizer = tl.optim.SGD([w], lr=lambda step: number[0] * 0.9**step)

    def step(x):
        optimizer.zero_grad()
        np.sum(w * w * x).backward()
        optimizer.step()
        return w.data

    return step, (w, optimizer), setting(number, 0)


def by_hook(hook):
    w = tl.Value(np.ones(3))
    w.register_hook(hook)

    def step(x):
        w.grad = None
        np.sum(w * x).backward()
        return w.grad

    return step, (w,), nothing


def collecting():
    seen = []
    return by_hook(seen.append)


def hook_that_changes():
    number = [1.0]
    step, state, _ = by_hook(lambda g: g * number[0])
    return step, state, setting(number, 0)


def rare_draw(make):
    rng = make()
    return lambda x: np.sin(x) if rng.random() < 0.95 else x, (), nothing


def iterator(make):
    items = make()
    return lambda x: x * next(items), (), nothing


def text():
    return lambda x: x * len(f"{np.sum(x)}"), (), nothing


def in_place():
    def step(x):
        y = x * 2
        z = y[:1]
        z += 1
        return y

    return step, (), nothing


def changed_argument():
    kept = []
    return lambda x, store=kept: store.append(x) or x, (), nothing


REFUSED = {
    "a class's attribute": (by_class, "Kind.scale has changed"),
    "an array as default": (by_default, "weights has changed"),
    "a function's attribute": (by_function_attribute, "step.scale has changed"),
    "a function in a list": (by_function_in_list, "number.0 has changed"),
    "an argument of partial": (by_partial, "partial.0 has changed"),
    "a user's module": (by_module, "module.scale has changed"),
    "a context variable": (by_context, "scale has changed"),
    "a deque": (lambda: by_kind(collections.deque, lambda d, i: d.append(i)), "holder has changed"),
    "a set": (lambda: by_kind(set, lambda d, i: d.add(i)), "holder has changed"),
    "a defaultdict": (lambda: by_kind(lambda: collections.defaultdict(int), lambda d, i: d.update({i: 1})), "changed"),
    "an ordered dict": (lambda: by_kind(collections.OrderedDict, lambda d, i: d.update({i: 1})), "holder has changed"),
    "a bytearray": (lambda: by_kind(bytearray, lambda d, i: d.append(i)), "holder has changed"),
    "an object that counts": (by_method, "cannot change counting.calls"),
    "a schedule's variable": (by_schedule, "number.0 has changed"),
    "a hook that collects": (collecting, "cannot change|computed data"),
    "a hook's variable": (hook_that_changes, "number.0 has changed"),
    "a rare draw": (lambda: rare_draw(lambda: np.random.default_rng(0)), "numbers drawn from Generator"),
    "a rare draw of Python's": (lambda: rare_draw(lambda: random), "numbers drawn from random"),
    "a cycle": (lambda: iterator(lambda: itertools.cycle([1.0, 1.0, 1.0, 2.0])), "the iterator items"),
    "a generator": (lambda: iterator(lambda: (float(i) for i in range(9))), "the iterator items"),
    "a text of data": (text, "a text of computed data"),
    "writing in place": (in_place, r"x \+= y on an array that others see.*; write x = x \+ y"),
    "an argument that grows": (changed_argument, "cannot change|computed data"),
}  # fmt: skip


def trajectory(step, before, state=(), calls=6):
    holders, found = Holders(), []
    for i, x in enumerate(state):
        holders.walk(str(i), x)
    for i in range(calls):
        before(i)
        result = np.copy(step(ONES + i))
        found.append((result, [np.copy(p.get()) for p in holders.places if isinstance(p.get(), np.ndarray)]))
    return found


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_be_frozen_is_refused(name):
    make, message = REFUSED[name]
    step, state, before = make()
    with pytest.raises(CompileError, match=message) as error:
        trajectory(tl.compile(step, state=state), before)
    assert "\n" not in str(error.value)


def averaged():
    w = tl.Value(np.ones(3))
    optimizer, average = tl.optim.Adam([w], lr=0.1), tl.optim.ParameterAverage([w], decay=0.9)

    def step(x):
        optimizer.zero_grad()
        loss = np.sum(w * w * x)
        loss.backward()
        optimizer.step()
        average.update()
        return loss.data

    return step, (w, optimizer, average), nothing


def frozen_now_and_then():
    w, v = tl.Value(np.ones(3)), tl.Value(np.ones(3))
    optimizer = tl.optim.SGD([w, v], lr=0.1)

    def step(x):
        optimizer.zero_grad()
        np.sum(w * v * x).backward()
        optimizer.step()
        return w.data

    return step, (w, v, optimizer), lambda i: (setattr(w, "grad", None), setattr(w, "requires_grad", i % 3 != 2))


def hooked_later():
    step, state, _ = by_hook(lambda g: 2 * g)
    return step, state, lambda i: state[0].register_hook(lambda g: 3 * g) if i == 3 else None


def history():
    w, last = tl.Value(np.ones(3)), collections.deque(maxlen=3)

    def step(x):
        last.append(w.data * x)
        w.data = w.data - 0.1 * sum(last)
        return w.data

    return step, (w, last), nothing


def module():
    layer = tl.nn.Linear(3, 2, rng=np.random.default_rng(0))
    return lambda x: layer(x).data, (layer,), lambda i: setattr(layer.weight, "data", layer.weight.data * 1.5)


def fresh_in_place():
    def step(x):
        y = x * 2
        z = y
        z += x
        y *= np.float32(2)
        return np.sum(y - z) + y

    return step, (), nothing


def large():
    array = np.ones(10**6)
    return lambda x: np.sum(x[0] * array), (), setting(array, -1)


EQUAL = {
    "a moving average": averaged,
    "parameters frozen now and then": frozen_now_and_then,
    "a hook that is added": hooked_later,
    "a deque of what was": history,
    "weights assigned outside": module,
    "a large array changed in place": large,
    "an array of the function's own changed in place": fresh_in_place,
}  # fmt: skip


@pytest.mark.parametrize("name", EQUAL)
def test_what_compiles_goes_the_same_way(name):
    step, state, before = EQUAL[name]()
    expected = trajectory(step, before, state)
    step, state, before = EQUAL[name]()
    actual = trajectory(tl.compile(step, state=state), before, state)
    for (a, kept_a), (e, kept_e) in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, e, rtol=1e-12)
        for x, y in zip(kept_a, kept_e, strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-12)


def test_dataclasses_come_back_and_other_objects_with_data_are_refused():
    found = tl.compile(lambda x: Pair(x * 2, 3.0))(ONES)
    np.testing.assert_array_equal(found.x, ONES * 2)
    assert found.scale == 3.0

    def other(x):
        made = Scale()
        made.own = x * 2
        return made

    with pytest.raises(CompileError, match="the function returns a Scale with computed data in own; return arrays"):
        tl.compile(other)(ONES)


def test_the_order_of_keywords_and_of_dicts_is_the_callers():
    def weighted(**numbers):
        return functools.reduce(lambda total, x: 2 * total + x, numbers.values(), 0)

    fast = tl.compile(weighted)
    of_dict = tl.compile(lambda numbers: weighted(**numbers))
    for numbers in ({"a": 1.0, "b": 2.0}, {"b": 2.0, "a": 1.0}, {"a": 1.0, "b": 2.0}):
        assert fast(**numbers) == of_dict(numbers) == weighted(**numbers)


def test_what_is_returned_is_the_callers_own():
    constant = np.ones(3)
    fast = tl.compile(lambda x: (np.zeros(3) + 1, x * 1, (x + 0).copy(), constant))
    for _ in range(3):
        x = np.ones(3)
        for result in fast(x):
            np.testing.assert_array_equal(result, ONES)
            result[...] = 7.0
        np.testing.assert_array_equal(x, ONES)


def test_a_module_is_compiled_with_its_parameters():
    layer = tl.nn.Linear(3, 2, rng=np.random.default_rng(0))
    fast = tl.compile(layer)
    for _ in range(4):
        np.testing.assert_allclose(fast(ONES).data, layer(ONES).data, rtol=1e-14)
        layer.weight.data = layer.weight.data * 2
    assert len(fast.programs) == 1
