"""The job that a session shows: always its newest; what an earlier one had reached is kept all the same."""

from functools import partial
from typing import Any
from weakref import ref

from PySide6.QtCore import QObject, Signal

from studio.core.controls import Controls
from studio.core.events import Metrics, Preview, Progress
from studio.core.picture_task import PictureRequest, PictureResult, PictureTask
from studio.core.resizing import to_8_bits
from studio.engine import Engine, JobHandle
from studio.engine.messages import Cancelled, Failed, Finished, Message
from studio.ui.picture.history import HistoryState, Made
from studio.ui.picture.inputs import InputPictures

__all__ = ["LiveJob"]


class LiveJob(QObject):
    """Runs a picture task again and again. What a job says is told as long as no other one has begun.

    Args:
        task: what is done.
        engine: runs it.

    """

    progressed = Signal(object)
    measured = Signal(object)
    previewed = Signal(object)
    made = Signal(object)
    """A `PictureResult`; `ended` follows."""
    ended = Signal(object)
    """Nothing runs any more: the `Controls` of what did."""
    finished = Signal(object, object)
    """A `PictureResult` to be kept, and the pictures it was made from; of any job, be it the newest or not."""
    logged = Signal(object)
    failed = Signal(object)

    def __init__(self, task: PictureTask, engine: Engine, parent: QObject) -> None:
        super().__init__(parent)
        self._task, self._engine = task, engine
        self._handle: JobHandle | None = None
        self.inputs: InputPictures = {}
        """What the job in progress, or the last one, works from."""
        self.began_with: Any = task.settings()
        """The settings that it began with."""
        self._look_at = (0.5, 0.5)

    @property
    def is_there(self) -> bool:
        """Whether a job is under way, paused or not."""
        return self._handle is not None

    def begin(self, inputs: InputPictures, settings: Any, branch: HistoryState | Made | None, *, keeps: bool) -> None:
        """Begin anew, or on from a picture that was reached, in place of the job in progress.

        Args:
            inputs: what goes in.
            settings: to begin with.
            branch: what is gone on from.
            keeps: whether the result is worth keeping: it is told as `finished`.

        """
        if self._handle is not None and not self._handle.controls.finishing:
            self._handle.cancel()  # unless it is done already and its result on the way, which must not be lost
        self.inputs, self.began_with = dict(inputs), settings
        request = PictureRequest(
            {role: tuple(one.picture for one in pictures) for role, pictures in inputs.items()},
            branch=None if branch is None or branch.layer is None else to_8_bits(branch.layer),
            history=None if branch is None else branch.recipe,
        )
        name, controls = self._task.name, Controls(settings)
        controls.look_at = self._look_at
        self._handle = self._engine.live(name, name, request, controls, after_running=True)
        self._listen(self._handle)
        if keeps:
            self._handle.finished.connect(partial(self._tell_finished, self.inputs))

    def steer(self, settings: Any) -> None:
        """Let the job in progress follow the settings."""
        if self._handle is not None:
            self._handle.controls.replace(settings)

    def look_at(self, across: float, down: float) -> None:
        """Make first what lies there, shares of the picture's width and height: now, and in the jobs to come."""
        self._look_at = (across, down)
        if self._handle is not None:
            self._handle.controls.look_at = self._look_at

    def pause(self) -> None:
        """Leave the picture as it is until `resume`."""
        if self._handle is not None:
            self._handle.pause()

    def resume(self) -> None:
        """Go on with what is paused."""
        if self._handle is not None:
            self._handle.resume()

    def finish(self) -> None:
        """End the job with what was reached."""
        if self._handle is not None:
            self._handle.finish()

    def cancel(self) -> None:
        """Give the job up."""
        if self._handle is not None:
            self._handle.cancel()

    def forget(self) -> None:
        """Hear nothing more of it, but for its result."""
        self._handle, self.inputs = None, {}

    def _listen(self, handle: JobHandle) -> None:
        this = ref(handle)  # a slot that held its own sender would keep it, and the pictures, for ever

        def take_newest(message: Message) -> None:
            if this() is self._handle:
                self._take(message)

        handle.told.connect(take_newest)
        handle.logged.connect(self.logged)
        handle.failed.connect(self.failed)

    def _take(self, message: Message) -> None:
        """Tell on what the newest job says."""
        match message:
            case Progress():
                self.progressed.emit(message)
            case Metrics():
                self.measured.emit(message)
            case Preview():
                self.previewed.emit(message)
            case Finished(result):
                self._end_with(result)
            case Failed() | Cancelled():
                self._end()

    def _end_with(self, result: PictureResult) -> None:
        self.made.emit(result)
        self._end()

    def _end(self) -> None:
        assert self._handle is not None
        controls, self._handle = self._handle.controls, None
        self.ended.emit(controls)

    def _tell_finished(self, used: InputPictures, result: PictureResult) -> None:
        self.finished.emit(result, tuple(picture for pictures in used.values() for picture in pictures))
