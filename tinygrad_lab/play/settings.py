"""The settings that a page may change: the lab's own options, with limits that keep the page quick."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tinygrad_lab import nn, optim
from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.config import ACTIVATIONS, WITH_MOMENTUM, Config
from tinygrad_lab.lab.data import DATASETS
from tinygrad_lab.lab.options import FLAG, WIDTHS, kind_of

MOST_LAYERS = 8
MOST_WIDTH = 256
MOST_POINTS = 10_000
MOST_EPOCHS = 10_000_000
LONGEST_LINK = 2000

SETTINGS = (
    "data", "points", "noise", "validation_fraction", "standardize", "seed",
    "hidden", "activation", "init", "bias",
    "optimizer", "lr", "momentum", "weight_decay", "batch_size",
)  # fmt: skip
_FIELDS = {one.name: one for one in fields(Config)}


def choices() -> dict[str, list[str]]:
    """Return the names to choose from, for settings that have them."""
    return {
        "activation": list(ACTIVATIONS),
        "optimizer": list(optim.OPTIMIZERS),
        "init": list(nn.init.INITIALISERS),
        "momentum": list(WITH_MOMENTUM),
    }


def checked(config: Config, values: dict[str, Any]) -> dict[str, Any]:
    """Return a page's settings, and whatever has to change with them, as fields of a configuration.

    Raises:
        LabError: the page may not change that, or not that far.

    Example:
        >>> checked(Config(data="linear", points=50), {"data": "xor"})
        {'data': 'xor', 'points': None, 'noise': None, 'task': 'auto', 'label': None, 'loss': None, 'output': None}
    """
    for name in values:
        if name not in SETTINGS:
            raise LabError(f"play: there is no setting {str(name)[:40]!r}; the settings are {', '.join(SETTINGS)}")
    values = dict(values)
    if isinstance(values.get("hidden"), list):
        values["hidden"] = tuple(values["hidden"])
    for name in ("lr", "momentum", "weight_decay", "noise", "validation_fraction"):
        if type(values.get(name)) is int:
            values[name] = float(values[name])
    _check_limits(values)
    data = values.get("data", config.data)
    if data != config.data:
        sized = data in DATASETS and DATASETS[data].sized
        values.setdefault("points", config.points if sized else None)
        values.setdefault("noise", None)
        values |= {"task": "auto", "label": None, "loss": None, "output": None}
    if values.get("optimizer", config.optimizer) not in WITH_MOMENTUM and config.momentum:
        values.setdefault("momentum", 0.0)
    if config.dampening and (values.get("optimizer", "sgd") != "sgd" or not values.get("momentum", config.momentum)):
        values["dampening"] = 0.0
    return values


def _check_limits(values: dict[str, Any]) -> None:
    hidden = values.get("hidden", ())
    if isinstance(hidden, tuple):
        widest = max((width for width in hidden if isinstance(width, int)), default=0)
        if len(hidden) > MOST_LAYERS or widest > MOST_WIDTH:
            raise LabError(
                f"play: hidden must be at most {MOST_LAYERS} layers of at most {MOST_WIDTH} units, "
                f"got {' '.join(map(str, hidden))[:60]}; train larger networks with tinygrad-lab train"
            )
    points = values.get("points")
    if isinstance(points, int) and points > MOST_POINTS:
        raise LabError(f"play: {points} points are too many for the page; use at most {MOST_POINTS}")


def command(config: Config) -> list[str]:
    """Return the words of the command line that trains with a configuration.

    Example:
        >>> " ".join(command(Config(data="linear", hidden=(4, 4), bias=False, epochs=10)))
        'tinygrad-lab train --data linear --hidden 4 4 --no-bias --epochs 10'
    """
    words = ["tinygrad-lab", "train"]
    for name, one in _FIELDS.items():
        value = getattr(config, name)
        flag = name.replace("_", "-")
        if value == one.default or name == "log_every":
            continue
        if kind_of(one) is FLAG:
            words.append(f"--{flag}" if value else f"--no-{flag}")
        elif kind_of(one) is WIDTHS:
            words += [f"--{flag}", *map(str, value)]
        else:
            words += [f"--{flag}", str(value)]
    return words


# -- links -------------------------------------------------------------------------------------------------------------


def link(config: Config, epochs: int | None = None) -> str:
    """Return the settings as the part of a link after its #.

    Example:
        >>> link(Config(lr=3.0, hidden=(4, 2)), 200)
        'hidden=4+2&lr=3.0&epochs=200'
    """
    pairs = []
    for name in SETTINGS:
        value = getattr(config, name)
        if value != _FIELDS[name].default:
            text = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            pairs.append((name, text.lower() if isinstance(value, bool) else text))
    return urlencode([*pairs, *([("epochs", str(epochs))] if epochs else [])])


def read_link(text: str) -> tuple[dict[str, Any], int | None]:
    """Return all settings of a link, and the epoch to train to.

    Raises:
        LabError: a setting does not exist, or its value is invalid.

    Example:
        >>> settings, epochs = read_link("hidden=4+2&lr=3.0&epochs=200")
        >>> settings["hidden"], settings["lr"], settings["data"], epochs
        ((4, 2), 3.0, 'xor', 200)
    """
    if len(text) > LONGEST_LINK:
        raise LabError(f"play: the link has {len(text)} characters, and at most {LONGEST_LINK} are allowed; shorten it")
    given = dict(parse_qsl(text.partition("#")[2] or text, keep_blank_values=True))
    epochs = given.pop("epochs", None)
    settings: dict[str, Any] = {name: _FIELDS[name].default for name in SETTINGS}
    for name, word in given.items():
        if name not in SETTINGS:
            raise LabError(
                f"play: the link sets {name[:40]!r}, which is no setting; the settings are {', '.join(SETTINGS)}"
            )
        kind = kind_of(_FIELDS[name])
        try:
            settings[name] = word == "true" if kind is FLAG else kind.read(word)
        except ValueError:
            raise LabError(f"play: {name} must be {kind.rule}, got {word[:40]!r}; correct the link") from None
    if epochs is None:
        return settings, None
    if not epochs.isdecimal() or not 1 <= int(epochs) <= MOST_EPOCHS:
        raise LabError(f"play: epochs must be from 1 to {MOST_EPOCHS}, got {epochs[:20]!r}; correct the link")
    return settings, int(epochs)
