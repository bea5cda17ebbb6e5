"""Finds fast styles: those on the model shelf, files, and what finished training runs have left behind.

Free of torch, so that a list of them shows at once.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models.weight_headers import FAST_STYLE, WeightsError, safetensors_metadata
from studio.core.checksums import sha256_of
from studio.core.failures import StudioError
from studio.core.model_shelf import ModelShelf, hub_folder
from studio.core.recipes import WeightsRecord
from studio.core.samples import find_sample
from studio.core.user_folders import UserFolders

__all__ = ["FastStyle", "FastStyleShelf", "fast_style_in_recipes"]

TASK = "fast_style"
_MODEL = "model.safetensors"
"""What a finished run calls its network."""


@dataclass(frozen=True, slots=True)
class FastStyle:
    """A fast style that is here: what settings call it, words for it, its file, and what is known of its painting."""

    name: str
    label: str
    path: Path
    painting_sha256: str = ""
    painting: Path | None = None

    def find_painting(self) -> Path | None:
        """Return the painting that it learnt, if that is on this computer: in its run's plan, or among the samples."""
        if self.painting is not None and self.painting.is_file():
            return self.painting
        return find_sample(self.painting_sha256) if self.painting_sha256 else None

    def record(self) -> WeightsRecord:
        """Return what a recipe says of it; reads the file."""
        return WeightsRecord(name=fast_style_in_recipes(self.name), sha256=sha256_of(self.path))


class FastStyleShelf:
    """The fast styles of this computer.

    Args:
        shelf: the networks.
        runs: the folder of training runs; need not exist.

    """

    def __init__(self, shelf: ModelShelf, runs: Path) -> None:
        self._shelf, self._runs = shelf, runs

    @classmethod
    def standard(cls, environment: Mapping[str, str] | None = None) -> "FastStyleShelf":
        """Return this user's own."""
        environment = os.environ if environment is None else environment
        folders = UserFolders.standard(environment)
        return cls(ModelShelf(folders.models, hub=hub_folder(environment)), folders.runs)

    def styles(self) -> tuple[FastStyle, ...]:
        """Return all: those on the shelf, then those of finished runs, the newest first."""
        return (*self._on_shelf(), *self._of_runs())

    def find(self, name: str) -> FastStyle:
        """Return the fast style called `name`: one of `styles()`, a file, or the folder of a finished run.

        Raises:
            StudioError: there is none, or it is none.

        """
        for style in self._on_shelf():
            if style.name == name:
                return style
        path = Path(name).expanduser()
        if path.is_dir():
            return self._in_run(path)
        if path.is_file():
            return FastStyle(name, path.stem, path, _metadata_of(path).get("painting_sha256", ""))
        names = ", ".join(style.name for style in self.styles())
        raise StudioError(
            f"There is no fast style called “{name}”.",
            f"Choose one of {names}, or give a file or the folder of a finished run."
            if names
            else "Train one in the Train panel, or give a file.",
        )

    def find_recorded(self, name: str, sha256: str) -> FastStyle:
        """Find the fast style that a recipe names, by its content where its file is called otherwise now.

        Raises:
            StudioError: it is not on this computer.

        """
        try:
            named = self.find(name)
        except StudioError:
            named = None
        if named is not None and (not sha256 or sha256_of(named.path) == sha256):
            return named
        for style in self.styles():
            if sha256 and sha256_of(style.path) == sha256:
                return style
        if named is not None:
            return named
        raise StudioError(
            f"The fast style {name} that this picture was made with is not on this computer.",
            "Import its file in the Models panel, or copy it into this folder, and try again.",
        )

    def _on_shelf(self) -> tuple[FastStyle, ...]:
        return tuple(
            FastStyle(entry.name, entry.label, entry.path, _quietly(entry.path).get("painting_sha256", ""))
            for entry in self._shelf.entries()
            if entry.task == TASK and entry.is_here and entry.path is not None
        )

    def _of_runs(self) -> tuple[FastStyle, ...]:
        models = [path for path in self._runs.glob(f"*/{_MODEL}") if _quietly(path).get("architecture") == FAST_STYLE]
        models.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        return tuple(self._in_run(path.parent) for path in models)

    def _in_run(self, folder: Path) -> FastStyle:
        path = folder / _MODEL
        if not path.is_file():
            raise StudioError(
                f"There is no finished network in {folder}.", "Finish the run, or stop it and keep what it has learnt."
            )
        title, painting = _plan_of(folder)
        return FastStyle(str(folder), title, path, _metadata_of(path).get("painting_sha256", ""), painting)


def fast_style_in_recipes(name: str) -> str:
    """Return what a recipe calls a fast style: of a file or folder only its name, as recipes travel."""
    return Path(name).name


def _metadata_of(path: Path) -> dict[str, str]:
    """Return the header of a fast style.

    Raises:
        StudioError: the file is none.

    """
    try:
        metadata = safetensors_metadata(path) if path.suffix == ".safetensors" else {}
    except (WeightsError, OSError) as error:
        raise StudioError(f"{path.name} cannot be used ({error}).", "Choose another file.") from error
    if metadata.get("architecture") != FAST_STYLE:
        raise StudioError(f"{path.name} is not a fast style.", "Choose a file that the Train panel has made.")
    return metadata


def _quietly(path: Path) -> dict[str, str]:
    """Return the header of any file, {} where there is none to be read."""
    try:
        return safetensors_metadata(path)
    except (WeightsError, OSError):
        return {}


def _plan_of(folder: Path) -> tuple[str, Path | None]:
    """Return a run's title and its painting, as far as its run.json can be read."""
    try:
        plan = json.loads((folder / "run.json").read_bytes())
        painting = plan.get("inputs", {}).get("painting")
        return str(plan.get("title") or folder.name), Path(painting) if painting else None
    except (OSError, ValueError, AttributeError, TypeError):
        return folder.name, None
