"""A search for a learning rate in a window of its own: the curve as it comes, and the rate that is taken over."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QProgressBar, QPushButton, QWidget

from studio.core.events import Progress
from studio.core.failures import Failure
from studio.training.rate_curve import TRIAL_STAGE, FoundRates
from studio.training.run_folder import RunPlan
from studio.ui.controls.layouts import column, row
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.panels.train.rate.finder import RateFinder
from studio.ui.panels.train.rate.search import RateSearch
from studio.ui.theme import Theme, mark


class RateDialog(QDialog):
    """Begins a search when it opens, and ends it when it closes.

    Args:
        search: how rates are tried.
        plan: the run that they are tried for.

    """

    rate_chosen = Signal(float)

    def __init__(self, search: RateSearch, plan: RunPlan, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Find a Learning Rate")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(720, 520)
        self._search, self._plan, self._theme = search, plan, theme
        search.setParent(self)
        self.finder = RateFinder(theme, self)
        self.trouble = WrappingLabel("", self)
        self.bar = QProgressBar(self)
        self.stop_button = QPushButton("That Is Enough", self)
        self.close_button = QPushButton("Close", self)
        self._lay_out()
        self._connect()
        self._begin()

    def _lay_out(self) -> None:
        gap, margin = self._theme.tokens.gap, self._theme.tokens.margin
        mark(self.trouble, tone="muted")
        self.trouble.hide()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("How many rates have been tried")
        self.stop_button.setToolTip("End the search with what is known")
        self.close_button.setToolTip("Leave the schedule as it is")
        for button in (self.stop_button, self.close_button):
            button.setAccessibleName(button.text())
            button.setAutoDefault(False)
        buttons = row((self.bar, 1), self.stop_button, self.close_button, gap=gap)
        self.setLayout(column((self.finder, 1), self.trouble, buttons, gap=gap, margins=margin))

    def _connect(self) -> None:
        search, finder = self._search, self.finder
        search.progressed.connect(self._show_progress)
        search.measured.connect(finder.add)
        search.found.connect(self._show_found)
        search.failed.connect(self._show_failure)
        finder.find_requested.connect(self._begin)
        finder.rate_chosen.connect(self._use)
        self.stop_button.clicked.connect(search.finish)
        self.close_button.clicked.connect(self.reject)
        self.finished.connect(search.cancel)

    def _begin(self) -> None:
        try:
            sweep = self.finder.sweep
        except ValueError as error:
            self._tell(str(error))
            return
        self.trouble.hide()
        self.finder.begin()
        self.bar.setRange(0, 0)
        self._search.start(self._plan, sweep)
        self._show_running()

    def _show_running(self) -> None:
        for widget in (self.bar, self.stop_button):
            widget.setEnabled(self._search.is_running)
        if not self._search.is_running:
            self.bar.setRange(0, 1)
            self.bar.setValue(0)

    def _show_progress(self, progress: Progress) -> None:
        self.bar.setRange(0, progress.total)
        self.bar.setValue(progress.done)
        if progress.stage.startswith(TRIAL_STAGE):
            self.finder.show_trial(f"{progress.stage}…")

    def _show_found(self, found: FoundRates) -> None:
        self.finder.set_curves(found.curves, found.trials)
        if found.note:
            self._tell(found.note)
        self._show_running()

    def _show_failure(self, failure: Failure) -> None:
        self.finder.stop()
        self._tell(f"{failure.cause} {failure.remedy}")
        self._show_running()

    def _tell(self, words: str) -> None:
        self.trouble.setText(words)
        self.trouble.show()

    def _use(self, rate: float) -> None:
        self.rate_chosen.emit(rate)
        self.accept()
