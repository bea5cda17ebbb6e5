"""The honest mirror of a generator: its pictures beside the nearest that it learnt from, its figures, and a quiz."""

import math
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QLabel, QListWidget, QListWidgetItem, QPushButton, QStackedWidget, QWidget

from studio.core.dreams import CheckTask, Mirrored
from studio.core.events import Picture, Progress
from studio.core.failures import Failure
from studio.engine import Engine
from studio.ui.controls.layouts import column, holding, row
from studio.ui.controls.pixmaps import pixmap_of
from studio.ui.controls.segments import Segments
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.theme import Theme, mark

__all__ = ["MirrorDialog", "in_words"]

_SIZE = QSize(760, 640)
_SEEDS = tuple(range(500))
_PAIR, _LARGE = 96, 320
_ENDS = {"lightness": ("dark", "light"), "warmth": ("cool", "warm"), "colourfulness": ("grey", "colourful")}
"""What the ends of an attribute are called."""
_HINT = "Above what it made, below the nearest that it learnt from; the most alike come first."


class MirrorDialog(QDialog):
    """Stays open beside the window.

    Args:
        run: the folder of the run, which may be learning still.
        title: what the artist calls it.
        studio: the engine that owns the device.

    """

    def __init__(self, run: Path, title: str, studio: Engine, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"“{title}” Before the Mirror")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(_SIZE)
        self._theme = theme
        self.figures = WrappingLabel("Getting ready…", self)
        self.page = Segments({"nearest": "Nearest", "quiz": "Real or Made?"}, self)
        self.pairs = QListWidget(self)
        self.quiz = _Quiz(theme)
        self.close_button = QPushButton("Close", self)
        self._pages = QStackedWidget(self)
        self._lay_out()
        self.page.chosen.connect(lambda page: self._pages.setCurrentIndex(int(page == "quiz")))
        self.close_button.clicked.connect(self.accept)
        self._job = studio.live("train.mirror", "check_generator", CheckTask(str(run), _SEEDS))
        self._job.progressed.connect(self._tell_progress)
        self._job.finished.connect(self.show_found)
        self._job.failed.connect(self._tell_failure)
        self.finished.connect(lambda _code: self._job.drop())

    def _lay_out(self) -> None:
        tokens = self._theme.tokens
        self.page.name_buttons("What is shown")
        self.page.set_current("nearest")
        for choice, tip in zip(self.page.buttons, (_HINT, "Can you tell what it made?"), strict=True):
            choice.setToolTip(tip)
        self.page.setEnabled(False)
        self.pairs.setAccessibleName("Pictures beside the nearest that it learnt from")
        self.pairs.setToolTip(_HINT)
        self.pairs.setViewMode(QListWidget.ViewMode.IconMode)
        self.pairs.setMovement(QListWidget.Movement.Static)
        self.pairs.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.pairs.setIconSize(QSize(_PAIR, 2 * _PAIR))
        hint = WrappingLabel(_HINT)
        mark(hint, tone="small")
        self._pages.addWidget(holding(column(hint, (self.pairs, 1), gap=tokens.gap)))
        self._pages.addWidget(self.quiz)
        self.close_button.setToolTip("Close this window (Escape)")
        self.close_button.setAutoDefault(False)
        bottom = row(None, self.close_button)
        self.setLayout(column(self.figures, self.page, (self._pages, 1), bottom, gap=tokens.gap, margins=tokens.margin))

    def _tell_progress(self, progress: Progress) -> None:
        share = f" · {progress.done / progress.total:.0%}" if progress.total else "…"
        self.figures.setText(f"{progress.stage}{share}")

    def _tell_failure(self, failure: Failure) -> None:
        self.figures.setText(f"{failure.cause} {failure.remedy}")

    def show_found(self, found: Mirrored) -> None:
        """Show what the mirror shows."""
        self.figures.setText(in_words(found))
        self.page.setEnabled(True)
        for seed, pair in zip(found.seeds, found.pairs, strict=True):
            pixmap = pixmap_of(np.concatenate(pair)).scaled(
                _PAIR, 2 * _PAIR, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
            self.pairs.addItem(QListWidgetItem(QIcon(pixmap), f"Seed {seed}"))
        self.quiz.ask(found)


def in_words(found: Mirrored) -> str:
    """Say what the mirror shows, each figure beside that of real pictures."""
    made, real = found.made, found.real
    known = "more different pictures than can be told" if math.isinf(found.different) else (
        f"about {found.different:,.0f} different pictures"
    )  # fmt: skip
    amplified = [
        f"{words} {share:.0%}"
        for name, ends in found.ends.items()
        for words, share in zip(_ENDS[name], ends, strict=True)
    ]
    return (
        f"{made['copies']:.1%} are nearer to a picture that it learnt from than 99 % of new ones are. "
        f"{made['precision']:.0%} lie among real ones ({real['precision']:.0%} of real ones do), and "
        f"{made['recall']:.0%} of real ones among them ({real['recall']:.0%}). "
        f"{made['twins']:.0f} pairs of twins among {found.count} ({real['twins']:.0f} among real ones): as if it knew "
        f"{known}. As a quarter of the real ones: {', '.join(amplified)}."
    )


class _Quiz(QWidget):
    """Real or made? One picture after the other."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.picture, self.score = QLabel(), QLabel()
        self.real_button, self.made_button = QPushButton("Real"), QPushButton("Made")
        self._asked: list[tuple[Picture, bool]] = []
        self._right = self._answered = 0
        self.picture.setFixedSize(_LARGE, _LARGE)
        self.picture.setAccessibleName("Picture, real or made")
        for button in (self.real_button, self.made_button):
            button.setAccessibleName(button.text())
        self.real_button.setToolTip("A person made it")
        self.made_button.setToolTip("The generator made it up")
        mark(self.score, tone="small")
        centre = Qt.AlignmentFlag.AlignHCenter
        buttons = row(None, self.real_button, self.made_button, None, gap=theme.tokens.gap)
        self.setLayout(column(None, (self.picture, centre), buttons, (self.score, centre), None, gap=theme.tokens.gap))
        self.real_button.clicked.connect(lambda: self.answer(real=True))
        self.made_button.clicked.connect(lambda: self.answer(real=False))

    def ask(self, found: Mirrored) -> None:
        """Begin with these."""
        self._asked = list(found.mixed)
        self._right = self._answered = 0
        self._show("New real pictures, and some that it made up.")

    def answer(self, *, real: bool) -> None:
        """Take an answer, and show the next picture."""
        _, was_real = self._asked.pop()
        self._answered += 1
        self._right += real == was_real
        verdict = "Right" if real == was_real else "Wrong"
        was = "real" if was_real else "made"
        self._show(f"{verdict}: it was {was}. {self._right} of {self._answered}; half of them is guessing.")

    def _show(self, words: str) -> None:
        self.score.setText(words)
        for button in (self.real_button, self.made_button):
            button.setEnabled(bool(self._asked))
        if self._asked:
            picture, _ = self._asked[-1]
            pixmap = pixmap_of(picture)
            self.picture.setPixmap(pixmap.scaled(_LARGE, _LARGE, mode=Qt.TransformationMode.SmoothTransformation))
