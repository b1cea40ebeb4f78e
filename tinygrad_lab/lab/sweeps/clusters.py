"""Trains the cells of a sweep on a Dask cluster; if a worker dies, its cell is tried again elsewhere."""

from __future__ import annotations

import hashlib
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from tinygrad_lab import cluster
from tinygrad_lab.cluster.failures import explained, is_gone
from tinygrad_lab.drafts import draft
from tinygrad_lab.errors import ClusterError
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.data import DATASETS
from tinygrad_lab.lab.sweeps.workers import Doing, Look
from tinygrad_lab.lab.sweeps.working import Stopped, refused, work
from tinygrad_lab.version import __version__

_LOST = (
    "sweep: the connection to the scheduler is lost; finished cells are kept: start the scheduler again, and the same "
    "command goes on from there"
)
_INTERVAL = 0.2  # seconds between two checks of the workers
_BEAT = 0.5  # seconds between two messages from a worker
_FILES = ("data", "test", "validation")  # the options that name files

Contents = dict[str, bytes]


def train(configs: Mapping[int, Config], client: Any) -> Iterator[Look]:
    """Train cells on a cluster; report several times a second until all have ended.

    Arguments:
        configs: the configurations by cell number.
        client: a `distributed.Client`.

    Yields:
        What has ended and what is going on; closing the iterator stops the workers.

    Raises:
        ClusterError: the workers cannot be used, or the scheduler is gone.
    """
    try:
        yield from _looks(configs, client)
    except Exception as error:
        raise (ClusterError(_LOST) if is_gone(error) else explained("sweep", error)) from error


def _looks(configs: Mapping[int, Config], client: Any) -> Iterator[Look]:
    cluster.check(client)
    topic = f"sweep-{uuid4().hex}"
    heard: dict[int, tuple[str, int]] = {}  # of cells that are being trained: worker and epoch
    client.subscribe_topic(topic, lambda event: heard.update([event[1]]))
    # A task rather than scattered data, which would be lost with the worker that holds them.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sending large graph")
        files = client.submit(_same, _contents(configs), key=f"{topic}-files")
    futures = {
        client.submit(_work, n, config, files, topic, __version__, key=f"{topic}-{n}"): n
        for n, config in configs.items()
    }
    try:
        while futures:
            ended = [(futures.pop(future), _left(future)) for future in [f for f in futures if f.done()]]
            for number, _ in ended:
                heard.pop(number, None)
            by_worker = {worker: Doing(number, epoch) for number, (worker, epoch) in list(heard.items())}
            yield Look(ended, [by_worker[worker] for worker in sorted(by_worker)])
            if futures and not ended:
                time.sleep(_INTERVAL)
    finally:
        if client.status == "running":
            client.unsubscribe_topic(topic)
            client.cancel(list(futures))


def _left(future: Any) -> dict[str, Any]:
    """Return the outcome of a cell."""
    if future.status in ("cancelled", "lost"):
        raise ClusterError(_LOST)
    error = future.exception()
    if type(error).__name__ == "KilledWorker":
        return refused(str(error).split(".")[0] + ".", "died")
    if error is not None:
        raise error
    left: dict[str, Any] = future.result()
    return left


def _contents(configs: Mapping[int, Config]) -> Contents:
    """Return the contents of the files that cells read, by their paths here."""
    named = {getattr(config, name) for config in configs.values() for name in _FILES}
    return {path: Path(path).read_bytes() for path in named if path is not None and path not in DATASETS}


# -- on a worker -----------------------------------------------------------------------------------------------------


def _same(contents: Contents) -> Contents:
    return contents


def _work(number: int, config: Config, files: Contents, topic: str, version: str) -> dict[str, Any]:
    from distributed import get_worker

    worker = get_worker()
    if version != __version__:
        raise ClusterError(
            f"sweep: the worker at {worker.address} runs tinygrad_lab {__version__}, not {version}; install that there"
        )
    placed = {name: _placed(path, files, worker) for name in _FILES if (path := getattr(config, name)) in files}
    try:
        return work(Config(**config.to_dict() | placed), _beat(worker, number, topic))
    except Stopped:
        return {}


def _beat(worker: Any, number: int, topic: str) -> Callable[[int], bool]:
    """Return a function that tells the sweep how far a cell is, and returns whether to stop."""
    key, last = worker.get_current_task(), 0.0

    def beat(epoch: int) -> bool:
        nonlocal last
        if time.monotonic() - last < _BEAT:
            return False
        last = time.monotonic()
        worker.log_event(topic, (number, (f"{worker.address}-{threading.get_ident()}", epoch)))
        task = worker.state.tasks.get(key)
        return task is None or task.state == "cancelled"

    return beat


def _placed(path: str, files: Contents, worker: Any) -> str:
    """Return the path of a file on this worker; it is written when first needed."""
    name = f"{hashlib.sha256(files[path]).hexdigest()[:16]}-{Path(path).name}"
    target = Path(worker.local_directory, name)
    if not target.exists():
        with draft(target) as new:
            new.write_bytes(files[path])
    return str(target)
