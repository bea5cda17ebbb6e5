"""The other processes of this computer that train with this one: started with the same command, never left behind.

Fabric has a launcher of its own, but where a child dies it kills its parent too, without a word (as of 2.6): the run's
folder would say "running", and nobody why it is not. Ours lets the parent notice, save what it can, and tell. The
parent also holds the store in which all meet, on a port that the system chose: two runs on one computer cannot collide.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

from studio.core.failures import StudioError

if TYPE_CHECKING:
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

__all__ = ["Launcher", "announce", "in_launcher", "is_companion", "is_main", "launched_from_outside"]

_MARK = "ATELIER_CREW"
_REMEDY = "Look at its message above, or try with fewer --devices."


def launched_from_outside() -> tuple[int, int] | None:
    """Return (devices, nodes) where torchrun or srun started this process as one of several; None elsewhere."""
    found = os.environ
    if "TORCHELASTIC_RUN_ID" in found:
        here = int(found["LOCAL_WORLD_SIZE"])
        return here, int(found["WORLD_SIZE"]) // here
    if int(found.get("SLURM_NTASKS", 1)) > 1 and "SLURM_PROCID" in found and not in_launcher():
        if found.get("SLURM_JOB_NAME") in {"bash", "interactive"}:  # Fabric's way to tell a shell from a job
            return None
        nodes = int(found.get("SLURM_NNODES", 1))
        return int(found["SLURM_NTASKS"]) // nodes, nodes
    return None


def in_launcher() -> bool:
    """Whether a `Launcher` says how the processes find one another."""
    return _MARK in os.environ


def is_companion() -> bool:
    """Whether another process of this computer started this one to train beside it."""
    return in_launcher() and os.environ["LOCAL_RANK"] != "0"


def is_main(nodes: int | None) -> bool:
    """Whether this is the process that writes the run's folder and speaks, as the environment says.

    Args:
        nodes: how many computers were asked for; NODE_RANK means nothing to one.

    """
    found = os.environ
    if launched_from_outside() is not None:
        return found.get("RANK", found.get("SLURM_PROCID")) == "0"
    return not is_companion() and (nodes in (None, 1) or found.get("NODE_RANK", "0") == "0")


def announce() -> None:
    """Say, as a companion, that this process has come so far as to meet the others."""
    if is_companion() and "TORCHELASTIC_USE_AGENT_STORE" in os.environ:
        from torch.distributed import TCPStore  # type: ignore[attr-defined]

        store = TCPStore(os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]), is_master=False)
        store.set(f"came/{os.environ['LOCAL_RANK']}", "1")


class Launcher:
    """Companions on this computer, as a context: within it they work, after it they are gone.

    Entering it writes into this process's environment how the processes find one another, in torchrun's words, and
    starts the others with the same environment.

    Args:
        command: what each companion runs.
        devices: processes on this computer, this one included.
        nodes: computers. With more than one, MASTER_ADDR, MASTER_PORT and NODE_RANK have to be set on each.
        timeout: seconds that companions may take to come.
        grace: seconds that they may take to end by themselves, once this process is done.

    """

    def __init__(
        self, command: Sequence[str], *, devices: int, nodes: int = 1, timeout: float = 120.0, grace: float = 10.0
    ) -> None:
        self._command = list(command)
        self._devices, self._nodes = devices, nodes
        self._timeout, self._grace = timeout, grace
        self._companions: dict[int, subprocess.Popen[bytes]] = {}
        self._store: TCPStore | None = None

    def __enter__(self) -> Self:
        """Start the companions.

        Raises:
            StudioError: nothing says where the other computers are.

        """
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # before torch loads: whoever is lost is told in words
        found = self._meeting_point()
        os.environ.update(found, LOCAL_RANK="0", **{_MARK: "1"})
        for rank in range(1, self._devices):
            environment = {**os.environ, "LOCAL_RANK": str(rank)}
            self._companions[rank] = subprocess.Popen(
                self._command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
        return self

    def wait_for_all(self) -> None:
        """Wait until every companion has announced itself.

        Raises:
            StudioError: one has ended instead, or does not come.

        """
        until = time.monotonic() + self._timeout
        store = self._store
        if store is None:  # elsewhere; Fabric's time-out has to do
            return
        for rank, companion in self._companions.items():
            while not store.check([f"came/{rank}"]):
                if companion.poll() is not None:
                    raise StudioError(self._how_it_ended(rank), _REMEDY)
                if time.monotonic() > until:
                    raise StudioError(f"Process {rank + 1} of {self._devices} does not come.", _REMEDY)
                time.sleep(0.05)

    def killed(self) -> tuple[str, ...]:
        """Say of each companion that somebody killed how that was done."""
        return tuple(self._how_it_ended(rank) for rank, one in self._companions.items() if (one.poll() or 0) < 0)

    def _how_it_ended(self, rank: int) -> str:
        code = self._companions[rank].poll()
        name = f"Process {rank + 1} of {self._devices}"
        if code is not None and code < 0:
            hint = "; often that means that memory ran out" if code == -9 else ""
            known = -code in signal.Signals.__members__.values()  # those for real time have no names
            return f"{name} was killed ({signal.Signals(-code).name if known else f'signal {-code}'}{hint})."
        return f"{name} ended with exit code {code}."

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait a while for the companions, then end them."""
        until = time.monotonic() + self._grace
        for send in (None, signal.SIGTERM, _THE_LAST_SIGNAL):
            for companion in self._companions.values():
                if send is not None and companion.poll() is None:
                    companion.send_signal(send)
            for companion in self._companions.values():
                with suppress(subprocess.TimeoutExpired):
                    companion.wait(max(0.1, until - time.monotonic()))
            until = time.monotonic() + 2.0
        self._store = None

    def _meeting_point(self) -> Mapping[str, str]:
        world = str(self._devices * self._nodes)
        if self._nodes > 1:
            missing = [name for name in ("MASTER_ADDR", "MASTER_PORT", "NODE_RANK") if name not in os.environ]
            if missing:
                raise StudioError(
                    f"Nothing says how the {self._nodes} computers find one another ({', '.join(missing)}).",
                    "Start the command with torchrun or srun, or set these variables on each: see docs/training.md.",
                )
            return {"WORLD_SIZE": world}
        from torch.distributed import TCPStore  # type: ignore[attr-defined]

        self._store = TCPStore(
            "127.0.0.1", 0, is_master=True, wait_for_workers=False, timeout=timedelta(seconds=self._timeout),
            use_libuv=sys.platform != "win32",  # whose builds come without
        )  # fmt: skip
        return {
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(self._store.port),
            "NODE_RANK": "0",
            "WORLD_SIZE": world,
            "TORCHELASTIC_USE_AGENT_STORE": "True",  # the store is there already
        }


_THE_LAST_SIGNAL = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL
