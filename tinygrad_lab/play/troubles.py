"""Common troubles of training: how each shows, in a sentence, and what to try."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.diagnosis import dead
from tinygrad_lab.lab.training import History
from tinygrad_lab.play.constant import Constant
from tinygrad_lab.play.looking import Layer, Look
from tinygrad_lab.typing import NDArray

_BOUNDS = {"Tanh": (-1.0, 1.0), "Softsign": (-1.0, 1.0), "Hardtanh": (-1.0, 1.0), "Sigmoid": (0.0, 1.0)}
_RECENT = 30  # evaluations


@dataclass(frozen=True)
class Trouble:
    """One thing that is going wrong.

    Arguments:
        name: what it is called.
        sentence: how it shows here, with figures.
        advice: what to try.
        button: the label of the button that tries it.
        settings: the settings that the button changes.
        anew: whether it restarts the run.
        layers: the layers where it is, if it is in some layers only.
    """

    name: str
    sentence: str
    advice: str
    button: str
    settings: dict[str, Any] = field(default_factory=dict)
    anew: bool = True
    layers: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Situation:
    """What is known of a run at an epoch.

    Arguments:
        config: its settings.
        history: its losses; only those up to `epoch` count.
        epoch: the epoch.
        at: positions in the history, evenly spread up to this epoch.
        look: the outputs, activations and gradients of its network.
        constant: the best constant predictor.
        fixed: settings that cannot be changed.
    """

    config: Config
    history: History
    epoch: int
    at: Sequence[int]
    look: Look
    constant: Constant
    fixed: frozenset[str] = frozenset()

    @property
    def loss(self) -> float:
        """The loss at this epoch."""
        return self.history.loss[self.epoch - 1]

    @property
    def recent(self) -> NDArray:
        """The losses of the last epochs."""
        return np.array(self.history.loss[max(0, self.epoch - _RECENT) : self.epoch])

    @property
    def learnt(self) -> bool:
        """Whether the loss is well below that of a constant."""
        return self.loss < 0.5 * self.constant.loss


def troubles(now: Situation) -> list[Trouble]:
    """Return what is going wrong, the worst first; without a button if its settings cannot be changed."""
    found = [*_divergence(now)]
    if not found:
        found = [*_dead(now), *_plateau(now), *_bouncing(now), *_saturated(now), *_gradients(now), *_overfitting(now)]
    return [replace(one, button="", settings={}) if now.fixed & set(one.settings) else one for one in found]


def _divergence(now: Situation) -> Iterator[Trouble]:
    first, lr = now.history.loss[0], now.config.lr
    finite = math.isfinite(now.loss)
    if not finite or (now.epoch > 2 and now.loss > 5 * max(first, now.constant.loss)):
        how = f"{now.loss / first:.3g} times what it was at first" if finite else "no longer a finite number"
        smaller = _round(lr / 10)
        yield Trouble(
            "Divergence",
            f"The loss is {now.loss:.4g}, {how}: each step overshoots by more than the one before.",
            "Take a smaller learning rate; normalising the inputs helps too.",
            f"Begin again with rate {smaller:g}",
            {"lr": smaller},
        )


def _bouncing(now: Situation) -> Iterator[Trouble]:
    recent = now.recent
    if now.config.batch_size is not None or len(recent) < 10 or not np.all(np.isfinite(recent)):
        return
    rises = np.diff(recent)[np.diff(recent) > 0]
    if len(rises) >= len(recent) // 5 and rises.sum() > 0.25 * recent.mean():
        smaller = _round(now.config.lr / 4)
        yield Trouble(
            "Too large a rate",
            f"The loss rose {len(rises)} times in the last {len(recent) - 1} steps, by {rises.max():.3g} at most: "
            f"the steps jump over the valley.",
            "Take a smaller learning rate: with all points in a batch, small steps only go down.",
            f"Set the rate to {smaller:g}",
            {"lr": smaller},
            anew=False,
        )


def _plateau(now: Situation) -> Iterator[Trouble]:
    back = max(20, now.epoch // 4)
    if now.epoch < back + 20 or now.learnt:
        return
    before = now.history.loss[now.epoch - 1 - back]
    if abs(before - now.loss) > 0.005 * abs(now.loss):
        return
    constant = now.constant
    if abs(now.loss - constant.loss) <= 0.005 * constant.loss:
        sentence = (
            f"For {back:,} epochs the loss has stood at {now.loss:.4g}; {constant.words} gives {constant.loss:.4g}. "
            f"The network ignores its inputs."
        )
    else:
        sentence = (
            f"For {back:,} epochs the loss has stood at {now.loss:.4g}; the best constant, {constant.words}, "
            f"gives {constant.loss:.4g}."
        )
    if any(dead(layer.output).all() for layer in _rectified(now).values()):
        yield Trouble("Plateau", sentence, "A whole layer is dead, and nothing gets through it: mend that first.", "")
    elif now.config.activation == "none" and now.config.hidden:
        advice = "Layers without activation are together one linear layer, however many they are. Give them one."
        yield Trouble("Plateau", sentence, advice, "Begin again with tanh", {"activation": "tanh"})
    elif now.config.optimizer != "adam":
        advice = "Gradients are small here. Wait, take a larger rate, or Adam, whose steps do not shrink with them."
        adam = {"optimizer": "adam", "lr": 0.01, "momentum": 0.0}
        yield Trouble("Plateau", sentence, advice, "Go on with Adam", adam, anew=False)
    else:
        wider = tuple(2 * width for width in now.config.hidden) or (8,)
        words = " ".join(map(str, wider))
        yield Trouble("Plateau", sentence, "Try more units.", f"Begin again with {words} units", {"hidden": wider})


def _dead(now: Situation) -> Iterator[Trouble]:
    found = {i: mask for i, layer in _rectified(now).items() if (mask := dead(layer.output)).any()}
    if found:
        where = " and ".join(f"{mask.sum()} of {mask.size} units of layer {i + 1}" for i, mask in found.items())
        yield Trouble(
            "Dead units",
            f"{where} never fire: they are 0 on every point, get no gradient, and have stopped learning.",
            "A leaky ReLU lets a little through where a ReLU is 0; a smaller rate keeps units from falling in.",
            "Begin again with leaky_relu",
            {"activation": "leaky_relu"},
            layers=tuple(found),
        )


def _rectified(now: Situation) -> dict[int, Layer]:
    """Return the hidden layers whose units can die, by number."""
    return {i: layer for i, layer in enumerate(now.look.layers[:-1]) if layer.rectifies}


def _saturated(now: Situation) -> Iterator[Trouble]:
    if now.learnt:
        return
    for number, layer in enumerate(now.look.layers[:-1]):
        share = saturation(layer)
        if share > 0.8:
            yield Trouble(
                "Saturation",
                f"{100 * share:.0f} % of what layer {number + 1} puts out is within 2.5 % of the ends of "
                f"{layer.activation.lower()}: there its slope is almost 0, and hardly any gradient comes through.",
                "Begin with smaller weights (xavier_uniform), standardise the inputs, and take a smaller rate.",
                "Begin again with standardised inputs",
                {"standardize": True, "init": "xavier_uniform", "lr": min(now.config.lr, 0.1)},
                layers=(number,),
            )
            return


def saturation(layer: Layer) -> float:
    """Return the share of a layer's outputs near the flat ends of its activation; 0 for activations without."""
    if layer.activation not in _BOUNDS or not layer.output.size:
        return 0.0
    low, high = _BOUNDS[layer.activation]
    edge = 0.025 * (high - low)
    return float(np.mean((layer.output < low + edge) | (layer.output > high - edge)))


