"""A sweep in one call, for Python."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.sweeps.grid import cells
from tinygrad_lab.lab.sweeps.running import run
from tinygrad_lab.lab.sweeps.writing import Folder


def sweep(
    base: Config | None = None,
    *,
    sample: int | None = None,
    workers: int | None = None,
    folder: str | Path | None = None,
    client: Any = None,
    **choices: Iterable[Any],
) -> list[dict[str, Any]]:
    """Train once for every combination of options, beside each other on all cores.

    Arguments:
        base: the values of the options that do not vary.
        sample: the number of combinations to choose at random; None for all.
        workers: the number of processes; by default one for each core.
        folder: where to keep outcomes, so that the same call continues from there, and to write table, figures and
            report; None keeps nothing.
        client: a `distributed.Client`, to train on its cluster rather than on this machine's cores: data files are sent
            there, and if a worker dies its cell is trained elsewhere.
        choices: the values of the options that vary, by name.

    Returns:
        A row for each combination, the last option varying fastest: the options that vary under their own names, then
        `epochs`, `loss`, `accuracy` (or other figures), `status` and `seconds`. `pandas.DataFrame(rows)` takes them as
        they are. Where the options cannot be meant together the status is `refused`.

    Raises:
        LabError: there is no such option, or nothing could be trained.
        ClusterError: the cluster has no workers, runs another version of the package, or is gone; `folder` keeps the
            outcomes so far.

    Example:
        >>> rows = sweep(Config(epochs=50), lr=[0.1, 1.0], seed=range(2), workers=1)
        >>> [(row["lr"], row["seed"], row["epochs"], row["status"]) for row in rows]
        [(0.1, 0, 50, 'finished'), (0.1, 1, 50, 'finished'), (1.0, 0, 50, 'finished'), (1.0, 1, 50, 'finished')]
    """
    base = base or Config()
    found = cells(base, choices, sample)
    if folder is None:
        return run(base, found, workers=workers, client=client).rows()
    with Folder.open(Path(folder)) as place:
        result = run(base, found, workers=workers, store=place.store, client=client)
        place.finish(result)
    return result.rows()
