"""The training job: begins a run or goes on with it, whatever its folder holds."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from pydantic import ValidationError

from studio.core.controls import Controls
from studio.core.events import Job, Log, Progress
from studio.core.failures import StudioError, explain
from studio.core.user_folders import UserFolders
from studio.training.chance import seed_everything, seed_of, undisturbed
from studio.training.checkpoints import CheckpointClock
from studio.training.data.loader import ExampleLoader, suitable_workers
from studio.training.kinds import kind_named
from studio.training.loop import Equipment, TrainingLoop
from studio.training.parts_memo import PartsMemo
from studio.training.processes import Processes
from studio.training.run_folder import RunFolder, RunPlan, TrainedRun, TrainRequest
from studio.training.run_log import RunLog
from studio.training.settings import TrainingSettings
from studio.training.task import Place, TrainingTask
from studio.training.task_kind import TaskKind

__all__ = ["train"]
