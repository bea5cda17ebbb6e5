"""Keeps a run: writes its checkpoints, and restores it from them at the beginning or after a divergence."""

import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from studio.core.atomic import WriteError
from studio.core.failures import StudioError
from studio.training.checkpoints import Checkpoint, CheckpointClock, Checkpoints
from studio.training.live_settings import LiveSettings
from studio.training.metric_log import MetricLogger
from studio.training.plan_changes import changes_between, check_changes
from studio.training.processes import Processes
from studio.training.run_folder import RunFolder
from studio.training.run_log import RunHistory
from studio.training.train_state import TrainState

__all__ = ["Checkpointer"]

_BREATH_S = 0.02


class Checkpointer:
    """Saves and restores one run's training state; the main process writes, all read.

    Args:
        run: its folder.
        clock: when the next is due.
        train_state: what is saved.
        live_settings: whose steered settings are saved with it.
        identity: of the plan, see `identity_of`.
        logger: what is done is written down there.
        processes: that train together.
        say: tells the user.

    """

    def __init__(
        self, run: RunFolder, clock: CheckpointClock, train_state: TrainState, live_settings: LiveSettings,
        identity: Mapping[str, Any], logger: MetricLogger, processes: Processes, say: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._events = run.events_file
        self._checkpoints = Checkpoints(run.checkpoints)
        self._clock = clock
        self._train_state = train_state
        self._live_settings = live_settings
        self._identity = identity
        self._logger = logger
        self._processes = processes
        self._say = say

    # -- restoring ---------------------------------------------------------------------------------------------------

    def begin(self, *, accept_changes: bool) -> None:
        """Go on from the newest good checkpoint; a new run writes its first, so that there is always one to go back to.

        Raises:
            StudioError: data or plan are not those of the checkpoint, or there is no good one left of a run that has
                come somewhere, and nobody accepted that.
            WriteError: there is no room for checkpoints.

        """
        if self._processes.rank == 0:
            self._checkpoints.tidy()
        found, state, damaged = self._newest_good()
        names = ", ".join(path.name for path in damaged)
        if found is None:
            lost = f"Every checkpoint of this run is damaged ({names})." if damaged else self._missing()
            if lost and not accept_changes:
                raise StudioError(
                    lost, "Restore one from a copy, or accept the loss and begin anew (--accept-changes)."
                )
            if lost:
                self._leave_behind(-1)
                self._say(f"{lost} It begins anew.")
            self.save()
            return
        changes = changes_between(state["identity"], self._identity, type(self._live_settings.planned))
        check_changes(changes, accepted=accept_changes)
        self._restore(found.step, state)
        if changes:
            self._say(f"Going on although something has changed: {', '.join(changes)}.")
        if damaged:
            self._say(f"The newest checkpoint is damaged ({names}); the run goes on from step {found.step}.")
        if state["identity"]["versions"] != self._identity["versions"]:
            self._say("The versions of Atelier or torch have changed: the run goes on, though not bit by bit the same.")

    def go_back(self, until: int | None = None) -> int:
        """Return to the newest good checkpoint (of at most step `until`, if there is one); returns its step.

        Raises:
            StudioError: there is none.

        """
        found, state, _ = self._newest_good(until)
        if found is None and until is not None:
            found, state, _ = self._newest_good()
        if found is None:
            raise StudioError("There is no good checkpoint to go back to.", "Begin a new run.")
        self._restore(found.step, state)
        return found.step

    def return_to_best(self) -> bool:
        """Take up the best checkpoint's weights, if it is there and another than the present; nothing is forgotten."""
        wanted = self._train_state.standing.best_step
        if wanted == self._train_state.standing.step:
            return False
        best, state = self._read_by_all(lambda: self._checkpoints.good_best(wanted))
        if best is not None:
            self._train_state.load_state_dict(state["trainee"])
        return best is not None

    def pin_best(self, note: str) -> None:
        """Never throw the best checkpoint away, if it is there."""
        step = self._train_state.standing.best_step
        if self._processes.rank == 0 and any(one.step == step and one.best for one in self._checkpoints.all()):
            try:
                self._checkpoints.mark(step, pinned=True, note=note)
            except WriteError as error:
                self._say(f"{error.cause} {error.remedy}")
            self._logger.event("checkpoint", step, file=self._checkpoints.file_of(step).name, kind="pinned", best=True)

    def _missing(self) -> str:
        """Say so where a run has no checkpoints although it has taken steps; "" for a new one."""
        history = RunHistory(self._events)
        history.poll()
        reached = self._processes.broadcast(history.step)
        return f"The checkpoints of this run, which came to step {reached}, are gone." if reached else ""

    def _newest_good(self, until: int | None = None) -> tuple[Checkpoint | None, Mapping[str, Any], list[Path]]:
        damaged: list[Path] = []

        def choose() -> tuple[Checkpoint | None, Mapping[str, Any]]:
            found, state, damaged[:] = self._checkpoints.newest_good(until)
            return found, state

        found, state = self._read_by_all(choose)
        return found, state, self._processes.broadcast(damaged)

    def _read_by_all(
        self, choose: Callable[[], tuple[Checkpoint | None, Mapping[str, Any]]]
    ) -> tuple[Checkpoint | None, Mapping[str, Any]]:
        """Let the main process choose and read a checkpoint, and every other one read the same.

        Raises:
            StudioError: not all can read it.

        """
        main = self._processes.rank == 0
        found, state = choose() if main else (None, {})
        found = self._processes.broadcast(found)
        if found is not None and not main:
            state = self._checkpoints.read(found) or {}
        if found is not None and any(self._processes.agree(not state)):
            raise StudioError(
                f"Not every process can read the checkpoint of step {found.step}.",
                "See to it that all computers share the run's folder; then resume.",
            )
        return found, state

    def _restore(self, step: int, state: Mapping[str, Any]) -> None:
        self._train_state.load_state_dict(state["trainee"])
        self._live_settings.restore(state["steered"])
        self._train_state.task.adopt(self._live_settings.settings)
        self._leave_behind(step)

    def _leave_behind(self, step: int) -> None:
        """Forget what came after `step`; −1 is all there was."""
        self._logger.forget()
        if self._processes.rank == 0:
            self._checkpoints.abandon_after(step)
        self._logger.event("resumed", max(step, 0))  # last: where this is written, nothing later is gone on from

    def warn(self, what: str, message: str) -> None:
        """Write down and say what went wrong, and what was done about it."""
        self._logger.event("guard", self._train_state.standing.step, what=what, message=message)
        self._say(message)

    # -- saving ------------------------------------------------------------------------------------------------------

    def due(self) -> bool:
        """Whether it is time to save; the main process's clock goes for all."""
        return self._processes.broadcast(self._clock.due())

    def affordable(self) -> bool:
        """Whether one more checkpoint stays within their share of the time."""
        return self._processes.broadcast(self._clock.affordable())

    def saving(self, *, pinned: bool = False, note: str = "") -> Generator[None, None, None]:
        """Write a checkpoint of the present step, unless there is one already, which then only gets the marks.

        Yields while a thread writes: that may take a while, and nothing is learnt meanwhile.

        Raises:
            WriteError: there is no room, or the disk does not take it.

        """
        began = time.monotonic()
        self._logger.flush()
        state = {
            "format": 1, "identity": dict(self._identity), "steered": self._live_settings.steered(),
            "trainee": self._train_state.state_dict(),
        }  # fmt: skip
        step = self._train_state.standing.step
        best = self._train_state.standing.best_step == step
        if self._processes.rank == 0:
            self._logger.sync()  # no checkpoint is ahead of its log
            marks: dict[str, Any] = {"best": best, "pinned": pinned, "note": note}
            if any(one.step == step and not one.abandoned for one in self._checkpoints.all()):
                self._checkpoints.mark(step, **marks)
            else:
                with ThreadPoolExecutor(1, "checkpoint") as writer:
                    written = writer.submit(self._checkpoints.save, step, state, **marks)
                    while not wait([written], timeout=_BREATH_S).done:
                        yield
                    written.result()
            seconds = time.monotonic() - began
            self._clock.took(seconds)
            self._logger.event(
                "checkpoint", step, file=self._checkpoints.file_of(step).name,
                kind="pinned" if pinned else "latest", best=best, seconds=round(seconds, 3),
            )  # fmt: skip

    def save(self) -> None:
        """Save without a breath: where there is nobody left to breathe for.

        Raises:
            WriteError: there is no room, or the disk does not take it.

        """
        for _ in self.saving():
            pass

    def saving_in_passing(self, *, pinned: bool = False, note: str = "") -> Generator[None, None, None]:
        """Save; where that fails the run goes on, and says so."""
        try:
            yield from self.saving(pinned=pinned, note=note)
        except WriteError as error:
            self._clock.took(0.0)
            self._say(f"{error.cause} {error.remedy}")
