"""Which pairs of worlds there are, what their worlds are called and which ways they know. Free of torch."""

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from studio.core.controls import Controls
from studio.core.events import Job, Progress
from studio.core.failures import StudioError
from studio.core.trained_models import TrainedModel, TrainedModels
from studio.core.user_folders import UserFolders

__all__ = ["TranslatorChoice", "TranslatorsTask", "list_translators"]

_DRAWN = re.compile(r"(?<![a-z])(draw(n|ings?)|edges?|sketch(es)?|doodles?|lines)(?![a-z])", re.IGNORECASE)
"""What people call folders of drawings."""


@dataclass(frozen=True, slots=True)
class TranslatorChoice:
    """A pair of worlds that one may choose.

    Args:
        name: what settings call it.
        title: words for it.
        a: what world A is called.
        b: likewise.
        ways: which ways it knows: "AtoB", "BtoA".
        size: side of the squares that it learnt from, px; 0 where nobody knows.
        step: of one that still learns: how far it has come; 0 it is finished.
        answers: whether it knows many answers to a picture.

    """

    name: str
    title: str
    a: str = "A"
    b: str = "B"
    ways: tuple[str, ...] = ("AtoB",)
    size: int = 0
    step: int = 0
    answers: bool = False

    @property
    def words(self) -> str:
        """What to choose it by."""
        return self.title + (f", step {self.step:,} so far" if self.step else "")

    @property
    def is_of_drawings(self) -> bool:
        """Whether it turns drawings into something: world A is called so."""
        return _DRAWN.search(self.a) is not None


@dataclass(frozen=True, slots=True)
class TranslatorsTask:
    """Which pairs to list: all of the user's, and the one called `used`, wherever it is."""

    used: str = ""


def list_translators(task: TranslatorsTask, controls: Controls[Any]) -> Job[tuple[TranslatorChoice, ...]]:
    """Find which pairs there are: on the shelf, finished, and what is still learning."""
    yield Progress("Looking for networks")
    models = TrainedModels.standard("translator")
    found = {model.name: model for model in models.all()}
    if task.used and task.used not in found:
        with suppress(StudioError):  # it is gone, or was none: that is told where it is used
            found[task.used] = models.find(task.used)
    return (*(_choice_of(model) for model in found.values()), *_unfinished())


def _choice_of(model: TrainedModel) -> TranslatorChoice:
    facts = model.facts
    ways = tuple(way for way, short in (("AtoB", "ab"), ("BtoA", "ba")) if short in facts.get("ways", "ab").split())
    size = facts.get("size", "")
    return TranslatorChoice(
        model.name, model.label, facts.get("a") or "A", facts.get("b") or "B", ways, int(size) if size.isdigit() else 0,
        answers=_knows_many(facts.get("shape", "")),
    )  # fmt: skip


def _knows_many(shape: str) -> bool:
    with suppress(ValueError, AttributeError):
        return bool(json.loads(shape).get("code"))
    return False


def _unfinished() -> tuple[TranslatorChoice, ...]:
    from studio.jobs.unfinished import unfinished_runs
    from studio.training.tasks.translate_settings import CYCLEGAN, TranslatorSettings, world_names

    found = []
    for folder, plan, step in unfinished_runs(UserFolders.standard().runs.glob("*"), CYCLEGAN):
        settings = TranslatorSettings.model_validate(dict(plan.settings))
        ways = ("AtoB", "BtoA") if settings.is_two_way else ("AtoB",)
        title = plan.title or folder.name
        found.append(
            TranslatorChoice(
                str(folder), title, *world_names(plan.data), ways, settings.size, step, settings.answers > 0
            )
        )
    return tuple(found)
