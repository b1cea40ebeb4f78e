"""Write the gallery, `docs/gallery.md`, and its thumbnails from the programs in `examples/`.

python docs/make_gallery.py             # the page
python docs/make_gallery.py gpt vae     # the page, and the pictures of these two, trained for a while
python docs/make_gallery.py all         # all pictures: some minutes
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

import tinygrad_lab as tl

ROOT = Path(__file__).parents[1]
EXAMPLES, PICTURES, PAGE = ROOT / "examples", ROOT / "docs" / "gallery", ROOT / "docs" / "gallery.md"
HEAD = """# Gallery

Here are eighteen programs of about a hundred lines each. The picture shows what the program has learned, and the title
links to its file. `examples/README.md` says how to run them and which figures they reach.

"""

Draw = Callable[[SimpleNamespace, Any], None]
DRAWN: dict[str, tuple[int, Draw]] = {}  # by program: for how many steps it trains, and how its picture is drawn


def drawn(name: str, steps: int) -> Callable[[Draw], Draw]:
    """Declare how the picture of a program is drawn."""

    def declare(draw: Draw) -> Draw:
        DRAWN[name] = steps, draw
        return draw

    return declare


def names() -> list[str]:
    """Return the names of the programs."""
    return sorted(path.stem for path in EXAMPLES.glob("*.py") if not path.stem.startswith("__"))


_ACRONYMS = {
    "cnn": "CNN", "conv1d": "Conv1D", "gcn": "GCN", "gpt": "GPT", "gru": "GRU", "hmc": "HMC", "maml": "MAML",
    "ode": "ODE", "pinn": "PINN", "realnvp": "RealNVP", "siren": "SIREN", "vae": "VAE", "wgan": "WGAN", "gp": "GP",
}  # fmt: skip


def title(name: str) -> tuple[str, str]:
    """Return a program's name in words, and the first sentence of its docstring."""
    text = ast.get_docstring(ast.parse((EXAMPLES / f"{name}.py").read_text(encoding="utf-8"))) or ""
    words = [_ACRONYMS.get(word, word) for word in name.split("_")]
    called = " ".join(words)
    return called[0].upper() + called[1:], text.partition("\n\n")[0].replace("\n", " ")


def page() -> str:
    """Return the page."""
    return HEAD + "::::{grid} 1 2 3 3\n:gutter: 3\n\n" + "\n".join(map(_card, names())) + "::::\n"


def _card(name: str) -> str:
    called, says = title(name)
    return (
        f":::{{grid-item-card}}\n:img-top: gallery/{name}.png\n\n**[{called}](../examples/{name}.py)**\n\n{says}\n:::\n"
    )


# -- training, and what was there at its end --------------------------------------------------------------------------


def trained(name: str, steps: int) -> SimpleNamespace:
    """Run a program's `main`, and return all of its names, and those of its module, as they are when it returns."""
    module = importlib.import_module(f"examples.{name}")
    tree = ast.parse((EXAMPLES / f"{name}.py").read_text(encoding="utf-8"))
    main = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main")
    for returned in list(_returns(main)):
        returned.value = ast.Call(ast.Name("locals", ast.Load()), [], [])
    alone = ast.fix_missing_locations(ast.Module([main], []))
    found = dict(vars(module))
    exec(compile(alone, str(EXAMPLES / f"{name}.py"), "exec"), found)  # noqa: S102  a program of ours
    return SimpleNamespace(**(vars(module) | found["main"](steps=steps, quiet=True)))


def _returns(function: ast.AST) -> Iterator[ast.Return]:
    """Yield the `return` statements of a function, without those of functions inside it."""
    for child in ast.iter_child_nodes(function):
        if isinstance(child, ast.Return):
            yield child
        elif not isinstance(child, ast.FunctionDef | ast.Lambda):
            yield from _returns(child)


# -- the pictures ------------------------------------------------------------------------------------------------------


