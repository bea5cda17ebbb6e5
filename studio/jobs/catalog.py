"""Finds the generator for a task by its name, importing torch only when the job is started."""

from pkgutil import resolve_name
from typing import Any

from studio.core.controls import Controls
from studio.core.events import Job
from studio.core.picture_tasks import picture_task_named

_JOBS = {
    "warm_up": "studio.jobs.warm_up:warm_up",
    "classify": "studio.jobs.classify:classify",
    "sketch": "studio.jobs.dream_picture:sketch",
    "look_at_generator": "studio.jobs.dream_picture:look_at_generator",
    "nearest_seeds": "studio.jobs.dream_gallery:nearest_seeds",
    "variations": "studio.jobs.dream_gallery:variations",
    "find_directions_of": "studio.jobs.dream_directions:find_directions_of",
    "learn_direction": "studio.jobs.dream_directions:learn_direction",
    "generate": "studio.jobs.dream:generate",
    "interpolate": "studio.jobs.dream:interpolate",
    "project": "studio.jobs.dream:project",
    "directions": "studio.jobs.dream:find_directions",
    "look_for": "studio.jobs.dream_find:look_for",
    "drag_picture": "studio.jobs.dream_find:drag_picture",
    "walk_through": "studio.jobs.dream_walk:walk_through",
    "export_walk": "studio.jobs.dream_walk:export_walk",
    "take_frames": "studio.jobs.frames:take_frames",
    "check_generator": "studio.jobs.dream_check:check_generator",
    "learn_encoder": "studio.jobs.dream_encoder:learn_encoder",
    "mend_damage": "studio.jobs.restore.trial:mend_damage",
    "warm_up_restorer": "studio.jobs.restore.restore:warm_up_restorer",
    "suggest_palette": "studio.jobs.restore.palette:suggest_palette",
    "compose": "studio.jobs.export:compose",
    "load_picture": "studio.jobs.files:load_picture",
    "keep_result": "studio.jobs.files:keep_result",
    "examine_data": "studio.jobs.examine:examine_data",
    "paint_answers": "studio.jobs.translate.answers:paint_answers",
    "make_drawings": "studio.jobs.drawings:make_drawings",
    "list_shelf": "studio.jobs.shelf:list_shelf",
    "download_weights": "studio.jobs.shelf:download_weights",
    "verify_weights": "studio.jobs.shelf:verify_weights",
    "import_weights": "studio.jobs.shelf:import_weights",
    "remove_weights": "studio.jobs.shelf:remove_weights",
    "find_learning_rate": "studio.jobs.find_rate:find_rate",
    "rehearse_run": "studio.jobs.rehearse:rehearse_run",
    "train": "studio.jobs.train:train",
}


def start(name: str, task: Any, controls: Controls[Any]) -> Job[Any]:
    """Return the generator of job `name` over `task`; runs nothing of it yet.

    Args:
        name: of a picture task, or of one of the jobs above.
        task: what the job takes.
        controls: what it hears.

    Raises:
        KeyError: there is no such job.

    """
    kind = picture_task_named(name)
    job: Job[Any] = resolve_name(_JOBS[name] if kind is None else kind.job)(task, controls)
    return job
