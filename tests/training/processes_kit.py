"""Runs a function in several processes at once, as `atelier train --devices N` would, without starting Python anew."""

import multiprocessing
import os
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Any

from torch.distributed import TCPStore

_WAIT_S = 60.0


@dataclass(frozen=True)
class Ending:
    """How one process ended: with a result, or without one, and with which exit code."""

    result: Any
    code: int | None


def in_processes(world: int, work: Callable[..., Any], *arguments: Any, frozen: int | None = None) -> list[Ending]:
    """Run `work(rank, *arguments)` as each of `world` processes, and return how they ended, by rank.

    Nobody waits for the one called `frozen`: it is killed once the others have ended.
    """
    # the server process imports torch, Fabric and the loop once; every process after it is a fork
    context = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
    if sys.platform != "win32":
        context.set_forkserver_preload(["pytest", "studio.jobs.train"])
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False, timeout=timedelta(seconds=_WAIT_S))
    meeting_point = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(store.port),
        "NODE_RANK": "0",
        "WORLD_SIZE": str(world),
        "TORCHELASTIC_USE_AGENT_STORE": "True",
        "ATELIER_CREW": "1",
        "OMP_NUM_THREADS": "1",
    }
    homes = {name: value for name, value in os.environ.items() if name.startswith(("ATELIER_", "XDG_"))}
    meeting_point = {**homes, **meeting_point}  # the server process was started with those of an earlier test
    pairs = [context.Pipe(duplex=False) for _ in range(world)]
    processes = [
        context.Process(target=_run, args=(rank, writing, meeting_point, work, arguments), daemon=True)
        for rank, (_, writing) in enumerate(pairs)
    ]
    for process in processes:
        process.start()
    for _, writing in pairs:
        writing.close()
    results = [None if rank == frozen else _receive(reading) for rank, (reading, _) in enumerate(pairs)]
    for rank, process in enumerate(processes):
        process.join(0.0 if rank == frozen else 10.0)
        if process.is_alive():
            process.kill()
            process.join()
    return [Ending(result, process.exitcode) for result, process in zip(results, processes, strict=True)]


def _run(
    rank: int, writing: Connection, environment: dict[str, str], work: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    os.environ.update(environment, LOCAL_RANK=str(rank))
    writing.send_bytes(pickle.dumps(work(rank, *arguments)))  # whole: what `send` shares is gone with this process
    writing.close()


def _receive(reading: Connection) -> Any:
    """Return what a process sends; None where it is gone without a word."""
    try:
        return pickle.loads(reading.recv_bytes()) if reading.poll(_WAIT_S) else None
    except EOFError:
        return None
