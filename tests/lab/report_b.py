"""Reproduce both tables of Report B from the command line, and print them beside the published counts.

Run: python tests/lab/report_b.py (about a minute). It exits with 1 if a count is off by more than one per cent.
"""

from __future__ import annotations

import shlex
import sys

from tinygrad_lab.cli import parser
from tinygrad_lab.cli.options import given
from tinygrad_lab.lab import Config, Run, run

OPTIONS = shlex.split(
    "train --data xor --no-bias --init rand --legacy-rng --loss bce --reduction sum --activation sigmoid "
    "--until accuracy=1 --epochs 50000"
)

# (seed, hidden units, learning rate): epochs until the evaluation that first shows accuracy 1; 50,000 means never
PUBLISHED = {
    (seed, "3", lr): epochs
    for seed, row in enumerate(
        [
            (50000, 1769, 3354, 17327, 34644),
            (50000, 9292, 17510, 50000, 50000),
            (50000, 3520, 6700, 34021, 50000),
        ]
    )
    for lr, epochs in zip(("0.5", "0.1", "0.05", "0.01", "0.005"), row, strict=True)
} | {
    (seed, hidden, "0.1"): epochs
    for seed, row in enumerate([(50000, 1769, 1778), (50000, 9292, 2076), (10323, 3520, 2320)])
    for hidden, epochs in zip("235", row, strict=True)
}


def from_command_line(words: list[str]) -> Run:
    """Do what `tinygrad-lab` does with these words, without writing a folder, whose pictures take most of the time."""
    return run(Config(**given(vars(parser().parse_args(words)))))


def measure(seed: int, hidden: str, lr: str) -> int:
    """Return the number of epochs."""
    return from_command_line([*OPTIONS, "--hidden", hidden, hidden, "--lr", lr, "--seed", str(seed)]).history.epochs


def is_close(epochs: int, published: int) -> bool:
    """Return whether a count is within one per cent; the order of floating-point operations moves it that much."""
    return abs(epochs - published) <= 0.01 * published


if __name__ == "__main__":
    print("seed  hidden     lr  published  measured  difference")
    good = True
    for (seed, hidden, lr), published in PUBLISHED.items():
        epochs = measure(seed, hidden, lr)
        good = good and is_close(epochs, published)
        difference = f"{(epochs - published) / published:10.2%}"
        print(f"{seed:>4}  {hidden}-{hidden:<4} {lr:>6}  {published:>9}  {epochs:>8}  {difference}", flush=True)
    sys.exit(not good)
