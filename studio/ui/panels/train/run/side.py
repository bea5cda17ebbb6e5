"""What stands beside the curves of a run: what can be turned while it learns, the artist's notes, and what happened."""

import time
from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QPlainTextEdit, QPushButton, QWidget

from studio.core.settings import Settings, describe
from studio.training.run_log import Happening
from studio.training.settings import TrainingSettings
from studio.ui.controls.layouts import column
from studio.ui.controls.section import Section
from studio.ui.controls.settings_form import SettingsForm
from studio.ui.icons import set_icon
from studio.ui.panels.train.run.event_words import WORTH_TELLING, in_words
from studio.ui.theme import Theme, mark

_WRITE_MS = 800
_STEER_MS = 250
_MOST = 500
"""So many happenings are listed, the newest."""


class LiveSettingsForm(QWidget):
    """The settings that may change while a run learns; what is turned is told when the hand rests.

    Args:
        model: the settings of its kind of training.

    """

    turned = Signal(dict)
    """Name → value of the settings that changed."""

    def __init__(self, model: type[TrainingSettings], theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steer = tuple(info.name for info in describe(model) if info.effect == "steer")
        self.form = SettingsForm(model, theme, parent=self)
        self.form.set_hidden({info.name for info in describe(model)} - set(self._steer))
        self._told = self.form.settings
        self._rest = QTimer(self, singleShot=True, interval=_STEER_MS)
        self.setLayout(column(self.form))
        self._connect()

    def _connect(self) -> None:
        self.form.settings_changed.connect(self._rest.start)
        self._rest.timeout.connect(self._tell)

    def set_settings(self, settings: Settings) -> None:
        """Show how the run is set, unless a hand is just turning something."""
        if not self._rest.isActive() and settings != self._told:
            self._told = settings
            self.form.set_settings(settings)

    def _tell(self) -> None:
        before, now = self._told, self.form.settings
        changed = {name: getattr(now, name) for name in self._steer if getattr(now, name) != getattr(before, name)}
        if changed:
            self._told = now
            self.turned.emit(changed)


class Notes(QPlainTextEdit):
    """Free words about a run, kept as they are written."""

    written = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rest = QTimer(self, singleShot=True, interval=_WRITE_MS)
        self._kept = ""
        self.setAccessibleName("Notes")
        self.setToolTip("Your own words about this run; they are kept in its folder as notes.md")
        self.setPlaceholderText("What is tried here, and what came of it")
        self.setTabChangesFocus(True)
        self.setFixedHeight(96)
        self.textChanged.connect(self._rest.start)
        self._rest.timeout.connect(self.flush)

    def set_words(self, words: str) -> None:
        """Show the notes of a run; what was written before is kept first."""
        self._kept = words
        self.setPlainText(words)
        self._rest.stop()

    def flush(self) -> None:
        """Keep what is written, if it is not yet."""
        self._rest.stop()
        if (words := self.toPlainText()) != self._kept:
            self._kept = words
            self.written.emit(words)


class RunSide(QWidget):
    """Use, live settings, notes and what happened, one below the other."""

    use_requested = Signal()
    ask_requested = Signal()
    turned = Signal(dict)
    notes_written = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.use_button = QPushButton("Use This Network", self)
        self.ask_button = QPushButton("Ask It About a Picture…", self)
        self.notes = Notes(self)
        self.happenings = QListWidget(self)
        self._forms: dict[type[TrainingSettings], LiveSettingsForm] = {}
        self._heading = QLabel("While it learns", self)
        self._forms_place = QWidget(self)
        self._places = column(self._heading)
        self._labels: dict[str, str] = {}
        self._seen, self._last_words = 0, ""
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        margin, gap = self._theme.tokens.margin, self._theme.tokens.gap
        mark(self.use_button, kind="primary")
        self.use_button.setAccessibleName("Use this network")
        self.ask_button.setAccessibleName("Ask it about a picture")
        self.ask_button.setToolTip("Drop a picture, and see what the classifier says it shows")
        set_icon(self.ask_button, "search", self._theme)
        self.set_use("")
        self.set_can_be_asked(False)
        mark(self._heading, tone="strong")
        notes, past = Section("Notes", self._theme, self), Section("What happened", self._theme, self)
        notes.contents.addWidget(self.notes)
        past.contents.addWidget(self.happenings)
        notes.set_open(True)
        past.set_open(True)
        self.happenings.setAccessibleName("What happened")
        self.happenings.setToolTip("Checkpoints, skipped steps and whatever else happened, the newest first")
        self.happenings.setWordWrap(True)
        self.happenings.setMinimumHeight(120)
        self.happenings.setUniformItemSizes(False)
        self._forms_place.setLayout(self._places)
        self.setLayout(
            column(self.use_button, self.ask_button, self._forms_place, notes, (past, 1), gap=gap, margins=margin)
        )

    def _connect(self) -> None:
        self.use_button.clicked.connect(self.use_requested)
        self.ask_button.clicked.connect(self.ask_requested)
        self.notes.written.connect(self.notes_written)

    def set_kind(self, model: type[TrainingSettings] | None) -> None:
        """Offer the live settings of another kind of training; None: it is not known here."""
        if model is not None and model not in self._forms:
            self._forms[model] = form = LiveSettingsForm(model, self._theme, self)
            form.turned.connect(self.turned)
            self._places.addWidget(form)
        for known, form in self._forms.items():
            form.setVisible(known is model)
        self._heading.setVisible(model is not None)
        fields = {} if model is None else model.model_fields
        self._labels = {name: field.title for name, field in fields.items() if field.title}

    def set_settings(self, settings: TrainingSettings, *, steerable: bool) -> None:
        """Show how the run is set; it can be turned while somebody works on it."""
        form = self._forms[type(settings)]
        form.set_settings(settings)
        form.setEnabled(steerable)

    def set_over(self, over: bool) -> None:
        """Put the live settings away of a run that does not learn any more."""
        self._forms_place.setVisible(not over)

    def set_use(self, hint: str, *, learns: bool = False) -> None:
        """Offer the network, finished or while it `learns`; "" while there is none, or nothing to use it for."""
        self.use_button.setVisible(bool(hint))
        self.use_button.setText("Try It" if learns else "Use This Network")
        self.use_button.setAccessibleName("Try it" if learns else "Use this network")
        self.use_button.setToolTip(hint or "There is no network to use yet")

    def set_can_be_asked(self, can: bool) -> None:
        """Offer to ask a classifier what pictures show."""
        self.ask_button.setVisible(can)

    def set_happenings(self, happenings: Sequence[Happening]) -> None:
        """List what happened; only what is new since the last time is added."""
        told = [one for one in happenings if one.kind in WORTH_TELLING]
        if len(told) < self._seen:
            self.happenings.clear()
            self._seen, self._last_words = 0, ""
        for one in told[max(self._seen, len(told) - _MOST) :]:
            words, at = in_words(one, self._labels), time.localtime(one.at)
            if words in ("", self._last_words):  # saved because it is the best, and once more because it is the end
                continue
            self._last_words = words
            item = QListWidgetItem(f"{time.strftime('%H:%M', at)}  {words}")
            item.setToolTip(f"{time.strftime('%c', at)}, step {one.step:,}\n{words}")
            self.happenings.insertItem(0, item)
        self._seen = len(told)
        while self.happenings.count() > _MOST:
            self.happenings.takeItem(self.happenings.count() - 1)

    def forget(self) -> None:
        """Another run comes into sight."""
        self.notes.flush()
        self.happenings.clear()
        self._seen, self._last_words = 0, ""
