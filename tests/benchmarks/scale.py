"""Strong and weak scaling of a full-batch gradient over local workers, overhead of a step, and data beyond memory."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_lab as tl

PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"
FEATURES, UNITS = 64, 128
WIDE, ROWS = 512, 4_000  # features and units, and rows of a partition: about 100 ms of one core, mostly products
PARTITIONS, STEPS = 8, 3


def network(features: int = FEATURES, units: int = UNITS) -> Any:
    rng = np.random.default_rng(0)
    first, last = tl.nn.Linear(features, units, rng=rng), tl.nn.Linear(units, 1, rng=rng)
    return tl.nn.Sequential(first, tl.nn.Tanh(), last)


def objective(model: Any, x: Any, y: Any) -> Any:
    return tl.functional.mse_loss(model(x), y)


def data(rows: int, partitions: int, features: int = FEATURES) -> tuple[Any, Any]:
    import dask.array as da

    state = da.random.default_rng(0)
    x = state.normal(size=(rows * partitions, features), chunks=(rows, features))
    return x, x[:, :1] * 2 - x[:, 1:2]


def seconds(*contenders: Callable[[], object], steps: int = STEPS) -> list[float]:
    """Return the median times of steps that are made in turn, after one of each to warm up."""
    times: list[list[float]] = [[] for _ in contenders]
    for _ in range(steps + 1):
        for step, took in zip(contenders, times, strict=True):
            start = time.perf_counter()
            step()
            took.append(time.perf_counter() - start)
    return [statistics.median(took[1:]) for took in times]


def on(workers: int, work: Callable[[Any], Any], memory: str = "4GB") -> Any:
    """Return what `work(client)` gives on so many local processes of one thread each.

    Their memory is handled as in any process of NumPy's: Dask's setting gives each freed array back to the system.
    """
    import dask
    from distributed import Client, LocalCluster

    settings = {
        "distributed.worker.multiprocessing-method": "spawn",
        "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
    }
    options = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50, "memory_limit": memory}
    with (
        dask.config.set(settings),
        LocalCluster(n_workers=workers, **options) as cluster,
        Client(cluster) as client,
    ):
        return work(client)


def gradient_on(
    workers: int, partitions: int, *beside: Callable[[], object], rows: int = ROWS, wide: int = WIDE,
    verb: str = "backward", steps: int = STEPS,
) -> list[float]:  # fmt: skip
    """Return the seconds of a full-batch gradient whose data are in the workers' memory, and of other steps in turn."""
    from distributed import wait

    def work(client: Any) -> list[float]:
        x, y = client.persist(data(rows, partitions, wide))
        wait([x, y])
        model = network(wide, max(wide, UNITS))

        def step() -> None:
            model.zero_grad()
            if verb == "backward":
                tl.cluster.backward(objective, model, x, y)
            else:
                loss = objective(model, x, y)
                loss.backward()
                tl.compute(loss, model)

        return seconds(step, *beside, steps=steps)

    found: list[float] = on(workers, work)
    return found


def by_hand(partitions: int) -> Callable[[], object]:
    """Return the same in plain NumPy, a partition after the other."""
    rng = np.random.default_rng(0)
    parts = [(x := rng.normal(size=(ROWS, WIDE)), x[:, :1] * 2 - x[:, 1:2]) for _ in range(partitions)]
    w1, b1, w2, b2 = (p.data for p in network(WIDE, WIDE).parameters())

    def step() -> None:
        for x, y in parts:
            h = np.tanh(x @ w1.T + b1)
            d = 2 * (h @ w2.T + b2 - y) / (len(x) * partitions)
            dh = (d @ w2) * (1 - h * h)
            _ = dh.T @ x, dh.sum(axis=0), d.T @ h, d.sum(axis=0)

    return step


def _at_once(partitions: int, pipe: Any) -> None:
    step = by_hand(partitions)
    pipe.send(True)
    while pipe.recv():
        step()
        pipe.send(True)


