"""What the window knows about a panel: its name and icon, which commands it answers, what it takes from other panels.

Panels do not know one another. What one has for another it sends (`Panel.sent`); the window hands it to a panel that
`accepts` it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QUndoStack
from PySide6.QtWidgets import QAbstractScrollArea, QMenu, QWidget

from studio.core.failures import Failure
from studio.core.frames import Frame
from studio.jobs.files import KeepTask, OpenedPicture
from studio.jobs.sessions import OpenedSession

__all__ = [
    "ModelToAsk",
    "ModelToFind",
    "ModelToUse",
    "NetworkToImport",
    "Panel",
    "PictureToOpen",
    "ResultToOpen",
    "Sendable",
    "SessionToOpen",
    "TrainingToBegin",
]


@dataclass(frozen=True, slots=True, eq=False)
class PictureToOpen:
    """A picture to work on: a file, what a canvas shows, or a result that goes into the library on its way.

    `settings` are those of the panel that takes it which shall be otherwise, by name.
    """

    name: str
    path: Path | None = None
    frame: Frame | None = None
    result: KeepTask | None = None
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class ResultToOpen:
    """A picture made by the task that its recipe names, to be brought back with everything it was made from."""

    opened: OpenedPicture

    @property
    def task(self) -> str:
        """The name of the task, "" where there is no recipe."""
        recipe = self.opened.picture.recipe
        return "" if recipe is None else recipe.task


@dataclass(frozen=True, slots=True)
class ModelToUse:
    """A trained network to work with: what it is for (`PictureTask.products`), and its name, file or run's folder."""

    product: str
    name: str

    @property
    def is_on_shelf(self) -> bool:
        """Whether it is known by name; otherwise it is a file or a run's folder."""
        return not Path(self.name).is_absolute()


@dataclass(frozen=True, slots=True)
class ModelToFind:
    """A network of the shelf, to be looked at there."""

    name: str


@dataclass(frozen=True, slots=True)
class NetworkToImport:
    """The file of a network that is to come onto the shelf, and to be worked with by whoever can."""

    path: Path


@dataclass(frozen=True, slots=True)
class TrainingToBegin:
    """A kind of training (`TaskKind.name`), to put a new run together."""

    kind: str


@dataclass(frozen=True, slots=True, eq=False)
class SessionToOpen:
    """A session of the task that it names, and the file that it comes from."""

    opened: OpenedSession
    path: Path | None


@dataclass(frozen=True, slots=True)
class ModelToAsk:
    """A classifier to be asked what pictures show: its name on the shelf, and what it is called."""

    name: str
    title: str


Sendable: TypeAlias = (
    PictureToOpen
    | ResultToOpen
    | ModelToUse
    | ModelToFind
    | ModelToAsk
    | NetworkToImport
    | TrainingToBegin
    | SessionToOpen
)


class Panel(QWidget):
    """One task of the studio.

    The window hands commands down to the panel in front; what a panel cannot answer stays grey. A panel without a
    `menu_title` starts and stops nothing: those commands go on acting on the panel that was in front before; so do undo
    and redo where there is no `undo_stack`.
    """

    failed = Signal(object)
    withdrawn = Signal(object)
    """A `Failure` that was told before: what failed has worked since."""
    noticed = Signal(str, str)
    """A sentence worth knowing, and its level: "info" or "warning"."""
    actions_changed = Signal()
    """What can be done, or what it is called, is different now."""
    shown_requested = Signal()
    """Bring the panel to the front."""
    open_requested = Signal(list)
    """Open these files wherever they belong."""
    sent = Signal(object, str)
    """A `Sendable`, and the name of the panel that shall have it; "" is the first that accepts it."""
    targets_requested = Signal(QMenu, object)
    """A menu opens that shall name every panel which accepts this `Sendable`: the window fills it."""
    models_changed = Signal()
    """Another set of trained networks can be used now."""
    models_used = Signal(str, object)
    """The panel's title, and the names of the networks it works with from now on."""
    results_changed = Signal()
    """There is one more result in the library."""
    ended = Signal(str, str)
    """Something long is over, and perhaps nobody looks: a headline, and how it went."""
    released = Signal()
    """Nothing hinders the window from closing any more."""

    name = ""
    title = ""
    icon_name = ""
    tooltip = ""
    at_foot = False
    menu_title = ""
    """The title of the menu that starts and stops, with its mnemonic: "&Painting"."""
    verb = ""
    """What starting is called: "Paint"."""
    undo_stack: QUndoStack | None = None
    file_actions: Sequence[QAction] = ()
    """What only this panel adds to the File menu."""
    work_actions: Sequence[QAction] = ()
    """What only this panel adds to the menu that starts and stops, while it is in front."""

    @property
    def picture_place(self) -> QWidget | None:
        """What messages may lie over, because it holds a picture and nothing to press; None where there is none."""
        return None

    @property
    def list_place(self) -> QAbstractScrollArea | None:
        """A list that makes room for messages at its lower end while no picture is to be seen."""
        return None

    # -- what can be done ------------------------------------------------------------------------------------------

    @property
    def can_start(self) -> bool:
        """Whether whatever the panel makes can be begun now."""
        return False

    @property
    def is_running(self) -> bool:
        """Whether something runs that can be paused, or rests and can go on."""
        return False

    @property
    def can_pause(self) -> bool:
        """Whether there is something to pause, or to go on with."""
        return self.is_running

    @property
    def can_stop(self) -> bool:
        """Whether something runs that can be ended with what was reached."""
        return self.is_running

    def start(self) -> None:
        """Begin whatever the panel makes."""

    def toggle_pause(self) -> None:
        """Pause what runs, or go on with it."""

    def stop(self) -> None:
        """End what runs, with what was reached."""

    def reset(self) -> None:
        """Set every setting back to where a newcomer starts."""

    # -- between panels --------------------------------------------------------------------------------------------

    def accepts(self, what: Sendable) -> bool:
        """Tell whether the panel can do something with what another one sends."""
        return False

    def take(self, what: Sendable) -> None:
        """Do it; only what the panel accepts comes here."""

    def add_send_menu(self, menu: QMenu, find: Callable[[], Sendable | None]) -> QMenu:
        """Add "Send to" to a menu.

        Args:
            menu: where it is added at the end.
            find: what would be sent; asked when the artist looks.

        """
        targets = menu.addMenu("Send to")
        targets.aboutToShow.connect(lambda: self.targets_requested.emit(targets, find()))
        return targets

    @property
    def models_in_use(self) -> frozenset[str]:
        """The names of the networks that the panel works with."""
        return frozenset()

    def show_models_used(self, title: str, names: frozenset[str]) -> None:
        """The panel of this title works with these networks."""

    def refresh_models(self) -> None:
        """Another set of trained networks can be used now."""

    def refresh_results(self) -> None:
        """There is one more result in the library."""

    # -- coming and going ------------------------------------------------------------------------------------------

    def show_loading(self, words: str) -> None:
        """Name what the studio is loading, "" when it is there or has failed."""

    def report(self, failure: Failure) -> None:
        """Pass a failure on to the window's banner."""
        self.failed.emit(failure)

    def hold_closing(self, *, ask: bool = True) -> bool:
        """Return whether the window must stay for the moment; `released` says when it need not any more.

        Args:
            ask: whether there is anybody to be asked.

        """
        return False

    def close_gently(self) -> None:
        """Keep what must not be lost; called once, before the engines shut down."""
        self.stop()
