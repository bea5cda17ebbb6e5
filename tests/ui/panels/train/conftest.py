"""The Train panel and its session, with toys instead of what there really is to train."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from training_kit import ToySettings, constant_schedule, open_regression, toy_kind

from studio.core.picture_task import InputSlot
from studio.core.samples import sample_paintings
from studio.engine import Engine
from studio.training import kinds
from studio.training.schedule import DATA
from studio.training.task_kind import DataSlot, TaskKind
from studio.ui.panels.train.panel import TrainPanel
from studio.ui.panels.train.session import TrainSession
from studio.ui.preferences import Preferences
from studio.ui.theme import Theme


def kind_with_painting() -> TaskKind:
    return TaskKind(
        "painter", "Painter", "Paints.", ToySettings, f"training_kit:{open_regression.__name__}",
        (DataSlot(DATA, "Photos", "pictures", "Drop photos here."),),
        lambda settings: constant_schedule(10 * settings.batch),
        (InputSlot("painting", "Painting", "The painting it imitates."),),
    )  # fmt: skip


def kind_with_two_slots() -> TaskKind:
    """It learns from two things, without pairs, as CycleGAN does."""
    slots = tuple(DataSlot(name, title, "pictures", f"{title}.") for name, title in (("a", "Horses"), ("b", "Zebras")))
    return replace(toy_kind(), name="cycle", data=slots, worlds=lambda settings: "worlds")


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    """Return a plain window for a dialog to stand before."""
    window = QWidget()
    qtbot.addWidget(window)
    return window


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def session(qapp, engines, folder, tmp_path, monkeypatch, undo_stack) -> Iterator[TrainSession]:
    kinds_here = (toy_kind(), kind_with_painting(), kind_with_two_slots())
    monkeypatch.setattr(kinds, "KINDS", kinds_here)
    session = TrainSession(*engines, folder, Preferences(tmp_path / "atelier.ini"), undo_stack, kinds=kinds_here)
    session.set_visible(True)
    yield session
    session.set_visible(False)
    session.manager.pause_all_here()


@pytest.fixture
def toys(monkeypatch) -> tuple[TaskKind, ...]:
    """Two kinds of toys instead of what there really is."""
    painter = TaskKind(
        "painter", "Painter", "Paints.", ToySettings, "training_kit:open_regression",
        (DataSlot(DATA, "Photos", "pictures", "Drop photos."),), lambda _: constant_schedule(20),
        (InputSlot("painting", "Painting", "The painting it imitates.", samples=sample_paintings),),
    )  # fmt: skip
    toys = (painter, toy_kind())
    monkeypatch.setattr(kinds, "KINDS", toys)
    return toys


@pytest.fixture
def panel(qtbot, theme: Theme, toys, tmp_path) -> Iterator[TrainPanel]:
    engines = [Engine(name) for name in ("studio", "pictures", "runs")]
    preferences = Preferences(tmp_path / "atelier.ini")
    panel = TrainPanel(theme, *engines, tmp_path / "runs", preferences)
    qtbot.addWidget(panel)
    panel.resize(1200, 900)
    panel.show()
    yield panel
    panel.hide()
    panel.close_gently()
    for engine in engines:
        assert engine.shut_down()
