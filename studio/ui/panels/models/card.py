"""One network on the shelf: what it is, what it is good for, and everything one can do with it."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.events import Progress
from studio.core.failures import Failure
from studio.core.model_shelf import ShelfEntry
from studio.core.sizes import megabytes
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.layouts import column, row
from studio.ui.controls.progress_line import ByteProgress
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.icons import set_icon
from studio.ui.panels.models.download_failure import DownloadFailure
from studio.ui.panels.models.scale_dots import SCALES, ScaleDots
from studio.ui.theme import Theme, mark

_SIGN = 16
_STATES = {
    "embedded": ("check", "text_muted", "Built in", "Comes with Atelier; nothing needs to be downloaded."),
    "present": ("check", "accent", "On this computer", "Ready to use, also without a network connection."),
    "missing": ("download", "text_muted", "Can be downloaded", "Until then it would paint untrained: coloured noise."),
    "damaged": ("warning", "warning", "Damaged", "The file is not what it should be; it is not used."),
}
_BY_HAND = ("add", "text_muted", "Not here", "Nobody offers it for download: import its file.")


class ModelCard(QFrame):
    """Shows one entry of the shelf; whoever listens does what is asked.

    Args:
        entry: what to show; another state of it comes with `set_entry`.
        user: the title of the panel that works with it, "" where there is none.

    """

    download_requested = Signal(str)
    cancel_requested = Signal(str)
    verify_requested = Signal(str)
    remove_requested = Signal(str)
    use_requested = Signal(str)
    reveal_requested = Signal(Path)
    """Show this file in the desktop's file manager."""
    folder_requested = Signal()
    """Show the folder into which files are dropped by hand."""
    ask_requested = Signal(str)
    address_copied = Signal(str)

    def __init__(self, entry: ShelfEntry, theme: Theme, user: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entry, self._theme, self._user = entry, theme, user
        self._busy = self._in_use = False
        self._title = ElidingLabel(parent=self)
        self._sign = QLabel(self)
        self._state = QLabel(self)
        self._note = WrappingLabel(parent=self)
        self._facts_row = QWidget(self)
        self._facts = WrappingLabel(parent=self._facts_row)
        self.scales = ScaleDots(theme, self._facts_row)
        self.main_button = QPushButton(self)
        self.menu_button = QToolButton(self)
        self.menu = QMenu(self)
        self.progress = ByteProgress(theme, self)
        self.failure = DownloadFailure(theme, self)
        self._make_menu()
        self._lay_out()
        self._connect()
        self.set_entry(entry)

    def _make_menu(self) -> None:
        def action(words: str, name: str, hint: str) -> QAction:
            made = self.menu.addAction(words)
            made.setToolTip(hint)
            set_icon(made, name, self._theme)
            return made

        self.menu.setToolTipsVisible(True)
        self.verify_action = action("Check File", "check", "Compares every byte with what was published")
        self.ask_action = action(
            "Ask About a Picture…", "search", "Shows what it says of a picture, and how sure it is"
        )
        self.reveal_action = action("Show in Folder", "reveal", "Opens the folder of its file")
        self.copy_action = action("Copy Download Address", "copy", "Puts the address of its file on the clipboard")
        self.menu.addSeparator()
        self.remove_action = action("Remove…", "delete", "Deletes its file from this computer")

    def _lay_out(self) -> None:
        tokens = self._theme.tokens
        mark(self, surface="card")
        mark(self._title, tone="strong")
        mark(self._state, tone="muted")
        mark(self._facts, tone="small")
        self.main_button.setFixedWidth(self._widest_button())
        keeps_place = self.main_button.sizePolicy()
        keeps_place.setRetainSizeWhenHidden(True)
        self.main_button.setSizePolicy(keeps_place)
        self.menu_button.setMenu(self.menu)
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.menu_button.setFixedSize(QSize(tokens.control, tokens.control))
        set_icon(self.menu_button, "more", self._theme)
        gap, wide, top = tokens.gap, tokens.gap + 4, Qt.AlignmentFlag.AlignTop
        head = row(self._title, gap, self._sign, self._state, None, gap=gap)
        words = column(head, self._note, self._make_foot(), gap=gap // 2)
        body = row((words, 1), gap, (self.main_button, top), (self.menu_button, top), gap=gap)
        self.setLayout(column(body, self.failure, gap=gap // 2, margins=(tokens.margin, wide, wide, wide)))

    def _make_foot(self) -> QVBoxLayout:
        """Facts and progress share one place, so that a download moves nothing."""
        tokens = self._theme.tokens
        facts = row(self.scales, (self._facts, 1), gap=tokens.gap)
        facts.addStrut(tokens.row)
        self._facts_row.setLayout(facts)
        self.progress.setMinimumHeight(tokens.row)
        self.progress.hide()
        return column(self._facts_row, self.progress, gap=0)

    def _connect(self) -> None:
        self.main_button.clicked.connect(self._do_main)
        self.verify_action.triggered.connect(self._ask_verify)
        self.ask_action.triggered.connect(lambda: self.ask_requested.emit(self._entry.name))
        self.reveal_action.triggered.connect(self._ask_reveal)
        self.copy_action.triggered.connect(self._copy_address)
        self.remove_action.triggered.connect(self._ask_remove)
        self.progress.cancel_requested.connect(self._ask_cancel)
        self.failure.retry_requested.connect(self._ask_download)
        self.failure.copy_requested.connect(self._copy_address)
        self.failure.folder_requested.connect(self.folder_requested)

    # -- what it shows ---------------------------------------------------------------------------------------------

    @property
    def entry(self) -> ShelfEntry:
        """The entry on show."""
        return self._entry

    @property
    def state_words(self) -> str:
        """The state as it stands beside the name."""
        return self._state.text()

    @property
    def facts(self) -> str:
        """Size, licence, what it was trained on."""
        return self._facts.text()

    def set_entry(self, entry: ShelfEntry) -> None:
        """Show the newest state of the network."""
        self._entry = entry
        self._title.setText(entry.label)
        self._note.setText(entry.note)
        self._note.setVisible(bool(entry.note))
        self._facts.setText(facts_of(entry))
        offered = scales_offered(entry.taps)
        self.scales.setVisible(bool(offered))
        self.scales.set_offered(offered)
        self.progress.set_subject(entry.label, "Cancel; what is there is kept, and the next try goes on from it")
        self.menu_button.setAccessibleName(f"More for {entry.label}")
        self.menu_button.setToolTip(f"Check, find or remove {entry.label}")
        if entry.state in ("present", "embedded"):
            self.failure.clear()
        self._show_state()

    def set_in_use(self, in_use: bool) -> None:
        """Mark it as a network with which its panel works."""
        self._in_use = in_use
        self._show_state()

    def show_waiting(self, words: str) -> None:
        """It stands in line."""
        self._set_busy(True)
        self.progress.wait(words)

    def show_working(self, words: str) -> None:
        """Something is done with it."""
        self._set_busy(True)
        self.progress.start(words)

    def show_progress(self, progress: Progress) -> None:
        """How far it is."""
        self._set_busy(True)
        self.progress.set_progress(progress)

    def show_rest(self) -> None:
        """Nothing is done with it any more."""
        self._set_busy(False)

    def show_failure(self, failure: Failure) -> None:
        """Say on the card what went wrong; for a download also how to get the file by hand."""
        address = self._entry.url if self._entry.state in ("missing", "damaged") else ""
        self.failure.show_failure(failure, self._entry.label, address)

    def _set_busy(self, busy: bool) -> None:
        if busy != self._busy:
            had_focus = self.focusWidget() is not None and self.focusWidget().hasFocus()
            self._busy = busy
            if busy:
                self.failure.clear()
            if self._facts_row.isVisible():
                self.progress.setMinimumHeight(max(self._theme.tokens.row, self._facts_row.sizeHint().height()))
            self._facts_row.setVisible(not busy)
            self.progress.setVisible(busy)
            self._show_state()
            if had_focus:  # the keyboard stays on this card: what was pressed may be out of reach now
                (self.progress.cancel_button if busy else self.main_button).setFocus()

    def _show_state(self) -> None:
        entry = self._entry
        here = entry.state in ("present", "embedded")
        words, hint, able = self._main_words()
        self.main_button.setText(words)
        self.main_button.setToolTip(hint)
        self.main_button.setAccessibleName(f"{words}: {entry.label}")
        self.main_button.setVisible(bool(words) and not self._busy)
        self.main_button.setEnabled(able)
        sign, colour, state, meaning = self._state_look()
        self._state.setText(state)
        self._state.setToolTip(meaning)
        set_icon(self._sign, sign, self._theme, colour=colour, side=_SIGN)
        self.verify_action.setEnabled(entry.path is not None and not self._busy)
        self.reveal_action.setEnabled(entry.path is not None and entry.state != "embedded")
        self.ask_action.setVisible(entry.classifies and here)
        self.copy_action.setVisible(bool(entry.url))
        self.remove_action.setEnabled(entry.removable and not self._busy)
        self.remove_action.setText("Discard Unfinished Download…" if _is_unfinished(entry) else "Remove…")
        self.remove_action.setToolTip(_about_removing(entry))
        mark(self, current="true" if self._in_use and here else "false")
        self.setAccessibleName(entry.label)
        self.setAccessibleDescription(". ".join(part for part in (state, entry.note, self._facts.text()) if part))

    def _main_words(self) -> tuple[str, str, bool]:
        entry = self._entry
        if entry.state in ("present", "embedded"):
            if not self._user:
                return "", "", False
            if self._in_use:
                return f"Used in {self._user}", f"The {self._user} panel works with this network", False
            return f"Use in {self._user}", f"Work with {entry.label} from now on", True
        if not entry.url:
            return "", "", False
        size = f" ({megabytes(entry.size)})" if entry.size else ""
        if _is_unfinished(entry):
            return "Resume", f"Go on downloading {entry.label} where it stopped", True
        if entry.state == "damaged":
            return "Download Again", f"Replace the damaged file{size}", True
        return "Download", f"Download {entry.label}{size} from {urlsplit(entry.url).hostname}", True

    def _state_look(self) -> tuple[str, str, str, str]:
        if self._entry.state == "missing" and not self._entry.url:
            return _BY_HAND
        return _STATES[self._entry.state]

    def _widest_button(self) -> int:
        words = (f"Used in {self._user}", "Download Again")
        return max(self.fontMetrics().horizontalAdvance(word) for word in words) + 36

    # -- what is asked ---------------------------------------------------------------------------------------------

    def _do_main(self) -> None:
        if self._entry.state in ("present", "embedded"):
            self.use_requested.emit(self._entry.name)
        else:
            self._ask_download()

    def _ask_download(self) -> None:
        self.download_requested.emit(self._entry.name)

    def _ask_cancel(self) -> None:
        self.progress.show_cancelling()
        self.cancel_requested.emit(self._entry.name)

    def _ask_verify(self) -> None:
        self.verify_requested.emit(self._entry.name)

    def _ask_remove(self) -> None:
        self.remove_requested.emit(self._entry.name)

    def _ask_reveal(self) -> None:
        if self._entry.path is not None:
            self.reveal_requested.emit(self._entry.path)

    def _copy_address(self) -> None:
        QGuiApplication.clipboard().setText(self._entry.url)
        self.address_copied.emit(self._entry.url)


def facts_of(entry: ShelfEntry) -> str:
    """Return size, licence and training of a network in one line."""
    scales = scales_offered(entry.taps)
    facts = (
        "Kept for pictures that were made with it" if entry.former else "",
        megabytes(entry.size) if entry.size else "",
        f"scales {min(scales)}–{max(scales)} of {len(SCALES)}" if 0 < len(scales) < len(SCALES) else "",
        f"Licence: {entry.licence.rstrip('.')}" if entry.licence else "Licence not stated",
        f"Training: {entry.trained_on.rstrip('.')}" if entry.trained_on else "",
    )
    return "  ·  ".join(fact for fact in facts if fact)


def scales_offered(taps: tuple[str, ...]) -> frozenset[int]:
    """Return on which of the five scales a network with these taps listens, 1 the finest.

    VGG's taps are called after their scale (`relu3_1`); networks whose taps are not are never cut short.
    """
    blocks = [match[1] for tap in taps if (match := re.fullmatch(r"relu(\d)_\d", tap))]
    if blocks:
        return frozenset(int(block) for block in blocks)
    return frozenset(range(1, len(SCALES) + 1)) if taps else frozenset()


def _is_unfinished(entry: ShelfEntry) -> bool:
    return entry.state == "missing" and entry.removable


def _about_removing(entry: ShelfEntry) -> str:
    if entry.removable:
        return "Deletes its file from this computer"
    if entry.state == "embedded":
        return "It is a part of Atelier"
    if entry.path is not None:
        return "Its file belongs to another program's downloads; remove it there"
    return "There is nothing to remove"
