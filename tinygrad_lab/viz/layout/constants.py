"""The distances and limits of the layout, in one file that pages read too: both place boxes alike."""

from __future__ import annotations

import json
from pkgutil import get_data  # importlib.resources takes 4 ms to import

_CONSTANTS: dict[str, float] = json.loads(get_data("tinygrad_lab.viz", "assets/layout.json") or "")

GAP = _CONSTANTS["GAP"]  # between boxes of a layer
LAYER_GAP = _CONSTANTS["LAYER_GAP"]
PORT_GAP = _CONSTANTS["PORT_GAP"]  # between a frame's edge, where lines enter, and what is inside
PADDING = _CONSTANTS["PADDING"]
LANE = _CONSTANTS["LANE"]  # between lines
TURN = _CONSTANTS["TURN"]  # how far a line that goes back up leaves a layer before it turns
MINOR = _CONSTANTS["MINOR"]  # how strongly a minor box pulls: any more, and a chain past many of them would slant
LANE_PULL = _CONSTANTS["LANE_PULL"]  # how strongly a long line pulls the box where it ends: it is to be straight first
FAR = int(_CONSTANTS["FAR"])  # layers: a longer line keeps its place free only near its ends
WIDEST = _CONSTANTS["WIDEST"]  # of what stands in a layer, but for one box alone; the others go one layer down
BROADEST = _CONSTANTS["BROADEST"]  # the same where there are many boxes
LAYER = _CONSTANTS["LAYER"]  # height of a layer of boxes with its gap, where it is not known yet
TALL = _CONSTANTS["TALL"]  # height from which on a frame that is SLIM times as high as wide is set in columns
SLIM = _CONSTANTS["SLIM"]
COLUMN = _CONSTANTS["COLUMN"]  # height to width that columns are to have
PASSING = int(_CONSTANTS["PASSING"])  # lines at most that lead from column to column: more would be a tangle
SWEEPS = int(_CONSTANTS["SWEEPS"])  # of the order inside layers
PASSES = int(_CONSTANTS["PASSES"])  # of the places
