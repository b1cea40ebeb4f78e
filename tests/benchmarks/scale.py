"""Strong and weak scaling of a full-batch gradient over local workers, overhead of a step, and data beyond memory."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_lab as tl

FEATURES, UNITS, ROWS = 64, 128, 60_000  # of a partition: about 100 ms of one core
PARTITIONS, STEPS = 8, 5


def network() -> Any:
    rng = np.random.default_rng(0)
    first, last = tl.nn.Linear(FEATURES, UNITS, rng=rng), tl.nn.Linear(UNITS, 1, rng=rng)
    return tl.nn.Sequential(first, tl.nn.Tanh(), last)


def objective(model: Any, x: Any, y: Any) -> Any:
    return tl.functional.mse_loss(model(x), y)


def data(rows: int, partitions: int) -> tuple[Any, Any]:
    import dask.array as da

    state = da.random.default_rng(0)
    x = state.normal(size=(rows * partitions, FEATURES), chunks=(rows, FEATURES))
    return x, x[:, :1] * 2 - x[:, 1:2]


def seconds(step: Callable[[], object], steps: int = STEPS) -> float:
    """Return the median time of a step, after one to warm up."""
    times = []
    for _ in range(steps + 1):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def on(workers: int, work: Callable[[Any], Any], memory: str = "4GB") -> Any:
    """Return what `work(client)` gives on so many local processes of one thread each."""
    import dask
    from distributed import Client, LocalCluster

    options = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50, "memory_limit": memory}
    with (
        dask.config.set({"distributed.worker.multiprocessing-method": "spawn"}),
        LocalCluster(n_workers=workers, **options) as cluster,
        Client(cluster) as client,
    ):
        return work(client)


def gradient_on(workers: int, partitions: int, rows: int = ROWS, verb: str = "backward", steps: int = STEPS) -> float:
    """Return the seconds of a full-batch gradient whose data are in the workers' memory."""
    from distributed import wait

    def work(client: Any) -> float:
        x, y = client.persist(data(rows, partitions))
        wait([x, y])
        model = network()

        def step() -> None:
            model.zero_grad()
            if verb == "backward":
                tl.cluster.backward(objective, model, x, y)
            else:
                loss = objective(model, x, y)
                loss.backward()
                tl.compute(loss, model)

        return seconds(step, steps)

    found: float = on(workers, work)
    return found


def one_core(partitions: int) -> float:
    """Return the seconds of the same in plain NumPy, a partition after the other."""
    rng = np.random.default_rng(0)
    parts = [(x := rng.normal(size=(ROWS, FEATURES)), x[:, :1] * 2 - x[:, 1:2]) for _ in range(partitions)]
    w1, b1, w2, b2 = (p.data for p in network().parameters())

    def step() -> None:
        for x, y in parts:
            h = np.tanh(x @ w1.T + b1)
            d = 2 * (h @ w2.T + b2 - y) / (len(x) * partitions)
            dh = (d @ w2) * (1 - h * h)
            _ = dh.T @ x, dh.sum(axis=0), d.T @ h, d.sum(axis=0)

    return seconds(step)


def beyond_memory() -> tuple[float, float]:
    """Return the gigabytes of data that two workers of 400 MB each went through in one step, and its seconds."""
    rows, partitions = 20_000, 315  # 10 MB each

    def work(client: Any) -> float:
        x, y = data(rows, partitions)
        model = network()
        start = time.perf_counter()
        tl.cluster.backward(objective, model, x, y)
        return time.perf_counter() - start

    return rows * partitions * FEATURES * 8 / 1e9, on(2, work, "400MB")


def thousand_steps(steps: int = 1000) -> tuple[int, int, float, float]:
    """Return the smallest and largest graph of a step of the ordinary loop, and the MB in use after 50 and all."""
    import dask.array as da
    from dask.callbacks import Callback

    rng = np.random.default_rng(0)
    x = da.from_array(rng.normal(size=(400, FEATURES)), chunks=(100, FEATURES))
    model, sizes, memory = network(), [], []
    optimizer = tl.optim.Adam(model.parameters(), lr=0.01)
    with Callback(start=lambda graph: sizes.append(len(graph))):
        for step in range(steps):
            optimizer.zero_grad()
            loss = objective(model, x, x[:, :1])
            loss.backward()
            tl.compute(loss, model)
            optimizer.step()
            if step in (50, steps - 1):
                pages = int(Path("/proc/self/statm").read_text().split()[1])
                memory.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
    return min(sizes), max(sizes), memory[0], memory[-1]


def run(with_torch: bool) -> str:
    base = one_core(PARTITIONS)
    lines = [
        "### Full-batch gradient over local workers",
        "",
        f"Target: efficiency at least 70 % at 2 workers, a step's overhead at most 30 ms at 40 partitions. "
        f"{PARTITIONS} partitions of {ROWS:,} rows; plain NumPy by hand on one core: {base:.2f} s, "
        f"{base / PARTITIONS * 1e3:.0f} ms a partition. Load of the machine before: "
        f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.",
        "",
        "| workers | strong: s a step | efficiency to NumPy by hand | to one worker | weak: s a step | efficiency |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    first = weakest = 0.0
    for workers in (1, 2, 4):
        strong, weak = gradient_on(workers, PARTITIONS), gradient_on(workers, 2 * workers)
        first, weakest = first or strong, weakest or weak
        lines.append(
            f"| {workers} | {strong:.2f} | {base / workers / strong:.0%} | {first / workers / strong:.0%} | "
            f"{weak:.2f} | {weakest / weak:.0%} |"
        )
    few = {verb: gradient_on(2, 40, 10, verb, 10) for verb in ("backward", "compute")}
    size, took = beyond_memory()
    least, most, early, late = thousand_steps()
    lines += [
        "",
        f"A step of 40 partitions of 10 rows on 2 workers: {few['backward'] * 1e3:.0f} ms with `tl.cluster.backward`, "
        f"{few['compute'] * 1e3:.0f} ms with `tl.compute`.",
        "",
        f"{size:.1f} GB of data through 2 workers of 0.4 GB each: one step in {took:.1f} s.",
        "",
        f"1,000 steps of the ordinary loop: graphs of {least} to {most} tasks, {early:.0f} MB after 50 steps, "
        f"{late:.0f} MB after all. Load at the end: {os.getloadavg()[0]:.1f}.",
    ]
    return "\n".join(lines)
