"""What the five reports measured comes out of the command line; docs/reports.md quotes the same options."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from tinygrad_lab.cli import main, parser
from tinygrad_lab.cli.options import given
from tinygrad_lab.lab import Config, run, write
from tinygrad_lab.lab.reports.published import REPORTS

for extra in ("rich", "matplotlib", "jinja2", "safetensors"):
    pytest.importorskip(extra)

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


def train(options):
    """Return the run that `tinygrad-lab train` makes of options as a shell would split them."""
    return run(Config(**given(vars(parser().parse_args(["train", *shlex.split(options)])))))


def final(result):
    return result.history.loss[-1], result.history.accuracy[-1]


XOR = "--data xor --hidden 4 4 --loss mse"
LINEAR_E = "--data linear --hidden 10 10 --activation tanh --init normal --loss bce --reduction sum --epochs 3000"
XOR_E = "--data xor --hidden 100 100 --activation tanh --init normal --loss bce --reduction sum --epochs 3000"


@pytest.mark.parametrize("output", ["none", "sigmoid"])
def test_report_a_stays_on_the_plateau_without_activation(output):
    loss, _ = final(train(f"{XOR} --activation none --output {output} --epochs 3000"))
    assert round(loss, 6) == round(10 / 21 * 11 / 21, 6) == 0.249433


def test_report_a_optimizers_in_the_order_of_their_speed():
    options = '--data linear --hidden 4 4 --activation sigmoid --loss mse --lr 0.1 --until "loss<0.03" --epochs 30000'
    epochs = [
        train(f"{options} --optimizer {name}").history.epochs for name in ("adam", "adagrad", "sgd --momentum 0.9")
    ]
    assert epochs == sorted(epochs)
    assert epochs[0] < 1000
    assert epochs[2] < 30000


def test_report_b_publishes_these_figures(tmp_path, capsys):
    options = (
        "--data xor --hidden 3 3 --no-bias --init rand --legacy-rng --loss bce --reduction sum --activation sigmoid "
        "--lr 0.1 --until accuracy=1 --epochs 50000 --seed 0"
    )
    assert main(["train", *options.split(), "--json", "--out", str(tmp_path / "b")]) == 0
    result = json.loads(capsys.readouterr().out)
    assert abs(result["epochs"] - 1769) <= 17
    assert result["accuracy"] == 1
    history = np.loadtxt(tmp_path / "b" / "history.csv", delimiter=",", skiprows=1)
    assert history[99].tolist() == pytest.approx([100, 14.535359703924756, 0.5238095238095238], rel=1e-13)
    assert history[999].tolist() == pytest.approx([1000, 14.519527797093339, 0.5238095238095238], rel=1e-12)


# `tinygrad-lab reports` runs the others, which take longer.
CHEAP = [(part, row) for part in REPORTS["B"].parts[:2] for row in part.rows if row.published < 3500]
CHEAP = list({Config(**part.options | row.options): (part, row) for part, row in CHEAP}.values())  # some stand in both


@pytest.mark.parametrize(("part", "row"), CHEAP, ids=lambda x: f"{x.down} {x.across}" if hasattr(x, "down") else "")
def test_report_b_cell_by_cell(part, row):
    epochs = run(Config(**part.options | row.options)).history.epochs
    assert abs(epochs - row.published) <= 0.01 * row.published  # the order of operations moves a count that much


@pytest.mark.parametrize("hidden", [3, 5])
def test_report_b_on_the_linear_data_ends_without_nan(hidden):
    result = train(
        f"--data linear --hidden {hidden} {hidden} --no-bias --init rand --legacy-rng --loss bce --reduction sum "
        "--activation sigmoid --lr 0.1 --epochs 2000"
    )
    assert result.history.stopped_by == "epochs"
    assert np.isfinite(result.history.loss).all()


def test_report_b_has_a_loss_without_activation():
    _, accuracy = final(
        train("--data linear --activation none --loss bce_with_logits --until accuracy=1 --epochs 5000")
    )
    assert accuracy >= 0.98


def test_report_c_a_convolution_and_two_linear_layers_learn_xor():
    _, accuracy = final(
        train("--data xor --conv 4:2 --hidden 10 --activation relu --init he_normal --loss mse --until accuracy=1")
    )
    assert accuracy == 1


@pytest.mark.parametrize("batches", ["--lr 0.5", "--batch-size 1 --lr 0.1", "--batch-size 4 --lr 0.5"])
def test_report_d_full_batch_single_samples_and_mini_batches(batches):
    _, accuracy = final(train(f"{XOR} --activation tanh --until accuracy=1 {batches}"))
    assert accuracy == 1


def test_report_d_dead_relus_are_named(tmp_path):
    result = train(f"{XOR} --activation relu --batch-size 1 --lr 0.1 --epochs 100")
    assert any("units of ReLU layer 1 never fire" in note for note in result.notes)
    write(result, tmp_path / "d")
    assert "units of ReLU layer 1 never fire" in (tmp_path / "d" / "report.html").read_text()


def test_report_e_learns_xor():
    _, accuracy = final(train(f"{XOR_E} --lr 2e-2 --until accuracy=1"))
    assert accuracy == 1


def test_report_e_learns_the_linear_data_slowly_at_a_low_rate_and_not_at_a_high_one():
    (good, accuracy), (slow, _), (fast, _) = (final(train(f"{LINEAR_E} --lr {lr}")) for lr in ("1e-2", "1e-3", "1e-1"))
    assert accuracy >= 0.99
    assert slow > 2 * good
    assert fast > 100 * good


def test_report_e_can_take_the_activations_out():
    _, accuracy = final(
        train("--data linear --hidden 10 10 --activation none --loss bce --reduction sum --lr 1e-2 --epochs 500")
    )
    assert accuracy >= 0.95


def test_the_documentation_quotes_commands_that_parse():
    text = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
    commands = re.findall(r"^tinygrad-lab (train(?:[^\n]*\\\n)*[^\n]*)", text, re.MULTILINE)
    assert len(commands) >= 8
    for command in commands:
        parser().parse_args(shlex.split(command.replace("\\\n", " ")))


def test_the_documentation_quotes_python_that_runs():
    text = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
    names = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(block, names)
    assert names["history"].stopped_by == "until"
