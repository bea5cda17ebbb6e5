"""What the data doctor found: how many pictures there are, what is the matter with some, and what is done about it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from studio.core.events import Progress
from studio.core.failures import Failure
from studio.core.sizes import megabytes
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.layouts import column, holding, row
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark, with_even_figures

if TYPE_CHECKING:  # the doctor brings OpenCV along, which the window does without
    from studio.training.data.inspection import DataReport, Finding
    from studio.training.data.worlds import Together

_SIGNS = {
    "good": ("check_circle", "accent", "Everything is fine"), "info": ("info", "text_muted", "Good to know"),
    "warning": ("warning", "warning", "Worth a look"), "error": ("error", "error", "Cannot be used"),
}  # fmt: skip
_MOST_FILES = 500
_MOST_ROWS = 8
_MOST_CLASSES = 12
_SIGN = 18
_ABOVE = 3
"""Brings words level with the signs and buttons beside them, which are higher."""


class DoctorView(QWidget):
    """Busy while the doctor looks, then its report; empty before it is asked."""

    cancel_requested = Signal()
    again_requested = Signal()
    """Look once more: the files may have changed."""
    file_chosen = Signal(Path)
    """A file of a finding, to be shown in the desktop's file manager."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.findings: list[FindingRow] = []
        self._stage = ElidingLabel(parent=self)
        self._bar = QProgressBar(self)
        self.cancel = QPushButton("Cancel", self)
        self._sign = _Sign(theme, self)
        self._headline = WrappingLabel(parent=self)
        self._facts = WrappingLabel(parent=self)
        self.again = QToolButton(self)
        self._rows = column(gap=theme.tokens.gap)
        self._lay_out()
        self._connect()
        self.clear()

    def _lay_out(self) -> None:
        tokens = self._theme.tokens
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("How far the pictures are examined")
        self._stage.setFont(with_even_figures(self._stage.font()))
        self.cancel.setAccessibleName("Cancel the examination")
        self.cancel.setToolTip("Stop looking; training can start all the same")
        mark(self._headline, tone="strong")
        mark(self._facts, tone="muted")
        set_icon(self.again, "restart", self._theme, colour="text_muted")
        self.again.setFixedSize(tokens.row, tokens.row)
        self.again.setIconSize(QSize(16, 16))
        self.again.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.again.setAccessibleName("Examine again")
        self.again.setToolTip("Look at the pictures once more")
        bar = row((self._bar, 1), self.cancel, gap=tokens.gap)
        head = _line(self._sign, self._headline, self._facts, self.again, tokens.gap)
        self._busy = holding(column(self._stage, bar, gap=tokens.gap // 2))
        self._report = holding(column(head, self._rows, None, gap=tokens.gap))
        self.setLayout(column(self._busy, self._report))

    def _connect(self) -> None:
        self.cancel.clicked.connect(self.cancel_requested)
        self.again.clicked.connect(self.again_requested)

    @property
    def text(self) -> str:
        """Everything the report says."""
        lines = [self._headline.text(), self._facts.text(), *(row.text for row in self.findings)]
        return "\n".join(line for line in lines if line)

    @property
    def is_busy(self) -> bool:
        """Whether the doctor is looking."""
        return not self._busy.isHidden()

    def clear(self) -> None:
        """Say nothing: there is no data yet."""
        self._say("good", "", "", ())
        self._report.hide()

    def show_progress(self, progress: Progress) -> None:
        """Show how far the doctor is."""
        count = f" · {progress.done:,} of {progress.total:,}" if progress.total else ""
        self._stage.setText(f"{progress.stage}{count}")
        self._bar.setRange(0, progress.total)
        self._bar.setValue(progress.done)
        self._busy.show()
        self._report.hide()

    def show_failure(self, failure: Failure) -> None:
        """Show why the data could not be examined, and what to do."""
        self._say("error", failure.cause, failure.remedy, ())

    def show_report(self, report: DataReport) -> None:
        """Show what was found."""
        warns = any(finding.severity == "warning" for finding in report.findings)
        sign = "error" if not report.usable else "warning" if warns else "good"
        self._say(sign, report.summary, _facts_of(report), report.findings)

    def show_together(self, found: Together) -> None:
        """Show what two worlds are to each other."""
        warns = any(finding.severity == "warning" for finding in found.findings)
        self._say("warning" if warns else "good", found.headline, found.facts, found.findings)

    def _say(self, sign: str, headline: str, facts: str, findings: Sequence[Finding]) -> None:
        self._sign.show_kind(sign)
        self._headline.setText(headline)
        self._facts.setText(facts)
        self._facts.setVisible(bool(facts))
        for old in self.findings:
            self._rows.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.findings = [FindingRow(finding, self._theme, self._report) for finding in findings]
        for new in self.findings:
            new.file_chosen.connect(self.file_chosen)
            self._rows.addWidget(new)
        self._busy.hide()
        self._report.show()


class FindingRow(QWidget):
    """One finding, what is done about it, and the files it is about, folded away."""

    file_chosen = Signal(Path)

    def __init__(self, finding: Finding, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.finding = finding
        self._theme = theme
        self._sign = _Sign(theme, self)
        self._found = WrappingLabel(finding.found, self)
        self._does = WrappingLabel(_sentence(finding.does), self)
        self.files_button = QToolButton(self)
        self.files: QListWidget | None = None
        self._lay_out()
        self.files_button.toggled.connect(self._fold)

    @property
    def text(self) -> str:
        """What it says."""
        return self.finding.sentence

    def _lay_out(self) -> None:
        gap = self._theme.tokens.gap
        mark(self._does, tone="muted")
        self._sign.show_kind(self.finding.severity)
        button, count = self.files_button, len(self.finding.files)
        button.setVisible(count > 0)
        button.setCheckable(True)
        button.setText("1 file" if count == 1 else f"{count:,} files")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setIconSize(QSize(16, 16))
        button.setFixedHeight(self._theme.tokens.row)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setAccessibleName(f"Files: {self.finding.found}")
        self._show_folded(True)
        self._column = column(_line(self._sign, self._found, self._does, button, gap), gap=gap // 2)
        self.setLayout(self._column)

    def _fold(self, is_open: bool) -> None:
        self._show_folded(not is_open)
        if is_open and self.files is None:
            self.files = self._make_list()
            self._column.addWidget(self.files)
        if self.files is not None:
            self.files.setVisible(is_open)

    def _show_folded(self, folded: bool) -> None:
        set_icon(self.files_button, "chevron_right" if folded else "chevron_down", self._theme, colour="text_muted")
        self.files_button.setToolTip("Show which files" if folded else "Hide the files")

    def _make_list(self) -> QListWidget:
        files, shown = QListWidget(self), self.finding.files[:_MOST_FILES]
        files.addItems([path.name for path in shown])
        for number, path in enumerate(shown):
            files.item(number).setToolTip(str(path))
        if (more := len(self.finding.files) - len(shown)) > 0:
            files.addItem(f"and {more:,} more")
            files.item(len(shown)).setFlags(Qt.ItemFlag.NoItemFlags)
        files.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        files.setUniformItemSizes(True)
        files.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        files.setAccessibleName(f"Files: {self.finding.found}")
        files.setToolTip("Enter or a double click shows a file in its folder")
        files.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        files.setSpacing(2)
        files.setFixedHeight(min(files.count(), _MOST_ROWS) * (files.sizeHintForRow(0) + 4) + 4)
        files.itemActivated.connect(lambda item: self._choose(files.row(item)))
        return files

    def _choose(self, row: int) -> None:
        if 0 <= row < len(self.finding.files):
            self.file_chosen.emit(self.finding.files[row])


class _Sign(QLabel):
    """An icon that says how things stand, by shape and by colour."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFixedSize(_SIGN, theme.tokens.row)

    def show_kind(self, kind: str) -> None:
        """Show "good", "info", "warning" or "error"."""
        name, colour, words = _SIGNS[kind]
        set_icon(self, name, self._theme, colour=colour, side=_SIGN)
        self.setAccessibleName(words)
        self.setToolTip(words)


def _line(sign: QWidget, upper: QWidget, lower: QWidget, button: QWidget, gap: int) -> QHBoxLayout:
    top = Qt.AlignmentFlag.AlignTop
    return row((sign, top), (column(upper, lower, gap=2, margins=(0, _ABOVE, 0, 0)), 1), (button, top), gap=gap)


def _facts_of(report: DataReport) -> str:
    """Return what else there is to know, in lines."""
    lines = ["Nothing is the matter with them."] if report.is_fine else []
    formats = ", ".join(f"{count:,} {kind}" for kind, count in report.formats)
    cache = f"{_size(report.decoded_bytes)} decoded" if report.decoded_bytes else ""
    lines.append(" · ".join(part for part in (formats, _size(report.file_bytes), cache) if part))
    lines.append(_channels(report))
    if report.classes:
        named = [f"{name} {count:,}" for name, count in report.classes[:_MOST_CLASSES]]
        more = len(report.classes) - len(named)
        lines.append(" · ".join(named) + (f" and {more:,} more" if more else ""))
    return "\n".join(line for line in lines if line)


def _channels(report: DataReport) -> str:
    """Return the means and standard deviations of the channels, 0–1; once where all are the same."""
    numbers = [[f"{value:.3f}" for value in values] for values in (report.means, report.deviations)]
    if not all(numbers):
        return ""
    means, deviations = (" ".join(each if len(set(each)) > 1 else each[:1]) for each in numbers)
    return f"Channel means {means} · deviations {deviations}"


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GB" if count >= 2**30 else megabytes(count)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
