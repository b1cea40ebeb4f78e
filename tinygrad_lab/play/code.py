"""A trained network as a Python program that stands alone: its layers, its weights and a function that predicts."""

from __future__ import annotations

import base64
import pprint
from typing import Any

import numpy as np

from tinygrad_lab.lab.running import Run
from tinygrad_lab.nn import Module, Sequential

_MOST = 2000  # elements; longer arrays are written in base64


def program(run: Run, model: str | None = None) -> str:
    """Return a program that builds a run's network with its weights, and predicts as the run does.

    Arguments:
        run: the run.
        model: `module:name` of a model of your own, which the program imports.

    Example:
        >>> from tinygrad_lab.lab import Config, prepare
        >>> program(prepare(Config(hidden=(2,)))).splitlines()[4]
        'import numpy as np'
    """
    schema = run.schema
    about = f"A network that has learnt {_plain(schema.name)} for {run.history.epochs} epochs, made by tinygrad_lab."
    lines = [f'"""{about}"""', "", "import base64", "", "import numpy as np", "", "import tinygrad_lab as tl"]
    if model is not None:
        module, _, name = model.partition(":")
        lines.append(f"from {module} import {name.partition('.')[0]}")
    lines += ["", f"FEATURES = {schema.features!r}"]
    if schema.classes:
        lines.append(f"CLASSES = {schema.classes!r}")
    scale = run.experiment.scale
    scaled = isinstance(scale.deviation, np.ndarray)
    if scaled:
        lines += [f"MEAN = {_array(scale.mean)}", f"DEVIATION = {_array(scale.deviation)}"]
    lines += ["", *_model(run.model, model), "model.load_state_dict(", f"    {_state(run.model)}", ")", ""]
    lines += ["", *_predict(run, scaled), "", "", 'if __name__ == "__main__":']
    lines.append(f"    print(predict({_array(run.dataset.x[:4])}))")
    return "\n".join(lines) + "\n"


def _model(model: Module, name: str | None) -> list[str]:
    if name is not None:
        called = name.partition(":")[2]
        return [f"model = {called}", "model = model if isinstance(model, tl.nn.Module) else model()",
                "model = model[0] if isinstance(model, tuple) else model"]  # fmt: skip
    assert isinstance(model, Sequential)
    layers = [f"    tl.nn.{type(layer).__name__}({layer.extra_repr()})," for layer in model]
    return ["model = tl.nn.Sequential(", *layers, ")"]


def _state(model: Module) -> str:
    rows = [f"        {name!r}: {_array(array)}," for name, array in model.state_dict().items()]
    return "\n".join(["{", *rows, "    }"])


def _array(array: Any) -> str:
    """Return code that makes an array with the same numbers, bit for bit; readable code if the array is short."""
    array = np.asarray(array)
    if array.size > _MOST or not np.all(np.isfinite(array)):
        text = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
        return f'np.frombuffer(base64.b64decode("{text}"), {array.dtype.str!r}).reshape({array.shape})'
    text = pprint.pformat(array.tolist(), width=100, compact=True).replace("\n", "\n        ")
    kind = "" if array.dtype == np.float64 else f", dtype={str(array.dtype)!r}"
    return f"np.array({text}{kind})"


def _predict(run: Run, scaled: bool) -> list[str]:
    experiment = run.experiment
    what = "the class of each point" if run.schema.classes else "the quantity of each point"
    lines = ["def predict(x):", f'    """Return {what}, for x of shape (points, {len(run.schema.features)})."""']
    lines.append("    x = np.asarray(x, dtype=np.float64)")
    if scaled:
        lines.append("    x = (x - MEAN) / DEVIATION")
    if experiment.channels:
        lines.append("    x = x[:, np.newaxis, :]")
    lines += ["    model.eval()", "    with tl.no_grad():", "        output = model(x).data"]
    if experiment.threshold is None:
        scale = experiment.scale
        if scaled:
            return [*lines, f"    return output[:, 0] * {scale.target_deviation!r} + {scale.target_mean!r}"]
        return [*lines, "    return output[:, 0]"]
    if experiment.classwise:
        return [*lines, "    return np.array(CLASSES)[np.argmax(output, axis=1)]"]
    return [*lines, f"    return np.array(CLASSES)[(output[:, 0] >= {experiment.threshold!r}).astype(int)]"]


def _plain(name: str) -> str:
    """Replace whatever in a name could end a docstring."""
    return "".join(letter if letter.isalnum() or letter in " _-.()" else "_" for letter in name)
