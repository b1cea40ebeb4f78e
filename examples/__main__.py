"""Run the examples in full, and check that each reaches its figure: `python -m examples [NAME ...] [--write]`."""

import argparse
import importlib
import os
import sys
import time
from pathlib import Path

README = Path(__file__).with_name("README.md")
MARKS = "<!-- figures -->", "<!-- end of figures -->"

# Of each program: what `main` returns, on which side of the goal it must be, and the goal.
GOALS = {
    "cnn_digits": ("held-out digits read right", "≥", 0.985),
    "gru_characters": ("nats a character, of a text learnt by heart", "≤", 0.1),
    "gpt": ("nats a character, of held-out text", "≤", 1.9),
    "vae": ("evidence lower bound of held-out digits, nats", "≥", -19.0),
    "maml": ("squared error on new sines after five steps", "≤", 0.5),
    "pinn_burgers": ("relative error against the exact solution", "≤", 0.02),
    "siren": ("signal-to-noise ratio between the points, dB", "≥", 45.0),
    "gaussian_process": ("error between the measurements", "≤", 0.06),
    "neural_ode": ("error of the whole path", "≤", 0.1),
    "realnvp": ("nats a held-out point", "≤", 1.1),
    "hmc": ("relative error of the moments", "≤", 0.03),
    "fixed_point": ("held-out points told apart", "≥", 0.98),
    "inverse_kinematics": ("places reached to a micrometre", "≥", 0.98),
    "conv1d_classifier": ("new waves told right", "≥", 0.97),
    "gcn": ("right answers where none was given", "≥", 0.95),
    "wgan_gp": ("distance of generated points from real ones", "≤", 0.1),
    "own_optimizers": ("loss after training, relative to Adam's", "≤", 1.0),
    "pandas_inputs": ("held-out wines named right", "≥", 0.95),
}


def reached(name, figure):
    """Return whether a figure is as good as its goal."""
    _, side, goal = GOALS[name]
    return figure >= goal if side == "≥" else figure <= goal


def row(name, figure, seconds):
    """Return a line of the table."""
    what, side, goal = GOALS[name]
    answer = "" if reached(name, figure) else ", missed"
    return f"| [{name}]({name}.py) | {what} | {side} {goal:g} | {figure:.4g}{answer} | {seconds / 60:.1f} |"


def table(rows):
    """Return the rows as a Markdown table."""
    head = "| program | figure | goal | reached | minutes |", "|---|---|---:|---:|---:|"
    return "\n".join((*head, *rows))


def written(page, text):
    """Return the page with the text between its marks."""
    before, _, rest = page.partition(MARKS[0])
    return f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}"


def main():
    """Run the programs named, or all of them; return how many missed their goal."""
    parser = argparse.ArgumentParser(prog="python -m examples", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(GOALS)}; all of them without it")
    parser.add_argument("--write", action="store_true", help="put the table into examples/README.md")
    parser.add_argument("--verbose", action="store_true", help="let the programs print their progress")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in GOALS]
    if unknown:
        parser.error(f"names must be among {', '.join(GOALS)}, got {', '.join(unknown)}")
    missed, rows = 0, []
    for name in arguments.names or GOALS:
        start = time.perf_counter()
        figure = importlib.import_module(f"examples.{name}").main(quiet=not arguments.verbose)
        rows.append(row(name, figure, time.perf_counter() - start))
        print(rows[-1], flush=True)
        missed += not reached(name, figure)
    if arguments.write:
        README.write_text(written(README.read_text(encoding="utf-8"), table(rows)), encoding="utf-8")
    print(f"{len(rows) - missed} of {len(rows)} reached their goal")
    return missed


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(min(main(), 1))
