"""Generators that are still learning: which there are, and what one has reached, to be browsed meanwhile."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.weight_headers import facts_of, first_seed_of
from studio.core.controls import Controls
from studio.core.events import Job, Progress
from studio.core.failures import StudioError
from studio.core.file_names import is_there
from studio.core.trained_models import TrainedModel, TrainedModels
from studio.core.user_folders import UserFolders
from studio.jobs import unfinished
from studio.jobs.dream_tasks import GeneratorOffered
from studio.training.run_folder import RunFolder, RunPlan
from studio.training.tasks.gan_settings import GAN, GanSettings, begins_as

__all__ = ["list_generators", "model_so_far"]


def list_generators(used: str, controls: Controls[Any]) -> Job[dict[str, GeneratorOffered]]:
    """Return the generators of this computer by name: on the shelf, of finished runs, and of those that learn.

    `used` is one that is in use, wherever it lies.
    """
    yield Progress("Looking for generators")
    models = TrainedModels.standard("generator").all()
    found = {model.name: GeneratorOffered(model.label, first_seed_of(model.facts)) for model in models}
    found |= dict(_unfinished(UserFolders.standard().runs.glob("*")))
    if used not in found and is_there(Path(used)) and Path(used).is_absolute():
        found |= dict(_unfinished((Path(used),))) or {used: _in_file(Path(used))}
    return found


def _in_file(path: Path) -> GeneratorOffered:
    if not path.is_dir():
        return GeneratorOffered(path.stem, first_seed_of(facts_of(path)))
    file = RunFolder(path).model_file
    if not file.exists() and (plan := unfinished.plan_of(path, GAN)) is not None:
        return GeneratorOffered(f"{plan.title or path.name}, nothing kept yet", _first_seed(plan))
    return GeneratorOffered(path.name, first_seed_of(facts_of(file)))


def _unfinished(folders: Iterable[Path]) -> Iterator[tuple[str, GeneratorOffered]]:
    for folder, plan, step in unfinished.unfinished_runs(folders, GAN):
        yield str(folder), GeneratorOffered(f"{plan.title or folder.name}, step {step:,} so far", _first_seed(plan))


def _first_seed(plan: RunPlan) -> int:
    """Return where to begin in what is being learnt: where the generator that is taught further does."""
    with suppress(StudioError, ValueError):  # it is gone since, or the plan is of another version
        settings = GanSettings.model_validate(dict(plan.settings))
        if settings.course == "fine-tune" and (begun := begins_as(settings)) is not None:
            return first_seed_of(begun.facts)
    return 0


def model_so_far(folder: Path) -> TrainedModel | None:
    """Return the generator of a run's newest checkpoint; None where the run is finished, or learns something else.

    Raises:
        StudioError: no checkpoint can be read.

    """
    return unfinished.model_so_far(folder, GAN, _exported)


def _exported(plan: RunPlan, step: int, reached: dict[str, Any]) -> bytes:
    from safetensors.torch import save

    from models.generator_files import build_generator, to_file
    from studio.training.tasks.gan_networks import facts_for

    facts = replace(facts_for(GanSettings.model_validate(dict(plan.settings))), steps=step)
    network = build_generator(facts)
    weights = reached["networks"]["generator"]
    alone = {name.removeprefix("generator."): value for name, value in weights.items() if name.startswith("generator.")}
    network.load_state_dict(alone or weights)  # one that learns with an encoder is half of what is kept
    unfinished.take_average(network, reached.get("average"))
    return save(to_file(network), facts.to_metadata())
