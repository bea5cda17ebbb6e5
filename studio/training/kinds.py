"""Every kind of training there is: one line each. Free of torch, so that the window and `--help` know them at once."""

from studio.core.failures import StudioError
from studio.training.task_kind import TaskKind
from studio.training.tasks.classifier_settings import CLASSIFIER
from studio.training.tasks.distill_settings import DISTILL
from studio.training.tasks.fast_style_settings import FAST_STYLE

__all__ = ["KINDS", "kind_named"]

KINDS: tuple[TaskKind, ...] = (FAST_STYLE, CLASSIFIER, DISTILL)


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
