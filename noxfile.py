"""The tests on every processor's kernels, every NumPy and every Python; they are run apart.

After `pip install nox`:

    nox -s kernels     # OpenBLAS chooses its kernels by processor, and they round differently
    nox -s numpy       # every NumPy that is declared, on the oldest Python
    nox -s python      # every Python that is declared, with the newest NumPy
    nox -s release     # build the package, check it, and use the wheel in a clean environment
    nox -s numpy -- -m "not slow"    # whatever follows is for pytest

Interpreters are those found on the path; with uv installed, nox fetches those that are missing.
"""

from pathlib import Path

import nox

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["python", "numpy", "kernels"]

KERNELS = ["Haswell", "SkylakeX", "Zen", "Prescott"]
NUMPYS = ["2.4"]  # 2.5 needs a newer Python than the oldest; the session `python` has it
PYTHONS = nox.project.python_versions(nox.project.load_toml("pyproject.toml"))


@nox.session(python=PYTHONS)
def python(session: nox.Session) -> None:
    """Run the tests with the newest libraries."""
    tests(session)


@nox.session(python=PYTHONS[0])
@nox.parametrize("version", NUMPYS)
def numpy(session: nox.Session, version: str) -> None:
    """Run the tests with one version of NumPy, and the newest of everything else that takes it."""
    tests(session, f"numpy=={version}.*")


@nox.session(python=PYTHONS[0])
@nox.parametrize("kernel", KERNELS)
def kernels(session: nox.Session, kernel: str) -> None:
    """Run the tests with the kernels of another processor; OpenBLAS falls back where this one lacks instructions."""
    tests(session, OPENBLAS_CORETYPE=kernel)


@nox.session
def release(session: nox.Session) -> None:
    """Build the package into dist/, check it, and train a network with its wheel where nothing else is installed."""
    dist = Path("dist").resolve()
    for old in dist.glob("*"):
        old.unlink()
    session.install("build", "twine")
    session.run("python", "-m", "build", "--outdir", str(dist))
    session.run("python", "-m", "twine", "check", "--strict", *map(str, dist.glob("*")))
    [wheel] = dist.glob("*.whl")
    clean = Path(session.create_tmp()).resolve() / "clean"
    session.run("python", "-m", "venv", "--clear", str(clean))
    programs = clean / ("Scripts" if (clean / "Scripts").exists() else "bin")
    session.chdir(session.create_tmp())  # away from the sources: what is imported is the wheel's
    session.run(str(programs / "python"), "-m", "pip", "install", "-q", f"{wheel}[lab]", external=True)
    session.run(str(programs / "tinygrad-lab"), "--version", external=True)
    session.run(str(programs / "tinygrad-lab"), "train", "--epochs", "50", "--out", str(clean / "run"), external=True)
    session.log(f"good: {wheel.name}")


def tests(session: nox.Session, *constraints: str, **environment: str) -> None:
    """Install the package with what its tests need, and run them."""
    session.install("-e", ".[dev]", *constraints)
    session.run("python", "-m", "pytest", "-n", "2", "-p", "no:cacheprovider", *session.posargs, env=environment)
