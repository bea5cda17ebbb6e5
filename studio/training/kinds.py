"""Every kind of training there is: one line each. Free of torch, so that the window and `--help` know them at once."""

from pydantic import ValidationError

from studio.core.failures import StudioError
from studio.training.run_folder import RunPlan
from studio.training.settings import TrainingSettings
from studio.training.task_kind import TaskKind
from studio.training.tasks.classifier_settings import CLASSIFIER
from studio.training.tasks.colourise_settings import COLOURISE
from studio.training.tasks.distill_settings import DISTILL
from studio.training.tasks.fast_style_settings import FAST_STYLE
from studio.training.tasks.gan_settings import GAN
from studio.training.tasks.inpaint_settings import INPAINT
from studio.training.tasks.restore_settings import RESTORE
from studio.training.tasks.scratches_settings import SCRATCHES
from studio.training.tasks.translate_settings import CYCLEGAN

__all__ = ["KINDS", "kind_named", "settings_of"]

KINDS: tuple[TaskKind, ...] = (FAST_STYLE, RESTORE, INPAINT, SCRATCHES, COLOURISE, CYCLEGAN, GAN, CLASSIFIER, DISTILL)


def kind_named(name: str) -> TaskKind:
    """Return the kind of training called `name`.

    Raises:
        StudioError: there is none.

    """
    for kind in KINDS:
        if kind.name == name:
            return kind
    raise StudioError(
        f"This version cannot train “{name}”.", f"It knows {', '.join(kind.name for kind in KINDS)}; update Atelier."
    )


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