def images(axes: Any, pictures: Any, rows: int, columns: int) -> None:
    """Draw small images side by side."""
    square = np.asarray(pictures)[: rows * columns].reshape(rows, columns, 8, 8)
    axes.imshow(
        np.pad(square, [(0, 0), (0, 0), (1, 1), (1, 1)]).swapaxes(1, 2).reshape(rows * 10, columns * 10), cmap="gray"
    )


def regions(axes: Any, classes: Callable[[Any], Any], x: Any, y: Any) -> None:
    """Draw what a network says everywhere, and the points it had to tell apart."""
    low, high = x.min(axis=0) - 0.1, x.max(axis=0) + 0.1
    u, v = np.meshgrid(np.linspace(low[0], high[0], 150), np.linspace(low[1], high[1], 150))
    axes.contourf(u, v, classes(np.stack([u.ravel(), v.ravel()], axis=1)).reshape(u.shape), cmap="RdBu", alpha=0.4)
    axes.scatter(*x[:300].T, c=y[:300], s=4, cmap="RdBu")


def words(axes: Any, text: str, width: int = 30, lines: int = 11) -> None:
    """Write a text."""
    shown = "\n".join(text[i : i + width].replace("\n", " ") for i in range(0, width * lines, width))
    axes.text(0.02, 0.97, shown, family="monospace", size=7.5, va="top", transform=axes.transAxes)


@drawn("cnn_digits", 250)
def _(found: SimpleNamespace, axes: Any) -> None:
    says = np.argmax(found.model.eval()(found.held_out_x).data, axis=1)
    wrong = np.flatnonzero(says != found.held_out_y)
    images(axes, np.concatenate([found.held_out_x[wrong], found.held_out_x])[:24], 4, 6)
    axes.set_title(f"{np.mean(says == found.held_out_y):.1%} right; the first {len(wrong)} are wrong", size=8)


@drawn("conv1d_classifier", 200)
def _(found: SimpleNamespace, axes: Any) -> None:
    for i, kind in enumerate(found.KINDS):
        axes.plot(found.x[found.y == i][0, 0] - 4 * i, linewidth=0.8, label=kind)


@drawn("fixed_point", 600)
def _(found: SimpleNamespace, axes: Any) -> None:
    regions(axes, lambda p: np.argmax(found.model(p).data, axis=1), found.x, found.y)


@drawn("gaussian_process", 40)
def _(found: SimpleNamespace, axes: Any) -> None:
    order = np.argsort(found.between)
    between, mean, deviation = found.between[order], found.mean[order], found.deviation[order]
    axes.fill_between(between, mean - 2 * deviation, mean + 2 * deviation, alpha=0.3)
    axes.plot(between, mean, linewidth=0.8)
    axes.plot(found.t, found.y, "k.", markersize=2)


@drawn("gcn", 200)
def _(found: SimpleNamespace, axes: Any) -> None:
    found.model.eval()
    scores = found.model(found.x, found.graph).data
    places = np.linalg.svd(scores - scores.mean(axis=0), full_matrices=False)[0][:, :2]
    axes.scatter(*places.T, c=found.y, s=3, cmap="tab10")


@drawn("gpt", 150)
def _(found: SimpleNamespace, axes: Any) -> None:
    words(axes, found.write(found.model, found.alphabet, found.held_out[:32], 300, found.context, found.rng))


@drawn("gru_characters", 200)
def _(found: SimpleNamespace, axes: Any) -> None:
    words(axes, found.recite(found.model, found.alphabet, "T", 330))


@drawn("hmc", 1000)
def _(found: SimpleNamespace, axes: Any) -> None:
    axes.hexbin(*found.z.T, gridsize=50, cmap="Blues", mincnt=1)


@drawn("inverse_kinematics", 40)
def _(found: SimpleNamespace, axes: Any) -> None:
    rng = np.random.default_rng(3)
    goal = found.hand(rng.uniform(-1, 1, 6))
    for start in rng.uniform(-1.5, 1.5, (3, 6)):
        angles = found.reach(goal, start, 40)
        place, way = np.zeros(3), [np.zeros(3)]
        turned = np.eye(3)
        for axis, link, angle in zip(found.AXES, found.LINKS, angles, strict=True):
            turned = turned @ np.asarray(found.turn(axis, angle))
            way.append(place := place + turned @ link)
        axes.plot(*np.transpose(way)[[0, 2]], "o-", markersize=3)
    axes.plot(*goal[[0, 2]], "k*", markersize=10)
    axes.set_aspect("equal")


