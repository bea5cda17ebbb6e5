"""What a pair of worlds that is still learning has reached."""

from pathlib import Path
from typing import Any

from studio.core.trained_models import TrainedModel
from studio.jobs import unfinished
from studio.training.run_folder import RunPlan
from studio.training.tasks.translate_settings import CYCLEGAN, TranslatorSettings, world_names

__all__ = ["model_so_far"]


def model_so_far(folder: Path) -> TrainedModel | None:
    """Return the pair of a run's newest checkpoint; None where the run is finished, or learns something else.

    Raises:
        StudioError: no checkpoint can be read.

    """
    return unfinished.model_so_far(folder, CYCLEGAN, _exported)


def _exported(plan: RunPlan, step: int, reached: dict[str, Any]) -> bytes:
    from safetensors.torch import save
    from torch import nn

    from models.translation import TranslatorFacts, build, to_file

    settings = TranslatorSettings.model_validate(dict(plan.settings))
    names = world_names(plan.data)
    facts = TranslatorFacts(settings.network, settings.shape, settings.ways, *names, settings.size, step)
    generators = {way: build(facts) for way in facts.ways}
    learnt = reached["networks"]["generators"]
    for way, generator in generators.items():
        prefix = f"{way}."
        own = {name.removeprefix(prefix): value for name, value in learnt.items() if name.startswith(prefix)}
        generator.load_state_dict(own)
    unfinished.take_average(nn.ModuleDict(dict(generators)), reached.get("average"))
    return save(to_file(generators), facts.to_metadata())
