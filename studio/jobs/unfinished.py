"""Networks that are still learning: what a run has reached, as a file like that of a finished one.

Each kind of training that is used meanwhile says how such a file is written (`jobs.restore.unfinished`,
`jobs.translate.unfinished`); the rest is the same for all.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from models.weight_headers import facts_of
from studio.core.atomic import write_file
from studio.core.checksums import sha256_of
from studio.core.failures import StudioError
from studio.core.trained_models import TrainedModel
from studio.core.user_folders import UserFolders
from studio.training.run_folder import RunFolder, RunPlan
from studio.training.task_kind import TaskKind

if TYPE_CHECKING:
    from torch import nn

    from studio.training.checkpoints import Checkpoint

__all__ = ["Export", "kept_so_far", "model_so_far", "newest_step", "plan_of", "take_average", "unfinished_runs"]

Export: TypeAlias = Callable[[RunPlan, int, dict[str, Any]], bytes]
"""Makes a file of a plan, the number of steps, and what was reached (a `TrainState`'s dictionary)."""

_KEPT = 3
"""So many files of one run stay, for the pictures that were made with them."""


def newest_step(folder: Path) -> int:
    """Return the step of the newest checkpoint of a run that has no finished network; 0 where there is none."""
    run = RunFolder(folder)
    if run.model_file.exists():
        return 0
    steps = [int(path.stem.removeprefix("step-")) for path in run.checkpoints.glob("step-*.json")]
    return max(steps, default=0)


def plan_of(folder: Path, kind: TaskKind) -> RunPlan | None:
    """Return what is wanted of a run; None where it learns something else, or cannot be read."""
    with suppress(StudioError, ValueError):
        plan = RunFolder(folder).read_plan()
        return plan if plan.task == kind.name and kind.settings.model_validate(dict(plan.settings)) else None
    return None


def unfinished_runs(folders: Iterable[Path], kind: TaskKind) -> Iterator[tuple[Path, RunPlan, int]]:
    """Return the runs of a kind that are learning, or were stopped: folder, plan, and step reached; free of torch."""
    for folder in sorted(folders):
        step = newest_step(folder)
        if step and (plan := plan_of(folder, kind)) is not None:
            yield folder, plan, step


def model_so_far(folder: Path, kind: TaskKind, export: Export) -> TrainedModel | None:
    """Return the network of a run's newest checkpoint; None where the run is finished, or of another kind.

    Raises:
        StudioError: no checkpoint can be read.

    """
    step, plan = newest_step(folder), plan_of(folder, kind)
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
        _write(path, folder, plan, newest.step, state["trainee"], export)
    title = f"{plan.title or folder.name}, step {newest.step:,}"  # type: ignore[union-attr]
    return TrainedModel(str(folder), title, path, facts_of(path))


def kept_so_far(name: str, sha256: str) -> TrainedModel | None:
    """Return what a run had reached when a picture was made with it, if that file is still kept."""
    for path in _place().glob(f"{escape(name)} ????????*.safetensors"):
        if sha256 and sha256_of(path) == sha256:
            return TrainedModel(name, path.stem, path, facts_of(path))
    return None


def take_average(network: "nn.Module", average: dict[str, object] | None) -> None:
    """Give the network the average of its weights, which is what a run shows, once there is one.

    Of a network that learnt with more behind it, such as heads, the first weights are its own.
    """
    import torch

    if average and average.get("count"):
        with torch.no_grad():
            for weight, mean in zip(network.parameters(), average["weights"], strict=False):  # type: ignore[call-overload]
                weight.copy_(mean)


def _place() -> Path:
    return UserFolders.standard().cache / "unfinished"


def _file_of(folder: Path, checkpoint: "Checkpoint") -> Path:
    return _place() / f"{folder.name} {checkpoint.step:08d} {checkpoint.sha256[:8]}.safetensors"


def _write(path: Path, folder: Path, plan: RunPlan, step: int, reached: dict[str, Any], export: Export) -> None:
    """Write what a run has reached; of its files before only the last few stay."""
    try:
        data = export(plan, step, reached)
    except RuntimeError as error:
        raise StudioError(
            f"What {folder.name} has reached is of another version's network.", "Use the version that trains it."
        ) from error
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, data)
    for older in sorted(path.parent.glob(f"{escape(folder.name)} ????????*.safetensors"))[:-_KEPT]:
        older.unlink(missing_ok=True)
