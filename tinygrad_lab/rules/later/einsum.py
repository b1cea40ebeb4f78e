"""The rule of `np.einsum`: the gradient of an operand is an einsum of the output's gradient and the other operands."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from tinygrad_lab.calls.spelling import ask
from tinygrad_lab.core.declare import composed, defvjp, primitive
from tinygrad_lab.refusals.arguments import bad_inputs
from tinygrad_lab.rules.later.contraction import contract, pairs
from tinygrad_lab.rules.writing import scatter
from tinygrad_lab.typing import Array, DTypeLike, Result

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@primitive()
def einsum(*operands: Any, **keywords: Any) -> Result:
    """Return `np.einsum` of its arguments; `subscripts`, a keyword, has letters only and tells the output."""
    subscripts = keywords.pop("subscripts")
    if len(operands) == 2 and not keywords:
        return contract(subscripts, *operands)
    return np.einsum(subscripts, *operands, **keywords)


def _einsum_rule(i: int, g: Array, y: Array, *operands: Any, subscripts: str, **layout: Any) -> Array:
    terms, _, output = subscripts.partition("->")
    inputs = terms.split(",")
    mine, others = inputs[i], inputs[:i] + inputs[i + 1 :]
    letters = "".join(dict.fromkeys(mine))  # each once, where a repeated one means a diagonal
    known = "".join(letter for letter in letters if letter in output + "".join(others))
    arrays = (g, *operands[:i], *operands[i + 1 :])
    product = einsum(*arrays, subscripts=f"{','.join([output, *others])}->{known}")
    # A letter that only this operand has was summed alone: the gradient is the same all along it.
    sizes = dict(zip(mine, np.shape(operands[i]), strict=True))
    product = np.reshape(product, _sizes(letters, dict(zip(known, product.shape, strict=True))))
    product = np.broadcast_to(product, np.broadcast_shapes(product.shape, tuple(sizes[letter] for letter in letters)))
    if len(letters) == len(mine):
        return product
    grid = dict(zip(letters, np.ix_(*(np.arange(sizes[letter]) for letter in letters)), strict=True))
    return scatter(product, tuple(grid[letter] for letter in mine), np.shape(operands[i]))


def _sizes(letters: str, known: dict[str, int]) -> tuple[int, ...]:
    return tuple(known.get(letter, 1) for letter in letters)


defvjp(einsum, variadic=_einsum_rule)


@composed(np.einsum)
def _einsum(
    *operands: Any, optimize: Any = False, dtype: DTypeLike = None, order: str = "K", casting: str = "safe"
) -> Result:  # fmt: skip
    """Contract two arrays at a time, each time as a matrix product where that is what the subscripts say."""
    subscripts, arrays = _read(operands)
    if subscripts.partition("->")[0].count(",") != len(arrays) - 1:
        ask(np.einsum, operands, {})
    subscripts = _explicit(subscripts, tuple(np.ndim(array) for array in arrays))
    layout = {"dtype": dtype, "order": order, "casting": casting}
    given = {name: x for name, x in layout.items() if x != _LAYOUT[name]}
    remaining = list(arrays)
    if len(arrays) < 3 or given:
        return einsum(*remaining, subscripts=subscripts, **given)
    way = tuple(optimize) if isinstance(optimize, list) else optimize
    for i, j, term in _steps(subscripts, remaining, way):
        b, a = remaining.pop(j), remaining.pop(i)
        remaining.append(einsum(a, b, subscripts=term))
    return remaining[0]


_LAYOUT = {"dtype": None, "order": "K", "casting": "safe"}


def _steps(subscripts: str, arrays: list[Any], optimize: Any) -> list[tuple[int, int, str]]:
    try:
        return pairs(subscripts, tuple(map(np.shape, arrays)), optimize)
    except ValueError as error:
        raise bad_inputs("einsum", arrays, error) from error


def _read(operands: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """Return subscripts and arrays, whether they were given as a string or as lists of axis numbers."""
    if isinstance(operands[0], str):
        return operands[0].replace(" ", ""), operands[1:]
    arrays = operands[: len(operands) // 2 * 2 : 2]
    terms = [_letters(numbers) for numbers in operands[1::2]]
    output = f"->{_letters(operands[-1])}" if len(operands) % 2 else ""
    return ",".join(terms) + output, arrays


def _letters(numbers: Any) -> str:
    return "".join("..." if number is Ellipsis else _LETTERS[number] for number in numbers)


@functools.lru_cache(maxsize=1024)
def _explicit(subscripts: str, ndims: tuple[int, ...]) -> str:
    """Replace an ellipsis by letters, and write out the output that NumPy would choose."""
    terms, arrow, output = subscripts.partition("->")
    inputs = terms.split(",")
    unused = [letter for letter in _LETTERS if letter not in subscripts]
    extra = [ndim - len(term.replace("...", "")) for term, ndim in zip(inputs, ndims, strict=False)]
    batch = unused[: max((n for n, term in zip(extra, inputs, strict=False) if "..." in term), default=0)]
    inputs = [term.replace("...", "".join(batch[len(batch) - n :])) for term, n in zip(inputs, extra, strict=False)]
    if arrow:
        output = output.replace("...", "".join(batch))
    else:
        letters = "".join(terms.split(",")).replace(".", "")
        output = "".join(batch) + "".join(sorted(letter for letter in set(letters) if letters.count(letter) == 1))
    return f"{','.join(inputs)}->{output}"
