"""What a run's folder tells about its data, so that the model can be used without them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.columns import Columns
from tinygrad_lab.lab.data import Dataset
from tinygrad_lab.lab.running import Run
from tinygrad_lab.lab.scale import Scale


def describe(run: Run) -> dict[str, Any]:
    """Return names, classes, columns and scale as plain data for JSON, with a checksum of the training data."""
    data = run.dataset
    return {
        "name": data.name,
        "target": data.target,
        "features": list(data.features),
        "classes": list(data.classes),
        "points": len(data.x),
        "checksum": data.checksum(),
        "columns": data.columns and data.columns.to_dict(),
        "scale": run.experiment.scale.to_dict(),
    }


def read(path: Path) -> tuple[Dataset, Scale, str]:
    """Return a data set without points, the scale, and the checksum that the points had.

    Raises:
        LabError: the file is missing or damaged.
    """
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        columns = about["columns"] and Columns.from_dict(about["columns"])
        features, classes = tuple(about["features"]), tuple(about["classes"])
        labels = np.empty(0, dtype=np.int64 if classes else np.float64)
        empty = np.empty((0, len(features)))
        dataset = Dataset(about["name"], empty, labels, features, classes, about["target"], columns)
        return dataset, Scale.from_dict(about["scale"]), about["checksum"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LabError(f"{path}: is not what a run wrote ({type(error).__name__}: {error}); train again") from error
