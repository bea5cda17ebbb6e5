"""The Restore panel's state: which networks there are, what is missing, and what was made last."""

from collections.abc import Collection, Mapping, Sequence

from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoStack

from studio.core.events import Log
from studio.core.picture_task import HERE, HINTS, HOLE
from studio.core.picture_tasks import RESTORE
from studio.core.restore_settings import AUTOMATIC_DETECTOR, FILLING, SCALES, RestoreSettings
from studio.engine import Engine
from studio.jobs.restore.choices import COMING_ALONG, RestorerChoice, missing
from studio.ui.picture.one_pass import OnePassSession
from studio.ui.picture.undo import Snapshot

__all__ = ["RestoreSession"]

_ORDINARY = 3000, 2000
"""Width and height of a photo, as long as there is none."""


class RestoreSession(OnePassSession[RestoreSettings]):
    """Knows what is missing, and lets network and mode follow each other.

    Args:
        studio: the engine that owns the device.
        pictures: the engine that composes frames.
        undo_stack: receives one step per gesture.

    """

    def __init__(self, studio: Engine, pictures: Engine, undo_stack: QUndoStack, parent: QObject | None = None) -> None:
        self._scales: Mapping[str, int] = {}
        self._deaf: frozenset[str] = frozenset()
        self._has_looked = False
        self._detectors: frozenset[str] | None = None
        self._told: set[str] = set()
        super().__init__(RESTORE, studio, pictures, undo_stack, parent)

    def look_at(self, across: float, down: float) -> None:
        """Restore first what lies there: shares of the picture's width and height."""
        self.job.look_at(across, down)

    @property
    def ignored_roles(self) -> frozenset[str]:
        """Holes where nothing is filled, hints where nothing is coloured."""
        ignored = set() if self.settings.mode in FILLING else {HOLE}
        return frozenset(ignored if self.settings.colours else ignored | {HINTS})

    @property
    def role_of_new_mask(self) -> str:
        """What one paints first: what is to be filled, hints where it is coloured, otherwise where to restore."""
        return HOLE if self.settings.mode in FILLING else HINTS if self.settings.colours else HERE

    # -- networks ----------------------------------------------------------------------------------------------------

    def take_networks(self, networks: Sequence[RestorerChoice]) -> None:
        """Learn which networks there are."""
        self._scales, self._has_looked = {network.name: network.scale for network in networks}, True
        self._deaf = frozenset(network.name for network in networks if network.scale == 1 and not network.hears)
        self.settings_state.apply(self.settings)
        self.begin_if_ready()

    def take_detectors(self, names: Collection[str]) -> None:
        """Learn which networks find scratches and writing here."""
        self._detectors = frozenset(names)
        self.begin_if_ready()

    @property
    def hears_denoise(self) -> bool:
        """Whether Denoise changes anything: a network of one's own may mend always as it learnt."""
        return self.settings.model not in self._deaf or self.settings.enlargement > 1

    @property
    def missing(self) -> tuple[str, ...]:
        """The networks that the settings of now need and that are not here; none while nobody has looked."""
        return self._missing(self.settings)

    @property
    def photo_size(self) -> tuple[int, int]:
        """Width and height of the photo, px; of an ordinary one while there is none."""
        return _ORDINARY if self.photo is None else (self.photo.picture.width, self.photo.picture.height)

    @property
    def size_to_be(self) -> tuple[int, int] | None:
        """Width and height that the job in progress works towards."""
        return self.job.began_with.size_of(*self.photo_size) if self.is_running and self.photo is not None else None

    @property
    def is_complete(self) -> bool:
        """Whether photo and networks are there, and the hole where one is to be filled."""
        return super().is_complete and not self.missing and not self.lacks_hole

    @property
    def lacks_hole(self) -> bool:
        """Whether nobody has painted what is to be filled, and nothing here could find it."""
        return self.settings.mode in FILLING and not self.inputs[HOLE] and not self._finds_holes

    @property
    def _finds_holes(self) -> bool:
        """Whether a network finds what is to be filled; while nobody has looked, or where one is named, it may."""
        there = self._detectors is None or AUTOMATIC_DETECTOR in self._detectors
        return self.settings.mode != "fill" and (there or bool(self.settings.scratch_detector))

    @property
    def has_look(self) -> bool:
        """Whether the networks are there."""
        return not self.missing

    def fit(self, settings: RestoreSettings) -> RestoreSettings:
        """Let what is done follow a network that is chosen, and the network what is done.

        Where the networks that come along are not here, one of the artist's own that suits takes their place.
        """
        if settings.model and settings.model not in self._scales:
            return settings  # nobody knows what it does: the job tells
        if settings.model and settings.model != self.settings.model:
            scale = self._scales[settings.model]
            if not self._suits(settings.model, settings):
                enlarge = {"mode": "enlarge", "scale": str(scale) if scale in SCALES else "size"}
                settings = settings.model_copy(update={"mode": "enhance"} if scale == 1 else enlarge)
        elif settings.model and not self._suits(settings.model, settings):
            settings = settings.model_copy(update={"model": ""})
        if not settings.model and self._missing(settings):
            own = (name for name in self._scales if name not in COMING_ALONG and self._suits(name, settings))
            settings = settings.model_copy(update={"model": next(own, "")})
        return settings

    def _suits(self, name: str, settings: RestoreSettings) -> bool:
        scale = self._scales[name]
        return settings.for_photo(*self.photo_size, scale).enlargement == scale

    def _missing(self, settings: RestoreSettings) -> tuple[str, ...]:
        return missing(settings, self._scales, self.photo_size) if self._has_looked else ()

    def follow(self, changed: frozenset[str], effects: frozenset[str]) -> None:
        """Begin where nothing could be made before; otherwise as ever."""
        super().follow(changed, effects)
        self.begin_if_ready()

    # -- what is told ------------------------------------------------------------------------------------------------

    def _show_log(self, log: Log) -> None:
        """Warn once for each photo: a job follows every stroke, and each of them misses the same network."""
        if log.level != "warning" or log.message not in self._told:
            self._told.add(log.message)
            super()._show_log(log)

    def _forget(self, left: Snapshot) -> None:
        super()._forget(left)
        self._told.clear()
