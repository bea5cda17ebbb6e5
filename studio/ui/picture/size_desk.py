"""How large, how long, how much memory: what a size costs, sizes for a given time, and finishing at a larger one."""

from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QMenu, QWidget

from studio.core.cost import Cost
from studio.core.failures import explain
from studio.core.settings import describe
from studio.ui.picture.column import PictureColumn
from studio.ui.picture.finish_dialog import FinishDialog
from studio.ui.picture.session import PictureSession
from studio.ui.theme import Theme

__all__ = ["SizeDesk"]

BUDGETS = {10: "10 seconds", 30: "30 seconds", 120: "2 minutes", 600: "10 minutes"}
"""Seconds that somebody may want to wait."""


class SizeDesk(QObject):
    """Binds the size of a panel's pictures: the setting, the note below it, and the button “Finish at…”.

    Only of a task that has a setting `size`, and says what it costs (`PictureSession.cost`).

    Args:
        parent: the widget in front of which the dialog opens.
        session: what is painted.
        column: shows note and button.

    """

    failed = Signal(object)

    def __init__(self, parent: QWidget, session: PictureSession[Any], column: PictureColumn, theme: Theme) -> None:
        super().__init__(parent)
        self._window, self._session, self._column, self._theme = parent, session, column, theme
        self._most = next(int(info.high or 0) for info in describe(session.task.settings) if info.name == "size")
        self._sizes, self._budgets = QMenu(column.finish_button), QMenu(column.size_note)
        self._budgets.setToolTipsVisible(True)
        self._connect()
        self.show()

    def _connect(self) -> None:
        self._column.finish_button.setMenu(self._sizes)
        self._column.size_note.setMenu(self._budgets)
        self._sizes.aboutToShow.connect(self._fill_sizes)
        self._budgets.aboutToShow.connect(self._fill_budgets)
        self._session.settings_changed.connect(lambda _settings: self.show())
        self._session.input_changed.connect(lambda _role: self.show())
        self._session.costs_changed.connect(self.show)

    def show(self) -> None:
        """Say what the size of now costs."""
        cost = self._session.cost(self._session.settings.size)
        words = ""
        if cost is not None and not cost.fits:
            words = f"Too large here: it takes {(cost.memory or 0) / 1e9:.0f} GB"
        elif cost is not None and cost.time:
            words = f"{cost.time.capitalize()} here"
        self._column.show_size_note(words)

    # -- sizes for a given time ------------------------------------------------------------------------------------

    def _fill_budgets(self) -> None:
        self._budgets.clear()
        sizes: dict[int, str] = {}
        for seconds, words in BUDGETS.items():
            sizes[self._session.largest_size(seconds)] = words  # of equal sizes the longer time
        for size, words in sizes.items():
            self._budgets.addAction(f"In {words}\t{size} px", partial(self._session.change, size=size))

    # -- finishing larger ------------------------------------------------------------------------------------------

    @property
    def least(self) -> int:
        """The longer side of what is there: finishing goes on from it, and never makes it smaller."""
        pixels = self._session.pixels
        return 0 if pixels is None else int(max(pixels.shape[:2]))

    def _fill_sizes(self) -> None:
        self._sizes.clear()
        photo = self._session.photo
        offers = {2 * self.least: "Twice the size"}
        if photo is not None:
            offers[max(photo.picture.width, photo.picture.height)] = "The photo's size"
        for size, title in sorted(offers.items()):
            cost = self._session.cost(size, goes_on=True) if self.least < size <= self._most else None
            if cost is not None:
                self._sizes.addAction(_offer(title, cost), partial(self.finish, size))
        self._sizes.addAction("Another size…", self._ask)

    def finish(self, size: int) -> None:
        """Go on from what is shown up to this size, unless there is no memory for it."""
        cost = self._session.cost(size, goes_on=True)
        if cost is not None and not cost.fits:
            self.failed.emit(explain(cost.refusal(self._session.largest_size())))
            return
        self._session.finish_at(size)

    def _ask(self) -> None:
        dialog = FinishDialog(
            lambda size: self._session.cost(size, goes_on=True), self._session.largest_size,
            (self.least, min(self._most, 2 * self.least), self._most), self._theme, self._window,
        )  # fmt: skip
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.finish(dialog.size_chosen)
        dialog.deleteLater()


def _offer(title: str, cost: Cost) -> str:
    price = cost.words if cost.fits else "too large here"
    return f"{title}: {cost.width} × {cost.height} px\t{price}"
