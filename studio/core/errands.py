"""Calls that may never come back: whoever asks a dead network mount for a file is held until it is alive again.

So a thread of its own asks, which ends with the program, and those who wait for the answer give up when they like.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from threading import Thread
from time import monotonic
from typing import TypeVar

from studio.core.events import Job, Progress
from studio.core.failures import StudioError

__all__ = ["answers", "patiently", "send"]

R = TypeVar("R")

_LOOK_UP_S = 0.05
"""The longest that a job holds its engine's thread while it waits."""


def send(call: Callable[[], R]) -> Future[R]:
    """Begin a call on a thread of its own, which nobody has to wait for."""
    answer: Future[R] = Future()

    def run() -> None:
        try:
            answer.set_result(call())
        except BaseException as error:  # whatever it is, it is raised where the answer is waited for
            answer.set_exception(error)

    Thread(target=run, name="errand", daemon=True).start()
    return answer


def patiently(call: Callable[[], R], words: str, seconds: float = float("inf")) -> Job[R]:
    """Wait for a call as a job, so that others take their steps meanwhile.

    Args:
        call: done on a thread of its own.
        words: what is waited for.
        seconds: after which it is given up.

    Raises:
        StudioError: it did not answer in time.
        BaseException: whatever the call raises.

    """
    answer, until = send(call), monotonic() + seconds
    while not wait([answer], _LOOK_UP_S).done:
        if monotonic() > until:
            raise StudioError(
                f"{words}: the disk does not answer.", "Is its network there, its stick plugged in? Then try again."
            )
        yield Progress(words)
    return answer.result()


def answers(calls: Sequence[Callable[[], R]], otherwise: R, seconds: float = 0.2) -> list[R]:
    """Return what each of these answers within so many seconds, all together; `otherwise` for those that do not.

    For questions of a window, which a disk's cache answers in microseconds where the disk is well. That a disk refuses
    (a name that is too long, a folder into which one may not look) is no answer either.
    """
    errands = [send(call) for call in calls]
    wait(errands, seconds)
    return [errand.result() if errand.done() and not isinstance(errand.exception(), OSError) else otherwise
            for errand in errands]  # fmt: skip
