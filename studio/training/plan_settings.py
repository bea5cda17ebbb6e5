"""A plan's settings as the task's own kind of settings, checked."""

from pydantic import ValidationError

from studio.core.failures import StudioError
from studio.training.run_folder import RunPlan
from studio.training.settings import TrainingSettings
from studio.training.task_kind import TaskKind

__all__ = ["settings_of"]


def settings_of(plan: RunPlan, kind: TaskKind) -> TrainingSettings:
    """Return what `plan` sets, and the defaults of everything else.

    Raises:
        StudioError: a setting has an impossible value, or there is none of that name.

    """
    try:
        return kind.settings.model_validate(dict(plan.settings))
    except ValidationError as error:
        first = error.errors()[0]
        raise StudioError(
            f"The run's setting “{'.'.join(map(str, first['loc']))}” cannot be used: {first['msg']}.",
            "Correct it in run.json, or begin a new run.",
        ) from error
