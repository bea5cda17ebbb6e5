"""Finds networks trained for one task: those on the model shelf, files, and what finished training runs have left.

Free of torch, so that a list of them shows at once.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from models.weight_headers import (
    RESTORER,
    TRANSLATOR,
    WeightsError,
    facts_of,
    is_safetensors,
    safetensors_metadata,
    task_of,
)
from studio.core.checksums import sha256_of, unreadable
from studio.core.failures import StudioError
from studio.core.file_names import expanded
from studio.core.model_shelf import ModelShelf, hub_folder
from studio.core.own_networks import foreign_header
from studio.core.recipes import WeightsRecord, name_in_recipes
from studio.core.user_folders import UserFolders

__all__ = ["PARTNER", "TrainedModel", "TrainedModels"]

PARTNER = "faithful"
"""In the header of a crisp network: the checksum of the faithful one that it began as, and can be mixed with."""
_WHICH_FILE = "Choose a file that the Train panel has made."
_OR_OTHERS = {
    RESTORER: "Choose a file that the Train panel has made, or other people's weights of a kind that spandrel knows.",
    TRANSLATOR: "Choose a file that the Train panel has made, or a generator of CycleGAN's or pix2pix's authors.",
}
"""Of tasks that other people's networks can do."""
_MODEL = "model.safetensors"
"""What a finished run calls its network."""


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A trained network that is here.

    Args:
        name: what settings and flags call it.
        label: words for it.
        path: its file.
        facts: what the file's header tells.
        inputs: of a run: the files that it learnt from beside its data, by name; they may be gone.
        former: whether better ones have followed it, and it is here for recipes that name it.

    """

    name: str
    label: str
    path: Path
    facts: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Path] = field(default_factory=dict)
    former: bool = False

    def record(self) -> WeightsRecord:
        """Return what a recipe says of it; reads the file."""
        return WeightsRecord(name=name_in_recipes(self.name), sha256=sha256_of(self.path))


class TrainedModels:
    """The networks of this computer that were trained for one task.

    Args:
        task: as their files' headers call it: "fast_style", "classifier".
        shelf: the networks.
        runs: the folder of training runs; need not exist.

    """

    def __init__(self, task: str, shelf: ModelShelf, runs: Path) -> None:
        self.task, self._shelf, self._runs = task, shelf, runs

    @classmethod
    def standard(cls, task: str, environment: Mapping[str, str] | None = None) -> "TrainedModels":
        """Return this user's own."""
        environment = os.environ if environment is None else environment
        folders = UserFolders.standard(environment)
        return cls(task, ModelShelf(folders.models, hub=hub_folder(environment)), folders.runs)

    @property
    def noun(self) -> str:
        """What to call one of them: "fast style"."""
        return self.task.replace("_", " ")

    def all(self) -> tuple[TrainedModel, ...]:
        """Return those on the shelf, then those of finished runs, the newest first; none that is a former one."""
        return tuple(model for model in self._every() if not model.former)

    def find(self, name: str) -> TrainedModel:
        """Return the network called `name`: one of `all()` (also as recipes call it), a former one, a file, or a run.

        Raises:
            StudioError: there is none, or it is none.

        """
        for model in self._on_shelf():
            if model.name == name:
                return model
        path = expanded(name)
        if path.is_dir():
            return self._in_run(path)
        if path.is_file():
            return TrainedModel(name, path.stem, path, self._facts(path))
        for model in self._of_runs():
            if name_in_recipes(model.name) == name:
                return model
        names = ", ".join(name_in_recipes(model.name) for model in self.all())
        raise StudioError(
            f"There is no {self.noun} called “{name}”.",
            f"Choose one of {names}, or give a file or the folder of a finished run."
            if names
            else "Train one in the Train panel, or give a file.",
        )

    def find_recorded(self, name: str, sha256: str) -> TrainedModel:
        """Find the network that a recipe names, by its content where its file is called otherwise now.

        Raises:
            StudioError: it is not on this computer.

        """
        try:
            named = self.find(name)
        except StudioError:
            named = None
        if named is not None and (not sha256 or sha256_of(named.path) == sha256):
            return named
        for model in self._every():
            if sha256 and sha256_of(model.path) == sha256:
                return model
        if named is not None:
            return named
        raise StudioError(
            f"The {self.noun} {name} that this picture was made with is not on this computer.",
            "Import its file in the Models panel, or copy it into this folder, and try again.",
        )

    def crisp_of(self, faithful: TrainedModel) -> TrainedModel | None:
        """Return the network that began as this one and draws more: one of `all()`, or beside it; None without any."""
        crisp = [model for model in (*self.all(), *self._beside(faithful.path)) if PARTNER in model.facts]
        sha256 = sha256_of(faithful.path) if crisp else ""
        return next((model for model in crisp if model.facts[PARTNER] == sha256), None)

    def _beside(self, path: Path) -> Iterator[TrainedModel]:
        """Return the networks in the same folder, or of a run those of the runs beside it."""
        if path.name == _MODEL:
            runs = (file.parent for file in sorted(path.parent.parent.glob(f"*/{_MODEL}")))
            yield from (self._in_run(run) for run in runs if task_of(facts_of(run / _MODEL)) == self.task)
        for file in sorted(path.parent.glob("*.safetensors")):
            if task_of(facts := facts_of(file)) == self.task:
                yield TrainedModel(str(file), file.stem, file, facts)

    def _every(self) -> Iterator[TrainedModel]:
        yield from self._on_shelf()
        yield from self._of_runs()

    def _on_shelf(self) -> Iterator[TrainedModel]:
        for entry in self._shelf.entries():
            if entry.is_here and entry.path is not None and task_of(entry.header) == self.task:
                yield TrainedModel(entry.name, entry.label, entry.path, entry.header, former=entry.former)

    def _of_runs(self) -> tuple[TrainedModel, ...]:
        models = [path for path in self._runs.glob(f"*/{_MODEL}") if task_of(facts_of(path)) == self.task]
        models.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        return tuple(self._in_run(path.parent) for path in models)

    def _in_run(self, folder: Path) -> TrainedModel:
        path = folder / _MODEL
        if not path.is_file():
            raise StudioError(
                f"There is no finished network in {folder}.", "Finish the run, or stop it and keep what it has learnt."
            )
        title, inputs = _plan_of(folder)
        return TrainedModel(str(folder), title, path, self._facts(path), inputs)

    def _facts(self, path: Path) -> dict[str, str]:
        """Return the header of a network of this task.

        Raises:
            StudioError: the file is none.

        """
        try:
            facts = safetensors_metadata(path) if is_safetensors(path) else {}
            if self.task in _OR_OTHERS and not task_of(facts):
                facts = foreign_header(path)
        except WeightsError as error:
            raise StudioError(str(error), "Choose another file.") from error
        except OSError as error:
            raise unreadable(path, error) from error
        if task_of(facts) != self.task:
            raise StudioError(f"{path.name} is not a {self.noun}.", _OR_OTHERS.get(self.task, _WHICH_FILE))
        return facts


def _plan_of(folder: Path) -> tuple[str, dict[str, Path]]:
    """Return a run's title and its other files, as far as its run.json can be read."""
    try:
        plan = json.loads((folder / "run.json").read_bytes())
        inputs = {name: Path(file) for name, file in plan.get("inputs", {}).items() if file}
        return str(plan.get("title") or folder.name), inputs
    except (OSError, ValueError, AttributeError, TypeError):
        return folder.name, {}
