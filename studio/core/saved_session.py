"""A panel's session as values: photo, paintings, settings, film strip and picture, before it is files and after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from studio.core.events import DeepPicture, Picture
from studio.core.failures import StudioError
from studio.core.images import LoadedPicture
from studio.core.recipes import Recipe

__all__ = ["SESSION_SUFFIX", "InputKeys", "SavedFrame", "SavedMask", "SavedSession", "SessionError"]

SESSION_SUFFIX = ".atelier"

InputKeys: TypeAlias = Mapping[str, tuple[str, ...]]
"""Role → sha256 of the pictures in it."""


class SessionError(StudioError):
    """A session that cannot be opened, in words for the user."""


@dataclass(frozen=True, slots=True, eq=False)
class SavedFrame:
    """A frame of the film strip, and how it came to be; what the numbers mean: `studio.ui.picture.history`."""

    key: str
    layer: Picture
    thumbnail: Picture
    recipe: Recipe
    settings: Mapping[str, Any]
    inputs: InputKeys
    numbers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SavedMask:
    """A mask of the list: `picture` is the sha256 of what is painted on it, "" where that is nothing."""

    name: str
    picture: str
    role: str = ""
    shown: bool = True
    colours: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SavedSession:
    """Everything that a panel holds. `running`: the picture was being made when this was written.

    `pictures` are all that `inputs`, `made_from` (what `layer` was made from), `as_saved`, frames and masks name, by
    sha256.
    `key` names the newest layer: another layer has another key. `as_saved` is the file that is shown as it was saved,
    where nobody knows its layer.
    """

    task: str
    title: str
    settings: Mapping[str, Any]
    pictures: Mapping[str, LoadedPicture]
    inputs: InputKeys
    running: bool = False
    key: str = ""
    layer: Picture | DeepPicture | None = None
    recipe: Recipe | None = None
    made_from: InputKeys = field(default_factory=dict)
    as_saved: str = ""
    frames: Sequence[SavedFrame] = ()
    preview: Picture | None = None
    masks: Sequence[SavedMask] = ()
