"""The lab: data sets, the training loop, and the report of a run."""

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.data import Data, Dataset, linear, minibatches, xor
from tinygrad_lab.lab.files import read
from tinygrad_lab.lab.folder import write
from tinygrad_lab.lab.running import Run, run
from tinygrad_lab.lab.stopping import Until
from tinygrad_lab.lab.training import History, accuracy, train

__all__ = [
    "Config",
    "Data",
    "Dataset",
    "History",
    "LabError",
    "Run",
    "Until",
    "accuracy",
    "linear",
    "minibatches",
    "read",
    "run",
    "train",
    "write",
    "xor",
]
