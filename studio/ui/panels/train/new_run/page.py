"""The page on which a run is put together: what, on what, after which picture, how; and the button that begins it."""

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QWidget,
)

from studio.training.task_kind import TaskKind
from studio.ui.controls.file_drop import FileDrop
from studio.ui.controls.layouts import centred, column, holding, row, scrolling, splitter
from studio.ui.controls.section import Section
from studio.ui.controls.settings_form import SettingsForm
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.icons import set_icon
from studio.ui.panels.train.new_run.data_places import DataPlaces
from studio.ui.panels.train.new_run.kind_choice import KindChoice
from studio.ui.panels.train.new_run.session import NewRun
from studio.ui.panels.train.schedule_editor import ScheduleEditor
from studio.ui.picture.input_slot import SlotTile
from studio.ui.theme import Theme, mark

COLUMN, _NARROWEST_COLUMN = 300, 232
_MIDDLE = 496
_SCHEDULE = 460
_WIDEST = 860
_MEASURE = "Measure Five Steps"
_EXAMPLES = 1000
"""As many pictures the schedule is drawn for until they are counted."""


class NewRunPage(QWidget):
    """Shows a `NewRun`; whatever a hand does goes to it, and comes back by its signals.

    Args:
        new_run: the state.
        undo_stack: where edits of the schedule become steps to undo.

    """

    start_requested = Signal()
    input_requested = Signal(str)
    """Ask for the input of this name."""
    input_sample_chosen = Signal(str, str)
    """The input's name, and the sample's."""
    rate_search_requested = Signal()
    measure_requested = Signal()
    """Measure what a step costs; or, while that is done, give it up."""

    def __init__(self, new_run: NewRun, undo_stack: QUndoStack, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.new_run, self._theme = new_run, theme
        self.title = QLineEdit(self)
        self.kinds = KindChoice(new_run.kinds, theme, self)
        self.data = DataPlaces(new_run, theme, self)
        self.inputs = {
            (kind.name, wanted.role): SlotTile(wanted, theme, help=wanted.help)
            for kind in new_run.kinds
            for wanted in kind.inputs
        }
        self.schedule = ScheduleEditor(theme, undo_stack, self)
        self.schedule_section = Section("Schedule", theme, self)
        self.rate_button = QPushButton("Find a Learning Rate…", self)
        self.forms = {kind.name: self._make_form(kind) for kind in new_run.kinds}
        self.start_button = QPushButton("Start Training", self)
        self.measure_button = QPushButton(_MEASURE, self)
        self._words = WrappingLabel("", self)
        self.why_so_long = WrappingLabel("", self)
        self._form_stack = QStackedWidget()
        self._input_cards: dict[str, QWidget] = {}
        self._drop = FileDrop(self)
        self._lay_out()
        self._connect()
        self._show_kind(new_run.kind)

    # -- layout ----------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.setLayout(row(splitter(self._make_middle(), self._make_column(), sizes=(10_000, COLUMN), growing=0)))

    def _make_middle(self) -> QWidget:
        margin, gap = self._theme.tokens.margin, self._theme.tokens.gap
        heading = QLabel("New run")
        mark(heading, tone="title")
        self.title.setAccessibleName("Name of the run")
        self.title.setToolTip("What the run is called in the list; its folder gets the same name")
        self.title.setMaxLength(80)
        for kind in self.new_run.kinds:
            if kind.inputs:
                tiles = [self.inputs[kind.name, wanted.role] for wanted in kind.inputs]
                self._input_cards[kind.name] = self._card(kind.inputs[0].title, *tiles)
        self.schedule.setMinimumHeight(_SCHEDULE)
        mark(self.why_so_long, tone="muted")
        self.schedule_section.contents.addWidget(self.why_so_long)
        self.schedule_section.contents.addWidget(self.schedule)
        self.schedule_section.contents.addWidget(self.rate_button, 0, Qt.AlignmentFlag.AlignLeft)
        cards = (
            self._card("What comes of it", self.kinds), self._card("Learn from", self.data),
            *self._input_cards.values(), self._card("", self.schedule_section),
        )  # fmt: skip
        margins = (0, margin + gap, 0, margin + gap)
        sheet = holding(column(heading, self.title, *cards, None, gap=gap + 4, margins=margins))
        sheet.setMaximumWidth(_WIDEST)
        self.rate_button.setAccessibleName("Find a learning rate")
        self.rate_button.setToolTip("Tries every pace on a copy for a minute, and shows at which it learns best")
        set_icon(self.rate_button, "search", self._theme)
        self.sheet = scrolling(centred(sheet, gap + 4))
        self.sheet.setMinimumWidth(_MIDDLE)
        return self.sheet

    def _card(self, title: str, *widgets: QWidget) -> QWidget:
        margin, gap = self._theme.tokens.margin, self._theme.tokens.gap
        heading = QLabel(title)
        mark(heading, tone="strong")
        if title:
            inner = column(heading, *widgets, gap=gap, margins=(margin, gap + 2, margin, margin))
        else:
            inner = column(*widgets, gap=gap, margins=(margin, gap, margin, gap))
        card = holding(inner, QFrame())
        mark(card, surface="card")
        return card

    def _make_form(self, kind: TaskKind) -> SettingsForm:
        return SettingsForm(kind.settings, self._theme)

    @property
    def offers(self) -> tuple[str, ...]:
        """The kinds of network that some training asks for, each once."""
        return tuple(dict.fromkeys(product for form in self.forms.values() for product in form.offers))

    def set_networks(self, product: str, networks: Mapping[str, str]) -> None:
        """Offer these networks wherever one of this kind can be chosen."""
        for form in self.forms.values():
            form.set_offers(product, networks)
        self.new_run.know_networks(product, here=bool(networks))

    def _make_column(self) -> QWidget:
        margin, gap = self._theme.tokens.margin, self._theme.tokens.gap
        for form in self.forms.values():
            self._form_stack.addWidget(form)
        mark(self._words, tone="muted")
        mark(self.start_button, kind="primary")
        set_icon(self.start_button, "play", self._theme, colour="on_accent")
        self.start_button.setAccessibleName("Start training")
        mark(self.measure_button, kind="link")
        self.measure_button.setToolTip(
            "Take five steps on a copy, and tell from them how long all will take, and memory"
        )
        settings = scrolling(holding(column(self._form_stack, None, margins=margin)))
        measure = (self.measure_button, Qt.AlignmentFlag.AlignLeft)
        foot = column(self._words, measure, self.start_button, gap=gap, margins=(margin, gap, margin, margin))
        side = holding(column((settings, 1), foot, gap=0))
        side.setMinimumWidth(_NARROWEST_COLUMN)
        mark(side, surface="panel")
        return side

    # -- connections -----------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        run = self.new_run
        run.kind_changed.connect(self._show_kind)
        run.settings_changed.connect(self._show_settings)
        run.schedule_changed.connect(self._show_schedule)
        run.ready_changed.connect(self._show_schedule)
        self.title.textEdited.connect(self._take_title)
        self.kinds.chosen.connect(run.choose_kind)
        self._drop.files_dropped.connect(self._drop_anywhere)
        for (_, name), tile in self.inputs.items():
            tile.open_requested.connect(lambda name=name: self.input_requested.emit(name))
            tile.files_dropped.connect(lambda files, name=name: run.set_input(name, Path(files[0])))
            tile.sample_chosen.connect(lambda sample, name=name: self.input_sample_chosen.emit(name, sample))
        for form in self.forms.values():
            form.settings_changed.connect(run.set_settings)
            form.drag_started.connect(run.begin_gesture)
            form.drag_finished.connect(run.end_gesture)
        self.schedule.schedule_changed.connect(run.draw_schedule)
        self.rate_button.clicked.connect(self.rate_search_requested)
        self.start_button.clicked.connect(self.start_requested)
        self.measure_button.clicked.connect(self.measure_requested)

    def _take_title(self, title: str) -> None:
        self.new_run.title = title

    def _drop_anywhere(self, files: list[Path]) -> None:
        self.new_run.drop([Path(file) for file in files])

    # -- showing the state -----------------------------------------------------------------------------------------

    def _show_kind(self, kind: TaskKind) -> None:
        self.kinds.set_current(kind.name)
        self._form_stack.setCurrentWidget(self.forms[kind.name])
        for name, card in self._input_cards.items():
            card.setVisible(name == kind.name)
        self._show_settings(self.new_run.settings)

    def _show_settings(self, settings: object) -> None:
        form = self.forms[self.new_run.kind.name]
        if form.settings != settings:
            form.set_settings(self.new_run.settings)
        self._show_schedule()

    def _show_schedule(self, _changed: object = None) -> None:
        run = self.new_run
        self.schedule.set_schedule(
            run.schedule, lambda phase: run.examples_of(phase) or _EXAMPLES, run.settings.batch, run.settings.size,
            counted=run.total_steps is not None,
        )  # fmt: skip
        self.why_so_long.setText(run.why_so_long)
        self.why_so_long.setVisible(bool(run.why_so_long))

    def show_readiness(self, missing: str, length: str, measuring: str = "") -> None:
        """Say what is still missing, or how long it will take, or what is being measured to tell."""
        self.start_button.setEnabled(not missing)
        self.start_button.setToolTip(missing or "Begin to learn (Ctrl+Enter)")
        self._words.setText(missing or measuring or length)
        self.measure_button.setVisible(not missing)
        self.measure_button.setText("Cancel" if measuring else _MEASURE)
        self.measure_button.setAccessibleName(self.measure_button.text())
        self.title.setPlaceholderText(self.new_run.suggested_title())

    def clear_title(self) -> None:
        """The next run gets a name of its own."""
        self.title.clear()
        self.new_run.title = ""