@drawn("maml", 3000)
def _(found: SimpleNamespace, axes: Any) -> None:
    x, y = (part[:1] for part in found.new)
    wide = np.linspace(-5, 5, 200)[None, :, None]
    for steps, style in ((0, ":"), (1, "--"), (5, "-")):
        with tl.no_grad():
            mine = found.adapted(found.layers, x[:, :10], y[:, :10], steps=steps)
            axes.plot(wide[0, :, 0], found.predict(mine, wide).data[0, :, 0], style, label=f"{steps} steps")
    axes.plot(x[0, :10, 0], y[0, :10, 0], "k.")
    axes.legend(fontsize=6)


@drawn("neural_ode", 1500)
def _(found: SimpleNamespace, axes: Any) -> None:
    axes.plot(*found.path.T, linewidth=4, alpha=0.3)
    axes.plot(*found.found.data.T, "k--", linewidth=0.8)


@drawn("own_optimizers", 300)
def _(found: SimpleNamespace, axes: Any) -> None:
    axes.barh(list(found.losses), list(found.losses.values()))
    axes.set(xscale="log", xlabel="loss")
    axes.axis("on")


@drawn("pandas_inputs", 200)
def _(found: SimpleNamespace, axes: Any) -> None:
    most = found.influence(found.model, found.table, found.grower)[5::-1]
    axes.barh([str(name).replace("_", " ") for name in most.index], most.to_numpy())
    axes.set(xticks=[], xlabel="influence")
    axes.tick_params(labelsize=7)
    axes.axis("on")


@drawn("pinn_burgers", 700)
def _(found: SimpleNamespace, axes: Any) -> None:
    t, x = np.meshgrid(np.linspace(0.01, 1, 100), np.linspace(-1, 1, 200))
    with tl.no_grad():
        axes.imshow(found.solution(found.model, t, x).data, aspect="auto", cmap="RdBu", origin="lower")


@drawn("realnvp", 1200)
def _(found: SimpleNamespace, axes: Any) -> None:
    with tl.no_grad():
        axes.hexbin(
            *found.model.sample(found.rng, 20000).data.T, gridsize=60, extent=(-1.5, 2.5, -1, 1.5), cmap="magma"
        )


@drawn("siren", 600)
def _(found: SimpleNamespace, axes: Any) -> None:
    with tl.no_grad():
        axes.imshow(found.model(found.between)[..., 0].data.reshape(80, 80), cmap="gray")


@drawn("vae", 2000)
def _(found: SimpleNamespace, axes: Any) -> None:
    with tl.no_grad():
        images(axes, tl.functional.sigmoid(found.model.decoder(found.rng.normal(size=(24, 8)))).data, 4, 6)


@drawn("wgan_gp", 2000)
def _(found: SimpleNamespace, axes: Any) -> None:
    axes.hexbin(*found.points.T, gridsize=50, cmap="Blues", mincnt=1)
    axes.scatter(*found.ring(200, found.rng).T, s=1, c="tab:orange")
    axes.set_aspect("equal")


def main() -> None:
    """Write the page, and the pictures asked for."""
    mpl.use("agg")
    sys.path.insert(0, str(ROOT))
    PICTURES.mkdir(exist_ok=True)
    for name in names() if sys.argv[1:] == ["all"] else sys.argv[1:]:
        steps, draw = DRAWN[name]
        figure, axes = plt.subplots(figsize=(3.2, 2.1), layout="tight")
        axes.axis("off")
        draw(trained(name, steps), axes)
        figure.savefig(PICTURES / f"{name}.png", dpi=110, metadata={"Software": None})
        plt.close(figure)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
