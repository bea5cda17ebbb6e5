"""Runs a job as the engine does, without one."""

from studio.core.controls import Controls
from studio.core.settings import Settings


def heard(job):
    """Run a job to its end; returns its events and its result."""
    events = []
    while True:
        try:
            events.append(next(job))
        except StopIteration as end:
            return events, end.value


def run(job, task, controls=None):
    """Begin a job and run it to its end; returns its events and its result."""
    return heard(job(task, controls or Controls(Settings())))
