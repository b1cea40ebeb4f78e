"""The cells of a sweep: all combinations of values, or some of them."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.data import DATASETS
from tinygrad_lab.lab.options import FLAG, WIDTHS, Kind, check_names, is_whole, kind_of

_KINDS = {one.name: kind_of(one) for one in fields(Config)}
_TRUTH = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_MOST = 100_000  # values of a range
_UNSEEN = ("log_every",)  # options that change no result


@dataclass(frozen=True)
class Cell:
    """One training of a sweep.

    Arguments:
        options: its values of the options that vary, by name.
        config: its configuration; None if its values do not go together.
        problem: why they do not, or an empty text.
    """

    options: dict[str, Any]
    config: Config | None
    problem: str = ""

    @property
    def identity(self) -> str:
        """Identifies this training among all others: its configuration, and the contents of its files."""
        if self.config is None:
            return ""
        about = {name: value for name, value in self.config.to_dict().items() if name not in _UNSEEN}
        for name in ("data", "test", "validation"):
            if about[name] is not None and about[name] not in DATASETS:
                about[name] = _content(str(Path(about[name]).absolute()))
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:20]


@cache
def _content(path: str) -> str:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise LabError(f"data: {path}: cannot be read ({error.strerror or error}); check the path") from error


def cells(base: Config, choices: Mapping[str, Iterable[Any]], sample: int | None = None, seed: int = 0) -> list[Cell]:
    """Return the cells of a grid, the last option varying fastest.

    Arguments:
        base: the values of the options that do not vary.
        choices: the values of the options that vary, by name.
        sample: the number of cells to choose at random; None for all.
        seed: the seed of that choice.

    Raises:
        LabError: there is no such option, or no combination of values goes together.

    Example:
        >>> [cell.options for cell in cells(Config(), {"lr": [0.1, 0.2], "seed": range(2)})]
        [{'lr': 0.1, 'seed': 0}, {'lr': 0.1, 'seed': 1}, {'lr': 0.2, 'seed': 0}, {'lr': 0.2, 'seed': 1}]
    """
    check_names("sweep", choices, Config)
    for name, chosen in choices.items():
        if isinstance(chosen, str) or not isinstance(chosen, Iterable):
            raise LabError(f"sweep: {name} must be a list of values, got {chosen!r}; write {name}=[{chosen!r}]")
    values = {name: list(dict.fromkeys(map(_plain, chosen))) for name, chosen in choices.items()}
    for name, chosen in values.items():
        if not chosen:
            raise LabError(f"sweep: {name} has no value; give it one, or leave it out")
    count = math.prod(map(len, values.values()))
    if sample is not None and sample < 1:
        raise LabError(f"sweep: sample must be at least 1, got {sample}; leave it out for all cells")
    if sample is None or sample >= count:
        combinations = list(itertools.product(*values.values()))
    else:
        chosen_cells = np.random.default_rng(seed).choice(count, size=sample, replace=False)
        places = np.transpose(np.unravel_index(np.sort(chosen_cells), [len(chosen) for chosen in values.values()]))
        combinations = [
            tuple(chosen[i] for chosen, i in zip(values.values(), place, strict=True)) for place in places.tolist()
        ]
    return _meant([_cell(base, dict(zip(values, combination, strict=True))) for combination in combinations])


def listed(base: Config, path: Path) -> list[Cell]:
    """Return the cells in a .csv file, with the names of options as its header and a cell in each row.

    Raises:
        LabError: the file cannot be read, or a value is invalid.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LabError(f"cells: {path} cannot be read as a .csv file ({error}); check it") from error
    found: list[Cell] = []
    for row in rows:
        options: dict[str, Any] = {}
        for name, word in row.items():
            key = str(name).strip().replace("-", "_")
            if key not in _KINDS or word is None:
                raise LabError(f"cells: {path} names {name!r}, which is not an option; check the header and the rows")
            options[key] = one_value(_KINDS[key], word.strip(), key)
        found.append(_cell(base, options))
    if not found:
        raise LabError(f"cells: {path} lists no cells; add a row")
    return _meant(found)


def values(name: str, words: Sequence[str]) -> list[Any]:
    """Read the values of an option from the words of a command line.

    Arguments:
        name: the name of the option.
        words: values; for numbers also `0..4`, `0..1:5` (five evenly spaced) and `1e-4..1e-1:4log`; lists of widths as
            `3,3`, several of them also as `3,3;5,5`; `yes` and `no`.

    Raises:
        LabError: a word cannot be read.

    Example:
        >>> values("seed", ["0..2", "7"]), values("lr", ["1e-3..1e-1:3log"]), values("hidden", ["3,3;5"])
        ([0, 1, 2, 7], [0.001, 0.01, 0.1], [(3, 3), (5,)])
    """
    kind = _KINDS[name]
    found: list[Any] = []
    for word in words:
        if kind is WIDTHS:
            found += [one_value(kind, part, name) for part in word.split(";")]
        elif kind.read in (int, float) and ".." in word:
            found += _range(kind, word, name)
        else:
            found.append(one_value(kind, word, name))
    return found


def one_value(kind: Kind, word: str, name: str) -> Any:
    """Read one value of an option.

    Raises:
        LabError: the word cannot be read.
    """
    try:
        if kind is FLAG:
            return _TRUTH[word.lower()]
        return kind.read(word)
    except (ValueError, KeyError):
        rule = "yes or no" if kind is FLAG else kind.rule
        raise LabError(f"sweep: {name} must be {rule}, got {word!r}; correct it") from None


def _range(kind: Kind, word: str, name: str) -> list[Any]:
    """Read `FIRST..LAST`, whole numbers, or `FIRST..LAST:COUNT`, which may end with `log`."""
    ends, _, count = word.partition(":")
    first, _, last = ends.partition("..")
    try:
        low, high = (float(end) if count else int(end) for end in (first, last))
        number = int(count.removesuffix("log")) if count else int(high - low) + 1
    except ValueError:
        raise _no_range(name, word) from None
    if number < 1:
        raise LabError(f"sweep: {name} must be a range that goes up, with values, got {word!r}; correct it")
    if number > _MOST:
        raise LabError(f"sweep: {name} must be a range of at most {_MOST:,} values, got {word!r}; correct it")
    if not count:
        return [kind.read(str(value)) for value in range(int(low), int(high) + 1)]
    try:
        with np.errstate(all="raise"):
            spaced = (np.geomspace if count.endswith("log") else np.linspace)(low, high, number)
    except (ValueError, FloatingPointError):  # a factor from 0 to anything
        raise _no_range(name, word) from None
    if not np.isfinite(spaced).all():
        raise _no_range(name, word)
    found = [float(f"{x:.12g}") for x in spaced]
    return [round(x) for x in found] if kind.read is int else found


def _no_range(name: str, word: str) -> LabError:
    return LabError(f"sweep: {name} must be a range such as 0..4, 0..1:5 or 1e-4..1e-1:4log, got {word!r}; correct it")


def _plain(value: Any) -> Any:
    """Return a value as a plain Python object, whichever library it comes from."""
    if isinstance(value, np.generic):
        return value.item()
    return tuple(value) if isinstance(value, list) else value


def _cell(base: Config, options: dict[str, Any]) -> Cell:
    options = {n: float(v) if _KINDS[n].read is float and is_whole(v) else v for n, v in options.items()}
    try:
        return Cell(options, Config(**base.to_dict() | options))
    except LabError as error:
        return Cell(options, None, str(error))


def _meant(found: list[Cell]) -> list[Cell]:
    if all(cell.config is None for cell in found):
        raise LabError(found[0].problem)
    return found
