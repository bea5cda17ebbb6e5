"""The photo stays in other places: what was made stays as it is, and the photo is laid over it anew."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from studio.core.masking import PROTECTING, Bare
from studio.core.picture_task import PictureRequest, PictureResult, PictureTask
from studio.engine import Engine, JobHandle
from studio.jobs.masks.protect import ProtectTask, protect_again
from studio.ui.picture.history import Made
from studio.ui.picture.inputs import InputPictures

__all__ = ["Protection"]


class Protection(QObject):
    """Follows the strokes on masks that protect the photo, without its job.

    Args:
        task: what was made.
        pictures: the engine that lays pictures over one another.
        newest: returns what is there now: what is laid over anything else comes late.

    """

    laid = Signal(object, object)
    """A `Made` with its photo laid over it as masks say by now, and the whole `PictureResult`."""
    uncovered = Signal()
    """A place is to be seen where nothing was made: it has to be made anew."""
    failed = Signal(object)

    def __init__(self, task: PictureTask, pictures: Engine, newest: Callable[[], Made], parent: QObject) -> None:
        super().__init__(parent)
        self._key, self._pictures, self._newest = f"{task.name}.protect", pictures, newest
        self._handle: JobHandle | None = None

    @property
    def is_busy(self) -> bool:
        """Whether something is to be laid still."""
        return self._handle is not None and not self._handle.state.is_over

    @staticmethod
    def is_due(made: Made, inputs: InputPictures) -> bool:
        """Return whether the photo is to stay in other places than when this was made."""
        return any(made.inputs.get(role, ()) != inputs.get(role, ()) for role in PROTECTING)

    def lay(self, made: Made, inputs: InputPictures) -> bool:
        """Lay the photo over what was made; False where it is unknown what lies below, or other pictures went in.

        `laid` or `uncovered` follows.
        """
        if made.bare is None or made.recipe is None or _others(made.inputs) != _others(inputs):
            return False
        request = PictureRequest({role: tuple(one.picture for one in pictures) for role, pictures in inputs.items()})
        task = ProtectTask(made.bare, made.recipe, request)
        self._handle = self._pictures.live(self._key, protect_again, task, after_running=True)
        self._handle.finished.connect(partial(self._take, made.bare, inputs))
        self._handle.failed.connect(self.failed)
        return True

    def _take(self, bare: Bare, inputs: InputPictures, result: PictureResult | None) -> None:
        if self._newest().bare is not bare:
            return  # it was made anew meanwhile
        if result is None:
            self.uncovered.emit()
        else:
            self.laid.emit(Made(result.layer, result.recipe, inputs, bare=bare), result)


def _others(inputs: InputPictures) -> dict[str, tuple[object, ...]]:
    """Return the pictures that what is made depends on."""
    return {role: tuple(pictures) for role, pictures in inputs.items() if role not in PROTECTING and pictures}