@contextmanager
def processes(count: int) -> Iterator[Callable[[], object]]:
    """Provide a step by hand in so many processes at once: what this machine gives without Dask and this package."""
    context = multiprocessing.get_context("spawn")
    pipes = []
    for _ in range(count):
        here, there = context.Pipe()
        context.Process(target=_at_once, args=(PARTITIONS // count, there), daemon=True).start()
        pipes.append(here)

    def step() -> None:
        for pipe in pipes:
            pipe.send(True)
        for pipe in pipes:
            pipe.recv()

    for pipe in pipes:
        pipe.recv()
    yield step
    for pipe in pipes:
        pipe.send(False)


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


def scheduler() -> float:
    """Return the seconds that a task costs which does nothing, on two workers."""

    def work(client: Any) -> float:
        def hundred() -> None:
            client.gather(client.map(abs, range(100), pure=False))

        return seconds(hundred)[0] / 100

    found: float = on(2, work)
    return found


def strong_and_weak(task: float) -> list[str]:
    """Return the rows of the table: all partitions over 1, 2 and 4 workers, and two for each of them."""
    rows, here, first = [], by_hand(PARTITIONS), 0.0
    for workers in (1, 2, 4):
        with processes(workers) as together:
            strong, alone, ceiling = gradient_on(workers, PARTITIONS, here, together, steps=2 * STEPS)
        (weak,) = gradient_on(workers, 2 * workers)
        first = first or weak
        predicted = -(-PARTITIONS // workers) * alone / PARTITIONS + PARTITIONS * task
        times = f"{alone:.2f} | {ceiling:.2f} | {predicted:.2f} | {strong:.2f}"
        shares = f"{alone / workers / strong:.0%} | {alone / workers / ceiling:.0%}"
        rows.append(f"| {workers} | {times} | {shares} | {weak:.2f} | {first / weak:.0%} |")
    return rows


def run(with_torch: bool) -> str:
    before, task = os.getloadavg()[0], scheduler()
    rows = strong_and_weak(task)
    small = {"rows": 10, "wide": FEATURES}
    (few,), (lazily,) = gradient_on(2, 40, **small, steps=20), gradient_on(2, 40, **small, verb="compute", steps=3)
    size, took = beyond_memory()
    least, most, early, late = thousand_steps()
    tasks = f"{least}" if least == most else f"{least} to {most}"
    lines = [
        f"A network {WIDE}-{WIDE}-1 on {PARTITIONS} partitions of {ROWS:,} rows, local workers of one thread; s = "
        f"{task * 1e3:.1f} ms a task. The load of",
        f"{os.cpu_count()} cores was {before:.1f} before and {os.getloadavg()[0]:.1f} after; NumPy and the workers "
        "took turns.",
        "",
        "| workers | NumPy by hand, s | NumPy in so many processes, s | predicted, s | measured, s | efficiency "
        "| that of NumPy in processes | two partitions each, s | efficiency |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        *rows,
        "",
        "The targets are an efficiency of 70 % at two workers, and 30 ms for a step of 40 small partitions.",
        "",
        f"- A step of 40 partitions of 10 rows on two workers, nearly all of it the scheduler's: "
        f"{few * 1e3:.0f} ms with",
        f"  `tl.cluster.backward`, {lazily * 1e3:.0f} ms with `tl.compute`.",
        f"- {size:.1f} GB of data through two workers of 0.4 GB each: one step in {took:.1f} s.",
        f"- 1,000 steps of the ordinary loop with `tl.compute`: {tasks} tasks in the graph of every step, "
        f"{early:.0f} MB in use",
        f"  after 50 steps and {late:.0f} MB after all.",
    ]
    return "\n".join(lines)


def write(text: str) -> None:
    """Put what `run` returned into the page."""
    head, begin, rest = PAGE.read_text(encoding="utf-8").partition("<!-- scale -->\n")
    _, end, tail = rest.partition("<!-- end of scale -->")
    PAGE.write_text(f"{head}{begin}{text}\n{end}{tail}", encoding="utf-8")
