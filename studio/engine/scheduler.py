"""Decides which job takes the next step, and takes it: two lanes over one thread, Qt-free."""

from collections.abc import Callable
from threading import Condition
from time import perf_counter

from studio.engine.messages import Cancelled, Failed, Finished, Message, Outcome, Started
from studio.engine.run import Run

QUEUE_SHARE = 0.2
"""The part of the time that the queue gets while live work is waiting; alone, it gets all."""

FINISHING_S = 20.0
"""How long jobs that were asked for what they have reached may take to return it, all together, at the end."""


class Scheduler:
    """Runs jobs step by step on the thread that calls `work`; every other method may be called from any thread.

    Live jobs take turns and go first. The queue's first job earns a share of every live step's time and takes a step
    when it has earned one as long as its last: so a slider's first frame never waits for more than the step in
    progress, and a training run still moves while someone paints. Once it is asked for what it has reached it goes
    first: somebody waits for it to pause, or for the window to close.

    Args:
        condition: guards the lanes and whatever `has_room` reads.
        send: delivers a job's message to its owner.
        has_room: False while the owner is too far behind to be sent more.
        free_memory: called after a job ran out of memory, before the next step.

    """

    def __init__(
        self,
        condition: Condition,
        send: Callable[[Run, Message], None],
        has_room: Callable[[], bool],
        free_memory: Callable[[], None],
    ) -> None:
        self._condition = condition
        self._send = send
        self._has_room = has_room
        self._free_memory = free_memory
        self._live: list[Run] = []
        self._queue: list[Run] = []
        self._earned = 0.0
        self._queue_step = 0.0
        self._stopping = False

    def add_live(self, run: Run, *, after_running: bool = False) -> list[Run]:
        """Run `run` in place of what its key runs or waits to run; returns the replaced ones.

        With `after_running`, the key's running job goes on to its end first; only what waits is replaced.
        """
        with self._condition:
            run.live = True
            replaced = []
            for old in [old for old in self._live if old.key == run.key and not old.must_close]:
                if after_running and old.started:
                    run.predecessor = old
                    continue
                old.dropped = True
                replaced.append(old)
                if not old.started:
                    self._live.remove(old)
            self._live.append(run)
            self._condition.notify_all()
            return replaced

    def add_queued(self, run: Run) -> None:
        """Run `run` after everything that is in the queue."""
        with self._condition:
            self._queue.append(run)
            self._condition.notify_all()

    def wake(self) -> None:
        """Look again: a job was cancelled, paused or resumed, or the owner caught up."""
        with self._condition:
            self._condition.notify_all()

    def stop(self) -> None:
        """End `work` after the step in progress: jobs that were asked to finish do so, every other one is closed."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()

    @property
    def stopping(self) -> bool:
        """True once `stop` was called."""
        return self._stopping

    def work(self) -> None:
        """Step and close jobs until `stop`. Uses no time while there is nothing to do."""
        while (run := self._wait_for_next()) is not None:
            self._close(run) if run.must_close else self._advance(run)
        deadline = perf_counter() + FINISHING_S
        for run in [*self._live, *self._queue]:
            while run.controls.finishing and not (run.ended or run.must_close) and perf_counter() < deadline:
                self._advance(run)
            if not run.ended:
                self._close(run)

    def _wait_for_next(self) -> Run | None:
        with self._condition:
            while not self._stopping:
                if (run := self._pick()) is not None:
                    # Under the lock, so that nobody who replaces the job takes it for one that never ran.
                    run.started = run.started or not run.must_close
                    return run
                self._condition.wait()
            return None

    def _pick(self) -> Run | None:
        for run in [*self._live, *self._queue]:
            if run.must_close:
                return run
        if not self._has_room():
            return None
        live = next((run for run in self._live if run.runnable), None)
        queued = self._first_in_queue()
        if live is None or queued is None:
            self._earned = 0.0
            return live or queued
        return queued if queued.controls.finishing or self._earned >= self._queue_step else live

    def _first_in_queue(self) -> Run | None:
        """The queue's job in progress, or else its next; one that is paused lets the others pass."""
        runnable = [run for run in self._queue if run.runnable]
        return next((run for run in runnable if run.started), runnable[0] if runnable else None)

    def _advance(self, run: Run) -> None:
        if run.steps == 0:
            run.predecessor = None
            self._send(run, Started())
        began = perf_counter()
        said = run.step()
        self._account(run, perf_counter() - began)
        if isinstance(said, Finished | Failed | Cancelled):
            self._end(run, Cancelled() if isinstance(said, Finished) and run.must_close else said)
        else:
            self._send(run, said)

    def _account(self, run: Run, seconds: float) -> None:
        with self._condition:
            if run.live:
                self._earned += seconds * QUEUE_SHARE / (1.0 - QUEUE_SHARE)
                self._live.remove(run)  # the next turn is the next key's
                self._live.append(run)
            else:
                self._earned = 0.0 if run.controls.finishing else self._earned - seconds
                self._queue_step = seconds

    def _close(self, run: Run) -> None:
        self._end(run, run.close())

    def _end(self, run: Run, outcome: Outcome) -> None:
        with self._condition:
            run.ended = True
            (self._live if run.live else self._queue).remove(run)
        if run.ran_out_of_memory:
            self._free_memory()
        self._send(run, outcome)
