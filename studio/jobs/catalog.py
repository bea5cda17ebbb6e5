"""Finds the generator for a task by its name, importing torch only when the job is started."""

from importlib import import_module
from typing import Any

from studio.core.controls import Controls
from studio.core.events import Job

_JOBS = {
    "warm_up": "studio.jobs.warm_up:warm_up",
    "stylize": "studio.jobs.style.stylize:stylize",
    "classify": "studio.jobs.classify:classify",
    "compose": "studio.jobs.compose:compose",
    "load_picture": "studio.jobs.files:load_picture",
    "save_picture": "studio.jobs.files:save_picture",
    "keep_result": "studio.jobs.files:keep_result",
    "examine_data": "studio.jobs.examine:examine_data",
    "list_shelf": "studio.jobs.shelf:list_shelf",
    "download_weights": "studio.jobs.shelf:download_weights",
    "verify_weights": "studio.jobs.shelf:verify_weights",
    "import_weights": "studio.jobs.shelf:import_weights",
    "remove_weights": "studio.jobs.shelf:remove_weights",
    "find_learning_rate": "studio.jobs.find_rate:find_rate",
    "train": "studio.jobs.train:train",
}


def start(name: str, task: Any, controls: Controls[Any]) -> Job[Any]:
    """Return the generator of job `name` over `task`; runs nothing of it yet.

    Raises:
        KeyError: there is no such job.

    """
    module, function = _JOBS[name].split(":")
    job: Job[Any] = getattr(import_module(module), function)(task, controls)
    return job
