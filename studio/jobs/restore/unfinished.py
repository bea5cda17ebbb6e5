"""Restorers that are still learning: what a run has reached, as a file like that of a finished one."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.weight_headers import facts_of
from studio.core.atomic import write_file
from studio.core.checksums import sha256_of
from studio.core.failures import StudioError
from studio.core.trained_models import TrainedModel, TrainedModels
from studio.core.user_folders import UserFolders
from studio.jobs.restore.choices import RestorerChoice, hears, scale_of
from studio.training.run_folder import RunFolder, RunPlan
from studio.training.tasks.restore_settings import RESTORE, RestorerSettings

if TYPE_CHECKING:
    from torch import nn

    from studio.training.checkpoints import Checkpoint

__all__ = ["kept_so_far", "model_so_far", "unfinished_restorers"]

_KEPT = 3
"""So many files of one run stay, for the pictures that were made with them."""


def unfinished_restorers(runs: Path) -> Iterator[RestorerChoice]:
    """Return the restorers that are being trained, or were stopped; free of torch."""
    for folder in sorted(runs.glob("*")):
        step = _newest_step(folder)
        if step and (plan := _plan_of(folder)) is not None:
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
    step, plan = _newest_step(folder), _plan_of(folder)
    if not step or plan is None:
        return None
    from studio.training.checkpoints import Checkpoints

    checkpoints = Checkpoints(RunFolder(folder).checkpoints)
    newest = next((one for one in reversed(checkpoints.all()) if not one.abandoned), None)
    path = None if newest is None else _file_of(folder, newest)
    if path is None or not path.exists():
        newest, state, _ = checkpoints.newest_good()
        if newest is None:
            raise StudioError(
                f"No checkpoint in {folder} can be read.", "Go on with the run, or choose another network."
            )
        path = _file_of(folder, newest)
        _write(path, folder, plan, newest.step, state["trainee"])
    title = f"{plan.title or folder.name}, step {newest.step:,}"  # type: ignore[union-attr]
    return TrainedModel(str(folder), title, path, facts_of(path))


def kept_so_far(name: str, sha256: str) -> TrainedModel | None:
    """Return what a run had reached when a picture was made with it, if that file is still kept."""
    for path in _place().glob(f"{escape(name)} ????????*.safetensors"):
        if sha256 and sha256_of(path) == sha256:
            return TrainedModel(name, path.stem, path, facts_of(path))
    return None


def _place() -> Path:
    return UserFolders.standard().cache / "unfinished"


def _file_of(folder: Path, checkpoint: "Checkpoint") -> Path:
    return _place() / f"{folder.name} {checkpoint.step:08d} {checkpoint.sha256[:8]}.safetensors"


def _write(path: Path, folder: Path, plan: RunPlan, step: int, reached: dict[str, Any]) -> None:
    """Write what a run has reached as a finished run does; of its files before only the last few stay."""
    from safetensors.torch import save

    from models.collapsible import collapse
    from models.restoration import build, to_file
    from studio.training.tasks import restore

    facts = replace(restore.facts_of(RestorerSettings.model_validate(dict(plan.settings))), steps=step)
    network = build(facts)
    try:
        network.load_state_dict(reached["networks"]["restorer"])
    except RuntimeError as error:
        raise StudioError(
            f"What {folder.name} has reached is of another version's network.", "Use the version that trains it."
        ) from error
    _take_average(network, reached.get("average"))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, save(to_file(collapse(network)), facts.to_metadata()))
    for older in sorted(path.parent.glob(f"{escape(folder.name)} ????????*.safetensors"))[:-_KEPT]:
        older.unlink(missing_ok=True)


def _take_average(network: "nn.Module", average: dict[str, object] | None) -> None:
    """Give the network the average of its weights, which is what a run shows, once there is one."""
    import torch

    if average and average.get("count"):
        with torch.no_grad():
            for weight, mean in zip(network.parameters(), average["weights"], strict=True):  # type: ignore[call-overload]
                weight.copy_(mean)


def _newest_step(folder: Path) -> int:
    """Return the step of the newest checkpoint of a run that has no finished network; 0 where there is none."""
    run = RunFolder(folder)
    if run.model_file.exists():
        return 0
    steps = [int(path.stem.removeprefix("step-")) for path in run.checkpoints.glob("step-*.json")]
    return max(steps, default=0)


def _plan_of(folder: Path) -> RunPlan | None:
    """Return what is wanted of a run; None where it learns something else, or cannot be read."""
    with suppress(StudioError, ValueError):
        plan = RunFolder(folder).read_plan()
        return plan if plan.task == RESTORE.name and RestorerSettings.model_validate(dict(plan.settings)) else None
    return None
