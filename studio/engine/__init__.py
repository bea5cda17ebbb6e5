"""The QThread that runs jobs, its lanes and its signals."""

from studio.engine.engine import Engine, JobSource
from studio.engine.handle import JobHandle, JobState

__all__ = ["Engine", "JobHandle", "JobSource", "JobState"]
