"""Restorers that are still learning: which there are, and what one has reached."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from studio.core.failures import StudioError
from studio.core.trained_models import TrainedModel, TrainedModels
from studio.jobs import unfinished
from studio.jobs.restore.choices import RestorerChoice, hears, scale_of
from studio.training.run_folder import RunPlan
from studio.training.tasks.restore_settings import RESTORE, RestorerSettings

__all__ = ["model_so_far", "unfinished_restorers"]


def unfinished_restorers(runs: Path) -> Iterator[RestorerChoice]:
    """Return the restorers that are being trained, or were stopped; free of torch."""
    for folder, plan, step in unfinished.unfinished_runs(runs.glob("*"), RESTORE):
        settings = RestorerSettings.model_validate(dict(plan.settings))
        title = f"{plan.title or folder.name}, step {step:,} so far"
        if settings.course != "crisp":
            scale = int(settings.scale) if settings.network == "enlarger" else 1
            yield RestorerChoice(str(folder), title, scale, hears=settings.is_graded)
            continue
        with suppress(StudioError):  # it becomes what it begins with; where that is gone, nothing can be said
            begun = TrainedModels.standard("restorer").find(settings.start)
            yield RestorerChoice(str(folder), title, scale_of(begun), hears=hears(begun))


def model_so_far(folder: Path) -> TrainedModel | None:
    """Return the network of a run's newest checkpoint; None where the run is finished, or no restorer's.

    Raises:
        StudioError: no checkpoint can be read.

    """
    return unfinished.model_so_far(folder, RESTORE, _exported)


def _exported(plan: RunPlan, step: int, reached: dict[str, Any]) -> bytes:
    from safetensors.torch import save

    from models.collapsible import collapse
    from models.restoration import build, to_file
    from studio.training.tasks import restore

    facts = replace(restore.facts_of(RestorerSettings.model_validate(dict(plan.settings))), steps=step)
    network = build(facts)
    network.load_state_dict(reached["networks"]["restorer"])
    unfinished.take_average(network, reached.get("average"))
    return save(to_file(collapse(network)), facts.to_metadata())
