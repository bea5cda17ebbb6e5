"""Decides which weights a network gets: those on the model shelf, those of a file, or seeded random ones."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from studio.core.checksums import sha256_of
from studio.core.failures import StudioError
from studio.core.file_names import expanded
from studio.core.model_shelf import ModelShelf, hub_folder
from studio.core.own_networks import SUFFIXES
from studio.core.user_folders import UserFolders

UNTRAINED = ":untrained"


@dataclass(frozen=True, slots=True)
class ResolvedWeights:
    """Which weights a network gets.

    `name` is what a recipe calls them; `resolve_backbone` finds them again by it, where they are on the shelf.
    `architecture` is "" where the file's keys will tell. Without `path` the network gets seeded random weights: it is
    not `trained`, `sha256` is empty, and `label` says so wherever it is shown.
    """

    name: str
    architecture: str
    path: Path | None
    sha256: str
    trained: bool
    label: str


def resolve_backbone(
    name: str, *, models_folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> ResolvedWeights:
    """Find the weights for `name`: a network on the shelf, `NETWORK:untrained`, or a path to a weights file.

    A network whose weights are not on this computer gets seeded random ones.

    Args:
        name: see above.
        models_folder: the user's models folder, by default the system's usual place.
        environment: the environment variables, by default this process's.

    Raises:
        StudioError: there is no such file or network.

    """
    environment = os.environ if environment is None else environment
    folder = models_folder if models_folder is not None else UserFolders.standard(environment).models
    shelf = ModelShelf(folder, hub=hub_folder(environment))
    plain = name.removesuffix(UNTRAINED)
    entry = shelf.find(plain)
    if entry is None or (plain != name and not entry.architecture):
        return _resolve_file(name, shelf)
    if entry.task != "backbone":
        paints = entry.task == "fast_style"
        raise StudioError(
            f"{entry.label} is a {entry.task.replace('_', ' ')}: it makes pictures by itself, and cannot look at them.",
            "Choose Instant in the Style panel to paint with it (--fast on the command line)."
            if paints
            else "Choose a network that looks at pictures.",
        )
    if plain != name or entry.path is None:
        return ResolvedWeights(
            plain + UNTRAINED, entry.architecture, None, "", trained=False, label=f"{entry.label} (untrained)"
        )
    return ResolvedWeights(
        plain, entry.architecture, entry.path, sha256_of(entry.path), trained=True, label=entry.label
    )


def resolve_recorded(name: str, sha256: str) -> ResolvedWeights:
    """Find the network that a recipe names; where a file was used, also by its content on the shelf.

    Args:
        name: as `recipes.name_in_recipes` returned it.
        sha256: of the weights file; "" where they were random.

    Raises:
        StudioError: it is not on this computer.

    """
    try:
        return resolve_backbone(name)
    except StudioError as error:
        twin = ModelShelf.standard().twin_of(sha256) if sha256 else None
        if twin is not None:
            return resolve_backbone(twin.name)
        raise StudioError(
            f"The network {name} that this picture was made with is not on this computer.",
            "Import its file in the Models panel, or copy it into this folder, and try again.",
        ) from error


def _resolve_file(name: str, shelf: ModelShelf) -> ResolvedWeights:
    path = expanded(name)
    if path.is_file():
        if path.suffix.lower() not in SUFFIXES:
            raise StudioError(f"{path} is not a weights file.", "Choose a .pth or .safetensors file.")
        return ResolvedWeights(path.name, "", path, sha256_of(path), trained=True, label=path.name)
    if path.exists():
        raise StudioError(f"{path} is no file, but a folder or a device.", "Choose a .pth or .safetensors file.")
    names = ", ".join(entry.name for entry in shelf.entries() if entry.task == "backbone")
    if path.suffix.lower() in SUFFIXES or len(path.parts) > 1:
        raise StudioError(f"The weights file {path} is not there.", f"Check the path, or use a known network: {names}.")
    raise StudioError(
        f"There is no network called “{name}”.", f"Choose one of {names}, or give the path of a weights file."
    )
