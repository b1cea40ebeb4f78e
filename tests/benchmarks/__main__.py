"""Run the benchmarks: `python tests/benchmarks [NAME ...]`; PyTorch's column appears if PyTorch is installed."""

from __future__ import annotations

import os

# One thread each, set before any numerical library is loaded.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

import argparse
import importlib
import importlib.util
import platform

import numpy

from tinygrad_lab.errors import MissingExtraError

BENCHMARKS = (
    "small_step", "compile", "chain", "million", "conv1d", "mlp", "models", "memory", "playground",
    "import_time", "scale",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python tests/benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=(*BENCHMARKS, []), metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--write", action="store_true", help="write what has a place in docs/ there (scale)")
    options = parser.parse_args()
    names = options.names or BENCHMARKS
    with_torch = importlib.util.find_spec("torch") is not None
    versions = [f"Python {platform.python_version()}", f"NumPy {numpy.__version__}"]
    if with_torch:
        import torch

        torch.set_num_threads(1)
        versions.append(f"PyTorch {torch.__version__}")
    print(", ".join(versions), f"on {platform.machine()}, one thread")
    for name in names:
        print()
        try:
            benchmark = importlib.import_module(name)
            text = benchmark.run(with_torch)
        except MissingExtraError as error:  # as an interpreter with PyTorch may miss it; the others are measured
            print(f"{name}: left out. {error}")
            continue
        print(text)
        if options.write and hasattr(benchmark, "write"):
            benchmark.write(text)


if __name__ == "__main__":
    main()
