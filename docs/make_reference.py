"""Write the pages of the reference from what the packages promise in `__all__`: the site's build calls it.

A name stands in the section of the file that defines it, so whoever adds a layer to a file of layers has nothing to do
here; a name from a file that no section mentions comes last on its page, under "More".
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

HERE = Path(__file__).parent / "reference"


class Page(NamedTuple):
    """A page: its title and first sentence, its package, and which files' names stand under which heading."""

    title: str
    says: str
    package: str
    sections: dict[str, str]


# fmt: off
PAGES: dict[str, Page] = {
    "value": Page("Values and gradients", "What is on the package itself, as `import tinygrad_lab as tl` gives it.",
        "tinygrad_lab", {
        "A Value": "core.value",
        "Derivatives of functions": "core.transforms",
        "What is recorded": "core.modes",
        "Operations of your own": "core.declare core.registry rules.forward",
        "Programs": "compiler.compiling compiler.scanning",
        "Files": "saving",
    }),
    "nn": Page("Layers", "Modules: `tl.nn`. Arrays are (batch, features) or (batch, channels, length).",
        "tinygrad_lab.nn", {
        "What a layer is": "nn.module nn.buffer nn.function",
        "Layers made of layers": "nn.containers",
        "Features": "nn.layers nn.pairs nn.shapes",
        "Convolution": "nn.conv nn.volumes",
        "Pooling and resampling": "nn.pooling",
        "Normalisation": "nn.normalisation nn.statistics",
        "Sequences": "nn.recurrent nn.cells",
        "Attention and embeddings": "nn.attention nn.transformer_layers nn.transformer nn.embedding",
        "Activations": "nn.activations nn.piecewise nn.gates",
        "Losses": "nn.losses nn.margins nn.likelihoods",
    }),
    "init": Page("Initialisers", "What the parameters of a layer are before training: `tl.nn.init`.",
        "tinygrad_lab.nn.init", {}),
    "functional": Page("Functions", "What layers compute, as functions: `tl.functional`.",
        "tinygrad_lab.functional", {
        "Features": "functional.layers functional.tokens functional.similarity functional.shapes",
        "Convolution": "functional.convolution functional.volumes",
        "Pooling and resampling": "functional.pooling functional.resampling",
        "Normalisation": "functional.normalisation functional.channels functional.softmaxes",
        "Attention": "functional.attention",
        "Activations": "functional.activations functional.gaussian functional.piecewise",
        "Losses": "functional.losses functional.binary functional.classification "
            "functional.margins functional.likelihoods functional.alignments",
    }),
    "optim": Page("Optimizers", "What changes parameters: `tl.optim`.", "tinygrad_lab.optim", {
        "Optimizers": "optim.base optim.sgd optim.adaptive optim.moments",
        "Gradients too long": "optim.clipping",
        "Averages of parameters": "optim.averaging",
        "SciPy's minimizers": "optim.minimize",
    }),
    "schedules": Page("Learning-rate schedules", "A schedule is a function `step -> rate`; every optimizer takes one "
        "as its `lr`: `tl.optim.schedules`.", "tinygrad_lab.optim.schedules", {}),
    "distributions": Page("Distributions", "Densities, and draws that have gradients: `tl.distributions`.",
        "tinygrad_lab.distributions", {
        "Any distribution": "distributions.base",
        "Real numbers": "distributions.normal distributions.location",
        "Positive numbers and shares": "distributions.positive",
        "Counts and classes": "distributions.discrete",
        "Between two distributions": "distributions.divergence",
    }),
    "data": Page("Data", "Datasets and batches: `tl.data`.", "tinygrad_lab.data", {
        "Batches": "data.loader", "Datasets to try things on": "data.toys",
    }),
    "random": Page("Random numbers", "Random numbers for compiled steps: `tl.random`.", "tinygrad_lab.random", {}),
    "testing": Page("Gradient tests", "Gradients checked against finite differences: `tinygrad_lab.testing`.",
        "tinygrad_lab.testing", {
        "Checks": "testing.checks testing.contract testing.adjoint",
        "Property tests": "testing.examples testing.domains",
        "Tests of tests": "testing.planting",
        "Differences": "testing.differences",
        "What a check says": "testing.report errors",
    }),
    "strategies": Page("Strategies", "What Hypothesis draws for gradient tests: `tinygrad_lab.testing.strategies`.",
        "tinygrad_lab.testing.strategies", {}),
    "adapters": Page("Other libraries' gradients",
        "Gradient tests of PyTorch and JAX: `tinygrad_lab.testing.adapters`.",
        "tinygrad_lab.testing.adapters", {}),
    "viz": Page("Pictures", "Computation graphs as pictures: `tinygrad_lab.viz`.", "tinygrad_lab.viz", {
        "Draw": "viz.drawing viz.graph viz.describe.summary",
        "Look for faults": "viz.write.doctor",
        "Back-propagation step by step": "viz.describe.stepper",
        "The graph as data": "viz.describe.snapshot viz.describe.difference",
    }),
    "lab": Page("The lab", "Trainings, their folders and reports: `tl.lab`.", "tinygrad_lab.lab", {
        "Runs": "lab.config lab.running lab.loading lab.folder lab.stopping",
        "Trainings": "lab.training lab.folding",
        "Many runs": "lab.sweeps.sweeping",
        "Data": "lab.data lab.files",
        "Errors": "errors",
    }),
    "compiler": Page("Compiled functions", "A function as a straight program: `tinygrad_lab.compiler`.",
        "tinygrad_lab.compiler", {
        "Compile": "compiler.compiling compiler.scanning compiler.tracing",
        "Programs as data": "compiler.program",
    }),
    "export": Page("Export", "Models for other programs: `tl.export`.", "tinygrad_lab.export", {}),
    "errors": Page("Errors", "Every error that is raised on purpose: `tinygrad_lab.errors`. Each is also the "
        "built-in error that you would expect.", "tinygrad_lab.errors", {}),
}
# fmt: on

