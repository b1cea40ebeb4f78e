"""A training that was saved and loaded goes on bit for bit; a file that cannot be meant is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_lab as tl
from tinygrad_lab.errors import ArgumentError, ArgumentTypeError

pytest.importorskip("safetensors")


class Run:
    """A training with everything that has a state: batch statistics, dropout, momenta, a generator."""

    def __init__(self, kind, seed):
        self.rng = {
            "generator": np.random.default_rng,
            "legacy": np.random.RandomState,
            "counted": tl.random.Generator,
        }[kind](seed)
        self.model = tl.nn.Sequential(
            tl.nn.Linear(3, 4, rng=self.rng),
            tl.nn.BatchNorm1D(4),
            tl.nn.Dropout(0.3, rng=self.rng),
            tl.nn.Linear(4, 1, rng=self.rng),
        )
        self.optimizer = tl.optim.Adam(self.model.parameters(), lr=tl.optim.schedules.cosine(0.1, 20))

    @property
    def state(self):
        return {"model": self.model, "optimizer": self.optimizer, "rng": self.rng}

    def step(self):
        x = self.rng.normal(size=(8, 3))
        self.optimizer.zero_grad()
        loss = tl.functional.mse_loss(self.model(x), x[:, :1])
        loss.backward()
        self.optimizer.step()
        return loss.item()


@pytest.mark.parametrize("kind", ["generator", "legacy", "counted"])
@given(before=st.integers(0, 4))
@settings(max_examples=5)
def test_a_training_goes_on_bit_for_bit(kind, before, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "run.safetensors"
    first, second = Run(kind, 0), Run(kind, 1)
    for _ in range(before):
        first.step()
    tl.save({**first.state, "epoch": before, "note": {"who": "me", "grid": np.arange(3)}}, path)
    rest = tl.load(path, second.state)
    assert rest["epoch"] == before
    assert rest["note"]["who"] == "me"
    np.testing.assert_array_equal(rest["note"]["grid"], [0, 1, 2])
    assert [first.step() for _ in range(3)] == [second.step() for _ in range(3)]
    for name, array in first.model.state_dict().items():
        np.testing.assert_array_equal(array, second.model.state_dict()[name])


def test_a_single_model(tmp_path):
    a, b = tl.nn.Linear(2, 3), tl.nn.Linear(2, 3)
    tl.save(a, tmp_path / "m.safetensors")
    assert tl.load(tmp_path / "m.safetensors", b) == {}
    np.testing.assert_array_equal(a.weight.data, b.weight.data)
    np.testing.assert_array_equal(tl.load(tmp_path / "m.safetensors")["bias"], a.bias.data)


def test_an_interrupted_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "m.safetensors"
    tl.save({"x": np.ones(2)}, path)
    with pytest.raises(ArgumentTypeError, match=r"save: cannot save f, a function; save what has a state_dict"):
        tl.save({"x": np.zeros(2), "f": lambda: None}, path)
    np.testing.assert_array_equal(tl.load(path)["x"], 1)
    assert [p.name for p in tmp_path.iterdir()] == ["m.safetensors"]


def test_files_that_cannot_be_meant_are_refused(tmp_path):
    path = tmp_path / "m.safetensors"
    tl.save({"x": np.ones(2)}, path)
    with pytest.raises(ArgumentError, match=r"holds 'x', but no 'model'; leave that out of `into`"):
        tl.load(path, {"model": tl.nn.Linear(2, 2)})
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ArgumentError, match="is not a complete safetensors file"):
        tl.load(path)


@pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState])
def test_generators_inside_a_model_are_saved_with_it(make, tmp_path):
    def run(seed):
        rng = make(seed)
        model = tl.nn.Sequential(
            tl.nn.Linear(3, 8, rng=rng), tl.nn.Dropout(0.5, rng=make(seed + 1)), tl.nn.Linear(8, 1)
        )
        return model, tl.optim.Adam(model.parameters(), lr=0.1)

    def train(model, optimizer, steps):
        x = np.random.default_rng(0).normal(size=(8, 3))
        losses = []
        for _ in range(steps):
            optimizer.zero_grad()
            loss = tl.functional.mse_loss(model(x), x[:, :1])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    first, second = run(0), run(5)
    train(*first, 3)
    first[1].lr = 0.03  # assigned by hand
    tl.save({"model": first[0], "optimizer": first[1]}, tmp_path / "run.safetensors")
    tl.load(tmp_path / "run.safetensors", {"model": second[0], "optimizer": second[1]})
    assert second[1].lr == 0.03
    assert train(*first, 3) == train(*second, 3)
    tl.save(first[0], tmp_path / "model.safetensors")
    tl.load(tmp_path / "model.safetensors", second[0])
    assert train(*first, 1) == train(*second, 1)
    assert list(first[0].state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    other = tl.nn.Sequential(tl.nn.Linear(3, 8), tl.nn.Identity(), tl.nn.Linear(8, 1))
    with pytest.raises(ArgumentError, match=r"load: the model has no random generator '1\.rng'"):
        tl.load(tmp_path / "model.safetensors", other)


def test_a_generator_of_another_kind_is_refused(tmp_path):
    tl.save({"rng": np.random.default_rng(0)}, tmp_path / "a.safetensors")
    for other in (np.random.RandomState(0), np.random.Generator(np.random.MT19937(0))):
        with pytest.raises(
            ArgumentError,
            match=r"the generator is a (RandomState|MT19937), but a PCG64 was saved; make it of that kind",
        ):
            tl.load(tmp_path / "a.safetensors", {"rng": other})


def test_values_are_saved_and_filled_wherever_they_stand(tmp_path):
    w, b, z = tl.Value(np.ones((2, 3), np.float32)), tl.Value(2.0), tl.Value(1j)
    tl.save({"params": {"w": w, "b": b, "note": "seen"}, "z": z}, tmp_path / "v")
    w.data, b.data, z.data = np.zeros((2, 3), np.float32), np.float64(0), np.complex128(0)
    rest = tl.load(tmp_path / "v", {"params": {"w": w, "b": b}, "z": z})
    assert rest == {"params": {"note": "seen"}}
    assert (w.dtype, w.data.sum(), b.item(), z.item()) == (np.float32, 6, 2, 1j)
    with pytest.raises(ArgumentError, match=r"load: z has shape \(2,\), but \(\) was saved; make it of that shape"):
        tl.load(tmp_path / "v", {"z": tl.Value([1.0, 2.0])})
    with pytest.raises(ArgumentError, match=r"holds .*'params.w', .*, but no 'params.c'; leave that out"):
        tl.load(tmp_path / "v", {"params": {"c": w}})


class Noisy(tl.nn.Module):
    def __init__(self, seed):
        self.generator, self.w = np.random.default_rng(seed), tl.Value([1.0])


def test_a_generator_may_have_any_name(tmp_path):
    first, second = (tl.nn.Sequential(Noisy(seed)) for seed in (0, 1))
    tl.save(first, tmp_path / "a")
    tl.load(tmp_path / "a", second)
    assert first[0].generator.random() == second[0].generator.random()


WIDE = [np.longdouble, np.clongdouble] if np.dtype(np.longdouble).itemsize > 8 else []


@pytest.mark.parametrize(
    ("item", "kind"),
    [*((np.ones(2, wide), f"array of {np.dtype(wide)}") for wide in WIDE),
     (np.array(["a"]), "array of <U1"), (np.array([None]), "array of object"), ([1, 2], "list")],
)  # fmt: skip
def test_what_a_file_does_not_hold_is_refused_by_name(item, kind, tmp_path):
    with pytest.raises(ArgumentTypeError, match=f"save: cannot save x, an? {kind}; save what has a state_dict"):
        tl.save({"x": item}, tmp_path / "a")


@pytest.mark.parametrize("state", [np.ones(2), 3.0, np.random.default_rng(0), tl.Value(1.0)])
def test_what_has_no_name_is_refused(state, tmp_path):
    with pytest.raises(ArgumentTypeError, match=r"save: cannot save the state, an? .*; save what has a state_dict"):
        tl.save(state, tmp_path / "a")


@pytest.mark.parametrize(
    "state",
    [{"a": {"b": 1}, "a.b": np.ones(2)}, {"a": 1, "a.b": np.ones(2)}, {"a.b": 1, "a": {}}, {"x.a.b": 1, "x.a": 2}],
)
def test_nothing_is_lost_to_another_of_its_name(state, tmp_path):
    with pytest.raises(ArgumentError, match=r"save: two things would be named '(a|a\.b|x\.a)' in the file; rename one"):
        tl.save(state, tmp_path / "a")


def test_all_is_found_before_anything_is_filled(tmp_path):
    tl.save({"w": np.ones(2)}, tmp_path / "a")
    w = tl.Value(np.zeros(2))
    with pytest.raises(ArgumentError, match="but no 'v'"):
        tl.load(tmp_path / "a", {"w": w, "v": tl.Value(1.0)})
    np.testing.assert_array_equal(w.data, 0)


@pytest.mark.parametrize(
    ("target", "said"),
    [(np.random.default_rng(0), "w is a generator, but none was saved there; leave that out"),
     (np.zeros(2), "cannot fill w, a ndarray, with a ndarray; give a Value"),
     (tl.nn.Linear(2, 1), "cannot fill w, a Linear, with a ndarray; give a Value")],
)  # fmt: skip
def test_what_takes_no_such_state_is_refused(target, said, tmp_path):
    tl.save({"w": np.ones(2)}, tmp_path / "a")
    with pytest.raises((ArgumentError, ArgumentTypeError), match=said):
        tl.load(tmp_path / "a", {"w": target})


@pytest.mark.parametrize("dtype", ["?", "u1", "i8", ">f8", "f2", "f4", "c8", "c16"])
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_arrays_of_every_kind_come_back_as_they_were(dtype, shape, tmp_path):
    x = np.asfortranarray(np.full(shape, 1).astype(dtype))
    if dtype == "c16":
        x = x + complex(-0.0, np.inf)
    tl.save({"x": x}, tmp_path / "a")
    found = tl.load(tmp_path / "a")["x"]
    np.testing.assert_array_equal(found, x.astype(x.dtype.newbyteorder("=")), strict=True)


@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_the_same_state_gives_the_same_bytes(tmp_path, dtype):
    state = {"a": np.ones(2, dtype), "b": {"step": 3, "name": "x"}, "c": np.zeros((1, 2), dtype)}
    contents = set()
    for number in range(8):
        tl.save(state, tmp_path / f"{number}.safetensors")
        contents.add((tmp_path / f"{number}.safetensors").read_bytes())
    assert len(contents) == 1
    assert tl.load(tmp_path / "0.safetensors")["a"].dtype == dtype
