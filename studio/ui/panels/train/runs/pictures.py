"""Reads the samples of runs on the engine for pictures: large ones for the canvas, small ones for the list."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.core.events import Picture
from studio.core.frames import Frame
from studio.engine import Engine
from studio.jobs.browse import ThumbnailTask, Thumbnail, small_picture
from studio.jobs.files import LoadTask, OpenedPicture
from studio.training.run_summary import RunSummary

_FRAME, _SMALL = "train.sample", "train.thumbnail"
_SIDE = 128


class RunPictures(QObject):
    """Remembers the small pictures, one for each run, until there is a newer sample.

    Args:
        pictures: the engine that loads pictures.

    """

    changed = Signal()
    """There is another small picture."""

    def __init__(self, pictures: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._small: dict[Path, tuple[Path, Picture | None]] = {}
        self._asked: Path | None = None

    def load_frame(self, path: Path, taken: Callable[[Frame | None], None]) -> None:
        """Read a picture for the canvas; `taken` gets None where it cannot be read. A newer wish replaces it."""
        handle = self._pictures.live(_FRAME, "load_picture", LoadTask(path=path))
        handle.finished.connect(lambda opened: taken(opened.frame))
        handle.failed.connect(lambda _: taken(None))

    def small(self, run: RunSummary) -> Picture | None:
        """Return what stands for a run in the list; None while that is unknown, and `changed` tells of it."""
        if run.sample is None:
            return None
        known, picture = self._small.get(run.path, (None, None))
        if known != run.sample and self._asked is None:
            self._load(run.path, run.sample)
        return picture  # an older one, until the newer is read

    def _load(self, run: Path, sample: Path) -> None:
        self._asked = sample
        handle = self._pictures.live(_SMALL, small_picture, ThumbnailTask(sample, _SIDE))
        handle.finished.connect(lambda found: self._remember(run, sample, found.picture))
        handle.failed.connect(lambda _: self._remember(run, sample, None))

    def _remember(self, run: Path, sample: Path, picture: Picture | None) -> None:
        self._asked = None
        self._small[run] = (sample, picture)
        self.changed.emit()