def _gradients(now: Situation) -> Iterator[Trouble]:
    sizes = [size(layer.gradient) for layer in now.look.layers]
    if len(sizes) < 3 or now.learnt or not all(map(math.isfinite, sizes)) or not sizes[-1]:
        return
    if 0 < sizes[0] < 1e-3 * sizes[-1]:
        gentler = "tanh" if now.config.activation != "tanh" else "relu"
        yield Trouble(
            "Vanishing gradient",
            f"The gradient of layer 1 is {sizes[0] / sizes[-1]:.2g} of that of layer {len(sizes)}: on its way back it "
            f"is multiplied by a small slope at each layer.",
            "Take an activation with slope 1, such as tanh near 0 or relu, or fewer layers.",
            f"Begin again with {gentler}",
            {"activation": gentler},
            layers=(0,),
        )
    elif max(sizes) > 1e3 * sizes[-1] or max(sizes) > 1e3:
        worst = int(np.argmax(sizes))
        smaller = _round(now.config.lr / 10)
        yield Trouble(
            "Exploding gradient",
            f"The gradient of layer {worst + 1} has size {sizes[worst]:.3g}, that of the last {sizes[-1]:.3g}: on its "
            f"way back it grows at each layer.",
            "Begin with smaller weights, and take a smaller rate.",
            f"Begin again with xavier_uniform and rate {smaller:g}",
            {"init": "xavier_uniform", "lr": smaller},
            layers=(worst,),
        )


def size(gradient: NDArray) -> float:
    """Return the root mean square of a gradient; 0 if it is empty."""
    return float(np.sqrt(np.mean(gradient**2))) if gradient.size else 0.0


def _overfitting(now: Situation) -> Iterator[Trouble]:
    column = now.history.validation_loss
    if not column:
        return
    best = min(now.at, key=column.__getitem__)
    lowest, value = column[best], column[now.epoch - 1]
    before = now.history.loss[best]
    if now.epoch - 1 - best >= 20 and value > 1.1 * lowest and now.loss < before:
        yield Trouble(
            "Overfitting",
            f"On the points put aside the loss was lowest, {lowest:.4g}, about epoch {best + 1:,}, and is {value:.4g} "
            f"now, while on those it learns from it fell from {before:.4g} to {now.loss:.4g}: it learns them by heart.",
            "Take more points, fewer units, or pull the weights towards 0; or stop where the loss was lowest.",
            "Begin again with weight decay 0.01",
            {"weight_decay": _round(max(0.01, 3 * (now.config.weight_decay or 0.0)))},
        )


def _round(x: float) -> float:
    return float(f"{x:.2g}")
