"""The same loop on data larger than memory: Dask's arrays and Dask's clusters, with no scheduler of our own."""

from __future__ import annotations

from tinygrad_lab.cluster.computing import compute
from tinygrad_lab.cluster.connecting import check, connected
from tinygrad_lab.cluster.partitions import backward

__all__ = ["backward", "check", "compute", "connected"]
