"""The frames that a page gets while a run trains: JSON, followed by curves, maps and histograms as bytes."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy as np

from tinygrad_lab.lab.diagnosis import dead
from tinygrad_lab.play.constant import Constant
from tinygrad_lab.play.lane import Lane
from tinygrad_lab.play.looking import Layer, Look, look
from tinygrad_lab.play.maps import Plane, maps, output_map
from tinygrad_lab.play.troubles import Situation, saturation, size, troubles
from tinygrad_lab.typing import NDArray
from tinygrad_lab.viz.describe.summary import jsonable

MOST_UNITS = 10  # shown of each layer
_CURVE = 256
_BINS = 24


class Packet:
    """A message under construction: plain data, in which each array is given by where its bytes are."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def put(self, array: NDArray) -> dict[str, Any]:
        """Add an array, as bytes if its dtype is uint8, else as float32; return what stands for it in the JSON."""
        kind = "u1" if array.dtype == np.uint8 else "f4"
        content = np.ascontiguousarray(array, dtype=kind).tobytes()
        place = {"at": self._length, "n": int(array.size), "kind": kind}
        content += b"\0" * (-len(content) % 4)
        self._parts.append(content)
        self._length += len(content)
        return place

    def pack(self, header: dict[str, Any]) -> bytes:
        """Return the message: the length of the JSON, the JSON padded to whole words, and the bytes."""
        text = json.dumps(jsonable(header), separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        return b"".join([struct.pack("<I", len(text)), text, *self._parts])


def shown_units(units: int) -> list[int]:
    """Return the positions of the units that are shown, of a layer with this many.

    Example:
        >>> shown_units(3), shown_units(100)
        ([0, 1, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    return list(range(min(units, MOST_UNITS)))


def spread(epochs: int) -> list[int]:
    """Return the positions to plot of a history: all, or every second, every fourth, … and the last.

    Example:
        >>> spread(3), spread(1000)[:3], spread(1000)[-1]
        ([0, 1, 2], [0, 4, 8], 999)
    """
    stride = 1
    while epochs > stride * _CURVE:
        stride *= 2
    at = list(range(0, epochs, stride))
    return at if at[-1] == epochs - 1 else [*at, epochs - 1]


def overview(packet: Packet, lane: Lane, plane: Plane, epoch: int | None, fine: int) -> dict[str, Any]:
    """Return what a page shows of every run: figures, curves and the map of its output.

    Arguments:
        packet: gets the arrays.
        lane: the run.
        plane: what the map is drawn over.
        epoch: the epoch to show; None for now.
        fine: the map has fine × fine cells.
    """
    moment = None if epoch is None else lane.moments.nearest(epoch)
    at = lane.epoch if moment is None else moment.epoch
    if moment is None:
        output, curve = output_map(lane.run.experiment, lane.run.dataset, plane, fine)
    else:
        with moment.back() as experiment:
            output, curve = output_map(experiment, lane.run.dataset, plane, fine)
    history = lane.history
    positions = spread(lane.epoch)
    columns = history.columns()
    return {
        "epoch": at,
        "updates": lane.updates,
        "figures": {name: column[at - 1] for name, column in columns.items()},
        "stopped": history.stopped_by,
        "epochs": packet.put(np.array(positions, dtype=np.float32) + 1),
        "curves": {name: packet.put(np.array([column[i] for i in positions])) for name, column in columns.items()},
        "side": fine,
        "map": packet.put(output),
        "curve": None if curve is None else packet.put(curve),
        "outputs": output.shape[1] if curve is None else curve.shape[1],
    }


def detail(
    packet: Packet, lane: Lane, constant: Constant, plane: Plane, epoch: int | None, coarse: int
) -> dict[str, Any]:
    """Return what a page shows of the selected run beside that: its layers and its troubles.

    Arguments:
        packet: gets the arrays.
        lane: the run.
        constant: the best constant predictor.
        plane: what the maps of the units are drawn over.
        epoch: the epoch to show; None for now.
        coarse: a unit's map has coarse × coarse cells.
    """
    moment = None if epoch is None else lane.moments.nearest(epoch)
    if moment is None:
        return _detail(packet, lane, constant, plane, lane.epoch, coarse)
    with moment.back():
        return _detail(packet, lane, constant, plane, moment.epoch, coarse, moment.experiment)


def _detail(
    packet: Packet, lane: Lane, constant: Constant, plane: Plane, epoch: int, coarse: int, experiment: Any = None
) -> dict[str, Any]:
    experiment = experiment or lane.run.experiment
    seen = look(experiment, lane.run.dataset)
    drawn = maps(experiment, lane.run.dataset, plane, 1, coarse, shown_units)
    now = Situation(lane.config, lane.history, epoch, spread(epoch), seen, constant, lane.fixed)
    return {
        "layers": [_layer(packet, layer, i, seen) for i, layer in enumerate(seen.layers)],
        "coarse": coarse,
        "units": [packet.put(units) for units in drawn.units],
        "scales": drawn.scales,
        "troubles": [vars(trouble) for trouble in troubles(now)],
        "constant": {"loss": constant.loss, "words": constant.words},
        "rate": experiment.optimizer.rate(experiment.optimizer.steps),
    }


def _layer(packet: Packet, layer: Layer, position: int, seen: Look) -> dict[str, Any]:
    units = layer.output.shape[1]
    rows = shown_units(units)
    inputs = shown_units(layer.weight.shape[1]) if layer.weight is not None else []
    return {
        "kind": layer.kind,
        "units": units,
        "shown": rows,
        "weights": None if layer.weight is None else layer.weight[np.ix_(rows, inputs)].tolist(),
        "bias": None if layer.bias is None else layer.bias[rows].tolist(),
        "parameters": sum(p.data.size for p in layer.parameters),
        "activations": _histogram(packet, layer.output.ravel()),
        "gradients": _histogram(packet, layer.gradient),
        "size": size(layer.gradient),
        "ratio": layer.ratio,
        "saturated": saturation(layer),
        "dead": np.flatnonzero(dead(layer.output)).tolist()[:MOST_UNITS]
        if layer.rectifies and position < len(seen.layers) - 1
        else [],
    }


def _histogram(packet: Packet, values: NDArray) -> dict[str, Any]:
    """Count values in bins of equal width; those that are not finite are counted separately."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return {"low": 0.0, "high": 0.0, "counts": packet.put(np.zeros(_BINS)), "bad": int(values.size)}
    low, high = float(finite.min()), float(finite.max())
    if not math.isfinite(high - low) or high == low:
        low, high = low - 0.5, high + 0.5
    counts = np.histogram(finite, _BINS, (low, high))[0]
    return {"low": low, "high": high, "counts": packet.put(counts), "bad": int(values.size - finite.size)}
