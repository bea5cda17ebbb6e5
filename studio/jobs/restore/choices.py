"""Which networks restore here, and which ones some settings need: known without loading any. Free of torch."""

import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from studio.core.controls import Controls
from studio.core.events import Job, Progress
from studio.core.failures import StudioError
from studio.core.restore_settings import FILLING, SCALES, RestoreSettings
from studio.core.trained_models import TrainedModel, TrainedModels
from studio.core.user_folders import UserFolders

__all__ = [
    "COMING_ALONG",
    "CRISP",
    "RestorerChoice",
    "RestorersTask",
    "hears",
    "list_restorers",
    "missing",
    "name_of",
    "scale_of",
]

CRISP = "-crisp"
"""What the crisp partner of a network is called behind its name."""


def name_of(scale: int) -> str:
    """Return the name of the network that comes along for a scale; 1 mends."""
    return "atelier-enhance" if scale == 1 else f"atelier-enlarge-{scale}"


COMING_ALONG = frozenset(name_of(scale) + finish for scale in SCALES for finish in ("", CRISP))
"""The networks that "Automatic" means: nobody needs to choose among them."""


@dataclass(frozen=True, slots=True)
class RestorerChoice:
    """A network that restores.

    Args:
        name: what settings call it.
        title: words for it.
        scale: how many times it enlarges; 1 mends.
        hears: whether it is told how much to take away, or does always as it learnt.

    """

    name: str
    title: str
    scale: int
    hears: bool = False

    @property
    def words(self) -> str:
        """What to choose it by."""
        return f"{self.title} · {'enhances' if self.scale == 1 else f'enlarges {self.scale} ×'}"


@dataclass(frozen=True, slots=True)
class RestorersTask:
    """Which restorers to list: all of the user's, and the one called `used`, wherever it is."""

    used: str = ""


def list_restorers(task: RestorersTask, controls: Controls[Any]) -> Job[tuple[RestorerChoice, ...]]:
    """Find which networks restore here, those that come along among them."""
    yield Progress("Looking for networks")
    models = TrainedModels.standard("restorer")
    found = {model.name: model for model in models.all()}
    if task.used and task.used not in found:
        with suppress(StudioError):  # it is gone, or was none: that is told where it is used
            found[task.used] = models.find(task.used)
    from studio.jobs.restore.unfinished import unfinished_restorers

    finished = (
        RestorerChoice(model.name, model.label, scale_of(model), hears=hears(model)) for model in found.values()
    )
    return (*finished, *unfinished_restorers(UserFolders.standard().runs))


def missing(settings: RestoreSettings, scales: Mapping[str, int], size: tuple[int, int]) -> tuple[str, ...]:
    """Return which of the networks that come along are needed and not here; none where nobody knows what is used.

    Args:
        settings: what is asked for.
        scales: of the networks that are here, by name.
        size: of the photo, px.

    """
    if settings.mode in (FILLING - {"old-photo"}) | {"colourise"}:
        return ()  # holes are filled without a network, too; what else is missing is told when it is opened
    if settings.model and settings.model not in scales:
        return ()  # a file, or one that is gone: that is told when it is opened
    own = scales.get(settings.model, 0)
    wanted = settings.for_photo(*size, own).enlargement
    parts = {wanted} | ({1} if settings.denoise > 0 else set())
    names = [name_of(scale) for scale in sorted(parts) if scale != own]
    return tuple(_not_here(names, scales, crisp=settings.crisp > 0))


def _not_here(names: Collection[str], scales: Mapping[str, int], *, crisp: bool) -> list[str]:
    wanted = [one for name in names for one in ((name, name + CRISP) if crisp else (name,))]
    return [name for name in wanted if name not in scales]


def hears(model: TrainedModel) -> bool:
    """Tell whether a network is told how much to take away."""
    return model.facts.get("architecture") == "atelier-enhancer" or bool(_shape_of(model).get("conditioned"))


def scale_of(model: TrainedModel) -> int:
    """Return how many times a network enlarges by its file's header; 1 where it says nothing."""
    with suppress(ValueError, TypeError):
        return int(_shape_of(model).get("scale", 1))
    return 1


def _shape_of(model: TrainedModel) -> Mapping[str, Any]:
    """Return how a network is built, as its header says; nothing where that cannot be read."""
    with suppress(ValueError):
        shape = json.loads(model.facts.get("shape", "{}"))
        if isinstance(shape, dict):
            return shape
    return {}
