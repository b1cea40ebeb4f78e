"""Whatever is chosen by name, misspelt: one line with what was given and the nearest name that there is."""

from __future__ import annotations

import dataclasses
import inspect
import re
import string
from typing import get_args

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab import functional, lab, nn, testing, viz
from tinygrad_lab.cli import COMMANDS, main
from tinygrad_lab.compiler.compilation import BACKENDS
from tinygrad_lab.errors import TinygradError
from tinygrad_lab.functional.padding import BORDERS
from tinygrad_lab.functional.resampling import _LINEAR
from tinygrad_lab.lab.options import kind_of
from tinygrad_lab.nn.cells import NONLINEARITIES
from tinygrad_lab.nn.conv import PADDING_MODES
from tinygrad_lab.optim.minimize import METHODS
from tinygrad_lab.viz.choose.labels import Shown
from tinygrad_lab.viz.choose.view import Level
from tinygrad_lab.viz.write.colors import Theme
from tinygrad_lab.viz.write.picture import Color, Direction
from tinygrad_lab.viz.write.raster import Engine

RNG = np.random.default_rng(0)
X = tl.Value(np.ones((2, 3)))
GRAPH = viz.draw(X * 2)
FIELDS = [one for one in dataclasses.fields(lab.Config) if kind_of(one).choices]
OPTIONS = [one.name for one in dataclasses.fields(lab.Config)]
SCHEDULES = ["warmup", "step", "exponential", "cosine", "one_cycle", "warm_restarts", "polynomial"]
REDUCTIONS = ("mean", "sum", "none")
REDUCED = [loss for loss in (getattr(functional, name) for name in functional.__all__)
           if callable(loss) and "reduction" in inspect.signature(loss).parameters]  # fmt: skip


def _reduced(loss):
    """Return a loss as a function of its reduction; its arrays are never looked at."""
    needed = [p for p in inspect.signature(loss).parameters.values() if p.default is inspect.Parameter.empty]
    return lambda name: loss(*(np.ones((2, 3)) for _ in needed), reduction=name)


# What there is to choose among, and what takes a name.
CHOICES = {
    "an option of Config": (OPTIONS, lambda name: lab.Config(**{name: 1})),
    "an option in JSON": (OPTIONS, lambda name: lab.Config.from_dict({name: 1})),
    "an option of a sweep": (OPTIONS, lambda name: lab.sweep(**{name: [1]})),
    "Config schedule": (SCHEDULES, lambda name: lab.run(lab.Config(schedule=f"{name}:3", epochs=1))),
    **{f"Config {one.name}": (kind_of(one).choices, lambda name, one=one: lab.Config(**{one.name: name}))
       for one in FIELDS},
    "minimize method": (METHODS, lambda name: tl.optim.minimize(np.sum, np.ones(2), method=name)),
    "a group of an optimizer": (["weight_decay"], lambda name: tl.optim.SGD([{"params": [X], name: 0.1}], lr=1.0)),
    "compile backend": (BACKENDS, lambda name: tl.compile(np.sin, backend=name)),
    "init": (nn.init.INITIALISERS, lambda name: nn.Linear(2, 3, rng=RNG, init=name)),
    "padding_mode": (PADDING_MODES, lambda name: nn.Conv1D(1, 1, 3, rng=RNG, padding_mode=name)),
    "padding": (["same", "valid"], lambda name: nn.Conv1D(1, 1, 3, rng=RNG, padding=name)),
    "nonlinearity": (NONLINEARITIES, lambda name: nn.RNN(2, 3, rng=RNG, nonlinearity=name)),
    "activation": (["relu", "gelu"], lambda name: nn.TransformerEncoderLayer(4, 2, rng=RNG, activation=name)),
    "approximate": (["none", "tanh"], lambda name: functional.gelu(X, approximate=name)),
    "pad mode": (["constant", *BORDERS], lambda name: functional.pad(X, (1, 1), mode=name)),
    "mode": (["nearest", *_LINEAR], lambda name: functional.interpolate(X[None], scale_factor=2, mode=name)),
    "matrices": (["symmetric", "positive definite", "invertible"], lambda name: testing.Domain(matrices=name)),
    "view": (get_args(Shown), lambda name: viz.draw(X * 2, view=name)),
    "level": (get_args(Level), lambda name: viz.draw(X * 2, level=name)),
    "fold": (["auto"], lambda name: viz.draw(X * 2, fold=name)),
    "color": (get_args(Color), lambda name: viz.draw(X * 2, color=name)),
    "direction": (get_args(Direction), lambda name: viz.draw(X * 2, direction=name)),
    "theme": (get_args(Theme), lambda name: GRAPH.svg(theme=name)),
    "engine": (get_args(Engine), lambda name: GRAPH.svg(engine=name)),
    **{f"{loss.__name__} reduction": (REDUCTIONS, _reduced(loss)) for loss in REDUCED},
    "MSELoss reduction": (REDUCTIONS, lambda name: nn.MSELoss(reduction=name)(X, X)),
}  # fmt: skip


