"""One job on its way through the engine, advanced step by step; Qt-free."""

from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any

from studio.core.controls import Controls
from studio.core.events import Event, Job, Log, Metrics, Preview, Progress
from studio.core.failures import explain, is_out_of_memory
from studio.engine.messages import Cancelled, Failed, Finished, Outcome


class Run:
    """A job, where it is, and what it was asked to do.

    Only the engine's thread touches the generator; the flags are guarded by the scheduler's lock.
    """

    def __init__(self, key: str, start: Callable[[], Job[Any]], controls: Controls[Any]) -> None:
        self.key = key
        self.controls = controls
        self.live = False
        self.steps = 0
        self.started = False
        self.ended = False
        self.dropped = False
        self.predecessor: Run | None = None
        self.ran_out_of_memory = False
        self._start = start
        self._generator: Job[Any] | None = None

    @property
    def must_close(self) -> bool:
        """True when the job was cancelled or replaced."""
        return self.dropped or self.controls.cancelled

    @property
    def runnable(self) -> bool:
        """True when the job may take a step now."""
        return not self.controls.paused and (self.predecessor is None or self.predecessor.ended)

    def step(self) -> Event | Outcome:
        """Run the job up to its next event or its end. Whatever it raises becomes a `Failed`."""
        self.steps += 1
        try:
            if self._generator is None:
                start, self._start = self._start, _already_started  # lets go of the task's pictures
                self._generator = _checked_generator(start())
            return _checked_event(next(self._generator))
        except StopIteration as end:
            return Finished(end.value)
        except BaseException as error:
            # Not only Exception: one job's SystemExit or KeyboardInterrupt must not end the others.
            return self._fail(error)

    def close(self) -> Outcome:
        """End the job at its present yield; its `finally` blocks run now."""
        try:
            if self._generator is not None:
                self._generator.close()
        except BaseException as error:
            return self._fail(error)
        self._generator = None
        self._start = _already_started
        return Cancelled()

    def _fail(self, error: BaseException) -> Failed:
        failure = explain(error)
        self.ran_out_of_memory = is_out_of_memory(error)
        generator, self._generator = self._generator, None
        if generator is not None:
            with suppress(BaseException):  # the first failure is the one to tell
                generator.close()
        return Failed(failure)


def _already_started() -> Job[Any]:
    raise RuntimeError("A job starts only once.")


def _checked_generator(job: object) -> Job[Any]:
    if not isinstance(job, Generator):
        raise TypeError(f"The job is a {type(job).__name__}, not a generator.")
    return job


def _checked_event(event: object) -> Event:
    if not isinstance(event, Progress | Preview | Metrics | Log):
        raise TypeError(f"The job yielded a {type(event).__name__}, which is no event.")
    return event
