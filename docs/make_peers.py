"""Write `docs/peers.json`: the functions of NumPy and SciPy that two peers differentiate, for the operations page.

Run it where both are installed: `python docs/make_peers.py`. The page itself is made without them.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

MODULES = ("numpy", "numpy.linalg", "numpy.fft", "scipy.special")


def names(module: ModuleType, covered: Any) -> list[str]:
    """Return the public functions of a peer's module that `covered` accepts."""
    public = [name for name in dir(module) if not name.startswith("_")]
    return [name for name in public if callable(getattr(module, name)) and covered(getattr(module, name))]


def of_autograd() -> list[str]:
    """HIPS autograd: primitives with a rule, and functions of its own written with them."""
    from autograd.core import primitive_vjps

    def covered(f: Any) -> bool:
        composed = getattr(f, "__module__", "").startswith("autograd.") and not isinstance(f, type)
        return f in primitive_vjps or (composed and not hasattr(f, "fun"))

    peers = {module: importlib.import_module(f"autograd.{module}") for module in MODULES}
    return [f"{module}.{name}" for module, peer in peers.items() for name in names(peer, covered)]


def of_mygrad() -> list[str]:
    """MyGrad: what its namespaces offer under NumPy's names, but for helpers that make constants."""
    import mygrad
    import numpy as np

    found = []
    for module, theirs in (("numpy", np), ("numpy.linalg", np.linalg)):
        peer = mygrad if module == "numpy" else mygrad.linalg
        differentiable = names(peer, lambda f: "mygrad" in str(getattr(f, "__module__", "")) or "ufunc" in repr(f))
        found += [f"{module}.{name}" for name in differentiable if callable(getattr(theirs, name, None))]
    return found


if __name__ == "__main__":
    lists = {"HIPS autograd": of_autograd(), "MyGrad": of_mygrad()}
    Path(__file__).with_name("peers.json").write_text(json.dumps(lists, indent=1) + "\n", encoding="utf-8")
