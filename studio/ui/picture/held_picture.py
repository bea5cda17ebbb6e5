"""What a picture panel holds: the pictures that go in, the settings, the masks, and what was made of them."""

from enum import StrEnum
from pathlib import Path
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoStack

from studio.core.events import DeepPicture, Picture
from studio.core.images import LoadedPicture
from studio.core.picture_task import CONTENT, PictureTask
from studio.core.recipes import Recipe
from studio.core.settings import Settings, describe
from studio.engine import Engine
from studio.jobs.files import OpenedPicture
from studio.ui.picture.film import Film
from studio.ui.picture.history import History
from studio.ui.picture.inputs import InputPictures, Inputs
from studio.ui.picture.masks import Masks
from studio.ui.picture.settings_state import SettingsState
from studio.ui.picture.undo import Snapshot

__all__ = ["HeldPicture", "SessionState"]

S = TypeVar("S", bound=Settings)


class SessionState(StrEnum):
    """What the panel can offer: inputs are missing, ready to begin, at work, paused, or done and steerable."""

    EMPTY = "empty"
    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"


class HeldPicture(QObject, Generic[S]):
    """Knows what is there and whether it is enough; makes nothing, and knows no widget.

    Args:
        task: what is done.
        pictures: the engine that makes thumbnails, and pictures of masks.
        undo_stack: receives one step per gesture.

    """

    def __init__(self, task: PictureTask, pictures: Engine, undo_stack: QUndoStack, parent: QObject | None) -> None:
        super().__init__(parent)
        self.task, self.undo_stack = task, undo_stack
        self._effects = {info.name: info.effect for info in describe(task.settings)}
        self._instant = frozenset(name for name, acts in self._effects.items() if acts == "instant")
        self.inputs = Inputs(task.inputs)
        first: Any = task.settings()
        self.settings_state: SettingsState[S] = SettingsState(first, undo_stack, self._follow_settings, self.fit)
        self.masks = Masks(task, pictures, undo_stack, lambda: self.photo_pixels, self)
        self.film = Film(task, pictures, lambda: self.settings, lambda: self.is_running, self)
        self.state = SessionState.EMPTY

    def _follow_settings(self, before: S, after: S) -> None:
        """Do what follows from other settings."""
        raise NotImplementedError

    # -- what goes in ----------------------------------------------------------------------------------------------

    @property
    def photo(self) -> OpenedPicture | None:
        """The picture that the result is laid over."""
        return self.inputs.photo

    @property
    def subject(self) -> str:
        """What the result is called after: its photo."""
        return "Picture" if self.photo is None else Path(self.photo.picture.name).stem

    @property
    def photo_pixels(self) -> tuple[int, int]:
        """Width and height of the photo, px; (0, 0) while there is none."""
        return (0, 0) if self.photo is None else (self.photo.picture.width, self.photo.picture.height)

    @property
    def used_inputs(self) -> InputPictures:
        """What the task is made from with the settings of now."""
        ignored = self.ignored_roles
        return {role: () if role in ignored else pictures for role, pictures in self.inputs.all.items()}

    @property
    def ignored_roles(self) -> frozenset[str]:
        """The roles that change nothing with the settings of now."""
        return frozenset()

    @property
    def role_of_new_mask(self) -> str:
        """What a new mask serves as: what the task names first."""
        return self.task.painted[0].role if self.task.painted else ""

    @property
    def pictures(self) -> tuple[LoadedPicture, ...]:
        """What the picture that is shown was made from, in one row, the photo first."""
        made_from = self.film.shown.inputs or self.used_inputs
        return tuple(opened.picture for pictures in made_from.values() for opened in pictures)

    @property
    def is_complete(self) -> bool:
        """Whether everything is there that the task needs with the settings of now."""
        return not self.inputs.missing

    @property
    def has_look(self) -> bool:
        """Whether everything is there but the photo: enough to work on other photos."""
        return all(slot.role == CONTENT for slot in self.inputs.missing)

    @property
    def starts_by_itself(self) -> bool:
        """Whether nobody needs to ask for the result, because it takes only a moment."""
        return self.task.at_once

    # -- settings --------------------------------------------------------------------------------------------------

    @property
    def settings(self) -> S:
        """The newest settings."""
        return self.settings_state.current

    @property
    def settings_of_picture(self) -> S:
        """The settings that belong to the picture as it is shown, for a file that shall bring it back.

        Those of now may be others already: all but the instant ones are the layer's own.
        """
        if self.recipe is None:
            return self.settings
        instant = {name: getattr(self.settings, name) for name in self._instant}
        made: Any = self.task.settings.model_validate({**self.recipe.settings, **instant})
        return made  # type: ignore[no-any-return]

    @property
    def settings_to_compose(self) -> S:
        """The settings with which the layer is laid over its photo."""
        return self.settings

    def set_settings(self, settings: S, name: str = "") -> None:
        """Take over `settings`; outside a gesture the change is an undo step of its own, called `name` if given."""
        self.settings_state.set(settings, name)

    def change(self, **values: object) -> None:
        """Set some of the settings by name."""
        self.set_settings(self.settings.model_copy(update=values))

    def fit(self, settings: S) -> S:
        """Return the settings as they fit the pictures at hand."""
        return settings

    # -- what was made ---------------------------------------------------------------------------------------------

    @property
    def is_running(self) -> bool:
        """Whether a job is under way, paused or not, that the artist can steer and end."""
        return self.state in (SessionState.RUNNING, SessionState.PAUSED)

    @property
    def is_stopped(self) -> bool:
        """Whether what is shown was stopped before it was done."""
        return not self.is_running and self.layer is not None and self.recipe is not None and self.recipe.is_stopped

    @property
    def is_worth_keeping(self) -> bool:
        """Whether there is a session to speak of: a photo, or what was made up without one."""
        return self.photo is not None if self.task.has_photo else self.layer is not None

    @property
    def layer(self) -> Picture | DeepPicture | None:
        """The picture that is shown, before it is laid over its photo."""
        return self.film.shown.layer

    @property
    def as_saved(self) -> OpenedPicture | None:
        """The picture of a file that was mixed with its photo, where that is what is shown: nobody knows its layer."""
        return self.film.newest.as_saved if self.layer is None else None

    @property
    def pixels(self) -> Picture | DeepPicture | None:
        """What there is to save: the layer, or the picture as its file has it."""
        return self.layer if self.as_saved is None else self.as_saved.picture.pixels

    @property
    def recipe(self) -> Recipe | None:
        """How it came to be."""
        return self.film.shown.recipe

    @property
    def history(self) -> History:
        """The frames of the strip."""
        return self.film.history

    def snapshot(self) -> Snapshot:
        """Return everything that is there now."""
        return Snapshot(self.inputs.all, self.settings, self.film.newest, self.film.history, self.masks.all)
