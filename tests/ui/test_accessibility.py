from pathlib import Path

import numpy as np
import pytest
from accessibility import controls_without_name, controls_without_tooltip, focusable_controls
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QSlider,
    QToolButton,
    QWidget,
)
from shelf_kit import shelf_entry
from widget_kit import Frame, plain_picture

from studio.core.events import Progress
from studio.core.failures import Failure
from studio.core.frames import prepare_frame
from studio.core.model_shelf import ShelfEntry
from studio.core.picture_tasks import STYLIZE
from studio.core.style_settings import StyleSettings
from studio.jobs.browse import Thumbnail
from studio.training.data.inspection import DataReport, Finding
from studio.ui.controls.empty_state import EmptyState
from studio.ui.controls.progress_line import ProgressLine
from studio.ui.controls.settings_form import SettingsForm
from studio.ui.panels.models.card import ModelCard
from studio.ui.panels.models.import_bar import ImportBar
from studio.ui.panels.models.list import ModelList
from studio.ui.panels.style.painting_shelf import PaintingShelf
from studio.ui.panels.train.new_run.data_report import DoctorView
from studio.ui.panels.train.run.samples_view import SampleShot, SamplesView
from studio.ui.panels.train.runs.list import RunEntry, RunList
from studio.ui.picture.film_strip import FilmStrip
from studio.ui.picture.input_slot import SlotPicture, SlotTile
from studio.ui.plots.curves import Curves
from studio.ui.shell.banner import Banner
from studio.ui.shell.shortcuts_sheet import Shortcut, ShortcutsSheet
from studio.ui.shell.task_rail import TaskEntry, TaskRail
from studio.ui.theme import Theme

SAMPLES = [Thumbnail("cat", "A cat", Path("cat.jpg"), plain_picture())]


def make_form(theme: Theme) -> QWidget:
    return SettingsForm(StyleSettings, theme)


def make_slot(theme: Theme) -> QWidget:
    tile = SlotTile(STYLIZE.inputs[0], theme)
    tile.set_samples(SAMPLES)
    return tile


def make_shelf(theme: Theme) -> QWidget:
    shelf = PaintingShelf(theme)
    shelf.set_pictures([SlotPicture(f"Painting {i}", plain_picture()) for i in range(3)])
    shelf.set_samples(SAMPLES)
    return shelf


def make_strip(theme: Theme) -> QWidget:
    strip = FilmStrip("Painting", theme)
    strip.set_frames([Frame(0, 0)])
    return strip


def make_banner(theme: Theme) -> QWidget:
    host = QWidget()
    Banner(host, theme).show_failure(Failure("Cause.", "Remedy.", "details"))
    return host


def make_empty_state(theme: Theme) -> QWidget:
    state = EmptyState("picture", "Drop a photo here", "Or paste one.", theme)
    state.add_action(QAction("Open…", state))
    state.set_samples(SAMPLES)
    return state


def make_sheet(theme: Theme) -> QWidget:
    return ShortcutsSheet({"File": (Shortcut("Open", ("Ctrl+O",)),)}, theme)


def make_rail(theme: Theme) -> QWidget:
    return TaskRail([TaskEntry("style", "Style", "style")], theme)


def make_models(theme: Theme) -> QWidget:
    def make_card(entry: ShelfEntry) -> ModelCard:
        return ModelCard(entry, theme, "Style")

    models = ModelList(theme, make_card)
    models.set_entries([shelf_entry("present", "a"), shelf_entry("missing", "b"), shelf_entry("missing", "c")])
    models.cards["b"].show_progress(Progress("Downloading", 1, 2))
    models.cards["c"].show_failure(Failure("Cause.", "Remedy.", ""))
    return models


def make_import_bar(theme: Theme) -> QWidget:
    return ImportBar(theme, Path("models"))


def make_curves(theme: Theme) -> QWidget:
    curves = Curves(theme)
    curves.set_series("loss", np.arange(50), np.linspace(2, 1, 50))
    curves.plot.refresh()
    return curves


def make_samples(theme: Theme) -> QWidget:
    view = SamplesView(theme, lambda path, taken: taken(prepare_frame(plain_picture())))
    view.set_samples([SampleShot(step, Path(f"{step}.png")) for step in (1, 50)])
    return view


def make_runs(theme: Theme) -> QWidget:
    runs = RunList(theme)
    runs.set_runs([RunEntry(Path("a"), "A", "Fast style", "paused", 0.5)])
    return runs


def make_doctor(theme: Theme) -> QWidget:
    view = DoctorView(theme)
    finding = Finding("broken", "warning", "1 broken file", "it is left out", (Path("a.jpg"),))
    view.show_report(DataReport(2, (Path("b.jpg"),), (finding,), ((64, 64),), 9, 9, (("JPEG", 1),)))
    view.findings[0].files_button.setChecked(True)
    return view


MAKERS = [
    make_curves, make_samples, make_runs, make_doctor,
    make_models, make_import_bar,
    make_form, make_shelf, make_strip, make_banner, make_empty_state, make_sheet, make_rail, make_slot,
    ProgressLine,
]  # fmt: skip


@pytest.mark.parametrize("make", MAKERS)
def test_every_control_has_a_name_and_explains_itself(qtbot, theme: Theme, make):
    widget = make(theme)
    qtbot.addWidget(widget)
    widget.show()
    assert list(focusable_controls(widget))
    assert controls_without_name(widget) == []
    assert (
        controls_without_tooltip(widget, QAbstractButton, QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QSlider)
        == []
    )


def test_the_walk_finds_what_has_no_name(qtbot):
    host = QWidget()
    qtbot.addWidget(host)
    bare, named, out_of_reach = QToolButton(host), QToolButton(host), QToolButton(host)
    bare.setObjectName("bare")
    named.setText("Named")
    out_of_reach.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    assert controls_without_name(host) == ["bare < QWidget"]


@pytest.mark.parametrize("make", MAKERS)
def test_switching_the_scheme_reaches_every_widget(qtbot, theme: Theme, make):
    widget = make(theme)
    qtbot.addWidget(widget)
    widget.resize(400, 300)
    widget.show()
    QApplication.processEvents()
    dark = widget.grab().toImage()
    theme.set_mode("light")
    assert widget.grab().toImage() != dark
    theme.set_mode("dark")
    assert widget.grab().toImage() == dark
