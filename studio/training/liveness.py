"""Who of the processes that train together is still there: each one's pulse, in the store through which they met.

A collective operation that fails says that somebody is gone, not who. So every process adds to a number of its own
twice a second, from a thread that lives as long as it does; whose number stands still is dead, frozen, or cut off. One
that leaves because of a failure of its own writes down why.
"""

import json
import os
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

from torch.distributed import PrefixStore, TCPStore  # type: ignore[attr-defined]

from studio.core.failures import Failure, StudioError

__all__ = ["Liveness"]

_PULSE_S = 0.5
_PATIENCE_S = 3.0
"""After a meeting has failed: a pulse that stands still for so long has stopped."""

_LONG_PATIENCE_S = 30.0
"""While nothing has failed: a busy computer may skip many beats."""

_REMEDY = "Resume the run: it goes on from its last checkpoint, with as many processes as you like."


class Liveness:
    """One process's pulse, and its eye on the others'. Made once all have met; `stop` it before leaving.

    Args:
        rank: who this is.
        world: how many they are.
        timeout: seconds that a process may keep the others waiting.

    """

    def __init__(self, rank: int, world: int, timeout: float) -> None:
        self._rank, self._world = rank, world
        self._long_patience = min(timeout, _LONG_PATIENCE_S)
        # a connection of its own: a meeting that blocks the other one must not stop the pulse
        address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
        store = TCPStore(address, port, is_master=False, timeout=timedelta(seconds=min(timeout, 60.0)))
        attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")  # torchrun's store outlives a restart
        self._store = PrefixStore(f"atelier/{attempt}", store)
        self._gates = 0
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="presence", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the pulse."""
        self._leaving.set()
        self._thread.join()

    def leave_word(self, failure: Failure) -> None:
        """Write down why this process leaves."""
        self._store.set(f"word/{self._rank}", json.dumps([failure.cause, failure.remedy]))

    def what_happened(self) -> StudioError:
        """Say who is missing, and why, after a meeting failed; takes a few seconds where nobody left word."""
        try:
            return self._told() or self._missed() or self._unexplained()
        except RuntimeError:  # the store is gone, and it lives where the main process does
            return _stopped_answering((0,), self._world)

    # -- one after the other -----------------------------------------------------------------------------------------

    def open_gate(self) -> None:
        """Let those pass who wait for this process at their next gate."""
        self._gates += 1
        self._store.set(f"gate/{self._rank}/{self._gates}", "open")

    def wait_at_gate(self, rank: int) -> None:
        """Wait until the process `rank` opens its next gate, as long as it lives.

        Raises:
            StudioError: it is gone.

        """
        self._gates += 1
        gate = f"gate/{rank}/{self._gates}"
        try:
            while not self._store.check([gate]):
                if told := self._told():
                    raise told
                if self._silent((rank,), self._long_patience):
                    raise _stopped_answering((rank,), self._world)
        except RuntimeError as error:
            raise _stopped_answering((0,), self._world) from error

    # -- inside ------------------------------------------------------------------------------------------------------

    def _beat(self) -> None:
        try:
            while not self._leaving.is_set():
                self._store.add(f"pulse/{self._rank}", 1)
                self._leaving.wait(_PULSE_S)
        except RuntimeError:
            return  # the store is gone: the next meeting fails, and says so where somebody can be told

    def _told(self) -> StudioError | None:
        for rank in self._others():
            if self._store.check([f"word/{rank}"]):
                cause, remedy = json.loads(self._store.get(f"word/{rank}"))
                return StudioError(f"{_name(rank, self._world)} failed: {cause}", remedy)
        return None

    def _missed(self) -> StudioError | None:
        silent = self._silent(self._others(), _PATIENCE_S)
        return _stopped_answering(silent, self._world) if silent else None

    def _unexplained(self) -> StudioError:
        return StudioError(
            f"The {self._world} processes lost one another: the connection broke, or one kept the others waiting.",
            _REMEDY,
        )

    def _silent(self, ranks: Sequence[int], patience: float) -> tuple[int, ...]:
        """Return whose pulse stands still; waits no longer than it takes to hear all of them."""
        before = {rank: self._store.add(f"pulse/{rank}", 0) for rank in ranks}
        silent, until = set(ranks), time.monotonic() + patience
        while silent and time.monotonic() < until:
            time.sleep(_PULSE_S / 2)
            silent = {rank for rank in silent if self._store.add(f"pulse/{rank}", 0) == before[rank]}
        return tuple(sorted(silent))

    def _others(self) -> tuple[int, ...]:
        return tuple(rank for rank in range(self._world) if rank != self._rank)


def _stopped_answering(ranks: Sequence[int], world: int) -> StudioError:
    return StudioError(f"{' and '.join(_name(rank, world) for rank in ranks)} stopped answering.", _REMEDY)


def _name(rank: int, world: int) -> str:
    return f"Process {rank + 1} of {world} (rank {rank})"