ELSEWHERE = {"tinygrad_lab.rules"}  # the page of operations


def all_pages() -> dict[str, Page]:
    """Return the pages above, and a plain page for every other package that an `__all__` names."""
    pages = dict(PAGES)
    waiting = [importlib.import_module(page.package) for page in PAGES.values()]
    known = {package.__name__ for package in waiting} | ELSEWHERE
    while waiting:
        package = waiting.pop()
        inside = [getattr(package, name) for name in getattr(package, "__all__", [])]
        for found in inside:
            if inspect.ismodule(found) and found.__name__ not in known:
                known.add(found.__name__)
                waiting.append(found)
                name = found.__name__.removeprefix("tinygrad_lab.")
                says = (inspect.getdoc(found) or "").partition("\n\n")[0]
                pages[name.replace(".", "-")] = Page(f"`{name}`", says, found.__name__, {})
    return pages


def names(package: ModuleType) -> list[str]:
    """Return the public names of a package: those of `__all__`, or the classes and functions it defines."""
    if hasattr(package, "__all__"):
        return [name for name in package.__all__ if not inspect.ismodule(getattr(package, name))]
    return [
        name
        for name, thing in vars(package).items()
        if not name.startswith("_") and getattr(thing, "__module__", None) == package.__name__
    ]


def grouped(page: Page) -> dict[str, list[str]]:
    """Return the names on a page by the heading they stand under; "" is for a page without headings."""
    package = importlib.import_module(page.package)
    found: dict[str, list[str]] = {heading: [] for heading in [*page.sections, ""]}
    for name in names(package):
        file = str(getattr(getattr(package, name), "__module__", "")).removeprefix("tinygrad_lab.")
        home = (heading for heading, files in page.sections.items() if file in files.split())
        found[next(home, "")].append(name)
    return {heading: listed for heading, listed in found.items() if listed}


def written(page: Page) -> str:
    """Return a page as Markdown."""
    package, parts = importlib.import_module(page.package), [f"# {page.title}\n\n{page.says}\n"]
    for heading, listed in grouped(page).items():
        title = heading or ("More" if page.sections else "")
        if title:
            parts.append(f"## {title}\n")
        rows = "\n".join(f"   * - :py:obj:`{name}`\n     - {summary(getattr(package, name))}" for name in listed)
        entries = "\n".join(entry(page.package, name) for name in listed)
        parts.append(
            f"```{{eval-rst}}\n.. currentmodule:: {page.package}\n\n"
            f".. list-table::\n   :class: autosummary\n\n{rows}\n\n{entries}```\n"
        )
    return "\n".join(parts)


def summary(thing: object) -> str:
    """Return the first sentence of what a name's docstring says."""
    if not callable(thing):
        return table(thing)
    paragraph = " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split())
    return marked_up(re.split(r"(?<=\.)\s(?=[A-Z`])", paragraph)[0])


def table(thing: object) -> str:
    """Name the keys of a public dictionary: its own docstring would be that of `dict`."""
    keys = [str(key) for key in thing] if isinstance(thing, dict) and len(thing) < 100 else []
    return "A table by name: " + ", ".join(f"``{key}``" for key in keys) + "." if keys else ""


def marked_up(text: str) -> str:
    """Turn plain text into reStructuredText: `x`, which is code, into ``x``, and a full name into a link."""

    def spelled(match: re.Match[str]) -> str:
        inner = match[0].strip("`")
        if inner == "*":
            return r"\*"
        return f":py:obj:`{inner}`" if re.fullmatch(r"tinygrad_lab(\.\w+)+", inner) else f"``{inner}``"

    paragraphs = re.split(r"(\n\s*\n)", text)
    return "".join(part if ">>>" in part else re.sub(r"`+[^`]+`+|\*", spelled, part) for part in paragraphs)


def entry(package: str, name: str) -> str:
    """Return the directive that writes what a name's docstring says, and for a class what its methods' say."""
    thing = getattr(importlib.import_module(package), name)
    if not inspect.isclass(thing):
        kind = "function" if inspect.isroutine(thing) or hasattr(thing, "__wrapped__") else "data"
        shown = chosen_by_name(thing) if isinstance(thing, dict) else ""
        return f".. auto{kind}:: {name}\n" + ("   :no-value:\n" if kind == "data" else "") + shown
    kind = "exception" if issubclass(thing, Exception) else "class"
    said = re.search(r"\n\s*Attributes:\n(.*?)(\n\s*\n|$)", thing.__doc__ or "", re.DOTALL)
    described = re.findall(r"\b(\w+)(?=[\w, ]*:)", said[1]) if said else []
    return f".. auto{kind}:: {name}\n   :members:\n   :show-inheritance:\n   :exclude-members: {', '.join(described)}\n"


def chosen_by_name(table: dict[str, Any]) -> str:
    """Return a list of what a table holds by another name, by which the lab and the command line choose."""
    named = {name: getattr(thing, "__name__", name) for name, thing in table.items()}
    rows = (f"   - ``{name}``: :py:obj:`{other}`\n" for name, other in named.items() if name != other)
    return "".join(("\n", *rows, "\n"))


def commands() -> Iterator[tuple[str, str]]:
    """Yield every command of the command line and what its `--help` says."""
    from tinygrad_lab import cli

    for words in ([], *([module.__name__.rpartition(".")[2]] for module in cli.COMMANDS)):
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
            cli.main([*words, "--help"])
        yield " ".join(["tinygrad-lab", *words]), said.getvalue().strip()


def command_line() -> str:
    """Return the page of the command line."""
    parts = ["# The command line\n\nWhat `tinygrad-lab COMMAND --help` prints.\n"]
    parts += [f"## {name}\n\n```text\n{text}\n```\n" for name, text in commands()]
    return "\n".join(parts)


def contents() -> str:
    """Return the first page of the reference."""
    rows = "\n".join([*all_pages(), "command-line", "../operations"])
    return (
        "# Reference\n\nEvery public name, from its docstring: what it computes, its arguments with shapes, "
        "the errors, an example that the tests run, and the source.\n\n"
        f"```{{toctree}}\n:maxdepth: 1\n\n{rows}\n```\n"
    )


def main() -> None:
    """Write all pages that are not up to date."""
    HERE.mkdir(exist_ok=True)
    pages: dict[str, Any] = {name: written(page) for name, page in all_pages().items()}
    pages |= {"command-line": command_line(), "index": contents()}
    for name, text in pages.items():
        file = HERE / f"{name}.md"
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
