"""A client of Dask's, checked: it is reached, it has workers, and they run this version of the package."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from tinygrad_lab.errors import ClusterError
from tinygrad_lab.extras import extra
from tinygrad_lab.refusals.wording import first_line
from tinygrad_lab.version import __version__

Client: TypeAlias = Any  # of distributed, which may be missing

_SECONDS = 10


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """Provide a client of the scheduler at an address such as `tcp://10.0.0.1:8786`, and close it at the end.

    Raises:
        ClusterError: there is no scheduler.
        MissingExtraError: without the extra `dask`.
    """
    with extra("dask"):
        from distributed import Client
    try:
        client = Client(address, timeout=_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        told = first_line(error)
        raise ClusterError(
            f"cluster: no scheduler answers at {address!r} ({told}); start one with `dask scheduler`, and give its "
            f"address, such as tcp://10.0.0.1:8786"
        ) from error
    # What goes wrong is told by the errors that are raised; Dask's loggers would tell it in tracebacks beside them.
    talking = [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.startswith("distributed")]
    talking = [logger for logger in talking if not logger.disabled]
    for logger in talking:
        logger.disabled = True
    try:
        with client:
            yield client
    finally:
        for logger in talking:
            logger.disabled = False


def client_of(tasks: Iterable[Any] = ()) -> Client | None:
    """Return the client that computes a graph: that of the futures among its tasks, or Dask's present one, or None.

    Raises:
        ClusterError: the client is an asynchronous one.
    """
    import dask

    try:
        from distributed import Future, get_client
    except ImportError:  # Dask alone
        return None
    client = next((task.client for task in tasks if isinstance(task, Future)), None)
    if client is None:
        try:
            client = get_client()
        except ValueError:  # there is none
            return None
    if client.asynchronous:
        raise ClusterError(
            "cluster: the client is asynchronous, and results are waited for here; make it without asynchronous=True"
        )
    return client if getattr(dask.base.get_scheduler(), "__self__", client) is client else None


def check(client: Client) -> None:
    """Fail unless a client has workers, and all of them run this version of the package.

    Raises:
        ClusterError: it is not so; the text names the workers.
    """

    def version() -> str:  # within a function, so that the workers get it without importing the package
        try:
            from tinygrad_lab.version import __version__
        except ImportError as error:
            return f"none ({error})"
        return str(__version__)

    found = client.run(version)
    if not found:
        raise ClusterError(
            f"cluster: the scheduler at {client.scheduler.address} has no workers; start some with `dask worker`"
        )
    others = {worker: one for worker, one in found.items() if one != __version__}
    if others:
        listed = ", ".join(f"{one} on {worker}" for worker, one in others.items())
        raise ClusterError(
            f"cluster: this is tinygrad_lab {__version__}, but workers run {listed}; install the same version there"
        )
