"""What the engine says about a job besides the job's own events: how it began and how it ended."""

from dataclasses import dataclass
from typing import Any, TypeAlias

from studio.core.events import Event
from studio.core.failures import Failure


@dataclass(frozen=True, slots=True)
class Started:
    """The job's first step is about to run."""


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """The job returned `result`."""

    result: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """The job raised, or its `finally` did while it was being closed."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The job was closed before it returned."""


Outcome: TypeAlias = Finished | Failed | Cancelled
"""How a job ended; every job that is not replaced has exactly one."""

Message: TypeAlias = Event | Started | Outcome