def misspelt(name, known):
    """Yield a name with two letters swapped, one left out, one doubled, one replaced: none that there is."""
    i = len(name) // 2
    swapped = (name[:k] + name[k + 1] + name[k] + name[k + 2 :] for k in (i - 1, len(name) - 2))
    for wrong in (*swapped, name[:i] + name[i + 1 :], name[:i] + name[i] + name[i:], name[:-1] + "q"):
        if wrong.lower() not in map(str.lower, known) and set(wrong) <= {*string.ascii_letters, *"_- "}:
            yield wrong


@pytest.mark.parametrize("what", CHOICES)
def test_a_misspelt_name_is_told_with_the_nearest_one(what):
    known, take = CHOICES[what]
    for name in known:
        if len(name) > 4:
            for wrong in misspelt(name, known):
                with pytest.raises(TinygradError) as caught:
                    take(wrong)
                told = str(caught.value)
                assert repr(wrong) in told or f"'{wrong}:3'" in told
                assert any(f"did you mean {other!r}?" in told for other in known), told
                assert "\n" not in told


@pytest.mark.parametrize("what", CHOICES)
def test_a_name_like_no_other_is_told_with_something_to_do(what):
    _, take = CHOICES[what]
    with pytest.raises(TinygradError, match="; ") as caught:
        take("qqqq")
    assert "did you mean" not in str(caught.value)


def test_everything_that_is_chosen_by_name_is_above():
    """A text that is a default is a name; these are texts of other kinds."""
    other = {"data", "before", "where", "name", "target", "outcome"}
    asked = {what.split()[-1] for what in CHOICES}
    for module in (tl, functional, nn, tl.optim, tl.optim.schedules, lab, viz, testing, tl.data, tl.distributions):
        for thing in (getattr(module, name) for name in getattr(module, "__all__", ())):
            if callable(thing) and not (isinstance(thing, type) and issubclass(thing, Exception)):
                defaults = {p.name: p.default for p in inspect.signature(thing).parameters.values()}
                named = {name for name, default in defaults.items() if default and isinstance(default, str)}
                assert named <= asked | other | {one.name for one in FIELDS}, thing


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["trian"], "argument COMMAND: must be one of train, play, .*got 'trian'; did you mean 'train'"),
        (["train", "--optimizer", "admw"], "argument --optimizer: must be one of .*; did you mean 'adamw'"),
        (["train", "--hiden", "3"], "train: error: there is no argument --hiden; did you mean '--hidden'"),
        (["sweep", "--hiden=3", "4"], "sweep: error: there is no argument --hiden=3; did you mean '--hidden'"),
        (["train", "surplus"], "train: error: there is no argument surplus; leave it out"),
    ],
)
def test_the_command_line_asks_what_was_meant(words, told, capsys):
    with pytest.raises(SystemExit):
        main(words)
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert re.search(told, error)


def test_every_option_of_every_command_is_found_when_misspelt(capsys):
    from tinygrad_lab.cli import parser

    (choices,) = (action.choices for action in parser()._actions if action.choices)
    assert len(choices) == len(COMMANDS)
    for name, command in choices.items():
        for option in [one for one in command._option_string_actions if one.startswith("--")][::15]:
            with pytest.raises(SystemExit):
                main([name, option[:-1] + "qq"])
            assert "error: " in capsys.readouterr().err
