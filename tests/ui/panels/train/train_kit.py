"""Runs of toys at work, and a hand in the Train panel."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QMessageBox
from training_kit import toy_plan

from studio.ui.panels.train.session import TrainSession

LONG = 1_000_000
"""Steps; nobody waits for them."""


def begin(session: TrainSession, until, steps: int = LONG, **settings) -> Path:
    """Begin a run, and wait until it learns."""
    path = session.manager.create(toy_plan(steps, **settings))
    session.show(path)
    until(lambda: session.watch.snapshot is not None and session.watch.snapshot.history.step > 0)
    return path


def state_of(session: TrainSession, path: Path) -> str:
    run = session.manager.summary(path)
    return "" if run is None else run.state


def click(button: QAbstractButton) -> None:
    assert button.isEnabled(), button.text()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def answer(words: str) -> None:
    """Press the button with these words in the question that is on the screen."""
    question = QApplication.activeModalWidget()
    assert isinstance(question, QMessageBox)
    next(button for button in question.buttons() if button.text() == words).click()
