"""Everything that a new run learns from: a place to drop it for each slot, and what was found there."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QMenu, QPushButton, QWidget

from studio.core.events import Progress
from studio.core.failures import Failure
from studio.training.data.worlds import Together
from studio.ui.controls.layouts import column
from studio.ui.controls.mnemonics import literal
from studio.ui.panels.train.new_run.data_report import DoctorView
from studio.ui.panels.train.new_run.data_shelf import DataShelf
from studio.ui.panels.train.new_run.examiner import DataPlace
from studio.ui.panels.train.new_run.session import NewRun
from studio.ui.theme import Theme, mark

_DRAW = "Make Drawings of These Photos"


class DataPlaceView(QWidget):
    """One place: its name where there are several, what lies there, and the report on it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.title = QLabel(self)
        self.shelf = DataShelf(theme, self)
        self.doctor = DoctorView(theme, self)
        self.setLayout(column(self.title, self.shelf, self.doctor, gap=theme.tokens.gap))
        mark(self.title, tone="muted")

    def show_place(self, title: str, invitation: str, paths: Sequence[Path]) -> None:
        """Show what lies there."""
        self.title.setText(title)
        self.title.setVisible(bool(title))
        self.shelf.set_invitation(invitation)
        self.shelf.set_data(paths)
        self.doctor.setVisible(bool(paths))


class DataPlaces(QWidget):
    """The places of the kind of training that is chosen, one below the other.

    Args:
        new_run: the state.

    """

    folder_requested = Signal(object)
    """Ask for a folder for this place."""
    files_requested = Signal(object)
    reveal_requested = Signal(Path)

    def __init__(self, new_run: NewRun, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run, self._theme = new_run, theme
        self.views: dict[DataPlace, DataPlaceView] = {}
        self.together = DoctorView(theme, self)
        self.draw_button = QPushButton(_DRAW, self)
        self.phase_button = QPushButton("Other Data in One Phase", self)
        self.phase_menu = QMenu(self.phase_button)
        self._column = column(gap=2 * theme.tokens.gap)
        self._lay_out()
        self._connect()
        self._follow()

    def _lay_out(self) -> None:
        self.phase_button.setMenu(self.phase_menu)
        self.phase_button.setAccessibleName(self.phase_button.text())
        self.phase_button.setToolTip(
            "Let one phase of the schedule learn from a folder of its own, such as small copies"
        )
        mark(self.phase_button, kind="link")
        button = (self.phase_button, Qt.AlignmentFlag.AlignLeft)
        self.together.again.hide()
        mark(self.draw_button, kind="link")
        self.draw_button.setToolTip("Draws each photo with a pen, into a folder beside theirs: to learn the way back")
        draw = (self.draw_button, Qt.AlignmentFlag.AlignLeft)
        self.setLayout(column(self._column, draw, self.together, button, gap=self._theme.tokens.gap))

    def _connect(self) -> None:
        self.phase_menu.aboutToShow.connect(self._offer_phases)
        run, examiner = self._run, self._run.examiner
        run.kind_changed.connect(self._follow)
        run.data_changed.connect(self._follow)
        run.settings_changed.connect(self._show_drawing)
        run.drawing_changed.connect(self._show_drawing)
        self.draw_button.clicked.connect(run.make_drawings)
        examiner.progressed.connect(self._show_progress)
        examiner.reported.connect(self._show_report)
        examiner.failed.connect(self._show_failure)
        examiner.compared.connect(self._show_together)
        self.together.file_chosen.connect(self.reveal_requested)

    def _make_view(self, place: DataPlace) -> DataPlaceView:
        view, run = DataPlaceView(self._theme, self), self._run
        view.shelf.folder_requested.connect(lambda: self.folder_requested.emit(place))
        view.shelf.files_requested.connect(lambda: self.files_requested.emit(place))
        view.shelf.files_dropped.connect(lambda files: run.add_data([Path(file) for file in files], place))
        view.shelf.removed.connect(lambda paths: run.remove_data(paths, place))
        view.doctor.cancel_requested.connect(lambda: run.examiner.stop(place))
        view.doctor.again_requested.connect(lambda: run.examiner.look_again(place))
        view.doctor.file_chosen.connect(self.reveal_requested)
        return view

    def _offer_phases(self) -> None:
        self.phase_menu.clear()
        for place in self._run.possible_places:
            self.phase_menu.addAction(
                literal(f"{self._run.title_of(place)}…"), partial(self.folder_requested.emit, place)
            )

    def _follow(self) -> None:
        """Show the places there are now, each with what lies there."""
        places = self._run.places
        for place in self.views.keys() - set(places):
            view = self.views.pop(place)
            self._column.removeWidget(view)
            view.hide()
            view.deleteLater()
        for row, place in enumerate(places):
            if place not in self.views:
                self.views[place] = self._make_view(place)
                self._column.insertWidget(row, self.views[place])
                self._show_report(place)
            self.views[place].show_place(self._run.title_of(place), place.slot.help, self._run.paths_at(place))
        self._show_together()
        self._show_drawing()
        self.phase_button.setVisible(any(self._run.data.values()))  # no riddle for whoever just arrives

    def _show_progress(self, place: DataPlace, progress: Progress) -> None:
        if place in self.views:
            self.views[place].doctor.show_progress(progress)

    def _show_report(self, place: DataPlace) -> None:
        if place in self.views:
            report = self._run.examiner.reports.get(place)
            if report is None:
                self.views[place].doctor.clear()
            else:
                self.views[place].doctor.show_report(report)

    def _show_failure(self, place: DataPlace, failure: Failure) -> None:
        if place in self.views:
            self.views[place].doctor.show_failure(failure)

    def _show_drawing(self) -> None:
        """Offer to draw the photos, or say how far that is."""
        drawn = self._run.drawn
        count = f" {drawn.done:,} of {drawn.total:,}" if drawn is not None and drawn.total else ""
        self.draw_button.setText(_DRAW if drawn is None else f"Drawing{count} … Cancel")
        self.draw_button.setAccessibleName(self.draw_button.text())
        self.draw_button.setVisible(drawn is not None or self._run.photos_to_draw is not None)

    def _show_together(self) -> None:
        """Show what two worlds are to each other."""
        match self._run.examiner.together:
            case Together() as found:
                self.together.show_together(found)
            case Failure() as failure:
                self.together.show_failure(failure)
            case _:
                self.together.clear()
        self.together.setVisible(self._run.examiner.together is not None)
