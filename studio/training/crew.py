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
from typing import Self

from torch.distributed import TCPStore  # type: ignore[attr-defined]

from studio.core.failures import StudioError

__all__ = ["Crew", "announce", "is_companion"]

_MARK = "ATELIER_COMPANION"
_GRACE_S = 10.0
"""How long companions may take to end by themselves, once this process is done."""

_REMEDY = "Look at its message above, or try with fewer --devices."


def is_companion() -> bool:
    """Whether another process of this computer started this one to train beside it."""
    return _MARK in os.environ


def announce() -> None:
    """Say, as a companion, that this process has come so far as to meet the others."""
    if is_companion() and "TORCHELASTIC_USE_AGENT_STORE" in os.environ:
        _connect().set(f"came/{os.environ['LOCAL_RANK']}", "1")


class Crew:
    """Companions on this computer, as a context: within it they work, after it they are gone.

    Entering it writes into this process's environment how the processes find one another, in torchrun's words, and
    starts the others with the same environment.

    Args:
        command: what each companion runs.
        devices: processes on this computer, this one included.
        nodes: computers. With more than one, MASTER_ADDR, MASTER_PORT and NODE_RANK have to be set on each.
        timeout: seconds that companions may take to come.

    """

    def __init__(self, command: Sequence[str], *, devices: int, nodes: int = 1, timeout: float = 120.0) -> None:
        self._command = list(command)
        self._devices, self._nodes = devices, nodes
        self._timeout = timeout
        self._companions: dict[int, subprocess.Popen[bytes]] = {}
        self._store: TCPStore | None = None

    def __enter__(self) -> Self:
        """Start the companions.

        Raises:
            StudioError: nothing says where the other computers are.

        """
        found = self._meeting_point()
        os.environ.update(found, LOCAL_RANK="0")
        for rank in range(1, self._devices):
            environment = {**os.environ, _MARK: "1", "LOCAL_RANK": str(rank)}
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
        for rank in self._companions if self._store is not None else ():
            while not self._store.check([f"came/{rank}"]):
                if self._companions[rank].poll() is not None:
                    raise StudioError(self.how_it_fell(rank), _REMEDY)
                if time.monotonic() > until:
                    raise StudioError(f"Process {rank + 1} of {self._devices} does not come.", _REMEDY)
                time.sleep(0.05)

    def fallen(self) -> tuple[str, ...]:
        """Say of each companion that did not end in order how it ended."""
        return tuple(self.how_it_fell(rank) for rank, one in self._companions.items() if one.poll() not in (None, 0))

    def how_it_fell(self, rank: int) -> str:
        """Say how a companion ended."""
        code = self._companions[rank].poll()
        name = f"Process {rank + 1} of {self._devices}"
        if code is not None and code < 0:
            hint = "; often that means that memory ran out" if code == -signal.SIGKILL else ""
            return f"{name} was killed ({signal.Signals(-code).name}{hint})."
        return f"{name} ended with exit code {code}."

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Wait a while for the companions, then end them."""
        until = time.monotonic() + _GRACE_S
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
        self._store = TCPStore(
            "127.0.0.1", 0, is_master=True, wait_for_workers=False, timeout=timedelta(seconds=self._timeout)
        )
        return {
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(self._store.port),
            "NODE_RANK": "0",
            "WORLD_SIZE": world,
            "TORCHELASTIC_USE_AGENT_STORE": "True",  # the store is there already
        }


def _connect() -> TCPStore:
    return TCPStore(os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]), is_master=False)


_THE_LAST_SIGNAL = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL
