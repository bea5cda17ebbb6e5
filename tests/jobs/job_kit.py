"""Runs a job as the engine does, without one."""

from studio.core.controls import Controls
from studio.core.settings import Settings


def run(job, task, controls=None):
    """Run a job to its end; returns its events and its result."""
    steps, events = job(task, controls or Controls(Settings())), []
    while True:
        try:
            events.append(next(steps))
        except StopIteration as end:
            return events, end.value
