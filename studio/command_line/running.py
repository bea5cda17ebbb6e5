"""Runs a job in this very thread, and lets Ctrl+C end it with what was reached."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from studio.command_line.exit_codes import FAILED, INTERRUPTED
from studio.command_line.failing import tell_failure
from studio.command_line.reporting import Reporter
from studio.core.controls import Controls
from studio.core.events import Job, Preview
from studio.core.failures import Failure, explain

R = TypeVar("R")


class Interrupted(Exception):  # noqa: N818 - not an error: somebody asked for it
    """The job was stopped before it reached anything."""


@contextmanager
def stoppable(controls: Controls[Any]) -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into "return what you have", the second into "stop at once"."""

    def stop(number: int, frame: object) -> None:
        if controls.finishing:
            controls.cancel()
            signal.signal(number, before[number])
        controls.finish()

    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def concluded(told: Reporter, work: Callable[[], int], *, debug: bool, interrupted: Failure | None = None) -> int:
    """Do `work`, whose exit code is returned; whatever goes wrong is told, and becomes one.

    Args:
        told: who is told.
        work: may raise.
        debug: print the traceback of a failure.
        interrupted: what to say where it was stopped before it reached anything.

    """
    try:
        with told:
            return work()
    except Interrupted:
        failure, code = interrupted, INTERRUPTED
    except Exception as error:
        failure, code = explain(error), FAILED
    if failure is not None:
        told.failed(failure)
        tell_failure(failure, debug=debug)
    return code


def run_job(job: Job[R], controls: Controls[Any], reporter: Reporter, *, in_parts: bool = False) -> R:
    """Run `job` to its end and return its result, or what it had reached when it was asked to finish.

    Args:
        job: to run.
        controls: that it heeds.
        reporter: is told what it says.
        in_parts: what it returns when it is asked to finish is worth having at any time, not only after a preview.

    Raises:
        Interrupted: it was asked to stop at once, or before there was anything worth having.

    """
    reached = in_parts
    try:
        while not controls.cancelled and (reached or not controls.finishing):
            event = next(job)
            reached = reached or isinstance(event, Preview)
            reporter.say(event)
    except StopIteration as end:
        result: R = end.value
        if reached or not controls.finishing:
            return result
    finally:
        with suppress(StopIteration):
            job.close()
    raise Interrupted
