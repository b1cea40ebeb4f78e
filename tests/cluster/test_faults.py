"""What goes wrong on a cluster, with real processes: results stay the same, or one line says what is kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.cluster.test_partitions import BCE, X, Y, lazy, objective, plain
from tinygrad_lab import lab
from tinygrad_lab.cli import main
from tinygrad_lab.errors import ClusterError
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.sweeps.grid import cells
from tinygrad_lab.lab.sweeps.running import read_store, run

distributed = pytest.importorskip("distributed")
dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # sockets of processes that were killed
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:distributed"),
]


@pytest.fixture(scope="module")
def client():
    """Two workers of one thread each, with 400 MB; those that are killed are started again."""
    settings = {
        "distributed.worker.memory.monitor-interval": "20ms",
        "distributed.worker.multiprocessing-method": "forkserver",  # a new worker need not import everything anew
        "distributed.nanny.pre-spawn-environ.PYTHONPATH": str(Path(__file__).parents[2]),
        "distributed.admin.tick.interval": "1h",
    }
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, memory_limit="400MB", dashboard_address=None, silence_logs=60
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def pids(client):
    return client.run(os.getpid)


def ready(client):
    """Wait until both workers are there again."""
    client.wait_for_workers(2, timeout=20)
    return client


def once(mark):
    """Whether this is the first time, over all processes."""
    try:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def die_once(mark, x):
    if once(mark):
        os.kill(os.getpid(), signal.SIGKILL)
    return x


# -- a worker dies -----------------------------------------------------------------------------------------------------


def test_a_worker_killed_in_mid_step_changes_nothing(client, tmp_path):
    expected, found = plain(), plain()
    objective(expected, X, Y).backward()
    ready(client)
    x, y = client.persist([lazy(X), lazy(Y)])  # half of the data dies with the worker, too
    mark = str(tmp_path / "killed")
    loss = BCE(found(x.map_blocks(lambda block: die_once(mark, block), meta=X[:0])), y)
    loss.backward()
    tl.compute(loss, found)
    assert Path(mark).exists()
    for p, q in zip(expected.parameters(), found.parameters(), strict=True):
        np.testing.assert_allclose(q.grad, p.grad, rtol=1e-10)


def test_nor_one_killed_while_it_has_a_partition(client, tmp_path):
    expected, found = plain(), plain()
    loss = objective(expected, X, Y)
    loss.backward()
    ready(client)
    x, y = client.persist([lazy(X), lazy(Y)])
    mark = str(tmp_path / "killed")
    assert tl.cluster.backward(
        lambda model, x, y: die_once(mark, objective(model, x, y)), found, x, y
    ) == pytest.approx(loss.item(), rel=1e-12)
    assert Path(mark).exists()
    for p, q in zip(expected.parameters(), found.parameters(), strict=True):
        np.testing.assert_allclose(q.grad, p.grad, rtol=1e-10)


def test_scattered_data_that_died_are_one_line_and_not_the_schedulers_fault(client):
    ready(client)
    block = da.from_delayed(client.scatter(X), X.shape, X.dtype)
    (holder,) = client.who_has(distributed.futures_of(block)).values()
    os.kill(pids(client)[holder[0]], signal.SIGKILL)
    time.sleep(0.5)
    with pytest.raises(
        ClusterError, match=r"^backward: data are lost \(.*\), since the worker that held them died"
    ) as told:
        tl.cluster.backward(objective, plain(), block, Y)
    assert "\n" not in str(told.value)


BASE = Config(epochs=1500, hidden=(3,), compile=False)


def rows_of(sweep):
    return [{name: x for name, x in row.items() if name != "seconds"} for row in sweep.rows()]


def test_a_worker_killed_in_mid_sweep_loses_and_doubles_no_cell(client, tmp_path):
    found = cells(BASE, {"lr": [0.1, 1.0], "seed": range(3)})
    expected = rows_of(run(BASE, found, workers=1))
    victim = next(iter(pids(ready(client)).values()))
    killed = []

    def kill(sweep, doing):
        if doing and not killed:
            killed.append(os.kill(victim, signal.SIGKILL))

    result = run(BASE, found, store=tmp_path / "done.jsonl", watch=kill, client=client)
    assert killed
    assert rows_of(result) == expected
    assert len((tmp_path / "done.jsonl").read_text().splitlines()) == len(found)
    again = run(BASE, found, store=tmp_path / "done.jsonl", client=client)  # nothing is left to do
    assert rows_of(again) == expected
    assert len((tmp_path / "done.jsonl").read_text().splitlines()) == len(found)


# -- a slow one --------------------------------------------------------------------------------------------------------


def test_a_slow_worker_gives_its_work_away(client, tmp_path, monkeypatch):
    monkeypatch.setattr("tinygrad_lab.cluster.sharing._SMALL", 1)  # a task for each partition
    slow = next(iter(pids(ready(client)).values()))

    def dawdling(model, x, y):
        with Path(tmp_path, f"{os.getpid()}").open("a") as file:
            file.write(".")
        time.sleep(0.3 if os.getpid() == slow else 0.02)
        return objective(model, x, y)

    expected, found = plain(), plain()
    objective(expected, X, Y).backward()
    tl.cluster.backward(dawdling, found, lazy(X, 2), lazy(Y, 2))
    for p, q in zip(expected.parameters(), found.parameters(), strict=True):
        np.testing.assert_allclose(q.grad, p.grad, rtol=1e-10)
    done = {path.name: len(path.read_text()) for path in tmp_path.iterdir()}
    assert sum(done.values()) == 20
    assert done.get(str(slow), 0) < 10


# -- no scheduler ------------------------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere():
    """A cluster of other processes, that a test may kill: its address, and what kills it."""
    command = [sys.executable, str(Path(__file__).with_name("serving.py"))]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    ) as process:
        kill = lambda: os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip(), kill
        finally:
            kill()


def test_a_scheduler_that_goes_is_one_line_and_what_is_done_is_kept(elsewhere, tmp_path, monkeypatch):
    address, kill = elsewhere
    words = [sys.executable, "-m", "tinygrad_lab", "sweep", "--seed", "0..3", "--epochs", "3000", "--out", "s"]
    sweep = subprocess.Popen(
        [*words, "--cluster", address], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    store, model = tmp_path / "s" / "done.jsonl", plain()

    def kill_when_one_is_done():
        while not read_store(store) and sweep.poll() is None:
            time.sleep(0.02)
        kill()

    with sweep, tl.cluster.connected(address) as client, client.as_current():
        tl.cluster.backward(objective, model, lazy(X), lazy(Y))
        before = model[0].weight.grad
        threading.Thread(target=kill_when_one_is_done, daemon=True).start()
        with pytest.raises(ClusterError, match=r"^backward: the scheduler cannot be reached "):
            tl.cluster.backward(lambda *all: (time.sleep(20), objective(*all))[1], model, lazy(X, 40), lazy(Y, 40))
        assert model[0].weight.grad is before
        dashboard, *told = sweep.communicate(timeout=30)[1].splitlines()
    assert dashboard.startswith("dashboard: http://")
    assert told == [
        "tinygrad-lab: error: sweep: the connection to the scheduler is lost; finished cells are kept: start the "
        "scheduler again, and the same command goes on from there"
    ]
    assert sweep.returncode == 2
    kept = read_store(store)
    assert 1 <= len(kept) < 4
    monkeypatch.chdir(tmp_path)
    assert main([*words[3:], "--workers", "1", "--quiet"]) == 0
    assert len(read_store(store)) == 4
    assert {identity: read_store(store)[identity] for identity in kept} == kept


def test_no_scheduler_at_all(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tl.cluster.connecting, "_SECONDS", 0.3)
    for address in ("tcp://127.0.0.1:9", "nowhere", "http://127.0.0.1:9", ""):
        assert main(["sweep", "--seed", "0..1", "--cluster", address]) == 2
        told = capsys.readouterr().err
        assert told.startswith("tinygrad-lab: error: cluster: no scheduler answers at ")
        assert told.count("\n") == 1


# -- the others --------------------------------------------------------------------------------------------------------


def test_files_travel_and_versions_are_compared(client, tmp_path, monkeypatch):
    (tmp_path / "line.csv").write_text("x,y\n" + "".join(f"{i},{i / 7}\n" for i in range(30)))
    base = Config(data=str(tmp_path / "line.csv"), epochs=10, standardize=True)
    expected = lab.sweep(base, lr=[0.01, 0.1], workers=1)
    ready(client)
    monkeypatch.setattr("tinygrad_lab.lab.sweeps.clusters._contents", _then_remove(tmp_path / "line.csv"))
    found = lab.sweep(base, lr=[0.01, 0.1], client=client)
    for row in found + expected:
        del row["seconds"]
    assert found == expected
    monkeypatch.setattr("tinygrad_lab.cluster.connecting.__version__", "99.0")
    with pytest.raises(ClusterError, match=r"cluster: this is tinygrad_lab 99\.0, but workers run .* on tcp://.*"):
        lab.sweep(Config(epochs=2), seed=[0, 1], client=client)


def _then_remove(path):
    from tinygrad_lab.lab.sweeps.clusters import _contents

    def contents(configs):
        found = _contents(configs)
        path.unlink()
        return found

    return contents


# -- memory: the last test, as such workers take long to come back ------------------------------------------------


def greedy(model, x, y):
    hoard = [np.ones(8_000_000) for _ in range(12)]  # 768 MB
    time.sleep(0.5)
    return objective(model, x, y) + 0 * hoard[0][0]


def test_a_worker_out_of_memory_is_one_line(client):
    client.run_on_scheduler(lambda dask_scheduler: setattr(dask_scheduler, "allowed_failures", 0))
    model = plain()
    with pytest.raises(ClusterError) as told:
        tl.cluster.backward(greedy, model, lazy(X, 40), lazy(Y, 40))
    assert str(told.value).startswith("backward: the workers died (KilledWorker: ")
    assert "make the chunks smaller" in str(told.value)
    assert "\n" not in str(told.value)
    assert model[0].weight.grad is None
